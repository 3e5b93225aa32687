/* The judgement: the book, read without any of the commands that wrote it, has everything that was confirmed, nothing that an owner had forbidden, and all the money. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/os.h"
#include "form/receipt.h"
#include "host/host.h"
#include "load.h"
#include "seal/keystore.h"

#define LATER_S 14400	/* past the last deadline of a task of an hour */

/* Claims are for deadlines that are hours away: what this program takes for the time can be moved. The home is thrown away afterwards. */
static int64_t shift;
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as ld --wrap calls them
int64_t __real_os_time(void);
int64_t __wrap_os_time(void);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
int64_t __wrap_os_time(void)
{
	return __real_os_time() + shift;
}

/* What the entries say */

struct end { char id[ID_TEXT]; uint64_t index; };
struct reading {
	struct load *l;
	struct entry *en;
	struct end *cancelled;
	size_t n_cancelled, max_cancelled;
	uint64_t deposited, withdrawn, releases, matches, tasks, assigned, taken_back;
};

static void cancelled_add(struct reading *r, const char *order, uint64_t index)
{
	if (r->n_cancelled == r->max_cancelled) {
		r->max_cancelled = r->max_cancelled ? 2 * r->max_cancelled : 1024;
		r->cancelled = realloc(r->cancelled, r->max_cancelled * sizeof *r->cancelled);
		if (!r->cancelled)
			abort();
	}
	(void)snprintf(r->cancelled[r->n_cancelled].id, ID_TEXT, "%s", order);
	r->cancelled[r->n_cancelled++].index = index;
}

/* The entries come in order: what was taken back before stands in the list already. */
static void release_check(struct reading *r, uint64_t index)
{
	const struct entry_key_release *f = &r->en->key_release;
	r->releases++;
	for (size_t g = 0; g < f->grant.n; g++)
		for (size_t i = 0; i < r->n_cancelled; i++)
			if (!strcmp(r->cancelled[i].id, f->grant.at[g]))
				load_wrong(r->l, "entry %llu releases a key under %s, which entry %llu has revoked", (unsigned long long)index, f->grant.at[g],
					(unsigned long long)r->cancelled[i].index);
}

static int entry_read(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct reading *r = ctx;
	if (entry_decode(r->en, bytes, len, NULL, e) < 0)
		return -1;
	switch (r->en->type) {
	case ENTRY_ORDER_CANCEL_TYPE:
		cancelled_add(r, r->en->order_cancel.order, index);
		break;
	case ENTRY_KEY_RELEASE_TYPE:
		release_check(r, index);
		break;
	case ENTRY_ACCOUNT_DEPOSIT_TYPE:
		r->deposited += r->en->account_deposit.amount;
		break;
	case ENTRY_ACCOUNT_WITHDRAW_TYPE:
		r->withdrawn += r->en->account_withdraw.amount;
		break;
	case ENTRY_TASK_INITIALIZE_TYPE:
		r->tasks++;
		break;
	case ENTRY_TASK_ASSIGN_TYPE:
		r->assigned++;
		r->taken_back += (int64_t)r->en->task_assign.until <= r->en->time;
		break;
	default:
		break;
	}
	return 0;
}

/* Accounts */

struct money { uint64_t all, locked; size_t n_locked; };
static int account_add(void *ctx, const struct ledger_account *a, struct err *e)
{
	struct money *m = ctx;
	(void)e;
	if (!a->limited || a->unit != LEDGER_NRLC)
		return 0;
	m->all += ledger_balance(a);
	if (strchr(a->name, '/')) {
		m->locked += ledger_balance(a);
		m->n_locked += ledger_balance(a) != 0;
	}
	return 0;
}

static struct money money_count(struct load *l, struct book *b)
{
	struct money m = { 0 };
	struct err e;
	if (book_accounts(b, account_add, &m, &e) < 0)
		load_wrong(l, "the accounts cannot be read: %s", e.msg);
	return m;
}

/* Orders: no more was taken than was allowed */

