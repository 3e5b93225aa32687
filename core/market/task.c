/* The life of a task. Each event has guards, rows of one table tried in their order, and an effect that runs when all of them hold. Deadlines compare as
 * PoCo's do: "before" is deadline > now, "after" is deadline ≤ now.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "market/inner.h"
#include "seal/crypto.h"

enum event { CONTRIBUTE, CONTRIBUTE_FINALIZE, REVEAL, REOPEN, FINALIZE, CLAIM, REFUSE };

/* An event while it is worked out. */
struct step {
	struct market *m;
	enum event event;
	const char *by;	/* worker, pool's owner; "" for anybody */
	bool by_keeper;
	const struct market_contribute *in;
	const uint8_t *digest;
	const struct market_callback *callback;
	struct market_task task;
	struct market_deal deal;
	bool contributed;
	struct market_contribution mine;	/* by's, when it contributed */
	char why[300];
};

struct guard {
	enum event event;
	const char *code;
	enum err_code kind;
	bool (*holds)(struct step *s, unsigned arg);	/* false: words in why */
	unsigned arg;
};

static bool no(struct step *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool no(struct step *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof s->why, fmt, ap);
	va_end(ap);
	return false;
}

#define STATUS(id) (1u << MARKET_##id)

static bool in_status(struct step *s, unsigned allowed)
{
	return (allowed & 1u << s->task.status) || no(s, "the task is %s", market_status_text(s->task.status));
}

static bool worker_named(struct step *s, unsigned arg)
{
	(void)arg;
	return market_name_ok(s->by) || no(s, "a contribution needs a worker");
}

enum deadline { OF_CONTRIBUTION, OF_REVEAL, OF_FINAL };
static const char *const deadline_words[] = { "contributing", "revealing", "the task" };

static int64_t deadline(const struct step *s, unsigned which)
{
	const int64_t at[] = { s->task.contribution_deadline, s->task.reveal_deadline, s->task.final_deadline };
	return at[which];
}

static bool before(struct step *s, unsigned which)
{
	return deadline(s, which) > s->m->now || no(s, "the time for %s ended %" PRId64 " s ago", deadline_words[which], s->m->now - deadline(s, which));
}

static bool after(struct step *s, unsigned which)
{
	return deadline(s, which) <= s->m->now || no(s, "the time for %s ends in %" PRId64 " s", deadline_words[which], deadline(s, which) - s->m->now);
}

static bool by_scheduler(struct step *s, unsigned arg)
{
	(void)arg;
	return strcmp(s->by, s->deal.pool_owner) == 0 || no(s, "that is for %s, who owned the pool when the deal was made, not for %s", s->deal.pool_owner,
		s->by[0] ? s->by : "nobody");
}

static bool keeper_signed(struct step *s, unsigned arg)
{
	(void)arg;
	return s->by_keeper || no(s, "only a keeper of the book refuses the keys of a task");
}

static bool first_of_worker(struct step *s, unsigned arg)
{
	(void)arg;
	return !s->contributed || no(s, "%s contributed to this task before", s->by);
}

static bool first_of_all(struct step *s, unsigned arg)
{
	(void)arg;
	return s->task.contributors == 0 || no(s, "%" PRIu64 " contributed to this task before", s->task.contributors);
}

static bool has_room(struct step *s, unsigned most)
{
	return s->task.contributors < most || no(s, "%u contributed already, and no task takes more", most);
}

static bool trust_is_one(struct step *s, unsigned arg)
{
	(void)arg;
	return s->deal.trust == 1 || no(s, "the deal asks for trust %" PRIu64 ": one worker alone cannot give it", s->deal.trust);
}

static bool attested_if_tee(struct step *s, unsigned arg)
{
	(void)arg;
	return s->in->attested || !(s->deal.tag & MARKET_TAG_TEE) || no(s, "the deal asks for an enclave, and none signed this result");
}

