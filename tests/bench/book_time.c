/* Times the book against what it stands on: SQLite committing the same bytes as durably, a file that is appended to and synced, and the signatures that it checks. Each round does
 * every side once, so that a slow moment of the machine hits all alike; "again" is the first side a second time.
 */
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "bench/sides.h"
#include "book/book.h"
#include "seal/crypto.h"
#include "unit/scratch.h"

#define CHAIN 1000u
#define PROOFS 2000u
#define TREE 1000000u

static char top[PATH_MAX], home[PATH_MAX];
static unsigned rounds = 7;

/* ---- entries ---- */

static void book_at(struct book **b)
{
	struct err e = { .code = ERR_NONE };
	must(book_open(b, home, true, &e) == 0, "open", &e);
}

struct notes { struct buf *at; size_t n; };

/* Deposits, signed now: an entry is taken within a minute of its time. */
static void notes_sign(struct book *b, struct notes *out, size_t n)
{
	static struct entry en;
	struct identity *bank = NULL, *worker = NULL;
	struct err e = { .code = ERR_NONE };
	must(book_operator_open(b, &bank, &e) == 0 && book_worker_open(b, &worker, &e) == 0, "keys", &e);
	*out = (struct notes){ calloc(n, sizeof(struct buf)), n };
	for (size_t i = 0; i < n; i++) {
		out->at[i] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
		must(book_draft(b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, &e) == 0, "draft", &e);
		memcpy(en.account_deposit.to, identity_public(worker), 32);
		en.account_deposit.amount = 1;
		must(entry_sign(&en, bank, &out->at[i], &e) == 0, "sign", &e);
	}
	identity_free(bank);
	identity_free(worker);
}

static void notes_done(struct notes *n)
{
	for (size_t i = 0; i < n->n; i++)
		buf_done(&n->at[i]);
	free(n->at);
}

/* ---- many submitters ---- */

enum how { HOW_BOOK, HOW_ROWS, HOW_BATCH, HOW_LOG };
struct work { enum how how; unsigned processes, each, batch; };

static void sql(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text, NULL);
}

static sqlite3 *rows_open(void)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	must(snprintf(path, sizeof path, "%s/rows.db", top) < PATH_MAX && sqlite3_open(path, &db) == SQLITE_OK, "open rows.db", NULL);
	sqlite3_busy_timeout(db, 60000);
	sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
	return db;
}

static void row_insert(sqlite3_stmt *st, const struct buf *note)
{
	sqlite3_bind_blob(st, 1, note->data, (int)note->len, SQLITE_STATIC);
	must(sqlite3_step(st) == SQLITE_DONE, "insert", NULL);
	sqlite3_reset(st);
}

/* Written over in place, as a write-ahead log is: what a file system does to make one longer is not what is measured. */
static int log_open(const char *path, size_t notes)
{
	static const char zeros[1024];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	for (size_t i = 0; i < notes; i++)
		must(write(fd, zeros, sizeof zeros) == sizeof zeros, "log", NULL);
	must(fsync(fd) == 0 && lseek(fd, 0, SEEK_SET) == 0, "log", NULL);
	return fd;
}

/* One process: everything ready, then the word to begin, then its share of the work. */
static void submit(const void *ctx, unsigned number, int ready, int go)
{
	const struct work *w = ctx;
	struct book *b = NULL;
	struct notes notes;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char path[PATH_MAX], c = 0;
	struct err e = { .code = ERR_NONE };
	int fd = -1;
	(void)number;
	book_at(&b);
	notes_sign(b, &notes, w->each);
	if (w->how == HOW_ROWS || w->how == HOW_BATCH) {
		db = rows_open();
		must(sqlite3_prepare_v2(db, "INSERT INTO entry (bytes) VALUES (?1)", -1, &st, NULL) == SQLITE_OK, "prepare", NULL);
	}
	if (w->how == HOW_LOG)
		must(snprintf(path, sizeof path, "%s/log", top) < PATH_MAX && (fd = log_open(path, w->each)) >= 0, "open log", NULL);
	must(write(ready, "r", 1) == 1 && read(go, &c, 1) == 0, "begin", NULL);
	for (unsigned i = 0; i < w->each; i++) {
		const struct buf *n = &notes.at[i];
		if (w->how == HOW_BOOK)
			must(book_append_one(b, n, NULL, &e) == 0, "append", &e);
		else if (w->how == HOW_LOG)
			must(write(fd, n->data, n->len) == (ssize_t)n->len && fdatasync(fd) == 0, "log", NULL);
		else if (w->how == HOW_ROWS)
			row_insert(st, n);
		else {
			if (i % w->batch == 0)
				sql(db, "BEGIN IMMEDIATE");
			row_insert(st, n);
			if ((i + 1) % w->batch == 0 || i + 1 == w->each)
				sql(db, "COMMIT");
		}
	}
	_exit(0);
}

