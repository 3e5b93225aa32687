/* core/trust/policy.c against a box that says and does anything (box_run is taken over), and against real boxes: the same bytes a thousand times, from many zygotes; and
 * obligations merged in the box as core/trust/obligations.c merges them. tests/policy has the policies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "trust/policy.h"

#define ASKS 1000u	/* of one question … */
#define ZYGOTES 20u	/* … by so many zygotes */
#define MERGES 150u

/* What the box does, when it is not a real one. */
static struct { bool on; int r; struct box_outcome outcome; const char *answer; size_t times, step; struct box_task seen; struct box_request request; } fake;

int __real_box_run(struct box_zygote *z, const struct box_task *t, struct box_outcome *out, struct err *e);
int __wrap_box_run(struct box_zygote *z, const struct box_task *t, struct box_outcome *out, struct err *e);
int __wrap_box_run(struct box_zygote *z, const struct box_task *t, struct box_outcome *out, struct err *e)
{
	if (!fake.on)
		return __real_box_run(z, t, out, e);
	fake.seen = *t;
	fake.request = *t->request;
	for (size_t i = 0; i < fake.times; i++) {
		size_t len = strlen(fake.answer);
		for (size_t at = 0; at < len; at += fake.step) {
			size_t n = len - at < fake.step ? len - at : fake.step;
			if (t->result(t->ctx, (const uint8_t *)fake.answer + at, n, e) < 0)
				return -1;
		}
	}
	*out = fake.outcome;
	return fake.r < 0 ? err_set(e, ERR_UNAVAILABLE, "no box") : 0;
}

static struct manifest manifest = { .name = "test", .version = "1.0.0", .entry = "policy.lua" };

static int ask(struct box_zygote *z, const char *text, const char *question, struct policy_decision *d, struct err *e)
{
	struct iapp_file file = { .path = "policy.lua", .bytes = (const uint8_t *)text, .len = strlen(text) };
	const struct iapp policy = { .kind = IAPP_POLICY, .manifest = &manifest, .files = &file, .n_files = 1 };
	return policy_ask(z, &policy, question, strlen(question), d, e);
}

static void box_says(enum box_status status, const char *answer)
{
	memset(&fake, 0, sizeof fake);
	fake.on = true;
	fake.outcome.done.status = status;
	fake.outcome.done.limit = status == BOX_LIMIT ? BOX_LIMIT_CPU : BOX_LIMIT_NONE;
	fake.outcome.cpu_us = 77;
	fake.answer = answer;
	fake.times = 1;
	fake.step = 7;
}

static void assert_decision(bool permit, const char *reason)
{
	struct policy_decision d;
	struct err e = { .code = ERR_NONE };
	if (ask(NULL, "x", "{}", &d, &e) < 0)
		fail_msg("%s", e.msg);
	if (d.permit != permit || (reason && (d.n_reasons == 0 || strcmp(d.reasons[0], reason) != 0)))
		fail_msg("%s: %s", fake.answer, d.n_reasons ? d.reasons[0] : "no reason");
	assert_int_equal(d.cpu_us, 77);
	if (!permit) {	/* nothing of an answer that does not count is kept */
		assert_null(d.tree);
		assert_int_equal(d.answer.len, 0);
		assert_int_equal(d.n_rules, 0);
		assert_int_equal(d.n_reasons, 1);
		assert_false(d.obligations.has_max_uses);
	}
	policy_decision_done(&d);
}

#define REST "\"missing\":[],\"errors\":[],\"conditions\":[]}"
#define PERMIT "{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{\"max_uses\":3}," REST

