/* enclua policy replay|diff: decisions of the book made again, by the policy that made them, or by another one. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy_box.h"
#include "policy_case.h"
#include "policy_past.h"
#include "seal/crypto.h"
#include "verbs.h"

/* Replay */

struct replay { struct trade *t; struct box_zygote *z; uint64_t n, permits, other_engines; };

static int differs(const struct replay *r, const struct past *p, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static int differs(const struct replay *r, const struct past *p, struct err *e, const char *fmt, ...)
{
	char what[900];
	bool same_engine = !memcmp(p->f->engine, box_measurement(r->z), 32);
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	err_set(e, ERR_INVALID, "entry %" PRIu64 ", policy %s, scope %.*s, as of %" PRIu64 " entries: %s%s; %" PRIu64 " before it are the same", p->index, p->f->policy,
		(int)p->f->scope.len, p->f->scope.at, p->f->as_of, what, same_engine ? "" : " (it was given by another engine than this one)", r->n);
	return err_hint(e, "enclua policy explain %" PRIu64 " shows the question and what it is answered now", p->index);
}

static int hash_same(const struct replay *r, const struct past *p, const char *what, const struct buf *bytes, const uint8_t then[static 32], struct err *e)
{
	uint8_t now[32];
	char a[HEX_LEN(32) + 1], b[HEX_LEN(32) + 1];
	sha256(now, bytes->data ? bytes->data : (const uint8_t *)"", bytes->len);
	if (!memcmp(now, then, 32))
		return 0;
	hex_encode(a, then, 32);
	hex_encode(b, now, 32);
	return differs(r, p, e, "the %s was sha256:%s and is sha256:%s", what, a, b);
}

static int texts_same(const struct replay *r, const struct past *p, const char *what, const struct entry_texts *then, const char *now, size_t size, size_t n, struct err *e)
{
	bool same = then->n == n;
	for (size_t i = 0; same && i < n; i++)
		same = entry_text_is(&then->at[i], now + i * size);
	return same ? 0 : differs(r, p, e, "the %s are others", what);
}

static int decision_same(const struct replay *r, const struct past *p, const struct policy_decision *d, struct err *e)
{
	struct buf obligations = BUF_INIT(KIB(16));
	const char *effect = d->permit ? "permit" : "deny";
	int same = hash_same(r, p, "answer", &d->answer, p->f->answer, e);
	if (same == 0 && !entry_text_is(&p->f->effect, effect))
		same = differs(r, p, e, "the effect was %.*s and is %s", (int)p->f->effect.len, p->f->effect.at, effect);
	if (same == 0)
		same = texts_same(r, p, "rules", &p->f->rule, d->rules[0], sizeof d->rules[0], d->n_rules, e);
	if (same == 0)
		same = texts_same(r, p, "reasons", &p->f->reason, d->reasons[0], sizeof d->reasons[0], d->n_reasons, e);
	if (same == 0)
		same = obligations_write(&d->obligations, &obligations, e);
	if (same == 0 && (p->f->obligations.len != obligations.len || (obligations.len && memcmp(p->f->obligations.at, obligations.data, obligations.len) != 0)))
		same = differs(r, p, e, "the obligations were %.*s and are %s", (int)p->f->obligations.len, p->f->obligations.at ? p->f->obligations.at : "", buf_text(&obligations));
	buf_done(&obligations);
	return same;
}

static int replay_one(void *ctx, const struct past *p, struct err *e)
{
	struct replay *r = ctx;
	struct policy_decision d;
	if (!p->question->len)
		return differs(r, p, e, "its question cannot be made again: %s", p->why);
	if (hash_same(r, p, "question", p->question, p->f->question, e) < 0)
		return -1;
	if (!p->policy)
		return differs(r, p, e, "its policy cannot be asked again: %s", p->why);
	if (policy_box_ask(r->z, p->policy, p->question, &d, e) < 0)
		return -1;
	int same = decision_same(r, p, &d, e);
	r->permits += same == 0 && d.permit;
	r->n += same == 0;
	r->other_engines += same == 0 && memcmp(p->f->engine, box_measurement(r->z), 32) != 0;
	policy_decision_done(&d);
	return same;
}

static int run_replay(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct replay r = { .t = &t };
	struct host_policy policy;
	struct past_filter x = { .policy = NULL };
	int result = -1;
	if (trade_open(&t, c, e) < 0)
		goto out;
	if (args_has(a, "policy")) {
		if (host_policy_find(t.b, args_get(a, "policy"), &policy, e) < 0)
			goto out;
		x.policy = policy.id;
	}
	if (policy_box_start(&r.z, a, e) < 0 || past_each(&t, &x, NULL, replay_one, &r, e) < 0)
		goto out;
	trade_write_number(c, "decisions", r.n);
	trade_write_number(c, "permits", r.permits);
	trade_write_number(c, "denials", r.n - r.permits);
	trade_write_number(c, "other_engines", r.other_engines);
	result = cli_print(c, e, "%" PRIu64 " decision%s made again: %" PRIu64 " permit%s, %" PRIu64 " denial%s, all the same bit for bit\n", r.n, r.n == 1 ? "" : "s",
		r.permits, r.permits == 1 ? "" : "s", r.n - r.permits, r.n - r.permits == 1 ? "" : "s");
	if (result == 0 && r.other_engines)
		result = cli_print(c, e, "%" PRIu64 " of them were given by another engine than this one\n", r.other_engines);
out:
	box_zygote_stop(r.z);
	trade_done(&t);
	return result;
}

/* Diff */

struct diff {
	struct cli *c;
	struct box_zygote *z;
	const struct iapp *old, *new;
	uint64_t asked, changed, wider;
	struct buf widened;	/* some of them, for the message */
};

static int say(struct diff *x, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int say(struct diff *x, struct err *e, const char *fmt, ...)
{
	char line[8192];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (x->c->json || n < 0)
		return 0;
	return cli_write_stdout(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, e);
}

/* Wider: where the old one, laid over the new one, would still take something away. */
static int obligations_wider(const struct policy_decision *old, const struct policy_decision *new, bool *differ, bool *wider, struct err *e)
{
	struct obligations both = new->obligations;
	struct buf a = BUF_INIT(KIB(16)), b = BUF_INIT(KIB(16)), m = BUF_INIT(KIB(16));
	obligations_merge(&both, &old->obligations);
	int r = obligations_write(&old->obligations, &a, e) < 0 || obligations_write(&new->obligations, &b, e) < 0 || obligations_write(&both, &m, e) < 0 ? -1 : 0;
	*differ = r == 0 && strcmp(buf_text(&a), buf_text(&b)) != 0;
	*wider = r == 0 && strcmp(buf_text(&m), buf_text(&b)) != 0;
	buf_done(&a);
	buf_done(&b);
	buf_done(&m);
	return r;
}

static int texts_add(struct buf *out, const char *at, size_t size, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (buf_addf(out, e, "%s%s", i ? " " : "", cli_safe(at + i * size, strlen(at + i * size), 3)) < 0)
			return -1;
	return 0;
}

static int decision_words(const struct policy_decision *d, struct buf *out, struct err *e)
{
	if (buf_addf(out, e, "%s (", d->permit ? "permit" : "deny") < 0)
		return -1;
	int r = d->permit ? texts_add(out, d->rules[0], sizeof d->rules[0], d->n_rules, e) : texts_add(out, d->reasons[0], sizeof d->reasons[0], d->n_reasons, e);
	if (r == 0)
		r = buf_add_text(out, ")", e);
	if (r == 0 && d->permit && buf_add_text(out, " ", e) == 0)
		r = obligations_write(&d->obligations, out, e);
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	return r;
}

static int change_tell(struct diff *x, const char *which, const struct policy_decision *old, const struct policy_decision *new, bool wider, struct err *e)
{
	struct buf a = BUF_INIT(KIB(64)), b = BUF_INIT(KIB(64));
	int r = decision_words(old, &a, e) < 0 || decision_words(new, &b, e) < 0 ? -1 : 0;
	x->changed++;
	x->wider += wider;
	if (r == 0)
		r = say(x, e, "%s: %s → %s%s\n", which, buf_text(&a), buf_text(&b), wider ? "  WIDER" : "");
	if (r == 0 && wider && x->widened.len < 512)
		r = buf_addf(&x->widened, e, "%s%s", x->widened.len ? ", " : "", which);
	json_write_object(&x->c->out);
	trade_write(x->c, "question", which);
	trade_write(x->c, "old", buf_text(&a));
	trade_write(x->c, "new", buf_text(&b));
	json_write_key(&x->c->out, "wider");
	json_write_bool(&x->c->out, wider);
	json_write_object_end(&x->c->out);
	buf_done(&a);
	buf_done(&b);
	return r;
}

/* which: for people. */
static int compare(struct diff *x, const char *which, const struct buf *question, struct err *e)
{
	struct policy_decision old, new;
	bool differ = false, wider = false;
	if (policy_box_ask(x->z, x->old, question, &old, e) < 0)
		return -1;
	if (policy_box_ask(x->z, x->new, question, &new, e) < 0) {
		policy_decision_done(&old);
		return -1;
	}
	x->asked++;
	int r = old.permit && new.permit ? obligations_wider(&old, &new, &differ, &wider, e) : 0;
	if (old.permit != new.permit) {
		differ = true;
		wider = new.permit;
	}
	if (r == 0 && differ)
		r = change_tell(x, which, &old, &new, wider, e);
	policy_decision_done(&old);
	policy_decision_done(&new);
	return r;
}

static int diff_past(void *ctx, const struct past *p, struct err *e)
{
	char which[96];
	if (!p->question->len)
		return err_set(e, ERR_INVALID, "the question of entry %" PRIu64 " cannot be made again: %s", p->index, p->why);
	(void)snprintf(which, sizeof which, "entry %" PRIu64 " (%.*s)", p->index, (int)p->f->scope.len, p->f->scope.at);
	return compare(ctx, which, p->question, e);
}

static int diff_cases(struct diff *x, const char *path, struct err *e)
{
	struct cases cases;
	if (cases_read(&cases, path, e) < 0)
		return -1;
	int r = 0;
	for (size_t i = 0; r == 0 && i < cases.n; i++) {
		struct buf question = BUF_INIT(CASES_BYTES);
		char which[256];
		(void)snprintf(which, sizeof which, "case \"%.200s\"", cli_safe(case_name(&cases, i), strlen(case_name(&cases, i)), 0));
		r = case_question(&cases, i, &question, e) < 0 ? -1 : compare(x, which, &question, e);
		buf_done(&question);
	}
	cases_done(&cases);
	return r;
}

static int diff_over(struct diff *x, struct trade *t, const struct args *a, const struct host_policy *old, struct err *e)
{
	const struct past_filter filter = { .policy = old->id };
	int r = 0;
	json_write_key(&x->c->out, "changes");
	json_write_array(&x->c->out);
	if (args_has(a, "over"))
		r = past_each(t, &filter, NULL, diff_past, x, e);
	if (r == 0 && args_has(a, "cases"))
		r = diff_cases(x, args_get(a, "cases"), e);
	json_write_array_end(&x->c->out);
	if (r < 0)
		return -1;
	trade_write_number(x->c, "asked", x->asked);
	trade_write_number(x->c, "changed", x->changed);
	if (say(x, e, "%" PRIu64 " question%s asked, %" PRIu64 " answered otherwise, %" PRIu64 " more widely\n", x->asked, x->asked == 1 ? "" : "s", x->changed, x->wider) < 0)
		return -1;
	if (!x->wider)
		return 0;
	return err_set(e, ERR_CONFLICT, "the new policy is wider: it permits what the old one denied, or obliges to less, in %" PRIu64 " of %" PRIu64 ": %s", x->wider, x->asked,
		buf_text(&x->widened));
}

static int diff_check(const struct args *a, const struct host_policy *old, struct err *e)
{
	if (!args_has(a, "over") && !args_has(a, "cases"))
		return err_set(e, ERR_USAGE, "over which questions? --over book asks those of the book again, --cases FILE those of a file");
	if (args_has(a, "over") && strcmp(args_get(a, "over"), "book") != 0)
		return err_set(e, ERR_USAGE, "--over takes \"book\": the decisions that are in it; --cases FILE takes a file");
	if (args_has(a, "over") && !old->id[0]) {
		err_set(e, ERR_USAGE, "%s was given by path, and the book has no decisions of it", cli_safe(a->words[0], strlen(a->words[0]), 0));
		return err_hint(e, "name the policy that decided: enclua policy list; or ask cases: --cases FILE");
	}
	return 0;
}

static int run_diff(struct cli *c, struct args *a, struct err *e)
{
	struct trade t = { .c = c };
	struct diff x = { .c = c, .widened = BUF_INIT(KIB(4)) };
	struct iapp *old = NULL, *new = NULL;
	struct host_policy row;
	bool home = args_has(a, "over") || cli_has_home(c);
	int r = -1;
	if ((home && trade_open(&t, c, e) < 0) || policy_open(home ? &t : NULL, a->words[0], &old, &row, e) < 0 ||
		diff_check(a, &row, e) < 0 || policy_open(home ? &t : NULL, a->words[1], &new, NULL, e) < 0)
		goto out;
	x.old = old;
	x.new = new;
	if (policy_box_start(&x.z, a, e) == 0)
		r = diff_over(&x, &t, a, &row, e);
out:
	box_zygote_stop(x.z);
	iapp_free(old);
	iapp_free(new);
	buf_done(&x.widened);
	trade_done(&t);
	return r;
}

static const struct option_row replay_options[] = {
	{ "policy", 0, "POLICY", false, "only the decisions of this one" }, POLICY_BOX_OPTIONS, { NULL, 0, NULL, false, NULL },
};
static const struct option_row diff_options[] = {
	{ "over", 0, "book", false, "each decision of OLD that is in the book, its question made again" },
	{ "cases", 0, "FILE", false, "the questions of these cases; what they expect does not matter" },
	POLICY_BOX_OPTIONS,
	{ NULL, 0, NULL, false, NULL },
};

const struct command policy_replay_commands[] = {
	{ "policy diff", "OLD NEW [--over book] [--cases FILE]", "Which decisions would change with another policy",
	  "Example: enclua policy diff research-only ./research-only --over book\n\n"
	  "Each question is put to both policies; those that are answered otherwise are listed. OLD and NEW are names, ids or paths; with --over book OLD\n"
	  "is the one that decided. Exit status 6 when NEW is wider anywhere: it permits what OLD denied, or obliges to less. JSON: changes, each with\n"
	  "question, old, new, wider; asked, changed.", diff_options, 2, 2, run_diff },
	{ "policy replay", "[--policy POLICY]", "Make the decisions of the book again",
	  "Example: enclua policy replay\n\n"
	  "Each question is made again from the entries of the book that it was made from, and put to the policy again. Question, answer, effect, rules, reasons\n"
	  "and obligations must be what the keeper signed; exit status 5 at the first that is not. JSON: decisions, permits, denials, other_engines.",
	  replay_options, 0, 0, run_replay },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
