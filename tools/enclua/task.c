/* enclua task list|show|result|receipt|log: what became of the runs of this home. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/os.h"
#include "base/text.h"
#include "form/receipt.h"
#include "host/host.h"
#include "result.h"
#include "trade.h"
#include "verbs.h"

static void time_text(char out[static 24], int64_t at)
{
	struct tm tm;
	time_t t = (time_t)at;
	if (at == 0 || !gmtime_r(&t, &tm) || strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, 24, "-");
}

static int task_open(struct cli *c, const char *which, struct book **b, struct store_task *t, struct err *e)
{
	if (host_open(b, c->home, false, e) < 0)
		return -1;
	return store_task_find(book_store(*b), which, t, e);
}

struct list { struct cli *c; struct book *b; };

static int list_row(void *ctx, const struct store_task *t, struct err *e)
{
	struct list *l = ctx;
	struct cli *c = l->c;
	const char *status = task_status(c, l->b, t);
	char created[24];
	time_text(created, t->created);
	json_write_object(&c->out);
	json_write_key(&c->out, "task");
	json_write_text(&c->out, t->id);
	json_write_key(&c->out, "status");
	json_write_text(&c->out, status);
	json_write_key(&c->out, "app");
	json_write_text(&c->out, t->app_name);
	json_write_key(&c->out, "created");
	json_write_text(&c->out, created);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  %-11s  %s  %s\n", t->id, status, created, t->app_name);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	(void)a;
	if (host_open(&b, c->home, false, e) < 0)
		return -1;
	json_write_key(&c->out, "tasks");
	json_write_array(&c->out);
	int r = store_task_each(book_store(b), list_row, &(struct list){ c, b }, e);
	json_write_array_end(&c->out);
	book_close(b);
	return r;
}

/* A list kept as words becomes one of JSON. */
static void words_write(struct cli *c, const char *key, const struct buf *words)
{
	json_write_key(&c->out, key);
	json_write_array(&c->out);
	for (const char *at = buf_text(words); *at;) {
		size_t n = strcspn(at, " ");
		json_write_string(&c->out, at, n);
		at += n + (at[n] == ' ');
	}
	json_write_array_end(&c->out);
}

static int show_numbers(struct cli *c, const struct store_task *t, struct err *e)
{
	const struct { const char *key; uint64_t value; } rows[] = {
		{ "entry", (uint64_t)t->seq }, { "result_size", t->result_size },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_write_key(&c->out, rows[i].key);
		json_write_uint(&c->out, rows[i].value);
		if (cli_print(c, e, "%-12s %llu\n", rows[i].key, (unsigned long long)rows[i].value) < 0)
			return -1;
	}
	words_write(c, "data", &t->data);
	words_write(c, "missing_layers", &t->missing);
	return cli_print(c, e, "%-12s %s\n", "data", t->data.len ? buf_text(&t->data) : "-");
}

int task_tell(struct cli *c, struct book *b, const struct store_task *t, struct err *e)
{
	char created[24], finished[24], digest[65], measurement[65], requester[IDENTITY_TEXT], worker[IDENTITY_TEXT];
	bool ended = t->finish_seq != 0;
	time_text(created, t->created);
	time_text(finished, t->finished);
	hex_encode(digest, t->digest, 32);
	hex_encode(measurement, t->measurement, 32);
	identity_text(requester, t->requester);
	identity_text(worker, t->worker);
	const struct { const char *key, *value; } rows[] = {
		{ "task", t->id }, { "status", task_status(c, b, t) }, { "reason", t->reason }, { "app", t->app }, { "app_name", t->app_name },
		{ "requester", requester }, { "worker", ended ? worker : "" }, { "created", created }, { "finished", finished }, { "salted_digest", digest },
		{ "measurement", measurement }, { "assurance", t->assurance },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_write_key(&c->out, rows[i].key);
		json_write_text(&c->out, rows[i].value);
		if (rows[i].value[0] && cli_print(c, e, "%-12s %s\n", rows[i].key, rows[i].value) < 0)
			return -1;
	}
	return show_numbers(c, t, e) < 0 ? -1 : trade_task_tell(c, b, t->id, e);
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct store_task t = { .id = "" };
	int r = task_open(c, a->words[0], &b, &t, e);
	if (r == 0)
		r = task_tell(c, b, &t, e);
	store_task_done(&t);
	book_close(b);
	return r;
}

static int run_receipt(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct store_task t = { .id = "" };
	struct buf text = BUF_INIT(RECEIPT_BYTES);
	const char *file = args_get(a, "output");
	int r = task_open(c, a->words[0], &b, &t, e);
	if (r == 0)
		r = receipt_of(c, b, &t, &text, e);
	if (r == 0 && file)
		r = os_file_replace(file, 0644, text.data, text.len, e);
	json_write_key(&c->out, "task");
	json_write_text(&c->out, t.id);
	json_write_key(&c->out, file ? "file" : "receipt");
	json_write_text(&c->out, file ? file : buf_text(&text));
	if (r == 0 && !c->json)
		r = file ? cli_print(c, e, "written   %s\n", file) : buf_add(&c->text, text.data, text.len, e);
	buf_done(&text);
	store_task_done(&t);
	book_close(b);
	return r;
}

