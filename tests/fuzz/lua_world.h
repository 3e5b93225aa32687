/* A task without a process: the enclave's own state, limits, result and end, in the fuzzer's process, again and again. Blocks of Lua come from malloc, so that each has ASan's
 * walls around it, or from the real arena; what the task sends is kept; where it would end its process it jumps back. All that it leaves is freed by world_end.
 * Included once, by a fuzzer: it stands in the place of arena.c, files.c, pile.c, seal.c, channel.c and task.c.
 */
#ifndef ENCLUA_TESTS_FUZZ_LUA_WORLD_H
#define ENCLUA_TESTS_FUZZ_LUA_WORLD_H

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define arena_alloc real_alloc
#define arena_free real_free
#define arena_realloc real_realloc
#define arena_bound real_bound
#include "enclave/arena.c"
#undef arena_alloc
#undef arena_free
#undef arena_realloc
#undef arena_bound
void *arena_alloc(struct arena *a, size_t n);
void arena_free(struct arena *a, void *p);
void *arena_realloc(struct arena *a, void *p, size_t n);
void arena_bound(struct arena *a, uint64_t ceiling);

static void *task_malloc(size_t n);
#define malloc(n) task_malloc(n)
#include "enclave/files.c"
#undef malloc
#include "enclave/pile.c"

#include "base/boxwire.h"
#include "base/json.h"
#include "seal/age.h"

static int writer_kept(struct age_writer **out, const struct age_recipient *to, size_t n, age_sink *sink, void *ctx, struct err *e);
static int done_kept(struct buf *out, const struct box_done *d, struct err *e);
#define age_writer_new writer_kept
#define boxwire_done_encode done_kept
#include "enclave/seal.c"
#undef age_writer_new
#undef boxwire_done_encode

#include <lauxlib.h>

#define ARENA_AT 0x650000000000ul
#define ARENA_HALF MIB(64)
#define STEPS 200u	/* between two looks at how many there were */
#define HOOKS (LUA_MASKCOUNT | LUA_MASKLINE)
#define STEPS_MAX 150000u

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The allocator: blocks of malloc with a poisoned head, in a list, so that a task that a limit has ended leaves nothing. */
struct head { struct head *next, *prev; size_t size, unused; };
static struct head blocks = { &blocks, &blocks, 0, 0 };
static struct arena *real;	/* mapped: it serves; else malloc does */

