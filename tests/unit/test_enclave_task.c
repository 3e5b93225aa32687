/* The life of a task over the real frames: task.c table.c host.c modules.c globals.c trace.c names.c channel.c result.c pile.c seal.c files.c
 * of core/enclave, as the host's compiler makes them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "worker.h"

static void ends(const struct end *e, enum box_status status, enum box_limit limit)
{
	if (e->outcome.done.status != status || e->outcome.done.limit != limit)
		fail_msg("status %d limit %d signal %d, not %d %d: %s %s", (int)e->outcome.done.status, (int)e->outcome.done.limit,
			e->outcome.signal, (int)status, (int)limit, e->bundle ? e->bundle->error : "", e->why);
}

/* Runs `return function(task) BODY end` and wants it to end well. */
static void run_ok(struct job j, const char *body, struct end *out)
{
	char main[8192];
	(void)snprintf(main, sizeof main, "return function(task)\n%s\nend\n", body);
	j.main = main;
	job_run(NULL, &j, out);
	ends(out, BOX_OK, BOX_LIMIT_NONE);
	assert_non_null(out->bundle);
	assert_string_equal(out->bundle->status, "ok");
}

/* The value of an expression, as text. */
static void says(const char *expression, const char *want)
{
	char body[4096];
	struct end e;
	(void)snprintf(body, sizeof body, "task.result:write('r', tostring((function() return %s end)()))", expression);
	run_ok((struct job){ 0 }, body, &e);
	if (strcmp(end_text(&e, "r"), want) != 0)
		fail_msg("%s is %s, not %s", expression, end_text(&e, "r"), want);
	end_free(&e);
}

/* Ends as failed with this text in its message. */
static void fails(struct job j, const char *main, const char *words)
{
	struct end e;
	j.main = main;
	job_run(NULL, &j, &e);
	ends(&e, BOX_FAILED, BOX_LIMIT_NONE);
	assert_non_null(e.bundle);
	assert_string_equal(e.bundle->status, "failed");
	if (!strstr(e.bundle->error, words))
		fail_msg("\"%s\" is not in: %s", words, e.bundle->error);
	end_free(&e);
}

static void limited(struct job j, const char *body, enum box_limit limit)
{
	char main[4096];
	struct end e;
	(void)snprintf(main, sizeof main, "return function(task)\n%s\nend\n", body);
	j.main = main;
	job_run(NULL, &j, &e);
	ends(&e, BOX_LIMIT, limit);
	assert_int_equal(e.sealed_len, 0);
	end_free(&e);
}

static void test_hello(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ .args = { { "name", "Ada", BOX_ARG_STRING } } },
		"print('hello', 1, true) task.result:write('hello.txt', 'Hello, ' .. task.args.name .. '!\\n')", &e);
	assert_string_equal(end_text(&e, "hello.txt"), "Hello, Ada!\n");
	assert_int_equal(e.bundle->log_len, 13);
	assert_memory_equal(e.bundle->log, "hello\t1\ttrue\n", 13);
	assert_int_equal(e.outcome.done.result_files, 1);
	assert_int_equal(e.outcome.done.result_bytes, 12);
	assert_int_equal(e.outcome.done.log_bytes, 13);
	assert_true(e.outcome.done.memory_peak > 10000);
	end_free(&e);
}

static void test_table_with_run(void **state)
{
	(void)state;
	struct end e;
	job_run(NULL, &(struct job){ .main = "local m = {} function m.run(task) task.result:write('id', task.id .. task.deal) end return m" }, &e);
	ends(&e, BOX_OK, BOX_LIMIT_NONE);
	assert_string_equal(end_text(&e, "id"), "task1testdeal1test");
	end_free(&e);
	fails((struct job){ 0 }, "return 7", "must return a function");
	fails((struct job){ 0 }, "return function() return nil, 'the world said no' end", "the world said no");
}