/* The keeper stands for the boxes that it has seen attested; without one, or without a box, the pool's owner answers for its workers. */
static bool authorized(struct step *s, unsigned arg)
{
	(void)arg;
	const char *who = s->in->attested && s->m->keeper[0] ? s->m->keeper : s->deal.pool_owner;
	return strcmp(s->in->authorized_by, who) == 0 || no(s, "%s must authorize this worker for this task; %s did", who,
		s->in->authorized_by[0] ? s->in->authorized_by : "nobody");
}

static bool has_contributed(struct step *s, unsigned arg)
{
	(void)arg;
	return s->contributed || no(s, "%s did not contribute to this task", s->by[0] ? s->by : "nobody");
}

static bool contribution_is_not(struct step *s, unsigned status)
{
	return (unsigned)s->mine.status != status || no(s, "the contribution of %s %s", s->by,
		status == MARKET_PROVED ? "is revealed already" : "was rejected when the task was opened again");
}

static bool among_winners(struct step *s, unsigned arg)
{
	(void)arg;
	return memcmp(s->mine.hash, s->task.winning, 32) == 0 || no(s, "%s contributed another result than the consensus", s->by);
}

static bool hash_matches(struct step *s, unsigned arg)
{
	(void)arg;
	uint8_t hash[32];
	market_result_hash(hash, s->task.id, s->digest);
	return memcmp(hash, s->mine.hash, 32) == 0 || no(s, "this digest is not the one that %s contributed", s->by);
}

static bool seal_matches(struct step *s, unsigned arg)
{
	(void)arg;
	uint8_t seal[32];
	market_result_seal(seal, s->by, s->task.id, s->digest);
	return memcmp(seal, s->mine.seal, 32) == 0 || no(s, "the seal of the contribution is not that of %s", s->by);
}

static bool nothing_revealed(struct step *s, unsigned arg)
{
	(void)arg;
	return s->task.reveals == 0 || no(s, "%" PRIu64 " of %" PRIu64 " winners revealed: finalize the task instead", s->task.reveals, s->task.winners);
}

static bool revealed_enough(struct step *s, unsigned arg)
{
	(void)arg;
	const struct market_task *t = &s->task;
	return t->reveals == t->winners || (t->reveals > 0 && t->reveal_deadline <= s->m->now) ||
		no(s, "%" PRIu64 " of %" PRIu64 " winners revealed, and they have %" PRId64 " s left", t->reveals, t->winners, t->reveal_deadline - s->m->now);
}

/* No callback asked: none given. Else the hash of the data is the digest. */
static bool callback_fits(struct step *s, unsigned arg)
{
	(void)arg;
	uint8_t hash[32];
	if (!s->deal.callback)
		return !s->callback->data || no(s, "the request asks for no callback data");
	if (!s->callback->data)
		return no(s, "the request asks for callback data");
	sha256(hash, s->callback->data, s->callback->len);
	return memcmp(hash, s->event == FINALIZE ? s->task.digest : s->digest, 32) == 0 || no(s, "the hash of the callback data is not the digest");
}

