/* run-task's last part: a task has ended, here or at another worker. Its receipt is made, its result opened for the beneficiary, its files are written, and all of that
 * is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "form/receipt.h"
#include "result.h"
#include "run_task.h"

static void layers_write(struct json_writer *w, const struct buf *missing)
{
	json_write_key(w, "missing_layers");
	json_write_array(w);
	for (const char *at = buf_text(missing); *at;) {
		size_t n = strcspn(at, " ");
		json_write_string(w, at, n);
		at += n + (at[n] == ' ');
	}
	json_write_array_end(w);
}

static void timing_write(struct json_writer *w, const struct job *j, const struct work_result *r)
{
	static const struct work_result elsewhere;
	if (!r)
		r = &elsewhere;
	const struct { const char *name; uint64_t us; } rows[] = {
		{ "gather", j->gather_us }, { "seal", j->seal_us }, { "zygote", j->start_us }, { "verify", r->verify_us },
		{ "box_start", r->box.start_us }, { "box_run", r->box.run_us }, { "cpu", r->box.cpu_us }, { "store", r->store_us },
	};
	json_write_key(w, "timing_us");
	json_write_object(w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_write_key(w, rows[i].name);
		json_write_uint(w, rows[i].us);
	}
	json_write_object_end(w);
}

/* From the way a task ended to an error a person can act on. */
static int limit_error(const struct manifest *m, const char *reason, struct err *e)
{
	const struct { const char *name; unsigned long long value; const char *unit; } limits[] = {
		{ "memory", m->memory, "bytes" }, { "cpu", m->cpu_ms, "ms" }, { "wall", m->wall_ms, "ms" }, { "output", m->output, "bytes" },
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		size_t n = strlen(limits[i].name);
		if (strncmp(reason, limits[i].name, n) != 0 || reason[n] != ' ')
			continue;
		err_set(e, ERR_LIMIT, "%s passed its %s%s limit of %llu %s", m->name, limits[i].name, i == 2 ? " clock" : "", limits[i].value, limits[i].unit);
		return err_hint(e, "raise limits.%s in its iapp.yaml, or give it less to do", limits[i].name);
	}
	return err_set(e, ERR_LIMIT, "%s passed a limit", m->name);
}

static int outcome_error(const struct job *j, const struct store_task *t, const struct bundle *b, struct err *e)
{
	const struct manifest *m = j->app->manifest;
	const char *name = m->name;
	if (!strcmp(t->status, "COMPLETED"))
		return 0;
	if (!strcmp(t->status, "LIMIT"))
		return limit_error(m, t->reason, e);
	if (strstr(t->reason, "could not be opened")) {
		err_set(e, ERR_INVALID, "the sealed data of this run is corrupt or was sealed for another keeper");
		return err_hint(e, "enclua data show NAME; protect the data again if the home was damaged");
	}
	if (strstr(t->reason, "ended by signal") || !strcmp(t->reason, "the box ended without a result")) {
		err_set(e, ERR_TASK, "%s did what no iApp may do: %s", name, t->reason);
		return err_hint(e, "this is for the operator of the machine: enclua task show %s", t->id);
	}
	if (strcmp(t->reason, "the iApp raised an error") != 0) {
		err_set(e, ERR_UNAVAILABLE, "task %s failed: %s", t->id, t->reason);
		return err_hint(e, "run it again, in another pool perhaps: enclua pool list");
	}
	if (!b || !b->error[0]) {
		err_set(e, ERR_TASK, "%s failed; its words are sealed to the beneficiary, or withheld because of the data's owner", name);
		return err_hint(e, "enclua task log %s", t->id);
	}
	if (b->traceback[0])
		err_set(e, ERR_TASK, "%s failed: %s", name, cli_safe(b->error, strlen(b->error), 0));
	else
		err_set(e, ERR_TASK, "%s", cli_safe(b->error, strlen(b->error), 0));
	return err_hint(e, "enclua task log %s shows what it printed, and the traceback", t->id);
}

void job_costs_write(struct json_writer *w, const struct run_deal *d)
{
	const struct { const char *name; uint64_t amount; } costs[] = {
		{ "app", d->app_order.price }, { "data", d->data_order.price }, { "pool", d->pool_order.price }, { "total", d->total },
	};
	json_write_key(w, "cost");
	json_write_object(w);
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		json_write_key(w, costs[i].name);
		json_write_uint(w, costs[i].amount);
	}
	json_write_object_end(w);
}

/* "" for a result that is not ours to open. */
static void digest_text(const struct bundle *b, char out[static HEX_LEN(32) + 1])
{
	out[0] = '\0';
	if (b)
		hex_encode(out, b->digest, 32);
}

