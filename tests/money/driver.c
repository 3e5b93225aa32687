/* The ledger behind a pipe, for model.py: reads commands from stdin, a line each, and answers each with a code and a number that all sums of all accounts go
 * into. After every command the invariants are checked over all accounts; the first that does not hold ends the program.
 *	driver memory|rows [lose N]	lose: the N-th change of an account is not kept, which whoever compares has to notice
 *	n			a new, empty ledger
 *	o NAME UNIT LIMITED	c NAME
 *	t NOW N {ID KIND DEBIT CREDIT AMOUNT PENDING EXPIRES ENTRY CAUSE}	a chain of N; "-" is an empty cause
 *	.			answers so far go out
 * With rows each command is a transaction, rolled back when it was refused.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book/ledger.h"
#include "book/ledger_rows.h"

#define CHAIN_MAX (LEDGER_CHAIN + 1)	/* one more than there may be, which is refused */

struct state {
	bool rows_wanted;
	struct ledger_memory *memory;
	struct ledger_rows *rows;
	sqlite3 *db;
	struct ledger_backend b;	/* of either, with our account_put */
	int (*account_put)(void *ctx, const struct ledger_account *a, bool is_new, struct err *e);
	uint64_t lose, puts;
	struct ledger_transfer chain[CHAIN_MAX];
};
static struct state state;

static void die(const char *what, const struct err *e)
{
	(void)printf("broken: %s%s%s\n", what, e ? ": " : "", e ? e->msg : "");
	(void)fflush(stdout);
	exit(1);
}

static int put_or_lose(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	return ++state.puts == state.lose ? 0 : state.account_put(ctx, a, is_new, e);
}

static void sql(const char *text)
{
	if (sqlite3_exec(state.db, text, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(state.db), NULL);
}

static void ledger_end(void)
{
	struct err e;
	if (state.rows && ledger_rows_check(state.rows, &e) < 0)
		die("at the end of a ledger", &e);
	ledger_memory_free(state.memory);
	ledger_rows_close(state.rows);
	(void)sqlite3_close(state.db);
	state.memory = NULL;
	state.rows = NULL;
	state.db = NULL;
}

static void ledger_begin(void)
{
	struct err e;
	ledger_end();
	if (state.rows_wanted) {
		if (sqlite3_open(":memory:", &state.db) != SQLITE_OK)
			die("no database", NULL);
		sql("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
		sql(LEDGER_ROWS_SCHEMA);
		if (ledger_rows_open(&state.rows, state.db, &e) < 0)
			die("no rows", &e);
		state.b = *ledger_rows_backend(state.rows);
	} else {
		if (ledger_memory_new(&state.memory, &e) < 0)
			die("no memory", &e);
		state.b = *ledger_memory_backend(state.memory);
	}
	state.account_put = state.b.account_put;
	state.b.account_put = put_or_lose;
}

struct seen { struct ledger_sums sums; uint64_t mark; };

/* Adds up over all accounts, so that the other side can keep it by adding what changed. The odd factors are written down in model.py too. */
static int account_see(void *ctx, const struct ledger_account *a, struct err *e)
{
	struct seen *s = ctx;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (const char *p = a->name; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	s->mark += h * (a->debits_pending * UINT64_C(0x9e3779b97f4a7c15) + a->debits_posted * UINT64_C(0xbf58476d1ce4e5b9) +
		a->credits_pending * UINT64_C(0x94d049bb133111eb) + a->credits_posted * UINT64_C(0xd6e8feb86659fd93) +
		UINT64_C(1000) + (uint64_t)a->unit * 10 + (a->limited ? 2 : 0) + (a->closed ? 1 : 0));
	return ledger_sums_add(&s->sums, a, e);
}

static void answer(int r, const struct err *e)
{
	struct seen s;
	struct err why;
	memset(&s, 0, sizeof s);
	if ((state.rows ? ledger_rows_accounts(state.rows, account_see, &s, &why) : ledger_memory_each(state.memory, account_see, &s, &why)) < 0 ||
		ledger_sums_check(&s.sums, &why) < 0)
		die("an invariant", &why);
	(void)printf("%d %" PRIx64 "\n", r < 0 ? err_exit(e->code) : 0, s.mark);
}

static char *word(char **at)
{
	char *w = strsep(at, " ");
	return w ? w : (char *)"";
}

static uint64_t number(char **at)
{
	return strtoull(word(at), NULL, 10);
}

static void id_set(uint8_t id[static LEDGER_ID], uint64_t n)
{
	uint64_t more = n * UINT64_C(0x9e3779b97f4a7c15);
	memcpy(id, &n, sizeof n);
	memcpy(id + sizeof n, &more, sizeof more);
}

static void transfer_parse(struct ledger_transfer *t, char **at)
{
	memset(t, 0, sizeof *t);
	id_set(t->id, number(at));
	t->kind = (enum ledger_kind)number(at);
	(void)snprintf(t->debit, sizeof t->debit, "%s", word(at));
	(void)snprintf(t->credit, sizeof t->credit, "%s", word(at));
	t->amount = number(at);
	id_set(t->pending, number(at));
	t->expires = strtoll(word(at), NULL, 10);
	t->entry = number(at);
	const char *cause = word(at);
	(void)snprintf(t->cause, sizeof t->cause, "%s", strcmp(cause, "-") == 0 ? "" : cause);
}

static int command_do(char what, char **at, struct err *e)
{
	if (what == 'o') {
		const char *name = word(at);
		enum ledger_unit unit = (enum ledger_unit)number(at);
		return ledger_open(&state.b, name, unit, number(at) != 0, e);
	}
	if (what == 'c')
		return ledger_close(&state.b, word(at), e);
	int64_t now = strtoll(word(at), NULL, 10);
	size_t n = number(at);
	if (n > CHAIN_MAX)
		die("a chain that is too long for this driver", NULL);
	for (size_t i = 0; i < n; i++)
		transfer_parse(&state.chain[i], at);
	return ledger_apply(&state.b, state.chain, n, now, e);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	struct err e = { .code = ERR_NONE };
	if (argc < 2)
		die("memory or rows", NULL);
	state.rows_wanted = strcmp(argv[1], "rows") == 0;
	state.lose = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	(void)setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	for (ssize_t n; (n = getline(&line, &size, stdin)) > 0;) {
		line[n - 1] = '\0';
		char *at = line + (n > 2 ? 2 : 1);
		if (*line == '.') {
			(void)fflush(stdout);
		} else if (*line == 'n') {
			ledger_begin();
			answer(0, NULL);
		} else {
			if (state.db)
				sql("BEGIN");
			int r = command_do(*line, &at, &e);
			if (state.db)
				sql(r < 0 ? "ROLLBACK" : "COMMIT");
			answer(r, &e);
		}
	}
	ledger_end();
	free(line);
	return 0;
}
