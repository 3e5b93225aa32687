/* enclua task watch|claim, and what the market knows of a task for task show. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/os.h"
#include "base/text.h"
#include "result.h"
#include "trade.h"
#include "verbs.h"

#define LOOK_MS 200	/* between two looks at a task */
#define INDICES_MAX 100000u	/* of a deal that are searched for a task that never began */

/* What the market knows */

/* Each task of a book is one of the market; tables that say otherwise are not what the entries say. */
static int market_task_get(struct book *b, const char *id, struct market_task *out, struct err *e)
{
	int is = host_get(b, MARKET_ROW_TASK, id, "", out, e);
	if (is)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_INTERNAL, "the market knows nothing of the task %s", id);
	return err_hint(e, "enclua book rebuild makes the tables again");
}

struct view { struct cli *c; struct trade t; struct market_task task; int64_t now; };

static int assigned_line(void *ctx, const struct book_record *r, struct err *e)
{
	struct view *v = ctx;
	struct cli *c = v->c;
	struct market_contribution done;
	char called[LIMIT_NAME_BYTES + 1];
	const char *state = r->state > v->now ? "assigned" : "late";
	int is = host_get(v->t.b, MARKET_ROW_CONTRIBUTION, v->task.id, r->b, &done, e);
	if (is < 0)
		return -1;
	if (is)
		state = done.status == MARKET_PROVED ? "revealed" : done.status == MARKET_REJECTED ? "rejected" : "contributed";
	json_write_object(&c->out);
	trade_write(c, "worker", r->b);
	trade_write(c, "state", state);
	trade_write_time(c, "until", is ? 0 : r->state);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-12s %s  %s\n", "sent to", trade_call(&v->t, r->b, called), state);
}

static int deadlines_tell(struct cli *c, const struct market_task *t, struct err *e)
{
	const struct { const char *key; int64_t at; } rows[] = {
		{ "contribution", t->contribution_deadline }, { "reveal", t->reveal_deadline }, { "final", t->final_deadline },
	};
	json_write_key(&c->out, "deadline");
	json_write_object(&c->out);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char time[24];
		entry_time_text(time, rows[i].at);
		trade_write_time(c, rows[i].key, rows[i].at);
		if (rows[i].at && cli_print(c, e, "%-12s %s\n", rows[i].key, time) < 0)
			return -1;
	}
	json_write_object_end(&c->out);
	return 0;
}

int trade_task_tell(struct cli *c, struct book *b, const char *task, struct err *e)
{
	struct view v = { .c = c, .t = { .c = c, .b = b } };
	struct market_deal d;
	if (market_task_get(b, task, &v.task, e) < 0 || host_get(b, MARKET_ROW_DEAL, v.task.deal, "", &d, e) < 0 || book_time(b, &v.now, e) < 0)
		return -1;
	json_write_key(&c->out, "market");
	json_write_object(&c->out);
	trade_write(c, "deal", v.task.deal);
	trade_write_number(c, "index", v.task.index);
	trade_write(c, "status", market_status_text(v.task.status));
	trade_write_number(c, "trust", d.trust);
	trade_write_number(c, "cost", d.app_price + d.data_price + d.pool_price);
	trade_write_number(c, "contributors", v.task.contributors);
	trade_write_number(c, "winners", v.task.winners);
	trade_write_number(c, "reveals", v.task.reveals);
	if (cli_print(c, e, "%-12s %s, task %" PRIu64 " of it\n%-12s %s: %" PRIu64 " contributed, %" PRIu64 " agree, %" PRIu64 " revealed; trust %" PRIu64 " is asked\n", "deal", v.task.deal,
			v.task.index, "market", market_status_text(v.task.status), v.task.contributors, v.task.winners, v.task.reveals, d.trust) < 0 ||
		deadlines_tell(c, &v.task, e) < 0)
		return -1;
	json_write_key(&c->out, "workers");
	json_write_array(&c->out);
	int r = book_records(b, HOST_ASSIGN, task, -1, assigned_line, &v, e);
	json_write_array_end(&c->out);
	json_write_object_end(&c->out);
	return r;
}