void *arena_alloc(struct arena *a, size_t n)
{
	if (real)
		return real_alloc(a, n);
	struct head *h = malloc(sizeof *h + n);
	require(h != NULL);
	*h = (struct head){ blocks.next, &blocks, n, 0 };
	if (blocks.next != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(blocks.next, sizeof *h);
	blocks.next->prev = h;
	if (blocks.next != &blocks)
		ASAN_POISON_MEMORY_REGION(blocks.next, sizeof *h);
	blocks.next = h;
	ASAN_POISON_MEMORY_REGION(h, sizeof *h);
	return h + 1;
}

static void head_open(struct head *h)
{
	if (h != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(h, sizeof *h);
}

static void head_close(struct head *h)
{
	if (h != &blocks)
		ASAN_POISON_MEMORY_REGION(h, sizeof *h);
}

void arena_free(struct arena *a, void *p)
{
	if (real) {
		real_free(a, p);
		return;
	}
	struct head *h = (struct head *)p - 1;
	head_open(h);
	head_open(h->next);
	head_open(h->prev);
	h->next->prev = h->prev;
	h->prev->next = h->next;
	head_close(h->next);
	head_close(h->prev);
	free(h);
}

/* Always another place: a pointer into the old one is seen. */
void *arena_realloc(struct arena *a, void *p, size_t n)
{
	if (real)
		return real_realloc(a, p, n);
	struct head *h = (struct head *)p - 1;
	head_open(h);
	size_t had = h->size;
	head_close(h);
	void *q = arena_alloc(a, n);
	memcpy(q, p, n < had ? n : had);
	arena_free(a, p);
	return q;
}

void arena_bound(struct arena *a, uint64_t ceiling)
{
	if (real)
		real_bound(a, ceiling);
}

static void blocks_free(void)
{
	while (blocks.next != &blocks)
		arena_free(NULL, blocks.next + 1);
}

/* One run: what it was given and what came of it. */
enum ending { CLOSED, LIMITED, SEALED };
static struct run {
	const uint8_t *at, *end;	/* what is left of the input */
	uint8_t mode;	/* 1: memory that is refused is an error; 2: in the arena as well, twice; 4: a callback is asked for; 8: with a log; and its upper bits how much memory */
	jmp_buf out;
	enum ending ending;
	uint64_t steps, hash;	/* of all values that calls gave */
	struct buf frames;	/* what went over the channel */
	struct buf plain;	/* the opened bundle */
	void *held[64];
	size_t n_held;
	struct age_writer *writer;
} run;

static void *task_malloc(size_t n)
{
	require(run.n_held < sizeof run.held / sizeof *run.held);
	return run.held[run.n_held++] = malloc(n);
}

static int writer_kept(struct age_writer **out, const struct age_recipient *to, size_t n, age_sink *sink, void *ctx, struct err *e)
{
	int r = age_writer_new(out, to, n, sink, ctx, e);
	run.writer = *out;
	return r;
}

/* A reader of JSON is freed when its state collects it. A task that a limit ends has no time for that. */
static struct json_reader *readers[256];
int __real_json_reader_new(struct json_reader **out, const char *text, size_t len, struct err *e);
int __wrap_json_reader_new(struct json_reader **out, const char *text, size_t len, struct err *e);
void __real_json_reader_free(struct json_reader *r);
void __wrap_json_reader_free(struct json_reader *r);

static struct json_reader **reader_find(const struct json_reader *r)
{
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (readers[i] == r)
			return &readers[i];
	abort();
}

int __wrap_json_reader_new(struct json_reader **out, const char *text, size_t len, struct err *e)
{
	int r = __real_json_reader_new(out, text, len, e);
	if (r == 0)
		*reader_find(NULL) = *out;
	return r;
}

void __wrap_json_reader_free(struct json_reader *r)
{
	if (r)
		*reader_find(r) = NULL;
	__real_json_reader_free(r);
}

static bool readers_end(void)
{
	bool some = false;
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		some |= readers[i] != NULL;
		__real_json_reader_free(readers[i]);
		readers[i] = NULL;
	}
	return some;
}

/* The last frame is never freed, for the process ends. */
static int done_kept(struct buf *out, const struct box_done *d, struct err *e)
{
	int r = boxwire_done_encode(out, d, e);
	require(run.n_held < sizeof run.held / sizeof *run.held);
	run.held[run.n_held++] = out->data;
	return r;
}

static _Noreturn void end_with(enum ending how)
{
	run.ending = how;
	longjmp(run.out, 1);
}

void channel_add_frame(struct channel *c, const uint8_t *frame, size_t n)
{
	(void)c;
	require(buf_add(&run.frames, frame, n, NULL) == 0);
}

void channel_add(struct channel *c, enum box_frame kind, const void *payload, size_t n)
{
	uint8_t head[BOX_FRAME_HEADER];
	require(n <= LIMIT_BOX_FRAME_BYTES);
	boxwire_header_encode(head, kind, (uint32_t)n);
	channel_add_frame(c, head, sizeof head);
	channel_add_frame(c, payload, n);
}

void channel_flush(struct channel *c)
{
	(void)c;
}

_Noreturn void channel_end(struct channel *c, int exit_status)
{
	(void)c;
	require(exit_status == BOX_EXIT_DONE);
	end_with(SEALED);
}

_Noreturn void task_limit(struct task *t, enum box_limit which)
{
	require(which == BOX_LIMIT_MEMORY || which == BOX_LIMIT_OUTPUT);
	require(t->result.spent <= t->result.limit);
	end_with(LIMITED);
}

_Noreturn void task_broken(struct task *t, int exit_status)
{
	(void)t;
	(void)exit_status;
	abort();
}

/* What libFuzzer does not see by itself: which lines of the library's Lua were run. */
static uint8_t __attribute__((section("__libfuzzer_extra_counters"))) lines[1 << 13];

static void line_count(lua_State *L, lua_Debug *ar)
{
	size_t h = 5381;
	if (!lua_getinfo(L, "Sl", ar) || ar->source[0] != '=')
		return;
	for (const char *p = ar->source; *p; p++)
		h = h * 33 + (uint8_t)*p;
	lines[(h + (size_t)ar->currentline) % sizeof lines]++;
}

static void steps_over(lua_State *L, lua_Debug *ar)
{
	if (ar->event == LUA_HOOKLINE) {
		line_count(L, ar);
		return;
	}
	run.steps += STEPS;
	if (run.steps > STEPS_MAX)
		end_with(LIMITED);
}

static void pile_free(struct pile *p)
{
	for (struct pile_piece *q = p->first, *next; q; q = next) {
		next = q->next;
		free(q);
	}
}

static void task_clear(struct task *t)
{
	struct result *r = &t->result;
	for (size_t i = 0; i < r->n; i++) {
		pile_free(&r->files[i]->bytes);
		free(r->files[i]);
	}
	free(r->files);
	pile_free(&r->log);
	pile_free(&r->callback);
	while (run.n_held)
		free(run.held[--run.n_held]);
	age_writer_free(run.writer);
	run.writer = NULL;
}

/* After lua_close: nothing is left. After the end by a limit all may be, and is freed. */
static void world_end(struct task *t)
{
	if (run.ending != LIMITED)
		require(t->memory->live == 0 && blocks.next == &blocks && !readers_end());
	task_clear(t);
	blocks_free();
	(void)readers_end();
}

/* The real arena for one run. */
static void world_real(bool on)
{
	if (on) {
		require(arena_map(&real, ARENA_AT, ARENA_HALF) == 0);
	} else {
		arena_unmap(real);
		real = NULL;
	}
}

static void world_begin(void)
{
	static const uint8_t entropy[32] = { 5 };
	run.steps = 0;
	run.ending = CLOSED;
	run.hash = 0xcbf29ce484222325u;
	buf_clear(&run.frames);
	buf_clear(&run.plain);
	crypto_random_seed(entropy);
}

static void world_make(void)
{
	require(crypto_init(NULL) == 0);
	run.frames = (struct buf)BUF_INIT(MIB(64));
	run.plain = (struct buf)BUF_INIT(MIB(64));
}

#endif
