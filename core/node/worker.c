/* What is to be done next, from the book. A step looks at every task that has begun and not ended, does what is due for it, and then runs at most one. Whatever fails
 * is told and tried again later, as long as the book still asks for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "node/worker_inner.h"

#define AVOID 64u	/* tasks that went wrong here: enough for a pool's open ones */
#define AVOID_S 30	/* seconds before this worker tries one of them again */
#define PULSE_S 2	/* how often it looks whether those at a task live */
#define RETRY_S 5	/* when an entry was refused that should not have been */

struct pending { char deal[MARKET_NAME]; uint64_t next, end; };

struct worker_state {
	char me[IDENTITY_TEXT];
	struct { char task[MARKET_NAME]; int64_t until; } avoid[AVOID];
	size_t avoid_at;
	struct pending *pending;	/* deals of pools at hand with tasks that have not begun */
	size_t n_pending;
	uint64_t followed;	/* entries below this have been looked through for deals */
	bool scanned;
	struct presence presence;
};

/* One step. */
struct step {
	struct worker *w;
	int64_t now, due;
	struct market_task *tasks;
	size_t n, max;
	bool did;
};

int worker_begin(struct worker *w, struct err *e)
{
	w->state = calloc(1, sizeof *w->state);
	if (!w->state)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (w->identity)
		identity_text(w->state->me, identity_public(w->identity));
	w->state->presence.fd = -1;
	if (!w->identity || !w->zygote || presence_enter(&w->state->presence, w, e) == 0)
		return 0;
	worker_end(w);
	return -1;
}

void worker_end(struct worker *w)
{
	if (!w->state)
		return;
	presence_leave(&w->state->presence);
	free(w->state->pending);
	free(w->state);
	w->state = NULL;
}

static void due_at(struct step *s, int64_t at)
{
	if (at > s->now && (s->due == 0 || at < s->due))
		s->due = at;
}

static void tell(struct step *s, const char *task, const struct err *why)
{
	/* Another process was faster, and the book has grown: that is no news. */
	if (why->code != ERR_CONFLICT && s->w->say)
		s->w->say(s->w->ctx, task, why);
	due_at(s, s->now + RETRY_S);
}

static bool avoided(struct step *s, const char *task)
{
	struct worker_state *x = s->w->state;
	for (size_t i = 0; i < AVOID; i++)
		if (x->avoid[i].until > s->now && !strcmp(x->avoid[i].task, task)) {
			due_at(s, x->avoid[i].until);
			return true;
		}
	return false;
}

static void avoid(struct step *s, const char *task)
{
	struct worker_state *x = s->w->state;
	size_t i = x->avoid_at++ % AVOID;
	(void)snprintf(x->avoid[i].task, MARKET_NAME, "%s", task);
	x->avoid[i].until = s->now + AVOID_S;
}

/* Deals whose tasks have not all begun */

static bool deal_meant(const struct worker *w, const struct market_deal *d)
{
	return scheduler_key(w, d) && (!w->pool || !strcmp(w->pool, d->pool));
}

static int deal_add(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct step *s = ctx;
	struct worker_state *x = s->w->state;
	const struct market_deal *d = row;
	(void)made;
	if (!deal_meant(s->w, d))
		return 0;
	struct pending *more = realloc(x->pending, (x->n_pending + 1) * sizeof *more);
	if (!more)
		return err_set(e, ERR_LIMIT, "out of memory");
	x->pending = more;
	x->pending[x->n_pending] = (struct pending){ .next = d->first, .end = d->first + d->size };
	memcpy(x->pending[x->n_pending++].deal, d->id, MARKET_NAME);
	return 0;
}

static int entry_follow(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	static const char match[] = "enclua/deal.match/v1\n";
	struct step *s = ctx;
	struct entry *en;
	struct market_deal d;
	s->w->state->followed = index + 1;
	if (len < sizeof match || memcmp(bytes, match, sizeof match - 1) != 0)
		return 0;
	en = malloc(sizeof *en);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = entry_decode(en, bytes, len, NULL, e);
	if (r == 0)
		r = host_get(s->w->book, MARKET_ROW_DEAL, en->deal_match.deal, "", &d, e);
	free(en);
	return r < 0 ? -1 : r == 0 ? 0 : deal_add(s, &d, index, e);
}

static int deals_follow(struct step *s, uint64_t size, struct err *e)
{
	struct worker_state *x = s->w->state;
	if (s->w->n_owners == 0 || s->w->task)
		return 0;
	if (!x->scanned) {
		if (host_each(s->w->book, MARKET_ROW_DEAL, NULL, -1, deal_add, s, e) < 0)
			return -1;
		x->scanned = true;
		x->followed = size;
	}
	return x->followed < size ? book_entries(s->w->book, x->followed, size, entry_follow, s, e) : 0;
}

