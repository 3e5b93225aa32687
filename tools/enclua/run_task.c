/* enclua run-task: the main job. Gather, seal, run in a box, store, tell. See run_gather.c for what is checked before anything happens. */
#include "run_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "result.h"
#include "seal/crypto.h"
#include "form/receipt.h"
#include "verbs.h"

#define ASSURANCE "software"
#define ASSURANCE_SAYS "software: protects against the iApp, not against root or the operator of this machine"

static const char *const limit_names[] = {
	[BOX_LIMIT_NONE] = "no",
	[BOX_LIMIT_MEMORY] = "memory",
	[BOX_LIMIT_CPU] = "cpu",
	[BOX_LIMIT_WALL] = "wall",
	[BOX_LIMIT_OUTPUT] = "output",
};

static const char *status_word(enum box_status s)
{
	static const char *const words[] = {
		[BOX_OK] = "COMPLETED", [BOX_FAILED] = "FAILED", [BOX_LIMIT] = "LIMIT", [BOX_ALARM] = "FAILED", [BOX_BAD_INPUT] = "FAILED",
	};
	return words[s];
}

static void bar(void *ctx, double fraction)
{
	cli_progress(ctx, "running", (uint64_t)(fraction * 1000), 1000);
}

/* $ENCLUA_ALLOW_MISSING_LAYER: names between commas, for a container or chroot where every run would need the option. */
static int layers_from_environment(uint32_t *allow_missing, struct err *e)
{
	const char *list = getenv("ENCLUA_ALLOW_MISSING_LAYER");
	while (list && *list) {
		char name[32];
		enum box_layer l;
		size_t n = strcspn(list, ",");
		(void)snprintf(name, sizeof name, "%.*s", (int)n, list);
		if (n && box_layer_parse(&l, name, e) < 0)
			return err_wrap(e, "$ENCLUA_ALLOW_MISSING_LAYER");
		*allow_missing |= n ? 1u << l : 0;
		list += n + (list[n] == ',');
	}
	return 0;
}

static int options_read(const struct args *a, uint32_t *allow_missing, struct err *e)
{
	*allow_missing = 0;
	if (layers_from_environment(allow_missing, e) < 0)
		return -1;
	for (size_t i = 0; i < args_count(a, "allow-missing-layer"); i++) {
		enum box_layer l;
		if (box_layer_parse(&l, args_at(a, "allow-missing-layer", i), e) < 0)
			return -1;
		*allow_missing |= 1u << l;
	}
	const char *level = args_get(a, "min-assurance");
	if (level && strcmp(level, ASSURANCE) != 0) {
		err_set(e, ERR_DENIED, "this machine offers the assurance level software, not %s", level);
		return err_hint(e, "enclua doctor");
	}
	return args_get(a, "output") ? result_dir_check(args_get(a, "output"), e) : 0;
}

static void layers_write(struct json_writer *w, uint32_t missing)
{
	json_write_key(w, "missing_layers");
	json_write_array(w);
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (missing >> l & 1)
			json_write_text(w, box_layer_name(l));
	json_write_array_end(w);
}

