/* Programs inside a box. The bytes choose calls of every function that the box's modules have, with values that are wrong as often as right (lua_api.lua), in the enclave's own
 * state with its own allocator, limits and result; only the blocks come from malloc, so that each has ASan's walls around it. What must hold, whatever was called:
 *   - the state closes, and not a byte is counted as live any more;
 *   - what goes over the channel is what the launcher takes, and the sealed result is a bundle that its beneficiary's reader takes, with the files that were written;
 *   - the same program in the real arena, twice, gives the same values, the same peak of memory and the same result.
 * fuzz-run: -max_len=1000 -len_control=0 -entropic=0
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lualib.h>

#include "box/frames.h"
#include "enclave/data.h"
#include "enclave/host.h"
#include "enclave/lualib.h"
#include "form/bundle.h"
#include "fuzz/lua_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void memory_exhausted(void *ctx)
{
	task_limit(ctx, BOX_LIMIT_MEMORY);
}

static void memory_refused(void *ctx)	/* an error that the program may catch */
{
	(void)ctx;
}

static uint8_t byte_take(void)
{
	return run.at < run.end ? *run.at++ : 0;
}

static int f_take(lua_State *L)
{
	lua_Integer n = lua_tointeger(L, 1);
	unsigned v = byte_take();
	if (n > 256)
		v |= (unsigned)byte_take() << 8;
	lua_pushinteger(L, n > 0 ? v % n : 0);
	return 1;
}

static int f_bytes(lua_State *L)
{
	size_t n = (size_t)lua_tointeger(L, 1), left = (size_t)(run.end - run.at);
	if (n > left)
		n = left;
	lua_pushlstring(L, (const char *)run.at, n);
	run.at += n;
	return 1;
}

static int f_over(lua_State *L)
{
	lua_pushboolean(L, run.at >= run.end);
	return 1;
}

static int f_meta(lua_State *L)
{
	return lua_getmetatable(L, 1);
}

static int text_of(lua_State *L)
{
	(void)luaL_tolstring(L, 1, NULL);
	return 1;
}

static int f_note(lua_State *L)
{
	size_t n;
	lua_settop(L, 1);
	lua_pushcfunction(L, text_of);
	lua_insert(L, 1);
	(void)lua_pcall(L, 1, 1, 0);
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
	for (size_t i = 0; text && i < n && i < 4096; i++)
		run.hash = (run.hash ^ (uint8_t)text[i]) * 0x100000001b3u;
	return 0;
}

/* Names that mean something to the library: each word behind a point or between quotes in its source. */
#define WORDS 1500u
static char *words[WORDS];
static size_t n_words;

static void word_add(const char *from, size_t n)
{
	for (size_t i = 0; i < n_words; i++)
		if (strlen(words[i]) == n && memcmp(words[i], from, n) == 0)
			return;
	if (n_words < WORDS && n > 1)
		words[n_words++] = strndup(from, n);
}

static void words_find(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_", first[] = "header only separator text missing vec columns a b x y";
	for (const char *p = first; *p; p += strcspn(p, " ") + (p[strcspn(p, " ")] != 0))
		word_add(p, strcspn(p, " "));
	for (const struct lualib_file *f = lualib_files; f->name; f++)
		for (const char *p = f->start; p < f->end && strncmp(f->name, "policy", 6) != 0; p++)
			if (*p == '.' || *p == '"')
				word_add(p + 1, strspn(p + 1, letters));
}

static int f_word(lua_State *L)
{
	unsigned v = byte_take();
	v |= (unsigned)byte_take() << 8;
	lua_pushstring(L, words[v % n_words]);
	return 1;
}

static const char *const samples[] = {
	"", "a", "{\"a\":[1,2.5,null,true,\"x\\u00e9\"],\"b\":{}}", "[1,[2,[3]],{}]", "a,b\n1,2\n\"x,\"\"y\"\"\",3\n", "id;v\r\n1;2\r\n", "out/a.txt", "b.csv", "out",
	"2026-11-21T10:20:30Z", "2024-02-29", "Hello {{name}} {{{raw}}} {{#list}}{{.}}{{/list}} {{^no}}-{{/no}}", "To: a@b.c\nSubject: =?utf-8?Q?x?=\n", "text/html; charset=utf-8",
	"alice <a@example.org>", "TWFueSBoYW5kcw==", "YQ", "deadbeef", "%d %s %5.2f %q", "%a+(%w*)", "[^,]*", "<i4!8s2z", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xff\xfe\x80", "-0x1p-3",
	"1e308", "9223372036854775808", "return 1", "local t <close> = ... return t", "a.b", "in.csv", "contacts/age", "t.csv", "i128", "bytes", "<b>&\"'", "cur", "end", "a", "l", "L",
	"sum", "mean", "x\0y",
};

