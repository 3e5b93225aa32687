/* enclua policy explain: what a policy says to a question, which conditions did not hold, and what would make it say yes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy_asked.h"
#include "policy_box.h"
#include "policy_past.h"
#include "verbs.h"

static const char *text_of(const struct json *j, const char *key, unsigned slot)
{
	size_t len = 0;
	const char *text = json_text(json_get(j, key), &len);
	return text ? cli_safe(text, len, slot) : "";
}

/* The telling */

static int list_print(struct cli *c, const char *at, size_t size, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (cli_print(c, e, "%s%s", i ? ", " : "", cli_safe(at + i * size, strlen(at + i * size), 0)) < 0)
			return -1;
	return 0;
}

static int decision_tell(struct cli *c, const struct policy_decision *d, struct err *e)
{
	struct buf words = BUF_INIT(KIB(64));
	json_write_key(&c->out, "effect");
	json_write_text(&c->out, d->permit ? "permit" : "deny");
	json_write_key(&c->out, "rules");
	json_write_array(&c->out);
	for (size_t i = 0; i < d->n_rules; i++)
		json_write_text(&c->out, d->rules[i]);
	json_write_array_end(&c->out);
	json_write_key(&c->out, "reasons");
	json_write_array(&c->out);
	for (size_t i = 0; i < d->n_reasons; i++)
		json_write_text(&c->out, d->reasons[i]);
	json_write_array_end(&c->out);
	int r = obligations_write(&d->obligations, &words, e);
	json_write_key(&c->out, "obligations");
	json_write_raw(&c->out, words.len ? buf_text(&words) : "{}", words.len ? words.len : 2);
	if (r == 0)
		r = cli_print(c, e, "decision  %s: ", d->permit ? "permit" : "deny");
	if (r == 0)
		r = d->permit ? list_print(c, d->rules[0], sizeof d->rules[0], d->n_rules, e) : list_print(c, d->reasons[0], sizeof d->reasons[0], d->n_reasons, e);
	if (r == 0)
		r = words.len ? cli_print(c, e, "\nobliges   %s\n", buf_text(&words)) : cli_print(c, e, "\n");
	buf_clear(&words);
	if (r == 0 && (r = policy_box_errors(d, &words, e)) == 0 && words.len)
		r = cli_print(c, e, "errors    %s\n", buf_text(&words));
	buf_done(&words);
	return r;
}

static int rules_tell(struct cli *c, const struct json *tree, struct err *e)
{
	const struct json *rows = json_get(tree, "conditions");
	for (size_t i = 0; i < json_count(rows); i++) {
		const struct json *row = json_at(rows, i), *conditions = json_get(row, "conditions");
		const char *because = text_of(row, "because", 2);
		if (cli_print(c, e, "%s %s: %s%s%s\n", text_of(row, "effect", 0), text_of(row, "rule", 1),
			json_kind(json_get(row, "holds")) == JSON_TRUE ? "holds" : "does not hold", *because ? " – " : "", because) < 0)
			return -1;
		for (size_t k = 0; k < json_count(conditions); k++) {
			const struct json *one = json_at(conditions, k);
			bool holds = json_kind(json_get(one, "holds")) == JSON_TRUE;
			if (cli_print(c, e, "  %-14s %s%s\n", text_of(one, "name", 0), holds ? "yes" : "no   ", holds ? "" : text_of(one, "why", 1)) < 0)
				return -1;
		}
	}
	return 0;
}

