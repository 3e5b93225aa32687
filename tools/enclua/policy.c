/* enclua policy pack|verify|deploy|list|show: an owner's rules as a signed archive, and the policies of this book. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"
#include "policy_box.h"
#include "policy_case.h"
#include "policy_find.h"
#include "verbs.h"

static int run_pack(struct cli *c, struct args *a, struct err *e)
{
	return archive_pack(c, a, IAPP_POLICY, a->words[0], NULL, e);
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	return archive_verify(c, a, IAPP_POLICY, e);
}

static int run_deploy(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct identity *by = NULL;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *archive = NULL;
	struct host_policy row;
	bool is_new = false;
	int r = -1;
	if (trade_open(&t, c, e) < 0 || trade_actor(&t, &by, e) < 0 || archive_bytes(a->words[0], IAPP_POLICY, by, &bytes, e) < 0)
		goto out;
	if (iapp_open(&archive, bytes.data, bytes.len, &(struct iapp_expect){ .kind = IAPP_POLICY }, e) < 0) {
		err_wrap(e, "%s", cli_safe(a->words[0], strlen(a->words[0]), 0));
		goto out;
	}
	if (policy_ensure(&t, archive, by, &row, &is_new, e) < 0)
		goto out;
	trade_write(c, "policy", row.id);
	json_write_key(&c->out, "new");
	json_write_bool(&c->out, is_new);
	trade_write_number(c, "entry", row.made);
	r = cli_print(c, e, "id        %s%s\n", row.id, is_new ? "" : " (registered before)") < 0 ? -1 : archive_tell(c, archive, e);
out:
	iapp_free(archive);
	buf_done(&bytes);
	identity_free(by);
	trade_done(&t);
	return r;
}

static int list_row(void *ctx, const struct host_policy *row, struct err *e)
{
	struct trade *t = ctx;
	struct cli *c = t->c;
	char owner[IDENTITY_TEXT], called[LIMIT_NAME_BYTES + 1];
	identity_text(owner, row->owner);
	json_write_object(&c->out);
	trade_write(c, "policy", row->id);
	trade_write(c, "name", row->name);
	trade_write(c, "version", row->version);
	trade_write(c, "h1", row->h1);
	trade_write(c, "owner", owner);
	trade_write_number(c, "entry", row->made);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  %s %s  of %s  %s\n", row->id, row->name, row->version, trade_call(t, owner, called), row->h1);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	(void)a;
	int r = trade_open(&t, c, e);
	json_write_key(&c->out, "policies");
	json_write_array(&c->out);
	if (r == 0)
		r = policy_each(t.b, list_row, &t, e);
	json_write_array_end(&c->out);
	trade_done(&t);
	return r;
}

static int show_row(struct trade *t, const struct host_policy *row, struct err *e)
{
	struct cli *c = t->c;
	char owner[IDENTITY_TEXT], called[LIMIT_NAME_BYTES + 1];
	if (!row->id[0])
		return cli_print(c, e, "id        - (not registered in this book)\n");
	identity_text(owner, row->owner);
	trade_write(c, "policy", row->id);
	trade_write(c, "owner", owner);
	trade_write_number(c, "entry", row->made);
	return cli_print(c, e, "id        %s\nowner     %s, in entry %" PRIu64 "\n", row->id, trade_call(t, owner, called), row->made);
}

static int rule_tell(struct cli *c, const struct json *row, struct err *e)
{
	const struct json *conditions = json_get(row, "conditions"), *obliges = json_get(row, "oblige");
	size_t len = 0;
	const char *because = json_text(json_get(row, "because"), &len);
	const char *rule = json_text(json_get(row, "rule"), NULL), *effect = json_text(json_get(row, "effect"), NULL);
	if (!rule || !effect)
		return 0;
	json_write_object(&c->out);
	trade_write(c, "rule", rule);
	trade_write(c, "effect", effect);
	int r = cli_print(c, e, "%-9s %s, if", cli_safe(effect, strlen(effect), 0), cli_safe(rule, strlen(rule), 1));
	json_write_key(&c->out, "conditions");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < json_count(conditions); i++) {
		const char *name = json_text(json_get(json_at(conditions, i), "name"), NULL);
		json_write_text(&c->out, name);
		r = cli_print(c, e, "%s %s", i ? "," : "", name ? cli_safe(name, strlen(name), 0) : "");
	}
	json_write_array_end(&c->out);
	json_write_key(&c->out, "obliges");
	json_write_array(&c->out);
	for (size_t i = 0; i < json_count(obliges); i++)
		json_write_text(&c->out, json_key_at(obliges, i));
	json_write_array_end(&c->out);
	if (r == 0 && !json_count(conditions))
		r = cli_print(c, e, " asked");
	for (size_t i = 0; r == 0 && i < json_count(obliges); i++)
		r = cli_print(c, e, "%s %s", i ? "," : "; obliges to", json_key_at(obliges, i));
	if (r == 0 && because)
		r = cli_print(c, e, " – %s", cli_safe(because, len, 0));
	json_write_object_end(&c->out);
	return r < 0 ? -1 : cli_print(c, e, "\n");
}

/* The policy itself says what rules it has: it is asked for nothing else. Without a box the rest is shown all the same. */
static int rules_tell(struct cli *c, const struct args *a, const struct iapp *policy, struct err *e)
{
	static const struct policy_without nothing = { .rule = NULL };
	struct buf question = BUF_INIT(KIB(16)), errors = BUF_INIT(KIB(16));
	struct box_zygote *z = NULL;
	struct policy_decision d;
	struct err why;
	if (policy_box_start(&z, a, &why) < 0) {
		cli_note(c, "what rules it has is not shown: %s", why.msg);
		return 0;
	}
	int r = question_make(NULL, 0, &question, e);
	if (r == 0 && (r = policy_box_ask_without(z, policy, &question, &nothing, &d, e)) == 0) {
		const struct json *rows = json_get(d.tree, "conditions");
		json_write_key(&c->out, "rules");
		json_write_array(&c->out);
		for (size_t i = 0; r == 0 && i < json_count(rows); i++)
			r = rule_tell(c, json_at(rows, i), e);
		json_write_array_end(&c->out);
		if (r == 0 && !json_count(rows) && (r = policy_box_errors(&d, &errors, e)) == 0 && errors.len)
			r = cli_print(c, e, "rules     none that could be read: %s\n", buf_text(&errors));
		policy_decision_done(&d);
	}
	box_zygote_stop(z);
	buf_done(&question);
	buf_done(&errors);
	return r;
}