/* Entries per second, from the word to begin until the last has ended. */
static double work_rate(const struct work *w, long *peak_kib)
{
	uint64_t us = processes_run(w->processes, submit, w, peak_kib);
	return (double)(w->processes * w->each) * 1e6 / (double)us;
}

static void submitters(unsigned n, unsigned total)
{
	struct side sides[] = { { .name = "rows: SQLite, one commit each" }, { .name = "book" }, { .name = "book, again (A/A)" },
		{ .name = "batches: SQLite, one process, as many rows in a commit" }, { .name = "log: write and fdatasync, one process" } };
	const struct work works[] = { { HOW_ROWS, n, total / n, 1 }, { HOW_BOOK, n, total / n, 1 }, { HOW_BOOK, n, total / n, 1 },
		{ HOW_BATCH, 1, total, n }, { HOW_LOG, 1, total, 1 } };
	size_t count = n == 1 ? 5 : 4;
	for (unsigned round = 0; round < rounds; round++)
		for (size_t k = 0; k < count; k++) {
			size_t i = (k + round) % count;
			sides[i].per_s[round] = work_rate(&works[i], &sides[i].peak_kib);
		}
	printf("durable entries, %u at once, %u in all:\n", n, total);
	sides_print(sides, count, 0, rounds, "/s");
	printf("  book is %.2f x rows, %.2f x batches\n", sides[1].per_s[rounds / 2] / sides[0].per_s[rounds / 2],
		sides[1].per_s[rounds / 2] / sides[3].per_s[rounds / 2]);
	if (n == 1)
		printf("  book is %.2f x the raw log\n", sides[1].per_s[rounds / 2] / sides[4].per_s[rounds / 2]);
}

/* ---- a large book ---- */

/* Up to so many, when it has fewer; how many it has. */
static unsigned book_fill(unsigned entries)
{
	struct book *b = NULL;
	struct err e = { .code = ERR_NONE };
	uint64_t size = 0;
	book_at(&b);
	uint64_t begun = os_now_us(), done = 0;
	while (book_size(b, &size, &e) == 0 && size < entries) {
		struct notes notes;
		struct book_item items[CHAIN];
		size_t n = entries - size < CHAIN ? (size_t)(entries - size) : CHAIN;
		notes_sign(b, &notes, n);
		for (size_t i = 0; i < n; i++)
			items[i] = (struct book_item){ notes.at[i].data, notes.at[i].len };
		must(book_append(b, items, n, NULL, &e) == 0, "append", &e);
		notes_done(&notes);
		done += n;
	}
	if (done)
		printf("a book of %llu entries: %llu of them signed and appended in chains of %u, %.0f /s\n", (unsigned long long)size, (unsigned long long)done, CHAIN,
		(double)done * 1e6 / (double)(os_now_us() - begun + 1));
	must(book_checkpoint(b, NULL, &e) == 0, "checkpoint", &e);
	book_close(b);
	return (unsigned)size;
}

