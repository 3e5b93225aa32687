/* Decisions of policies and releases of keys: what keepers say of a deal's data, and whether they may. The check of a release is a function of its own, pure over the
 * rows, so that a keeper asks it of its replica before it signs what the book's host will ask again.
 *
 * Never looks at keys, evidence or policies themselves: that is the keeper's work.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_inner.h"

/* Decisions */

static const struct { const char *word; bool of_task; } scopes[] = {
	{ "offer", false }, { "match", false }, { "key_release", true }, { "run", true }, { "egress", true }, { "settle", true },
};

static int scope_check(const struct entry_policy_decision *f, struct err *e)
{
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
		if (entry_text_is(&f->scope, scopes[i].word)) {
			if (scopes[i].of_task == (f->task[0] != '\0'))
				return 0;
			return err_set(e, ERR_INVALID, "decision-task: a decision about %s %s", scopes[i].word, scopes[i].of_task ? "is of a task" : "is of no task yet");
		}
	return err_set(e, ERR_INVALID, "decision-scope: a decision is about offer, match, key_release, run, egress or settle");
}

/* The latest of the same question counts, so it is kept under that question's name. */
static void decision_name(char out[static 2 * ID_TEXT + 20], const char *request, const char *task, const char *scope, size_t scope_len)
{
	(void)snprintf(out, 2 * ID_TEXT + 20, "%s/%s/%.*s", request, task, (int)scope_len, scope);
}

static int decision_of_deal(struct event *v, const struct entry_policy_decision *f, struct entry *en, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct market_order request;
	struct market_task t;
	struct market_deal d;
	int r = -1, is = host_get(v->b, MARKET_ROW_ORDER, f->request, "", &request, e);
	if (host_grant(v->b, f->grant, en, &bytes, e) < 0)
		err_wrap(e, "decision-grant");
	else if (is <= 0 || request.kind != MARKET_ORDER_REQUEST)
		r = is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "decision-request: there is no request %s in this book", f->request);
	else if (strcmp(en->order_data.policy, f->policy) != 0)
		r = err_set(e, ERR_INVALID, "decision-policy: the grant asks %s, not %s", en->order_data.policy[0] ? en->order_data.policy : "no policy", f->policy);
	else if (f->task[0] && host_task(v->b, f->task, &t, &d, e) < 0)
		r = -1;
	else if (f->task[0] && strcmp(d.request, f->request) != 0)
		r = err_set(e, ERR_INVALID, "decision-task: the task is of the request %s", d.request);
	else
		r = 0;
	buf_done(&bytes);
	return r;
}

int on_policy_decision(struct event *v, struct err *e)
{
	const struct entry_policy_decision *f = &v->en->policy_decision;
	char name[2 * ID_TEXT + 20];
	uint8_t row[9];
	int is = host_is_keeper(v->b, v->by, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_DENIED, "not-keeper: only a keeper of the book says what a policy decided");
	if (scope_check(f, e) < 0)
		return -1;
	if (!entry_text_is(&f->effect, "permit") && !entry_text_is(&f->effect, "deny"))
		return err_set(e, ERR_INVALID, "decision-effect: a policy permits or denies");
	if (f->as_of > v->at->index)
		return err_set(e, ERR_INVALID, "decision-future: the book has %" PRIu64 " entries before this one, not %" PRIu64, v->at->index, f->as_of);
	if (f->assurance.len && host_assurance(&f->assurance) < 1)
		return err_set(e, ERR_INVALID, "decision-assurance: a machine has software, tpm2 or cvm");
	struct entry *en = malloc(sizeof *en);
	int r = en ? decision_of_deal(v, f, en, e) : err_set(e, ERR_LIMIT, "out of memory");
	free(en);
	if (r < 0)
		return -1;
	decision_name(name, f->request, f->task, f->scope.at, f->scope.len);
	memcpy(row, &v->at->index, 8);
	row[8] = entry_text_is(&f->effect, "permit");
	return host_record_put(v, HOST_DECISION, f->grant, name, f->policy, 0, row, sizeof row, e);
}