/* The permits that lack least. Whether meeting what they lack would do is not guessed: the policy is asked without these conditions. */
static int missing_one(struct cli *c, struct box_zygote *z, const struct iapp *policy, const struct buf *question, const struct json *row, struct err *e)
{
	const struct json *conditions = json_get(row, "conditions");
	const char *parts[POLICY_LIST_MAX], *rule = json_text(json_get(row, "rule"), NULL);
	struct policy_without w = { .rule = rule, .parts = parts };
	struct policy_decision d;
	for (; w.n < json_count(conditions) && w.n < POLICY_LIST_MAX; w.n++)
		if (!(parts[w.n] = json_text(json_at(conditions, w.n), NULL)))
			return 0;
	if (!rule || !w.n)
		return 0;
	if (policy_box_ask_without(z, policy, question, &w, &d, e) < 0)
		return -1;
	json_write_object(&c->out);
	json_write_key(&c->out, "rule");
	json_write_text(&c->out, rule);
	json_write_key(&c->out, "conditions");
	json_write_array(&c->out);
	int r = cli_print(c, e, "to get a yes by %s, these have to hold:", cli_safe(rule, strlen(rule), 0));
	for (size_t i = 0; r == 0 && i < w.n; i++) {
		json_write_text(&c->out, parts[i]);
		r = cli_print(c, e, "%s %s", i ? "," : "", cli_safe(parts[i], strlen(parts[i]), 0));
	}
	json_write_array_end(&c->out);
	json_write_key(&c->out, "then");
	json_write_text(&c->out, d.permit ? "permit" : "deny");
	json_write_object_end(&c->out);
	if (r == 0 && !d.permit && (r = cli_print(c, e, " – and even then: deny (")) == 0 && (r = list_print(c, d.reasons[0], sizeof d.reasons[0], d.n_reasons, e)) == 0)
		r = cli_print(c, e, ")");
	policy_decision_done(&d);
	return r < 0 ? -1 : cli_print(c, e, "\n");
}

static int missing_tell(struct cli *c, struct box_zygote *z, const struct iapp *policy, const struct buf *question, const struct policy_decision *d, struct err *e)
{
	const struct json *missing = json_get(d->tree, "missing");
	int r = 0;
	json_write_key(&c->out, "missing");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < json_count(missing); i++)
		r = missing_one(c, z, policy, question, json_at(missing, i), e);
	for (size_t i = 0; r == 0 && i < d->n_reasons; i++) {
		if (!strncmp(d->reasons[i], "forbid:", 7))
			r = cli_print(c, e, "%s forbids whatever else holds\n", cli_safe(d->reasons[i] + 7, strlen(d->reasons[i]) - 7, 0));
		else if (!strncmp(d->reasons[i], "obligation:", 11))
			r = cli_print(c, e, "the rules permit, but the obligation %s is not met by what was asked\n", d->reasons[i] + 11);
	}
	json_write_array_end(&c->out);
	return r;
}

static int explain(struct cli *c, struct box_zygote *z, const struct iapp *policy, const struct buf *question, struct err *e)
{
	struct policy_decision d;
	if (policy_box_ask(z, policy, question, &d, e) < 0)
		return -1;
	trade_write(c, "name", policy->manifest->name);
	trade_write(c, "h1", policy->h1);
	json_write_key(&c->out, "question");
	json_write_raw(&c->out, buf_text(question), question->len);
	int r = cli_print(c, e, "policy    %s %s  %s\nquestion  ", policy->manifest->name, policy->manifest->version, policy->h1);
	if (r == 0)
		r = text_escape(&c->text, buf_text(question), question->len, e) < 0 ? -1 : cli_print(c, e, "\n");
	if (r == 0)
		r = decision_tell(c, &d, e);
	if (r == 0)
		r = rules_tell(c, d.tree, e);
	if (r == 0)
		r = missing_tell(c, z, policy, question, &d, e);
	if (r == 0 && d.tree) {
		json_write_key(&c->out, "conditions");
		const struct json *rows = json_get(d.tree, "conditions");
		json_write_array(&c->out);
		for (size_t i = 0; i < json_count(rows); i++) {
			const struct json *conditions = json_get(json_at(rows, i), "conditions");
			json_write_object(&c->out);
			trade_write(c, "rule", text_of(json_at(rows, i), "rule", 0));
			trade_write(c, "effect", text_of(json_at(rows, i), "effect", 0));
			for (size_t k = 0; k < json_count(conditions); k++) {
				trade_write(c, text_of(json_at(conditions, k), "name", 0), json_kind(json_get(json_at(conditions, k), "holds")) == JSON_TRUE ? "yes" :
					text_of(json_at(conditions, k), "why", 1));
			}
			json_write_object_end(&c->out);
		}
		json_write_array_end(&c->out);
	}
	policy_decision_done(&d);
	return r;
}

/* Now */

static int grant_policy(struct trade *t, const char *which, char policy[static ID_TEXT], struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	size_t text_len;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (host_entry_find(t->b, which, &index, e) < 0 || book_entry(t->b, index, &bytes, e) < 0 || entry_decode(en, bytes.data, bytes.len, &text_len, e) < 0)
		goto out;
	if (en->type != ENTRY_ORDER_DATA_TYPE)
		err_set(e, ERR_USAGE, "--grant: %s is no grant", cli_safe(which, strlen(which), 0));
	else if (!en->order_data.policy[0])
		err_set(e, ERR_NOT_FOUND, "the grant %s names no policy: name one to ask", cli_safe(which, strlen(which), 0));
	else {
		memcpy(policy, en->order_data.policy, ID_TEXT);
		r = 0;
	}
out:
	buf_done(&bytes);
	free(en);
	return r;
}