/* 1: begun, 0: not, −1 */
static int begun(const struct step *s, const char *deal, uint64_t index, struct err *e)
{
	struct market_slot slot;
	char number[MARKET_NAME];
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)index);
	return host_get(s->w->book, MARKET_ROW_SLOT, deal, number, &slot, e);
}

static int deal_begin(struct step *s, struct pending *p, size_t room, struct err *e)
{
	struct market_deal d;
	struct err why = { .code = ERR_NONE };
	uint64_t n = 0;
	int is = 1;
	while (p->next < p->end && (is = begun(s, p->deal, p->next, e)) == 1)
		p->next++;
	if (is < 0 || p->next == p->end || room == 0)
		return is < 0 ? -1 : 0;
	while (n < room && p->next + n < p->end && (is = begun(s, p->deal, p->next + n, e)) == 0)
		n++;
	if (is < 0 || host_get(s->w->book, MARKET_ROW_DEAL, p->deal, "", &d, e) < 0)
		return -1;
	if (scheduler_begin_tasks(s->w, &d, p->next, n, &why) < 0) {
		tell(s, p->deal, &why);
		return 0;
	}
	s->did = true;
	return 0;
}

/* Each deal has its own: one whose tasks nobody can run must not keep the others waiting. */
static size_t room_of(const struct step *s, const char *deal)
{
	size_t open = 0;
	for (size_t i = 0; i < s->n; i++)
		open += !strcmp(s->tasks[i].deal, deal);
	return open < WORKER_OPEN_MAX ? WORKER_OPEN_MAX - open : 0;
}

static int deals_begin(struct step *s, struct err *e)
{
	struct worker_state *x = s->w->state;
	size_t kept = 0;
	for (size_t i = 0; i < x->n_pending; i++) {
		if (deal_begin(s, &x->pending[i], s->did ? 0 : room_of(s, x->pending[i].deal), e) < 0)
			return -1;
		if (x->pending[i].next < x->pending[i].end)
			x->pending[kept++] = x->pending[i];
	}
	x->n_pending = kept;
	return 0;
}

/* Tasks */

static int task_add(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct step *s = ctx;
	const struct market_task *t = row;
	(void)made;
	if (s->w->task && strcmp(s->w->task, t->id) != 0)
		return 0;
	if (s->n == s->max) {
		size_t max = s->max ? 2 * s->max : 64;
		struct market_task *more = realloc(s->tasks, max * sizeof *more);
		if (!more)
			return err_set(e, ERR_LIMIT, "out of memory");
		s->tasks = more;
		s->max = max;
	}
	s->tasks[s->n++] = *t;
	return 0;
}

static int tasks_list(struct step *s, struct err *e)
{
	return host_each(s->w->book, MARKET_ROW_TASK, NULL, MARKET_REVEALING, task_add, s, e) < 0 ||
		host_each(s->w->book, MARKET_ROW_TASK, NULL, MARKET_ACTIVE, task_add, s, e) < 0 ? -1 : 0;
}

/* What this worker committed to is the consensus: it shows it, once. 1: done, 0: not for us, −1 */
static int reveal(struct step *s, const struct worker_task *t, struct err *e)
{
	struct worker *w = s->w;
	struct market_contribution mine;
	if (!w->identity || t->task.status != MARKET_REVEALING || t->task.reveal_deadline <= s->now)
		return 0;
	int is = host_get(w->book, MARKET_ROW_CONTRIBUTION, t->task.id, w->state->me, &mine, e);
	if (is <= 0 || mine.status != MARKET_CONTRIBUTED || memcmp(mine.hash, t->task.winning, 32) != 0)
		return is < 0 ? -1 : 0;
	struct entry *en = malloc(sizeof *en), *fresh = malloc(sizeof *fresh);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	is = en && fresh ? worker_kept(w, t->task.id, en, &note, e) : err_set(e, ERR_LIMIT, "out of memory");
	if (is == 1) {	/* signed anew: an entry is of the time at which it comes */
		is = book_draft(w->book, fresh, ENTRY_TASK_REVEAL_TYPE, e) < 0 ? -1 : 1;
		en->time = fresh->time;
		memcpy(en->nonce, fresh->nonce, sizeof en->nonce);
		if (is == 1)
			is = worker_append(w, en, w->identity, e) < 0 ? -1 : 1;
	} else if (is == 0 && w->zygote) {
		is = worker_recover(w, t, s->now, e);
	}
	buf_done(&note);
	free(en);
	free(fresh);
	return is;
}

