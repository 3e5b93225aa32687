/* Times whole lives of tasks on a book with the market's rules: request, match, initialize and assign in one chain, then, as the worker does it, task.complete in a second; offers of
 * app, data and pool are used again and again. Each round does every side once; "again" is the first side a second time. What a run itself costs, and its sealed result, is
 * not in it (bench iapp, box, seal): all lives end with the same result, which is there before.
 *
 * Where the time goes is measured in the real path: the functions of each stage are linked through a clock (--wrap).
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/os.h"
#include "bench/lives.h"
#include "bench/sides.h"
#include "book/book_inner.h"

#define LIVES_MAX 4096u

static struct world *w;
static uint8_t result[32];
static unsigned rounds = 7;
static double *flow_us;	/* of each life of the last side, for all processes to write in */

/* ---- stages ---- */

#define STAGES(X) \
	X(SIGN, "signing five entries") \
	X(OPEN, "spelling and signatures checked") \
	X(BEGIN, "beginning, the head read") \
	X(APPLY, "rules, money and rows") \
	X(INSERT, "entries and tree written") \
	X(COMMIT, "commit") \
	X(REST, "written bytes read back and hashed; the queue")
enum stage {
#define X(id, what) STAGE_##id,
	STAGES(X)
#undef X
	STAGE_COUNT
};
#include "bench/stages.h"

CLOCKED(SIGN, entry_sign, (struct entry *x, const struct identity *by, struct buf *note, struct err *e), (x, by, note, e))
CLOCKED(OPEN, entry_open, (struct entry *x, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e), (x, bytes, len, text_len, e))
CLOCKED(BEGIN, store_begin, (struct store *s, struct err *e), (s, e))
CLOCKED(BEGIN, book_head_load, (struct book *b, struct err *e), (b, e))
CLOCKED(APPLY, book_apply, (struct book *b, const struct entry *x, const struct book_applied *at, struct err *e), (b, x, at, e))
CLOCKED(INSERT, book_entry_insert, (struct book *b, const uint8_t id[static ID_BYTES], const void *bytes, size_t len, struct err *e), (b, id, bytes, len, e))
CLOCKED(INSERT, book_head_store, (struct book *b, struct err *e), (b, e))
CLOCKED(COMMIT, store_end, (struct store *s, int result_so_far, struct err *e), (s, result_so_far, e))

/* ---- lives ---- */

struct life { struct buf notes[LIFE]; };

static void life_enter(const struct life *l)
{
	struct err e = { .code = ERR_NONE };
	struct book_item items[LIFE_FIRST];
	for (size_t i = 0; i < LIFE_FIRST; i++)
		items[i] = (struct book_item){ l->notes[i].data, l->notes[i].len };
	must(book_append(w->m.b, items, LIFE_FIRST, NULL, &e) == 0, "the deal", &e);
	must(book_append_one(w->m.b, &l->notes[LIFE_FIRST], NULL, &e) == 0, "the result", &e);
}

static void life_done(struct life *l)
{
	for (size_t i = 0; i < LIFE; i++)
		buf_done(&l->notes[i]);
}

/* ---- sides ---- */

enum how { HOW_BOOK, HOW_ROWS, HOW_VERIFY };
struct work { enum how how; bool sign, durable; unsigned processes, each; };

static void sql(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text, NULL);
}

