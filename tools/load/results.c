/* What was confirmed: is it what was asked for, and was it still allowed when it was asked? Everything that is kept here has to be in the book at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/os.h"
#include "base/text.h"
#include "load.h"
#include "seal/crypto.h"

#define VERIFY_OF 6u	/* one run in so many has its receipt verified at once by the command; all of them at the end */

static const char *text_of(const struct json *j, const char *key)
{
	const char *text = json_text(json_get(j, key), NULL);
	return text ? text : "";
}

static struct grant *grant_find(struct load *l, const char *id)
{
	for (size_t i = l->n_grants; i-- > 0;)
		if (!strcmp(l->grants[i].id, id))
			return &l->grants[i];
	return NULL;
}

/* A key that went out after the owner's word was confirmed, a grant that served too often: what must never be. */
static void grant_used(struct load *l, const struct lane *lane, const char *id)
{
	struct grant *g = grant_find(l, id);
	if (!g)
		return;	/* one that was never confirmed here: of a killed command, or an owner's own */
	const struct data *d = &l->data[g->data];
	const int64_t began = os_time() - (int64_t)((os_now_us() - lane->begun) / 1000000u);
	g->used++;
	if (g->revoked && g->revoked < lane->begun)
		load_wrong(l, "%s: %s served %s although it was revoked, and that confirmed, before this was asked", op_names[lane->op], id, lane->task);
	if (d->owner != g->owner && d->transfer_begun < d->transferred && d->transferred < lane->begun)
		load_wrong(l, "%s: %s served %s although its data had another owner before this was asked", op_names[lane->op], id, lane->task);
	if (g->until && (int64_t)g->until + 1 < began)
		load_wrong(l, "%s: %s served %s although it had ended", op_names[lane->op], id, lane->task);
	if (g->used > g->uses)
		load_wrong(l, "%s has %llu uses and served %llu runs", id, (unsigned long long)g->uses, (unsigned long long)g->used);
	if (g->user != ANYBODY && g->user != lane->number)
		load_wrong(l, "%s is for r%u and served r%u", id, g->user, lane->number);
}

static void grants_used(struct load *l, const struct lane *lane, const struct json *answer)
{
	const struct json *list = json_get(answer, "grants"), *many = json_get(answer, "data");
	for (size_t i = 0; i < json_count(list); i++)
		grant_used(l, lane, json_text(json_at(list, i), NULL));
	for (size_t i = 0; i < json_count(many); i++)
		if (json_kind(json_get(json_at(many, i), "refused")) == JSON_NULL)
			grant_used(l, lane, text_of(json_at(many, i), "grant"));
}

static bool hash_is(const char *hex, const char *text)
{
	uint8_t hash[32];
	char want[65];
	sha256(hash, text, strlen(text));
	hex_encode(want, hash, sizeof hash);
	return !strcmp(hex, want);
}

/* "words": N in counts.json, which lies where the command was told to put it. */
static bool counted_right(const struct load *l, const struct lane *lane, const struct source *s)
{
	char path[PATH_MAX + 128];
	struct buf text = BUF_INIT(KIB(64));
	struct json *j = NULL;
	(void)snprintf(path, sizeof path, "%s/%s/counts.json", l->work, lane->dir);
	bool right = os_file_read(path, &text, NULL) == 0 && json_parse(&j, buf_text(&text), text.len, NULL) == 0 &&
		strtoull(text_of(j, "words"), NULL, 10) == s->words && strtoull(text_of(j, "bytes"), NULL, 10) == s->size;
	json_free(j);
	buf_done(&text);
	return right;
}

