/* enclua book checkpoint, verify, proof, export, rebuild: what this home's book as a whole says, and how others can check it. */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "book/export.h"
#include "form/tlog_proof.h"
#include "host/host.h"
#include "seal/machine_key.h"
#include "verbs.h"

int book_home_open(struct cli *c, struct book **out, struct err *e)
{
	return host_open(out, c->home, false, e);
}

int book_file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	*out = (struct buf)BUF_INIT(max);
	int r = os_file_read(strcmp(path, "-") != 0 ? path : "/dev/stdin", out, e);
	if (r < 0 && e->code == ERR_LIMIT)
		e->code = ERR_INVALID;
	return r;
}

int book_number(uint64_t *out, const char *text, const char *what, struct err *e)
{
	uint64_t v = 0;
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n > 18 || text[n])
		return err_set(e, ERR_USAGE, "%s is a number, not \"%s\"", what, cli_safe(text, strlen(text), 0));
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	*out = v;
	return 0;
}

int book_policy_path(const struct cli *c, char *out, size_t size, struct err *e)
{
	return cli_home_path(c, "book/policy", out, size, e);
}

int book_policy_read(struct tlog_policy **out, const char *path, struct err *e)
{
	struct buf text;
	int r = book_file_read(path, TLOG_POLICY_BYTES, &text, e);
	if (r == 0 && (r = tlog_policy_parse(out, buf_text(&text), text.len, e)) < 0)
		err_wrap(e, "the policy %s", path);
	buf_done(&text);
	return r;
}

int book_policy_open(struct tlog_policy **out, const struct cli *c, const char *path, struct err *e)
{
	char own[4200];
	*out = NULL;
	if (!path && book_policy_path(c, own, sizeof own, e) < 0)
		return -1;
	if (!path && !os_exists(own))
		return 0;
	return book_policy_read(out, path ? path : own, e);
}

void book_json_text(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text);
}

void book_json_number(struct cli *c, const char *key, uint64_t v)
{
	json_write_key(&c->out, key);
	json_write_uint(&c->out, v);
}

/* As a checkpoint spells it. */
static void root_text(char out[static 45], const struct merkle_hash *root)
{
	base64_encode(out, root->b, MERKLE_HASH);
}

void book_checkpoint_json(struct cli *c, const struct checkpoint *cp)
{
	char root[45];
	root_text(root, &cp->root);
	book_json_text(c, "origin", cp->origin);
	book_json_number(c, "size", cp->size);
	book_json_text(c, "root", root);
}

void book_names_load(struct book_names *n, const struct cli *c)
{
	static const char *const names[BOOK_MACHINE_KEYS] = { "operator", "worker", "manager", "keeper" };
	struct keystore_item item;
	struct identity *id = NULL;
	*n = (struct book_names){ .keys = "" };
	(void)cli_keys_dir(c, n->keys, sizeof n->keys, NULL);
	for (size_t i = 0; i < BOOK_MACHINE_KEYS; i++)
		if (keystore_find(n->keys, names[i], &item, NULL) < 0 && machine_key_open(c->home, names[i], &id, NULL) == 0) {
			n->machine[i].name = names[i];
			memcpy(n->machine[i].key, identity_public(id), 32);
			identity_free(id);
		}
}

void book_who(const struct book_names *n, const uint8_t public_key[static 32], char out[static IDENTITY_TEXT])
{
	struct keystore_item item;
	identity_text(out, public_key);
	if (keystore_find_public(n->keys, public_key, &item, NULL) == 0) {
		(void)snprintf(out, IDENTITY_TEXT, "%s", item.name);
		return;
	}
	for (size_t i = 0; i < BOOK_MACHINE_KEYS; i++)
		if (n->machine[i].name && memcmp(n->machine[i].key, public_key, 32) == 0)
			(void)snprintf(out, IDENTITY_TEXT, "%s", n->machine[i].name);
}

/* One entry by number or id, verbatim. */
int book_entry_take(struct book *b, const char *which, uint64_t *index, struct buf *bytes, struct err *e)
{
	if (host_entry_find(b, which, index, e) < 0)
		return -1;
	return book_entry(b, *index, bytes, e);
}