/* A worker of this home that died at the task gets no more time. 1: one was taken back, 0, −1 */
static int bury(struct step *s, const struct worker_task *t, struct err *e)
{
	char (*at)[MARKET_NAME] = malloc(sizeof *at * MARKET_CONTRIBUTORS_MAX);
	size_t n = 0;
	int r = -1;
	if (!at)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (host_leases(s->w->book, t->task.id, s->now, at, MARKET_CONTRIBUTORS_MAX, &n, e) == 0)
		r = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint8_t who[32];
		int fd;
		due_at(s, s->now + PULSE_S);
		if (!strcmp(at[i], s->w->state->me) && !avoided(s, t->task.id))
			continue;	/* it is back, and has not failed here just now: the lease is its own */
		r = identity_parse(who, at[i], e) < 0 ? -1 : worker_keep_abandoned(s->w, who, t->task.id, &fd, e);
		if (r <= 0)
			continue;
		r = scheduler_assign(s->w, t, who, s->now, e) < 0 ? -1 : 1;
		worker_keep_unlock(s->w, who, t->task.id, fd);
	}
	free(at);
	return r;
}

/* The stake is locked when a result is contributed: without the money the run would be for nothing. */
static int can_stake(struct step *s, const struct worker_task *t, const char *who, struct err *e)
{
	struct ledger_account a;
	if (t->deal.trust <= 1 || t->deal.worker_stake == 0)
		return 1;
	int is = book_account(s->w->book, who, &a, e);
	return is <= 0 ? is : ledger_free(&a) >= t->deal.worker_stake;
}

/* How many tasks this worker is at, and whether this one is among them. */
struct load { struct step *s; const char *who, *task; unsigned n; bool here; };
static int load_one(void *ctx, const struct book_record *r, struct err *e)
{
	struct load *x = ctx;
	struct market_contribution done;
	if (r->state <= x->s->now || strcmp(r->b, x->who) != 0)
		return 0;
	int is = host_get(x->s->w->book, MARKET_ROW_CONTRIBUTION, r->a, r->b, &done, e);
	x->n += is == 0;
	x->here |= is == 0 && !strcmp(r->a, x->task);
	return is < 0 ? -1 : 0;
}

/* 1: it can be sent to this task, 0, −1. again: although it was sent before, and did not come in time. */
static int can_be_sent(struct step *s, const struct worker_task *t, const struct present *p, bool again, struct err *e)
{
	struct market_contribution done;
	struct load load = { s, p->worker, t->task.id, 0, false };
	bool was;
	int is = can_stake(s, t, p->worker, e);
	if (is <= 0 || (is = host_admitted(s->w->book, t->deal.pool, p->worker, e)) <= 0 || !strcmp(p->worker, s->w->state->me))
		return is < 0 ? -1 : 0;
	is = host_get(s->w->book, MARKET_ROW_CONTRIBUTION, t->task.id, p->worker, &done, e);
	if (is || (is = host_assigned(s->w->book, t->task.id, p->worker, &was, e)) < 0 || was != again)
		return is < 0 ? -1 : 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].status == MARKET_ACTIVE && book_records(s->w->book, HOST_ASSIGN, s->tasks[i].id, -1, load_one, &load, e) < 0)
			return -1;
	return !load.here && load.n < p->slots;
}

static int send_one(struct step *s, const struct worker_task *t, const struct present *list, size_t n, bool again, struct err *e)
{
	int64_t until = s->now + WORKER_LEASE_MARGIN + (int64_t)t->deal.time;
	for (size_t i = 0; i < n; i++) {
		uint8_t who[32];
		int is = can_be_sent(s, t, &list[i], again, e);
		if (is == 0)
			continue;
		if (is < 0 || identity_parse(who, list[i].worker, e) < 0)
			return -1;
		return scheduler_assign(s->w, t, who, until < t->task.contribution_deadline ? until : t->task.contribution_deadline, e) < 0 ? -1 : 1;
	}
	return 0;
}

/* Has the requester sent workers what they need? 1, 0, −1 */
static int has_parcel(struct step *s, const struct worker_task *t, struct err *e)
{
	static const uint8_t none[32];
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int r = en ? host_request(s->w->book, t->deal.request, en, &bytes, e) : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0)
		r = memcmp(en->order_request.parcel, none, 32) != 0;
	buf_done(&bytes);
	free(en);
	return r;
}

/* Workers of this home without the owner's key wait to be sent, best one that was not there before. 1: one was sent, 0, −1 */
static int send_waiting(struct step *s, const struct worker_task *t, struct err *e)
{
	struct present *list = NULL;
	size_t n = 0;
	int r = host_needs(s->w->book, t->task.id, s->now, e);
	if (r <= 0)
		return r;
	due_at(s, s->now + PULSE_S);	/* one may come */
	r = presence_list(s->w, t->deal.pool_owner, &list, &n, e);
	int may = r < 0 ? -1 : n == 0 ? 0 : has_parcel(s, t, e);
	r = may <= 0 ? may : send_one(s, t, list, n, false, e);
	if (may > 0 && r == 0)
		r = send_one(s, t, list, n, true, e);
	free(list);
	return r;
}

