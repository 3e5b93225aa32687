/* Cases of a policy: what is asked, and what is expected. Data, not code: see policy_case.h for the form, `enclua policy test --help` for the words. */
#include "policy_case.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "cli.h"

/* A task of one data, matched on 1 January 2026 for no purpose, by and about nobody that is real. */
static const char question_defaults[] =
	"{\"scope\":\"match\",\"time\":1767225600,\"as_of\":100,\"purpose\":\"\",\"user\":\"enclua1user\",\"beneficiary\":\"enclua1user\",\"assurance\":\"software\","
	"\"app\":{\"id\":\"app1demo\",\"h1\":\"h1:demo\",\"name\":\"demo\",\"version\":\"1.0.0\",\"author\":\"enclua1author\",\"owner\":\"enclua1author\",\"data\":\"one\","
	"\"deterministic\":1,\"outputs_raw\":0,\"purposes\":[],\"egress\":[],\"memory\":67108864,\"output\":1048576,\"cpu_ms\":10000,\"wall_ms\":30000,\"epsilon_u6\":0},"
	"\"data\":{\"id\":\"data1demo\",\"name\":\"demo\",\"owner\":\"enclua1owner\",\"size\":1024},"
	"\"pool\":{\"id\":\"pool1demo\",\"owner\":\"enclua1pool\"},\"worker\":\"\","
	"\"deal\":{\"id\":\"\",\"app_price\":0,\"data_price\":0,\"pool_price\":0,\"trust\":1,\"category\":0,\"volume\":1},"
	"\"task\":{\"id\":\"\",\"index\":0,\"bulk_size\":0},"
	"\"grant\":{\"id\":\"order1demo\",\"price\":0,\"uses\":1,\"used\":0,\"until\":0,\"purposes\":[],\"bulk\":0},"
	"\"counters\":{\"uses\":0,\"output_bytes\":0,\"epsilon_u6\":0}}";

/* Questions */

#define DEPTH_MAX 4u	/* of a question; its defaults have 3 levels */

struct making { struct json_writer w; struct err *e; };

static int wrong(struct making *m, const char *where, const char *what)
{
	return err_set(m->e, ERR_INVALID, "question: %s must be %s", where, what);
}

static int number_write(struct making *m, const struct json *v, const char *where)
{
	const char *text = json_text(v, NULL);
	char *end = NULL;
	errno = 0;
	long long n = json_kind(v) == JSON_NUMBER && json_is_integer(v) ? strtoll(text, &end, 10) : 0;
	if (!end || *end || errno)
		return wrong(m, where, "an integer of 64 bits: a question has no fractions, and 1 and 0 for yes and no");
	json_write_int(&m->w, n);
	return 0;
}

static int texts_write(struct making *m, const struct json *v, const char *where)
{
	if (json_kind(v) != JSON_ARRAY)
		return wrong(m, where, "a list of texts");
	json_write_array(&m->w);
	for (size_t i = 0; i < json_count(v); i++) {
		size_t len;
		const char *text = json_text(json_at(v, i), &len);
		if (json_kind(json_at(v, i)) != JSON_STRING)
			return wrong(m, where, "a list of texts");
		json_write_string(&m->w, text, len);
	}
	json_write_array_end(&m->w);
	return 0;
}

static int leaf_write(struct making *m, enum json_kind kind, const struct json *v, const char *where)
{
	size_t len;
	const char *text = json_text(v, &len);
	if (kind == JSON_NUMBER)
		return number_write(m, v, where);
	if (kind == JSON_ARRAY)
		return texts_write(m, v, where);
	if (json_kind(v) != JSON_STRING)
		return wrong(m, where, "text");
	json_write_string(&m->w, text, len);
	return 0;
}