static int order_check(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct load *l = ctx;
	const struct market_order *o = row;
	(void)made, (void)e;
	if (o->consumed > o->volume)
		load_wrong(l, "%s allows %llu uses and has served %llu", o->id, (unsigned long long)o->volume, (unsigned long long)o->consumed);
	return 0;
}

/* What was confirmed */

static void confirmed_check(struct load *l, struct book *b, const struct confirmed *c)
{
	struct store_task t = { .id = "" };
	uint64_t at, left;
	struct err e;
	if (host_entry_find(b, c->id, &at, &e) < 0)
		load_wrong(l, "%s was confirmed and %s is not in the book", op_names[c->op], c->id);
	else if (c->op == OP_REVOKE && host_cancelled(b, c->id, &left, &e) != 1)
		load_wrong(l, "%s was revoked and is not", c->id);
	else if (c->completed && (store_task_find(book_store(b), c->id, &t, &e) < 0 || strcmp(t.status, "COMPLETED") != 0))
		load_wrong(l, "%s gave a result and is %s in the book", c->id, t.status);
	store_task_done(&t);
}

static bool receipt_check(struct load *l, const struct confirmed *c)
{
	char path[PATH_MAX + 128];
	struct buf bytes = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	struct err e;
	(void)snprintf(path, sizeof path, "%s/%s", l->work, c->receipt);
	bool is = os_file_read(path, &bytes, &e) == 0 && receipt_open(&r, bytes.data, bytes.len, NULL, &e) == 0;
	if (!is)
		load_wrong(l, "the receipt of %s does not verify: %s", c->id, e.msg);
	receipt_free(r);
	buf_done(&bytes);
	return is;
}

/* Claims */

struct open { char (*at)[MARKET_NAME]; size_t n; };
static int open_add(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct open *o = ctx;
	const struct market_task *t = row;
	(void)made;
	void *more = realloc(o->at, (o->n + 1) * sizeof *o->at);
	if (!more)
		return err_set(e, ERR_LIMIT, "out of memory");
	o->at = more;
	(void)snprintf(o->at[o->n++], MARKET_NAME, "%s", t->id);
	return 0;
}

static int claim(struct book *b, const char *task, const struct identity *by, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	int r = en ? book_draft(b, en, ENTRY_TASK_CLAIM_TYPE, e) : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0) {
		(void)snprintf(en->task_claim.task, ID_TEXT, "%.*s", ID_TEXT - 1, task);
		r = entry_sign(en, by, &note, e) < 0 ? -1 : book_append_one(b, &note, NULL, e);
	}
	free(en);
	buf_done(&note);
	return r;
}

/* Whatever nobody has ended can be claimed when its time is over, and then nothing is locked any more. */
static void claims_check(struct load *l, struct book *b)
{
	struct open open = { .n = 0 };
	struct identity *by = NULL;
	char keys[PATH_MAX + 8];
	struct err e;
	const struct money before = money_count(l, b);
	(void)snprintf(keys, sizeof keys, "%s/keys", l->home);
	if (keystore_open(keys, "r0", NULL, &by, &e) < 0 || host_each(b, MARKET_ROW_TASK, NULL, MARKET_ACTIVE, open_add, &open, &e) < 0 ||
		host_each(b, MARKET_ROW_TASK, NULL, MARKET_REVEALING, open_add, &open, &e) < 0)
		load_wrong(l, "the open tasks cannot be read: %s", e.msg);
	shift = LATER_S;
	for (size_t i = 0; i < open.n; i++)
		if (claim(b, open.at[i], by, &e) < 0)
			load_wrong(l, "%s cannot be claimed: %s", open.at[i], e.msg);
	const struct money after = money_count(l, b);
	(void)printf("%zu tasks were open and are claimed; %llu nRLC were locked, %llu are\n", open.n, (unsigned long long)before.locked, (unsigned long long)after.locked);
	if (after.locked)
		load_wrong(l, "%zu accounts of deals still hold %llu nRLC", after.n_locked, (unsigned long long)after.locked);
	if (after.all != before.all)
		load_wrong(l, "the claims changed the sum of money from %llu to %llu", (unsigned long long)before.all, (unsigned long long)after.all);
	if (!l->killed && open.n)
		load_wrong(l, "%zu tasks were left open although nothing was killed", open.n);
	identity_free(by);
	free(open.at);
}

