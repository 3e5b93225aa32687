/* Protected data as scripts see it: data.c data_lua.c stream.c of core/enclave; whole, and damaged in every way that a worker could try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "worker.h"

static const struct dataset one = { "data1one", { { "contacts.age", "i128", "42" }, { "contacts.email", "string", "a@b.c" },
	{ "ok", "bool", "true" }, { "ratio", "f64", "0.5" }, { "huge", "i128", "170141183460469231731687303715884105727" },
	{ "t.csv", NULL, "a,b\n1,2\n3,4\n" } } };

static void run(const struct job *in, const char *body, struct end *out)
{
	char main[8192];
	struct job j = *in;
	(void)snprintf(main, sizeof main, "return function(task)\n%s\nend\n", body);
	j.main = main;
	job_run(NULL, &j, out);
}

static void run_ok(const struct job *j, const char *body, const char *want)
{
	struct end e;
	run(j, body, &e);
	if (e.outcome.done.status != BOX_OK || strcmp(end_text(&e, "r"), want) != 0)
		fail_msg("status %d: \"%s\" %s %s, not \"%s\"", (int)e.outcome.done.status, end_text(&e, "r"), e.bundle ? e.bundle->error : "", e.why, want);
	end_free(&e);
}

static void fails(const struct job *j, const char *body, const char *words)
{
	struct end e;
	run(j, body, &e);
	assert_int_equal(e.outcome.done.status, BOX_FAILED);
	assert_non_null(e.bundle);
	if (!strstr(e.bundle->error, words))
		fail_msg("\"%s\" is not in: %s", words, e.bundle->error);
	end_free(&e);
}

static const struct job with_one = { .data = &one, .n_data = 1 };

static void test_get(void **state)
{
	(void)state;
	run_ok(&with_one, "local d = task.data task.result:write('r', ('%s %s %s %s %s %s'):format(d:get('contacts/age'), d:get('contacts/email', "
		"'string'), d:get('ok'), d:get('ratio', 'f64') * 2, d:get('t.csv', 'text/csv') == d:get('t.csv', 'bytes'), math.type(d:get("
		"'contacts/age', 'i128'))))", "42 a@b.c true 1.0 true integer");
	run_ok(&with_one, "task.result:write('r', task.data.id .. #task.datasets .. task.datasets[1].name .. tostring(task.data.error))",
		"data1one1data1onenil");
	fails(&with_one, "task.data:get('contacts/age', 'string')", "\"contacts/age\" is stored as i128, not as string");
	fails(&with_one, "task.data:get('nothing')", "holds no \"nothing\"");
	fails(&with_one, "task.data:get('contacts')", "holds no \"contacts\"");
	fails(&with_one, "task.data:get('ok', 'bytes')", "stored as bool");
	fails(&with_one, "task.data:get('huge')", "larger than a 64-bit integer");
	run_ok(&with_one, "task.result:write('r', task.data:open('huge'):read('a'))", "170141183460469231731687303715884105727");
}

static void test_list_and_schema(void **state)
{
	(void)state;
	run_ok(&with_one, "local t = {} for i, l in ipairs(task.data:list()) do t[i] = l.path .. ':' .. l.type .. ':' .. l.size end "
		"task.result:write('r', table.concat(t, ' '))",
		"contacts/age:i128:2 contacts/email:string:5 huge:i128:39 ok:bool:4 ratio:f64:3 t.csv:text/csv:12");
	run_ok(&with_one, "local s = task.data:schema() task.result:write('r', s.contacts.age .. s['t.csv'])", "i128text/csv");
}

static void test_stream(void **state)
{
	(void)state;
	run_ok(&with_one, "local s, o = task.data:open('t.csv'), {}\n"
		"o[#o + 1] = s:read() o[#o + 1] = s:read('L') o[#o + 1] = s:read(1) o[#o + 1] = s:seek() o[#o + 1] = s:read('a')\n"
		"o[#o + 1] = tostring(s:read(1)) o[#o + 1] = tostring(s:read('l')) o[#o + 1] = s:read('a') o[#o + 1] = s:seek('set', 4)\n"
		"o[#o + 1] = s:read(100) o[#o + 1] = s:seek('end', -2) o[#o + 1] = s:read('*l') o[#o + 1] = s:seek('end') o[#o + 1] = s:size()\n"
		"for _, bad in ipairs { { 'set', -1 }, { 'set', 13 }, { 'end', 1 }, { 'cur', -13 }, { 'cur', math.mininteger }, { 'set', math.maxinteger } } do\n"
		"    assert(not pcall(s.seek, s, bad[1], bad[2])) end\n"
		"assert(not pcall(s.read, s, 'x') and not pcall(s.read, s, -1) and not pcall(s.read, {}, 1))\n"
		"task.result:write('r', table.concat(o, '|'))", "a,b|1,2\n|3|9|,4\n|nil|nil||4|1,2\n3,4\n|10|4|12|12");
	run_ok(&with_one, "local t = {} for l in task.data:open('t.csv'):lines() do t[#t + 1] = l end for b in task.data:open('t.csv'):lines(5) do "
		"t[#t + 1] = b end task.result:write('r', table.concat(t, '|'))", "a,b|1,2|3,4|a,b\n1|,2\n3,|4\n");
}

/* Larger than the window and than the memory limit; lines that cross it. */
static void test_large(void **state)
{
	(void)state;
	size_t n = 6000000;
	char *text = malloc(n + 1);
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 1000 == 999 ? '\n' : (char)('a' + i / 1000 % 26);
	text[n] = '\0';
	const struct dataset set = { "data1big", { { "big.txt", NULL, text } } };
	const struct job j = { .data = &set, .n_data = 1, .memory = MIB(1) };
	run_ok(&j, "local n, s = 0, task.data:open('big.txt') for l in s:lines() do n = n + 1 assert(#l == 999 and l == "
		"string.char(97 + (n - 1) % 26):rep(999)) end\n"
		"for _, at in ipairs { 0, 65535, 65536, 3000000, 5999999 } do s:seek('set', at) local b = s:read(70000)\n"
		"    assert(b:byte() == (at % 1000 == 999 and 10 or 97 + at // 1000 % 26) and #b == math.min(70000, 6000000 - at)) end\n"
		"task.result:write('r', tostring(n))", "6000");
	struct end e;
	run(&j, "return #task.data:get('big.txt')", &e);
	assert_int_equal(e.outcome.done.status, BOX_FAILED);	/* a single request larger than the limit */
	end_free(&e);
	free(text);
}