static int explain_now(struct trade *t, const struct args *a, struct err *e)
{
	struct box_zygote *z = NULL;
	struct iapp *policy = NULL;
	struct buf question = BUF_INIT(MIB(1));
	char named[ID_TEXT] = "";
	bool orders = args_has(a, "grant");
	int r = -1;
	if (orders == !(args_has(a, "request") || args_has(a, "task")))
		return err_set(e, ERR_USAGE, "--grant goes with --request or --task: who asks, and what for");
	if (!a->n_words && (!orders || grant_policy(t, args_get(a, "grant"), named, e) < 0))
		return orders ? -1 : err_set(e, ERR_USAGE, "which policy? a name, an id, a path; or --grant ORDER, or a task");
	if (policy_open(t, a->n_words ? a->words[0] : named, &policy, NULL, e) == 0 &&
		(orders ? asked_by_orders(t, a, &question, e) : asked_by_options(t, a, &question, e)) == 0 && policy_box_start(&z, a, e) == 0)
		r = explain(t->c, z, policy, &question, e);
	box_zygote_stop(z);
	iapp_free(policy);
	buf_done(&question);
	return r;
}

/* What was asked */

struct telling { struct cli *c; struct box_zygote *z; uint64_t n; };

static int past_tell(void *ctx, const struct past *p, struct err *e)
{
	struct telling *x = ctx;
	struct cli *c = x->c;
	json_write_object(&c->out);
	trade_write_number(c, "entry", p->index);
	trade_write(c, "policy", p->f->policy);
	trade_write_number(c, "as_of", p->f->as_of);
	char scope[17], effect[9];
	(void)snprintf(scope, sizeof scope, "%.*s", (int)p->f->scope.len, p->f->scope.at);
	(void)snprintf(effect, sizeof effect, "%.*s", (int)p->f->effect.len, p->f->effect.at);
	trade_write(c, "scope", scope);
	trade_write(c, "decided", effect);
	int r = cli_print(c, e, "%sentry     %" PRIu64 ": asked at %s, as of %" PRIu64 " entries; it was decided: %s", x->n++ ? "\n" : "", p->index, scope, p->f->as_of, effect);
	for (size_t i = 0; r == 0 && i < p->f->reason.n; i++)
		r = cli_print(c, e, "%s %s", i ? "," : ":", cli_safe(p->f->reason.at[i].at, p->f->reason.at[i].len, 0));
	if (r == 0)
		r = cli_print(c, e, "\n");
	if (r == 0)
		r = p->policy ? explain(c, x->z, p->policy, p->question, e) : cli_print(c, e, "it cannot be asked again: %s\n", p->why);
	json_write_object_end(&c->out);
	return r;
}

/* A task, a request, or the entry of a decision; 0 when the word is none of these but a policy's. */
static int past_named(struct trade *t, const char *which, struct past_filter *x, char id[static ID_TEXT], struct err *e)
{
	struct entry *en = NULL;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	size_t text_len;
	int r = -1;
	bool number = which[0] && which[strspn(which, "0123456789")] == '\0';
	if (!number && strncmp(which, "task1", 5) != 0 && strncmp(which, "order1", 6) != 0)
		return 0;
	if (host_entry_find(t->b, which, &x->index, e) < 0 || !(en = malloc(sizeof *en)) || book_entry(t->b, x->index, &bytes, e) < 0 ||
		entry_decode(en, bytes.data, bytes.len, &text_len, e) < 0)
		goto out;
	r = 1;
	if (en->type == ENTRY_POLICY_DECISION_TYPE)
		x->one = true;
	else if (en->type == ENTRY_TASK_INITIALIZE_TYPE) {
		memcpy(id, en->task_initialize.task, ID_TEXT);
		x->task = id;
	} else if (en->type == ENTRY_ORDER_REQUEST_TYPE) {
		entry_id(id, ID_ORDER, bytes.data, text_len);
		x->request = id;
	} else
		r = err_set(e, ERR_USAGE, "entry %" PRIu64 " is a %s, and no decision, task or request", x->index, entry_info(en->type)->type);
out:
	free(en);
	buf_done(&bytes);
	return r;
}

