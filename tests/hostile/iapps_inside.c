/* Memory that ends anywhere: each operation of the library is run with every limit between what an empty script needs and what it needs itself, and ends well or by that limit,
 * never in another way. In the real box; LONG=1 takes 50 times as many limits. Built with sanitizers it runs in a plain fork of this process instead, where they see it, and
 * runs every hostile iApp of tests/hostile/iapps there as well: none may end by an alarm. (iapps.sh holds each against its own first line, in the real box.)
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "outside.h"
#include "worker.h"

#define STEPS 40u
#define STEPS_LONG 2000u
#define SOURCE_MAX MIB(4)
#define BIG 300000

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* Each gives a text; what it makes on the way is what the limit cuts into. */
static const struct { const char *name, *body; } operations[] = {
	{ "csv.rows", "local n = 0 for r in require('csv').rows('a,b\\n' .. ('1,\"x\"\"y\"\\n'):rep(200)) do n = n + #r.b end return n" },
	{ "csv.rows of a stream", "local n = 0 for r in require('csv').records(task.files['t.csv']) do n = n + #r end return n" },
	{ "csv.columns", "local c = require('csv').columns('a,b\\n' .. ('1,x\\n'):rep(300), { 'a', 'b' }, { text = { 'b' } }) return #c.a + #c.b" },
	{ "csv.columns of vecs", "local c = require('csv').columns('a\\n' .. ('1.5\\n'):rep(900), nil, { vec = true }) return c.a:sum()" },
	{ "csv.format", "return #require('csv').format({ { ('x'):rep(3000), 'a\"b' }, { 1, 2 } }, { header = { 'p', 'q' } })" },
	{ "json.decode", "return #require('json').decode('[' .. ('{\"k\":[1,2.5,\"x\\\\ny\"]},'):rep(120) .. 'null]')" },
	{ "json.decode of many values", "return #require('json').decode('[' .. ('1,'):rep(3000) .. '1]')" },
	{ "json.encode", "local t = {} for i = 1, 100 do t['key' .. i] = { i, 'x\\n' } end return #require('json').encode(t, 2)" },
	{ "base64", "local b = require('base64') return #b.decode(b.encode(('x'):rep(5000)))" },
	{ "hash", "return require('hash').blake2b(('x'):rep(3000), 32, ('k'):rep(32))" },
	{ "vec", "local v = require('vec').new(500, 2):map(math.sqrt) return (v + v):slice(2):copy():sort():norm()" },
	{ "vec to and from tables", "local v = require('vec') return #v.from(v.new(700, 1):to_table())" },
	{ "matrix", "local m = require('matrix').identity(20) return #tostring(m:mul(m):inverse():cholesky():transpose():solve(m:col(1)):sum())" },
	{ "matrix of rows", "local m = require('matrix') return #m.from_rows(m.new(15, 15, 1):to_rows()):to_rows()" },
	{ "stats", "local t = {} for i = 1, 300 do t[i] = i * 7 % 101 end local s = require('stats') return s.median(t) + s.sd(t) + #s.rank(t)" },
	{ "template", "local l = {} for i = 1, 60 do l[i] = { n = '<' .. i .. '>' } end return #require('template').render('{{#l}}<b>{{n}}</b>{{{n}}}{{/l}}', { l = l })" },
	{ "mime", "return #require('mime').message({ from = 'a@b.org', to = { 'c@d.org' }, subject = ('\\u{e9}'):rep(50), text = ('line\\n'):rep(50), attachments = { { name = 'x', bytes = ('b'):rep(900) } } })" },
	{ "inspect", "local t = {} for i = 1, 60 do t[i] = { i, a = { b = i } } end local f = require('inspect') return #(type(f) == 'table' and (f.text or f.inspect or tostring)(t) or f(t))" },
	{ "date", "local d = require('date') return d.format(86400, '%Y-%m-%d %H:%M:%S')" },
	{ "stream lines", "local n = 0 for l in task.files['t.csv']:lines() do n = n + #l end return n + #task.files['t.csv']:read('a')" },
	{ "data", "local n = #task.data:get('t.csv', 'bytes') + #task.data:list() for _ in pairs(task.data:schema()) do n = n + 1 end return n + #task.data:open('t.csv'):read(5)" },
	{ "results", "for i = 1, 40 do task.result:write('f' .. i, ('x'):rep(100)) end local w <close> = task.result:open('w') w:write('a', 'b') task.result:json('j', { 1 }) return 'x'" },
	{ "log", "for i = 1, 30 do task:log('%s %d', ('x'):rep(100), i) print(i, {}) end task:progress(0.5, 'text') return 'x'" },
	{ "secrets", "return #task:secret(1)" },
	{ "load", "return #load('return { ' .. ('{ 1, \"x\" }, '):rep(150) .. ' }')()" },
	{ "patterns", "return #(('abc '):rep(300):gsub('%w+', '<%0>')) + #(('x'):rep(3000):gsub('x', function(c) return c .. c end))" },
	{ "table.sort and concat", "local t = {} for i = 1, 400 do t[i] = ('%05d'):format(i * 7919 % 1009) end table.sort(t) return #table.concat(t, ',')" },
	{ "string.pack", "local t = {} for i = 1, 100 do t[i] = string.pack('>s4i8z', ('x'):rep(i), i, 'z') end return #table.concat(t)" },
	{ "coroutines", "local n = 0 for i = 1, 40 do local co = coroutine.wrap(function(...) n = n + select('#', coroutine.yield(...)) end) co(table.unpack({}, 1, i)) co(1, 2) end return n" },
	{ "errors", "local n = 0 for i = 1, 40 do local _, m = pcall(error, { i }) n = n + m[1] _, m = pcall(error, ('m'):rep(i)) n = n + #m end return n" },
	{ "a deep stack", "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(2000)" },
	{ "require of a module", "return #require('lib.m').text" },
};

