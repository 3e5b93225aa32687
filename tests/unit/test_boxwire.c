/* core/base/boxwire.c: what goes in comes out; cut, grown or bent in any byte it is refused or still canonical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/boxwire.h"

#define TEXT(s) { .text = (s), .len = sizeof (s) - 1 }

static struct box_file files[] = { { TEXT("main.lua"), TEXT("return 1\0\xff") }, { TEXT("lib/x.lua"), TEXT("") } };
static struct box_arg args[] = { { TEXT("column"), TEXT("age"), BOX_ARG_STRING }, { TEXT(""), TEXT("-7"), BOX_ARG_INTEGER } };
static struct box_input inputs[] = {
	{ BOX_INPUT_DATA, TEXT("data1qqqq"), TEXT("contacts"), 4096 }, { BOX_INPUT_FILE, TEXT(""), TEXT("in.csv"), INT64_MAX }
};

static struct box_request request(void)
{
	struct box_request r = {
		.task = TEXT("task1qqqq"), .deal = TEXT(""), .app_name = TEXT("average"), .app_version = TEXT("0.2.0"),
		.entry = TEXT("main.lua"), .seed = { 1, 2, 3 }, .salt = { 9 }, .memory = MIB(64), .output = MIB(1), .cpu_ms = 10000, .epsilon_u6 = 100000,
		.logs = true, .deterministic = true, .recipients = { { 5 }, { 6, 7 } }, .n_recipients = 2,
		.files = files, .n_files = 2, .args = args, .n_args = 2, .inputs = inputs, .n_inputs = 2, .n_secrets = 3
	};
	return r;
}

static void texts_equal(struct box_text a, struct box_text b)
{
	assert_int_equal(a.len, b.len);
	if (a.len)
		assert_memory_equal(a.text, b.text, a.len);
}

static void frame_check(const struct buf *b, enum box_frame kind)
{
	enum box_frame got;
	uint32_t len;
	assert_int_equal(boxwire_header_decode(&got, &len, b->data, NULL), 0);
	assert_int_equal(got, kind);
	assert_int_equal(len, b->len - BOX_FRAME_HEADER);
}

static void test_request(void **state)
{
	(void)state;
	struct box_request in = request(), out;
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	struct err e = { 0 };
	assert_int_equal(boxwire_request_encode(&b, &in, &e), 0);
	frame_check(&b, BOX_REQUEST);
	assert_int_equal(boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), 0);
	texts_equal(in.task, out.task);
	texts_equal(in.deal, out.deal);
	texts_equal(in.app_name, out.app_name);
	texts_equal(in.app_version, out.app_version);
	texts_equal(in.entry, out.entry);
	assert_memory_equal(in.seed, out.seed, 32);
	assert_memory_equal(in.salt, out.salt, 32);
	assert_memory_equal(in.recipients, out.recipients, sizeof in.recipients);
	assert_int_equal(out.n_recipients, 2);
	assert_int_equal(out.memory, in.memory);
	assert_int_equal(out.output, in.output);
	assert_int_equal(out.cpu_ms, in.cpu_ms);
	assert_int_equal(out.epsilon_u6, in.epsilon_u6);
	assert_true(out.logs && out.deterministic && !out.many && !out.app_secret && out.n_secrets == 3);
	assert_int_equal(out.n_files, 2);
	for (size_t i = 0; i < 2; i++) {
		texts_equal(files[i].path, out.files[i].path);
		texts_equal(files[i].bytes, out.files[i].bytes);
		texts_equal(args[i].name, out.args[i].name);
		texts_equal(args[i].value, out.args[i].value);
		assert_int_equal(args[i].type, out.args[i].type);
		texts_equal(inputs[i].id, out.inputs[i].id);
		texts_equal(inputs[i].name, out.inputs[i].name);
		assert_int_equal(inputs[i].kind, out.inputs[i].kind);
		assert_true(inputs[i].size == out.inputs[i].size);
	}
	boxwire_request_done(&out);
	buf_done(&b);
}

/* A policy's request, or a test's, goes through as it is, and with anything that it must not have it does not go at all. */
static void one_argument(enum box_kind kind, const char *name)
{
	struct box_arg question[] = { { { name, strlen(name) }, TEXT("{}"), BOX_ARG_STRING }, { { name, strlen(name) }, TEXT("{}"), BOX_ARG_STRING } };
	struct box_arg other[] = { { TEXT("questions"), TEXT("{}"), BOX_ARG_STRING } }, number[] = { { { name, strlen(name) }, TEXT("1"), BOX_ARG_NUMBER } };
	const struct box_request good = { .kind = kind, .entry = TEXT("policy.lua"), .memory = MIB(32), .output = KIB(64), .cpu_ms = 1000,
		.files = files, .n_files = 2, .args = question, .n_args = 1 };
	struct box_request r, out;
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	struct err e = { 0 };
	assert_int_equal(boxwire_request_encode(&b, &good, &e), 0);
	assert_int_equal(boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), 0);
	assert_int_equal(out.kind, kind);
	texts_equal(out.args[0].value, question[0].value);
	boxwire_request_done(&out);
	b.data[BOX_FRAME_HEADER] = BOX_KIND_TEST + 1;
	assert_int_equal(boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), -1);
	assert_non_null(strstr(e.msg, "kind of task"));
	buf_clear(&b);
