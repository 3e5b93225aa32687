/* The rules of double entry, over any backend. A chain is worked out on copies of the accounts that it touches; only when its last transfer holds does a
 * row change. Nothing here reads a clock, keeps state or knows what a transfer is for. What comes out of a backend is checked before it is used, and
 * what goes in is asserted: a wrong sum must stop the program, not travel.
 */
#include "book/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"


#define ACCOUNTS_MAX (2 * LEDGER_CHAIN)	/* each transfer touches two */
#define SLOTS_MAX (2 * ACCOUNTS_MAX)	/* half empty, so that a look takes about one step */
#define FEW 4u	/* a chain up to here needs no memory from the heap */

static_assert((SLOTS_MAX & (SLOTS_MAX - 1)) == 0, "slots are found with a mask");
static_assert(ACCOUNTS_MAX < UINT16_MAX, "a slot holds a number and one more for empty");

const char *ledger_unit_text(enum ledger_unit u)
{
	static const char *const texts[] = {
#define X(id, text, doc) text,
		LEDGER_UNITS(X)
#undef X
	};
	return (unsigned)u < LEDGER_UNIT_COUNT ? texts[u] : "?";
}

// NOLINTNEXTLINE(misc-redundant-expression): they are written in two places
static_assert(LEDGER_AMOUNT_MAX == TEXT_AMOUNT_MAX, "what is typed fits what is counted");

/* For messages: money as people write it, all else with its unit. */
struct amount { char text[48]; };
static struct amount amount_text(uint64_t v, enum ledger_unit u)
{
	struct amount a;
	if (u == LEDGER_NRLC)
		text_amount_write(a.text, v);
	else
		(void)snprintf(a.text, sizeof a.text, "%" PRIu64 " %s", v, ledger_unit_text(u));
	return a;
}

static const uint8_t no_id[LEDGER_ID];

static bool id_is(const uint8_t a[static LEDGER_ID], const uint8_t b[static LEDGER_ID])
{
	return memcmp(a, b, LEDGER_ID) == 0;
}

/* One account */

static bool account_sound(const struct ledger_account *a)
{
	if (a->debits_pending > LEDGER_AMOUNT_MAX || a->debits_posted > LEDGER_AMOUNT_MAX || a->credits_pending > LEDGER_AMOUNT_MAX ||
		a->credits_posted > LEDGER_AMOUNT_MAX || (unsigned)a->unit >= LEDGER_UNIT_COUNT)
		return false;
	/* the rule: debits_pending + debits_posted ≤ credits_posted; two amounts fit 63 bits */
	if (a->limited && a->debits_pending + a->debits_posted > a->credits_posted)
		return false;
	return !a->closed || (a->debits_pending == 0 && a->credits_pending == 0 && a->debits_posted == a->credits_posted);
}

uint64_t ledger_free(const struct ledger_account *a)
{
	return a->limited ? a->credits_posted - a->debits_posted - a->debits_pending : 0;
}

uint64_t ledger_balance(const struct ledger_account *a)
{
	return a->limited ? a->credits_posted - a->debits_posted : 0;
}

/* Printable ASCII without spaces: a name stands in messages, entries and commands. */
static int name_check(const char name[LEDGER_NAME], struct err *e)
{
	size_t n = strnlen(name, LEDGER_NAME);
	if (n == 0 || n >= LEDGER_NAME)
		return err_set(e, ERR_INVALID, n ? "the name of an account has more than %u bytes" : "an account without a name", LEDGER_NAME - 1);
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return err_set(e, ERR_INVALID, "the name of an account holds a character that none may have");
	return 0;
}

/* 1, 0, -1. */
static int account_read(const struct ledger_backend *b, const char *name, struct ledger_account *out, struct err *e)
{
	int r = b->account_get(b->ctx, name, out, e);
	if (r > 0 && (strcmp(out->name, name) != 0 || !account_sound(out)))
		return err_set(e, ERR_INVALID, "the account %s is corrupt: its sums break the rules of the ledger", name);
	return r;
}