static const char before[] = "return function(task) rawset(_G, 'task', task) rawset(_G, 'secret', 'S3CR3T-of-the-task') local function body()\n";
static const char after[] = "\nend local v = body() if v == nil then v = '' end task.result:write('out', tostring(v)) end\n";

static struct { const char *name; const char *text; } inputs[2];
static char big[BIG + 1];

static struct job job_of(const struct buf *main, const struct dataset *data, uint64_t memory)
{
	return (struct job){ .main = buf_text(main), .main_len = main->len, .files = { { "lib/m.lua", "return { text = ('m'):rep(500) }" } }, .data = data, .n_data = 1,
		.inputs = (const void *)inputs, .n_inputs = 2, .secrets = { "T0KEN-value" }, .memory = memory, .epsilon_u6 = 1000000 };
}

static void main_make(struct buf *out, const void *body, size_t len)
{
	*out = (struct buf)BUF_INIT(SOURCE_MAX);
	if (buf_add_text(out, before, NULL) < 0 || buf_add(out, body, len, NULL) < 0 || buf_add_text(out, after, NULL) < 0) {
		printf("Bail out! a script is too large\n");
		exit(1);
	}
}

/* Well, with what it gives when it has room; or by the limit, which a request larger than all of it meets as an error. */
static bool ended(const struct end *e, const char *want)
{
	const struct box_done *d = &e->outcome.done;
	if (d->status == BOX_OK)
		return strcmp(end_text(e, "out"), want) == 0;
	if (d->status == BOX_FAILED)
		return e->bundle && strstr(e->bundle->error, "not enough memory");
	return d->status == BOX_LIMIT && d->limit == BOX_LIMIT_MEMORY;
}