/* What the owner of the pool, or anybody, does for a task that is waiting. 1: done, 0, −1 */
static int duty(struct step *s, const struct worker_task *t, struct err *e)
{
	const struct market_task *k = &t->task;
	if (k->final_deadline <= s->now)
		return scheduler_claim(s->w, t, e) < 0 ? -1 : 1;
	due_at(s, k->final_deadline);
	if (!scheduler_key(s->w, &t->deal))
		return 0;
	if (k->status == MARKET_ACTIVE) {
		int r = k->contribution_deadline > s->now ? bury(s, t, e) : 0;
		return r || k->contribution_deadline <= s->now ? r : send_waiting(s, t, e);
	}
	bool late = k->reveal_deadline <= s->now;
	if (k->reveals == k->winners || (k->reveals && late))
		return scheduler_finalize(s->w, t, e) < 0 ? -1 : 1;
	if (late)
		return scheduler_reopen(s->w, t, e) < 0 ? -1 : 1;
	due_at(s, k->reveal_deadline);
	return 0;
}

static int lease_due(void *ctx, const struct book_record *r, struct err *e)
{
	(void)e;
	due_at(ctx, r->state);
	return 0;
}

/* 1: it ran, 0: it is not for us, −1: it went wrong here */
static int candidate(struct step *s, const struct worker_task *t, struct err *e)
{
	struct worker *w = s->w;
	struct market_contribution mine;
	if (!w->identity || !w->zygote || t->task.status != MARKET_ACTIVE || t->task.contribution_deadline <= s->now)
		return 0;
	int is = host_admitted(w->book, t->deal.pool, w->state->me, e);
	if (is <= 0)
		return is;
	is = host_get(w->book, MARKET_ROW_CONTRIBUTION, t->task.id, w->state->me, &mine, e);
	if (is || (is = can_stake(s, t, w->state->me, e)) <= 0)
		return is < 0 ? -1 : 0;
	/* Somebody's lease may run out unused. */
	return book_records(w->book, HOST_ASSIGN, t->task.id, -1, lease_due, s, e) < 0 ? -1 : worker_run(w, t, s->now, e);
}

/* The rows of a moment ago may be stale by now; the book refuses what does not fit any more. */
static int task_do(struct step *s, const struct market_task *task, int (*what)(struct step *s, const struct worker_task *t, struct err *e), bool *done, struct err *e)
{
	struct worker_task *t = calloc(1, sizeof *t);
	struct err why = { .code = ERR_NONE };
	int r = 0;
	*done = false;
	if (!t)
		return err_set(e, ERR_LIMIT, "out of memory");
	t->task = *task;
	if (host_get(s->w->book, MARKET_ROW_DEAL, task->deal, "", &t->deal, e) < 0) {
		r = -1;
	} else if (!s->w->pool || !strcmp(s->w->pool, t->deal.pool)) {
		int is = what(s, t, &why);
		*done = is > 0;
		if (is < 0)
			tell(s, task->id, &why);
		if (is < 0 && what == candidate && (why.code != ERR_CONFLICT || worker_keys_lost(&why)))
			avoid(s, task->id);
	}
	free(t);
	return r;
}

static int tasks_do(struct step *s, struct err *e)
{
	bool done;
	for (size_t i = 0; i < s->n; i++) {
		if (task_do(s, &s->tasks[i], duty, &done, e) < 0)
			return -1;
		s->did |= done;
		if (!done && s->tasks[i].status == MARKET_REVEALING && task_do(s, &s->tasks[i], reveal, &done, e) < 0)
			return -1;
		s->did |= done;
	}
	for (size_t i = 0; i < s->n && !s->did; i++) {
		if (s->tasks[i].status != MARKET_ACTIVE || avoided(s, s->tasks[i].id))
			continue;
		if (task_do(s, &s->tasks[i], candidate, &done, e) < 0)
			return -1;
		s->did |= done;
	}
	return 0;
}

int worker_step(struct worker *w, bool *did, int64_t *due, struct err *e)
{
	struct step s = { .w = w };
	uint64_t size;
	int r = -1;
	if (book_time(w->book, &s.now, e) < 0 || book_size(w->book, &size, e) < 0)
		return -1;
	if (s.now < os_time())
		s.now = os_time();
	if (tasks_list(&s, e) < 0 || deals_follow(&s, size, e) < 0 || deals_begin(&s, e) < 0 || tasks_do(&s, e) < 0)
		goto out;
	r = s.did || !w->identity ? 0 : worker_keep_sweep(w, e);
	*did = s.did;
	*due = s.due;
out:
	free(s.tasks);
	return r;
}
