/* enclua run-task: the main job. Gather, seal, run in a box, store, tell. See run_gather.c for what is checked before anything happens. */
#include "run_task.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "base/os.h"
#include "base/text.h"
#include "layers.h"
#include "node/parcel.h"
#include "result.h"
#include "seal/crypto.h"
#include "trust/attest.h"
#include "trust/keeper.h"
#include "verbs.h"

static void bar(void *ctx, double fraction)
{
	cli_progress(ctx, "running", (uint64_t)(fraction * 1000), 1000);
}

/* What this machine can show evidence of. An emulator's counts as software. */
static enum attest_level machine_level(void)
{
	struct attest_offer offers[8];
	enum attest_level best = ATTEST_SOFTWARE;
	for (size_t i = 0, n = attest_offers(offers, sizeof offers / sizeof *offers); i < n; i++)
		if (offers[i].present && !offers[i].simulated && offers[i].level > best)
			best = offers[i].level;
	return best;
}

static int options_read(const struct args *a, uint32_t *allow_missing, struct err *e)
{
	if (layers_allowed(a, allow_missing, e) < 0)
		return -1;
	enum attest_level level = ATTEST_NONE;
	if (args_has(a, "min-assurance") && attest_level_parse(&level, args_get(a, "min-assurance"), e) < 0) {
		e->code = ERR_USAGE;
		return err_wrap(e, "--min-assurance");
	}
	if (level > machine_level()) {
		err_set(e, ERR_DENIED, "this machine offers the assurance level %s, not %s", attest_level_text(machine_level()), attest_level_text(level));
		return err_hint(e, "enclua doctor");
	}
	return args_get(a, "output") ? result_dir_check(args_get(a, "output"), e) : 0;
}

static int task_end(struct job *j, const struct box_zygote *z, const struct work_result *r, struct store_task *t, struct err *e)
{
	struct work_ending end;
	work_ending(r, j->work.salt, &end);
	(void)snprintf(t->status, sizeof t->status, "%s", end.outcome);
	(void)snprintf(t->reason, sizeof t->reason, "%s", end.reason);
	memcpy(t->digest, end.digest, 32);
	base64_encode(j->callback, end.callback, end.callback_len);
	memcpy(t->blob, r->blob, 32);
	memcpy(t->assurance, r->assurance, sizeof t->assurance);
	t->result_size = r->size;
	return job_complete(j, z, t, e);
}

/* The task holds a lock while it is run here, so that anybody can tell a run from what is left of one. */
struct running { struct cli *c; char task[ID_TEXT]; int lock; };

static int running_begin(void *ctx, const char *task, struct err *e)
{
	struct running *r = ctx;
	(void)snprintf(r->task, sizeof r->task, "%s", task);
	r->lock = task_lock(r->c, task, e);
	return r->lock < 0 ? -1 : 0;
}

static int not_here(void *ctx, const char *task, struct err *e)
{
	(void)ctx;
	(void)task;
	(void)e;
	return 0;
}

/* Nobody else runs this task, so nobody else needs to come to the same: the worker's own key makes the salt, and the keeper is left alone where there is nothing to release. */
static void salt_take(struct job *j, const char *task)
{
	static const char label[] = "enclua/v1/task-salt";
	j->work.has_salt = true;
	hkdf256(j->work.salt, sizeof j->work.salt, identity_seed(j->worker), 32, task, strlen(task), label, sizeof label - 1);
}

/* Scheduler and worker in one. What is not the iApp's doing ends nothing: the task stays open, and the money with it, until it is resumed or claimed. */
static int run_here(struct cli *c, struct job *j, const char *dir, struct err *e)
{
	struct box_options options = { .allow_missing = j->allow_missing };
	struct box_zygote *z = NULL;
	struct store_task t = { .id = "" };
	struct work_result result;
	struct running running = { .c = c, .lock = -1 };
	bool open = false;
	int r = -1;
	uint64_t begun = os_now_us();
	if (box_zygote_start(&z, &options, e) < 0)
		goto out;
	j->start_us = os_now_us() - begun;
	if (book_worker_open(j->book, &j->worker, e) < 0 || (work_needs_keeper(&j->work) && keeper_link_warm(j->keeper, e) < 0))
		goto out;
	if ((j->deal.task[0] ? job_deal_again : job_deal)(j, &t, running_begin, &running, e) < 0)
		goto out;
	open = true;
	memcpy(t.measurement, box_measurement(z), 32);
	j->work.progress = bar;
	j->work.ctx = c;
	j->work.worker = j->worker;
	j->work.deal = j->deal.id;
	salt_take(j, t.id);
	if (work_run(j->store, j->keeper, z, &j->work, t.id, &result, e) < 0) {
		open = !result.refused;	/* what the keeper refuses for good has ended the task */
		goto out;
	}
	j->ran = &result;
	cli_progress_end(c);
	if (work_ended_outside(&result)) {
		err_set(e, ERR_UNAVAILABLE, "this machine ended the box: memory is short, or somebody killed it; that is no result, and nobody is paid");
		goto out;
	}
	if (task_end(j, z, &result, &t, e) < 0)
		goto out;
	open = false;
	store_task_done(&t);
	r = store_task_find(j->store, j->deal.task, &t, e) < 0 ? -1 : job_deliver(c, j, &t, dir, e);
out:
	j->ran = NULL;	/* the result ends here */
	if (open && !e->hint[0])
		err_hint(e, "task %s is open, and the money with it; when its time is over, enclua task claim gives it back", t.id);
	if (!open)
		task_unlock(c, running.task, running.lock);
	else if (running.lock >= 0)
		close(running.lock);	/* its file stays, and says that the task was left in the middle */
	store_task_done(&t);
	box_zygote_stop(z);
	return r;
}