int host_decision(struct book *b, const char *grant, const char *request, const char *task, const char *scope, uint64_t *index, bool *permits, struct err *e)
{
	struct buf row = BUF_INIT(16);
	char name[2 * ID_TEXT + 20];
	decision_name(name, request, task, scope, strlen(scope));
	int r = book_record_get(b, HOST_DECISION, grant, name, &row, e);
	*index = 0;
	*permits = r == 1 && row.len == 9 && row.data[8] == 1;
	if (r == 1 && row.len == 9)
		memcpy(index, row.data, 8);
	buf_done(&row);
	return r;
}

/* Releases */

struct release {
	struct book *b;
	const struct entry_key_release *f;
	int64_t now;
	int level;
	bool undecided;	/* the keeper that asks has its policies' word, and the book not yet */
	struct market_task task;
	struct market_deal deal;
	char data[ID_TEXT];	/* the deal's data order, or "" */
	struct entry *request, *grant;	/* as they were signed */
	struct buf request_bytes;
};

static bool named(const struct entry_ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (strcmp(ids->at[i], id) == 0)
			return true;
	return false;
}

int host_deal_data(struct book *b, const char *deal, char order[static ID_TEXT], struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	int r = -1, is;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	is = book_record_made(b, MARKET_ROW_DEAL, deal, "", &index, e);
	if (is == 1 && book_entry(b, index, &bytes, e) == 0 && entry_decode(en, bytes.data, bytes.len, NULL, e) == 0) {
		memcpy(order, en->deal_match.data, ID_TEXT);
		r = 0;
	} else if (is == 0) {
		err_set(e, ERR_NOT_FOUND, "there is no deal %s in this book", deal);
	}
	free(en);
	buf_done(&bytes);
	return r;
}

/* A grant is asked as it stands now: taken back, ended, or of somebody else's data meanwhile, it opens nothing. */
static int grant_holds(struct release *x, const char *order, struct market_order *o, struct err *e)
{
	struct market_asset a;
	uint64_t left;
	int is = host_get(x->b, MARKET_ROW_ORDER, order, "", o, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "release-grant: there is no grant %s in this book", order);
	if ((is = host_cancelled(x->b, order, &left, e)) != 0)
		return is < 0 ? -1 : err_set(e, ERR_DENIED, "release-revoked: the grant %s was taken back", order);
	if (o->until && o->until <= x->now)
		return err_set(e, ERR_DENIED, "release-expired: the grant %s ended %" PRId64 " s ago", order, x->now - o->until);
	if (host_get(x->b, MARKET_ROW_ASSET, o->asset, "", &a, e) < 0)
		return -1;
	return strcmp(a.owner, o->signer) == 0 ? 0 : err_set(e, ERR_DENIED, "release-transferred: %s belongs to %s now, and %s granted it", o->asset, a.owner, o->signer);
}

static int grant_terms(struct release *x, const char *order, const struct market_order *o, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	const struct entry_text *purpose = &x->request->order_request.purpose;
	char stated[MARKET_NAME];
	bool permits = true;
	uint64_t index;
	int r = host_grant(x->b, order, x->grant, &bytes, e);
	const struct entry_text *least = &x->grant->order_data.min_assurance;
	host_name_text(stated, purpose);
	if (r == 0 && !market_purpose_granted(o, stated))
		r = err_set(e, ERR_DENIED, "release-purpose: the grant %s is for %.200s, and the request states %s", order, o->purposes, stated[0] ? stated : "none");
	if (r == 0 && host_assurance(least) > x->level)
		r = err_set(e, ERR_DENIED, "release-assurance: the grant %s asks for %.*s, and this is %.*s", order, (int)least->len, least->at,
			(int)x->f->assurance.len, x->f->assurance.at);
	if (r == 0 && !x->undecided && o->policy && host_decision(x->b, order, x->deal.request, x->f->task, "key_release", &index, &permits, e) < 0)
		r = -1;
	if (r == 0 && !permits)
		r = err_set(e, ERR_DENIED, "release-policy: the policy of the grant %s has not permitted the key of this task", order);
	buf_done(&bytes);
	return r;
}