/* Each event has a row that says in which status it may happen; a task that never began is in none. */
static const struct guard guards[] = {
	{ CONTRIBUTE, "contribute-status", ERR_CONFLICT, in_status, STATUS(ACTIVE) },
	{ CONTRIBUTE, "contribute-null", ERR_INVALID, worker_named, 0 },
	{ CONTRIBUTE, "contribute-late", ERR_CONFLICT, before, OF_CONTRIBUTION },
	{ CONTRIBUTE, "contribute-twice", ERR_CONFLICT, first_of_worker, 0 },
	{ CONTRIBUTE, "contribute-full", ERR_LIMIT, has_room, MARKET_CONTRIBUTORS_MAX },
	{ CONTRIBUTE, "contribute-unattested", ERR_DENIED, attested_if_tee, 0 },
	{ CONTRIBUTE, "contribute-unauthorized", ERR_DENIED, authorized, 0 },

	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-status", ERR_CONFLICT, in_status, STATUS(ACTIVE) },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-null", ERR_INVALID, worker_named, 0 },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-late", ERR_CONFLICT, before, OF_CONTRIBUTION },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-twice", ERR_CONFLICT, first_of_all, 0 },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-trust", ERR_DENIED, trust_is_one, 0 },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-callback", ERR_INVALID, callback_fits, 0 },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-unattested", ERR_DENIED, attested_if_tee, 0 },
	{ CONTRIBUTE_FINALIZE, "contributeAndFinalize-unauthorized", ERR_DENIED, authorized, 0 },

	{ REVEAL, "reveal-status", ERR_CONFLICT, in_status, STATUS(REVEALING) },
	{ REVEAL, "reveal-late", ERR_CONFLICT, before, OF_REVEAL },
	{ REVEAL, "reveal-stranger", ERR_DENIED, has_contributed, 0 },
	{ REVEAL, "reveal-twice", ERR_CONFLICT, contribution_is_not, MARKET_PROVED },
	{ REVEAL, "reveal-rejected", ERR_CONFLICT, contribution_is_not, MARKET_REJECTED },
	{ REVEAL, "reveal-loser", ERR_DENIED, among_winners, 0 },
	{ REVEAL, "reveal-hash", ERR_INVALID, hash_matches, 0 },
	{ REVEAL, "reveal-seal", ERR_INVALID, seal_matches, 0 },

	{ REOPEN, "not-scheduler", ERR_DENIED, by_scheduler, 0 },
	{ REOPEN, "reopen-status", ERR_CONFLICT, in_status, STATUS(REVEALING) },
	{ REOPEN, "reopen-late", ERR_CONFLICT, before, OF_FINAL },
	{ REOPEN, "reopen-early", ERR_CONFLICT, after, OF_REVEAL },
	{ REOPEN, "reopen-revealed", ERR_CONFLICT, nothing_revealed, 0 },

	{ FINALIZE, "not-scheduler", ERR_DENIED, by_scheduler, 0 },
	{ FINALIZE, "finalize-status", ERR_CONFLICT, in_status, STATUS(REVEALING) },
	{ FINALIZE, "finalize-late", ERR_CONFLICT, before, OF_FINAL },
	{ FINALIZE, "finalize-early", ERR_CONFLICT, revealed_enough, 0 },
	{ FINALIZE, "finalize-callback", ERR_INVALID, callback_fits, 0 },

	{ CLAIM, "claim-status", ERR_CONFLICT, in_status, STATUS(ACTIVE) | STATUS(REVEALING) },
	{ CLAIM, "claim-early", ERR_CONFLICT, after, OF_FINAL },

	{ REFUSE, "not-keeper", ERR_DENIED, keeper_signed, 0 },
	{ REFUSE, "refuse-status", ERR_CONFLICT, in_status, STATUS(ACTIVE) },
	{ REFUSE, "refuse-late", ERR_CONFLICT, before, OF_FINAL },
};
#define GUARDS (sizeof guards / sizeof *guards)

static int guards_check(struct step *s, struct err *e)
{
	for (size_t i = 0; i < GUARDS; i++)
		if (guards[i].event == s->event && !guards[i].holds(s, guards[i].arg)) {
			market_refuse(s->m, guards[i].kind, guards[i].code, e, "%s", s->why);
			return err_hint(e, "enclua task show %s", s->task.id);
		}
	return 0;
}

static int task_missing(struct step *s, const char *task, struct err *e)
{
	size_t i = 0;
	while (guards[i].event != s->event || guards[i].holds != in_status)
		i++;
	return market_refuse(s->m, ERR_NOT_FOUND, guards[i].code, e, "the task %s is not there, or never began", task);
}

