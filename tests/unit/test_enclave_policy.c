/* core/enclave/policy.c and lua/policy*.lua, as the host's compiler makes them, so that sanitizers see them; and what the two kinds of task must not have of each other.
 * tests/policy asks the real box.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/boxwire.h"
#include "inside.h"
#include "worker.h"

struct ended { struct box_outcome outcome; struct buf answer; };

static int take(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static void ask(const char *text, size_t len, const char *question, size_t question_len, struct ended *out)
{
	struct box_file file = { { "policy.lua", 10 }, { text, len } };
	struct box_arg arg = { { BOX_POLICY_ARG, sizeof BOX_POLICY_ARG - 1 }, { question, question_len }, BOX_ARG_STRING };
	const struct box_request q = { .kind = BOX_KIND_POLICY, .task = { "policy", 6 }, .entry = { "policy.lua", 10 }, .memory = MIB(32), .output = KIB(16), .cpu_ms = 5000,
		.files = &file, .n_files = 1, .args = &arg, .n_args = 1 };
	struct err e = { .code = ERR_NONE };
	*out = (struct ended){ .answer = BUF_INIT(MIB(1)) };
	const struct box_task t = { .request = &q, .wall_ms = 30000, .result = take, .ctx = &out->answer };
	if (inside_run(&t, &out->outcome, &e) < 0)
		fail_msg("%s", e.msg);
}

static void says(const char *text, const char *question, const char *words)
{
	struct ended end;
	ask(text, strlen(text), question, strlen(question), &end);
	assert_int_equal(end.outcome.done.status, BOX_OK);
	assert_int_equal(end.outcome.done.result_bytes, end.answer.len);
	assert_int_equal(end.outcome.done.result_files + end.outcome.done.log_bytes, 0);
	if (!strstr(buf_text(&end.answer), words))
		fail_msg("%s: \"%s\" is not in %s", text, words, buf_text(&end.answer));
	buf_done(&end.answer);
}

#define POLICY "local p = require 'policy' return p { api = 1, id = 't', "

static void decisions(void **state)
{
	(void)state;
	says(POLICY "p.permit { id = 'a' } }", "{}", "{\"effect\":\"permit\",\"rules\":[\"a\"]");
	says(POLICY "p.permit { id = 'a', purposes = { 'DUO:0000042' }, oblige { max_uses = 3, egress = { 'https:a.org' } } } }", "{\"purpose\":\"DUO:0000007\"}",
		"\"obligations\":{\"max_uses\":3,\"egress\":[\"https:a.org\"]}");
	says(POLICY "p.permit { id = 'a', users = { 'enclua1x' } } }", "{}", "is no identity");
	says(POLICY "p.permit { id = 'a', apps = { 'app1x' } } }", "{}", "is mistyped or incomplete");
	says(POLICY "p.permit { id = 'a', apps = { 'app2x' } } }", "{}", "is neither the hash");
	says(POLICY "p.permit { id = 'a', pools = { 'pool1x' } } }", "{}", "is mistyped or incomplete");
	says(POLICY "p.permit { id = 'a', apps = { 'h1:' } } }", "{}", "is neither the hash");
	says(POLICY "p.permit { id = 'a', when = function(r) return r.x end } }", "{}", "the request has no x");
	says("}", "{}", "policy.lua:1:");
	says("return 1", "{\"a\":", "\"reasons\":[\"error:E_INVALID\"]");
	says("", "{}", "must return policy");
}

/* Errors of any bytes: what is hidden or broken is marked, at the end of the text as well. */
static void errors_of_any_bytes(void **state)
{
	static const struct { const char *error, *shown; } cases[] = {
		{ "'a\\0b'", "\"message\":\"a b\"" }, { "'\\255'", "\"message\":\"?\"" }, { "'\\xe2\\x82'", "\"message\":\"??\"" }, { "'\\u{202e}x'", "\"message\":\"?x\"" },
		{ "'\\u{e0041}'", "\"message\":\"?\"" }, { "'\\u{ad}\\u{20ac}'", "\"message\":\"?\xe2\x82\xac\"" }, { "''", "\"message\":\"\"" },
		{ "'\\xed\\xa0\\x80'", "\"message\":\"???\"" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[512];
		(void)snprintf(text, sizeof text, POLICY "p.permit { id = 'a', when = function() error(%s, 0) end } }", cases[i].error);
		says(text, "{}", cases[i].shown);
	}
	/* cut at a whole character: 127 bytes and one of three */
	says(POLICY "p.permit { id = 'a', when = function() local s = 'x' for i = 1, 126 do s = s .. 'x' end error(s .. '\\u{20ac}', 0) end } }", "{}",
		"xxxxxxxx\"}],\"conditions\"");
}

static void limited(const char *text, enum box_limit limit)
{
	struct ended end;
	ask(text, strlen(text), "{}", 2, &end);
	assert_int_equal(end.outcome.done.status, BOX_LIMIT);
	assert_int_equal(end.outcome.done.limit, limit);
	assert_int_equal(end.answer.len, 0);
	buf_done(&end.answer);
}

static void limits(void **state)
{
	(void)state;
	limited("local t = {} while true do t = { t } end", BOX_LIMIT_MEMORY);
	limited(POLICY "p.permit { id = 'a', when = function() local t = {} while true do t = { t } end end } }", BOX_LIMIT_MEMORY);
	limited("local p = require 'policy' local rules = { api = 1, id = 't' } local s = '' for i = 1, 118 do s = s .. 'x' end for i = 1, 64 do\n"
		"rules[i] = p.permit { id = 'r' .. i .. s:sub(1, 50), because = s, users = { 'enclua18d4z00xwk6jz6c4r4rgz5mcdwdjny9thrh3y8f36cpy2rz6emg5srukvxh' },\n"
		"purposes = { 'x' }, not_before = '2030-01-01', not_after = '1970-01-01', min_assurance = 'cvm', when = function() error(s) end } end return p(rules)",
		BOX_LIMIT_OUTPUT);
}

/* A request cut or changed anywhere ends well. */
static void questions_of_any_bytes(void **state)
{
	static const char text[] = POLICY "p.permit { id = 'a', when = function(r) return r.app.outputs_raw end } }";
	static const char question[] = "{\"app\":{\"outputs_raw\":1,\"purposes\":[\"x\",\"\\u00e9\"],\"egress\":[]},\"n\":-12}";
	struct ended end;
	(void)state;
	for (size_t i = 0; i < sizeof question; i += 3) {
		ask(text, sizeof text - 1, question, i, &end);
		assert_int_equal(end.outcome.done.status, BOX_OK);
		buf_done(&end.answer);
	}
	for (size_t i = 0; i < sizeof question - 1; i += 2) {
		char bent[sizeof question];
		memcpy(bent, question, sizeof bent);
		bent[i] ^= 0x15;
		ask(text, sizeof text - 1, bent, sizeof bent - 1, &end);
		assert_int_equal(end.outcome.done.status, BOX_OK);
		buf_done(&end.answer);
	}
}

/* The library of policies is not an iApp's. */
static void iapps_have_no_policies(void **state)
{
	static const char *const names[] = { "policy", "policy_host", "policy_rules", "policy_request", "policy_shared" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char main[256];
		struct end end;
		(void)snprintf(main, sizeof main, "return function() require '%s' end", names[i]);
		job_run(NULL, &(struct job){ .main = main }, &end);
		assert_int_equal(end.outcome.done.status, BOX_FAILED);
		assert_non_null(end.bundle);
		assert_non_null(strstr(end.bundle->error, "not found"));
		end_free(&end);
	}
	struct end end;	/* but it may have files of such names */
	job_run(NULL, &(struct job){ .main = "return function(task) task.result:write('r', require 'policy') end", .files = { { "policy.lua", "return 'mine'" } } }, &end);
	assert_int_equal(end.outcome.done.status, BOX_OK);
	assert_string_equal(end_text(&end, "r"), "mine");
	end_free(&end);
}

static int setup(void **state)
{
	(void)state;
	job_prepare();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions),
		cmocka_unit_test(errors_of_any_bytes),
		cmocka_unit_test(limits),
		cmocka_unit_test(questions_of_any_bytes),
		cmocka_unit_test(iapps_have_no_policies),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
