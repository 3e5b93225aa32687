/* The market's backend on the book, and what can be asked of it. The rules themselves are called in host_apply.c.
 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "market/codec.h"
#include "host/host_inner.h"
#include "seal/machine_key.h"

#define MANAGER "manager"

/* Rows */

static int row_get(void *ctx, enum market_kind kind, const char *a, const char *b2, void *row, struct err *e)
{
	struct host *h = ctx;
	buf_clear(&h->row);
	int r = book_record_get(h->book, (unsigned)kind, a, b2, &h->row, e);
	return r <= 0 ? r : market_row_decode(kind, h->row.data, h->row.len, row, e) < 0 ? -1 : 1;
}

static int row_put(void *ctx, enum market_kind kind, const void *row, bool is_new, struct err *e)
{
	struct host *h = ctx;
	struct book_record r = { .kind = (unsigned)kind, .made = h->market.entry };
	buf_clear(&h->row);
	if (market_row_encode(kind, row, &h->row, e) < 0)
		return -1;
	market_row_names(kind, row, &r.a, &r.b);
	market_row_place(kind, row, &r.group, &r.state);
	r.bytes = h->row.data;
	r.len = h->row.len;
	return book_record_put(h->book, &r, is_new, e);
}

static int rules_open(struct book *b, void **ctx, struct err *e)
{
	struct host *h = calloc(1, sizeof *h);
	if (!h)
		return err_set(e, ERR_LIMIT, "out of memory");
	h->book = b;
	h->row = (struct buf)BUF_INIT(KIB(8));
	h->backend = (struct market_backend){ h, row_get, row_put };
	h->market = (struct market){ .rows = &h->backend, .money = book_ledger(b) };
	*ctx = h;
	return 0;
}

static void rules_close(void *ctx)
{
	struct host *h = ctx;
	buf_done(&h->row);
	free(h);
}

/* What is written of an order, a deal or a task. */
static bool rows_near(unsigned kind)
{
	static const unsigned near[] = { MARKET_ROW_ORDER, MARKET_ROW_DEAL, MARKET_ROW_TASK, MARKET_ROW_SLOT, MARKET_ROW_CONTRIBUTION, MARKET_ROW_ENTRANT, MARKET_ROW_GROUP,
		HOST_ASSIGN, HOST_SPONSOR, HOST_REQUEST, HOST_REVEAL, HOST_CANCEL, HOST_DECISION, HOST_RELEASE, HOST_RESERVE };
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		if (near[i] == kind)
			return true;
	return false;
}

const struct book_rules host_rules = { rules_open, rules_close, host_apply, rows_near };

/* The folder at `at` cannot be entered. */
static int folder_closed(const char *home, const char *at, const struct stat *st, struct err *e)
{
	const struct passwd *owner = getpwuid(st->st_uid);
	char whose[64];
	(void)snprintf(whose, sizeof whose, owner ? "%.60s" : "the user %.0s%lu", owner ? owner->pw_name : "", (unsigned long)st->st_uid);
	const bool mine = st->st_uid == geteuid();
	if (strcmp(home, at) == 0)
		err_set(e, ERR_DENIED, "the folder %s cannot be read: it belongs to %s", home, mine ? "you, and its mode forbids it" : whose);
	else
		err_set(e, ERR_DENIED, "whether there is a home at %s cannot be seen: the folder %s belongs to %s", home, at, mine ? "you, and its mode forbids it" : whose);
	return mine ? err_hint(e, "chmod u+rwx %s", at) : err_hint(e, "work as its owner, or choose another place: enclua --home DIR …");
}

int host_home_guard(const char *home, struct err *e)
{
	char at[PATH_MAX];
	struct stat st;
	if (snprintf(at, sizeof at, "%s", home) >= (int)sizeof at)
		return 0;	/* whoever opens it says so */
	if (stat(at, &st) == 0 && !S_ISDIR(st.st_mode)) {
		err_set(e, ERR_CONFLICT, "%s is a file, and a home is a folder", home);
		return err_hint(e, "choose another place: enclua --home DIR …");
	}
	if (faccessat(AT_FDCWD, at, R_OK | X_OK, AT_EACCESS) == 0 || errno != EACCES)
		return 0;
	/* The innermost folder that can be looked at is the one that lets nobody in. */
	for (char *slash; stat(at, &st) < 0; *slash = '\0')
		if (!(slash = strrchr(at, '/')) || slash == at)
			return 0;
	return folder_closed(home, at, &st, e);
}