static void operation_try(struct box_zygote *z, size_t i, uint64_t least, const struct dataset *data, unsigned steps)
{
	struct buf main;
	struct end e;
	char want[256];
	unsigned wrong = 0, well = 0;
	main_make(&main, operations[i].body, strlen(operations[i].body));
	struct job j = job_of(&main, data, MIB(64));
	job_run(z, &j, &e);
	uint64_t most = e.outcome.done.memory_peak;
	bool works = e.outcome.done.status == BOX_OK;
	(void)snprintf(want, sizeof want, "%s", works ? end_text(&e, "out") : "");
	if (!works)
		printf("# %s\n", e.bundle ? e.bundle->error : e.why);
	end_free(&e);
	for (unsigned k = 0; works && k <= steps; k++) {
		j.memory = least - KIB(4) + (most - least + KIB(4)) * k / steps;
		job_run(z, &j, &e);
		well += e.outcome.done.status == BOX_OK;
		if (!ended(&e, want)) {
			wrong++;
			printf("# %llu bytes: status %d, limit %d, signal %d, %s\n", (unsigned long long)j.memory, (int)e.outcome.done.status, (int)e.outcome.done.limit,
				e.outcome.signal, e.bundle ? e.bundle->error : e.why);
		}
		end_free(&e);
	}
	tap(works && wrong == 0 && well <= steps, "%s: %u limits, %u enough", operations[i].name, steps + 1, well);
	buf_done(&main);
}

static uint64_t least_memory(struct box_zygote *z, const struct dataset *data)
{
	struct buf main;
	struct end e;
	main_make(&main, "", 0);
	struct job j = job_of(&main, data, MIB(64));
	job_run(z, &j, &e);
	uint64_t peak = e.outcome.done.memory_peak;
	tap(e.outcome.done.status == BOX_OK && peak > KIB(8), "an empty script needs %llu bytes", (unsigned long long)peak);
	end_free(&e);
	buf_done(&main);
	return peak;
}

/* In this process's fork, where the sanitizers look: a report ends it in a way that is an alarm. */
static void iapps_inside(const struct dataset *data)
{
	glob_t found = { .gl_pathc = 0 };
	if (glob("tests/hostile/iapps/*.lua", 0, NULL, &found) != 0)
		tap(false, "tests/hostile/iapps");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buf body = BUF_INIT(MIB(1)), main;
		struct end e;
		if (os_file_read(found.gl_pathv[i], &body, NULL) < 0) {
			tap(false, "%s", found.gl_pathv[i]);
			continue;
		}
		main_make(&main, body.data, body.len);
		struct job j = job_of(&main, data, MIB(64));
		j.cpu_ms = 1500;
		job_run(NULL, &j, &e);
		tap(e.outcome.done.status != BOX_ALARM, "%s: no alarm", strrchr(found.gl_pathv[i], '/') + 1);
		if (e.outcome.done.status == BOX_ALARM)
			printf("# signal %d, %s\n", e.outcome.signal, e.outcome.alarm ? e.outcome.alarm : "");
		end_free(&e);
		buf_done(&main);
		buf_done(&body);
	}
	globfree(&found);
}

static struct box_zygote *zygote(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path, .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	if (box_zygote_start(&z, &o, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	return z;
}

int main(void)
{
	static const char table[] = "a,b\n1,2\n3,4\n";
	memset(big, 'z', BIG);
	inputs[0].name = "t.csv";
	inputs[0].text = table;
	inputs[1].name = "big.txt";
	inputs[1].text = big;
	const struct dataset data = { "data1stored", { { "big.txt", NULL, big }, { "empty.txt", NULL, "" }, { "j.json", NULL, "{\"k\":[1,2]}" }, { "t.csv", NULL, table } } };
	struct box_zygote *z = SANITIZED ? NULL : zygote();
	unsigned steps = SANITIZED ? STEPS / 10 : getenv("LONG") ? STEPS_LONG : STEPS;
	if (SANITIZED)
		job_prepare();
	uint64_t least = least_memory(z, &data);
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		operation_try(z, i, least, &data, steps);
	if (SANITIZED)
		iapps_inside(&data);
	else
		box_zygote_stop(z);
	return tap_end();
}