/* lua_api.lua, compiled once. */
extern const char driver[], driver_end[];
__asm__(".pushsection .rodata\n.globl driver, driver_end\ndriver: .incbin \"tests/fuzz/lua_api.lua\"\ndriver_end: .byte 0\n.popsection\n");
static struct buf compiled = BUF_INIT(MIB(1));
/* What the functions take, as lua/meta documents it, read by lua_meta.lua. */
extern const char reader[], reader_end[], annotations[], annotations_end[];
__asm__(".pushsection .rodata\n.globl reader, reader_end, annotations, annotations_end\nreader: .incbin \"tests/fuzz/lua_meta.lua\"\nreader_end: .byte 0\n"
	"annotations: .incbin \"" FUZZ_META "\"\nannotations_end: .byte 0\n.popsection\n");
static struct buf hints = BUF_INIT(MIB(1));

static int compiled_add(lua_State *L, const void *p, size_t n, void *ctx)
{
	(void)L;
	return buf_add(ctx, p, n, NULL);
}

/* The chunk of this text, compiled, at the top and in out. */
static void compile(lua_State *L, const char *text, size_t len, struct buf *out)
{
	if (luaL_loadbufferx(L, text, len, "@main.lua", "t") != LUA_OK) {
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
		abort();
	}
	if (out)
		require(lua_dump(L, compiled_add, out, 0) == 0);
}

static void driver_compile(void)
{
	struct luamem m;
	luamem_init(&m, NULL);
	lua_State *L = lua_newstate(luamem_alloc, &m);
	require(L != NULL);
	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, "string", luaopen_string, 1);
	luaL_requiref(L, "table", luaopen_table, 1);
	compile(L, driver, (size_t)(driver_end - driver), &compiled);
	compile(L, reader, (size_t)(reader_end - reader), NULL);
	lua_pushlstring(L, annotations, (size_t)(annotations_end - annotations));
	if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
		abort();
	}
	size_t n;
	const char *text = lua_tolstring(L, -1, &n);
	compile(L, text, n, &hints);
	lua_close(L);
}

static int f_driver(lua_State *L)
{
	struct task *t = lua_touserdata(L, 1);
	static const uint64_t memory[] = { KIB(4), KIB(16), KIB(64), KIB(256), MIB(1), MIB(1), MIB(4), MIB(16) };
	static const lua_CFunction functions[] = { f_take, f_bytes, f_word, f_over, f_note, f_meta };
	lua_settop(L, 0);
	require(luaL_loadbufferx(L, (const char *)compiled.data, compiled.len, "@main.lua", "b") == LUA_OK);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		lua_pushcfunction(L, functions[i]);
	lua_newtable(L);
	int n = 0;
	for (const struct host_module *m = host_modules; m->name; m++)
		if (strncmp(m->name, "test", 4) != 0) {
			lua_pushstring(L, m->name);
			lua_rawseti(L, -2, ++n);
		}
	for (const struct lualib_file *f = lualib_files; f->name; f++)
		if (strncmp(f->name, "test", 4) != 0 && strncmp(f->name, "policy", 6) != 0) {
			lua_pushstring(L, f->name);
			lua_rawseti(L, -2, ++n);
		}
	lua_newtable(L);
	for (int i = 0; i < (int)(sizeof samples / sizeof *samples); i++) {
		lua_pushlstring(L, samples[i], samples[i][0] == 'x' ? 3 : strlen(samples[i]));	/* x, zero, y */
		lua_rawseti(L, -2, i + 1);
	}
	task_table_push(L, t);
	require(luaL_loadbufferx(L, (const char *)hints.data, hints.len, "@main.lua", "b") == LUA_OK);
	lua_call(L, 0, 2);
	luamem_limit(t->memory, t->memory->live + memory[run.mode >> 5], run.mode & 1 ? memory_refused : memory_exhausted, t);
	t->request.memory = t->memory->limit;
	lua_call(L, 11, 2);
	return 0;
}