/* One of many was not in the match, so what the match asks of a grant is asked here. */
static int bulk_terms(struct release *x, const char *order, const struct market_order *o, struct err *e)
{
	const struct market_restrict *only = &o->restrict_to;
	const struct { const char *admits, *who, *what; } places[] = {
		{ only->app, x->deal.app, "iApp" }, { only->pool, x->deal.pool, "pool" }, { only->requester, x->deal.requester, "requester" },
	};
	struct host *h = book_rules_context(x->b);
	bool again;
	if (host_reserved(x->b, x->f->task, order, HOST_VOLUME, &again, e) < 0)
		return -1;
	if (!again && o->consumed >= o->volume)
		return err_set(e, ERR_DENIED, "release-used: nothing is left of the grant %s", order);
	if (o->tag & ~MARKET_TAG_FRAMEWORKS & ~x->deal.tag)
		return err_set(e, ERR_DENIED, "release-tag: the grant %s needs what the deal does not", order);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int ok = market_admits(&h->market, places[i].admits, places[i].who, e);
		if (ok <= 0)
			return ok < 0 ? -1 : err_set(e, ERR_DENIED, "release-restricted: the grant %s admits as %s only %s, not %s", order, places[i].what, places[i].admits,
				places[i].who);
	}
	return 0;
}

static int grants_check(struct release *x, struct err *e)
{
	const struct entry_ids *bulk = &x->request->order_request.bulk, *grants = &x->f->grant;
	for (size_t i = 0; i < grants->n; i++) {
		const char *order = grants->at[i];
		struct market_order o;
		bool many = strcmp(order, x->data) != 0;
		if (many && !named(bulk, order))
			return err_set(e, ERR_INVALID, "release-grant: neither the deal nor the request names the grant %s", order);
		for (size_t k = 0; k < i; k++)
			if (strcmp(grants->at[k], order) == 0)
				return err_set(e, ERR_INVALID, "release-grant: the grant %s stands twice in it", order);
		if (grant_holds(x, order, &o, e) < 0 || (many && bulk_terms(x, order, &o, e) < 0) || grant_terms(x, order, &o, e) < 0)
			return -1;
	}
	return x->data[0] && !named(grants, x->data) ? err_set(e, ERR_INVALID, "release-missing: the key of the deal's data, %s, is not among them", x->data) : 0;
}

/* "<order1…> <code>" */
static int refused_one(struct release *x, size_t i, char order[static ID_TEXT], struct err *e)
{
	const struct entry_text *line = &x->f->refused.at[i];
	const char *space = memchr(line->at, ' ', line->len);
	size_t n = space ? (size_t)(space - line->at) : 0;
	if (!n || n >= ID_TEXT)
		return err_set(e, ERR_INVALID, "release-refused: what is refused is a grant, a space and a code");
	(void)snprintf(order, ID_TEXT, "%.*s", (int)n, line->at);
	if (!named(&x->request->order_request.bulk, order) || named(&x->f->grant, order))
		return err_set(e, ERR_INVALID, "release-refused: %s is not one of the request's many, or its key is released", order);
	if (!host_code_ok(space + 1, line->len - n - 1))
		return err_set(e, ERR_INVALID, "release-refused: no code says why %s is refused", order);
	for (size_t k = 0; k < i; k++)
		if (x->f->refused.at[k].len > n && memcmp(x->f->refused.at[k].at, line->at, n + 1) == 0)
			return err_set(e, ERR_INVALID, "release-refused: %s is refused twice", order);
	return 0;
}

/* Each of the many is released or refused. With none at all there is nothing to run on. */
static int bulk_check(struct release *x, struct err *e)
{
	const struct entry_ids *bulk = &x->request->order_request.bulk;
	char order[ID_TEXT];
	size_t granted = x->f->grant.n - (x->data[0] != '\0'), wanted = bulk->n - (x->data[0] && named(bulk, x->data));
	for (size_t i = 0; i < x->f->refused.n; i++)
		if (refused_one(x, i, order, e) < 0)
			return -1;
	if (granted + x->f->refused.n != wanted)
		return err_set(e, ERR_INVALID, "release-missing: of %zu data granted as one of many, %zu are released and %zu refused", wanted, granted, x->f->refused.n);
	return wanted && !granted ? err_set(e, ERR_DENIED, "release-none: none of the %zu data may be used", wanted) : 0;
}

