/* A ledger in memory or in rows, with a bank and people in it, and what is asked of it: a chain is done, or refused and has changed nothing. */
#ifndef ENCLUA_TESTS_LEDGER_MAKE_H
#define ENCLUA_TESTS_LEDGER_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "book/ledger.h"
#include "book/ledger_rows.h"

#define ROWS(a) (sizeof(a) / sizeof *(a))
#define MAX LEDGER_AMOUNT_MAX

struct place {
	struct ledger_memory *memory;
	struct ledger_rows *rows;
	sqlite3 *db;
	const struct ledger_backend *b;
};

static inline void sql(sqlite3 *db, const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

/* Every test finds the bank, three people with 1000, 0 and 0, and two accounts that count uses. */
static inline void people(const struct ledger_backend *b);

static inline int in_memory(void **state)
{
	struct place *p = *state = calloc(1, sizeof *p);
	assert_int_equal(ledger_memory_new(&p->memory, NULL), 0);
	p->b = ledger_memory_backend(p->memory);
	people(p->b);
	return 0;
}

static inline int in_rows(void **state)
{
	struct place *p = *state = calloc(1, sizeof *p);
	assert_int_equal(sqlite3_open(":memory:", &p->db), SQLITE_OK);
	sql(p->db, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
	sql(p->db, LEDGER_ROWS_SCHEMA);
	struct err e = { .code = ERR_NONE };
	if (ledger_rows_open(&p->rows, p->db, &e) < 0)
		fail_msg("%s", e.msg);
	p->b = ledger_rows_backend(p->rows);
	people(p->b);
	return 0;
}

static inline int leave(void **state)
{
	struct place *p = *state;
	ledger_memory_free(p->memory);
	ledger_rows_close(p->rows);
	assert_int_equal(sqlite3_close(p->db), SQLITE_OK);
	free(p);
	return 0;
}

static inline struct ledger_transfer move(uint8_t id, enum ledger_kind kind, const char *debit, const char *credit, uint64_t amount)
{
	struct ledger_transfer t = { .id = { id, 1 }, .kind = kind, .amount = amount, .entry = 7, .cause = "test" };
	(void)snprintf(t.debit, sizeof t.debit, "%s", debit);
	(void)snprintf(t.credit, sizeof t.credit, "%s", credit);
	return t;
}

static inline struct ledger_transfer resolve(uint8_t id, enum ledger_kind kind, uint8_t pending, const char *debit, const char *credit, uint64_t amount)
{
	struct ledger_transfer t = move(id, kind, debit, credit, amount);
	t.pending[0] = pending;
	t.pending[1] = 1;
	return t;
}

static inline void done(const struct ledger_backend *b, struct ledger_transfer t)
{
	struct err e = { .code = ERR_NONE };
	if (ledger_apply(b, &t, 1, 100, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The sums of an account as text: what it owes and holds, pending and posted. */
static inline const char *sums(const struct ledger_backend *b, const char *name)
{
	static char text[128];
	struct ledger_account a;
	assert_int_equal(b->account_get(b->ctx, name, &a, NULL), 1);
	(void)snprintf(text, sizeof text, "%llu %llu %llu %llu", (unsigned long long)a.debits_pending, (unsigned long long)a.debits_posted,
		(unsigned long long)a.credits_pending, (unsigned long long)a.credits_posted);
	return text;
}
#define SUMS(name, want) assert_string_equal(sums(b, name), want)

static inline void people(const struct ledger_backend *b)
{
	static const char *const names[] = { "anna", "ben", "cleo" };
	assert_int_equal(ledger_open(b, "bank", LEDGER_NRLC, false, NULL), 0);
	for (size_t i = 0; i < ROWS(names); i++)
		assert_int_equal(ledger_open(b, names[i], LEDGER_NRLC, true, NULL), 0);
	assert_int_equal(ledger_open(b, "uses1", LEDGER_USES, false, NULL), 0);
	assert_int_equal(ledger_open(b, "uses2", LEDGER_USES, true, NULL), 0);
	done(b, move(200, LEDGER_POSTED, "bank", "anna", 1000));
}

/* The chain is refused so, and nothing has changed: neither accounts nor transfers. */
static inline void refused(const struct ledger_backend *b, const struct ledger_transfer *chain, size_t n, int64_t now, enum err_code code, const char *words)
{
	static const char *const names[] = { "bank", "anna", "ben", "cleo", "uses1", "uses2" };
	struct ledger_account before[ROWS(names)], after;
	struct ledger_transfer t;
	struct err e = { .code = ERR_NONE };
	int was[8] = { 0 };
	for (size_t i = 0; i < ROWS(names); i++)
		assert_int_equal(b->account_get(b->ctx, names[i], &before[i], NULL), 1);
	for (size_t i = 0; i < n && i < ROWS(was); i++)
		was[i] = b->transfer_get(b->ctx, chain[i].id, &t, NULL);
	assert_int_equal(ledger_apply(b, chain, n, now, &e), -1);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("not %s with \"%s\" but %s: %s", err_name(code), words, err_name(e.code), e.msg);
	for (size_t i = 0; i < ROWS(names); i++) {
		assert_int_equal(b->account_get(b->ctx, names[i], &after, NULL), 1);
		assert_memory_equal(&before[i], &after, sizeof after);
	}
	for (size_t i = 0; i < n && i < ROWS(was); i++)
		assert_int_equal(b->transfer_get(b->ctx, chain[i].id, &t, NULL), was[i]);
}

static inline void refused_one(const struct ledger_backend *b, struct ledger_transfer t, enum err_code code, const char *words)
{
	refused(b, &t, 1, 100, code, words);
}

#endif
