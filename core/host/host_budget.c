/* Budgets of grants: uses, bytes of results, privacy loss, as accounts of the ledger in their own units. A release reserves (pending), the end of the task spends or
 * frees what it reserved. So the same invariants that keep money keep budgets.
 *
 *	budget/<unit>		where they come from: without limit, as the bank
 *	<order1…>/<unit>	of a grant: what its owner allows in all, less what is spent and reserved
 *	budget/<unit>/spent	where they go
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_inner.h"
#include "seal/crypto.h"

struct line { char order[ID_TEXT]; enum ledger_unit unit; uint64_t amount, max; };

static const enum ledger_unit units[] = { LEDGER_USES, LEDGER_BYTES, LEDGER_EPSILON };

static bool word_take(const char **at, const char *end, char *out, size_t size)
{
	const char *space = memchr(*at, ' ', (size_t)(end - *at));
	size_t n = space ? (size_t)(space - *at) : 0;
	if (!n || n >= size)
		return false;
	(void)snprintf(out, size, "%.*s", (int)n, *at);
	*at = space + 1;
	return true;
}

/* "<order1…> <unit> <amount> <max>" */
static int line_read(const struct entry_text *t, struct line *l, struct err *e)
{
	const char *at = t->at, *end = t->at + t->len;
	char unit[16];
	size_t i = 0;
	bool ok = word_take(&at, end, l->order, sizeof l->order) && word_take(&at, end, unit, sizeof unit) && host_number_read(&l->amount, &at, end) && at < end &&
		*at++ == ' ' && host_number_read(&l->max, &at, end) && at == end && l->amount && l->amount <= LEDGER_AMOUNT_MAX && l->max <= LEDGER_AMOUNT_MAX;
	while (ok && i < sizeof units / sizeof *units && strcmp(ledger_unit_text(units[i]), unit) != 0)
		i++;
	if (!ok || i == sizeof units / sizeof *units)
		return err_set(e, ERR_INVALID, "release-budget: a budget is a grant, uses, bytes or epsilon_u6, an amount from 1 on, and of how much, not “%.*s”", (int)t->len, t->at);
	l->unit = units[i];
	return 0;
}

static void account_name(char out[static LEDGER_NAME], const char *order, enum ledger_unit unit)
{
	memset(out, 0, LEDGER_NAME);
	(void)snprintf(out, LEDGER_NAME, "%s/%s", order, ledger_unit_text(unit));
}

static void fund_name(char out[static LEDGER_NAME], enum ledger_unit unit, bool spent)
{
	memset(out, 0, LEDGER_NAME);
	(void)snprintf(out, LEDGER_NAME, "budget/%s%s", ledger_unit_text(unit), spent ? "/spent" : "");
}

int host_budget(struct book *b, const char *grant, enum ledger_unit unit, uint64_t *used, uint64_t *max, struct err *e)
{
	struct ledger_account a;
	char name[LEDGER_NAME];
	account_name(name, grant, unit);
	int r = book_account(b, name, &a, e);
	*used = r == 1 ? a.debits_pending + a.debits_posted : 0;
	*max = r == 1 ? a.credits_posted : 0;
	return r;
}

/* What a task has reserved */

static void reserve_name(char out[static LEDGER_NAME], const char *order, enum ledger_unit unit)
{
	if (unit == HOST_VOLUME)
		(void)snprintf(out, LEDGER_NAME, "%s/volume", order);
	else
		account_name(out, order, unit);
}

int host_reserved(struct book *b, const char *task, const char *order, enum ledger_unit unit, bool *is, struct err *e)
{
	struct buf row = BUF_INIT(32);
	char name[LEDGER_NAME];
	reserve_name(name, order, unit);
	int r = book_record_get(b, HOST_RESERVE, task, name, &row, e);
	buf_done(&row);
	*is = r == 1;
	return r < 0 ? -1 : 0;
}

int host_reserve_put(struct event *v, const char *task, const char *order, enum ledger_unit unit, uint64_t amount, struct err *e)
{
	char name[LEDGER_NAME];
	uint8_t row[9] = { (uint8_t)unit };
	reserve_name(name, order, unit);
	memcpy(row + 1, &amount, 8);
	return host_record_put(v, HOST_RESERVE, task, name, task, 0, row, sizeof row, e);
}

/* Each task reserves of an account once: its name follows from both. */
static void transfer_id(uint8_t out[static LEDGER_ID], const char *what, const char *task, const char *account)
{
	struct sha256 h;
	uint8_t hash[32];
	sha256_init(&h);
	sha256_add(&h, "enclua/budget/v1\n", 17);
	sha256_add(&h, what, strlen(what) + 1);
	sha256_add(&h, task, strlen(task) + 1);
	sha256_add(&h, account, strlen(account) + 1);
	sha256_end(&h, hash);
	memcpy(out, hash, LEDGER_ID);
}