static const struct iapp_file *file_of(const struct iapp *a, const char *path)
{
	for (size_t i = 0; i < a->n_files; i++)
		if (!strcmp(a->files[i].path, path))
			return &a->files[i];
	return NULL;
}

/* Lua as its author wrote it, line by line, but for what would upset a terminal. */
static int source_print(struct cli *c, const struct iapp_file *f, struct err *e)
{
	const char *at = (const char *)f->bytes, *end = at + f->len;
	struct buf line = BUF_INIT(MIB(1));
	int r = 0;
	while (r == 0 && at < end) {
		const char *stop = at;
		while (stop < end && *stop != '\n' && *stop != '\t')
			stop++;
		buf_clear(&line);
		r = text_escape(&line, at, (size_t)(stop - at), e) < 0 || cli_print(c, e, "%s%.*s", buf_text(&line), stop < end, stop) < 0 ? -1 : 0;
		at = stop + (stop < end);
	}
	buf_done(&line);
	return r;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct iapp *archive = NULL;
	struct host_policy row;
	int r = -1;
	if (trade_open(&t, c, e) < 0 || policy_open(&t, a->words[0], &archive, &row, e) < 0 || show_row(&t, &row, e) < 0 || archive_tell(c, archive, e) < 0)
		goto out;
	r = archive_tell_files(c, archive, e) < 0 ? -1 : rules_tell(c, a, archive, e);
	const struct iapp_file *source = file_of(archive, archive->manifest->entry);
	if (r == 0 && args_has(a, "source") && source) {
		json_write_key(&c->out, "source");
		json_write_string(&c->out, (const char *)source->bytes, source->len);
		r = cli_print(c, e, "\n") < 0 ? -1 : source_print(c, source, e);
	}
out:
	iapp_free(archive);
	trade_done(&t);
	return r;
}

static const struct option_row pack_options[] = {
	{ "output", 'o', "FILE", false, "where to write (else NAME.policy here)" },
	{ "sign", 0, "NAME", true, "sign as this identity of the home (else the acting one)" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row verify_options[] = { ARCHIVE_VERIFY_OPTIONS("policy"), { NULL, 0, NULL, false, NULL } };

static const struct option_row show_options[] = {
	{ "source", 0, NULL, false, "also policy.lua, as its author wrote it" },
	POLICY_BOX_OPTIONS,
	{ NULL, 0, NULL, false, NULL },
};

const struct command policy_commands[] = {
	{ "policy pack", "DIR [-o FILE] [--sign NAME]…", "Pack an owner's rules into a signed archive",
	  "Example: enclua policy pack manifests/policies/research-only -o research-only.policy\n\n"
	  "DIR has policy.yaml (api, name, version, summary, entry: policy.lua) and policy.lua. The same folder gives the same bytes.\n"
	  "Left out: cases.json and what app pack leaves out. JSON: file, h1, name, version, summary, signers, files, size.", pack_options, 1, 1, run_pack },
	{ "policy verify", "FILE [--key KEY]… [--h1 H1] [--sha256 HEX]", "Check a policy's archive: whole, canonical, signed",
	  "Example: enclua policy verify research-only.policy --key RWQ…\n\nWithout --key this shows that the archive is unchanged since it was signed, and by which key;\n"
	  "not whose key that is. JSON: key_checked and what pack tells.", verify_options, 1, 1, run_verify },
	{ "policy deploy", "DIR|FILE", "Register a policy in the book, so that grants can name it",
	  "Example: enclua policy deploy manifests/policies/research-only\n         enclua grant DATA --app APP --user any --policy research-only\n\n"
	  "The same archive is registered once for each owner; its rules can be read by everybody. JSON: policy, new, entry and what pack tells.", NULL, 1, 1, run_deploy },
	{ "policy list", "", "List the policies of this book", "Example: enclua policy list\n\nJSON: policies, each with policy, name, version, h1, owner, entry.", NULL, 0, 0, run_list },
	{ "policy show", "POLICY [--source]", "Show a policy: who signed it, what is in it, what rules it has",
	  "Example: enclua policy show research-only --source\n\nPOLICY is a name, an id, a unique prefix of one, or a path. JSON: policy, owner, entry (of a registered one), what pack\n"
	  "tells, contents, rules (each with rule, effect, conditions, obliges), source.", show_options, 1, 1, run_show },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