static void book_at(bool durable)
{
	struct err e = { .code = ERR_NONE };
	must(host_open(&w->m.b, w->m.path, false, &e) == 0, "open", &e);
	w->m.s = book_store(w->m.b);
	sql(w->m.s->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
}

static sqlite3_stmt *rows_open(sqlite3 **db)
{
	char path[PATH_MAX + 16];
	sqlite3_stmt *st = NULL;
	(void)snprintf(path, sizeof path, "%s/rows.db", w->m.path);
	must(sqlite3_open(path, db) == SQLITE_OK, "open rows.db", NULL);
	sql(*db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
	must(sqlite3_prepare_v2(*db, "INSERT INTO entry (bytes) VALUES (?1)", -1, &st, NULL) == SQLITE_OK, "prepare", NULL);
	return st;
}

/* The same bytes in the same two commits, and nothing else. */
static void life_rows(sqlite3 *db, sqlite3_stmt *st, const struct life *l)
{
	for (size_t i = 0; i < LIFE; i++) {
		if (i == 0 || i == LIFE_FIRST)
			sql(db, "BEGIN IMMEDIATE");
		sqlite3_bind_blob(st, 1, l->notes[i].data, (int)l->notes[i].len, SQLITE_STATIC);
		must(sqlite3_step(st) == SQLITE_DONE, "insert", NULL);
		sqlite3_reset(st);
		if (i + 1 >= LIFE_FIRST)
			sql(db, "COMMIT");
	}
}

static void life_verify(const struct life *l)
{
	static struct entry opened;
	struct err e = { .code = ERR_NONE };
	size_t len;
	for (size_t i = 0; i < LIFE; i++)
		must(entry_open(&opened, l->notes[i].data, l->notes[i].len, &len, &e) == 0, "verify", &e);
}

/* One process: everything ready, then the word to begin, then its share of the lives. */
static void submit(const void *ctx, unsigned number, int ready, int go)
{
	const struct work *x = ctx;
	struct life *lives = calloc(x->each, sizeof *lives);
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char c = 0;
	must(lives != NULL, "memory", NULL);
	book_at(x->durable);
	if (x->how == HOW_ROWS)
		st = rows_open(&db);
	for (unsigned i = 0; i < x->each && !x->sign; i++)
		life_sign(w, lives[i].notes, result);
	must(write(ready, "r", 1) == 1 && read(go, &c, 1) == 0, "begin", NULL);
	for (unsigned i = 0; i < x->each; i++) {
		uint64_t begun = os_now_us();
		if (x->sign)
			life_sign(w, lives[i].notes, result);
		if (x->how == HOW_BOOK)
			life_enter(&lives[i]);
		else if (x->how == HOW_ROWS)
			life_rows(db, st, &lives[i]);
		else
			life_verify(&lives[i]);
		flow_us[number * x->each + i] = (double)(os_now_us() - begun);
	}
	_exit(0);
}

/* Lives per second, from the word to begin until the last process has ended. */
static double work_rate(const struct work *x, long *peak_kib)
{
	uint64_t us = processes_run(x->processes, submit, x, peak_kib);
	return (double)(x->processes * x->each) * 1e6 / (double)us;
}

static void submitters(unsigned n, unsigned total)
{
	struct side sides[] = { { .name = "durable, signed before" }, { .name = "again (A/A)" }, { .name = "durable, signing in the time" },
		{ .name = "not durable (synchronous = OFF), signed before" }, { .name = "not durable, signing in the time" },
		{ .name = "SQLite: the same bytes in two durable commits" }, { .name = "five entries opened: spelling and signatures alone" } };
	const struct work works[] = { { HOW_BOOK, false, true, n, total / n }, { HOW_BOOK, false, true, n, total / n }, { HOW_BOOK, true, true, n, total / n },
		{ HOW_BOOK, false, false, n, total / n }, { HOW_BOOK, true, false, n, total / n }, { HOW_ROWS, false, true, 1, total },
		{ HOW_VERIFY, false, true, 1, total } };
	const size_t count = n == 1 ? 7 : 5;
	double flow[2][ROUNDS_MAX];	/* medians of one life: signed before, signing */
	for (unsigned round = 0; round < rounds; round++)
		for (size_t k = 0; k < count; k++) {
			size_t i = (k + round) % count;
			sides[i].per_s[round] = work_rate(&works[i], &sides[i].peak_kib);
			if (i == 0 || i == 2)
				flow[i / 2][round] = middle(flow_us, works[i].processes * works[i].each);
		}
	printf("lives of tasks, %u at once, %u in all:\n", n, total);
	sides_print(sides, count, 0, rounds, "/s");
	printf("  one life, durable: signed before p50 %.0f us, signing in the time p50 %.0f us\n", middle(flow[0], rounds), middle(flow[1], rounds));
	(void)fflush(stdout);
}

/* For a script that has the other side: each of ours once, lives per second and the median of one in ms. */
static void brief(unsigned total)
{
	static const struct { const char *name; struct work work; } ours[] = { { "one", { HOW_BOOK, false, true, 1, 1 } }, { "again", { HOW_BOOK, false, true, 1, 1 } },
		{ "signing", { HOW_BOOK, true, true, 1, 1 } }, { "volatile", { HOW_BOOK, false, false, 1, 1 } }, { "sixteen", { HOW_BOOK, false, true, 16, 1 } } };
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		struct work x = ours[i].work;
		long peak_kib = 0;
		x.each = total / x.processes;
		double per_s = work_rate(&x, &peak_kib);
		printf("%s %.1f %.3f\n", ours[i].name, per_s, middle(flow_us, x.processes * x.each) / 1e3);
	}
}

/* ---- where it goes ---- */

static void stages(unsigned lives)
{
	static const char *const what[] = {
#define X(id, text) text,
		STAGES(X)
#undef X
	};
	static double share[STAGE_COUNT][ROUNDS_MAX], whole[ROUNDS_MAX];
	book_at(true);
	for (unsigned round = 0; round < rounds; round++) {
		memset(stage_ns, 0, sizeof stage_ns);
		staged = true;
		double begun = now_ns(), sum = 0;
		for (unsigned i = 0; i < lives; i++) {
			struct life l;
			life_sign(w, l.notes, result);
			life_enter(&l);
			life_done(&l);
		}
		double total = now_ns() - begun;
		staged = false;
		for (size_t i = 0; i < STAGE_COUNT; i++)
			sum += stage_ns[i];
		stage_ns[STAGE_REST] = total - sum;
		whole[round] = total / lives / 1e3;
		for (size_t i = 0; i < STAGE_COUNT; i++)
			share[i][round] = stage_ns[i] / total * 100;
	}
	printf("where the time of a durable life goes (one process, %u lives, n %u, median %.0f us):\n", lives, rounds, middle(whole, rounds));
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		double m = middle(share[i], rounds);
		printf("  %-58s median %5.1f %%  (%.1f–%.1f)\n", what[i], m, share[i][0], share[i][rounds - 1]);
	}
	struct err e = { .code = ERR_NONE };
	must(book_money_check(w->m.b, &e) == 0, "money", &e);
	book_close(w->m.b);
	(void)fflush(stdout);
}

/* ---- the market ---- */

static void market_make(void)
{
	w = lives_market(1000000 * RLC, result);
	book_close(w->m.b);	/* each side opens it for itself, in a process of its own */
	w->m.b = NULL;
}

int main(int argc, char **argv)
{
	unsigned lives = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 320;
	rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
	if (crypto_init(NULL) < 0 || rounds == 0 || rounds > ROUNDS_MAX || lives < 16 || lives > LIVES_MAX)
		return 2;
	flow_us = mmap(NULL, LIVES_MAX * sizeof *flow_us, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(flow_us != MAP_FAILED, "memory", NULL);
	market_make();
	if (argc > 3) {
		brief(lives);
	} else {
		static const unsigned loads[] = { 1, 4, 16 };
		printf("peers: SQLite %s, libsodium %s; medians of %u rounds, ratio to the first line\n", sqlite3_libversion(), sodium_version_string(), rounds);
		for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
			submitters(loads[i], lives);
		stages(lives);
	}
	w->m.b = NULL;
	(void)host_make_teardown((void *[]){ w });
	return 0;
}