static void test_args(void **state)
{
	(void)state;
	struct end e;
	struct job j = { .args = { { "s", "text", BOX_ARG_STRING }, { "n", "0.5", BOX_ARG_NUMBER }, { "i", "7", BOX_ARG_INTEGER },
		{ "b", "false", BOX_ARG_BOOLEAN } } };
	run_ok(j, "local a = task.args task.result:write('r', ('%s %s %s %s %s'):format(a.s, a.n + 1, math.type(a.i), a.b, a[3]))", &e);
	assert_string_equal(end_text(&e, "r"), "text 1.5 integer false 7");
	end_free(&e);
	fails((struct job){ .args = { { "i", "7.5", BOX_ARG_INTEGER } } }, "return function() end", "argument i");
}

static void test_secrets(void **state)
{
	(void)state;
	struct end e;
	struct job j = { .secrets = { "one", NULL, "three" }, .app_secret = "apps" };
	run_ok(j, "task.result:write('r', task:secret(1) .. tostring(task:secret(2)) .. task:secret(3) .. task:app_secret())", &e);
	assert_string_equal(end_text(&e, "r"), "onenilthreeapps");
	end_free(&e);
}

static void test_files(void **state)
{
	(void)state;
	struct end e;
	static const __typeof__(*((struct job *)0)->inputs) in[] = { { "a.txt", "one\ntwo\n" }, { "b.txt", "" } };
	struct job j = { .inputs = in, .n_inputs = 2 };
	run_ok(j, "local s = task.files['a.txt']\n"
		"local lines = {} for l in s:lines() do lines[#lines + 1] = l end\n"
		"assert(task.files['a.txt']:read('a') == 'one\\ntwo\\n') assert(task.files['b.txt']:read('a') == '')\n"
		"assert(task.files['b.txt']:read(1) == nil and task.files.c == nil)\n"
		"local n = 0 for name, f in pairs(task.files) do n = n + f:size() end\n"
		"assert(not pcall(function() task.files.x = 1 end))\n"
		"s:close() assert(not pcall(s.read, s, 1))\n"
		"task.files = nil for i = 1, 1e5 do local _ = {} end\n"
		"task.result:write('r', table.concat(lines, ',') .. n)", &e);
	assert_string_equal(end_text(&e, "r"), "one,two8");
	end_free(&e);
}

static void test_results(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ 0 },
		"local r = task.result\n"
		"local f <close> = r:open('dir/b.bin') f:write('1', 2, 3.5):write('x')\n"
		"r:write('z', '') r:json('a.json', { b = 1, a = { 1, 2 } }) r:callback('\\0\\1')\n"
		"for _, bad in ipairs { '', '/x', '../x', 'x/', 'a\\\\b', 'result.json', 'log.txt', 'log.txt/x', 'z', 'dir', 'z/y', 'dir/b.bin',\n"
		"    ('x'):rep(300), 'a\\nb' } do\n"
		"    if pcall(r.write, r, bad, '') then error('took ' .. bad) end\n"
		"end\n"
		"assert(not pcall(r.volatile, r, 'nowhere')) r:volatile('z')", &e);
	assert_int_equal(e.bundle->n_files, 3);
	assert_string_equal(e.bundle->files[0].path, "a.json");
	assert_string_equal(end_text(&e, "a.json"), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": 1\n}\n");
	assert_string_equal(end_text(&e, "dir/b.bin"), "123.5x");
	assert_non_null(strstr((const char *)e.bundle->json, "\"callback\":\"AAE=\""));
	assert_non_null(strstr((const char *)e.bundle->json, "\"deterministic\":false"));
	end_free(&e);
}

/* What goes into the digest: names, bytes, callback and salt; what does not: logs, volatile files, keys, order of writing. */
static void digest(uint8_t out[static 32], struct job j, const char *body)
{
	struct end e;
	run_ok(j, body, &e);
	memcpy(out, e.outcome.done.digest, 32);
	end_free(&e);
}