/* watch */

struct watched { char text[160]; };

/* One line that says where the task is; a line is told again only when it is another. */
static int look(struct trade *t, const struct store_task *row, struct market_task *task, bool *ended, struct watched *w, struct err *e)
{
	if (market_task_get(t->b, row->id, task, e) < 0)
		return -1;
	*ended = task->status == MARKET_COMPLETED || task->status == MARKET_FAILED;
	(void)snprintf(w->text, sizeof w->text, "%s: %" PRIu64 " contributed, %" PRIu64 " agree, %" PRIu64 " revealed", market_status_text(task->status),
		task->contributors, task->winners, task->reveals);
	return 0;
}

static int late(const struct store_task *row, uint64_t waited_ms, uint64_t timeout_ms, const struct market_task *task, struct err *e)
{
	if (task->final_deadline <= os_time()) {
		err_set(e, ERR_UNAVAILABLE, "the last deadline of %s is over and nobody finished it", row->id);
		return err_hint(e, "enclua task claim %s: the payer gets the money back", row->id);
	}
	if (timeout_ms && waited_ms >= timeout_ms) {
		err_set(e, ERR_UNAVAILABLE, "%s has not ended in time", row->id);
		return err_hint(e, "enclua task show %s; a pool without a running worker does nothing: enclua worker run", row->id);
	}
	return 0;
}

static int watch(struct cli *c, struct trade *t, const char *which, uint64_t timeout_ms, struct err *e)
{
	struct watched now, said = { "" };
	struct market_task task;
	uint64_t begun = os_now_us();
	for (;;) {
		struct store_task row;
		bool ended = false;
		if (store_task_find(book_store(t->b), which, &row, e) < 0)
			return -1;
		int r = look(t, &row, &task, &ended, &now, e);
		if (r >= 0 && strcmp(now.text, said.text) != 0)
			cli_note(c, "%s", now.text);
		said = now;
		/* The row was read before the task was seen to have ended: it may say yet that it has not. */
		if (r >= 0 && ended) {
			store_task_done(&row);
			r = store_task_find(book_store(t->b), which, &row, e);
		}
		if (r >= 0)
			r = ended ? task_tell(c, t->b, &row, e) : late(&row, (os_now_us() - begun) / 1000, timeout_ms, &task, e);
		store_task_done(&row);
		if (r < 0 || ended)
			return r;
		(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
	}
}

static int run_watch(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	uint64_t timeout_ms = 0;
	const char *timeout = args_get(a, "timeout");
	if (timeout && text_duration_ms(timeout, &timeout_ms, e) < 0)
		return err_wrap(e, "--timeout");
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = watch(c, &t, a->words[0], timeout_ms, e);
	trade_done(&t);
	return r;
}

/* claim */

/* A task that never began has no row: its id is one that follows from a deal. */
struct unbegun { const char *id; struct market_deal deal; uint64_t index; bool found; };

static int deal_search(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct unbegun *u = ctx;
	const struct market_deal *d = row;
	char id[MARKET_NAME];
	(void)made;
	(void)e;
	for (uint64_t i = 0; i < d->size && i < INDICES_MAX; i++) {
		market_task_id(id, d->id, d->first + i);
		if (strcmp(id, u->id) == 0) {
			u->deal = *d;
			u->index = d->first + i;
			u->found = true;
			return 1;
		}
	}
	return 0;
}

static int unbegun_find(struct trade *t, const char *which, struct unbegun *u, struct err *e)
{
	*u = (struct unbegun){ .id = which };
	if (host_each(t->b, MARKET_ROW_DEAL, NULL, -1, deal_search, u, e) < 0)
		return -1;
	if (u->found)
		return 0;
	err_set(e, ERR_NOT_FOUND, "there is no task %s of the market in this book", cli_safe(which, strlen(which), 0));
	return err_hint(e, "enclua task list shows those that have begun, enclua deal show DEAL all of a deal; what has not begun needs its whole id");
}

static int unbegun_sign(struct trade *t, const struct unbegun *u, struct entry *en, const struct identity *by, struct buf *note, struct err *e)
{
	if (book_draft(t->b, en, ENTRY_TASK_INITIALIZE_TYPE, e) < 0)
		return -1;
	(void)snprintf(en->task_initialize.deal, ID_TEXT, "%.*s", (int)ID_TEXT - 1, u->deal.id);
	(void)snprintf(en->task_initialize.task, ID_TEXT, "%.*s", (int)ID_TEXT - 1, u->id);
	en->task_initialize.index = u->index;
	return entry_sign(en, by, note, e);
}

/* Of what never began, both entries or none: a task that begins only because a claim came too early would be nobody's wish. */
static int claim_enter(struct trade *t, const struct unbegun *u, const char *id, const struct identity *by, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf begin = BUF_INIT(ENTRY_BYTES_MAX), end = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t at[2];
	int r = en ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && u->found)
		r = unbegun_sign(t, u, en, by, &begin, e);
	if (r == 0)
		r = book_draft(t->b, en, ENTRY_TASK_CLAIM_TYPE, e);
	if (r == 0) {
		(void)snprintf(en->task_claim.task, ID_TEXT, "%.*s", (int)ID_TEXT - 1, id);
		r = entry_sign(en, by, &end, e);
	}
	const struct book_item items[2] = { { begin.data, begin.len }, { end.data, end.len } };
	if (r == 0 && book_append(t->b, items + !u->found, u->found ? 2 : 1, at, e) < 0)
		r = trade_hint(e);
	if (r == 0)
		trade_write_number(t->c, "entry", at[u->found ? 1 : 0]);
	buf_done(&begin);
	buf_done(&end);
	free(en);
	return r;
}

