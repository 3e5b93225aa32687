/* What a box may say, as a table: bytes in, verdict out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "box/frames.h"
#include "seal/crypto.h"

#define OUTPUT_LIMIT 1000u

/* A conversation is written as letters: K a key, P a progress of 0.5, R a result of 10 bytes, D a good end, and
 * what is wrong. */
struct talk { const char *letters; enum frames_verdict last; const char *why; };

static size_t frame_put(uint8_t *out, enum box_frame kind, const void *payload, uint32_t n)
{
	boxwire_header_encode(out, kind, n);
	if (n)
		memcpy(out + BOX_FRAME_HEADER, payload, n);
	return BOX_FRAME_HEADER + n;
}

static size_t done_put(uint8_t *out, const struct box_done *d)
{
	struct buf b = BUF_INIT(1024);
	assert_int_equal(boxwire_done_encode(&b, d, NULL), 0);
	memcpy(out, b.data, b.len);
	size_t n = b.len;
	buf_done(&b);
	return n;
}

static size_t letter_put(uint8_t *out, char letter)
{
	static const uint8_t zeros[64];
	const double half = 0.5, two = 2, minus = -0.001, nan = __builtin_nan("");
	const struct box_done good = { .status = BOX_OK, .result_bytes = 10, .result_files = 1 };
	const struct box_done proud = { .status = BOX_OK, .result_bytes = OUTPUT_LIMIT + 1, .result_files = 1 };
	const struct box_done failed = { .status = BOX_FAILED };
	switch (letter) {
	case 'K': return frame_put(out, BOX_KEY, zeros, 32);
	case 'k': return frame_put(out, BOX_KEY, zeros, 31);
	case 'L': return frame_put(out, BOX_KEY, zeros, 33);
	case 'P': return frame_put(out, BOX_PROGRESS, &half, 8);
	case '2': return frame_put(out, BOX_PROGRESS, &two, 8);
	case '-': return frame_put(out, BOX_PROGRESS, &minus, 8);
	case 'n': return frame_put(out, BOX_PROGRESS, &nan, 8);
	case 'p': return frame_put(out, BOX_PROGRESS, &half, 7);
	case 'R': return frame_put(out, BOX_RESULT, zeros, 10);
	case 'r': return frame_put(out, BOX_RESULT, zeros, 0);
	case 'D': return done_put(out, &good);
	case 'B': return done_put(out, &proud);
	case 'F': return done_put(out, &failed);
	case 'm': return frame_put(out, BOX_DONE, "\x63\0" "0123456789abcdef0123456789abcdef" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0", 66);
	case 'd': return frame_put(out, BOX_DONE, zeros, 3);
	case 'Q': return frame_put(out, BOX_REQUEST, zeros, 5);
	case 'S': return frame_put(out, BOX_RELEASE, zeros, 5);
	case 'H': boxwire_header_encode(out, BOX_RESULT, UINT32_MAX); return BOX_FRAME_HEADER;
	case 'G': boxwire_header_encode(out, BOX_RESULT, LIMIT_BOX_FRAME_BYTES + 1); return BOX_FRAME_HEADER;
	case '0': memset(out, 0, BOX_FRAME_HEADER); return BOX_FRAME_HEADER;
	case '9': memset(out, 9, BOX_FRAME_HEADER); return BOX_FRAME_HEADER;
	default: fail_msg("no such letter: %c", letter); return 0;
	}
}

static enum frames_verdict hold(const char *letters, const char **why)
{
	uint8_t bytes[4096];
	size_t n = 0, at = 0, used = 0;
	struct frames f;
	struct frame one;
	enum frames_verdict v;
	for (const char *p = letters; *p; p++)
		n += letter_put(bytes + n, *p);
	frames_init(&f, OUTPUT_LIMIT);
	while ((v = frames_next(&f, bytes + at, n - at, &one, &used, why)) == FRAMES_ONE)
		at += used;
	return v;
}

static void talks(void **state)
{
	static const struct talk table[] = {
		{ "KRD", FRAMES_MORE, NULL }, { "KPPRRPD", FRAMES_MORE, NULL }, { "KF", FRAMES_MORE, NULL }, { "", FRAMES_MORE, NULL },
		{ "R", FRAMES_WRONG, "out of turn" }, { "D", FRAMES_WRONG, "out of turn" }, { "P", FRAMES_WRONG, "out of turn" },
		{ "KK", FRAMES_WRONG, "out of turn" }, { "KRK", FRAMES_WRONG, "out of turn" }, { "KQ", FRAMES_WRONG, "out of turn" },
		{ "Q", FRAMES_WRONG, "out of turn" }, { "KS", FRAMES_WRONG, "wrong length" }, { "k", FRAMES_WRONG, "wrong length" },
		{ "L", FRAMES_WRONG, "wrong length" }, { "Kp", FRAMES_WRONG, "wrong length" }, { "Kr", FRAMES_WRONG, "wrong length" },
		{ "Kd", FRAMES_WRONG, "wrong length" }, { "Km", FRAMES_WRONG, "malformed" }, { "K2", FRAMES_WRONG, "between 0 and 1" }, { "K-", FRAMES_WRONG, "between 0 and 1" },
		{ "Kn", FRAMES_WRONG, "between 0 and 1" }, { "KD", FRAMES_WRONG, "without a result" }, { "KRB", FRAMES_WRONG, "more than" },
		{ "KRDD", FRAMES_WRONG, "after the end" }, { "KRDR", FRAMES_WRONG, "after the end" }, { "KFF", FRAMES_WRONG, "after the end" },
		{ "KH", FRAMES_WRONG, "wrong length" }, { "KG", FRAMES_WRONG, "wrong length" }, { "0", FRAMES_WRONG, "wrong length" }, { "9", FRAMES_WRONG, "wrong length" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *why = NULL;
		enum frames_verdict v = hold(table[i].letters, &why);
		if (v != table[i].last || (table[i].why && (!why || !strstr(why, table[i].why))))
			fail_msg("\"%s\": verdict %d, %s", table[i].letters, v, why ? why : "no reason");
	}
}

/* However the bytes are cut, the frames are the same. */
static void pieces(void **state)
{
	uint8_t bytes[512];
	size_t n = 0;
	(void)state;
	for (const char *p = "KPRRD"; *p; p++)
		n += letter_put(bytes + n, *p);
	for (size_t cut = 1; cut <= n; cut++) {
		struct frames f;
		struct frame one;
		const char *why;
		size_t at = 0, have = 0, used = 0, seen = 0;
		frames_init(&f, OUTPUT_LIMIT);
		while (at < n) {
			have = have + cut < n ? have + cut : n;
			enum frames_verdict v;
			while ((v = frames_next(&f, bytes + at, have - at, &one, &used, &why)) == FRAMES_ONE) {
				at += used;
				seen++;
			}
			assert_int_equal(v, FRAMES_MORE);
		}
		assert_int_equal(seen, 5);
		assert_int_equal(f.stage, FRAMES_DONE);
		assert_int_equal(f.done.result_bytes, 10);
	}
}

static void output_is_counted(void **state)
{
	static uint8_t bytes[BOX_FRAME_HEADER + LIMIT_BOX_FRAME_BYTES];
	struct frames f;
	struct frame one;
	const char *why;
	size_t used;
	enum frames_verdict v = FRAMES_ONE;
	(void)state;
	frames_init(&f, MIB(1));
	f.stage = FRAMES_RUNNING;
	boxwire_header_encode(bytes, BOX_RESULT, LIMIT_BOX_FRAME_BYTES);
	unsigned frames = 0;
	while (v == FRAMES_ONE && frames < 1000) {
		v = frames_next(&f, bytes, sizeof bytes, &one, &used, &why);
		frames++;
	}
	assert_int_equal(v, FRAMES_OVER_LIMIT);
	assert_true(frames * LIMIT_BOX_FRAME_BYTES > MIB(1));	/* an honest result of the whole limit fits */
	assert_true(frames * LIMIT_BOX_FRAME_BYTES < MIB(9));
}

static void progress_is_counted(void **state)
{
	uint8_t bytes[64];
	struct frames f;
	struct frame one;
	const char *why = NULL;
	size_t used, n = letter_put(bytes, 'P');
	(void)state;
	frames_init(&f, OUTPUT_LIMIT);
	f.stage = FRAMES_RUNNING;
	for (unsigned i = 0; i < LIMIT_BOX_PROGRESS; i++)
		assert_int_equal(frames_next(&f, bytes, n, &one, &used, &why), FRAMES_ONE);
	assert_int_equal(frames_next(&f, bytes, n, &one, &used, &why), FRAMES_WRONG);
}

/* Bytes in the clear leave a box once, only when the task was asked for them, and only those whose hash is the digest. */
static void test_callback(void **state)
{
	(void)state;
	static const struct { const char *talk; bool asked, right; enum frames_verdict last; const char *why; } rows[] = {
		{ "KRCD", true, true, FRAMES_MORE, NULL },
		{ "KCRD", true, true, FRAMES_MORE, NULL },
		{ "KRCD", true, false, FRAMES_WRONG, "an end whose digest is not that of the callback" },
		{ "KRD", true, true, FRAMES_WRONG, "an end whose digest is not that of the callback" },
		{ "KRF", true, true, FRAMES_MORE, NULL },
		{ "KCC", true, true, FRAMES_WRONG, "a callback that nobody asked for" },
		{ "KRC", false, true, FRAMES_WRONG, "a callback that nobody asked for" },
		{ "C", true, true, FRAMES_WRONG, "a frame out of turn" },
		{ "KRCDC", true, true, FRAMES_WRONG, "bytes after the end" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct box_done good = { .status = BOX_OK, .result_bytes = 10, .result_files = 1 };
		uint8_t bytes[4096];
		size_t n = 0, at = 0, used = 0;
		const char *why = NULL;
		struct frames f;
		struct frame one;
		enum frames_verdict v;
		sha256(good.digest, rows[i].right ? "1.0842" : "1.0843", 6);
		for (const char *p = rows[i].talk; *p; p++)
			n += *p == 'C' ? frame_put(bytes + n, BOX_CALLBACK, "1.0842", 6) : *p == 'D' ? done_put(bytes + n, &good) : letter_put(bytes + n, *p);
		frames_init(&f, OUTPUT_LIMIT);
		f.callback = rows[i].asked;
		while ((v = frames_next(&f, bytes + at, n - at, &one, &used, &why)) == FRAMES_ONE)
			at += used;
		assert_int_equal(v, rows[i].last);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_true(f.stage == FRAMES_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talks), cmocka_unit_test(pieces), cmocka_unit_test(output_is_counted), cmocka_unit_test(progress_is_counted), cmocka_unit_test(test_callback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