static void test_digest(void **state)
{
	(void)state;
	uint8_t a[32], b[32];
	struct job j = { 0 };
	digest(a, j, "local r = task.result r:write('a', '1') r:write('b', '2')");
	digest(b, j, "local r = task.result r:write('b', '2') print('x') r:write('a', '1') r:write('v', 'z') r:volatile('v')");
	assert_memory_equal(a, b, 32);
	static const char *const others[] = {
		"local r = task.result r:write('a', '2') r:write('b', '2')", "local r = task.result r:write('a', '1') r:write('c', '2')",
		"local r = task.result r:write('a', '1') r:write('b', '2') r:callback('')", "local r = task.result r:write('a', '1')",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		digest(b, j, others[i]);
		assert_memory_not_equal(a, b, 32);
	}
	j.salt = 1;
	digest(b, j, "local r = task.result r:write('a', '1') r:write('b', '2')");
	assert_memory_not_equal(a, b, 32);
	digest(a, (struct job){ .seed = 1 }, "task.result:write('r', tostring(math.random(1 << 40)))");
	digest(b, (struct job){ .seed = 1 }, "task.result:write('r', tostring(math.random(1 << 40)))");
	assert_memory_equal(a, b, 32);
	digest(b, (struct job){ .seed = 2 }, "task.result:write('r', tostring(math.random(1 << 40)))");
	assert_memory_not_equal(a, b, 32);
}

static void test_no_logs(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ .no_logs = true }, "print('secret') task:log('%d', 5) task.result:write('r', 'x')", &e);
	assert_int_equal(e.bundle->log_len, 0);
	assert_int_equal(e.outcome.done.log_bytes, 9);
	end_free(&e);
	job_run(NULL, &(struct job){ .no_logs = true, .main = "return function() print('hidden') error('SECRET') end" }, &e);
	ends(&e, BOX_FAILED, BOX_LIMIT_NONE);
	assert_string_equal(e.bundle->error, "");
	assert_string_equal(e.bundle->traceback, "");
	assert_null(memmem(e.bundle->plain.data, e.bundle->plain.len, "SECRET", 6));
	assert_null(memmem(e.bundle->plain.data, e.bundle->plain.len, "hidden", 6));
	end_free(&e);
}

static void test_progress(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ 0 }, "for i = 0, 1e5 do task:progress(i / 1e5 / 2) end task:progress(0.25) task:progress(1, 'done')\n"
		"assert(not pcall(task.progress, task, 1.5)) assert(not pcall(task.progress, task, 0/0)) task.result:write('r', 'x')", &e);
	assert_int_equal(e.n_progress, 64);
	assert_true(e.progress[0] == 0.001 && e.progress[1] == 0.002);
	end_free(&e);
}

static void test_errors(void **state)
{
	(void)state;
	struct job lib = { .files = { { "lib/x.lua", "local x = {}\nfunction x.f(t)\n\treturn t.a.b\nend\nreturn x\n" } } };
	struct end e;
	lib.main = "local x = require 'lib.x'\nreturn function()\n  local v = x.f({})\n  return v\nend\n";
	job_run(NULL, &lib, &e);
	ends(&e, BOX_FAILED, BOX_LIMIT_NONE);
	assert_string_equal(e.bundle->error, "lib/x.lua:3: attempt to index a nil value (field 'a')");
	assert_string_equal(e.bundle->traceback, "lib/x.lua:3: in field 'f'\nmain.lua:3: in function <line 2>\n"
		"      2 | function x.f(t)\n>     3 | \treturn t.a.b\n          \t^\n      4 | end\n");
	end_free(&e);
	fails((struct job){ 0 }, "return function()\n  foo()\nend", "main.lua:2: undefined global 'foo'");
	fails((struct job){ 0 }, "return function()\n  foo = 1\nend", "main.lua:2: assignment to undefined global 'foo' in a function");
	fails((struct job){ 0 }, "local = 1", "main.lua:1:");
	fails((struct job){ 0 }, "return function() error({}) end", "table");
	fails((struct job){ 0 }, "return function() error(setmetatable({}, { __tostring = function() return 'mine' end })) end", "mine");
	fails((struct job){ 0 }, "return function() require 'nothing' end", "module 'nothing' not found");
	fails((struct job){ .files = { { "a.lua", "return require 'b'" }, { "b.lua", "return require 'a'" } } },
		"require 'a'", "a -> b -> a");
	fails((struct job){ .files = { { "a.lua", "return function(" } } }, "require 'a'", "a.lua:1:");
	fails((struct job){ 0 }, "\x1bLua", "binary");
	fails((struct job){ 0 }, "return function() error('main.lua:9223372036854775807: x', 0) end", "main.lua:9223372036854775807: x");	/* one line more is no number */
}