#define WAIT_MS 20u	/* between two looks at the book */
#define PATIENCE_S 3	/* before somebody is told that workers are needed */

/* Until the task has ended, however: workers finish it, or its last deadline passes. */
int job_wait(struct cli *c, struct job *j, struct store_task *t, struct err *e)
{
	const int64_t begun = os_time();
	struct market_task m;
	bool told = false;
	if (host_get(j->book, MARKET_ROW_TASK, t->id, "", &m, e) < 0)
		return -1;
	for (;;) {
		store_task_done(t);
		if (store_task_find(j->store, j->deal.task, t, e) < 0)
			return -1;
		if (strcmp(t->status, "RUNNING") != 0)
			return 0;
		if (os_time() > m.final_deadline) {
			err_set(e, ERR_UNAVAILABLE, "nobody finished task %s in time", t->id);
			return err_hint(e, "enclua task claim %s gives the money back", t->id);
		}
		if (!told && os_time() > begun + PATIENCE_S) {
			cli_note(c, "waiting for the workers of %s; enclua worker run starts one here", j->deal.pool);
			told = true;
		}
		(void)usleep(WAIT_MS * 1000);
	}
}

static int hand_over_tell(struct cli *c, const struct job *j, struct err *e)
{
	const struct { const char *key, *value; } rows[] = { { "task", j->deal.task }, { "deal", j->deal.id }, { "status", "RUNNING" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_write_key(&c->out, rows[i].key);
		json_write_text(&c->out, rows[i].value);
	}
	job_costs_write(&c->out, &j->deal);
	if (job_grant_tell(j, e) < 0)
		return -1;
	return cli_print(c, e, "task      %s\ndeal      %s\nworkers of the pool run it; enclua task watch %s waits for the end\n", j->deal.task, j->deal.id,
		j->deal.task);
}

/* Others run it: what they need beside the book goes into a parcel for the keeper. */
static int run_elsewhere(struct cli *c, struct job *j, const char *dir, bool no_wait, struct err *e)
{
	const struct parcel_for to = { j->deal.requester, j->app_id };
	struct store_task t = { .id = "" };
	int r = -1;
	uint8_t keeper[32];
	if (keeper_of_book(j->book, keeper, e) < 0 || parcel_seal(j->store, keeper, &to, &j->work, j->deal.parcel, e) < 0 || job_deal(j, &t, not_here, NULL, e) < 0)
		goto out;
	j->handed_over = true;
	if (no_wait)
		r = book_checkpoint(j->book, NULL, e) < 0 ? -1 : hand_over_tell(c, j, e);
	else
		r = job_wait(c, j, &t, e) < 0 ? -1 : job_deliver(c, j, &t, dir, e);
out:
	store_task_done(&t);
	return r;
}

static int dry_run(struct cli *c, const struct job *j, struct err *e)
{
	const struct run_deal *d = &j->deal;
	char total[TEXT_AMOUNT];
	bool enough;
	if (job_workers_check(j, &enough, e) < 0)
		return -1;
	text_amount_write(total, d->total);
	json_write_key(&c->out, "dry_run");
	json_write_bool(&c->out, true);
	json_write_key(&c->out, "h1");
	json_write_text(&c->out, j->app->h1);
	json_write_key(&c->out, "pool");
	json_write_text(&c->out, d->pool);
	json_write_key(&c->out, "category");
	json_write_text(&c->out, run_categories[d->category]);
	job_costs_write(&c->out, d);
	json_write_key(&c->out, "enough_workers");
	json_write_bool(&c->out, enough);
	if (!enough)
		cli_note(c, "but the workers that the pool has now cannot reach trust %llu, even if all agree: enclua pool show %s; less --trust needs fewer",
			(unsigned long long)d->trust, d->pool);
	return cli_print(c, e, "%s %s (%s) would run in the pool %s, category %s, for %s; nothing was sealed, nothing started\n", j->app->manifest->name,
		j->app->manifest->version, j->app->h1, d->pool, run_categories[d->category], total);
}

static int number_read(const struct args *a, const char *option, uint64_t *out, struct err *e)
{
	const char *text = args_get(a, option);
	if (!text)
		return 0;
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n > 9 || text[n])
		return err_set(e, ERR_USAGE, "--%s needs a whole number", option);
	*out = strtoull(text, NULL, 10);
	return 0;
}