static int explain_past(struct trade *t, const struct args *a, const struct past_filter *x, struct err *e)
{
	struct telling telling = { .c = t->c };
	if (policy_box_start(&telling.z, a, e) < 0)
		return -1;
	json_write_key(&t->c->out, "decisions");
	json_write_array(&t->c->out);
	int r = past_each(t, x, NULL, past_tell, &telling, e);
	json_write_array_end(&t->c->out);
	box_zygote_stop(telling.z);
	if (r == 0 && !telling.n) {
		err_set(e, ERR_NOT_FOUND, "no policy was asked about %s", cli_safe(a->words[0], strlen(a->words[0]), 0));
		return err_hint(e, "enclua task show TASK says how a task ended; enclua book log --type policy.decision lists what policies were asked");
	}
	return r;
}

#define LEVELS "none|software|tpm2|cvm"
#define SCOPES "offer|match|key_release|run|egress|settle"

/* A word that no question ever has would be answered, too, and the answer would mislead. */
static int word_check(const struct args *a, const char *option, const char *words, struct err *e)
{
	const char *given = args_get(a, option);
	size_t n = given ? strlen(given) : 0;
	for (const char *p = words; given; p = strchr(p, '|') + 1) {
		if (n && strcspn(p, "|") == n && !strncmp(p, given, n))
			return 0;
		if (!strchr(p, '|'))
			return err_set(e, ERR_USAGE, "--%s \"%s\" is none of %s", option, cli_safe(given, n, 0), words);
	}
	return 0;
}

static int run_explain(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct past_filter x = { .policy = NULL };
	char id[ID_TEXT];
	if (word_check(a, "assurance", LEVELS, e) < 0 || word_check(a, "scope", SCOPES, e) < 0)
		return -1;
	int r = trade_open(&t, c, e);
	int is = r == 0 && a->n_words ? past_named(&t, a->words[0], &x, id, e) : 0;
	if (r == 0)
		r = is < 0 ? -1 : is ? explain_past(&t, a, &x, e) : explain_now(&t, a, e);
	trade_done(&t);
	return r;
}

static const struct option_row explain_options[] = {
	{ "data", 0, "DATA", false, "ask about this data" },
	{ "app", 0, "APP", false, "for this iApp" },
	{ "user", 0, "WHO", false, "for this requester" },
	{ "purpose", 0, "PURPOSE", false, "for this purpose" },
	{ "pool", 0, "POOL", false, "at this pool" },
	{ "assurance", 0, LEVELS, false, "on a machine of this level; software, if nothing is said" },
	{ "scope", 0, SCOPES, false, "at this moment; match, if nothing is said" },
	{ "price", 0, "N", false, "the requester pays so much for the data" },
	{ "bulk-size", 0, "N", false, "a task of so many data" },
	{ "uses", 0, "N", false, "so many uses reserved and spent under the grant" },
	{ "grant", 0, "ORDER", false, "ask about this grant of the book, and the policy that it names …" },
	{ "request", 0, "ORDER", false, "… for this request" },
	{ "task", 0, "TASK", false, "… for this task" },
	POLICY_BOX_OPTIONS,
	{ NULL, 0, NULL, false, NULL },
};

const struct command policy_explain_commands[] = {
	{ "policy explain", "[POLICY] [--data DATA] [--app APP] [--user WHO] [--purpose P]… | --grant ORDER --request ORDER|--task TASK | TASK|REQUEST|ENTRY",
	  "What a policy would say, why, and what would make it a yes",
	  "Examples: enclua policy explain research-only --data trial --app cohort-average --user ben --purpose marketing\n"
	  "          enclua policy explain --grant order1qx7… --request order1m2k…\n"
	  "          enclua policy explain task1w8f…            what was asked about a run that was denied\n\n"
	  "Shows the question, the decision, each rule with each of its conditions, and for a denial which conditions the nearest permit lacks; whether meeting them\n"
	  "would do is tried, not guessed. Nothing is entered into the book. What no option says is as in policy test. Of a task, a request or the entry of a\n"
	  "decision, the question is made again from the book as it was. JSON: name, h1, question, effect, rules, reasons, obligations, missing, conditions; of\n"
	  "what was asked, decisions with these each.", explain_options, 0, 1, run_explain },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