static int claim(struct trade *t, const char *which, struct err *e)
{
	struct identity *by = NULL;
	struct unbegun u = { .found = false };
	struct market_task task;
	struct market_deal d;
	struct err why;
	char id[MARKET_NAME], payer[LIMIT_NAME_BYTES + 1];
	int r = trade_actor(t, &by, e);
	if (r == 0 && host_find(t->b, MARKET_ROW_TASK, which, id, &why) < 0) {
		(void)snprintf(id, sizeof id, "%s", which);
		r = unbegun_find(t, which, &u, e);
	}
	if (r == 0)
		r = claim_enter(t, &u, id, by, e);
	identity_free(by);
	if (r < 0 || host_get(t->b, MARKET_ROW_TASK, id, "", &task, e) < 0 || host_get(t->b, MARKET_ROW_DEAL, task.deal, "", &d, e) < 0)
		return -1;
	uint64_t back = d.app_price + d.data_price + d.pool_price;
	trade_write(t->c, "task", id);
	trade_write(t->c, "payer", d.payer);
	trade_write_number(t->c, "refunded", back);
	return cli_print(t->c, e, "%s failed; %s has %s back\n", id, trade_call(t, d.payer, payer), trade_amount(back).text);
}

static int run_claim(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = claim(&t, a->words[0], e);
	trade_done(&t);
	return r;
}

static const struct option_row watch_options[] = {
	{ "timeout", 0, "DURATION", false, "give up after so long: 30s, 5m, 1h; without it, at the task's last deadline" }, TRADE_OPTIONS_END,
};

const struct command task_market_commands[] = {
	{ "task watch", "TASK [--timeout DURATION]", "Follow a task until it has ended",
	  "Example: enclua task watch task1qx7… --timeout 10m\n\nEach change is a line on standard error; when the task has ended, however it did, the result is that of task show. "
	  "Exit 10 when time is up\nbefore. JSON: as of task show.", watch_options, 1, 1, run_watch },
	{ "task claim", "TASK", "Get the payer's money back for a task that nobody finished",
	  "Example: enclua task claim task1qx7…\n\nAnybody may, once its last deadline is over; schedulers do it by themselves. The stake of the pool's owner goes to the kitty, workers "
	  "have theirs\nback. A task that never began needs its whole id (enclua deal show).\n\nJSON: task, payer, refunded, entry.", NULL, 1, 1, run_claim },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
