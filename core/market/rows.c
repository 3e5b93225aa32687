/* What every event needs: to refuse with a code, to reach rows, to move money as one chain. Owns nothing but the chain while it is built. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/inner.h"

void market_begin(struct market *m)
{
	m->code[0] = '\0';
}

const char *market_code(const struct market *m)
{
	return m->code;
}

int market_refuse(struct market *m, enum err_code kind, const char *code, struct err *e, const char *fmt, ...)
{
	char words[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	snprintf(m->code, sizeof m->code, "%s", code);
	return err_set(e, kind, "%s: %s", code, words);
}

int market_get(struct market *m, enum market_kind kind, const char *a, const char *b, void *row, struct err *e)
{
	return m->rows->get(m->rows->ctx, kind, a, b, row, e);
}

int market_add(struct market *m, enum market_kind kind, const void *row, struct err *e)
{
	return m->rows->put(m->rows->ctx, kind, row, true, e);
}

int market_change(struct market *m, enum market_kind kind, const void *row, struct err *e)
{
	return m->rows->put(m->rows->ctx, kind, row, false, e);
}

int market_admits(struct market *m, const char *restriction, const char *who, struct err *e)
{
	struct market_member row;
	if (restriction[0] == '\0' || strcmp(restriction, who) == 0)
		return 1;
	int r = who[0] && market_list_name_ok(restriction) ? market_get(m, MARKET_ROW_MEMBER, restriction, who, &row, e) : 0;
	return r > 0 ? !row.removed : r;
}

int market_account_closed(struct market *m, const char *name, struct err *e)
{
	struct ledger_account a;
	int r = m->money->account_get(m->money->ctx, name, &a, e);
	return r > 0 ? a.closed : r;
}

int market_account(struct market *m, const char *name, struct err *e)
{
	if (ledger_open(m->money, name, LEDGER_NRLC, true, e) < 0)
		return -1;
	int closed = market_account_closed(m, name, e);
	return closed <= 0 ? closed : market_refuse(m, ERR_CONFLICT, "closed", e, "the account of %s is closed for good", name);
}

int market_init(struct market *m, const struct market_backend *rows, const struct ledger_backend *money, struct err *e)
{
	*m = (struct market){ .rows = rows, .money = money };
	if (ledger_open(money, MARKET_BANK, LEDGER_NRLC, false, e) < 0)
		return -1;
	return market_account(m, MARKET_KITTY, e);
}

int market_chain_init(struct market_chain *c, size_t max, struct err *e)
{
	*c = (struct market_chain){ .at = malloc(max * sizeof *c->at), .max = max };
	return c->at ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

void market_chain_done(struct market_chain *c)
{
	free(c->at);
	*c = (struct market_chain){ 0 };
}

/* The id says which entry moved the money, and which of its transfers this is. */
static void transfer_id(uint8_t out[static LEDGER_ID], uint64_t entry, uint32_t number)
{
	memcpy(out, "mkt", 4);
	for (unsigned i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(entry >> (56 - 8 * i));
	for (unsigned i = 0; i < 4; i++)
		out[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static void account_name_set(char out[static LEDGER_NAME], const char *name)
{
	size_t n = strnlen(name, LEDGER_NAME - 1);
	memcpy(out, name, n);
	memset(out + n, 0, LEDGER_NAME - n);
}

void market_chain_add(struct market *m, struct market_chain *c, const char *from, const char *to, uint64_t amount, const char *cause)
{
	if (amount == 0)
		return;
	if (c->n == c->max)
		abort();
	struct ledger_transfer *t = &c->at[c->n++];
	memset(t, 0, sizeof *t);
	transfer_id(t->id, m->entry, m->moved++);
	t->kind = LEDGER_POSTED;
	account_name_set(t->debit, from);
	account_name_set(t->credit, to);
	t->amount = amount;
	t->entry = m->entry;
	memcpy(t->cause, cause, strnlen(cause, sizeof t->cause - 1));
}

int market_chain_apply(struct market *m, const struct market_chain *c, struct err *e)
{
	struct err why = { 0 };
	if (c->n == 0 || ledger_apply(m->money, c->at, c->n, m->now, &why) == 0)
		return 0;
	if (why.code != ERR_FUNDS && why.code != ERR_LIMIT) {
		if (e)
			*e = why;
		return -1;
	}
	market_refuse(m, why.code, why.code == ERR_FUNDS ? "funds" : "overflow", e, "%s", why.msg);
	return why.hint[0] ? err_hint(e, "%s", why.hint) : -1;
}

/* Between the bank and an identity. */
static int bank_move(struct market *m, const char *who, uint64_t amount, bool in, struct err *e)
{
	struct market_chain c;
	const char *cause = in ? "deposit" : "withdraw";
	market_begin(m);
	if (!market_name_ok(who))
		return market_refuse(m, ERR_INVALID, in ? "deposit-null" : "withdraw-null", e, "a %s needs an identity", cause);
	if (amount > LEDGER_AMOUNT_MAX)
		return market_refuse(m, ERR_LIMIT, "overflow", e, "an amount is at most 2^62 - 1 nRLC");
	if (market_account(m, who, e) < 0 || market_chain_init(&c, 1, e) < 0)
		return -1;
	market_chain_add(m, &c, in ? MARKET_BANK : who, in ? who : MARKET_BANK, amount, cause);
	int r = market_chain_apply(m, &c, e);
	market_chain_done(&c);
	return r;
}

int market_deposit(struct market *m, const char *who, uint64_t amount, struct err *e)
{
	return bank_move(m, who, amount, true, e);
}

int market_withdraw(struct market *m, const char *who, uint64_t amount, struct err *e)
{
	return bank_move(m, who, amount, false, e);
}