static void book_read(struct load *l, struct book *b)
{
	struct reading r = { .l = l, .en = malloc(sizeof *r.en) };
	uint64_t size = 0;
	struct err e;
	if (!r.en)
		abort();
	if (book_size(b, &size, &e) < 0 || book_entries(b, 0, size, entry_read, &r, &e) < 0 || host_each(b, MARKET_ROW_ORDER, NULL, -1, order_check, l, &e) < 0)
		load_wrong(l, "the book cannot be read: %s", e.msg);
	const struct money m = money_count(l, b);
	(void)printf("%llu entries, %.1f for each task; %llu tasks, %llu leases of which %llu were taken back, %llu releases of keys, %zu orders cancelled\n", (unsigned long long)size,
		r.tasks ? (double)size / (double)r.tasks : 0, (unsigned long long)r.tasks, (unsigned long long)r.assigned, (unsigned long long)r.taken_back,
		(unsigned long long)r.releases, r.n_cancelled);
	(void)printf("%llu nRLC were deposited, %llu withdrawn, %llu are there\n", (unsigned long long)r.deposited, (unsigned long long)r.withdrawn, (unsigned long long)m.all);
	if (m.all != r.deposited - r.withdrawn + l->spoil)
		load_wrong(l, "the books do not balance");
	free(r.cancelled);
	free(r.en);
}

static void command(struct load *l, const char *verb, struct json **out)
{
	struct call c;
	call_begin(l, &c, NULL);
	call_add(&c, "book");
	call_add(&c, "%s", verb);
	if (call_run(l, &c, "judge", out) < 0)
		load_wrong(l, "book %s refuses", verb);
}

void judge_book(struct load *l)
{
	struct json *rebuilt = NULL;
	command(l, "verify", NULL);
	command(l, "rebuild", &rebuilt);
	const char *before = json_text(json_get(rebuilt, "before"), NULL), *after = json_text(json_get(rebuilt, "after"), NULL);
	if (!before || !after || strcmp(before, after) != 0)
		load_wrong(l, "rebuilt from its entries the book has other tables");
	json_free(rebuilt);
}

/* What a judge must notice: an id that nobody made, a receipt with another letter in it; the money is seen to in book_read. */
static void spoil(struct load *l)
{
	char path[PATH_MAX + 128];
	if (l->n_confirmed < 2)
		return;
	struct confirmed *first = &l->confirmed[0], *second = &l->confirmed[1];
	char *last = &first->id[strlen(first->id) - 1];
	*last = *last == 'q' ? 'p' : 'q';
	(void)snprintf(path, sizeof path, "%s/%s", l->work, second->receipt);
	FILE *f = fopen(path, "r+e");
	if (f && fseek(f, 400, SEEK_SET) == 0)
		(void)fputc('#', f);
	if (f)
		(void)fclose(f);
}

void judge(struct load *l)
{
	struct book *b = NULL;
	struct err e;
	size_t receipts = 0, good = 0;
	if (l->spoil)
		spoil(l);
	judge_book(l);
	if (host_open(&b, l->home, false, &e) < 0) {
		load_wrong(l, "the book does not open: %s", e.msg);
		return;
	}
	(void)printf("\n");
	book_read(l, b);
	for (size_t i = 0; i < l->n_confirmed; i++) {
		confirmed_check(l, b, &l->confirmed[i]);
		if (l->confirmed[i].receipt[0]) {
			receipts++;
			good += receipt_check(l, &l->confirmed[i]);
		}
	}
	(void)printf("%zu operations were confirmed with an id of theirs; %zu of %zu receipts verify\n", l->n_confirmed, good, receipts);
	claims_check(l, b);
	book_close(b);
	judge_book(l);
}