/* ---- checkpoint ---- */

static int own_checkpoint_read(struct checkpoint *cp, const struct buf *note, struct err *e)
{
	struct note n;
	return checkpoint_open(cp, &n, (const char *)note->data, note->len, NULL, e);
}

static int run_checkpoint(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX), vkey = BUF_INIT(KIB(1));
	struct checkpoint cp;
	struct note_key key;
	int r = -1;
	if (book_home_open(c, &b, e) < 0 || book_checkpoint(b, &note, e) < 0 || own_checkpoint_read(&cp, &note, e) < 0 ||
		note_key_make(&key, cp.origin, NOTE_ED25519, book_operator(b), e) < 0 || note_key_text(&key, &vkey, e) < 0)
		goto out;
	book_checkpoint_json(c, &cp);
	book_json_text(c, "vkey", buf_text(&vkey));
	json_write_key(&c->out, "note");
	json_write_string(&c->out, (const char *)note.data, note.len);
	r = args_has(a, "vkey") ? cli_print(c, e, "%s\n", buf_text(&vkey)) : cli_print(c, e, "%s", buf_text(&note));
out:
	buf_done(&vkey);
	buf_done(&note);
	book_close(b);
	return r;
}

/* ---- verify ---- */

struct bar { struct cli *c; const char *what; };

static void bar_draw(void *ctx, uint64_t done, uint64_t total)
{
	struct bar *bar = ctx;
	cli_progress(bar->c, bar->what, done, total);
}

/* A checkpoint that was saved earlier must be one that this book's entries still lead to. */
static int against_check(struct cli *c, struct book *b, const char *path, struct err *e)
{
	struct buf file;
	struct checkpoint saved;
	struct merkle_hash root;
	uint64_t size = 0;
	char is[45], was[45];
	int r = -1;
	if (book_file_read(path, CHECKPOINT_NOTE_MAX, &file, e) < 0)
		goto out;
	if (own_checkpoint_read(&saved, &file, e) < 0) {
		err_wrap(e, "the saved checkpoint %s", path);
		if (!e->hint[0])
			err_hint(e, "one is saved by: enclua book checkpoint > FILE");
		goto out;
	}
	if (strcmp(saved.origin, book_origin(b)) != 0) {
		err_set(e, ERR_INVALID, "the saved checkpoint is of the book %s, and this one is %s", saved.origin, book_origin(b));
		err_hint(e, "--home DIR chooses the home whose book it is of");
		goto out;
	}
	if (book_size(b, &size, e) < 0)
		goto out;
	root_text(was, &saved.root);
	if (size < saved.size) {
		err_set(e, ERR_INVALID, "rollback: the book has %llu entries, and had %llu (root %s) when the checkpoint was saved", (unsigned long long)size,
			(unsigned long long)saved.size, was);
		err_hint(e, "restore the newest copy of the home");
		goto out;
	}
	if (merkle_root(book_reader(b), saved.size, &root, e) < 0)
		goto out;
	root_text(is, &root);
	if (!merkle_equal(&root, &saved.root)) {
		err_set(e, ERR_INVALID, "fork: the root of the first %llu entries is %s, and was %s when the checkpoint was saved", (unsigned long long)saved.size,
			is, was);
		err_hint(e, "keep both as evidence, the saved checkpoint and: enclua book checkpoint");
		goto out;
	}
	json_write_key(&c->out, "against");
	json_write_object(&c->out);
	book_checkpoint_json(c, &saved);
	json_write_object_end(&c->out);
	r = cli_print(c, e, "saved checkpoint: its %llu entries are all here, unchanged\n", (unsigned long long)saved.size);
out:
	buf_done(&file);
	return r;
}