/* In a child of its own, so that its memory is its own: seconds it took. */
static double apart(double (*f)(void *ctx), void *ctx, long *peak_kib)
{
	int fds[2], status;
	double s = 0;
	struct rusage use;
	must(pipe(fds) == 0, "pipe", NULL);
	pid_t pid = fork();
	must(pid >= 0, "fork", NULL);
	if (pid == 0) {
		s = f(ctx);
		_exit(write(fds[1], &s, sizeof s) == sizeof s ? 0 : 1);
	}
	must(read(fds[0], &s, sizeof s) == sizeof s && wait4(pid, &status, 0, &use) == pid && status == 0, "a child", NULL);
	close(fds[0]);
	close(fds[1]);
	*peak_kib = use.ru_maxrss > *peak_kib ? use.ru_maxrss : *peak_kib;
	return s;
}

static double verify_book(void *ctx)
{
	struct book *b = NULL;
	struct book_checked checked;
	struct err e = { .code = ERR_NONE };
	(void)ctx;
	book_at(&b);
	uint64_t begun = os_now_us();
	must(book_verify(b, &checked, NULL, NULL, &e) == 0, "verify", &e);
	return (double)checked.entries * 1e6 / (double)(os_now_us() - begun);
}

static double verify_signatures(void *ctx)
{
	uint8_t public_key[32], secret[64], signature[64], text[300] = { 1 };
	unsigned n = *(unsigned *)ctx;
	crypto_sign_keypair(public_key, secret);
	crypto_sign_detached(signature, NULL, text, sizeof text, secret);
	uint64_t begun = os_now_us();
	for (unsigned i = 0; i < n; i++)
		must(crypto_sign_verify_detached(signature, text, sizeof text, public_key) == 0, "verify", NULL);
	return (double)n * 1e6 / (double)(os_now_us() - begun);
}

static double rebuild(void *ctx)
{
	struct book *b = NULL;
	struct book_rebuilt r;
	struct err e = { .code = ERR_NONE };
	(void)ctx;
	book_at(&b);
	uint64_t begun = os_now_us();
	must(book_rebuild(b, &r, NULL, NULL, &e) == 0 && memcmp(r.before, r.after, 32) == 0, "rebuild", &e);
	return (double)r.rows * 1e6 / (double)(os_now_us() - begun);
}

/* Rows as a transfer has them, in one commit, with one index. */
static double inserts(void *ctx)
{
	sqlite3_stmt *st;
	unsigned n = *(unsigned *)ctx;
	uint8_t id[16];
	sqlite3 *db = rows_open();
	sql(db, "DROP TABLE IF EXISTS t; CREATE TABLE t (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, debit TEXT NOT NULL, credit TEXT NOT NULL, amount INTEGER NOT NULL) STRICT");
	must(sqlite3_prepare_v2(db, "INSERT INTO t (id, debit, credit, amount) VALUES (?1, 'bank', 'enclua1unv38qeqjmmjr33w49kat9g23fr0afm09dnkv8sr4m9nphhehmeqe67qq3', 1)", -1, &st,
		NULL) == SQLITE_OK, "prepare", NULL);
	uint64_t begun = os_now_us();
	sql(db, "BEGIN IMMEDIATE");
	for (unsigned i = 0; i < n; i++) {
		randombytes_buf(id, sizeof id);
		sqlite3_bind_blob(st, 1, id, sizeof id, SQLITE_STATIC);
		must(sqlite3_step(st) == SQLITE_DONE, "insert", NULL);
		sqlite3_reset(st);
	}
	sql(db, "COMMIT");
	return (double)n * 1e6 / (double)(os_now_us() - begun);
}

static void large(unsigned entries)
{
	const unsigned before = rounds;
	rounds = rounds < 3 ? rounds : 3;	/* each takes seconds */
	struct side verify[] = { { .name = "signatures alone, one process" }, { .name = "book verify: entries, tree, checkpoints, tables" } };
	struct side again[] = { { .name = "SQLite: as many rows, one index" }, { .name = "book rebuild: rows made again, digests before and after" } };
	for (unsigned i = 0; i < rounds; i++) {
		verify[0].per_s[i] = apart(verify_signatures, &entries, &verify[0].peak_kib);
		verify[1].per_s[i] = apart(verify_book, NULL, &verify[1].peak_kib);
		again[0].per_s[i] = apart(inserts, &entries, &again[0].peak_kib);
		again[1].per_s[i] = apart(rebuild, NULL, &again[1].peak_kib);
	}
	printf("verifying a book of %u entries:\n", entries);
	sides_print(verify, 2, 0, rounds, "/s");
	printf("rebuilding its tables:\n");
	sides_print(again, 2, 0, rounds, "rows/s");
	rounds = before;
}