#define NEVER(change, why) do { \
		r = good; \
		change; \
		assert_int_equal(boxwire_request_encode(&b, &r, &e), -1); \
		assert_int_equal(b.len, 0); \
		assert_non_null(strstr(e.msg, why)); \
		r.kind = BOX_KIND_APP;	/* what an iApp may have: the same bytes, called another kind, are refused by the box as well */ \
		assert_int_equal(boxwire_request_encode(&b, &r, &e), 0); \
		b.data[BOX_FRAME_HEADER] = (uint8_t)kind; \
		assert_int_equal(boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), -1); \
		assert_non_null(strstr(e.msg, why)); \
		buf_clear(&b); \
	} while (0)
	NEVER(r.n_args = 0, "one argument");
	NEVER(r.n_args = 2, "one argument");
	NEVER(r.args = other, "one argument");
	NEVER(r.args = number, "one argument");
	NEVER((r.inputs = inputs, r.n_inputs = 1), "neither");
	NEVER((r.inputs = inputs + 1, r.n_inputs = 1), "neither");
	NEVER(r.n_secrets = 1, "neither");
	NEVER(r.app_secret = true, "neither");
	NEVER(r.n_recipients = 1, "neither");
	NEVER(r.logs = true, "neither");
	NEVER(r.steps = 1, "neither");
	NEVER(r.many = true, "neither");
	buf_done(&b);
}

static void test_request_policy(void **state)
{
	(void)state;
	one_argument(BOX_KIND_POLICY, "question");
}

static void test_request_test(void **state)
{
	(void)state;
	one_argument(BOX_KIND_TEST, "state");
}

/* Every length but the right one is refused, and leaves nothing allocated (ASan watches). */
static void test_request_cut(void **state)
{
	(void)state;
	struct box_request in = request(), out;
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	assert_int_equal(boxwire_request_encode(&b, &in, NULL), 0);
	size_t len = b.len - BOX_FRAME_HEADER;
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, b.data + BOX_FRAME_HEADER, n);
		assert_int_equal(boxwire_request_decode(&out, exact, n, NULL), -1);
		assert_null(out.files);
		free(exact);
	}
	struct err e = { 0 };
	assert_int_equal(buf_add_zero(&b, 1, NULL), 0);
	assert_int_equal(boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, len + 1, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "after its end"));
	assert_int_equal(boxwire_request_decode(&out, NULL, 0, &e), -1);
	buf_done(&b);
}

/* Whatever a bent byte decodes to must encode to those bytes again: there is one spelling. */
static void test_request_bent(void **state)
{
	(void)state;
	struct box_request in = request(), out;
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES), again = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	assert_int_equal(boxwire_request_encode(&b, &in, NULL), 0);
	unsigned refused = 0;
	for (size_t bit = 8 * BOX_FRAME_HEADER; bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, NULL) == 0) {
			assert_int_equal(boxwire_request_encode(&again, &out, NULL), 0);
			assert_int_equal(again.len, b.len);
			assert_memory_equal(again.data, b.data, b.len);
			boxwire_request_done(&out);
			buf_clear(&again);
		} else {
			refused++;
		}
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(refused > 100);
	buf_done(&b);
	buf_done(&again);
}