static void test_require(void **state)
{
	(void)state;
	struct end e;
	struct job j = { .files = { { "m.lua", "count = (rawget(_G, 'count') or 0) + 1 return ..." }, { "bad.lua", "error('no')" },
		{ "json.lua", "return 'mine'" } } };
	run_ok(j, "assert(require 'm' == require 'm' and require 'm' == 'm' and count == 1) assert(not pcall(require, 'bad'))\n"
		"assert(not pcall(require, 'bad')) assert(require 'string' == string) assert(require 'json' == 'mine')\n"
		"assert(not pcall(require, 'debug')) assert(not pcall(require, 'os'))\n"
		"local ok, e = pcall(require, 'bad') task.result:write('r', e)", &e);
	assert_string_equal(end_text(&e, "r"), "bad.lua:1: no");
	end_free(&e);
}

static void test_environment(void **state)
{
	(void)state;
	says("tostring(os) .. tostring(io) .. tostring(debug) .. tostring(collectgarbage)", "nilnilnilnil");
	says("tostring(string.dump) .. tostring(math.randomseed) .. tostring(load('\\27Lua'))", "nilnilnil");
	says("load('return 1 + 1')()", "2");
	says("load('return ...', 'x', 't')(7)", "7");
	says("select(2, load('x', 'x', 'b'))", "binary chunks cannot be loaded here");
	says("load(function() return nil end) and 'f'", "f");
	says("tostring(getmetatable('')) .. tostring(getmetatable(_G))", "falsefalse");
	says("tostring({}) .. tostring({}) .. tostring(print) .. tostring(coroutine.create(print))", "tabletable: 2functionthread");
	says("(function() local t = {} return tostring(t) .. tostring({}) .. tostring(t) end)()", "tabletable: 2table");
	says("tostring(setmetatable({}, { __name = 'thing' }))", "thing");
	says("('%s'):format({})", "table");
	says("tostring(pcall(string.format, '%p', {}))", "false");
	says("(function() local n = 0 for i = 1, 1e5 do setmetatable({}, { __gc = function() n = n + 1 end }) end return n end)()", "0");
	says("(function() local m = { __gc = 1 } setmetatable({}, m) return m.__gc end)()", "1");
	says("tostring(1/3)", "0.33333333333333");
	says("(function() local t = {} for k in pairs(_G) do t[#t + 1] = k end table.sort(t) return table.concat(t, ' ') end)()",
		"_G _VERSION assert coroutine error getmetatable ipairs load math next pairs pcall print rawequal rawget rawlen rawset require "
		"select setmetatable string table tonumber tostring type utf8 xpcall");
}