/* Opens a result for the acting identity and hands it to `use`. */
static int with_result(struct cli *c, const char *which, int (*use)(struct cli *, struct book *, const struct store_task *,
	const struct bundle *, const char *, struct err *), const char *dir, struct err *e)
{
	struct book *book = NULL;
	struct store_task t = { .id = "" };
	struct identity *me = NULL;
	struct bundle *b = NULL;
	int r = -1;
	if (task_open(c, which, &book, &t, e) < 0 || cli_identity_open(c, &me, e) < 0 || result_open(book_store(book), &t, me, &b, e) < 0)
		goto out;
	r = use(c, book, &t, b, dir, e);
out:
	bundle_free(b);
	identity_free(me);
	store_task_done(&t);
	book_close(book);
	return r;
}

static int use_files(struct cli *c, struct book *book, const struct store_task *t, const struct bundle *b, const char *dir, struct err *e)
{
	if (strcmp(b->status, "ok") != 0) {
		err_set(e, ERR_TASK, "%s failed%s%s", t->app_name, b->error[0] ? ": " : "", cli_safe(b->error, strlen(b->error), 0));
		return err_hint(e, "enclua task log %s", t->id);
	}
	if (dir) {
		struct buf receipt = BUF_INIT(RECEIPT_BYTES);
		int r = receipt_of(c, book, t, &receipt, e);
		if (r == 0)
			r = result_dir_write(book_store(book), t, b, &receipt, dir, e);
		buf_done(&receipt);
		if (r < 0)
			return -1;
	}
	json_write_key(&c->out, "task");
	json_write_text(&c->out, t->id);
	json_write_key(&c->out, "dir");
	json_write_text(&c->out, dir);
	if (result_list(c, b, e) < 0)
		return -1;
	return dir ? cli_print(c, e, "written to %s\n", dir) : cli_print(c, e, "add -o DIR to write them\n");
}

static int run_result(struct cli *c, struct args *a, struct err *e)
{
	const char *dir = args_get(a, "output");
	if (dir && result_dir_check(dir, e) < 0)
		return -1;
	return with_result(c, a->words[0], use_files, dir, e);
}

/* Line by line, so that the escapes touch what the script wrote and not the lines themselves. */
static int print_safely(struct cli *c, const char *text, size_t len, struct err *e)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		if (text_escape(&c->text, text, n, e) < 0 || buf_add_text(&c->text, "\n", e) < 0)
			return -1;
		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	return 0;
}

static int use_log(struct cli *c, struct book *book, const struct store_task *t, const struct bundle *b, const char *dir, struct err *e)
{
	(void)book;
	(void)dir;
	json_write_key(&c->out, "task");
	json_write_text(&c->out, t->id);
	json_write_key(&c->out, "log");
	json_write_string(&c->out, b->log ? (const char *)b->log : "", b->log_len);
	json_write_key(&c->out, "error");
	json_write_text(&c->out, b->error);
	json_write_key(&c->out, "traceback");
	json_write_text(&c->out, b->traceback);
	if (c->json)
		return 0;
	if (print_safely(c, (const char *)b->log, b->log_len, e) < 0 || print_safely(c, b->error, strlen(b->error), e) < 0)
		return -1;
	return print_safely(c, b->traceback, strlen(b->traceback), e);
}

static int run_log(struct cli *c, struct args *a, struct err *e)
{
	return with_result(c, a->words[0], use_log, NULL, e);
}

static const struct option_row result_options[] = {
	{ "output", 'o', "DIR", false, "write the files there, result.age, the sealed bundle, and task.receipt" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row receipt_options[] = {
	{ "output", 'o', "FILE", false, "into this file instead of standard output" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command task_commands[] = {
	{ "task list", "", "List the tasks of this home", NULL, NULL, 0, 0, run_list },
	{ "task show", "TASK", "Show what is known of a task", "Example: enclua task show task1qx7…\n\nTASK is an id or a unique prefix of it. Of a task of the market also its deal, deadlines, and "
	  "the workers that it was sent to.\n\nJSON: task, status, reason, app, app_name, requester, worker, created, finished, salted_digest, measurement, assurance, entry, "
	  "result_size,\ndata, missing_layers, market (deal, index, status, trust, cost, contributors, winners, reveals, deadline, workers) or null.", NULL, 1, 1, run_show },
	{ "task result", "TASK [-o DIR]", "Decrypt the result of a task, for its beneficiary",
	  "Example: enclua task result task1qx7… -o out/\n\nThe stored bytes are checked against their hash before they are opened.", result_options,
	  1, 1, run_result },
	{ "task receipt", "TASK [-o FILE]", "The proof of who ran what on which data, and how it ended",
	  "Example: enclua task receipt task1qx7… -o run.receipt\n\nAnybody can check it with `enclua verify`, without a home and without a network.", receipt_options,
	  1, 1, run_receipt },
	{ "task log", "TASK", "Show what the iApp printed, and its error", "Only the beneficiary can open it, and only where the data's owners allow logs.",
	  NULL, 1, 1, run_log },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