/* Reads what the guards look at, and asks them. */
static int step_begin(struct step *s, const char *task, struct err *e)
{
	market_begin(s->m);
	int r = market_get(s->m, MARKET_ROW_TASK, task, "", &s->task, e);
	if (r <= 0)
		return r < 0 ? -1 : task_missing(s, task, e);
	r = market_get(s->m, MARKET_ROW_DEAL, s->task.deal, "", &s->deal, e);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "the deal %s of a task is gone", s->task.deal);
	r = s->by[0] ? market_get(s->m, MARKET_ROW_CONTRIBUTION, task, s->by, &s->mine, e) : 0;
	if (r < 0)
		return -1;
	s->contributed = r > 0;
	return guards_check(s, e);
}

/* Anybody may begin a task, even when all its deadlines are over: only so can it be claimed. */
int market_initialize(struct market *m, const char *deal, uint64_t index, const char *task, struct err *e)
{
	struct market_deal d;
	struct market_slot slot = { .deal = "" };
	struct market_task t = { .id = "" }, old;
	market_begin(m);
	int r = market_get(m, MARKET_ROW_DEAL, deal, "", &d, e);
	if (r <= 0)
		return r < 0 ? -1 : market_refuse(m, ERR_NOT_FOUND, "initialize-deal", e, "there is no deal %s", deal);
	if (index < d.first || index - d.first >= d.size)
		return market_refuse(m, ERR_INVALID, "initialize-index", e, "the deal %s has the tasks %" PRIu64 " … %" PRIu64 ", not %" PRIu64, deal, d.first,
			d.first + d.size - 1, index);
	market_number_name(slot.index, index);
	r = market_get(m, MARKET_ROW_SLOT, d.id, slot.index, &slot, e);
	if (r)
		return r < 0 ? -1 : market_refuse(m, ERR_CONFLICT, "initialize-twice", e, "task %" PRIu64 " of the deal %s began before", index, deal);
	memcpy(slot.deal, d.id, MARKET_NAME);
	if (task[0])
		market_name_set(t.id, task);
	else
		market_task_id(t.id, d.id, index);
	if (!market_name_ok(task[0] ? task : t.id))
		return market_refuse(m, ERR_INVALID, "initialize-null", e, "a task needs an id");
	r = market_get(m, MARKET_ROW_TASK, t.id, "", &old, e);
	if (r)
		return r < 0 ? -1 : market_refuse(m, ERR_CONFLICT, "initialize-twice", e, "the task %s is there already", t.id);
	memcpy(slot.task, t.id, MARKET_NAME);
	memcpy(t.deal, d.id, MARKET_NAME);
	t.index = index;
	t.status = MARKET_ACTIVE;
	t.contribution_deadline = d.start + (int64_t)(MARKET_CONTRIBUTION_RATIO * d.time);
	t.final_deadline = d.start + (int64_t)(MARKET_FINAL_RATIO * d.time);
	t.total = 1;
	return market_add(m, MARKET_ROW_TASK, &t, e) < 0 ? -1 : market_add(m, MARKET_ROW_SLOT, &slot, e);
}

static void step_reveal_until(struct step *s)
{
	s->task.reveal_deadline = s->m->now + (int64_t)(MARKET_REVEAL_RATIO * s->deal.time);
}

/* The stake of one worker, in an account of its own. */
static int stake_lock(struct step *s, struct err *e)
{
	char stake[LEDGER_NAME];
	struct market_chain c;
	market_worker_stake_name(stake, s->task.id, s->by);
	if (market_account(s->m, s->by, e) < 0)
		return -1;
	if (s->deal.worker_stake == 0)
		return 0;
	if (market_account(s->m, stake, e) < 0 || market_chain_init(&c, 1, e) < 0)
		return -1;
	market_chain_add(s->m, &c, s->by, stake, s->deal.worker_stake, "stake");
	int r = market_chain_apply(s->m, &c, e);
	market_chain_done(&c);
	return r;
}