static void test_limits(void **state)
{
	(void)state;
	struct job small = { .memory = MIB(4), .output = KIB(64) };
	limited(small, "local t = {} for i = 1, 1e9 do t[i] = {} end", BOX_LIMIT_MEMORY);
	limited(small, "while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end", BOX_LIMIT_MEMORY);
	limited(small, "coroutine.wrap(function() local s = {} while true do s = { s } end end)()", BOX_LIMIT_MEMORY);
	limited(small, "local t = {} while true do t[#t + 1] = ('x'):rep(1e5 + #t) end", BOX_LIMIT_MEMORY);
	limited(small, "local t = {} for i = 1, 30 do t[i] = ('x'):rep(1e5) end table.concat(t)", BOX_LIMIT_MEMORY);
	limited(small, "error(setmetatable({}, { __tostring = function() local t = {} while true do t[#t + 1] = {} end end }))", BOX_LIMIT_MEMORY);
	limited(small, "task.result:write('r', ('x'):rep(1 << 17))", BOX_LIMIT_OUTPUT);
	limited(small, "for i = 1, 1000 do task.result:write('r' .. i, '') end", BOX_LIMIT_OUTPUT);
	limited(small, "while true do pcall(print, ('x'):rep(1000)) end", BOX_LIMIT_OUTPUT);
	limited((struct job){ .no_logs = true, .output = 100 }, "while true do pcall(print, 'x') end", BOX_LIMIT_OUTPUT);
	limited(small, "local f = task.result:open('r') while true do pcall(f.write, f, 'xxxxxxxxxxxxxxxxxx') end", BOX_LIMIT_OUTPUT);
	limited(small, "task.result:callback(('x'):rep(60000))", BOX_LIMIT_OUTPUT);
	limited((struct job){ .cpu_ms = 200 }, "while true do pcall(function() while true do end end) end", BOX_LIMIT_CPU);
	limited((struct job){ .cpu_ms = 20000, .wall_ms = 200 }, "while true do end", BOX_LIMIT_WALL);
	fails(small, "return function() return #('x'):rep(1e9) end", "not enough memory");
}

/* Garbage is collected before a task ends for want of memory, whoever asked for it. */
static void test_garbage_is_no_limit(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ .memory = MIB(8) },
		"for i = 1, 200 do local s = ('x'):rep(2000000 + i) local t = { s:sub(1, 1000000), (s:gsub('x', 'y', 10)) } end\n"
		"for i = 1, 300 do local t = {} for k = 1, 3000 do t[k] = { k } end end task.result:write('r', 'x')", &e);
	assert_true(e.outcome.done.memory_peak <= MIB(8));
	end_free(&e);
}

/* The same point on every run, whatever was allocated by C code in between. */
static void test_memory_is_deterministic(void **state)
{
	(void)state;
	struct end a, b;
	const char *body = "local t, json = {}, require 'json' for i = 1, 20000 do t[i] = { i, tostring(i) } end\n"
		"local s = json.encode(t) task.result:write('r', #s .. ' ' .. #json.decode(s)) print(('x'):rep(100))";
	run_ok((struct job){ 0 }, body, &a);
	run_ok((struct job){ .no_logs = true }, body, &b);
	assert_int_equal(a.outcome.done.memory_peak, b.outcome.done.memory_peak);
	end_free(&a);
	end_free(&b);
}

static void test_many_files(void **state)
{
	(void)state;
	struct end e;
	run_ok((struct job){ .output = MIB(2) }, "for i = 1, 2000 do task.result:write(('d/%05d'):format(i), ('x'):rep(i % 700)) end\n"
		"local f = task.result:open('big') for i = 1, 700000 do f:write('x') end", &e);
	assert_int_equal(e.bundle->n_files, 2001);
	assert_int_equal(end_file(&e, "big")->len, 700000);
	end_free(&e);
}

/* A failed task keeps what it wrote; a long message is cut. */
static void test_failure_keeps_results(void **state)
{
	(void)state;
	struct end e;
	job_run(NULL, &(struct job){ .main = "return function(task) task.result:write('half', 'x') error(('é'):rep(5000), 0) end" }, &e);
	ends(&e, BOX_FAILED, BOX_LIMIT_NONE);
	assert_string_equal(end_text(&e, "half"), "x");
	assert_int_equal(strlen(e.bundle->error), 1000);
	end_free(&e);
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
		cmocka_unit_test(test_hello), cmocka_unit_test(test_table_with_run), cmocka_unit_test(test_args), cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_files), cmocka_unit_test(test_results), cmocka_unit_test(test_digest), cmocka_unit_test(test_no_logs),
		cmocka_unit_test(test_progress), cmocka_unit_test(test_errors), cmocka_unit_test(test_require), cmocka_unit_test(test_environment),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_garbage_is_no_limit), cmocka_unit_test(test_memory_is_deterministic),
		cmocka_unit_test(test_many_files), cmocka_unit_test(test_failure_keeps_results),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