/* More data of the requester's own needs no grant, as long as it is his. */
static int own_check(struct release *x, struct err *e)
{
	const struct entry_ids *own = &x->request->order_request.own_data;
	for (size_t i = 0; i < own->n; i++) {
		struct market_asset a;
		int is = host_get(x->b, MARKET_ROW_ASSET, own->at[i], "", &a, e);
		if (is <= 0 || strcmp(a.owner, x->deal.requester) != 0)
			return is < 0 ? -1 : err_set(e, ERR_DENIED, "release-transferred: %s is no longer the requester's", own->at[i]);
	}
	return 0;
}

static int task_check(struct release *x, const char *worker, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	bool sent;
	if (host_task(x->b, x->f->task, &x->task, &x->deal, e) < 0 || host_assigned(x->b, x->f->task, worker, &sent, e) < 0)
		return -1;
	if (x->task.status != MARKET_ACTIVE)
		return err_set(e, ERR_CONFLICT, "release-status: the task is %s", market_status_text(x->task.status));
	if (x->task.contribution_deadline <= x->now)
		return err_set(e, ERR_CONFLICT, "release-late: the time for contributing ended %" PRId64 " s ago", x->now - x->task.contribution_deadline);
	if (!sent)
		return err_set(e, ERR_DENIED, "release-unassigned: %s was not sent to this task", worker);
	uint64_t released = 0, assigned[2] = { 0 };
	int is = book_record_get(x->b, HOST_RELEASE, x->f->task, worker, &bytes, e);
	if (is == 1 && bytes.len == sizeof released) {
		memcpy(&released, bytes.data, sizeof released);
		buf_clear(&bytes);
		if (book_record_get(x->b, HOST_ASSIGN, x->f->task, worker, &bytes, e) == 1 && bytes.len == sizeof assigned)
			memcpy(assigned, bytes.data, sizeof assigned);
	}
	buf_done(&bytes);
	/* Sent again since: by the scheduler's word the box of before is no more. */
	if (is <= 0 || released < assigned[1])
		return is < 0 ? -1 : 0;
	return err_set(e, ERR_CONFLICT, "release-twice: %s has the keys of this task", worker);
}

static int level_check(struct release *x, struct err *e)
{
	const struct entry_text *least = &x->request->order_request.min_assurance;
	if (x->level < 1)
		return err_set(e, ERR_INVALID, "release-assurance: evidence is worth software, tpm2 or cvm");
	if (host_assurance(least) > x->level)
		return err_set(e, ERR_DENIED, "release-assurance: the request asks for %.*s, and this is %.*s", (int)least->len, least->at, (int)x->f->assurance.len,
			x->f->assurance.at);
	return x->f->log.len && !entry_text_is(&x->f->log, "none") ? err_set(e, ERR_INVALID, "release-log: the log is none, or not spoken of") : 0;
}