static int contribution_add(struct step *s, struct err *e)
{
	struct market_entrant entrant = { .task = "" };
	memcpy(entrant.task, s->task.id, MARKET_NAME);
	market_number_name(entrant.number, s->task.contributors++);
	market_name_set(entrant.worker, s->by);
	memcpy(s->mine.task, s->task.id, MARKET_NAME);
	memcpy(s->mine.worker, entrant.worker, MARKET_NAME);
	if (market_add(s->m, MARKET_ROW_CONTRIBUTION, &s->mine, e) < 0)
		return -1;
	return market_add(s->m, MARKET_ROW_ENTRANT, &entrant, e);
}

/* 1: the group was there; 0: it is new; −1 */
static int group_read(struct market *m, const char *task, const uint8_t hash[static 32], struct market_group *g, struct err *e)
{
	char name[HEX_LEN(32) + 1];
	hex_encode(name, hash, 32);
	int r = market_get(m, MARKET_ROW_GROUP, task, name, g, e);
	if (r == 0) {
		memset(g, 0, sizeof *g);
		market_name_set(g->task, task);
		market_name_set(g->hash, name);
	}
	return r;
}

int market_contribute(struct market *m, const struct market_contribute *in, bool *consensus, struct err *e)
{
	struct step s = { .m = m, .event = CONTRIBUTE, .by = in->worker, .in = in };
	struct market_group g;
	uint64_t score;
	if (step_begin(&s, in->task, e) < 0 || market_score_get(m, in->worker, &score, e) < 0)
		return -1;
	int known = group_read(m, s.task.id, in->hash, &g, e);
	if (known < 0)
		return -1;
	uint64_t weight = market_weight(score);
	if (market_group_add(&g.weight, &s.task.total, weight) < 0)
		return market_refuse(m, ERR_LIMIT, "overflow", e, "the weights of this task pass what can be counted");
	if (stake_lock(&s, e) < 0)
		return -1;
	g.contributed++;
	memset(&s.mine, 0, sizeof s.mine);
	s.mine.weight = market_log2(weight);
	memcpy(s.mine.hash, in->hash, 32);
	memcpy(s.mine.seal, in->seal, 32);
	*consensus = market_consensus(g.weight, s.task.total, s.deal.trust);
	if (*consensus) {
		s.task.status = MARKET_REVEALING;
		step_reveal_until(&s);
		s.task.winners = g.contributed;
		memcpy(s.task.winning, in->hash, 32);
	}
	if ((known ? market_change : market_add)(m, MARKET_ROW_GROUP, &g, e) < 0 || contribution_add(&s, e) < 0)
		return -1;
	return market_change(m, MARKET_ROW_TASK, &s.task, e);
}

/* One worker, trusted as it is, at once: no stake, no score. */
int market_contribute_finalize(struct market *m, const struct market_contribute *in, const uint8_t digest[static 32], const struct market_callback *callback,
	struct err *e)
{
	struct step s = { .m = m, .event = CONTRIBUTE_FINALIZE, .by = in->worker, .in = in, .digest = digest, .callback = callback };
	if (step_begin(&s, in->task, e) < 0 || market_account(m, in->worker, e) < 0 || market_pay_fast(m, &s.deal, in->worker, e) < 0)
		return -1;
	memset(&s.mine, 0, sizeof s.mine);
	s.mine.status = MARKET_PROVED;
	market_result_hash(s.mine.hash, s.task.id, digest);
	market_result_seal(s.mine.seal, in->worker, s.task.id, digest);
	memcpy(s.task.winning, s.mine.hash, 32);
	memcpy(s.task.digest, digest, 32);
	s.task.status = MARKET_COMPLETED;
	step_reveal_until(&s);
	s.task.winners = s.task.reveals = 1;
	return contribution_add(&s, e) < 0 ? -1 : market_change(m, MARKET_ROW_TASK, &s.task, e);
}