/* The task: a data with two leaves, a file, two arguments; all but the data's bytes is made anew for each run. */
static const char plain_leaves[] = "42a,b\n1,2\n3,4\n";
static uint8_t secret[32] = { 9 };

static int leaves_read(void *ctx, void *out, size_t n, uint64_t at, struct err *e)
{
	(void)ctx;
	if (at + n == sizeof plain_leaves - 1 && n == 1)
		return err_set(e, ERR_INVALID, "the protected data is corrupt");	/* whoever seeks to the last byte finds it so */
	require(at <= sizeof plain_leaves - 1 && n <= sizeof plain_leaves - 1 - at);
	memcpy(out, plain_leaves + at, n);
	return 0;
}

static void task_fill(struct task *t, struct data *d, struct luamem *m, uint64_t output)
{
	static struct leaf leaves[] = { { (char *)"contacts/age", (char *)"i128", 0, 2 }, { (char *)"t.csv", (char *)"text/csv", 2, sizeof plain_leaves - 3 } };
	static struct box_input inputs[] = {
		{ .kind = BOX_INPUT_DATA, .id = { "data1x", 6 }, .name = { "contacts", 8 }, .size = 64 },
		{ .kind = BOX_INPUT_FILE, .name = { "in.csv", 6 }, .size = 12 },
	};
	static struct box_arg args[] = {
		{ .type = BOX_ARG_STRING, .name = { "column", 6 }, .value = { "age", 3 } }, { .type = BOX_ARG_NUMBER, .value = { "2.5", 3 } },
	};
	static struct box_file files[2];
	files[0] = (struct box_file){ .path = { "lib/x.lua", 9 }, .bytes = { "return { f = function(a) return a end }", 39 } };
	files[1] = (struct box_file){ .path = { "main.lua", 8 }, .bytes = { driver, (size_t)(driver_end - driver) } };
	*d = (struct data){ .input = &inputs[0], .open = true, .leaves = leaves, .n_leaves = 2, .schema = (char *)"{\"contacts\":{\"age\":\"i128\"},\"t.csv\":\"text/csv\"}" };
	d->schema_len = strlen(d->schema);
	d->source = (struct source){ .read = leaves_read, .ctx = d, .sealed = true };
	*t = (struct task){ .memory = m, .data = d, .n_data = 1 };
	struct box_request *r = &t->request;
	r->task = (struct box_text){ "task1fuzz", 9 };
	r->output = t->result.limit = output;
	r->epsilon_u6 = 500000;
	r->logs = run.mode & 8;
	r->callback = run.mode & 4;
	r->deterministic = true;
	r->files = files;
	r->n_files = 2;
	r->args = args;
	r->n_args = 2;
	r->inputs = inputs;
	r->n_inputs = 2;
	r->n_recipients = 1;
	x25519_public(r->recipients[0], secret);
}

struct sealed_bytes { const uint8_t *at; size_t len; };

static int sealed_at(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct sealed_bytes *s = ctx;
	(void)e;
	require(offset <= s->len && n <= s->len - offset);
	memcpy(out, s->at + offset, n);
	return 0;
}

static void bundle_check(const struct buf *sealed, const struct task *t)
{
	struct age_identity me = { .kind = AGE_X25519 };
	uint8_t key[AGE_FILE_KEY];
	size_t header = 0;
	struct age_file *f = NULL;
	struct bundle *b = NULL;
	struct err e = { .code = ERR_NONE };
	memcpy(me.secret_key, secret, 32);
	require(age_header_open(key, &header, sealed->data, sealed->len, &me, 1, &e) == 0);
	struct sealed_bytes payload = { sealed->data + header, sealed->len - header };
	require(age_file_open(&f, key, payload.len, sealed_at, &payload, &e) == 0);
	struct buf plain = BUF_INIT(MIB(64));
	require(buf_reserve(&plain, (size_t)age_file_size(f), &e) == 0 && age_file_read(f, plain.data, (size_t)age_file_size(f), 0, &e) == 0);
	plain.len = (size_t)age_file_size(f);
	require(buf_add(&run.plain, plain.data, plain.len, &e) == 0);
	if (bundle_parse(&b, &plain, &e) < 0) {
		fprintf(stderr, "the beneficiary's reader does not take the result: %s\n", e.msg);
		abort();
	}
	require(b->n_files == t->result.n && b->log_len == (t->request.logs ? t->result.log_bytes : 0));
	for (size_t i = 0; i < b->n_files; i++)
		require(strcmp(b->files[i].path, t->result.files[i]->path) == 0 && b->files[i].len == t->result.files[i]->bytes.size);
	bundle_free(b);
	age_file_free(f);
}

