/* One table says which frame may come when (how long it may be is the codec's to say); four small functions
 * look inside. */
#include "box/box.h"
#include "box/frames.h"

#include <string.h>

#include "seal/crypto.h"

/* A result is larger than what it holds: a tar header and padding per file, padding of the whole to a Padmé
 * size (at most 12 %), age's tag per 64 KiB chunk, its header, and result.json with a row per file. A limit
 * buys one file for each 256 bytes of it, and 64 in any case. */
#define FILE_OVERHEAD 1536u
#define FILES_FREE 64u
#define BYTES_PER_FILE 256u

uint64_t box_sealed_max(uint64_t output)
{
	uint64_t files = FILES_FREE + output / BYTES_PER_FILE;
	if (files > LIMIT_BOX_RESULT_FILES)
		files = LIMIT_BOX_RESULT_FILES;
	uint64_t tar = output + files * FILE_OVERHEAD;
	return tar + tar / 8 + tar / 1024 + KIB(16);
}

void frames_init(struct frames *f, uint64_t output_limit)
{
	memset(f, 0, sizeof *f);
	f->output_max = output_limit;
	f->sealed_max = box_sealed_max(output_limit);
}

static enum frames_verdict wrong(const char **why, const char *text)
{
	*why = text;
	return FRAMES_WRONG;
}

static enum frames_verdict key_take(struct frames *f, struct frame *in, const char **why)
{
	(void)in;
	(void)why;
	f->stage = FRAMES_RUNNING;
	return FRAMES_ONE;
}

static enum frames_verdict progress_take(struct frames *f, struct frame *in, const char **why)
{
	if (++f->n_progress > LIMIT_BOX_PROGRESS)
		return wrong(why, "too many progress frames");
	memcpy(&in->fraction, in->payload, sizeof in->fraction);
	if (!(in->fraction >= 0 && in->fraction <= 1))
		return wrong(why, "a progress that is not between 0 and 1");
	return FRAMES_ONE;
}

static enum frames_verdict result_take(struct frames *f, struct frame *in, const char **why)
{
	(void)why;
	f->sealed += in->len;
	return f->sealed > f->sealed_max ? FRAMES_OVER_LIMIT : FRAMES_ONE;
}

/* Once, and only when it was asked for: nothing else leaves a box in the clear. */
static enum frames_verdict callback_take(struct frames *f, struct frame *in, const char **why)
{
	if (!f->callback || f->callback_len)
		return wrong(why, "a callback that nobody asked for");
	memcpy(f->callback_bytes, in->payload, in->len);
	f->callback_len = in->len;
	return FRAMES_ONE;
}

static bool callback_fits(const struct frames *f)
{
	uint8_t hash[32];
	if (!f->callback || f->done.status != BOX_OK)
		return true;
	sha256(hash, f->callback_bytes, f->callback_len);
	return f->callback_len && memcmp(hash, f->done.digest, sizeof hash) == 0;
}

static enum frames_verdict done_take(struct frames *f, struct frame *in, const char **why)
{
	struct err e = { .code = ERR_NONE };
	if (boxwire_done_decode(&f->done, in->payload, in->len, &e) < 0)
		return wrong(why, "a malformed end");
	if (f->done.status == BOX_OK && f->sealed == 0)
		return wrong(why, "an end without a result");
	if (f->done.result_bytes > f->output_max || f->done.result_files > LIMIT_BOX_RESULT_FILES)
		return wrong(why, "an end that counts more than the limits allow");
	if (!callback_fits(f))
		return wrong(why, "an end whose digest is not that of the callback");
	f->stage = FRAMES_DONE;
	return FRAMES_ONE;
}

static const struct {
	enum box_frame kind;
	enum frames_stage stage;
	enum frames_verdict (*take)(struct frames *f, struct frame *in, const char **why);
} rules[] = {
	{ BOX_KEY, FRAMES_BEFORE_KEY, key_take },
	{ BOX_PROGRESS, FRAMES_RUNNING, progress_take },
	{ BOX_RESULT, FRAMES_RUNNING, result_take },
	{ BOX_DONE, FRAMES_RUNNING, done_take },
	{ BOX_CALLBACK, FRAMES_RUNNING, callback_take },
};

enum frames_verdict frames_next(struct frames *f, const uint8_t *bytes, size_t n, struct frame *out, size_t *used, const char **why)
{
	struct err e = { .code = ERR_NONE };
	if (n == 0)
		return FRAMES_MORE;
	if (f->stage == FRAMES_DONE)
		return wrong(why, "bytes after the end");
	if (n < BOX_FRAME_HEADER)
		return FRAMES_MORE;
	if (boxwire_header_decode(&out->kind, &out->len, bytes, &e) < 0)
		return wrong(why, "a frame of an unknown kind or a wrong length");
	size_t i = 0;
	while (i < sizeof rules / sizeof *rules && (rules[i].kind != out->kind || rules[i].stage != f->stage))
		i++;
	if (i == sizeof rules / sizeof *rules)
		return wrong(why, "a frame out of turn");
	if (n - BOX_FRAME_HEADER < out->len)
		return FRAMES_MORE;
	out->payload = bytes + BOX_FRAME_HEADER;
	*used = BOX_FRAME_HEADER + out->len;
	return rules[i].take(f, out, why);
}
