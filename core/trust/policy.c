/* Asks a policy's box and believes nothing that it says beyond what this file reads: an answer of any other shape, a limit, an alarm, a crash, all are denials. What a
 * permit obliges to is held against the same question again, outside of the box.
 */
#include "trust/policy.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ANSWER_TEXT 128u	/* longest text in an answer; it reaches terminals and the book */
#define ANSWER_DEPTH 6u	/* the answer, its lists, their objects and what these hold */

static struct box_text text_of(const char *s)
{
	return (struct box_text){ s, strlen(s) };
}

/* What the box sends. Past its limit nothing is kept, but the box may end first. */
struct answer { struct buf bytes; bool oversize; };

static int answer_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct answer *a = ctx;
	if (n > POLICY_ANSWER_BYTES - a->bytes.len)
		a->oversize = true;
	return a->oversize ? 0 : buf_add(&a->bytes, bytes, n, e);
}

void policy_decision_done(struct policy_decision *d)
{
	json_free(d->tree);
	buf_done(&d->answer);
	memset(d, 0, sizeof *d);
}

/* No answer that counts: what was read of it is forgotten. */
static void deny(struct policy_decision *d, const char *reason)
{
	uint64_t cpu_us = d->cpu_us;
	policy_decision_done(d);
	d->answer = (struct buf)BUF_INIT(POLICY_ANSWER_BYTES);
	d->cpu_us = cpu_us;
	(void)snprintf(d->reasons[0], sizeof d->reasons[0], "%s", reason);
	d->n_reasons = 1;
}

/* Every text short and fit to be shown, nothing but texts, integers and truth values. As deep as an answer is, not as a box likes. */
// NOLINTNEXTLINE(misc-no-recursion): no deeper than ANSWER_DEPTH
static bool tree_plain(const struct json *j, unsigned depth)
{
	size_t len = 0;
	const char *text = json_text(j, &len);
	switch (json_kind(j)) {
	case JSON_STRING:
		return len <= ANSWER_TEXT && text_plain(text, len) == len;
	case JSON_NUMBER:
		return json_is_integer(j);
	case JSON_TRUE:
	case JSON_FALSE:
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < json_count(j); i++)
		if (depth >= ANSWER_DEPTH || !tree_plain(json_at(j, i), depth + 1))
			return false;
	return true;
}

/* A list of texts into rows of `size` bytes. */
static bool texts_read(char *rows, size_t size, size_t *n, const struct json *list)
{
	if (json_kind(list) != JSON_ARRAY || json_count(list) > POLICY_LIST_MAX)
		return false;
	for (size_t i = 0; i < json_count(list); i++) {
		size_t len = 0;
		const char *text = json_text(json_at(list, i), &len);
		if (json_kind(json_at(list, i)) != JSON_STRING || len == 0 || len >= size)
			return false;
		memcpy(rows + i * size, text, len + 1);
	}
	*n = json_count(list);
	return true;
}

static bool members_right(const struct json *tree)
{
	static const struct { const char *name; enum json_kind kind; } members[] = {
		{ "effect", JSON_STRING }, { "rules", JSON_ARRAY }, { "reasons", JSON_ARRAY }, { "obligations", JSON_OBJECT }, { "missing", JSON_ARRAY },
		{ "errors", JSON_ARRAY }, { "conditions", JSON_ARRAY },
	};
	size_t n = sizeof members / sizeof members[0];
	if (json_kind(tree) != JSON_OBJECT || json_count(tree) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(json_key_at(tree, i), members[i].name) != 0 || json_kind(json_at(tree, i)) != members[i].kind)
			return false;
	return true;
}

/* A permit names the rules that gave it and has nothing against it; a denial says why and obliges to nothing. */
static bool effect_right(const struct policy_decision *d, bool permit, bool obliges)
{
	size_t errors = json_count(json_get(d->tree, "errors"));
	return permit ? d->n_rules > 0 && d->n_reasons == 0 && errors == 0 : d->n_reasons > 0 && !obliges;
}