int ledger_open(const struct ledger_backend *b, const char *name, enum ledger_unit unit, bool limited, struct err *e)
{
	struct ledger_account a;
	if (strnlen(name, LEDGER_NAME) >= LEDGER_NAME)
		return err_set(e, ERR_INVALID, "the name of an account has more than %u bytes", LEDGER_NAME - 1);
	if (name_check(name, e) < 0)
		return -1;
	if ((unsigned)unit >= LEDGER_UNIT_COUNT)
		return err_set(e, ERR_INVALID, "the account %s counts no unit that there is", name);
	int r = account_read(b, name, &a, e);
	if (r < 0)
		return -1;
	if (r > 0 && (a.unit != unit || a.limited != limited))
		return err_set(e, ERR_CONFLICT, "the account %s is there already, in %s %s limit", name, ledger_unit_text(a.unit),
			a.limited ? "with a" : "without");
	if (r > 0)
		return 0;
	a = (struct ledger_account){ .unit = unit, .limited = limited };
	memcpy(a.name, name, strlen(name));
	return b->account_put(b->ctx, &a, true, e);
}

static int account_missing(const char *name, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there is no account %s", name);
}

int ledger_close(const struct ledger_backend *b, const char *name, struct err *e)
{
	struct ledger_account a;
	int r = account_read(b, name, &a, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return account_missing(name, e);
	if (a.closed)
		return 0;
	if (a.debits_pending || a.credits_pending)
		return err_set(e, ERR_CONFLICT, "the account %s cannot be closed: %s are reserved in it and %s may still come", name,
			amount_text(a.debits_pending, a.unit).text, amount_text(a.credits_pending, a.unit).text);
	bool holds = a.credits_posted > a.debits_posted;
	if (a.debits_posted != a.credits_posted)
		return err_set(e, ERR_CONFLICT, "the account %s cannot be closed: it %s %s", name, holds ? "holds" : "owes",
			amount_text(holds ? a.credits_posted - a.debits_posted : a.debits_posted - a.credits_posted, a.unit).text);
	a.closed = true;
	assert(account_sound(&a));
	return b->account_put(b->ctx, &a, false, e);
}

/* What a chain holds while it is worked out: accounts by name, its own transfers by id, and by the id of what they resolve. A slot is a place in the
 * list plus one; 0 is empty. */
struct slots { uint16_t at[SLOTS_MAX]; size_t mask; };
struct work {
	const struct ledger_backend *b;
	const struct ledger_transfer *chain;
	int64_t now;
	struct ledger_account *accounts;
	size_t n_accounts;
	struct slots by_name, by_id, by_pending;
};

static void slots_init(struct slots *s, size_t n)
{
	size_t size = 8;
	while (size < 2 * n)
		size *= 2;
	assert(size <= SLOTS_MAX);
	s->mask = size - 1;
	memset(s->at, 0, size * sizeof *s->at);
}

static size_t name_hash(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);	/* FNV-1a */
	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

static size_t id_hash(const uint8_t id[static LEDGER_ID])
{
	uint64_t h[2];
	memcpy(h, id, sizeof h);
	h[0] = (h[0] ^ h[1]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h[0] ^ h[0] >> 32);
}

/* The slot of an id among those that the chain has so far: either it holds that id or it is empty. */
static uint16_t *id_slot(const struct work *w, struct slots *s, size_t offset, const uint8_t id[static LEDGER_ID])
{
	for (size_t i = id_hash(id);; i++) {
		uint16_t *at = &s->at[i & s->mask];
		if (*at == 0 || id_is((const uint8_t *)&w->chain[*at - 1] + offset, id))
			return at;
	}
}

#define ID_SLOT(w, which) id_slot(w, &(w)->by_id, offsetof(struct ledger_transfer, id), which)
#define PENDING_SLOT(w, which) id_slot(w, &(w)->by_pending, offsetof(struct ledger_transfer, pending), which)

/* The chain's copy of an account. */
static int account_hold(struct work *w, const char *name, struct ledger_account **out, struct err *e)
{
	uint16_t *at;
	for (size_t i = name_hash(name);; i++) {
		at = &w->by_name.at[i & w->by_name.mask];
		if (*at == 0)
			break;
		if (strcmp(w->accounts[*at - 1].name, name) == 0) {
			*out = &w->accounts[*at - 1];
			return 0;
		}
	}
	*out = &w->accounts[w->n_accounts];
	int r = account_read(w->b, name, *out, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return account_missing(name, e);
	*at = (uint16_t)++w->n_accounts;
	return (*out)->closed ? err_set(e, ERR_CONFLICT, "the account %s is closed", name) : 0;
}

/* One transfer */

static int sum_add(const struct ledger_account *a, uint64_t *sum, uint64_t amount, struct err *e)
{
	if (amount > LEDGER_AMOUNT_MAX - *sum)
		return err_set(e, ERR_LIMIT, "the account %s would count more than 2^62 - 1 %s", a->name, ledger_unit_text(a->unit));
	*sum += amount;
	return 0;
}

static int funds_check(const struct ledger_account *a, uint64_t amount, struct err *e)
{
	if (!a->limited || amount <= ledger_free(a))
		return 0;
	err_set(e, ERR_FUNDS, "the account %s has %s free and needs %s", a->name, amount_text(ledger_free(a), a->unit).text,
		amount_text(amount, a->unit).text);
	return err_hint(e, "enclua account show %s", a->name);
}

static int posted_do(struct work *w, const struct ledger_transfer *t, struct ledger_account *debit, struct ledger_account *credit, struct err *e)
{
	(void)w;
	if (funds_check(debit, t->amount, e) < 0 || sum_add(debit, &debit->debits_posted, t->amount, e) < 0)
		return -1;
	return sum_add(credit, &credit->credits_posted, t->amount, e);
}

static int pending_do(struct work *w, const struct ledger_transfer *t, struct ledger_account *debit, struct ledger_account *credit, struct err *e)
{
	if (t->expires && t->expires <= w->now)
		return err_set(e, ERR_INVALID, "a pending transfer of %s would expire before it begins", t->debit);
	if (funds_check(debit, t->amount, e) < 0 || sum_add(debit, &debit->debits_pending, t->amount, e) < 0)
		return -1;
	return sum_add(credit, &credit->credits_pending, t->amount, e);
}

/* The pending transfer that t resolves: of this chain or of the book. */
static int pending_find(struct work *w, const struct ledger_transfer *t, struct ledger_transfer *out, struct err *e)
{
	uint8_t by[LEDGER_ID];
	uint16_t at = *ID_SLOT(w, t->pending);
	if (at)
		*out = w->chain[at - 1];
	else {
		int r = w->b->transfer_get(w->b->ctx, t->pending, out, e);
		if (r <= 0)
			return r < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no pending transfer to resolve for %s", t->debit);
	}
	if (out->kind != LEDGER_PENDING)
		return err_set(e, ERR_CONFLICT, "the transfer of %s that is to be resolved is not pending", t->debit);
	if (strcmp(out->debit, t->debit) != 0 || strcmp(out->credit, t->credit) != 0)
		return err_set(e, ERR_INVALID, "the pending transfer is from %s to %s, and it is resolved from %s to %s", out->debit, out->credit, t->debit,
			t->credit);
	int done = *PENDING_SLOT(w, t->pending) ? 1 : at ? 0 : w->b->resolved_get(w->b->ctx, t->pending, by, e);
	if (done < 0)
		return -1;
	return done ? err_set(e, ERR_CONFLICT, "the pending transfer of %s was resolved before: that happens once", t->debit) : 0;
}

static int resolve_do(struct work *w, const struct ledger_transfer *t, struct ledger_account *debit, struct ledger_account *credit, struct err *e)
{
	struct ledger_transfer p;
	if (pending_find(w, t, &p, e) < 0)
		return -1;
	if (t->kind == LEDGER_POST && p.expires && p.expires <= w->now)
		return err_set(e, ERR_CONFLICT, "the pending transfer of %s has expired: it can be voided only", t->debit);
	if (t->amount > p.amount)
		return err_set(e, ERR_INVALID, "%s cannot move from %s: the pending transfer reserved %s", amount_text(t->amount, debit->unit).text, t->debit,
			amount_text(p.amount, debit->unit).text);
	if (p.amount > debit->debits_pending || p.amount > credit->credits_pending)
		return err_set(e, ERR_INVALID, "the account %s is corrupt: less is reserved in it than its pending transfers say", t->debit);
	debit->debits_pending -= p.amount;
	credit->credits_pending -= p.amount;
	if (sum_add(debit, &debit->debits_posted, t->amount, e) < 0 || sum_add(credit, &credit->credits_posted, t->amount, e) < 0)
		return -1;
	*PENDING_SLOT(w, t->pending) = (uint16_t)(t - w->chain + 1);
	return 0;
}

/* Of a kind: what it may say, and what it does. */
static const struct {
	int (*run)(struct work *w, const struct ledger_transfer *t, struct ledger_account *debit, struct ledger_account *credit, struct err *e);
	bool amount, resolves, expires;
	const char *text;
} kinds[] = {
	[LEDGER_POSTED] = { posted_do, .amount = true, .text = "posted" },
	[LEDGER_PENDING] = { pending_do, .amount = true, .expires = true, .text = "pending" },
	[LEDGER_POST] = { resolve_do, .amount = true, .resolves = true, .text = "post" },
	[LEDGER_VOID] = { resolve_do, .resolves = true, .text = "void" },
};

/* What can be said of a transfer without looking at anything else. */
static int shape_check(const struct ledger_transfer *t, struct err *e)
{
	if ((unsigned)t->kind >= LEDGER_KIND_COUNT)
		return err_set(e, ERR_INVALID, "a transfer of no kind that there is");
	if (name_check(t->debit, e) < 0 || name_check(t->credit, e) < 0)
		return -1;
	const char *kind = kinds[t->kind].text;
	if (id_is(t->id, no_id))
		return err_set(e, ERR_INVALID, "a %s transfer of %s without an id", kind, t->debit);
	if (!memchr(t->cause, '\0', sizeof t->cause))
		return err_set(e, ERR_INVALID, "the cause of a %s transfer of %s is too long", kind, t->debit);
	if (kinds[t->kind].amount ? t->amount == 0 : t->amount != 0)
		return err_set(e, ERR_INVALID, "the amount of a %s transfer of %s %s", kind, t->debit, t->amount ? "is not 0" : "is 0");
	if (t->amount > LEDGER_AMOUNT_MAX)
		return err_set(e, ERR_INVALID, "the amount of a %s transfer of %s is more than 2^62 - 1", kind, t->debit);
	if (kinds[t->kind].resolves == id_is(t->pending, no_id))
		return err_set(e, ERR_INVALID, "a %s transfer of %s %s", kind, t->debit, kinds[t->kind].resolves ? "resolves nothing" : "resolves another");
	if (t->expires < 0 || (t->expires && !kinds[t->kind].expires))
		return err_set(e, ERR_INVALID, "a %s transfer of %s cannot expire at %" PRId64, kind, t->debit, t->expires);
	/* the index is one of a row in a database of signed numbers */
	return t->entry <= INT64_MAX ? 0 : err_set(e, ERR_INVALID, "the entry of a %s transfer of %s is out of range", kind, t->debit);
}

static int transfer_do(struct work *w, const struct ledger_transfer *t, struct err *e)
{
	struct ledger_account *debit, *credit;
	if (strcmp(t->debit, t->credit) == 0)
		return err_set(e, ERR_CONFLICT, "a transfer from %s to itself", t->debit);
	if (account_hold(w, t->debit, &debit, e) < 0 || account_hold(w, t->credit, &credit, e) < 0)
		return -1;
	if (debit->unit != credit->unit)
		return err_set(e, ERR_CONFLICT, "%s counts %s and %s counts %s: nothing can move between them", t->debit, ledger_unit_text(debit->unit),
			t->credit, ledger_unit_text(credit->unit));
	if (kinds[t->kind].run(w, t, debit, credit, e) < 0)
		return -1;
	assert(account_sound(debit) && account_sound(credit));
	*ID_SLOT(w, t->id) = (uint16_t)(t - w->chain + 1);
	return 0;
}

/* A chain */

static bool transfer_same(const struct ledger_transfer *a, const struct ledger_transfer *b)
{
	return id_is(a->id, b->id) && a->kind == b->kind && strcmp(a->debit, b->debit) == 0 && strcmp(a->credit, b->credit) == 0 &&
		a->amount == b->amount && id_is(a->pending, b->pending) && a->expires == b->expires && a->entry == b->entry &&
		strcmp(a->cause, b->cause) == 0;
}

/* 1: the whole chain is in the book already; 0: none of it. */
static int chain_known(struct work *w, size_t n, struct err *e)
{
	struct ledger_transfer old;
	size_t known = 0;
	for (size_t i = 0; i < n; i++) {
		uint16_t *at = ID_SLOT(w, w->chain[i].id);
		if (*at)
			return err_set(e, ERR_CONFLICT, "two transfers of %s in one chain have the same id", w->chain[i].debit);
		*at = (uint16_t)(i + 1);
		int r = w->b->transfer_get(w->b->ctx, w->chain[i].id, &old, e);
		if (r < 0)
			return -1;
		if (r > 0 && !transfer_same(&old, &w->chain[i]))
			return err_set(e, ERR_CONFLICT, "a transfer of %s has an id that another transfer has already", w->chain[i].debit);
		known += (size_t)r;
	}
	if (known && known < n)
		return err_set(e, ERR_CONFLICT, "of a chain of %zu transfers %zu are in the book already: it is all or nothing", n, known);
	return known ? 1 : 0;
}

static int chain_put(const struct work *w, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (w->b->transfer_put(w->b->ctx, &w->chain[i], e) < 0)
			return -1;
	for (size_t i = 0; i < w->n_accounts; i++)
		if (w->b->account_put(w->b->ctx, &w->accounts[i], false, e) < 0)
			return -1;
	return 0;
}

static int chain_do(struct work *w, size_t n, struct err *e)
{
	slots_init(&w->by_id, n);
	int known = chain_known(w, n, e);
	if (known)
		return known < 0 ? -1 : 0;
	slots_init(&w->by_id, n);
	slots_init(&w->by_pending, n);
	slots_init(&w->by_name, 2 * n);
	for (size_t i = 0; i < n; i++)
		if (transfer_do(w, &w->chain[i], e) < 0)
			return n > 1 ? err_wrap(e, "transfer %zu of a chain of %zu", i + 1, n) : -1;
	return chain_put(w, n, e);
}

int ledger_apply(const struct ledger_backend *b, const struct ledger_transfer *chain, size_t n, int64_t now, struct err *e)
{
	struct ledger_account few[2 * FEW];
	struct work w;
	if (n == 0)
		return err_set(e, ERR_INVALID, "a chain without transfers");
	if (n > LEDGER_CHAIN)
		return err_set(e, ERR_LIMIT, "a chain of %zu transfers; at most %u hold together", n, LEDGER_CHAIN);
	for (size_t i = 0; i < n; i++)
		if (shape_check(&chain[i], e) < 0)
			return -1;
	w.b = b;
	w.chain = chain;
	w.now = now;
	w.n_accounts = 0;
	w.accounts = n <= FEW ? few : malloc(2 * n * sizeof *w.accounts);
	if (!w.accounts)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = chain_do(&w, n, e);
	if (w.accounts != few)
		free(w.accounts);
	return r;
}

/* What must hold over all accounts */

int ledger_sums_add(struct ledger_sums *s, const struct ledger_account *a, struct err *e)
{
	if (!account_sound(a))
		return err_set(e, ERR_INVALID, a->closed ? "the account %s is closed and not empty" : "the account %s breaks the rules of the ledger: it spent what "
			"it has not, or counts too much", a->name);
	s->debits_pending[a->unit] += a->debits_pending;
	s->debits_posted[a->unit] += a->debits_posted;
	s->credits_pending[a->unit] += a->credits_pending;
	s->credits_posted[a->unit] += a->credits_posted;
	return 0;
}

int ledger_sums_check(const struct ledger_sums *s, struct err *e)
{
	for (unsigned u = 0; u < LEDGER_UNIT_COUNT; u++) {
		bool posted = s->debits_posted[u] == s->credits_posted[u];
		if (!posted || s->debits_pending[u] != s->credits_pending[u])
			return err_set(e, ERR_INVALID, "the %s debits and credits in %s are not the same: value came from nothing or is lost",
				posted ? "pending" : "posted", ledger_unit_text((enum ledger_unit)u));
	}
	return 0;
}
