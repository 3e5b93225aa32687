/* The state of the market as one JSON object: every balance, score, task and order. What is locked for whom is read from the accounts of deals and tasks, so
 * the numbers are those of the ledger and not a second count; what does not add up is an error, not a line.
 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"

struct person { char name[LEDGER_NAME]; uint64_t free, locked; };
struct dump {
	struct replay *r;
	struct person *people;	/* by name */
	size_t n, size;
	uint64_t kitty, bank, supply;
	struct ledger_sums sums;
};

static int person_add(struct dump *d, const char *name, struct err *e)
{
	if (d->n == d->size) {
		size_t size = d->size ? 2 * d->size : 64;
		struct person *more = realloc(d->people, size * sizeof *more);
		if (!more)
			return err_set(e, ERR_LIMIT, "out of memory for a dump");
		d->people = more;
		d->size = size;
	}
	struct person *p = &d->people[d->n++];
	memset(p, 0, sizeof *p);
	memcpy(p->name, name, strlen(name));
	return 0;
}

static int person_compare(const void *key, const void *member)
{
	return strcmp(key, ((const struct person *)member)->name);
}

/* Accounts come by name, so people do. */
static int account_free(void *ctx, const struct ledger_account *a, struct err *e)
{
	struct dump *d = ctx;
	if (ledger_sums_add(&d->sums, a, e) < 0)
		return -1;
	d->supply += ledger_balance(a);
	if (strcmp(a->name, MARKET_BANK) == 0)
		d->bank = a->debits_posted - a->credits_posted;
	else if (strcmp(a->name, MARKET_KITTY) == 0)
		d->kitty = ledger_balance(a);
	else if (!strchr(a->name, '/')) {
		if (person_add(d, a->name, e) < 0)
			return -1;
		d->people[d->n - 1].free = ledger_free(a);
	}
	return 0;
}

/* Whose money is in "<deal>/escrow", "<deal>/stake", "<task>/stake/<worker>"? */
static const char *locked_for(struct replay *r, const char *account, struct market_deal *d)
{
	char deal[MARKET_NAME] = "";
	const struct market_backend *b = market_memory_backend(r->rows);
	const char *slash = strchr(account, '/'), *worker = slash + strlen("/stake/");
	if (strncmp(slash, "/stake/", 7) == 0)
		return worker;
	memcpy(deal, account, (size_t)(slash - account));
	if (b->get(b->ctx, MARKET_ROW_DEAL, deal, "", d, NULL) <= 0)
		return "";
	return strcmp(slash, "/escrow") == 0 ? d->payer : d->pool_owner;
}

static int account_locked(void *ctx, const struct ledger_account *a, struct err *e)
{
	struct dump *d = ctx;
	struct market_deal deal;
	if (!strchr(a->name, '/') || ledger_balance(a) == 0)
		return 0;
	const char *who = locked_for(d->r, a->name, &deal);
	struct person *p = d->n ? bsearch(who, d->people, d->n, sizeof *p, person_compare) : NULL;
	if (!p)
		return err_set(e, ERR_INTERNAL, "the account %s belongs to nobody", a->name);
	p->locked += ledger_balance(a);
	return 0;
}

static void wide_write(struct json_writer *w, market_wide n)
{
	char digits[40];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + (int)(n % 10));
	while (n /= 10);
	json_write_raw(w, digits + at, sizeof digits - at);
}

static void number_write(struct json_writer *w, const char *key, uint64_t n)
{
	json_write_key(w, key);
	json_write_uint(w, n);
}

static int score_write(void *ctx, const void *row, struct err *e)
{
	(void)e;
	const struct market_score *s = row;
	number_write(ctx, s->who, s->value);
	return 0;
}

static int order_write(void *ctx, const void *row, struct err *e)
{
	(void)e;
	const struct market_order *o = row;
	number_write(ctx, o->id, o->consumed);
	return 0;
}

static int task_write(void *ctx, const void *row, struct err *e)
{
	(void)e;
	const struct market_task *t = row;
	struct json_writer *w = ctx;
	json_write_key(w, t->id);
	json_write_object(w);
	json_write_key(w, "status");
	json_write_text(w, market_status_text(t->status));
	json_write_key(w, "deadline");
	json_write_object(w);
	json_write_key(w, "contribution");
	json_write_int(w, t->contribution_deadline);
	json_write_key(w, "reveal");
	json_write_int(w, t->reveal_deadline);
	json_write_key(w, "final");
	json_write_int(w, t->final_deadline);
	json_write_object_end(w);
	json_write_key(w, "total");
	wide_write(w, t->total);
	number_write(w, "winners", t->winners);
	number_write(w, "reveals", t->reveals);
	json_write_object_end(w);
	return 0;
}

static int rows_write(struct dump *d, const char *key, enum market_kind kind, int (*f)(void *ctx, const void *row, struct err *e), struct err *e)
{
	struct json_writer *w = &d->r->result;
	json_write_key(w, key);
	json_write_object(w);
	int r = market_memory_each(d->r->rows, kind, f, w, e);
	json_write_object_end(w);
	return r;
}

static void people_write(struct dump *d)
{
	struct json_writer *w = &d->r->result;
	json_write_key(w, "accounts");
	json_write_object(w);
	for (size_t i = 0; i < d->n; i++) {
		json_write_key(w, d->people[i].name);
		json_write_object(w);
		number_write(w, "free", d->people[i].free);
		number_write(w, "locked", d->people[i].locked);
		json_write_object_end(w);
	}
	json_write_object_end(w);
}

static int dump_write(struct dump *d, struct err *e)
{
	if (ledger_memory_each(d->r->money, account_free, d, e) < 0 || ledger_sums_check(&d->sums, e) < 0 ||
		ledger_memory_each(d->r->money, account_locked, d, e) < 0)
		return -1;
	if (d->supply != d->bank)
		return err_set(e, ERR_INTERNAL, "identities, locks and kitty hold %llu, the bank gave %llu", (unsigned long long)d->supply,
			(unsigned long long)d->bank);
	people_write(d);
	number_write(&d->r->result, "kitty", d->kitty);
	if (rows_write(d, "scores", MARKET_ROW_SCORE, score_write, e) < 0 || rows_write(d, "tasks", MARKET_ROW_TASK, task_write, e) < 0 ||
		rows_write(d, "consumed", MARKET_ROW_ORDER, order_write, e) < 0)
		return -1;
	number_write(&d->r->result, "supply", d->supply);
	return 0;
}

int replay_dump(struct replay *r, const struct command *c, struct err *e)
{
	(void)c;
	struct dump d = { .r = r };
	int done = dump_write(&d, e);
	free(d.people);
	return done;
}
