/* Policies in their boxes, whole or less a part. */
#include "policy_box.h"

#include <string.h>

#include "layers.h"

int policy_box_start(struct box_zygote **out, const struct args *a, struct err *e)
{
	struct box_options options = { .allow_missing = 0 };
	return layers_allowed(a, &options.allow_missing, e) < 0 ? -1 : box_zygote_start(out, &options, e);
}

int policy_box_ask(struct box_zygote *z, const struct iapp *policy, const struct buf *question, struct policy_decision *out, struct err *e)
{
	if (policy_ask(z, policy, buf_text(question), question->len, out, e) < 0)
		return -1;
	if (policy_enforce(out, buf_text(question), question->len, e) == 0)
		return 0;
	policy_decision_done(out);
	return -1;
}

/* {…} → {…,"mutate":{"rule":"…","drop":[…]}} */
static int question_without(const struct buf *question, const struct policy_without *w, struct buf *out, struct err *e)
{
	struct json_writer j;
	size_t len = question->len;
	while (len && question->data[len - 1] == '\n')
		len--;
	if (!len || question->data[len - 1] != '}')
		return err_set(e, ERR_INTERNAL, "the question is no object");
	if (buf_add(out, question->data, len - 1, e) < 0 || buf_add_text(out, len > 2 ? ",\"mutate\":" : "\"mutate\":", e) < 0)
		return -1;
	json_write_init(&j, out, e);
	json_write_object(&j);
	if (w->rule) {
		json_write_key(&j, "rule");
		json_write_text(&j, w->rule);
	}
	if (w->rule && w->n) {
		json_write_key(&j, "drop");
		json_write_array(&j);
		for (size_t i = 0; i < w->n; i++)
			json_write_text(&j, w->parts[i]);
		json_write_array_end(&j);
	}
	json_write_object_end(&j);
	return json_write_done(&j) < 0 ? -1 : buf_add_text(out, "}", e);
}

int policy_box_ask_without(struct box_zygote *z, const struct iapp *policy, const struct buf *question, const struct policy_without *w, struct policy_decision *out,
	struct err *e)
{
	struct buf text = BUF_INIT(MIB(1));
	bool asked = false;
	int r = question_without(question, w, &text, e);
	if (r == 0) {
		r = policy_ask_test(z, policy, buf_text(&text), text.len, out, e);
		asked = r == 0;
	}
	if (r == 0)
		r = policy_enforce(out, buf_text(question), question->len, e);
	if (r < 0 && asked)
		policy_decision_done(out);
	buf_done(&text);
	return r;
}

int policy_box_errors(const struct policy_decision *d, struct buf *out, struct err *e)
{
	const struct json *errors = json_get(d->tree, "errors");
	for (size_t i = 0; i < json_count(errors); i++) {
		const struct json *one = json_at(errors, i);
		const char *code = json_text(json_get(one, "code"), NULL), *rule = json_text(json_get(one, "rule"), NULL);
		size_t len = 0;
		const char *message = json_text(json_get(one, "message"), &len);
		if (buf_addf(out, e, "%s%s%s%s%s%s", out->len ? "; " : "", code ? code : "", rule ? " in " : "", rule ? cli_safe(rule, strlen(rule), 2) : "", message ? ": " : "",
			message ? cli_safe(message, len, 3) : "") < 0)
			return -1;
	}
	for (size_t i = 0; !json_count(errors) && i < d->n_reasons; i++)
		if (!strncmp(d->reasons[i], "error:", 6) && buf_addf(out, e, "%s%s", out->len ? "; " : "", d->reasons[i] + 6) < 0)
			return -1;
	return 0;
}