static void endings(void **state)
{
	static const struct { enum box_status status; const char *reason; } cases[] = {
		{ BOX_FAILED, "error:E_TASK" }, { BOX_LIMIT, "error:E_LIMIT" }, { BOX_ALARM, "error:E_INTERNAL" }, { BOX_BAD_INPUT, "error:E_INVALID" }
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {	/* and whatever it said before it ended so */
		box_says(cases[i].status, PERMIT);
		assert_decision(false, cases[i].reason);
		box_says(cases[i].status, "");
		assert_decision(false, cases[i].reason);
	}
	box_says(BOX_OK, PERMIT);
	assert_decision(true, NULL);
	struct policy_decision d;
	struct err e = { .code = ERR_NONE };
	fake.r = -1;
	assert_int_equal(ask(NULL, "x", "{}", &d, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	policy_decision_done(&d);
}

static void what_the_box_gets(void **state)
{
	(void)state;
	box_says(BOX_OK, PERMIT);
	assert_decision(true, NULL);
	const struct box_request *r = &fake.request;
	assert_int_equal(r->kind, BOX_KIND_POLICY);
	assert_int_equal(r->memory, POLICY_MEMORY);
	assert_int_equal(r->cpu_ms, POLICY_CPU_MS);
	assert_int_equal(r->output, POLICY_ANSWER_BYTES);
	assert_int_equal(fake.seen.wall_ms, POLICY_WALL_MS);
	assert_int_equal(r->n_recipients + r->n_inputs + r->n_secrets, 0);
	assert_false(r->logs || r->many || r->app_secret);
	assert_int_equal(r->n_args, 1);
	static const uint8_t zero[32];
	assert_memory_equal(r->seed, zero, 32);
	assert_memory_equal(r->salt, zero, 32);
}

static void answers_that_are_none(void **state)
{
	static const char *const cases[] = {
		"", "{", "null", "[]", "\"permit\"", "permit", PERMIT PERMIT, PERMIT "x",
		"{\"effect\":\"permit\"}",
		"{\"rules\":[\"a\"],\"effect\":\"permit\",\"reasons\":[],\"obligations\":{}," REST,	/* another order */
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{},\"more\":1," REST,
		"{\"effect\":\"permit\",\"effect\":\"deny\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"Permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":true,\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[],\"reasons\":[],\"obligations\":{}," REST,	/* nobody permits */
		"{\"effect\":\"permit\",\"rules\":[1],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":\"a\",\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\\u001b[31m\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\\u202e\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\\u0000b\"],\"reasons\":[],\"obligations\":{}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[\"forbid:b\"],\"obligations\":{}," REST,	/* with a reason against it */
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{},\"missing\":[],\"errors\":[{\"code\":\"E_TASK\"}],\"conditions\":[]}",
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":[]," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":null," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{\"max_use\":1}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{\"max_uses\":1.0}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{\"egress\":[\"https:10.0.0.1\"]}," REST,
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{},\"missing\":[null],\"errors\":[],\"conditions\":[]}",
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{},\"missing\":[],\"errors\":[],\"conditions\":[[[[[[[[[[1]]]]]]]]]]}",
		"{\"effect\":\"permit\",\"rules\":[\"a\"],\"reasons\":[],\"obligations\":{},\"missing\":[],\"errors\":[],\"conditions\":[1e9]}",
		"{\"effect\":\"deny\",\"rules\":[],\"reasons\":[],\"obligations\":{}," REST,	/* no reason */
		"{\"effect\":\"deny\",\"rules\":[],\"reasons\":[\"no-permit\"],\"obligations\":{\"price\":1}," REST,	/* obliges */
		"{\"effect\":\"deny\",\"rules\":[],\"reasons\":[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxx\"],\"obligations\":{}," REST,
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		box_says(BOX_OK, cases[i]);
		assert_decision(false, "error:E_INVALID");
	}
}

/* Past the limit nothing is kept, however it comes. */
static void too_large(void **state)
{
	static char page[4096 + 1];
	(void)state;
	memset(page, ' ', sizeof page - 1);
	for (size_t step = 1; step <= 4096; step *= 64) {
		box_says(BOX_OK, page);
		fake.times = POLICY_ANSWER_BYTES / 4096 + 1;
		fake.step = step;
		assert_decision(false, "error:E_LIMIT");
	}
	struct buf many = BUF_INIT(KIB(64));
	buf_add_text(&many, "{\"effect\":\"permit\",\"rules\":[\"a\"", NULL);
	for (unsigned i = 0; i < POLICY_LIST_MAX; i++)
		buf_add_text(&many, ",\"a\"", NULL);
	buf_add_text(&many, "],\"reasons\":[],\"obligations\":{}," REST, NULL);
	box_says(BOX_OK, buf_text(&many));
	assert_decision(false, "error:E_INVALID");
	buf_done(&many);
}

/* Every byte of a good answer cut off or changed: never a crash, and never more than was said. */
static void bent(void **state)
{
	char text[] = PERMIT;
	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		char was = text[i];
		for (int bit = 0; bit < 8; bit++) {
			struct policy_decision d;
			text[i] = (char)(was ^ 1 << bit);
			box_says(BOX_OK, text);
			assert_int_equal(ask(NULL, "x", "{}", &d, NULL), 0);
			if (d.permit)
				assert_int_equal(d.n_rules, 1);
			policy_decision_done(&d);
		}
		text[i] = '\0';
		box_says(BOX_OK, text);
		assert_decision(false, "error:E_INVALID");
		text[i] = was;
	}
}

static void enforce_alone(void **state)
{
	static const struct { const char *question; int r; bool permit; } cases[] = {
		{ "{\"counters\":{\"uses\":2}}", 0, true },
		{ "{\"counters\":{\"uses\":3}}", 0, false },
		{ "{\"counters\":{\"uses\":18446744073709551615}}", 0, false },
		{ "{\"counters\":{\"uses\":18446744073709551616}}", -1, false },
		{ "{\"counters\":{\"uses\":-1}}", -1, false },
		{ "{\"counters\":{\"uses\":1.5}}", -1, false },
		{ "{\"counters\":{}}", -1, false }, { "{}", -1, false }, { "", -1, false }, { "[", -1, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct policy_decision d;
		struct err e = { .code = ERR_NONE };
		box_says(BOX_OK, PERMIT);
		assert_int_equal(ask(NULL, "x", "{}", &d, &e), 0);
		assert_true(d.permit);
		if (policy_enforce(&d, cases[i].question, strlen(cases[i].question), &e) != cases[i].r || d.permit != cases[i].permit)
			fail_msg("%s: %d %s", cases[i].question, d.permit, e.msg);
		if (cases[i].r == 0 && !cases[i].permit)
			assert_string_equal(d.reasons[0], "obligation:max_uses");
		assert_non_null(d.tree);	/* what was answered stays what was answered */
		policy_decision_done(&d);
	}
}

/* Real boxes */

static struct box_zygote *zygote(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path, .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	if (box_zygote_start(&z, &o, &e) < 0)
		fail_msg("%s", e.msg);
	memset(&fake, 0, sizeof fake);
	return z;
}

/* Tables, their order, texts, errors, recursion, garbage: all that could differ between two runs shows in this one's answer. */
static const char restless[] =
	"local policy = require 'policy'\n"
	"local t, seen = {}, '' for i = 1, 200 do t['k' .. i * 7919 % 211] = { i } end\n"
	"for k, v in each(t) do seen = seen .. k .. v[1] end\n"
	"local sum = 0 for i = 1, #seen do sum = (sum * 31 + #seen:sub(i, i) * i) % 1000003 end\n"
	"local rules = { api = 1, id = 'restless' }\n"
	"for i = 1, 20 do rules[i] = policy.permit { id = 'r' .. i .. '-' .. sum, when = function(r) local x = {} for n = 1, 100 do x[n] = { n } end\n"
	"  if i % 7 == 0 then error({}) elseif i % 5 == 0 then return r.nothing == x elseif i % 11 == 0 then local function f() return 1 + f() end end\n"
	"  return r.time % i == 0 end, oblige { max_uses = i, egress = { 'https:b' .. i .. '.org', 'https:a.org' } } } end\n"
	"return policy(rules)\n";

static void the_same_a_thousand_times(void **state)
{
	struct policy_decision first = { .permit = false }, d;
	struct err e = { .code = ERR_NONE };
	(void)state;
	for (unsigned i = 0; i < ZYGOTES; i++) {
		struct box_zygote *z = zygote();
		for (unsigned n = 0; n < ASKS / ZYGOTES; n++) {
			if (n % 10 == 3) {	/* something else between */
				assert_int_equal(ask(z, "return require('policy')", "{}", &d, &e), 0);
				policy_decision_done(&d);
			}
			if (ask(z, restless, "{\"time\":1795257600}", i + n ? &d : &first, &e) < 0)
				fail_msg("%s", e.msg);
			if (i + n == 0)
				continue;
			assert_int_equal(d.answer.len, first.answer.len);
			assert_memory_equal(d.answer.data, first.answer.data, first.answer.len);
			policy_decision_done(&d);
		}
		box_zygote_stop(z);
	}
	assert_non_null(strstr(buf_text(&first.answer), "an error that is a table"));
	assert_non_null(strstr(buf_text(&first.answer), "the request has no nothing"));
	policy_decision_done(&first);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

/* One set of obligations, as Lua and as JSON. */
static void some(uint64_t *seed, struct buf *lua, struct buf *json)
{
	static const char *const logs[] = { "full", "owner", "none" };
	static const char *const places[] = { "smtp:c.example.org:25", "https:b.example.org", "https:a.example.org" };
	const char *comma = "";
#define X(name, merge, scope, doc) if (next(seed) % 3) { \
		uint64_t v = next(seed) % 5 ? next(seed) % 6 : next(seed) >> 2; \
		buf_addf(lua, NULL, "%s" #name " = %llu", comma, (unsigned long long)v); \
		buf_addf(json, NULL, "%s\"" #name "\":%llu", comma, (unsigned long long)v); \
		comma = ","; }
	OBLIGATION_NUMBERS(X)
#undef X
	if (next(seed) % 2) {
		const char *log = logs[next(seed) % 3];
		buf_addf(lua, NULL, "%slog = '%s'", comma, log);
		buf_addf(json, NULL, "%s\"log\":\"%s\"", comma, log);
		comma = ",";
	}
	if (next(seed) % 2) {
		uint64_t which = next(seed);
		const char *between = "";
		buf_addf(lua, NULL, "%segress = {", comma);
		buf_addf(json, NULL, "%s\"egress\":[", comma);
		for (size_t i = 0; i < 3; i++)
			if (which >> i & 1) {
				buf_addf(lua, NULL, "%s'%s'", between, places[i]);
				buf_addf(json, NULL, "%s\"%s\"", between, places[i]);
				between = ",";
			}
		buf_add_text(lua, "}", NULL);
		buf_add_text(json, "]", NULL);
	}
}

/* lua/policy_rules.lua and core/trust/obligations.c merge alike, and write alike. */
static void merged_alike(void **state)
{
	uint64_t seed = 0x6d65726765ull;
	struct box_zygote *z = zygote();
	(void)state;
	for (unsigned i = 0; i < MERGES; i++) {
		struct buf lua = BUF_INIT(KIB(16)), want = BUF_INIT(KIB(16)), have = BUF_INIT(KIB(16));
		struct obligations all, one;
		struct policy_decision d;
		struct err e = { .code = ERR_NONE };
		memset(&all, 0, sizeof all);
		buf_add_text(&lua, "local p = require 'policy' return p { api = 1, id = 't'", NULL);
		for (uint64_t n = 0, rules = 1 + next(&seed) % 4; n < rules; n++) {
			struct buf json = BUF_INIT(KIB(4));
			struct json *tree = NULL;
			buf_addf(&lua, NULL, ", p.permit { id = 'r%u', oblige { ", (unsigned)n);
			buf_add_text(&json, "{", NULL);
			some(&seed, &lua, &json);
			buf_add_text(&lua, " } }", NULL);
			buf_add_text(&json, "}", NULL);
			assert_int_equal(json_parse(&tree, buf_text(&json), json.len, &e), 0);
			assert_int_equal(obligations_read(&one, tree, &e), 0);
			obligations_merge(&all, &one);
			json_free(tree);
			buf_done(&json);
		}
		buf_add_text(&lua, " }", NULL);
		assert_int_equal(ask(z, buf_text(&lua), "{}", &d, &e), 0);
		if (!d.permit)
			fail_msg("%s: %s", buf_text(&lua), buf_text(&d.answer));
		assert_int_equal(obligations_write(&all, &want, NULL), 0);
		assert_int_equal(obligations_write(&d.obligations, &have, NULL), 0);
		assert_string_equal(buf_text(&have), buf_text(&want));
		if (!strstr(buf_text(&d.answer), want.len ? buf_text(&want) : "\"obligations\":{}"))
			fail_msg("the box spells it otherwise: %s", buf_text(&d.answer));
		policy_decision_done(&d);
		buf_done(&lua);
		buf_done(&want);
		buf_done(&have);
	}
	box_zygote_stop(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endings),
		cmocka_unit_test(what_the_box_gets),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(too_large),
		cmocka_unit_test(bent),
		cmocka_unit_test(enforce_alone),
		cmocka_unit_test(the_same_a_thousand_times),
		cmocka_unit_test(merged_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
