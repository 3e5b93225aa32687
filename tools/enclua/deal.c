/* enclua deal: what was matched, and the tasks of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trade.h"
#include "verbs.h"

#define TASKS_SHOWN 1000u	/* of one deal; what has not begun has no row and is counted */

/* list */

static uint64_t cost_of(const struct market_deal *d)
{
	return d->app_price + d->data_price + d->pool_price;
}

static int list_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct trade *t = ctx;
	struct cli *c = t->c;
	const struct market_deal *d = row;
	char app[LIMIT_NAME_BYTES + 1], pool[LIMIT_NAME_BYTES + 1], requester[LIMIT_NAME_BYTES + 1], time[24];
	entry_time_text(time, d->start);
	json_write_object(&c->out);
	trade_write(c, "deal", d->id);
	trade_write_time(c, "start", d->start);
	trade_write(c, "app", d->app);
	trade_write(c, "data", d->data);
	trade_write(c, "pool", d->pool);
	trade_write(c, "requester", d->requester);
	trade_write_number(c, "tasks", d->size);
	trade_write_number(c, "cost", cost_of(d));
	trade_write_number(c, "entry", made);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  %s  %s in %s for %s, %" PRIu64 " task%s at %s\n", d->id, time, trade_asset_call(t, d->app, app), trade_asset_call(t, d->pool, pool),
		trade_call(t, d->requester, requester), d->size, d->size == 1 ? "" : "s", trade_amount(cost_of(d)).text);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	(void)a;
	int r = trade_open(&t, c, e);
	json_write_key(&c->out, "deals");
	json_write_array(&c->out);
	if (r == 0)
		r = host_each(t.b, MARKET_ROW_DEAL, NULL, -1, list_row, &t, e);
	json_write_array_end(&c->out);
	trade_done(&t);
	if (r == 0 && !c->text.len)
		cli_note(c, "no deals yet; enclua run-task makes some");
	return r;
}

/* show */

static int names_tell(struct trade *t, const struct market_deal *d, struct err *e)
{
	const struct { const char *key, *value; } rows[] = {
		{ "deal", d->id }, { "request", d->request }, { "app", d->app }, { "data", d->data }, { "pool", d->pool }, { "app_owner", d->app_owner },
		{ "data_owner", d->data_owner }, { "pool_owner", d->pool_owner }, { "requester", d->requester }, { "beneficiary", d->beneficiary }, { "payer", d->payer },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[LIMIT_NAME_BYTES + 1];
		const char *value = rows[i].value, *called = strncmp(value, "enclua1", 7) == 0 ? trade_call(t, value, name) : trade_asset_call(t, value, name);
		bool named = called != value;
		trade_write(t->c, rows[i].key, value);
		if (value[0] && cli_print(t->c, e, "%-15s %s%s%s%s\n", rows[i].key, value, named ? " (" : "", named ? called : "", named ? ")" : "") < 0)
			return -1;
	}
	return 0;
}

static int terms_tell(struct cli *c, const struct market_deal *d, struct err *e)
{
	const struct { const char *key; uint64_t value; bool money; } rows[] = {
		{ "app_price", d->app_price, true }, { "data_price", d->data_price, true }, { "pool_price", d->pool_price, true }, { "cost", cost_of(d), true },
		{ "pool_stake", d->pool_stake, true }, { "worker_stake", d->worker_stake, true }, { "scheduler_ratio", d->scheduler_ratio, false },
		{ "trust", d->trust, false }, { "first", d->first, false }, { "size", d->size, false },
	};
	char time[24], tag[96];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char n[32];
		(void)snprintf(n, sizeof n, "%" PRIu64, rows[i].value);
		trade_write_number(c, rows[i].key, rows[i].value);
		if (cli_print(c, e, "%-15s %s\n", rows[i].key, rows[i].money ? trade_amount(rows[i].value).text : n) < 0)
			return -1;
	}
	trade_write(c, "category", trade_category_text(d->category));
	trade_write_tag(c, d->tag);
	trade_write_time(c, "start", d->start);
	trade_write_time(c, "end", d->start + (int64_t)(MARKET_FINAL_RATIO * d->time));
	entry_time_text(time, d->start + (int64_t)(MARKET_FINAL_RATIO * d->time));
	trade_tag_text(tag, d->tag);
	return cli_print(c, e, "%-15s %s\n%-15s %s\n%-15s %s\n", "category", trade_category_text(d->category), "tag", tag, "end", time);
}

static int tasks_tell(struct trade *t, const struct market_deal *d, struct err *e)
{
	struct cli *c = t->c;
	json_write_key(&c->out, "tasks");
	json_write_array(&c->out);
	for (uint64_t i = 0; i < d->size && i < TASKS_SHOWN; i++) {
		struct market_task task;
		char id[MARKET_NAME];
		market_task_id(id, d->id, d->first + i);
		int is = host_get(t->b, MARKET_ROW_TASK, id, "", &task, e);
		const char *status = market_status_text(is == 1 ? task.status : MARKET_UNSET);
		if (is < 0 || cli_print(c, e, "task            %s  %" PRIu64 "  %s\n", id, d->first + i, status) < 0)
			return -1;
		json_write_object(&c->out);
		trade_write(c, "task", id);
		trade_write_number(c, "index", d->first + i);
		trade_write(c, "status", status);
		json_write_object_end(&c->out);
	}
	json_write_array_end(&c->out);
	return d->size > TASKS_SHOWN ? cli_print(c, e, "… and %" PRIu64 " more\n", d->size - TASKS_SHOWN) : 0;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct market_deal d;
	char id[MARKET_NAME];
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = host_find(t.b, MARKET_ROW_DEAL, a->words[0], id, e) < 0 || host_get(t.b, MARKET_ROW_DEAL, id, "", &d, e) < 0 ? -1 : 0;
	if (r == 0)
		r = names_tell(&t, &d, e) < 0 || terms_tell(c, &d, e) < 0 ? -1 : tasks_tell(&t, &d, e);
	trade_done(&t);
	return r;
}

const struct command deal_commands[] = {
	{ "deal list", "", "The deals of this book, oldest first",
	  "Example: enclua deal list\n\nJSON: deals, each with deal, start, app, data, pool, requester, tasks, cost (of one task), entry.", NULL, 0, 0, run_list },
	{ "deal show", "DEAL", "One deal: its frozen terms, and its tasks",
	  "Example: enclua deal show deal1qx7…\n\nDEAL is an id or a unique prefix of one. Statuses of tasks: unset (not begun), active, revealing, completed, failed.\n\n"
	  "JSON: deal, request, app, data, pool, app_owner, data_owner, pool_owner, requester, beneficiary, payer, app_price, data_price,\npool_price, cost, pool_stake, worker_stake, "
	  "scheduler_ratio, trust, first, size, category, tag, start, end, tasks (task, index, status).", NULL, 1, 1, run_show },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