static int json_tell(struct cli *c, const struct job *j, const struct store_task *t, const struct bundle *b, const char *dir, const char *receipt, struct err *e)
{
	char digest[HEX_LEN(32) + 1], measurement[HEX_LEN(32) + 1];
	struct json_writer *w = &c->out;
	digest_text(b, digest);
	hex_encode(measurement, t->measurement, 32);
	json_write_key(w, "task");
	json_write_text(w, t->id);
	json_write_key(w, "deal");
	json_write_text(w, j->deal.id);
	json_write_key(w, "status");
	json_write_text(w, t->status);
	json_write_key(w, "result");
	json_write_object(w);
	json_write_key(w, "digest");
	json_write_text(w, digest[0] ? digest : NULL);
	if (result_list(c, b, e) < 0)
		return -1;
	json_write_key(w, "dir");
	json_write_text(w, dir);
	json_write_object_end(w);
	json_write_key(w, "app");
	json_write_object(w);
	json_write_key(w, "id");
	json_write_text(w, j->app_id);
	json_write_key(w, "h1");
	json_write_text(w, j->app->h1);
	json_write_object_end(w);
	job_costs_write(w, &j->deal);
	json_write_key(w, "assurance");
	json_write_text(w, t->assurance);
	json_write_key(w, "measurement");
	json_write_text(w, measurement);
	layers_write(w, &t->missing);
	timing_write(w, j, j->ran);
	json_write_key(w, "receipt");
	json_write_text(w, receipt);
	return 0;
}

static int missing_tell(struct cli *c, const struct store_task *t, struct err *e)
{
	for (const char *at = buf_text(&t->missing); *at;) {
		char name[32];
		enum box_layer l;
		size_t n = strcspn(at, " ");
		(void)snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (box_layer_parse(&l, name, NULL) == 0 && cli_print(c, e, "missing   %s: nothing kept the iApp from %s but seccomp\n", name, box_layer_text(l)) < 0)
			return -1;
		at += n + (at[n] == ' ');
	}
	return 0;
}

static int tell(struct cli *c, const struct job *j, const struct store_task *t, const struct bundle *b, const char *dir, const char *receipt, struct err *e)
{
	char digest[HEX_LEN(32) + 1], cost[TEXT_AMOUNT], sealed[4400];
	struct entry_text level = entry_text(t->assurance);
	const struct work_result *r = j->ran;
	const char *means = assurance_text(&level);
	digest_text(b, digest);
	text_amount_write(cost, j->deal.total);
	if (cli_print(c, e, "task      %s\niApp      %s %s, %s\n", t->id, t->app_name, j->app->manifest->version, j->app->h1) < 0 ||
		json_tell(c, j, t, b, dir, receipt, e) < 0 || missing_tell(c, t, e) < 0 ||
		job_grant_tell(j, e) < 0 || cli_print(c, e, "cost      %s\nreceipt   %s\n", cost, receipt) < 0 || (digest[0] && cli_print(c, e, "digest    %s\n", digest) < 0) ||
		cli_print(c, e, "assurance %s: %s\n", t->assurance, means ? means : "unknown") < 0)
		return -1;
	if (r && cli_print(c, e, "time      seal %.1f ms, start %.1f ms, run %.1f ms (cpu %.1f ms)\n", (double)j->seal_us / 1e3,
		(double)(j->start_us + r->box.start_us) / 1e3, (double)r->box.run_us / 1e3, (double)r->box.cpu_us / 1e3) < 0)
		return -1;
	if (dir) {
		result_path(sealed, sizeof sealed, dir, "result.age");
		return cli_print(c, e, "result    %s%s\n", j->mine ? dir : sealed, j->mine ? "" : ", sealed to its beneficiary alone");
	}
	return j->mine ? cli_print(c, e, "result    enclua task result %s\n", t->id) : cli_print(c, e, "result    sealed to its beneficiary alone\n");
}

int job_deliver(struct cli *c, struct job *j, const struct store_task *t, const char *dir, struct err *e)
{
	struct bundle *b = NULL;
	struct buf receipt = BUF_INIT(RECEIPT_BYTES);
	char path[4400];
	bool files = dir && !strcmp(t->status, "COMPLETED");
	int r = -1;
	if (job_receipt(c, j, t, !files, &receipt, path, sizeof path, e) < 0)
		goto out;
	if (j->mine && t->result_size && result_open(j->store, t, j->actor, &b, e) < 0)
		goto out;
	if (outcome_error(j, t, b, e) < 0)
		goto out;
	if (files)
		result_path(path, sizeof path, dir, RESULT_RECEIPT);
	if (files && result_dir_write(j->store, t, b, &receipt, dir, e) < 0) {
		if (!e->hint[0])
			err_hint(e, "the run is done and its result is kept: enclua task result %s -o DIR", t->id);
		goto out;
	}
	r = tell(c, j, t, b, dir, path, e);
out:
	bundle_free(b);
	buf_done(&receipt);
	return r;
}
