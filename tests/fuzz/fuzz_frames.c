/* What a hostile box writes to its channel, in any split. The order of stages, the count of sealed bytes and the
 * size of a step are checked; the same bytes in one piece and in two must give the same frames.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "box/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_LIMIT 4096u

static void require(int condition)
{
	if (!condition)
		abort();
}

struct end { enum frames_verdict verdict; enum frames_stage stage; uint64_t sealed; unsigned frames; };

/* Frames from at on, in what has arrived. */
static enum frames_verdict take(struct frames *f, const uint8_t *data, size_t have, size_t *at, unsigned *count)
{
	for (;;) {
		struct frame one = { 0 };
		size_t used = 0;
		const char *why = NULL;
		enum frames_stage before = f->stage;
		enum frames_verdict v = frames_next(f, data + *at, have - *at, &one, &used, &why);
		require(f->stage >= before);
		if (v != FRAMES_ONE) {
			require(v != FRAMES_WRONG || why);
			require(v != FRAMES_OVER_LIMIT || f->sealed > f->sealed_max);
			return v;
		}
		require(used >= BOX_FRAME_HEADER && used <= have - *at && f->sealed <= f->sealed_max);
		require(one.kind == BOX_KEY || before == FRAMES_RUNNING);
		require(one.kind != BOX_CALLBACK || (f->callback && f->callback_len == one.len));
		require(one.kind != BOX_PROGRESS || (one.fraction >= 0 && one.fraction <= 1));
		*at += used;
		(*count)++;
	}
}

static struct end run(const uint8_t *data, size_t size, size_t cut, bool callback)
{
	struct frames f;
	struct end e = { 0 };
	size_t at = 0;
	frames_init(&f, OUTPUT_LIMIT);
	f.callback = callback;
	e.verdict = take(&f, data, cut, &at, &e.frames);
	if (e.verdict == FRAMES_MORE)
		e.verdict = take(&f, data, size, &at, &e.frames);
	e.stage = f.stage;
	e.sealed = f.sealed;
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t cut = data[0] < size - 1 ? data[0] : size - 1;
	struct end whole = run(data + 1, size - 1, size - 1, data[0] & 1), split = run(data + 1, size - 1, cut, data[0] & 1);
	require(whole.verdict == split.verdict && whole.stage == split.stage && whole.sealed == split.sealed && whole.frames == split.frames);
	return 0;
}