/* The newest checkpoint that the policy accepts. A policy that was given by name demands one. */
static int quorum_show(struct cli *c, struct book *b, const struct tlog_policy *p, bool demanded, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err why = { .code = ERR_NONE };
	uint64_t size = 0;
	int r = book_checkpoint_quorum(b, p, &note, &size, &why);
	buf_done(&note);
	json_write_key(&c->out, "quorum_size");
	if (r == 0) {
		json_write_uint(&c->out, size);
		return cli_print(c, e, "witnesses: the quorum has countersigned the first %llu entries\n", (unsigned long long)size);
	}
	if (why.code != ERR_NOT_FOUND) {
		if (e)
			*e = why;
		return -1;
	}
	if (!demanded) {
		json_write_null(&c->out);
		return cli_print(c, e, "witnesses: no checkpoint has the quorum of the policy yet\n");
	}
	err_set(e, ERR_DENIED, "no checkpoint of this book has the quorum of the policy");
	return err_hint(e, "enclua book witness request");
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct tlog_policy *p = NULL;
	struct book_checked k;
	struct bar bar = { c, "verify" };
	int r = -1;
	if (book_policy_open(&p, c, args_get(a, "policy"), e) < 0 || book_home_open(c, &b, e) < 0)
		goto out;
	if (args_has(a, "against") && against_check(c, b, args_get(a, "against"), e) < 0)
		goto out;
	if (book_verify(b, &k, bar_draw, &bar, e) < 0)
		goto out;
	const struct { const char *key; uint64_t value; } rows[] = {
		{ "entries", k.entries }, { "checkpoints", k.checkpoints }, { "cosignatures", k.cosignatures }, { "rows", k.rows },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		book_json_number(c, rows[i].key, rows[i].value);
		if (cli_print(c, e, "%-12s %llu, all verified\n", rows[i].key, (unsigned long long)rows[i].value) < 0)
			goto out;
	}
	r = p ? quorum_show(c, b, p, args_has(a, "policy"), e) : 0;
out:
	tlog_policy_free(p);
	book_close(b);
	return r;
}

/* ---- proof ---- */

/* The checkpoint to prove an entry in: the newest with the quorum, when it has the entry; else the newest of all. */
static int proof_checkpoint(struct cli *c, struct book *b, const struct tlog_policy *p, uint64_t index, struct buf *note, struct err *e)
{
	uint64_t size = 0;
	if (p && book_checkpoint_quorum(b, p, note, &size, NULL) == 0 && size > index)
		return 0;
	if (p)
		cli_note(c, "no checkpoint with this entry has the quorum of the policy yet: enclua book witness request");
	buf_clear(note);
	return book_checkpoint(b, note, e);
}

static int proof_make(struct cli *c, struct book *b, const struct tlog_policy *p, const char *which, struct buf *out, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct merkle_proof proof;
	struct checkpoint cp;
	uint64_t index = 0;
	int r = -1;
	if (book_entry_take(b, which, &index, &bytes, e) < 0 || proof_checkpoint(c, b, p, index, &note, e) < 0 || own_checkpoint_read(&cp, &note, e) < 0 ||
		merkle_inclusion_prove(book_reader(b), index, cp.size, &proof, e) < 0 ||
		tlog_proof_write(out, bytes.data, bytes.len, index, &proof, (const char *)note.data, note.len, e) < 0)
		goto out;
	book_json_number(c, "index", index);
	book_checkpoint_json(c, &cp);
	r = 0;
out:
	buf_done(&bytes);
	buf_done(&note);
	return r;
}

static int proof_put(struct cli *c, const char *path, const struct buf *proof, struct err *e)
{
	if (!path || strcmp(path, "-") == 0) {
		json_write_key(&c->out, "proof");
		json_write_string(&c->out, (const char *)proof->data, proof->len);
		return cli_print(c, e, "%s", buf_text(proof));
	}
	if (os_file_replace(path, 0644, proof->data, proof->len, e) < 0)
		return -1;
	book_json_text(c, "path", path);
	cli_note(c, "written to %s; check it with: enclua verify %s", path, path);
	return 0;
}

static int run_proof(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct tlog_policy *p = NULL;
	struct buf proof = BUF_INIT(TLOG_PROOF_BYTES);
	int r = -1;
	if (book_home_open(c, &b, e) == 0 && book_policy_open(&p, c, NULL, e) == 0 && proof_make(c, b, p, a->words[0], &proof, e) == 0)
		r = proof_put(c, args_get(a, "output"), &proof, e);
	buf_done(&proof);
	tlog_policy_free(p);
	book_close(b);
	return r;
}

