/* enclua book witness: files that go to witnesses and come back, whom this home's policy asks, and the part of a witness for the books of others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "book.h"
#include "book/witness.h"
#include "verbs.h"

#define ROSTER_MAX (TLOG_POLICY_WITNESSES + NOTE_SIGNATURES)

/* The witnesses that this book knows: those of the policy, or, without one, all that have countersigned. */
struct witness_row { const char *label; char name[NOTE_NAME_BYTES + 1]; uint8_t id[4]; uint64_t size; int64_t time; };	/* size 0: never */
struct roster { struct witness_row rows[ROSTER_MAX]; size_t n; };

static struct witness_row *row_of(struct roster *r, const struct note_sig *s)
{
	for (size_t i = 0; i < r->n; i++)
		if (memcmp(r->rows[i].id, s->id, sizeof s->id) == 0 && strcmp(r->rows[i].name, s->name) == 0)
			return &r->rows[i];
	return NULL;
}

static void row_add(struct roster *r, const char *label, const char *name, const uint8_t id[static 4])
{
	if (r->n == ROSTER_MAX)
		return;
	struct witness_row *row = &r->rows[r->n++];
	*row = (struct witness_row){ .label = label };
	(void)snprintf(row->name, sizeof row->name, "%s", name);
	memcpy(row->id, id, sizeof row->id);
}

static int64_t cosigned_at(const struct note_sig *s)
{
	uint64_t at = 0;
	for (size_t i = 0; i < 8; i++)
		at = at << 8 | s->sig[i];
	return at <= INT64_MAX ? (int64_t)at : 0;
}

/* The signatures under one checkpoint: they were verified before they were kept. */
static void signatures_count(struct roster *r, const struct note *n, uint64_t size, const char *origin, bool open)
{
	for (size_t i = 0; i < n->n_sigs; i++) {
		const struct note_sig *s = &n->sigs[i];
		if (strcmp(s->name, origin) == 0)
			continue;
		struct witness_row *row = row_of(r, s);
		if (!row && open) {
			row_add(r, NULL, s->name, s->id);
			row = row_of(r, s);
		}
		if (row && row->size == 0) {
			row->size = size;
			row->time = cosigned_at(s);
		}
	}
}

static bool all_found(const struct roster *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->rows[i].size == 0)
			return false;
	return true;
}

static int roster_make(struct roster *r, struct book *b, const struct tlog_policy *p, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct note n;
	struct err why = { .code = ERR_NONE };
	uint64_t size = 0;
	int done = 0;
	r->n = 0;
	for (size_t i = 0; p && i < tlog_policy_witnesses(p); i++) {
		const char *label = NULL;
		const struct note_key *k = tlog_policy_witness(p, i, &label);
		row_add(r, label, k->name, k->id);
	}
	for (uint64_t below = INT64_MAX; done == 0 && !(p && all_found(r)); below = size) {
		buf_clear(&note);
		if (book_checkpoint_before(b, below, &note, &size, &why) < 0 || note_parse(&n, (const char *)note.data, note.len, &why) < 0)
			done = -1;
		else
			signatures_count(r, &n, size, book_origin(b), p == NULL);
	}
	buf_done(&note);
	if (done == 0 || why.code == ERR_NOT_FOUND)
		return 0;
	if (e)
		*e = why;
	return -1;
}

/* What a request and most other verbs need: the book, its policy, its witnesses. */
struct ask { struct book *b; struct tlog_policy *p; struct roster *r; };

static void ask_done(struct ask *k)
{
	free(k->r);
	tlog_policy_free(k->p);
	book_close(k->b);
}

static int ask_open(struct ask *k, struct cli *c, struct err *e)
{
	*k = (struct ask){ .b = NULL };
	if (book_home_open(c, &k->b, e) < 0 || book_policy_open(&k->p, c, NULL, e) < 0)
		return -1;
	k->r = calloc(1, sizeof *k->r);
	if (!k->r)
		return err_set(e, ERR_LIMIT, "out of memory");
	return roster_make(k->r, k->b, k->p, e);
}

/* ---- request ---- */

/* Without --from: where the witness named by --for stopped, else the smallest size at which a known one did, so that its request suits most. */
static int from_choose(uint64_t *from, const struct ask *k, const struct args *a, struct err *e)
{
	const char *who = args_get(a, "for");
	*from = 0;
	if (args_has(a, "from") && who)
		return err_set(e, ERR_USAGE, "--from and --for say the same thing: give one of them");
	if (args_has(a, "from"))
		return book_number(from, args_get(a, "from"), "--from", e);
	for (size_t i = 0; i < k->r->n; i++) {
		const struct witness_row *row = &k->r->rows[i];
		if (who && (strcmp(who, row->name) == 0 || (row->label && strcmp(who, row->label) == 0))) {
			*from = row->size;
			return 0;
		}
		if (!who && row->size && (*from == 0 || row->size < *from))
			*from = row->size;
	}
	struct note_key key;
	if (!who || checkpoint_name_key(&key, who, NOTE_COSIGNATURE))	/* nobody, or one who has seen nothing yet */
		return 0;
	err_set(e, ERR_NOT_FOUND, "there is no witness %s", cli_safe(who, strlen(who), 0));
	return err_hint(e, "enclua book witness status");
}

