/* enclua policy test: the cases beside a policy, in the real box; what they have seen of it; and whether they would notice if a part of it were not there. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy_cover.h"
#include "policy_find.h"
#include "verbs.h"

struct testing {
	struct cli *c;
	struct iapp *policy;
	struct cases cases;
	struct box_zygote *z;
	struct cover *cover;
	size_t failed, must_deny, gaps, mutants, survived;
	struct buf failing, surviving;	/* for the one message at the end */
};

/* A line as soon as it is known; with --json there is one object at the end, and nothing before. */
static int say(struct testing *t, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int say(struct testing *t, struct err *e, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (t->c->json || n < 0)
		return 0;
	return cli_write_stdout(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, e);
}

static int listed(struct buf *list, const char *text, struct err *e)
{
	if (list->len > 512)	/* a message names some; the lines above name all */
		return 0;
	return buf_addf(list, e, "%s%s", list->len ? "; " : "", text);
}

/* An error denies, and a denial that was expected for another reason would hide it. */
static bool error_expected(const struct testing *t, size_t i, const struct policy_decision *d)
{
	const struct json *reasons = json_get(json_get(json_at(t->cases.list, i), "expect"), "reasons");
	for (size_t k = 0; k < d->n_reasons; k++)
		if (!strncmp(d->reasons[k], "error:", 6))
			return json_count(reasons) > 0;	/* case_met has compared them */
	return true;
}

static int case_tell(struct testing *t, size_t i, bool ok, const char *why, struct err *e)
{
	const char *name = case_name(&t->cases, i);
	name = cli_safe(name, strlen(name), 0);
	if (ok)
		return say(t, e, "ok %zu - %s\n", i + 1, name);
	t->failed++;
	return listed(&t->failing, name, e) < 0 ? -1 : say(t, e, "not ok %zu - %s\n# got %s\n", i + 1, name, why);
}

static int case_run(struct testing *t, size_t i, struct err *e)
{
	struct buf question = BUF_INIT(CASES_BYTES), why = BUF_INIT(KIB(64));
	struct policy_decision d;
	int r = case_question(&t->cases, i, &question, e), met = -1;
	t->must_deny += case_must_deny(&t->cases, i);
	if (r == 0 && (r = policy_box_ask(t->z, t->policy, &question, &d, e)) == 0) {
		met = case_met(&t->cases, i, &d, &why, e);
		if (met == 1 && !error_expected(t, i, &d))
			met = 0;
		if (met == 0 && policy_box_errors(&d, &why, e) < 0)
			met = -1;
		r = met < 0 || cover_add(t->cover, &d, e) < 0 ? -1 : 0;
		policy_decision_done(&d);
	}
	if (r == 0)
		r = case_tell(t, i, met, buf_text(&why), e);
	buf_done(&question);
	buf_done(&why);
	return r < 0 ? err_wrap(e, "case %zu", i + 1) : 0;
}

static int gap(void *ctx, const char *words, struct err *e)
{
	struct testing *t = ctx;
	t->gaps++;
	json_write_text(&t->c->out, words);
	return say(t, e, "# not covered: %s\n", words);
}

static int mutant(void *ctx, const char *words, size_t caught_by, struct err *e)
{
	struct testing *t = ctx;
	t->mutants++;
	if (caught_by < t->cases.n)
		return say(t, e, "# mutant %s: caught by case %zu\n", words, caught_by + 1);
	t->survived++;
	json_write_text(&t->c->out, words);
	return listed(&t->surviving, words, e) < 0 ? -1 : say(t, e, "# mutant %s: no case notices\n", words);
}

static int cover_tell(struct testing *t, struct err *e)
{
	json_write_key(&t->c->out, "rules");
	json_write_array(&t->c->out);
	for (size_t i = 0; i < t->cover->n; i++) {
		const struct cover_rule *r = &t->cover->rules[i];
		json_write_object(&t->c->out);
		trade_write(t->c, "rule", r->id);
		trade_write_number(t->c, "decided", r->decided);
		if (say(t, e, "# %s %s decided %zu", r->permit ? "permit" : "forbid", r->id, r->decided) < 0)
			return -1;
		json_write_key(&t->c->out, "conditions");
		json_write_object(&t->c->out);
		for (size_t k = 0; k < r->n_conditions; k++) {
			json_write_key(&t->c->out, r->conditions[k].name);
			json_write_object(&t->c->out);
			trade_write_number(t->c, "held", r->conditions[k].held);
			trade_write_number(t->c, "failed", r->conditions[k].failed);
			json_write_object_end(&t->c->out);
			if (say(t, e, ", %s held %zu failed %zu", r->conditions[k].name, r->conditions[k].held, r->conditions[k].failed) < 0)
				return -1;
		}
		json_write_object_end(&t->c->out);
		json_write_object_end(&t->c->out);
		if (say(t, e, "\n") < 0)
			return -1;
	}
	json_write_array_end(&t->c->out);
	json_write_key(&t->c->out, "not_covered");
	json_write_array(&t->c->out);
	int r = cover_gaps(t->cover, gap, t, e);
	json_write_array_end(&t->c->out);
	return r;
}

/* The obligations of each rule are learnt from an answer that only says what there is; the question does not matter. */
static int mutate(struct testing *t, struct err *e)
{
	static const struct policy_without nothing = { .rule = NULL };
	struct buf question = BUF_INIT(CASES_BYTES);
	struct policy_decision d;
	int r = question_make(NULL, 0, &question, e);
	if (r == 0 && (r = policy_box_ask_without(t->z, t->policy, &question, &nothing, &d, e)) == 0) {
		r = cover_obligations(t->cover, &d, e);
		policy_decision_done(&d);
	}
	json_write_key(&t->c->out, "surviving");
	json_write_array(&t->c->out);
	if (r == 0)
		r = cover_mutants(t->cover, t->z, t->policy, &t->cases, mutant, t, e);
	json_write_array_end(&t->c->out);
	trade_write_number(t->c, "mutants", t->mutants);
	buf_done(&question);
	return r;
}

static int verdict(struct testing *t, const struct args *a, struct err *e)
{
	if (t->failed)
		return err_set(e, ERR_TASK, "%zu of %zu cases fail: %s", t->failed, t->cases.n, buf_text(&t->failing));
	if (!t->must_deny) {
		err_set(e, ERR_TASK, "no case expects a denial: that the policy permits is half of what it is for");
		return err_hint(e, "add a case with \"expect\":{\"effect\":\"deny\"} to " CASES_FILE);
	}
	if (t->survived) {
		err_set(e, ERR_TASK, "%zu of %zu mutants are noticed by no case: %s", t->survived, t->mutants, buf_text(&t->surviving));
		return err_hint(e, "add cases that need these parts of the policy, or leave the parts out");
	}
	if (t->gaps && args_has(a, "coverage"))
		return err_set(e, ERR_TASK, "%zu part%s of the policy decided nothing in any case", t->gaps, t->gaps == 1 ? "" : "s");
	return 0;
}

static int test(struct testing *t, const struct args *a, struct err *e)
{
	if (say(t, e, "1..%zu\n", t->cases.n) < 0)
		return -1;
	for (size_t i = 0; i < t->cases.n; i++)
		if (case_run(t, i, e) < 0)
			return -1;
	trade_write(t->c, "name", t->policy->manifest->name);
	trade_write(t->c, "h1", t->policy->h1);
	trade_write_number(t->c, "cases", t->cases.n);
	trade_write_number(t->c, "must_deny", t->must_deny);
	if (cover_tell(t, e) < 0 || (args_has(a, "mutate") && !t->failed && mutate(t, e) < 0))
		return -1;
	if (verdict(t, a, e) < 0)
		return -1;
	if (args_has(a, "mutate") && say(t, e, "# all %zu mutants are noticed\n", t->mutants) < 0)
		return -1;
	return say(t, e, "# %s %s: all %zu cases pass, %zu of them denials\n", t->policy->manifest->name, t->policy->manifest->version, t->cases.n, t->must_deny);
}

/* --cases, or cases.json in the folder. */
static int cases_path(const struct args *a, char *path, size_t size, struct err *e)
{
	struct stat st;
	const char *given = args_get(a, "cases"), *which = a->words[0];
	int n;
	if (!given && (stat(which, &st) < 0 || !S_ISDIR(st.st_mode)))
		return err_set(e, ERR_USAGE, "the cases of %s are not in its archive: --cases FILE says where they are", cli_safe(which, strlen(which), 0));
	n = given ? snprintf(path, size, "%s", given) : snprintf(path, size, "%s/" CASES_FILE, which);
	return n < 0 || (size_t)n >= size ? err_set(e, ERR_USAGE, "the path of the cases is too long") : 0;
}

static int run_test(struct cli *c, struct args *a, struct err *e)
{
	struct testing t = { .c = c, .failing = BUF_INIT(KIB(64)), .surviving = BUF_INIT(KIB(64)), .cover = calloc(1, sizeof *t.cover) };
	char path[4096];
	int r = -1;
	if (!t.cover)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (policy_open(NULL, a->words[0], &t.policy, NULL, e) < 0 || cases_path(a, path, sizeof path, e) < 0)
		goto out;
	if (cases_read(&t.cases, path, e) < 0) {
		if (e->code == ERR_NOT_FOUND)
			err_hint(e, "a policy needs cases: [{\"name\":\"…\",\"question\":{\"purpose\":\"…\"},\"expect\":{\"effect\":\"deny\"}}]; enclua policy test --help");
		goto out;
	}
	if (policy_box_start(&t.z, a, e) == 0)
		r = test(&t, a, e);
out:
	box_zygote_stop(t.z);
	cases_done(&t.cases);
	iapp_free(t.policy);
	buf_done(&t.failing);
	buf_done(&t.surviving);
	free(t.cover);
	return r;
}

static const struct option_row test_options[] = {
	{ "cases", 0, "FILE", false, "the cases (else cases.json in DIR)" },
	{ "coverage", 0, NULL, false, "also fail when a rule has decided no case, or a condition was never false" },
	{ "mutate", 0, NULL, false, "also leave out each rule, condition and obligation in turn: some case must notice" },
	POLICY_BOX_OPTIONS,
	{ NULL, 0, NULL, false, NULL },
};

const struct command policy_test_commands[] = {
	{ "policy test", "DIR|FILE [--cases FILE] [--coverage] [--mutate]", "Run the cases of a policy in its real box",
	  "Example: enclua policy test manifests/policies/research-only --coverage --mutate\n\n"
	  "cases.json is a list of cases, or {\"question\":{…},\"cases\":[…]} where the question holds for all of them:\n"
	  "  {\"name\":\"marketing is refused\",\"question\":{\"purpose\":\"marketing\"},\"expect\":{\"effect\":\"deny\",\"reasons\":[\"no-permit\"]}}\n"
	  "A question has what a keeper would say, from the book; members that are not given are those of a task of one data at scope match on\n"
	  "2026-01-01T00:00:00Z: scope, time, as_of, purpose, user, beneficiary, assurance (software), app {id h1 name version author owner data\n"
	  "deterministic outputs_raw purposes egress memory output cpu_ms wall_ms epsilon_u6}, data {id name owner size}, pool {id owner}, worker, deal\n"
	  "{id app_price data_price pool_price trust category volume}, task {id index bulk_size}, grant {id price uses used until purposes bulk}, counters\n"
	  "{uses output_bytes epsilon_u6}. Other members are refused; yes and no are 1 and 0.\n"
	  "expect: effect, permit or deny, after obligations were held against the question; and where given rules, reasons and obligations, exactly.\n"
	  "At least one case must expect a denial. An error in the policy fails a case unless its reasons name it. No home is needed.\n"
	  "Lines as TAP has them, as each case ends; exit status 8 when one fails. JSON: name, h1, cases, must_deny, rules, not_covered, surviving, mutants.",
	  test_options, 1, 1, run_test },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