int host_open(struct book **out, const char *home, bool create, struct err *e)
{
	struct book *b = NULL;
	*out = NULL;
	if (host_home_guard(home, e) < 0 || book_open_with(&b, home, create, &host_rules, e) < 0)
		return -1;
	*out = b;
	return 0;
}

/* The machine's own pool */

int host_manager_open(struct book *b, struct identity **out, struct err *e)
{
	return machine_key_open(book_home(b), MANAGER, out, e);
}

int host_append(struct book *b, struct entry *en, const struct identity *by, struct err *e)
{
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	int r = entry_sign(en, by, &note, e);
	if (r == 0)
		r = book_append_one(b, &note, NULL, e);
	buf_done(&note);
	return r;
}

/* Each of the three is looked for first, so that a home whose making was cut short is finished. */
static int pool_make(struct book *b, struct entry *en, const struct identity *manager, const uint8_t worker[static 32], struct err *e)
{
	struct store_identity known;
	char pool[MARKET_NAME], name[IDENTITY_TEXT];
	int is = store_identity_find(book_store(b), identity_public(manager), &known, e);
	if (is < 0)
		return -1;
	if (!is) {
		if (book_draft(b, en, ENTRY_IDENTITY_REGISTER_TYPE, e) < 0)
			return -1;
		en->identity_register.name = entry_text(MANAGER);
		memcpy(en->identity_register.age, identity_age_public(manager), 32);
		if (host_append(b, en, manager, e) < 0)
			return -1;
	}
	if (host_find(b, MARKET_ROW_ASSET, HOST_LOCAL_POOL, pool, NULL) < 0) {
		if (book_draft(b, en, ENTRY_POOL_CREATE_TYPE, e) < 0)
			return -1;
		en->pool_create.name = entry_text(HOST_LOCAL_POOL);
		en->pool_create.stake_ratio = MARKET_POOL_STAKE_RATIO;
		en->pool_create.scheduler_ratio = 1;
		if (host_append(b, en, manager, e) < 0 || host_find(b, MARKET_ROW_ASSET, HOST_LOCAL_POOL, pool, e) < 0)
			return -1;
	}
	identity_text(name, worker);
	is = host_admitted(b, pool, name, e);
	if (is)
		return is < 0 ? -1 : 0;
	if (book_draft(b, en, ENTRY_POOL_ADMIT_TYPE, e) < 0)
		return -1;
	(void)snprintf(en->pool_admit.pool, sizeof en->pool_admit.pool, "%.*s", ID_TEXT - 1, pool);
	memcpy(en->pool_admit.worker, worker, 32);
	return host_append(b, en, manager, e);
}

int host_local_pool(struct book *b, struct err *e)
{
	struct identity *manager = NULL, *worker = NULL;
	struct entry *en = malloc(sizeof *en);
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (machine_key_make(book_home(b), MANAGER, e) == 0 && host_manager_open(b, &manager, e) == 0 && book_worker_open(b, &worker, e) == 0)
		r = pool_make(b, en, manager, identity_public(worker), e) < 0 ? -1 : host_local_keeper(b, e);
	identity_free(manager);
	identity_free(worker);
	free(en);
	return r;
}

/* Reading */

int host_get(struct book *b, enum market_kind kind, const char *a, const char *b2, void *row, struct err *e)
{
	return row_get(book_rules_context(b), kind, a, b2, row, e);
}

struct each { enum market_kind kind; void *row; int (*f)(void *ctx, const void *row, uint64_t made, struct err *e); void *ctx; };
static int each_one(void *ctx, const struct book_record *r, struct err *e)
{
	const struct each *x = ctx;
	if (market_row_decode(x->kind, r->bytes, r->len, x->row, e) < 0)
		return -1;
	return x->f(x->ctx, x->row, r->made, e);
}