int market_reveal(struct market *m, const char *task, const char *worker, const uint8_t digest[static 32], struct err *e)
{
	struct step s = { .m = m, .event = REVEAL, .by = worker, .digest = digest };
	if (step_begin(&s, task, e) < 0)
		return -1;
	s.mine.status = MARKET_PROVED;
	s.task.reveals++;
	memcpy(s.task.digest, digest, 32);
	return market_change(m, MARKET_ROW_CONTRIBUTION, &s.mine, e) < 0 ? -1 : market_change(m, MARKET_ROW_TASK, &s.task, e);
}

/* Nobody of the winners showed a result: their contributions count no longer, their stakes stay where they are until the task ends. */
static int winners_reject(struct step *s, struct err *e)
{
	struct market_entrant entrant;
	struct market_contribution c;
	char number[MARKET_NAME];
	for (uint64_t i = 0; i < s->task.contributors; i++) {
		market_number_name(number, i);
		int r = market_get(s->m, MARKET_ROW_ENTRANT, s->task.id, number, &entrant, e);
		if (r > 0)
			r = market_get(s->m, MARKET_ROW_CONTRIBUTION, s->task.id, entrant.worker, &c, e);
		if (r <= 0)
			return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "a contribution to the task %s is gone", s->task.id);
		if (c.status != MARKET_CONTRIBUTED || memcmp(c.hash, s->task.winning, 32) != 0)
			continue;
		c.status = MARKET_REJECTED;
		if (market_change(s->m, MARKET_ROW_CONTRIBUTION, &c, e) < 0)
			return -1;
	}
	return 0;
}

int market_reopen(struct market *m, const char *task, const char *by, struct err *e)
{
	struct step s = { .m = m, .event = REOPEN, .by = by };
	struct market_group g;
	if (step_begin(&s, task, e) < 0)
		return -1;
	int known = group_read(m, task, s.task.winning, &g, e);
	if (known <= 0)
		return known < 0 ? -1 : err_set(e, ERR_INTERNAL, "the winners of the task %s are gone", task);
	if (winners_reject(&s, e) < 0)
		return -1;
	s.task.total -= g.weight;
	g.weight = 0;
	g.contributed = 0;
	s.task.status = MARKET_ACTIVE;
	s.task.reveal_deadline = 0;
	s.task.winners = 0;
	memset(s.task.winning, 0, sizeof s.task.winning);
	return market_change(m, MARKET_ROW_GROUP, &g, e) < 0 ? -1 : market_change(m, MARKET_ROW_TASK, &s.task, e);
}

int market_finalize(struct market *m, const char *task, const char *by, const struct market_callback *callback, struct err *e)
{
	struct step s = { .m = m, .event = FINALIZE, .by = by, .callback = callback };
	if (step_begin(&s, task, e) < 0 || market_pay_success(m, &s.deal, &s.task, e) < 0)
		return -1;
	s.task.status = MARKET_COMPLETED;
	return market_change(m, MARKET_ROW_TASK, &s.task, e);
}

int market_claim(struct market *m, const char *task, struct err *e)
{
	struct step s = { .m = m, .event = CLAIM, .by = "" };
	if (step_begin(&s, task, e) < 0 || market_pay_failure(m, &s.deal, &s.task, true, e) < 0)
		return -1;
	s.task.status = MARKET_FAILED;
	return market_change(m, MARKET_ROW_TASK, &s.task, e);
}

/* No key, so no run: nobody is at fault, and nobody pays. */
int market_refuse_task(struct market *m, const char *task, bool by_keeper, struct err *e)
{
	struct step s = { .m = m, .event = REFUSE, .by = "", .by_keeper = by_keeper };
	if (step_begin(&s, task, e) < 0 || market_pay_failure(m, &s.deal, &s.task, false, e) < 0)
		return -1;
	s.task.status = MARKET_FAILED;
	return market_change(m, MARKET_ROW_TASK, &s.task, e);
}