static void bad_input(const struct job *j, const char *body)
{
	struct end e;
	run(j, body, &e);
	assert_int_equal(e.outcome.done.status, BOX_BAD_INPUT);
	assert_int_equal(e.sealed_len, 0);
	end_free(&e);
}

static void test_damage(void **state)
{
	(void)state;
	struct job j = with_one;
	j.wrong_header = true;
	bad_input(&j, "");
	j = with_one;
	for (uint64_t at = 1; at < 4000; at += 397) {
		j.flip = at;
		bad_input(&j, "");
	}
	j.flip = 0;
	for (uint64_t cut = 1; cut < 4200; cut += cut < 20 ? 1 : 997) {
		j.cut = cut;
		bad_input(&j, "");
	}
}

/* A chunk in the middle is only read when it is asked for. */
static void test_damage_in_the_middle(void **state)
{
	(void)state;
	size_t n = 400000;
	char *text = malloc(n + 1);
	assert_non_null(text);
	memset(text, 'x', n);
	text[n] = '\0';
	const struct dataset set = { "data1mid", { { "a.txt", NULL, "small" }, { "m.txt", NULL, text } } };
	struct job j = { .data = &set, .n_data = 1, .flip = 200000 };
	bad_input(&j, "task.data:get('m.txt')");
	bad_input(&j, "for l in task.data:open('m.txt'):lines(1000) do end");
	run_ok(&j, "task.result:write('r', task.data:get('a.txt', 'text/plain'))", "small");
	run_ok(&j, "task.result:write('r', tostring(pcall(task.data.get, task.data, 'm.txt')))", "false");
	free(text);
}

static void test_many(void **state)
{
	(void)state;
	static const struct dataset sets[] = { { "data1a", { { "v", "i128", "1" } } }, { "data1b", { { "v", "i128", "2" } } },
		{ "data1c", { { "v", "i128", "4" } } } };
	const char *body = "local sum, failed = 0, {} assert(task.data == nil and #task.datasets == 3)\n"
		"for i, d in ipairs(task.datasets) do if d.error then failed[#failed + 1] = d.id else sum = sum + d:get('v') end end\n"
		"task.result:write('r', sum .. table.concat(failed))";
	struct job j = { .data = sets, .n_data = 3, .many = true };
	run_ok(&j, body, "7");
	j.wrong_header = true;
	run_ok(&j, body, "3data1c");
	fails(&j, "task.datasets[3]:get('v')", "this data did not open");
	j.wrong_header = false;
	j.flip = 300;
	run_ok(&j, body, "3data1c");
	j.many = false;
	bad_input(&j, body);
}

static int prepare(void **state)
{
	(void)state;
	job_prepare();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get), cmocka_unit_test(test_list_and_schema), cmocka_unit_test(test_stream), cmocka_unit_test(test_large),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_damage_in_the_middle), cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