/* ---- export, rebuild ---- */

static int run_export(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct export_count n = { 0 };
	struct bar bar = { c, "export" };
	int r = book_home_open(c, &b, e);
	if (r == 0 && (r = book_export(b, a->words[0], &n, bar_draw, &bar, e)) == 0) {
		const struct { const char *key; uint64_t value; } rows[] = {
			{ "tiles", n.tiles }, { "bundles", n.bundles }, { "bytes", n.bytes }, { "kept", n.kept },
		};
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			book_json_number(c, rows[i].key, rows[i].value);
		}
		book_json_text(c, "dir", a->words[0]);
		r = cli_print(c, e, "%llu tiles, %llu bundles of entries, %llu bytes; %llu files were there already\n", (unsigned long long)n.tiles,
			(unsigned long long)n.bundles, (unsigned long long)n.bytes, (unsigned long long)n.kept);
	}
	book_close(b);
	return r;
}

static int run_rebuild(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct book_rebuilt m;
	struct bar bar = { c, "rebuild" };
	char before[HEX_LEN(32) + 1], after[HEX_LEN(32) + 1];
	(void)a;
	int r = book_home_open(c, &b, e);
	if (r == 0 && (r = book_rebuild(b, &m, bar_draw, &bar, e)) == 0) {
		bool changed = memcmp(m.before, m.after, sizeof m.before) != 0;
		hex_encode(before, m.before, 32);
		hex_encode(after, m.after, 32);
		book_json_number(c, "entries", m.entries);
		book_json_number(c, "rows", m.rows);
		book_json_text(c, "before", before);
		book_json_text(c, "after", after);
		json_write_key(&c->out, "changed");
		json_write_bool(&c->out, changed);
		r = cli_print(c, e, "%llu entries replayed, %llu rows\nbefore %s\nafter  %s\n%s\n", (unsigned long long)m.entries, (unsigned long long)m.rows,
			before, after, changed ? "the tables were not what the entries say; now they are" : "the tables were what the entries say");
	}
	book_close(b);
	return r;
}

static const struct option_row checkpoint_options[] = {
	{ "vkey", 0, NULL, false, "print the key by which its signature is verified instead" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row verify_options[] = {
	{ "against", 0, "FILE", false, "a checkpoint that was saved earlier: the book must still contain it" },
	{ "policy", 0, "FILE", false, "demand a checkpoint that this policy's witnesses have countersigned" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row proof_options[] = {
	{ "output", 'o', "FILE", false, "write it there instead of standard output" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command book_commands[] = {
	{ "book checkpoint", "[--vkey]", "Show the newest checkpoint: how many entries, and their root",
	  "Example: enclua book checkpoint > saved\n\nKeep it where others cannot change it: enclua book verify --against saved finds a fork or a rollback later.",
	  checkpoint_options, 0, 0, run_checkpoint },
	{ "book verify", "[--against FILE] [--policy FILE]", "Check the whole book: every entry, hash, checkpoint and table",
	  "Example: enclua book verify --against saved\n\nA book that lost entries since is a rollback, one that has others in their place a fork: exit 5.", verify_options, 0, 0,
	  run_verify },
	{ "book proof", "N|ID [-o FILE]", "Prove to others that an entry stands in this book",
	  "Example: enclua book proof data1qx7… -o contacts.tlog-proof\n\nThe file (C2SP tlog-proof) carries the entry, the proof and the checkpoint. enclua verify checks it "
	  "without a home.", proof_options, 1, 1, run_proof },
	{ "book export", "DIR", "Write the book as files: checkpoint and tiles (C2SP tlog-tiles)",
	  "Example: enclua book export public/\n\nThe same book gives the same bytes. Into a folder that has an earlier export only what is new is written.", NULL, 1, 1,
	  run_export },
	{ "book rebuild", "", "Make every table again from the entries", "Example: enclua book rebuild\n\nThe entries are the truth; the tables follow from them.", NULL, 0, 0,
	  run_rebuild },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