static bool answer_read(struct policy_decision *d, bool test)
{
	static const char mark[] = "test-";	/* before the effect, of a policy that lacks a part: nothing that a keeper takes */
	struct err e = { .code = ERR_NONE };
	if (json_parse(&d->tree, buf_text(&d->answer), d->answer.len, &e) < 0 || !tree_plain(d->tree, 0) || !members_right(d->tree))
		return false;
	const char *effect = json_text(json_get(d->tree, "effect"), NULL);
	if (test && strncmp(effect, mark, sizeof mark - 1) != 0)
		return false;
	effect += test ? sizeof mark - 1 : 0;
	const struct json *obliges = json_get(d->tree, "obligations");
	bool permit = strcmp(effect, "permit") == 0;
	if (!permit && strcmp(effect, "deny") != 0)
		return false;
	if (!texts_read(d->rules[0], sizeof d->rules[0], &d->n_rules, json_get(d->tree, "rules")) ||
		!texts_read(d->reasons[0], sizeof d->reasons[0], &d->n_reasons, json_get(d->tree, "reasons")) ||
		obligations_read(&d->obligations, obliges, &e) < 0 || !effect_right(d, permit, json_count(obliges) > 0))
		return false;
	d->permit = permit;
	return true;
}

static int request_make(struct box_request *r, struct box_arg *arg, const struct iapp *policy, const char *question, size_t len, struct err *e)
{
	const struct manifest *m = policy->manifest;
	*arg = (struct box_arg){ .name = text_of(BOX_POLICY_ARG), .value = { question, len }, .type = BOX_ARG_STRING };
	*r = (struct box_request){
		.kind = BOX_KIND_POLICY,
		.task = text_of("policy"),
		.app_name = text_of(m->name),
		.app_version = text_of(m->version),
		.entry = text_of(m->entry),
		.memory = POLICY_MEMORY,
		.output = POLICY_ANSWER_BYTES,
		.cpu_ms = POLICY_CPU_MS,
		.deterministic = true,
		.args = arg,
		.n_args = 1,
	};
	r->files = calloc(policy->n_files + 1, sizeof *r->files);
	if (!r->files)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct iapp_file *f = &policy->files[i];
		r->files[r->n_files++] = (struct box_file){ text_of(f->path), { (const char *)f->bytes, f->len } };
	}
	return 0;
}

/* Codes as errors have them; what a box could not tell is its own kind of failure. */
static const char *ending_reason(enum box_status status)
{
	static const char *const reasons[] = {
		[BOX_FAILED] = "error:E_TASK", [BOX_LIMIT] = "error:E_LIMIT", [BOX_ALARM] = "error:E_INTERNAL", [BOX_BAD_INPUT] = "error:E_INVALID"
	};
	return reasons[status];
}

static int ask(struct box_zygote *z, const struct iapp *policy, const char *question, size_t len, bool test, struct policy_decision *out, struct err *e)
{
	struct box_request request;
	struct box_arg arg;
	struct answer answer = { .bytes = BUF_INIT(POLICY_ANSWER_BYTES) };
	struct box_outcome outcome;
	memset(out, 0, sizeof *out);
	if (request_make(&request, &arg, policy, question, len, e) < 0)
		return -1;
	const struct box_task task = { .request = &request, .wall_ms = POLICY_WALL_MS, .result = answer_add, .ctx = &answer };
	int r = box_run(z, &task, &outcome, e);
	free(request.files);
	if (r < 0) {
		buf_done(&answer.bytes);
		return err_wrap(e, "asking the policy %s", policy->manifest->name);
	}
	out->cpu_us = outcome.cpu_us;
	out->answer = answer.bytes;	/* taken */
	if (outcome.done.status != BOX_OK)
		deny(out, ending_reason(outcome.done.status));
	else if (answer.oversize)
		deny(out, "error:E_LIMIT");
	else if (!answer_read(out, test))
		deny(out, "error:E_INVALID");
	return 0;
}

int policy_ask(struct box_zygote *z, const struct iapp *policy, const char *question, size_t len, struct policy_decision *out, struct err *e)
{
	return ask(z, policy, question, len, false, out, e);
}

int policy_ask_test(struct box_zygote *z, const struct iapp *policy, const char *question, size_t len, struct policy_decision *out, struct err *e)
{
	return ask(z, policy, question, len, true, out, e);
}

/* ---- obligations against a question ---- */

static int number_of(const struct json *question, const char *object, const char *member, uint64_t *out, struct err *e)
{
	const struct json *j = json_get(json_get(question, object), member);
	const char *text = json_text(j, NULL);
	uint64_t v = 0;
	if (json_kind(j) != JSON_NUMBER || !json_is_integer(j))
		return err_set(e, ERR_INVALID, "the question has no integer %s.%s", object, member);
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return err_set(e, ERR_INVALID, "%s.%s of the question is no number of 64 bits without a sign", object, member);
	*out = v;
	return 0;
}

