/* What a receipt proves of keys: which keeper let the machine have them and on what evidence, and what the owners' policies said when the deal was made and when the keys were asked for.
 * Everything said stands in the receipt's entries, which core/form/receipt_keys.c has held against one another.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "book.h"
#include "form/receipt.h"
#include "verify.h"

static void texts_json(struct cli *c, const char *key, const struct entry_texts *t)
{
	json_write_key(&c->out, key);
	json_write_array(&c->out);
	for (size_t i = 0; i < t->n; i++)
		json_write_string(&c->out, t->at[i].at, t->at[i].len);
	json_write_array_end(&c->out);
}

static int lines_show(struct cli *c, const char *key, const struct entry_texts *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (cli_print(c, e, "%-12s %s\n", key, cli_safe(t->at[i].at, t->at[i].len, 0)) < 0)
			return -1;
	return 0;
}

/* The keeper, and what it let go. */
static int release_show(struct cli *c, const struct entry *en, uint64_t index, struct err *e)
{
	const struct entry_key_release *f = &en->key_release;
	char keeper[IDENTITY_TEXT], evidence[HEX_LEN(32) + 8] = "sha256:";
	identity_text(keeper, en->by);
	hex_encode(evidence + 7, f->evidence, 32);
	book_json_text(c, "keeper", keeper);
	json_write_key(&c->out, "release");
	json_write_object(&c->out);
	book_json_number(c, "entry", index);
	book_json_text(c, "evidence", evidence);
	json_write_key(&c->out, "assurance");
	json_write_string(&c->out, f->assurance.at, f->assurance.len);
	json_write_key(&c->out, "grants");
	json_write_array(&c->out);
	for (size_t i = 0; i < f->grant.n; i++)
		json_write_string(&c->out, f->grant.at[i], strlen(f->grant.at[i]));
	json_write_array_end(&c->out);
	texts_json(c, "refused", &f->refused);
	json_write_object_end(&c->out);
	if (verify_line(c, "keeper", keeper, e) < 0 || cli_print(c, e, "%-12s the keys, at entry %llu, to the box of that worker\n", "released", (unsigned long long)index) < 0 ||
		cli_print(c, e, "%-12s %s, of which the keeper says: %s\n", "evidence", evidence, cli_safe(f->assurance.at, f->assurance.len, 0)) < 0)
		return -1;
	return lines_show(c, "not released", &f->refused, e);
}

static const struct entry_policy_register *policy_find(const struct receipt *r, const char *id)
{
	for (size_t i = 0; i < receipt_count(r); i++)
		if (strcmp(receipt_id(r, i), id) == 0)
			return &receipt_at(r, i, NULL)->policy_register;
	return NULL;
}

static int decision_show(struct cli *c, const struct receipt *r, const struct entry_policy_decision *f, uint64_t index, struct err *e)
{
	const struct entry_policy_register *p = policy_find(r, f->policy);	/* the story has it */
	const struct { const char *key; const struct entry_text *value; } texts[] = { { "scope", &f->scope }, { "name", &p->name }, { "version", &p->version },
		{ "h1", &p->h1 }, { "effect", &f->effect }, { "obligations", &f->obligations } };
	json_write_object(&c->out);
	book_json_number(c, "entry", index);
	book_json_text(c, "grant", f->grant);
	book_json_text(c, "policy", f->policy);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_write_key(&c->out, texts[i].key);
		json_write_string(&c->out, texts[i].value->at, texts[i].value->len);
	}
	texts_json(c, "rules", &f->rule);
	texts_json(c, "reasons", &f->reason);
	json_write_object_end(&c->out);
	if (cli_print(c, e, "%-12s %s %s", "policy", cli_safe(p->name.at, p->name.len, 0), cli_safe(p->version.at, p->version.len, 1)) < 0 ||
		cli_print(c, e, " %s: %s", cli_safe(p->h1.at, p->h1.len, 0), cli_safe(f->effect.at, f->effect.len, 1)) < 0 ||
		cli_print(c, e, " at %s, entry %llu\n", cli_safe(f->scope.at, f->scope.len, 0), (unsigned long long)index) < 0 || lines_show(c, "by the rule", &f->rule, e) < 0 ||
		lines_show(c, "because", &f->reason, e) < 0)
		return -1;
	return f->obligations.len ? cli_print(c, e, "%-12s %s\n", "obliged to", cli_safe(f->obligations.at, f->obligations.len, 0)) : 0;
}

static int decisions_show(struct cli *c, const struct receipt *r, struct err *e)
{
	int done = 0;
	uint64_t index;
	json_write_key(&c->out, "policies");
	json_write_array(&c->out);
	for (size_t i = 0; done == 0 && i < receipt_count(r); i++) {
		const struct entry *en = receipt_at(r, i, &index);
		if (en->type == ENTRY_POLICY_DECISION_TYPE)
			done = decision_show(c, r, &en->policy_decision, index, e);
	}
	json_write_array_end(&c->out);
	return done;
}

int verify_keys(struct cli *c, const struct receipt *r, struct err *e)
{
	uint64_t index = 0;
	const struct entry *release = receipt_release(r, &index);
	if (release && release_show(c, release, index, e) < 0)
		return -1;
	if (!release) {
		book_json_text(c, "keeper", NULL);
		book_json_text(c, "release", NULL);
	}
	if (!release && receipt_end(r)->by && verify_line(c, "keeper", "none that this receipt tells of: that nobody else had the keys is not proven", e) < 0)
		return -1;
	return decisions_show(c, r, e);
}