/* What is laid over must be there below: a misspelt member would test nothing. */
static int members_known(struct making *m, const struct json *base, const struct json *over, const char *where)
{
	const char *names[64] = { NULL };
	for (size_t i = 0; i < json_count(base) && i < 63; i++)
		names[i] = json_key_at(base, i);
	for (size_t i = 0; i < json_count(over); i++) {
		const char *key = json_key_at(over, i), *near;
		if (json_get(base, key))
			continue;
		near = text_nearest(key, names);
		return err_set(m->e, ERR_INVALID, "question: there is no member %s%s%s%s%s%s", where, *where ? "." : "", cli_safe(key, strlen(key), 0),
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	return 0;
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX
static int object_write(struct making *m, const struct json *base, const struct json *const *over, size_t n, const char *where, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return err_set(m->e, ERR_INVALID, "question: nested too deep");
	for (size_t k = 0; k < n; k++)
		if (over[k] && json_kind(over[k]) != JSON_OBJECT)
			return wrong(m, *where ? where : "it", "an object");
		else if (members_known(m, base, over[k], where) < 0)
			return -1;
	json_write_object(&m->w);
	for (size_t i = 0; i < json_count(base); i++) {
		const char *key = json_key_at(base, i);
		const struct json *below = json_at(base, i), *value = below, *parts[CASE_LAYERS] = { NULL };
		char path[256];
		(void)snprintf(path, sizeof path, "%s%s%s", where, *where ? "." : "", key);
		for (size_t k = 0; k < n; k++)
			if ((parts[k] = json_get(over[k], key)))
				value = parts[k];
		json_write_key(&m->w, key);
		if ((json_kind(below) == JSON_OBJECT ? object_write(m, below, parts, n, path, depth + 1) : leaf_write(m, json_kind(below), value, path)) < 0)
			return -1;
	}
	json_write_object_end(&m->w);
	return 0;
}

int question_make(const struct json *const *layers, size_t n, struct buf *out, struct err *e)
{
	struct making m = { .e = e };
	struct json *base = NULL;
	if (n > CASE_LAYERS)
		return err_set(e, ERR_INTERNAL, "too many layers of a question");
	if (json_parse(&base, question_defaults, strlen(question_defaults), e) < 0)
		return -1;
	json_write_init(&m.w, out, e);
	int r = object_write(&m, base, layers, n, "", 1) < 0 ? -1 : json_write_done(&m.w);
	json_free(base);
	return r;
}

/* Cases */

static int only(const struct json *object, const char *const *names, const char *what, struct err *e)
{
	for (size_t i = 0; i < json_count(object); i++) {
		const char *key = json_key_at(object, i), *near = text_nearest(key, names);
		size_t k = 0;
		while (names[k] && strcmp(names[k], key) != 0)
			k++;
		if (!names[k])
			return err_set(e, ERR_INVALID, "there is no member %s in %s%s%s%s", cli_safe(key, strlen(key), 0), what, near ? "; did you mean \"" : "", near ? near : "",
				near ? "\"?" : "");
	}
	return 0;
}

static int texts_check(const struct json *list, const char *what, struct err *e)
{
	if (list && json_kind(list) != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "%s must be a list of texts", what);
	for (size_t i = 0; i < json_count(list); i++)
		if (json_kind(json_at(list, i)) != JSON_STRING)
			return err_set(e, ERR_INVALID, "%s must be a list of texts", what);
	return 0;
}

static bool text_is(const struct json *j, const char *text)
{
	return json_kind(j) == JSON_STRING && !strcmp(json_text(j, NULL), text);
}

static int expect_check(const struct json *x, struct err *e)
{
	static const char *const names[] = { "effect", "rules", "reasons", "obligations", NULL };
	const struct json *effect = json_get(x, "effect"), *obligations = json_get(x, "obligations");
	struct obligations o;
	if (json_kind(x) != JSON_OBJECT || only(x, names, "expect", e) < 0)
		return json_kind(x) != JSON_OBJECT ? err_set(e, ERR_INVALID, "it expects nothing: \"expect\":{\"effect\":\"deny\"}") : -1;
	if (!text_is(effect, "permit") && !text_is(effect, "deny"))
		return err_set(e, ERR_INVALID, "expect.effect must be \"permit\" or \"deny\"");
	if (texts_check(json_get(x, "rules"), "expect.rules", e) < 0 || texts_check(json_get(x, "reasons"), "expect.reasons", e) < 0)
		return -1;
	return obligations && obligations_read(&o, obligations, e) < 0 ? err_wrap(e, "expect.obligations") : 0;
}

static int case_check(const struct cases *c, size_t i, struct err *e)
{
	static const char *const names[] = { "name", "question", "expect", NULL };
	const struct json *one = json_at(c->list, i);
	struct buf question = BUF_INIT(CASES_BYTES);
	if (json_kind(one) != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "it must be an object with name, question and expect");
	if (only(one, names, "a case", e) < 0)
		return -1;
	if (json_kind(json_get(one, "name")) != JSON_STRING || !json_text(json_get(one, "name"), NULL)[0])
		return err_set(e, ERR_INVALID, "it has no name, in words that say what it is about");
	for (size_t k = 0; k < i; k++)
		if (!strcmp(case_name(c, k), case_name(c, i)))
			return err_set(e, ERR_INVALID, "an earlier case has the same name");
	int r = expect_check(json_get(one, "expect"), e) < 0 ? -1 : case_question(c, i, &question, e);
	buf_done(&question);
	return r;
}

static int cases_check(struct cases *c, struct err *e)
{
	static const char *const names[] = { "question", "cases", NULL };
	c->list = c->tree;
	if (json_kind(c->tree) == JSON_OBJECT) {
		if (only(c->tree, names, CASES_FILE, e) < 0)
			return -1;
		c->given = json_get(c->tree, "question");
		c->list = json_get(c->tree, "cases");
	}
	if (json_kind(c->list) != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "it must be a list of cases, or {\"question\":{…},\"cases\":[…]}");
	c->n = json_count(c->list);
	if (c->n > CASES_MAX)
		return err_set(e, ERR_LIMIT, "more than %u cases", CASES_MAX);
	for (size_t i = 0; i < c->n; i++)
		if (case_check(c, i, e) < 0) {
			const char *name = case_name(c, i);
			return err_wrap(e, "case %zu%s%s%s", i + 1, *name ? " \"" : "", cli_safe(name, strlen(name), 1), *name ? "\"" : "");
		}
	return 0;
}

int cases_read(struct cases *out, const char *path, struct err *e)
{
	struct buf text = BUF_INIT(CASES_BYTES);
	*out = (struct cases){ .tree = NULL };
	int r = os_file_read(path, &text, e);
	if (r == 0)
		r = json_parse(&out->tree, buf_text(&text), text.len, e) < 0 || cases_check(out, e) < 0 ? err_wrap(e, "%s", cli_safe(path, strlen(path), 2)) : 0;
	buf_done(&text);
	if (r < 0)
		cases_done(out);
	return r;
}

void cases_done(struct cases *c)
{
	json_free(c->tree);
	*c = (struct cases){ .tree = NULL };
}

const char *case_name(const struct cases *c, size_t i)
{
	const char *name = json_text(json_get(json_at(c->list, i), "name"), NULL);
	return name ? name : "";
}

bool case_must_deny(const struct cases *c, size_t i)
{
	return text_is(json_get(json_get(json_at(c->list, i), "expect"), "effect"), "deny");
}

int case_question(const struct cases *c, size_t i, struct buf *out, struct err *e)
{
	const struct json *layers[] = { c->given, json_get(json_at(c->list, i), "question") };
	return question_make(layers, 2, out, e);
}

/* As sets: in which order rules are asked is not what a case is about. */
static bool list_has(const struct json *list, const char *text)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (text_is(json_at(list, i), text))
			return true;
	return false;
}

static int words_add(struct buf *out, const char *const *words, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (buf_addf(out, e, " %s", words[i]) < 0)
			return -1;
	return 0;
}

static int list_met(const struct json *want, const char *what, const char *const *have, size_t n, struct buf *why, struct err *e)
{
	bool same = !want || json_count(want) == n;
	for (size_t i = 0; want && i < n; i++)
		same = same && list_has(want, have[i]);
	if (same)
		return 0;
	return buf_addf(why, e, "%s%s:%s", why->len ? "; " : "", what, n ? "" : " none") < 0 ? -1 : words_add(why, have, n, e);
}

static int obligations_met(const struct json *want, const struct policy_decision *d, struct buf *why, struct err *e)
{
	struct obligations o;
	struct buf a = BUF_INIT(KIB(16)), b = BUF_INIT(KIB(16));
	int r = obligations_read(&o, want, e) < 0 || obligations_write(&o, &a, e) < 0 || obligations_write(&d->obligations, &b, e) < 0 ? -1 : 0;
	if (r == 0 && strcmp(buf_text(&a), buf_text(&b)) != 0)
		r = buf_addf(why, e, "%sobligations: %s", why->len ? "; " : "", b.len ? buf_text(&b) : "none");
	buf_done(&a);
	buf_done(&b);
	return r;
}

int case_met(const struct cases *c, size_t i, const struct policy_decision *d, struct buf *why, struct err *e)
{
	const struct json *x = json_get(json_at(c->list, i), "expect"), *obligations = json_get(x, "obligations");
	const char *rules[POLICY_LIST_MAX], *reasons[POLICY_LIST_MAX];
	size_t before = why->len;
	for (size_t k = 0; k < d->n_rules; k++)
		rules[k] = d->rules[k];
	for (size_t k = 0; k < d->n_reasons; k++)
		reasons[k] = d->reasons[k];
	if (d->permit == case_must_deny(c, i) &&
		(buf_addf(why, e, "%s", d->permit ? "permit by" : "deny,") < 0 || words_add(why, d->permit ? rules : reasons, d->permit ? d->n_rules : d->n_reasons, e) < 0))
		return -1;
	if (list_met(json_get(x, "rules"), "rules", rules, d->n_rules, why, e) < 0 ||
		list_met(json_get(x, "reasons"), "reasons", reasons, d->n_reasons, why, e) < 0)
		return -1;
	if (obligations && obligations_met(obligations, d, why, e) < 0)
		return -1;
	return why->len == before;
}