static void test_request_limits(void **state)
{
	(void)state;
	struct box_request r;
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	struct err e = { 0 };
	static struct box_input backwards[] = { { BOX_INPUT_FILE, TEXT("a"), TEXT("b"), 1 }, { BOX_INPUT_DATA, TEXT("a"), TEXT("b"), 1 } };
#define REFUSED(change, why) do { \
		r = request(); \
		change; \
		assert_int_equal(boxwire_request_encode(&b, &r, &e), -1); \
		assert_int_equal(b.len, 0); \
		assert_non_null(strstr(e.msg, why)); \
	} while (0)
	REFUSED(r.n_recipients = 5, "recipients");
	REFUSED(r.memory = LIMIT_BOX_MEMORY + 1, "memory");
	REFUSED(r.output = LIMIT_BOX_OUTPUT + 1, "output");
	REFUSED(r.n_files = LIMIT_IAPP_FILES + 1, "files");
	REFUSED(r.n_args = LIMIT_BOX_ARGS + 1, "arguments");
	REFUSED(r.n_inputs = LIMIT_BOX_DATASETS + LIMIT_BOX_FILES + 1, "inputs");
	REFUSED(r.n_secrets = LIMIT_BOX_SECRETS + 1, "secrets");
	REFUSED(r.app_name.len = LIMIT_NAME_BYTES + 1, "iApp name");
	REFUSED(r.inputs = backwards, "data first");
#undef REFUSED
	buf_done(&b);
}

/* A count alone must not make the decoder ask for memory that the bytes cannot fill. */
static void test_count_bomb(void **state)
{
	(void)state;
	static const uint8_t bomb[] = { 100, 0, 0, 0, 0, 0, 0, 0 };
	struct box_release r;
	struct err e = { 0 };
	assert_int_equal(boxwire_release_decode(&r, bomb, sizeof bomb, &e), -1);
	assert_non_null(strstr(e.msg, "headers are cut off"));
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff };
	struct box_secret *s;
	size_t n;
	assert_int_equal(boxwire_secrets_decode(&s, &n, huge, sizeof huge, &e), -1);
	assert_null(s);
	assert_non_null(strstr(e.msg, "limit"));
}

static void test_release(void **state)
{
	(void)state;
	struct box_text headers[] = { TEXT("age-encryption.org/v1"), TEXT("second") };
	struct box_release in = { .headers = headers, .n_headers = 2, .secrets = TEXT("sealed"), .output = 65536, .silent = true }, out;
	struct buf b = BUF_INIT(LIMIT_BOX_RELEASE_BYTES);
	assert_int_equal(boxwire_release_encode(&b, &in, NULL), 0);
	frame_check(&b, BOX_RELEASE);
	assert_int_equal(boxwire_release_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, NULL), 0);
	assert_int_equal(out.n_headers, 2);
	texts_equal(out.headers[0], headers[0]);
	texts_equal(out.headers[1], headers[1]);
	texts_equal(out.secrets, in.secrets);
	assert_int_equal(out.output, 65536);
	assert_true(out.silent);
	boxwire_release_done(&out);
	for (size_t n = 0; n < b.len - BOX_FRAME_HEADER; n++)
		assert_int_equal(boxwire_release_decode(&out, b.data + BOX_FRAME_HEADER, n, NULL), -1);
	buf_done(&b);
}

