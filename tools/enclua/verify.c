/* enclua verify: a receipt, a proof of one entry, or an exported book, checked with nothing but the file and, when given, a policy. No home is opened, nothing is
 * asked of the network; what cannot be proven is not said.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "book.h"
#include "book/export.h"
#include "form/receipt.h"
#include "form/tlog_proof.h"
#include "verbs.h"
#include "verify.h"

#define RECEIPT_LINE "enclua/receipt/v1"
#define PROOF_LINE "c2sp.org/tlog-proof@v1"
#define ENTRY_LINE "enclua/"	/* begins an entry of ours; those of other logs are bytes */

int verify_line(struct cli *c, const char *key, const char *value, struct err *e)
{
	return cli_print(c, e, "%-12s %s\n", key, value);
}

static void time_json(struct cli *c, const char *key, int64_t at, bool known)
{
	char text[24];
	entry_time_text(text, at);
	book_json_text(c, key, known ? text : NULL);
}

/* ---- what every kind ends with: the book, and who has countersigned it ---- */

int verify_book_show(struct cli *c, const struct checkpoint *cp, const struct tlog_verdict *v, bool policy, struct err *e)
{
	char newest[24];
	entry_time_text(newest, (int64_t)v->newest);
	json_write_key(&c->out, "book");
	json_write_object(&c->out);
	book_checkpoint_json(c, cp);
	json_write_object_end(&c->out);
	json_write_key(&c->out, "witnesses");
	json_write_object(&c->out);
	book_json_number(c, "cosigned", v->cosigned);
	book_json_number(c, "unknown", v->unknown);
	time_json(c, "newest", (int64_t)v->newest, v->newest != 0);
	json_write_object_end(&c->out);
	json_write_key(&c->out, "policy");
	json_write_bool(&c->out, policy);
	if (cli_print(c, e, "%-12s %s, %llu entries\n", "book", cli_safe(cp->origin, strlen(cp->origin), 0), (unsigned long long)cp->size) < 0)
		return -1;
	if (policy)
		return v->cosigned ? cli_print(c, e, "%-12s %u of the policy countersigned it, the last at %s: the policy accepts it\n", "witnesses", v->cosigned, newest)
			: verify_line(c, "witnesses", "the policy demands none, and accepts it", e);
	if (v->cosigned)
		return cli_print(c, e, "%-12s %u countersigned it, the last at %s; no policy says who they are\n", "witnesses", v->cosigned, newest);
	return verify_line(c, "witnesses", "no policy was given: its operator alone vouches for the book (--policy FILE)", e);
}

/* ---- proof ---- */

/* An entry of ours is signed by its actor, and for this book: a log that took in anything else proves nothing about it. */
static int entry_show(struct cli *c, const struct buf *bytes, const struct checkpoint *cp, struct err *e)
{
	struct entry en;
	enum id_kind kind;
	char id[ID_TEXT] = "", who[IDENTITY_TEXT], at[24];
	size_t text_len = 0;
	json_write_key(&c->out, "entry");
	if (bytes->len < strlen(ENTRY_LINE) || memcmp(bytes->data, ENTRY_LINE, strlen(ENTRY_LINE)) != 0) {
		json_write_null(&c->out);
		return cli_print(c, e, "%-12s %zu bytes that are no entry of a book of Enclua\n", "entry", bytes->len);
	}
	if (entry_open(&en, bytes->data, bytes->len, &text_len, e) < 0)
		return err_wrap(e, "the entry");
	if (!entry_text_is(&en.book, cp->origin))
		return err_set(e, ERR_INVALID, "the entry was signed for the book %s, and stands in %s", cli_safe(en.book.at, en.book.len, 0), cp->origin);
	if (entry_id_kind(en.type, &kind))
		entry_id(id, kind, bytes->data, text_len);
	identity_text(who, en.by);
	entry_time_text(at, en.time);
	json_write_object(&c->out);
	book_json_text(c, "id", id[0] ? id : NULL);
	(void)entry_json(&en, &c->out);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-12s %s%s%s\n%-12s %s\n%-12s %s\n", "entry", entry_info(en.type)->type, id[0] ? " " : "", id, "signed by", who, "at", at);
}