int host_each(struct book *b, enum market_kind kind, const char *group, int64_t state, int (*f)(void *ctx, const void *row, uint64_t made, struct err *e),
	void *ctx, struct err *e)
{
	struct each x = { kind, malloc(market_row_size(kind)), f, ctx };
	if (!x.row)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = book_records(b, (unsigned)kind, group, state, each_one, &x, e);
	free(x.row);
	return r;
}

struct named { const char *name; char *id; size_t n; };
static int pool_named(void *ctx, const struct book_record *r, struct err *e)
{
	struct named *x = ctx;
	(void)e;
	x->n++;
	(void)snprintf(x->id, MARKET_NAME, "%s", r->a);
	return 0;
}

int host_find(struct book *b, enum market_kind kind, const char *which, char id[static MARKET_NAME], struct err *e)
{
	static const char *const words[MARKET_KIND_COUNT] = {
		[MARKET_ROW_ASSET] = "pool", [MARKET_ROW_ORDER] = "order", [MARKET_ROW_DEAL] = "deal", [MARKET_ROW_TASK] = "task",
	};
	struct named x = { which, id, 0 };
	const char *one = strchr(which, '1');
	if (kind == MARKET_ROW_ASSET && *which && book_records(b, HOST_POOL, which, -1, pool_named, &x, e) < 0)
		return -1;
	if (x.n == 1)
		return 0;
	if (x.n > 1) {
		err_set(e, ERR_CONFLICT, "more than one pool is called %s", which);
		return err_hint(e, "give its id: enclua pool list");
	}
	struct err why = { .code = ERR_NONE };
	if (id_looks_like(which) && one && strlen(one + 1) >= 8 && strncmp(which, words[kind], (size_t)(one - which)) == 0) {
		if (book_record_find(b, (unsigned)kind, which, id, MARKET_NAME, &why) == 0)
			return 0;
		if (why.code != ERR_NOT_FOUND) {
			if (e)
				*e = why;
			return -1;
		}
	}
	err_set(e, ERR_NOT_FOUND, "there is no %s %.100s in this book", words[kind], which);
	return err_hint(e, "enclua %s list shows what there is; of an id, at least 8 characters after its 1 are needed", words[kind]);
}

int host_entry_find(struct book *b, const char *which, uint64_t *index, struct err *e)
{
	static const struct { const char *prefix; enum market_kind kind; } follow[] = { { "deal1", MARKET_ROW_DEAL }, { "task1", MARKET_ROW_TASK } };
	struct err why = { .code = ERR_NONE };
	char id[MARKET_NAME];
	for (size_t i = 0; i < sizeof follow / sizeof *follow; i++) {
		if (strncmp(which, follow[i].prefix, strlen(follow[i].prefix)) != 0)
			continue;
		if (host_find(b, follow[i].kind, which, id, &why) == 0)
			return book_record_made(b, (unsigned)follow[i].kind, id, "", index, e) == 1 ? 0 : err_set(e, ERR_INTERNAL, "nobody made %s", id);
		if (why.code != ERR_NOT_FOUND) {
			if (e)
				*e = why;
			return -1;
		}
	}
	return book_find(b, which, index, e);	/* which says best what is wrong with a name that nothing has */
}

int host_pool_name(struct book *b, const char *pool, char name[static LIMIT_NAME_BYTES + 1], struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_NAME_BYTES);
	int r = book_record_get(b, HOST_POOL, pool, "", &bytes, e);
	(void)snprintf(name, LIMIT_NAME_BYTES + 1, "%s", buf_text(&bytes));
	buf_done(&bytes);
	return r < 0 ? -1 : 0;
}

int host_cancelled(struct book *b, const char *order, uint64_t *left, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	int r = book_record_get(b, HOST_CANCEL, order, "", &bytes, e);
	*left = 0;
	if (r == 1 && bytes.len == sizeof *left)
		memcpy(left, bytes.data, sizeof *left);
	buf_done(&bytes);
	return r;
}