int job_terms_read(const struct args *a, struct job *j, struct err *e)
{
	struct run_deal *d = &j->deal;
	d->pool_typed = args_get(a, "pool");
	d->purpose = args_get(a, "purpose");
	d->min_assurance = args_get(a, "min-assurance");
	d->callback = args_get(a, "callback");
	j->work.callback = d->callback != NULL;
	if (d->callback && !d->callback[0])
		return err_set(e, ERR_USAGE, "--callback is empty");
	if (args_has(a, "max-price") && text_amount(args_get(a, "max-price"), &d->max_price, e) < 0) {
		err_wrap(e, "--max-price");
		return err_hint(e, "--max-price 1.5RLC pays 1.5 RLC at most; without it a run must be free");
	}
	d->max_given = args_has(a, "max-price");
	if (number_read(a, "trust", &d->trust, e) < 0)
		return -1;
	const char *category = args_get(a, "category");
	d->category_given = category != NULL;
	for (; category && run_categories[d->category] && strcmp(run_categories[d->category], category) != 0; d->category++)
		;
	if (category && !run_categories[d->category]) {
		err_set(e, ERR_USAGE, "--category is XS, S, M, L or XL");
		return err_hint(e, "a task has 5 min, 20 min, 1 h, 3 h or 10 h then; without --category, the shortest that its wall clock fits into");
	}
	return 0;
}

/* After the pricing, so that nobody is asked for a passphrase in vain. Who pays for himself needs no second signature. */
static int payer_open(struct cli *c, const char *payer, struct job *j, struct err *e)
{
	if (!payer || !strcmp(payer, j->me.name))
		return 0;
	if (cli_identity_open_named(c, payer, &j->deal.payer, e) < 0 || actor_register(j->book, payer, j->deal.payer, e) < 0)
		return err_wrap(e, "--payer");
	return 0;
}

int job_run(struct cli *c, const struct args *a, struct job *j, const char *dir, struct err *e)
{
	const bool no_wait = args_has(a, "no-wait");
	j->deal.here = j->deal.managed && j->deal.trust <= 1 && !no_wait;
	if (payer_open(c, args_get(a, "payer"), j, e) < 0 || job_seal(c, j, e) < 0 || job_register(j, e) < 0)
		return -1;
	return j->deal.here ? run_here(c, j, dir, e) : run_elsewhere(c, j, dir, no_wait, e);
}

static int run_one(struct cli *c, const struct args *a, struct job *j, struct err *e)
{
	if (job_gather(c, a, j, e) < 0 || job_terms_read(a, j, e) < 0 || job_price(j, e) < 0)
		return -1;
	return args_has(a, "dry-run") ? dry_run(c, j, e) : job_run(c, a, j, args_get(a, "output"), e);
}

static int words_check(const struct args *a, struct err *e)
{
	if (args_has(a, "bulk"))
		return args_has(a, "data") ? err_set(e, ERR_USAGE, "--data is for one task; with --bulk, data are named after the iApp: run-task APP --bulk DATA…") : 0;
	if (a->n_words > 1) {
		err_set(e, ERR_USAGE, "run-task does not know what to do with \"%s\"", cli_safe(a->words[1], strlen(a->words[1]), 0));
		return err_hint(e, "--data %s; or --bulk for data that many owners have granted", cli_safe(a->words[1], strlen(a->words[1]), 0));
	}
	return args_has(a, "all") || args_has(a, "per-task") ? err_set(e, ERR_USAGE, "--all and --per-task go with --bulk") : 0;
}

static int run_run_task(struct cli *c, struct args *a, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	int r = -1;
	if (!j)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (words_check(a, e) == 0 && options_read(a, &j->allow_missing, e) == 0)
		r = args_has(a, "bulk") ? run_bulk(c, a, j->allow_missing, e) : run_one(c, a, j, e);
	job_free(j);
	free(j);
	return r;
}

static const struct option_row run_options[] = { RUN_TASK_OPTIONS, { NULL, 0, NULL, false, NULL } };

const struct command run_task_commands[] = {
	{ "run-task", "APP [--data DATA]… [--arg NAME=VALUE]… [-o DIR]", "Run an iApp on sealed data in a box",
	  "Examples: enclua run-task iapps/cohort-average --data patients.csv --arg column=age -o out/\n"
	  "          enclua run-task mean-age --bulk --all -o out/     on all that its owners have granted to you for it, 100 data in a task\n\n"
	  "APP is a folder (packed and signed on the fly), an .iapp file, or a name or id from `enclua app list`.\n"
	  "The data is decrypted in the box only; the result is sealed there, to you or to the beneficiary.\n"
	  "Exit status 8: the iApp failed. 9: it passed a limit of its manifest.", run_options, 1, UINT_MAX, run_run_task },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