static void timing_write(struct json_writer *w, const struct job *j, const struct work_result *r)
{
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

static int task_end(struct job *j, const struct box_zygote *z, const struct work_result *r, struct store_task *t, struct err *e)
{
	const struct box_done *d = &r->box.done;
	(void)snprintf(t->status, sizeof t->status, "%s", status_word(d->status));
	if (d->status == BOX_LIMIT)
		(void)snprintf(t->reason, sizeof t->reason, "%s limit", limit_names[d->limit]);
	else if (d->status == BOX_ALARM)
		(void)snprintf(t->reason, sizeof t->reason, "the box was ended by signal %d", r->box.signal);
	else if (d->status == BOX_BAD_INPUT)
		(void)snprintf(t->reason, sizeof t->reason, "the sealed data could not be opened");
	else if (d->status == BOX_FAILED)
		(void)snprintf(t->reason, sizeof t->reason, "the iApp raised an error");
	memcpy(t->digest, d->digest, 32);
	memcpy(t->blob, r->blob, 32);
	t->result_size = r->size;
	return job_finish(j, z, t, e);
}

/* From the way a box ended to an error a person can act on. */
static int outcome_error(const struct job *j, const struct store_task *t, const struct work_result *r, const struct bundle *b, struct err *e)
{
	const struct manifest *m = j->app->manifest;
	const struct box_done *d = &r->box.done;
	const char *name = m->name;
	switch (d->status) {
	case BOX_OK:
		return 0;
	case BOX_LIMIT:
		switch (d->limit) {
		case BOX_LIMIT_MEMORY:
			err_set(e, ERR_LIMIT, "%s passed its memory limit of %llu bytes", name, (unsigned long long)m->memory);
			break;
		case BOX_LIMIT_CPU:
			err_set(e, ERR_LIMIT, "%s passed its cpu limit of %llu ms", name, (unsigned long long)m->cpu_ms);
			break;
		case BOX_LIMIT_WALL:
			err_set(e, ERR_LIMIT, "%s passed its wall clock limit of %llu ms", name, (unsigned long long)m->wall_ms);
			break;
		default:
			err_set(e, ERR_LIMIT, "%s passed its output limit of %llu bytes", name, (unsigned long long)m->output);
		}
		return err_hint(e, "raise limits.%s in its iapp.yaml, or give it less to do", limit_names[d->limit]);
	case BOX_BAD_INPUT:
		err_set(e, ERR_INVALID, "the sealed data of this run is corrupt or was sealed for another keeper");
		return err_hint(e, "enclua data show NAME; protect the data again if the home was damaged");
	case BOX_ALARM:
		err_set(e, ERR_TASK, "%s did what no iApp may do and its box was ended (signal %d)", name, r->box.signal);
		return err_hint(e, "this is for the operator of the machine: enclua task show %s", t->id);
	case BOX_FAILED:
		break;
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

static int tell(struct cli *c, const struct job *j, const struct box_zygote *z, const struct store_task *t, const struct work_result *r,
	const struct bundle *b, const char *dir, const char *receipt, struct err *e)
{
	char digest[HEX_LEN(32) + 1], measurement[HEX_LEN(32) + 1];
	hex_encode(digest, t->digest, 32);
	hex_encode(measurement, t->measurement, 32);
	struct json_writer *w = &c->out;
	json_write_key(w, "task");
	json_write_text(w, t->id);
	json_write_key(w, "deal");
	json_write_null(w);
	json_write_key(w, "status");
	json_write_text(w, t->status);
	if (cli_print(c, e, "task      %s\niApp      %s %s, %s\n", t->id, t->app_name, j->app->manifest->version, j->app->h1) < 0)
		return -1;
	json_write_key(w, "result");
	json_write_object(w);
	json_write_key(w, "digest");
	json_write_text(w, digest);
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
	json_write_key(w, "cost");
	json_write_object(w);
	static const char *const costs[] = { "app", "data", "pool", "total" };
	for (size_t i = 0; i < 4; i++) {
		json_write_key(w, costs[i]);
		json_write_uint(w, 0);
	}
	json_write_object_end(w);
	json_write_key(w, "assurance");
	json_write_text(w, ASSURANCE);
	json_write_key(w, "measurement");
	json_write_text(w, measurement);
	layers_write(w, box_layers_missing(z));
	timing_write(w, j, r);
	json_write_key(w, "receipt");
	json_write_text(w, receipt);
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (box_layers_missing(z) >> l & 1 && cli_print(c, e, "missing   %s: nothing kept the iApp from %s but seccomp\n",
			box_layer_name((enum box_layer)l), box_layer_text((enum box_layer)l)) < 0)
			return -1;
	if (cli_print(c, e, "receipt   %s\n", receipt) < 0)
		return -1;
	return cli_print(c, e, "digest    %s\nassurance %s\ntime      seal %.1f ms, start %.1f ms, run %.1f ms (cpu %.1f ms)\n%s%s%s", digest,
		ASSURANCE_SAYS, (double)j->seal_us / 1e3, (double)(j->start_us + r->box.start_us) / 1e3, (double)r->box.run_us / 1e3,
		(double)r->box.cpu_us / 1e3, dir ? "result    " : j->mine ? "result    enclua task result " : "result    sealed to ",
		dir ? dir : j->mine ? t->id : "its beneficiary alone", dir && !j->mine ? "/result.age, sealed to its beneficiary alone\n" : "\n");
}

static int run_in_box(struct cli *c, struct job *j, const char *dir, uint32_t allow_missing, struct err *e)
{
	struct box_options options = { .allow_missing = allow_missing };
	struct box_zygote *z = NULL;
	struct store_task t = { .id = "" };
	struct work_result result;
	struct bundle *b = NULL;
	struct buf request = BUF_INIT(ENTRY_BYTES_MAX), receipt = BUF_INIT(RECEIPT_BYTES);
	char receipt_path[4400];
	int lock = -1, r = -1;
	uint64_t begun = os_now_us();
	if (box_zygote_start(&z, &options, e) < 0)
		goto out;
	j->start_us = os_now_us() - begun;
	if (job_register(j, e) < 0 || job_request(j, &t, &request, e) < 0)
		goto out;
	lock = task_lock(c, t.id, e);
	if (lock < 0 || job_enter(j, &request, &t, e) < 0)
		goto out;
	memcpy(t.measurement, box_measurement(z), 32);
	j->work.progress = bar;
	j->work.ctx = c;
	if (work_run(j->store, j->keeper, z, &j->work, t.id, &result, e) < 0) {
		/* Not the iApp's doing: the row says so, and the first error stands. */
		(void)snprintf(t.status, sizeof t.status, "FAILED");
		(void)snprintf(t.reason, sizeof t.reason, "%s", err_text(e->code));
		(void)job_finish(j, z, &t, NULL);
		goto out;
	}
	cli_progress_end(c);
	if (task_end(j, z, &result, &t, e) < 0)
		goto out;
	bool files = dir && result.box.done.status == BOX_OK;
	if (job_receipt(c, j, &t, !files, &receipt, receipt_path, sizeof receipt_path, e) < 0)
		goto out;
	if (j->mine && result.size && result_open(j->store, &t, j->actor, &b, e) < 0)
		goto out;
	if (outcome_error(j, &t, &result, b, e) < 0)
		goto out;
	if (files)
		(void)snprintf(receipt_path, sizeof receipt_path, "%s/" RESULT_RECEIPT, dir);
	if (files && result_dir_write(j->store, &t, b, &receipt, dir, e) < 0) {
		if (!e->hint[0])
			err_hint(e, "the run is done and its result is kept: enclua task result %s -o DIR", t.id);
		goto out;
	}
	r = tell(c, j, z, &t, &result, b, dir, receipt_path, e);
out:
	bundle_free(b);
	buf_done(&request);
	buf_done(&receipt);
	task_unlock(c, t.id, lock);
	store_task_done(&t);
	box_zygote_stop(z);
	return r;
}

static int run_run_task(struct cli *c, struct args *a, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	uint32_t allow_missing;
	int r = -1;
	if (!j)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (options_read(a, &allow_missing, e) < 0 || job_gather(c, a, j, e) < 0)
		goto out;
	if (args_has(a, "dry-run")) {
		json_write_key(&c->out, "dry_run");
		json_write_bool(&c->out, true);
		json_write_key(&c->out, "h1");
		json_write_text(&c->out, j->app->h1);
		r = cli_print(c, e, "%s %s (%s) would run; nothing was sealed, nothing started\n", j->app->manifest->name,
			j->app->manifest->version, j->app->h1);
		goto out;
	}
	if (job_seal(c, j, e) < 0)
		goto out;
	r = run_in_box(c, j, args_get(a, "output"), allow_missing, e);
out:
	job_free(j);
	free(j);
	return r;
}

static const struct option_row run_options[] = {
	{ "data", 'd', "DATA", true, "protected data: a name, an id, or a file or folder that is sealed for this run only" },
	{ "arg", 'a', "NAME=VALUE", true, "an argument; without NAME= by position" },
	{ "file", 'f', "PATH", true, "a public input file" },
	{ "secret", 0, "N=VALUE|@FILE", true, "the requester's secret N, as the manifest numbers them" },
	{ "output", 'o', "DIR", false, "write the result's files there, and result.age, the sealed bundle" },
	{ "beneficiary", 'b', "WHO", false, "seal the result to this petname, enclua1… or age1… instead of you" },
	{ "seed", 0, "TEXT", false, "another seed for math.random; the same text gives the same run" },
	{ "min-assurance", 0, "LEVEL", false, "refuse to run below this level; this version offers: software" },
	{ "allow-missing-layer", 0, "NAME", true, "run although this machine lacks this isolation layer (see enclua doctor);\n"
	  "                                 $ENCLUA_ALLOW_MISSING_LAYER may name some, with commas between" },
	{ "dry-run", 0, NULL, false, "check everything, seal nothing, run nothing" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command run_task_commands[] = {
	{ "run-task", "APP [--data DATA]… [--arg NAME=VALUE]… [-o DIR]", "Run an iApp on sealed data in a box",
	  "Example: enclua run-task iapps/cohort-average --data patients.csv --arg column=age -o out/\n\n"
	  "APP is a folder (packed and signed on the fly), an .iapp file, or a name or id from `enclua app list`.\n"
	  "The data is decrypted in the box only; the result is sealed there, to you or to the beneficiary.\n"
	  "Exit status 8: the iApp failed. 9: it passed a limit of its manifest.", run_options, 1, 1, run_run_task },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