int host_request(struct book *b, const char *order, struct entry *en, struct buf *bytes, struct err *e)
{
	struct buf at = BUF_INIT(16);
	uint64_t index = 0;
	int r = book_record_get(b, HOST_REQUEST, order, "", &at, e);
	if (r == 1 && at.len == sizeof index)
		memcpy(&index, at.data, sizeof index);
	buf_done(&at);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no request %s in this book", order);
	return book_entry(b, index, bytes, e) < 0 ? -1 : entry_decode(en, bytes->data, bytes->len, NULL, e);
}

/* Who is at a task */

int host_assigned(struct book *b, const char *task, const char *worker, bool *is, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	int r = book_record_get(b, HOST_ASSIGN, task, worker, &bytes, e);
	buf_done(&bytes);
	*is = r == 1;
	return r < 0 ? -1 : 0;
}

int host_admitted(struct book *b, const char *pool, const char *worker, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	int is = book_record_get(b, HOST_WORKER, pool, worker, &bytes, e);
	if (is == 1)
		is = bytes.len == 1 && bytes.data[0] == 1;
	buf_done(&bytes);
	return is;
}

struct leases { struct book *b; const char *task; int64_t now; char (*workers)[MARKET_NAME]; size_t max, n; };
static int lease_one(void *ctx, const struct book_record *r, struct err *e)
{
	struct leases *x = ctx;
	struct market_contribution done;
	if (r->state <= x->now)
		return 0;
	int is = host_get(x->b, MARKET_ROW_CONTRIBUTION, x->task, r->b, &done, e);
	if (is < 0)
		return -1;
	if (!is && x->n < x->max)
		(void)snprintf(x->workers[x->n++], MARKET_NAME, "%s", r->b);
	return 0;
}

int host_leases(struct book *b, const char *task, int64_t now, char (*workers)[MARKET_NAME], size_t max, size_t *n, struct err *e)
{
	struct leases x = { b, task, now, workers, max, 0 };
	int r = book_records(b, HOST_ASSIGN, task, -1, lease_one, &x, e);
	*n = x.n;
	return r;
}

struct best { market_wide weight; };
static int best_group(void *ctx, const struct book_record *r, struct err *e)
{
	struct best *x = ctx;
	struct market_group g;
	if (market_row_decode(MARKET_ROW_GROUP, r->bytes, r->len, &g, e) < 0)
		return -1;
	if (g.weight > x->weight)
		x->weight = g.weight;
	return 0;
}

/* The hopeful view: all that are at it join the best group. If that is enough, nobody else is sent. */
static int needs(struct book *b, const struct market_task *t, int64_t now, struct err *e)
{
	char (*at)[MARKET_NAME] = malloc(sizeof *at * MARKET_CONTRIBUTORS_MAX);
	struct host *h = book_rules_context(b);
	struct best best = { 0 };
	struct market_deal deal;
	market_wide total = t->total;
	size_t n = 0;
	int r = -1;
	if (!at)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (host_get(b, MARKET_ROW_DEAL, t->deal, "", &deal, e) < 0 || host_leases(b, t->id, now, at, MARKET_CONTRIBUTORS_MAX, &n, e) < 0 ||
		book_records(b, MARKET_ROW_GROUP, t->id, -1, best_group, &best, e) < 0)
		goto out;
	if (t->status != MARKET_ACTIVE || t->contribution_deadline <= now || t->contributors + n >= MARKET_CONTRIBUTORS_MAX) {
		r = 0;
		goto out;
	}
	if (deal.trust <= 1) {
		r = t->contributors + n == 0;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t score;
		if (market_score_get(&h->market, at[i], &score, e) < 0)
			goto out;
		if (market_group_add(&best.weight, &total, market_weight(score)) < 0) {
			r = 0;	/* one more could not be weighed, and would be refused */
			goto out;
		}
	}
	r = best.weight == 0 || !market_consensus(best.weight, total, deal.trust);
out:
	free(at);
	return r;
}

int host_needs(struct book *b, const char *task, int64_t now, struct err *e)
{
	struct market_task t;
	bool begun;
	if (book_look_begin(b, &begun, e) < 0)
		return -1;
	int r = host_get(b, MARKET_ROW_TASK, task, "", &t, e);
	if (r == 1)
		r = needs(b, &t, now, e);
	book_look_end(b, begun);
	return r;
}