static void content_check(struct load *l, const struct lane *lane, const struct json *files)
{
	const struct json *first = json_at(files, 0);
	const char *hash = text_of(first, "sha256"), *path = text_of(first, "path");
	char hello[64];
	bool right = json_count(files) > 0;
	(void)snprintf(hello, sizeof hello, "Hello, lane %u!\n", lane->number);
	if (!strcmp(path, "hello.txt"))
		right = hash_is(hash, lane->op == OP_HELLO ? hello : "Hello, world!\n");
	else if (!strcmp(path, "told.txt"))
		right = hash_is(hash, "a token its own");
	else if (!strcmp(path, "here.txt"))
		right = hash_is(hash, "still the same\n");
	else if (lane->op == OP_DELIVER)
		right = !strcmp(hash, l->sources[l->data[lane->data].source].sha256);
	else if (!strcmp(path, "counts.json") && lane->data != DATA_MAX)
		right = counted_right(l, lane, &l->sources[l->data[lane->data].source]);
	if (!right)
		load_wrong(l, "%s: %s of %s is not what it should be", op_names[lane->op], path[0] ? path : "the result", lane->task);
}

/* Of what is delivered only the receipt is kept: ten thousand files of 10 MiB would fill the disk. */
static void large_remove(const struct load *l, const struct lane *lane, const char *dir, const struct json *files)
{
	char path[PATH_MAX + 256];
	for (size_t i = 0; i < json_count(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s/%s", l->work, dir, text_of(json_at(files, i), "path"));
		(void)remove(path);
	}
	(void)snprintf(path, sizeof path, "%s/%s/result.age", l->work, dir);
	(void)remove(path);
	(void)lane;
}

static void run_count(struct load *l)
{
	const size_t minute = (size_t)((os_now_us() - l->begun) / 60000000u);
	l->runs++;
	if (minute < 64)
		l->runs_in_minute[minute]++;
}

static void run_ended(struct load *l, struct lane *lane, const struct json *answer, const char *dir)
{
	const struct json *files = json_get(json_get(answer, "result"), "files");
	(void)snprintf(lane->task, sizeof lane->task, "%s", text_of(answer, "task"));
	if (strcmp(text_of(answer, "status"), "COMPLETED") != 0 || !lane->task[0]) {
		load_wrong(l, "%s ended well, and its task %s is %s", op_names[lane->op], lane->task, text_of(answer, "status"));
		return;
	}
	grants_used(l, lane, answer);
	confirm(l, lane, lane->task, true);
	run_count(l);
	if (!dir[0])
		return;
	(void)snprintf(l->confirmed[l->n_confirmed - 1].receipt, sizeof l->confirmed[0].receipt, "%s/task.receipt", dir);
	content_check(l, lane, files);
	large_remove(l, lane, dir, files);
	if (l->n_confirmed % VERIFY_OF == 0 && lane->op != OP_BULK)
		lane->then = OP_VERIFY;
}

static void bulk_ended(struct load *l, struct lane *lane, const struct json *answer)
{
	const struct json *slices = json_get(answer, "slices");
	for (size_t i = 0; i < json_count(slices); i++) {
		const struct json *slice = json_at(slices, i);
		char dir[64];
		(void)snprintf(dir, sizeof dir, "%s/slice-%u", lane->dir, (unsigned)(i + 1));
		/* All of its owners have changed their minds meanwhile: the others go on. */
		if (!strcmp(text_of(slice, "status"), "FAILED") && strstr(text_of(slice, "reason"), "release-none"))
			refusal_count(l, "bulk: all grants of a task were taken back meanwhile", true);
		else
			run_ended(l, lane, slice, dir);
	}
}

/* Every cost of what was handed over is in its deal; whether it will complete is not yet known. */
static void handed(struct load *l, struct lane *lane, const struct json *answer)
{
	(void)snprintf(lane->task, sizeof lane->task, "%s", text_of(answer, "task"));
	confirm(l, lane, lane->task, false);
	lane->then = OP_WATCH;
}

/* An owner's word between the deal and the key ends a task; nothing else may. */
static void watched(struct load *l, struct lane *lane, const struct json *answer)
{
	const char *status = text_of(answer, "status"), *reason = text_of(answer, "reason");
	char what[160];
	if (!strcmp(status, "COMPLETED")) {
		lane->then = OP_RESULT;
		return;
	}
	(void)snprintf(what, sizeof what, "watch: %s, %.100s", status, reason);
	bool owners_word = !strncmp(reason, "no key: release-", 16) || !strncmp(reason, "no key: policy-denied", 21) || !strncmp(reason, "no key: budget-", 15);
	refusal_count(l, what, owners_word && lane->data != DATA_MAX);
}

static void protected_(struct load *l, struct lane *lane, const struct json *answer)
{
	confirm(l, lane, text_of(answer, "data"), false);
	(void)data_add(l, text_of(answer, "data"), lane->grant, lane->to);
}

static void granted_(struct load *l, struct lane *lane, const struct json *answer)
{
	const char *app = text_of(answer, "app");
	struct grant g = { .data = lane->data, .user = lane->to, .owner = lane->owner, .made = os_now_us(), .until = (uint64_t)lane->until };
	for (size_t i = 0; i < APP_COUNT; i++)
		if (!strcmp(l->apps[i], app))
			g.app = (enum load_app)i;
	g.uses = strtoull(text_of(answer, "uses"), NULL, 10);
	g.bulk = json_kind(json_get(answer, "bulk")) == JSON_TRUE;
	g.policy = json_kind(json_get(answer, "policy")) == JSON_STRING;
	confirm(l, lane, text_of(answer, "grant"), false);
	(void)grant_add(l, text_of(answer, "grant"), &g);
}

static void revoked_(struct load *l, struct lane *lane, const struct json *answer)
{
	(void)answer;
	l->grants[lane->grant].revoked = os_now_us();
	confirm(l, lane, l->grants[lane->grant].id, false);
}

static void transferred_(struct load *l, struct lane *lane, const struct json *answer)
{
	struct data *d = &l->data[lane->data];
	(void)answer;
	d->owner = lane->to;
	d->transferred = os_now_us();
	d->unsure = false;
	confirm(l, lane, d->id, false);
}

static void app_transferred_(struct load *l, struct lane *lane, const struct json *answer)
{
	(void)answer;
	l->traveller_owner = lane->to;
	l->travelled = os_now_us();
	lane->then = OP_APP_OFFER;
	confirm(l, lane, l->apps[APP_TRAVELLER], false);
}

static void app_offered_(struct load *l, struct lane *lane, const struct json *answer)
{
	(void)answer;
	l->travel_unsure = false;
	l->travel_offered = os_now_us();
	confirm(l, lane, text_of(answer, "order"), false);
}

static void deposited_(struct load *l, struct lane *lane, const struct json *answer)
{
	(void)answer;
	confirm(l, lane, text_of(answer, "entry"), false);
}

void op_succeeded(struct load *l, struct lane *lane, const struct json *answer)
{
	static void (*const rows[OP_COUNT])(struct load *l, struct lane *lane, const struct json *answer) = {
		[OP_BULK] = bulk_ended, [OP_HAND] = handed, [OP_WATCH] = watched, [OP_PROTECT] = protected_, [OP_GRANT] = granted_, [OP_EXPIRE] = granted_,
		[OP_REVOKE] = revoked_, [OP_TRANSFER] = transferred_, [OP_APP_TRANSFER] = app_transferred_, [OP_APP_OFFER] = app_offered_, [OP_DEPOSIT] = deposited_,
	};
	if (lane->op == OP_FAILS || lane->op == OP_GREEDY || lane->op == OP_POOR || lane->op == OP_DEAR) {
		load_wrong(l, "%s succeeded", op_names[lane->op]);
	} else if (lane->op == OP_RESULT) {
		confirm(l, lane, lane->task, true);
		(void)snprintf(l->confirmed[l->n_confirmed - 1].receipt, sizeof l->confirmed[0].receipt, "%s/task.receipt", lane->dir);
		content_check(l, lane, json_get(answer, "files"));
		large_remove(l, lane, lane->dir, json_get(answer, "files"));
		run_count(l);
	} else if (lane->op == OP_SECRET && !lane->told_secret) {
		lane->told_secret = true;
	} else if (rows[lane->op]) {
		rows[lane->op](l, lane, answer);
	} else if (lane->op != OP_VERIFY && lane->op != OP_LOOK) {
		run_ended(l, lane, answer, lane->dir);
	}
}