static int run_request(struct cli *c, struct args *a, struct err *e)
{
	struct ask k;
	struct buf out = BUF_INIT(WITNESS_REQUEST_BYTES);
	uint64_t from = 0;
	int r = -1;
	if (ask_open(&k, c, e) < 0 || from_choose(&from, &k, a, e) < 0 || witness_request(k.b, from, &out, e) < 0)
		goto out;
	book_json_number(c, "from", from);
	book_json_text(c, "request", buf_text(&out));
	r = cli_print(c, e, "%s", buf_text(&out));
out:
	buf_done(&out);
	ask_done(&k);
	return r;
}

/* ---- sign ---- */

static int log_key(struct note_key *out, const struct args *a, struct err *e)
{
	if (note_key_parse(out, args_get(a, "log"), e) < 0)
		return err_wrap(e, "--log");
	return out->type == NOTE_ED25519 ? 0 : err_set(e, ERR_INVALID, "--log: this is the key of a witness, and not that of a book");
}

static int run_sign(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct identity *me = NULL;
	struct buf request = BUF_INIT(0), line = BUF_INIT(KIB(1));
	struct book_seen seen;
	struct note_key log;
	int r = -1;
	if ((args_has(a, "log") && log_key(&log, a, e) < 0) || book_home_open(c, &b, e) < 0 ||
		book_file_read(a->words[0], WITNESS_REQUEST_BYTES, &request, e) < 0 || witness_open(c->home, &me, e) < 0)
		goto out;
	if (witness_sign(book_store(b), me, args_has(a, "log") ? &log : NULL, buf_text(&request), request.len, os_time(), &line, &seen, e) < 0) {
		if (!e->hint[0] && e->code == ERR_INVALID)
			err_hint(e, "the keeper of the book makes the file: enclua book witness request > FILE");
		goto out;
	}
	struct checkpoint cp = { .size = seen.size, .root = seen.root };
	memcpy(cp.origin, seen.origin, sizeof cp.origin);
	book_checkpoint_json(c, &cp);
	book_json_text(c, "line", buf_text(&line));
	r = cli_print(c, e, "%s", buf_text(&line));
out:
	buf_done(&request);
	buf_done(&line);
	identity_free(me);
	book_close(b);
	return r;
}

/* ---- add, status ---- */

/* 1: some checkpoint has the quorum of the policy, 0, -1. */
static int quorum_find(struct book *b, const struct tlog_policy *p, uint64_t *size, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err why = { .code = ERR_NONE };
	int r = book_checkpoint_quorum(b, p, &note, size, &why);
	buf_done(&note);
	if (r == 0)
		return 1;
	if (why.code == ERR_NOT_FOUND)
		return 0;
	if (e)
		*e = why;
	return -1;
}

static int quorum_show(struct cli *c, struct book *b, const struct tlog_policy *p, struct err *e)
{
	uint64_t size = 0;
	int found = p ? quorum_find(b, p, &size, e) : 0;
	if (found < 0)
		return -1;
	json_write_key(&c->out, "quorum_size");
	if (found)
		json_write_uint(&c->out, size);
	else
		json_write_null(&c->out);
	if (!p)
		return cli_print(c, e, "quorum    no policy says whose signatures are wanted; set one: enclua book witness policy FILE\n");
	if (!found)
		return cli_print(c, e, "quorum    not reached by any checkpoint yet\n");
	return cli_print(c, e, "quorum    reached for the first %llu entries\n", (unsigned long long)size);
}

static int run_add(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct tlog_policy *p = NULL;
	struct buf lines = BUF_INIT(0);
	size_t added = 0;
	uint64_t size = 0;
	int r = -1;
	if (book_home_open(c, &b, e) < 0 || book_policy_open(&p, c, NULL, e) < 0 ||
		book_file_read(a->words[0], CHECKPOINT_NOTE_MAX, &lines, e) < 0)
		goto out;
	if (witness_add(b, p, buf_text(&lines), lines.len, &added, &size, e) < 0) {
		if (!e->hint[0] && e->code == ERR_INVALID)
			err_hint(e, "the witness makes the file, from what enclua book witness request prints: enclua book witness sign REQUEST > FILE");
		goto out;
	}
	book_json_number(c, "added", added);
	book_json_number(c, "size", size);
	if (cli_print(c, e, "%zu new signature%s on the checkpoint of %llu entries\n", added, added == 1 ? "" : "s", (unsigned long long)size) == 0)
		r = quorum_show(c, b, p, e);
out:
	buf_done(&lines);
	tlog_policy_free(p);
	book_close(b);
	return r;
}

