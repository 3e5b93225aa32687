/* The database of a book, past the program that keeps it: read whole, or changed as somebody who can write the file would. */
#ifndef ENCLUA_TESTS_BOOK_ROWS_H
#define ENCLUA_TESTS_BOOK_ROWS_H

#include <limits.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "seal/crypto.h"

static inline sqlite3 *book_rows_open(const char *home)
{
	char path[PATH_MAX + 16];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", home);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 15000) != SQLITE_OK ||
		sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) != SQLITE_OK)
		abort();
	return db;
}

/* Runs SQL with the rules of the tables switched off, as far as they can be. */
static inline void book_rows_change(const char *home, const char *sql)
{
	sqlite3 *db = book_rows_open(home);
	char *why = NULL;
	if (sqlite3_exec(db, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK || sqlite3_total_changes(db) == 0) {
		(void)fprintf(stderr, "%s: %s\n", sql, why ? why : "changed nothing");
		abort();
	}
	sqlite3_close(db);
}

/* SHA-256 over every row of every table. */
static inline void book_rows_digest(const char *home, uint8_t out[static 32])
{
	static const char *const tables[] = { "book", "entry", "node", "head", "checkpoint", "seen", "identity", "data", "app", "task", "account", "transfer", "record" };
	sqlite3 *db = book_rows_open(home);
	struct sha256 h;
	sha256_init(&h);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		char sql[64];
		sqlite3_stmt *st = NULL;
		(void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", tables[i]);
		if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
			abort();
		while (sqlite3_step(st) == SQLITE_ROW)
			for (int c = 0; c < sqlite3_column_count(st); c++) {
				const void *bytes = sqlite3_column_blob(st, c);
				int n = sqlite3_column_bytes(st, c);
				sha256_add(&h, &n, sizeof n);
				if (n)
					sha256_add(&h, bytes, (size_t)n);
			}
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	sha256_end(&h, out);
}

#endif