static void test_secrets(void **state)
{
	(void)state;
	static const struct box_secret in[] = { { 0, TEXT("app") }, { 1, TEXT("hush\0hush") }, { 7, TEXT("") } };
	static const struct box_secret twice[] = { { 1, TEXT("a") }, { 1, TEXT("b") } };
	struct box_secret *out;
	size_t n;
	struct err e = { 0 };
	struct buf b = BUF_INIT(4096);
	assert_int_equal(boxwire_secrets_encode(&b, in, 3, &e), 0);
	assert_int_equal(boxwire_secrets_decode(&out, &n, b.data, b.len, &e), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(out[i].index, in[i].index);
		texts_equal(out[i].value, in[i].value);
	}
	free(out);
	buf_clear(&b);
	assert_int_equal(boxwire_secrets_encode(&b, twice, 2, &e), -1);
	assert_non_null(strstr(e.msg, "twice"));
	assert_int_equal(b.len, 0);
	static const uint8_t bytes[] = { 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
	assert_int_equal(boxwire_secrets_decode(&out, &n, bytes, sizeof bytes, &e), -1);
	assert_non_null(strstr(e.msg, "twice"));
	buf_done(&b);
}

static void test_done(void **state)
{
	(void)state;
	struct box_done in = { .status = BOX_OK, .digest = { 1, 2 }, .memory_peak = 1, .result_files = 2, .result_bytes = 3, .log_bytes = 4 };
	struct box_done out;
	struct buf b = BUF_INIT(4096);
	struct err e = { 0 };
	assert_int_equal(boxwire_done_encode(&b, &in, &e), 0);
	frame_check(&b, BOX_DONE);
	assert_int_equal(boxwire_done_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), 0);
	assert_memory_equal(&in.digest, &out.digest, 32);
	assert_true(out.memory_peak == 1 && out.result_files == 2 && out.result_bytes == 3 && out.log_bytes == 4);
	b.data[BOX_FRAME_HEADER] = BOX_BAD_INPUT + 1;
	assert_int_equal(boxwire_done_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), -1);
	b.data[BOX_FRAME_HEADER] = BOX_FAILED;	/* a digest of a failed task would be a vote */
	assert_int_equal(boxwire_done_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), -1);
	assert_non_null(strstr(e.msg, "digest"));
	b.data[BOX_FRAME_HEADER] = BOX_LIMIT;
	assert_int_equal(boxwire_done_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, &e), -1);
	in = (struct box_done){ .status = BOX_LIMIT, .limit = BOX_LIMIT_CPU };
	buf_clear(&b);
	assert_int_equal(boxwire_done_encode(&b, &in, &e), 0);
	in.limit = BOX_LIMIT_NONE;
	assert_int_equal(boxwire_done_encode(&b, &in, &e), -1);
	in = (struct box_done){ .status = BOX_FAILED, .result_bytes = UINT64_MAX };
	assert_int_equal(boxwire_done_encode(&b, &in, &e), -1);
	buf_done(&b);
}

static void test_header(void **state)
{
	(void)state;
	static const struct { unsigned kind; uint32_t len; int r; } rows[] = {
		{ 0, 1, -1 }, { 8, 1, -1 }, { 255, 1, -1 }, { BOX_KEY, 32, 0 }, { BOX_KEY, 31, -1 }, { BOX_KEY, 33, -1 },
		{ BOX_PROGRESS, 8, 0 }, { BOX_PROGRESS, 0, -1 }, { BOX_RESULT, 0, -1 }, { BOX_RESULT, 1, 0 },
		{ BOX_RESULT, LIMIT_BOX_FRAME_BYTES, 0 }, { BOX_RESULT, LIMIT_BOX_FRAME_BYTES + 1, -1 }, { BOX_DONE, 66, 0 },
		{ BOX_DONE, 65, -1 }, { BOX_REQUEST, LIMIT_BOX_REQUEST_BYTES, 0 }, { BOX_REQUEST, UINT32_MAX, -1 },
		{ BOX_CALLBACK, 1, 0 }, { BOX_CALLBACK, 0, -1 }, { BOX_CALLBACK, LIMIT_CALLBACK_BYTES, 0 }, { BOX_CALLBACK, LIMIT_CALLBACK_BYTES + 1, -1 },
		{ BOX_RELEASE, 8, 0 }, { BOX_RELEASE, UINT32_MAX, -1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t b[BOX_FRAME_HEADER];
		enum box_frame kind = BOX_KEY;
		uint32_t len = 0;
		boxwire_header_encode(b, (enum box_frame)rows[i].kind, rows[i].len);
		assert_int_equal(boxwire_header_decode(&kind, &len, b, NULL), rows[i].r);
		if (rows[i].r == 0)
			assert_true(kind == rows[i].kind && len == rows[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request), cmocka_unit_test(test_request_policy), cmocka_unit_test(test_request_test), cmocka_unit_test(test_request_cut), cmocka_unit_test(test_request_bent),
		cmocka_unit_test(test_request_limits), cmocka_unit_test(test_count_bomb), cmocka_unit_test(test_release),
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_done), cmocka_unit_test(test_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