/* 1 when it holds, 0 when it does not, -1. */
static int price_holds(const struct obligations *o, const struct json *q, struct err *e)
{
	uint64_t offered;
	return number_of(q, "deal", "data_price", &offered, e) < 0 ? -1 : offered >= o->price;
}

/* A task that is no bulk has one data. */
static int cohort_holds(const struct obligations *o, const struct json *q, struct err *e)
{
	uint64_t n;
	if (number_of(q, "task", "bulk_size", &n, e) < 0)
		return -1;
	return (n ? n : 1) >= o->min_cohort;
}

/* Is there room for `least` more under `most`? */
static int room_holds(const struct json *q, const char *counter, uint64_t most, uint64_t least, struct err *e)
{
	uint64_t used;
	if (number_of(q, "counters", counter, &used, e) < 0)
		return -1;
	return used <= most && most - used >= least;
}

static int uses_hold(const struct obligations *o, const struct json *q, struct err *e)
{
	return room_holds(q, "uses", o->max_uses, 1, e);
}

static int output_holds(const struct obligations *o, const struct json *q, struct err *e)
{
	return room_holds(q, "output_bytes", o->output_bytes, 1, e);
}

static int epsilon_holds(const struct obligations *o, const struct json *q, struct err *e)
{
	uint64_t asked;
	if (number_of(q, "app", "epsilon_u6", &asked, e) < 0)
		return -1;
	return room_holds(q, "epsilon_u6", o->epsilon_u6, asked, e);
}

/* What the iApp declares that it reaches is all among the places that the owner allows. */
static int egress_holds(const struct obligations *o, const struct json *q, struct err *e)
{
	const struct json *wants = json_get(json_get(q, "app"), "egress");
	if (json_kind(wants) != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "the question has no list app.egress");
	for (size_t i = 0; i < json_count(wants); i++) {
		const char *place = json_text(json_at(wants, i), NULL);
		bool allowed = false;
		for (size_t k = 0; place && k < o->n_egress; k++)
			allowed = allowed || strcmp(o->egress[k], place) == 0;
		if (!allowed)
			return 0;
	}
	return 1;
}

/* Who may see the log is not the question's to say: whoever runs the task enforces it. */
static const struct {
	const char *name;
	size_t has;
	int (*holds)(const struct obligations *o, const struct json *question, struct err *e);
} enforced[] = {
	{ "price", offsetof(struct obligations, has_price), price_holds },
	{ "min_cohort", offsetof(struct obligations, has_min_cohort), cohort_holds },
	{ "egress", offsetof(struct obligations, has_egress), egress_holds },
	{ "max_uses", offsetof(struct obligations, has_max_uses), uses_hold },
	{ "output_bytes", offsetof(struct obligations, has_output_bytes), output_holds },
	{ "epsilon_u6", offsetof(struct obligations, has_epsilon_u6), epsilon_holds },
};

static_assert(sizeof enforced / sizeof enforced[0] <= POLICY_LIST_MAX, "each may become a reason of a decision that had none");

static bool has(const struct obligations *o, size_t offset)
{
	bool b;
	memcpy(&b, (const char *)o + offset, sizeof b);
	return b;
}

int policy_enforce(struct policy_decision *d, const char *question, size_t len, struct err *e)
{
	struct json *q = NULL;
	int holds = 1;
	if (!d->permit)
		return 0;
	if (json_parse(&q, question, len, e) < 0)
		holds = err_wrap(e, "the question to a policy");
	for (size_t i = 0; holds >= 0 && i < sizeof enforced / sizeof enforced[0]; i++) {
		if (!has(&d->obligations, enforced[i].has))
			continue;
		holds = enforced[i].holds(&d->obligations, q, e);
		if (holds != 0)
			continue;
		d->permit = false;
		(void)snprintf(d->reasons[d->n_reasons++], sizeof d->reasons[0], "obligation:%s", enforced[i].name);
	}
	if (holds < 0)
		d->permit = false;	/* what could not be checked does not hold */
	json_free(q);
	return holds < 0 ? -1 : 0;
}
