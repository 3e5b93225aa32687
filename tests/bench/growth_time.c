/* What an entry costs in a book that has many: at each size a deposit, a whole life of a task (five entries in two commits), a match alone and the proof of one entry are timed,
 * one by one, each durable; then the book is filled up to the next size. Half of what fills it are lives, the other half deposits, and for ten lives one request that nobody matches.
 * Processor time is the figure to read: what the disk takes does not depend on the book.
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/lives.h"
#include "bench/sides.h"
#include "book/book_inner.h"

#define LIVES 50u	/* in one chain of the filling */
#define DEPOSITS 250u
#define TIMES 60u

static struct world *w;
static uint8_t result[32];

static void deposit_sign(struct buf *note, enum who to, uint64_t amount)
{
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[to], amount);
	book_make_sign(&en, w->m.operator, note, NULL);
}

static void enter(const struct buf *notes, size_t n)
{
	struct book_item items[LIVES * LIFE + LIVES / 10 + DEPOSITS];
	struct err e = { .code = ERR_NONE };
	must(n <= sizeof items / sizeof *items, "a chain", NULL);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct book_item){ notes[i].data, notes[i].len };
	must(book_append(w->m.b, items, n, NULL, &e) == 0, "append", &e);
}

static void notes_done(struct buf *notes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_done(&notes[i]);
}

static void sql(const char *text)
{
	must(sqlite3_exec(w->m.s->db, text, NULL, NULL, NULL) == SQLITE_OK, text, NULL);
}

static void book_begin(const char *synchronous)
{
	struct err e = { .code = ERR_NONE };
	must(host_open(&w->m.b, w->m.path, false, &e) == 0, "open", &e);
	w->m.s = book_store(w->m.b);
	sql(synchronous);
}

static void book_end(void)
{
	book_close(w->m.b);
	w->m.b = NULL;
}

/* ---- filling ---- */

static void fill(uint64_t entries)
{
	struct buf notes[LIVES * LIFE + LIVES / 10 + DEPOSITS];
	char id[ID_TEXT];
	uint64_t size = 0;
	struct err e = { .code = ERR_NONE };
	book_begin("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 20000");
	while (book_size(w->m.b, &size, &e) == 0 && size + LIVES * LIFE + LIVES / 10 + DEPOSITS <= entries) {
		size_t n = 0;
		for (unsigned i = 0; i < LIVES; i++, n += LIFE)
			life_sign(w, &notes[n], result);
		for (unsigned i = 0; i < LIVES / 10; i++)
			life_request(w, &notes[n++], id);
		for (unsigned i = 0; i < DEPOSITS; i++)
			deposit_sign(&notes[n++], W2, 1);
		enter(notes, n);
		notes_done(notes, n);
	}
	sql("PRAGMA wal_checkpoint(TRUNCATE)");
	book_end();
}

/* ---- timing ---- */

enum what { DEPOSIT, TASK, MATCH, PROOF, WHATS };
static const char *const names[] = { "deposit", "life of a task", "match", "proof of an entry" };
static double cpu_us[WHATS][TIMES], wall_us[WHATS][TIMES];

static double clock_us(clockid_t c)
{
	struct timespec t;
	(void)clock_gettime(c, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void timed(enum what what, unsigned time, const struct buf *notes, size_t first, size_t n)
{
	double cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID), wall = clock_us(CLOCK_MONOTONIC);
	enter(notes, first);
	if (n > first)
		enter(notes + first, n - first);
	wall_us[what][time] = clock_us(CLOCK_MONOTONIC) - wall;
	cpu_us[what][time] = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

static void proof(unsigned time, uint64_t size)
{
	struct merkle_proof p;
	struct err e = { .code = ERR_NONE };
	uint64_t index = ((uint64_t)randombytes_random() << 20) % size;
	double cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID), wall = clock_us(CLOCK_MONOTONIC);
	must(merkle_inclusion_prove(book_reader(w->m.b), index, size, &p, &e) == 0, "prove", &e);
	wall_us[PROOF][time] = clock_us(CLOCK_MONOTONIC) - wall;
	cpu_us[PROOF][time] = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

static void time_all(void)
{
	uint64_t size = 0;
	struct err e = { .code = ERR_NONE };
	book_begin("PRAGMA synchronous = FULL");
	must(book_size(w->m.b, &size, &e) == 0, "size", &e);
	for (unsigned i = 0; i < TIMES; i++) {
		struct buf notes[LIFE + 3];
		char request[ID_TEXT], deal[ID_TEXT];
		deposit_sign(&notes[0], W2, 1);
		timed(DEPOSIT, i, notes, 1, 1);
		life_sign(w, &notes[1], result);
		timed(TASK, i, notes + 1, LIFE_FIRST, LIFE);
		life_request(w, &notes[LIFE + 1], request);
		enter(notes + LIFE + 1, 1);
		life_match(w, &notes[LIFE + 2], request, deal);
		timed(MATCH, i, notes + LIFE + 2, 1, 1);
		proof(i, size);
		notes_done(notes, LIFE + 3);
	}
	printf("%llu entries before:\n", (unsigned long long)size);
	for (unsigned i = 0; i < WHATS; i++) {
		double cpu = middle(cpu_us[i], TIMES), wall = middle(wall_us[i], TIMES);
		printf("  %-20s n %u  processor median %7.0f us (%.0f–%.0f)  by the clock median %7.0f us (%.0f–%.0f)\n", names[i], TIMES, cpu, cpu_us[i][0], cpu_us[i][TIMES - 1],
			wall, wall_us[i][0], wall_us[i][TIMES - 1]);
	}
	(void)fflush(stdout);
	book_end();
}

/* ---- the market ---- */

static void market_make(void)
{
	w = lives_market(100000000 * RLC, result);
	book_end();
}

int main(int argc, char **argv)
{
	if (crypto_init(NULL) < 0 || argc < 2)
		return 2;
	market_make();
	for (int i = 1; i < argc; i++) {
		fill(strtoull(argv[i], NULL, 10));
		time_all();
	}
	(void)host_make_teardown((void *[]){ w });
	return 0;
}