static int row_show(struct cli *c, const struct witness_row *row, struct err *e)
{
	char at[24];
	entry_time_text(at, row->time);
	json_write_object(&c->out);
	book_json_text(c, "name", row->label);
	book_json_text(c, "key", row->name);
	book_json_number(c, "size", row->size);
	book_json_text(c, "time", row->size ? at : NULL);
	json_write_object_end(&c->out);
	const char *label = row->label ? cli_safe(row->label, strlen(row->label), 0) : "-";
	if (row->size == 0)
		return cli_print(c, e, "%-9s never  %s\n", label, cli_safe(row->name, strlen(row->name), 1));
	return cli_print(c, e, "%-9s %llu entries at %s  %s\n", label, (unsigned long long)row->size, at, cli_safe(row->name, strlen(row->name), 1));
}

static int run_status(struct cli *c, struct args *a, struct err *e)
{
	struct ask k;
	uint64_t size = 0;
	int r = -1;
	(void)a;
	if (ask_open(&k, c, e) < 0 || book_size(k.b, &size, e) < 0)
		goto out;
	book_json_text(c, "origin", book_origin(k.b));
	book_json_number(c, "size", size);
	json_write_key(&c->out, "policy");
	json_write_bool(&c->out, k.p != NULL);
	json_write_key(&c->out, "witnesses");
	json_write_array(&c->out);
	if (cli_print(c, e, "book      %s, %llu entries\n", book_origin(k.b), (unsigned long long)size) < 0)
		goto out;
	for (size_t i = 0; i < k.r->n; i++)
		if (row_show(c, &k.r->rows[i], e) < 0)
			goto out;
	json_write_array_end(&c->out);
	r = quorum_show(c, k.b, k.p, e);
out:
	ask_done(&k);
	return r;
}

/* ---- policy, key ---- */

static int policy_show(struct cli *c, const char *path, struct err *e)
{
	struct buf text;
	if (!os_exists(path)) {
		err_set(e, ERR_NOT_FOUND, "this home has no policy: nobody else's signature is asked for");
		return err_hint(e, "enclua book witness policy FILE");
	}
	int r = book_file_read(path, TLOG_POLICY_BYTES, &text, e);
	json_write_key(&c->out, "policy");
	json_write_string(&c->out, (const char *)text.data, text.len);
	if (r == 0 && !c->json)
		r = buf_add(&c->text, text.data, text.len, e);
	buf_done(&text);
	return r;
}

/* A policy that lists logs and not this one would never accept a checkpoint of ours. */
static int policy_fits(const struct tlog_policy *p, struct book *b, struct err *e)
{
	const struct note_key *k = tlog_policy_log(p, book_origin(b));
	if (tlog_policy_logs(p) == 0 || (k && memcmp(k->public_key, book_operator(b), sizeof k->public_key) == 0))
		return 0;
	err_set(e, ERR_INVALID, "the policy lists logs, and this home's book is not among them");
	return err_hint(e, "add a line of the word log and what this prints: enclua book checkpoint --vkey");
}

static int policy_set(struct cli *c, const char *path, const char *from, struct err *e)
{
	struct book *b = NULL;
	struct tlog_policy *p = NULL;
	struct buf text = BUF_INIT(0);
	char dir[4200];
	int r = -1;
	if (book_home_open(c, &b, e) < 0 || book_file_read(from, TLOG_POLICY_BYTES, &text, e) < 0)
		goto out;
	if (tlog_policy_parse(&p, buf_text(&text), text.len, e) < 0) {
		err_wrap(e, "the policy %s", from);
		goto out;
	}
	if (policy_fits(p, b, e) < 0 || cli_home_path(c, "book", dir, sizeof dir, e) < 0 || os_dir_make(dir, 0700, e) < 0 ||
		os_file_replace(path, 0600, text.data, text.len, e) < 0)
		goto out;
	book_json_number(c, "witnesses", tlog_policy_witnesses(p));
	book_json_number(c, "logs", tlog_policy_logs(p));
	r = cli_print(c, e, "the policy of this home now lists %zu witnesses\n", tlog_policy_witnesses(p));
out:
	tlog_policy_free(p);
	buf_done(&text);
	book_close(b);
	return r;
}

static int run_policy(struct cli *c, struct args *a, struct err *e)
{
	char path[4200];
	struct book *b = NULL;
	if (book_policy_path(c, path, sizeof path, e) < 0)
		return -1;
	if (a->n_words)
		return policy_set(c, path, a->words[0], e);
	int r = book_home_open(c, &b, e);
	book_close(b);
	return r < 0 ? -1 : policy_show(c, path, e);
}