int host_budgets_check(struct book *b, const struct entry_key_release *f, struct err *e)
{
	for (size_t i = 0; i < f->budget.n; i++) {
		struct line l, other;
		uint64_t used, max, sum;
		bool granted = false, again;
		if (line_read(&f->budget.at[i], &l, e) < 0)
			return -1;
		for (size_t k = 0; k < f->grant.n; k++)
			granted = granted || strcmp(f->grant.at[k], l.order) == 0;
		if (!granted)
			return err_set(e, ERR_INVALID, "release-budget: no key is released under %s", l.order);
		for (size_t k = 0; k < i; k++)
			if (line_read(&f->budget.at[k], &other, e) == 0 && other.unit == l.unit && strcmp(other.order, l.order) == 0)
				return err_set(e, ERR_INVALID, "release-budget: %s of %s stand twice in it", ledger_unit_text(l.unit), l.order);
		if (host_reserved(b, f->task, l.order, l.unit, &again, e) < 0 || host_budget(b, l.order, l.unit, &used, &max, e) < 0)
			return -1;
		if (!again && (__builtin_add_overflow(used, l.amount, &sum) || sum > l.max))
			return err_set(e, ERR_DENIED, "budget-%s: of %" PRIu64 " under %s, %" PRIu64 " are used or reserved, and this asks for %" PRIu64,
				ledger_unit_text(l.unit), l.max, l.order, used, l.amount);
	}
	return 0;
}

static int accounts_open(const struct ledger_backend *m, const char *account, enum ledger_unit unit, struct err *e)
{
	char fund[LEDGER_NAME], spent[LEDGER_NAME];
	fund_name(fund, unit, false);
	fund_name(spent, unit, true);
	if (ledger_open(m, fund, unit, false, e) < 0 || ledger_open(m, spent, unit, true, e) < 0)
		return -1;
	return ledger_open(m, account, unit, true, e);
}

static struct ledger_transfer transfer(const struct event *v, enum ledger_kind kind, const char *from, const char *to, uint64_t amount, const char *cause)
{
	struct ledger_transfer t = { .kind = kind, .amount = amount, .entry = v->at->index };
	(void)snprintf(t.debit, sizeof t.debit, "%s", from);
	(void)snprintf(t.credit, sizeof t.credit, "%s", to);
	(void)snprintf(t.cause, sizeof t.cause, "%s", cause);
	return t;
}

static int reserve(struct event *v, const char *task, const struct line *l, struct err *e)
{
	const struct ledger_backend *m = book_ledger(v->b);
	struct ledger_transfer chain[2];
	char account[LEDGER_NAME], fund[LEDGER_NAME], spent[LEDGER_NAME];
	uint64_t used, max;
	size_t n = 0;
	account_name(account, l->order, l->unit);
	fund_name(fund, l->unit, false);
	fund_name(spent, l->unit, true);
	if (accounts_open(m, account, l->unit, e) < 0 || host_budget(v->b, l->order, l->unit, &used, &max, e) < 0)
		return -1;
	if (l->max > max) {
		chain[n] = transfer(v, LEDGER_POSTED, fund, account, l->max - max, "budget");
		transfer_id(chain[n++].id, "allow", task, account);
	}
	chain[n] = transfer(v, LEDGER_PENDING, account, spent, l->amount, "budget reserved");
	transfer_id(chain[n++].id, "reserve", task, account);
	if (ledger_apply(m, chain, n, v->at->now, e) < 0)
		return -1;
	return host_reserve_put(v, task, l->order, l->unit, l->amount, e);
}

int host_budgets_reserve(struct event *v, const struct entry_key_release *f, struct err *e)
{
	for (size_t i = 0; i < f->budget.n; i++) {
		struct line l;
		bool again;
		if (line_read(&f->budget.at[i], &l, e) < 0 || host_reserved(v->b, f->task, l.order, l.unit, &again, e) < 0)
			return -1;
		if (!again && reserve(v, f->task, &l, e) < 0)
			return -1;
	}
	return 0;
}

/* The end */

struct settle { struct event *v; bool spend; uint64_t bytes; };

static int settle_one(void *ctx, const struct book_record *r, struct err *e)
{
	const struct settle *x = ctx;
	enum ledger_unit unit;
	uint64_t amount;
	char spent[LEDGER_NAME];
	if (r->len != 9)
		return err_set(e, ERR_INVALID, "the row of a budget is damaged");
	const uint8_t *row = r->bytes;
	unit = (enum ledger_unit)row[0];
	memcpy(&amount, row + 1, 8);
	if (unit == HOST_VOLUME)
		return 0;
	if (unit == LEDGER_BYTES && x->bytes < amount)
		amount = x->bytes;
	bool spend = x->spend && amount;
	fund_name(spent, unit, true);
	struct ledger_transfer t = transfer(x->v, spend ? LEDGER_POST : LEDGER_VOID, r->b, spent, spend ? amount : 0, spend ? "budget spent" : "budget freed");
	transfer_id(t.pending, "reserve", r->a, r->b);
	transfer_id(t.id, "end", r->a, r->b);
	return ledger_apply(book_ledger(x->v->b), &t, 1, x->v->at->now, e);
}

int host_budgets_settle(struct event *v, const char *task, bool spend, uint64_t bytes, struct err *e)
{
	struct settle x = { v, spend, bytes };
	return book_records(v->b, HOST_RESERVE, task, -1, settle_one, &x, e);
}