static int release_begin(struct release *x, struct book *b, const struct entry *en, int64_t now, struct err *e)
{
	*x = (struct release){ .b = b, .f = &en->key_release, .now = now, .level = host_assurance(&en->key_release.assurance),
		.request = malloc(sizeof *x->request), .grant = malloc(sizeof *x->grant), .request_bytes = BUF_INIT(ENTRY_BYTES_MAX) };
	return x->request && x->grant ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

static void release_done(struct release *x)
{
	free(x->request);
	free(x->grant);
	buf_done(&x->request_bytes);
}

int host_release_task(struct book *b, const struct entry *en, int64_t now, struct err *e)
{
	struct release x;
	char worker[MARKET_NAME];
	int r = -1;
	host_name_identity(worker, en->key_release.worker);
	if (release_begin(&x, b, en, now, e) == 0 && task_check(&x, worker, e) == 0 && host_request(b, x.deal.request, x.request, &x.request_bytes, e) == 0 &&
		level_check(&x, e) == 0)
		r = own_check(&x, e);
	release_done(&x);
	return r;
}

int host_release_check(struct book *b, const struct entry *en, bool undecided, uint64_t size, int64_t now, struct err *e)
{
	struct release x;
	char worker[MARKET_NAME], keeper[MARKET_NAME];
	int r = -1;
	host_name_identity(worker, en->key_release.worker);
	host_name_identity(keeper, en->by);
	if (release_begin(&x, b, en, now, e) < 0)
		goto out;
	x.undecided = undecided;
	int is = host_is_keeper(b, keeper, e);
	if (is < 0)
		goto out;
	if (is == 0)
		err_set(e, ERR_DENIED, "not-keeper: only a keeper of the book releases keys");
	else if (x.f->as_of > size)
		err_set(e, ERR_INVALID, "release-future: the book has %" PRIu64 " entries, not %" PRIu64, size, x.f->as_of);
	else if (task_check(&x, worker, e) == 0 && host_request(b, x.deal.request, x.request, &x.request_bytes, e) == 0 &&
		host_deal_data(b, x.deal.id, x.data, e) == 0 && level_check(&x, e) == 0 && grants_check(&x, e) == 0 && bulk_check(&x, e) == 0 && own_check(&x, e) == 0)
		r = host_budgets_check(b, x.f, e);
out:
	release_done(&x);
	return r;
}

/* So a keeper knows of each of many data beforehand whether its key may go out, and refuses those whose may not. */
int host_release_item(struct book *b, const struct entry *en, const char *order, int64_t now, struct err *e)
{
	struct release x;
	struct market_order o;
	int r = -1;
	bool begun = release_begin(&x, b, en, now, e) == 0;
	x.undecided = true;
	if (begun && host_task(b, x.f->task, &x.task, &x.deal, e) == 0 && host_request(b, x.deal.request, x.request, &x.request_bytes, e) == 0 &&
		host_deal_data(b, x.deal.id, x.data, e) == 0 && grant_holds(&x, order, &o, e) == 0 &&
		(strcmp(order, x.data) == 0 || bulk_terms(&x, order, &o, e) == 0))
		r = grant_terms(&x, order, &o, e);
	release_done(&x);
	return r;
}

/* One of many is used by the task, not by each of its workers. */
static int volume_use(struct event *v, const char *task, const char *order, struct err *e)
{
	bool again;
	if (host_reserved(v->b, task, order, HOST_VOLUME, &again, e) < 0)
		return -1;
	if (again)
		return 0;
	return market_order_use(v->m, order, 1, e) < 0 ? -1 : host_reserve_put(v, task, order, HOST_VOLUME, 1, e);
}

int on_key_release(struct event *v, struct err *e)
{
	const struct entry_key_release *f = &v->en->key_release;
	char worker[MARKET_NAME], data[ID_TEXT];
	struct market_task t;
	struct market_deal d;
	if (host_release_check(v->b, v->en, false, v->at->index, v->at->now, e) < 0 || host_task(v->b, f->task, &t, &d, e) < 0 || host_deal_data(v->b, d.id, data, e) < 0)
		return -1;
	for (size_t i = 0; i < f->grant.n; i++)
		if (strcmp(f->grant.at[i], data) != 0 && volume_use(v, f->task, f->grant.at[i], e) < 0)
			return -1;
	if (host_budgets_reserve(v, f, e) < 0)
		return -1;
	host_name_identity(worker, f->worker);
	return host_record_put(v, HOST_RELEASE, f->task, worker, f->task, 0, &v->at->index, sizeof v->at->index, e);
}

int host_release(struct book *b, const char *task, const char *worker, struct entry *en, struct buf *bytes, struct err *e)
{
	struct buf at = BUF_INIT(16);
	uint64_t index = 0;
	int r = book_record_get(b, HOST_RELEASE, task, worker, &at, e);
	if (r == 1 && at.len == sizeof index)
		memcpy(&index, at.data, sizeof index);
	buf_done(&at);
	if (r <= 0)
		return r;
	return book_entry(b, index, bytes, e) < 0 || entry_decode(en, bytes->data, bytes->len, NULL, e) < 0 ? -1 : 1;
}