/* ---- proofs ---- */

struct tree { struct merkle_hash *levels[32]; };

static int tree_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	(void)e;
	*out = ((struct tree *)ctx)->levels[level][index];
	return 0;
}

static void tree_make(struct tree *t, size_t n)
{
	memset(t, 0, sizeof *t);
	for (unsigned level = 0; n; level++, n /= 2) {
		t->levels[level] = calloc(n, sizeof(struct merkle_hash));
		must(t->levels[level] != NULL, "memory", NULL);
		for (size_t i = 0; i < n; i++)
			if (level == 0)
				merkle_leaf(&t->levels[0][i], &i, sizeof i);
			else
				merkle_node(&t->levels[level][i], &t->levels[level - 1][2 * i], &t->levels[level - 1][2 * i + 1]);
	}
}

static void proofs(const char *what, const struct merkle_reader *reader, uint64_t size)
{
	static double make[PROOFS], check[PROOFS];
	struct merkle_hash root, leaf;
	struct merkle_proof p;
	struct err e = { .code = ERR_NONE };
	size_t longest = 0;
	must(merkle_root(reader, size, &root, &e) == 0, "root", &e);
	for (unsigned i = 0; i < PROOFS; i++) {
		uint64_t index = ((uint64_t)randombytes_random() << 20) % size;
		must(reader->read(reader->ctx, 0, index, &leaf, &e) == 0, "leaf", &e);
		uint64_t t0 = os_now_us();
		must(merkle_inclusion_prove(reader, index, size, &p, &e) == 0, "prove", &e);
		uint64_t t1 = os_now_us();
		for (unsigned k = 0; k < 10; k++)
			must(merkle_inclusion_verify(&leaf, index, size, &p, &root, &e) == 0, "verify", &e);
		make[i] = (double)(t1 - t0);
		check[i] = (double)(os_now_us() - t1) / 10;
		longest = p.n > longest ? p.n : longest;
	}
	double m = middle(make, PROOFS), c = middle(check, PROOFS);
	printf("  %-58s n %u  make median %6.1f us (%.0f–%.0f)  verify median %5.1f us (%.1f–%.1f)  at most %zu hashes, %zu bytes\n", what, PROOFS, m, make[0],
		make[PROOFS - 1], c, check[0], check[PROOFS - 1], longest, longest * MERKLE_HASH);
	(void)fflush(stdout);
}

static void proofs_all(void)
{
	struct tree tree;
	struct book *b = NULL;
	uint64_t size;
	struct err e = { .code = ERR_NONE };
	printf("proofs of one entry:\n");
	tree_make(&tree, TREE);
	proofs("a tree of 1000000, all hashes in memory", &(struct merkle_reader){ tree_read, &tree }, TREE);
	for (unsigned i = 0; i < 32; i++)
		free(tree.levels[i]);
	book_at(&b);
	must(book_size(b, &size, &e) == 0, "size", &e);
	proofs("this book, through its database", book_reader(b), size);
	book_close(b);
}

int main(int argc, char **argv)
{
	unsigned entries = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
	if (crypto_init(NULL) < 0 || rounds == 0 || rounds > ROUNDS_MAX || entries < 2)
		return 2;
	printf("peers: SQLite %s, libsodium %s; medians of %u rounds, ratio to the first line\n", sqlite3_libversion(), sodium_version_string(), rounds);
	scratch_make(top);
	must(snprintf(home, sizeof home, "%s/home", top) < PATH_MAX, "path", NULL);
	static const struct { unsigned n, total; } loads[] = { { 1, 400 }, { 4, 800 }, { 16, 1600 }, { 64, 1920 } };
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
		submitters(loads[i].n, loads[i].total);
	large(book_fill(entries));
	proofs_all();
	scratch_remove(top);
	return 0;
}