static int run_key(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct identity *me = NULL;
	struct note_key key;
	struct buf vkey = BUF_INIT(KIB(1));
	char name[NOTE_NAME_BYTES + 1];
	int r = -1;
	(void)a;
	if (book_home_open(c, &b, e) < 0 || witness_open(c->home, &me, e) < 0)
		goto out;
	checkpoint_witness_make(name, identity_public(me));
	if (note_key_make(&key, name, NOTE_COSIGNATURE, identity_public(me), e) < 0 || note_key_text(&key, &vkey, e) < 0)
		goto out;
	book_json_text(c, "name", name);
	book_json_text(c, "vkey", buf_text(&vkey));
	r = cli_print(c, e, "%s\n", buf_text(&vkey));
out:
	buf_done(&vkey);
	identity_free(me);
	book_close(b);
	return r;
}

/* ---- seen ---- */

struct seen_show { struct cli *c; const char *origin; bool found; };

static int seen_row(void *ctx, const struct book_seen *seen, struct err *e)
{
	struct seen_show *w = ctx;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint cp = { .size = seen->size, .root = seen->root };
	char at[24];
	if (w->origin && strcmp(w->origin, seen->origin) != 0)
		return 0;
	w->found = true;
	entry_time_text(at, seen->time);
	memcpy(cp.origin, seen->origin, sizeof cp.origin);
	int r = witness_seen_note(seen, &note, e);
	json_write_object(&w->c->out);
	book_checkpoint_json(w->c, &cp);
	book_json_text(w->c, "time", at);
	book_json_text(w->c, "note", buf_text(&note));
	json_write_object_end(&w->c->out);
	if (r == 0)
		r = w->origin ? cli_print(w->c, e, "%s", buf_text(&note)) :
			cli_print(w->c, e, "%s  %llu entries  %s\n", at, (unsigned long long)seen->size, cli_safe(seen->origin, strlen(seen->origin), 0));
	buf_done(&note);
	return r;
}

static int run_seen(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct seen_show w = { c, a->n_words ? a->words[0] : NULL, false };
	int r = book_home_open(c, &b, e);
	json_write_key(&c->out, "seen");
	json_write_array(&c->out);
	if (r == 0)
		r = book_seen_each(book_store(b), seen_row, &w, e);
	json_write_array_end(&c->out);
	if (r == 0 && w.origin && !w.found) {
		err_set(e, ERR_NOT_FOUND, "this home has countersigned nothing of %s", cli_safe(w.origin, strlen(w.origin), 0));
		r = err_hint(e, "enclua book witness seen");
	}
	book_close(b);
	return r;
}

static const struct option_row request_options[] = {
	{ "from", 0, "N", false, "begin at the size that the witness countersigned last" },
	{ "for", 0, "WITNESS", false, "begin where this witness stopped: its name in the policy, or its key's name" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row sign_options[] = {
	{ "log", 0, "KEY", false, "the key of a book whose origin carries none; remembered from then on" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command book_witness_commands[] = {
	{ "book witness request", "[--from N | --for WITNESS]", "Make the file that asks a witness to countersign this home's book",
	  "Example: enclua book witness request > req\n\nIt holds the newest checkpoint and the proof that it contains the one that the witness saw before (C2SP "
	  "tlog-witness). Without options it begins where a known witness stopped.", request_options, 0, 0, run_request },
	{ "book witness sign", "FILE|- [--log KEY]", "Countersign another book, as its witness",
	  "Example: enclua --home other book witness sign req > sig\n\nOnly a book that contains all that was countersigned of it before is countersigned again. Anything "
	  "else is named, a fork or a rollback: exit 5.", sign_options, 1, 1, run_sign },
	{ "book witness add", "FILE|-", "Keep what a witness has answered", "Example: enclua book witness add sig\n\nEvery signature is verified before it is kept.", NULL,
	  1, 1, run_add },
	{ "book witness status", "", "Show who has countersigned this home's book, and up to where", "Example: enclua book witness status", NULL, 0, 0, run_status },
	{ "book witness policy", "[FILE|-]", "Show or set the policy: which witnesses, and how many of them",
	  "Example: enclua book witness policy quorum.txt\n\nThe file is a C2SP tlog-policy. It is checked before it replaces the one there is.", NULL, 0, 1, run_policy },
	{ "book witness key", "", "Show the key by which this home countersigns, for the policies of others",
	  "Example: echo \"witness w1 $(enclua book witness key)\" >> quorum.txt", NULL, 0, 0, run_key },
	{ "book witness seen", "[ORIGIN]", "Show which books this home has countersigned, or the checkpoint of one",
	  "Example: enclua book witness seen > list\n\nWith ORIGIN the checkpoint as its book signed it: half of the evidence when a book is forked.", NULL, 0, 1, run_seen },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