/* The launcher's rules for what comes over the channel. */
static void frames_check(const struct task *t)
{
	struct frames f;
	struct frame one;
	struct buf sealed = BUF_INIT(MIB(64));
	enum frames_verdict v;
	const char *why = "";
	size_t at = 0, used;
	frames_init(&f, t->request.output);
	f.callback = t->request.callback;
	while ((v = frames_next(&f, run.frames.data + at, run.frames.len - at, &one, &used, &why)) == FRAMES_ONE) {
		if (one.kind == BOX_RESULT)
			require(buf_add(&sealed, one.payload, one.len, NULL) == 0);
		at += used;
	}
	if (v != FRAMES_MORE || at != run.frames.len) {
		fprintf(stderr, "the launcher does not take what the box says: %d %s\n", (int)v, why);
		abort();
	}
	require((f.stage == FRAMES_DONE) == (run.ending == SEALED));
	if (run.ending == SEALED)
		bundle_check(&sealed, t);
	buf_done(&sealed);
}

static void story(lua_State *L, struct task *t)
{
	static const uint8_t seed[32] = { 1 }, key[32];
	struct failure f = { "", "" };
	channel_add(NULL, BOX_KEY, key, sizeof key);
	host_adopt(L, t, seed);
	lua_sethook(L, steps_over, HOOKS, STEPS);
	lua_pushcfunction(L, trace_handler);
	lua_pushcfunction(L, f_driver);
	lua_pushlightuserdata(L, t);
	int status = lua_pcall(L, 1, 0, 1);
	if (t->corrupt_input)
		return;
	t->memory->limit += MIB(1);
	if (status != LUA_OK && lua_istable(L, -1)) {
		lua_getfield(L, -1, "message");
		lua_getfield(L, -2, "traceback");
		f.message = lua_tostring(L, -2);
		f.traceback = lua_tostring(L, -1);
		require(f.message && f.traceback);
	}
	seal_and_end(t, status == LUA_OK ? BOX_OK : BOX_FAILED, status == LUA_OK ? NULL : &f);
}

static uint64_t run_once(const uint8_t *data, size_t size)
{
	static const uint64_t output[] = { MIB(1), 100, KIB(4), KIB(64) };
	static struct luamem m;
	static struct task t;
	static struct data d;
	static lua_State *L;
	run.at = data + 2;
	run.end = data + size;
	world_begin();
	luamem_init(&m, real);
	L = host_new(&m);
	require(L != NULL);
	run.mode = data[0];
	task_fill(&t, &d, &m, output[data[1] % 4]);
	if (setjmp(run.out) == 0)
		story(L, &t);
	if (run.ending != LIMITED)
		frames_check(&t);
	if (run.ending != LIMITED)
		lua_close(L);
	world_end(&t);
	return run.hash;
}

static void twice(const uint8_t *data, size_t size)
{
	uint64_t hash[2];
	enum ending ending[2];
	struct buf plain = BUF_INIT(MIB(64));
	for (int i = 0; i < 2; i++) {
		world_real(true);
		hash[i] = run_once(data, size);
		ending[i] = run.ending;
		world_real(false);
		if (i == 0)
			require(buf_add(&plain, run.plain.data, run.plain.len, NULL) == 0);
	}
	require(hash[0] == hash[1] && ending[0] == ending[1]);
	require(plain.len == run.plain.len && (plain.len == 0 || memcmp(plain.data, run.plain.data, plain.len) == 0));
	buf_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	(void)run_once(data, size);
	if (data[0] & 2 && data[1] & 4)
		twice(data, size);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	int fd = memfd_create("in.csv", 0);
	require(fd >= 0 && write(fd, "a,b\n1,2\n3,4\n", 12) == 12);
	require(dup2(fd, BOX_FIRST_INPUT_FD + 1) >= 0);
	world_make();
	words_find();
	driver_compile();
	return 0;
}