static int proof_verify(struct cli *c, const struct buf *file, const struct tlog_policy *p, const char *entry_path, struct err *e)
{
	struct tlog_proof proof = { .index = 0 };
	struct buf given = BUF_INIT(0);
	struct checkpoint cp;
	struct tlog_verdict v;
	int r = -1;
	if (tlog_proof_parse(&proof, (const char *)file->data, file->len, e) < 0 ||
		(entry_path && book_file_read(entry_path, ENTRY_BYTES_MAX, &given, e) < 0))
		goto out;
	const struct buf *entry = entry_path ? &given : &proof.extra;
	if (!entry_path && entry->len == 0) {
		err_set(e, ERR_USAGE, "the proof does not carry its entry");
		err_hint(e, "enclua verify PROOF --entry FILE");
		goto out;
	}
	if (tlog_proof_verify(&proof, entry->data, entry->len, p, &cp, &v, e) < 0)
		goto out;
	book_json_text(c, "kind", "proof");
	book_json_number(c, "index", proof.index);
	if (cli_print(c, e, "This proof shows that entry %llu of a book is:\n", (unsigned long long)proof.index) == 0 && entry_show(c, entry, &cp, e) == 0)
		r = verify_book_show(c, &cp, &v, p != NULL, e);
out:
	buf_done(&given);
	tlog_proof_done(&proof);
	return r;
}

/* ---- an exported book ---- */

static int export_check(struct cli *c, const char *dir, const struct tlog_policy *p, struct err *e)
{
	struct checkpoint cp;
	struct tlog_verdict v;
	if (export_verify(dir, p, &cp, &v, e) < 0)
		return -1;
	book_json_text(c, "kind", "export");
	if (cli_print(c, e, "This folder holds a whole book: every entry is in its tile, every tile leads to the root.\n") < 0)
		return -1;
	return verify_book_show(c, &cp, &v, p != NULL, e);
}

/* ---- */

static bool first_line_is(const struct buf *b, const char *text)
{
	size_t n = strlen(text);
	return b->len > n && memcmp(b->data, text, n) == 0 && b->data[n] == '\n';
}

static int file_verify(struct cli *c, const char *path, const struct tlog_policy *p, const char *entry, struct err *e)
{
	struct buf file;
	int r = book_file_read(path, RECEIPT_BYTES, &file, e);
	if (r == 0 && first_line_is(&file, PROOF_LINE))
		r = proof_verify(c, &file, p, entry, e);
	else if (r == 0 && entry)
		r = err_set(e, ERR_USAGE, "--entry goes with a proof, and %s is none", path);
	else if (r == 0 && first_line_is(&file, RECEIPT_LINE))
		r = verify_receipt(c, &file, p, e);
	else if (r == 0) {
		r = err_set(e, ERR_INVALID, "%s is no receipt, no proof and no exported book", path);
		err_hint(e, "a checkpoint is checked by the book it is of: enclua book verify --against FILE");
	}
	buf_done(&file);
	return r;
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	const char *path = a->words[0];
	struct tlog_policy *p = NULL;
	struct stat st;
	if (args_has(a, "policy") && book_policy_read(&p, args_get(a, "policy"), e) < 0)
		return -1;
	int r = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? export_check(c, path, p, e) : file_verify(c, path, p, args_get(a, "entry"), e);
	tlog_policy_free(p);
	return r;
}

static const struct option_row verify_options[] = {
	{ "policy", 0, "FILE", false, "whom you trust: logs, witnesses, and how many of them (C2SP tlog-policy)" },
	{ "entry", 0, "FILE", false, "the entry, for a proof that does not carry it" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command verify_commands[] = {
	{ "verify", "FILE|DIR [--policy FILE]", "Check a receipt, a proof or an exported book, without a home and without a network",
	  "Example: enclua verify task.receipt --policy trusted.txt\n\nSays what the file proves: who, what, on which data, how it ended, and what that is worth. A forged file "
	  "ends with 5; one that the policy does not accept with 4. Without a policy the operator of the book alone vouches for it.", verify_options, 1, 1, run_verify },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
