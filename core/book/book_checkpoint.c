/* Checkpoints: signed over committed state only, each containing the one before; kept with their countersignatures; the newest published as a file, by which a database
 * that was set back is found out. And what this home saw of other books as a witness.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "book/book_inner.h"
#include "seal/crypto.h"

#define PUBLISHED "checkpoint"

static int path_in(const struct book *b, const char *name, char out[static PATH_MAX], struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s", b->dir, name) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return 0;
}

/* The root over the first `size` entries: of the head itself when it is that long. */
static int root_at(struct book *b, uint64_t size, struct merkle_hash *out, struct err *e)
{
	if (size != b->head.range.size)
		return merkle_root(&b->reader, size, out, e);
	merkle_range_root(&b->head.range, out);
	return 0;
}

/* Does what we once signed or published lie inside the book as it is? */
static int contains(struct book *b, const struct checkpoint *c, const char *what, struct err *e)
{
	struct merkle_hash root;
	if (c->size > b->head.range.size) {
		err_set(e, ERR_INVALID, "rollback: %s has %llu entries, but the database of the book in %s has %llu: it was set back to an older copy", what,
			(unsigned long long)c->size, b->store->home, (unsigned long long)b->head.range.size);
		return err_hint(e, "restore the newer store.db; entries that others hold proofs of must not be lost");
	}
	if (root_at(b, c->size, &root, e) < 0)
		return -1;
	if (merkle_equal(&root, &c->root))
		return 0;
	err_set(e, ERR_INVALID, "fork: %s has another root over the same %llu entries than the database of the book in %s", what, (unsigned long long)c->size,
		b->store->home);
	return err_hint(e, "the database is not the one that this book was published from; restore that one");
}

/* The published file is read first: whatever it says was committed before it was written. */
int book_published_check(struct book *b, struct err *e)
{
	char path[PATH_MAX];
	struct buf bytes = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	struct note note;
	if (path_in(b, PUBLISHED, path, e) < 0)
		return -1;
	const int is = os_look(path);
	if (is <= 0)
		return is < 0 ? err_sys(e, errno, "cannot look at the published checkpoint %s", path) : 0;
	int r = os_plain_read(path, &bytes, e);
	if (r == 0 && checkpoint_open(&c, &note, buf_text(&bytes), bytes.len, NULL, e) < 0) {
		err_wrap(e, "the published checkpoint %s", path);
		r = -1;
	}
	if (r < 0)
		err_hint(e, "it says how far this book has gone, so put it back from a copy; without one, and when the database is the newest there is, move it away, then: enclua init");
	if (r == 0 && b->origin[0] && strcmp(c.origin, b->origin) != 0)	/* none: the database is new, and older than what was published */
		r = err_set(e, ERR_INVALID, "the published checkpoint %s is of another book, %s", path, c.origin);
	if (r == 0 && b->origin[0])
		r = book_head_load(b, e);
	if (r == 0)
		r = contains(b, &c, "the published checkpoint", e);
	buf_done(&bytes);
	return r;
}

/* The newest row of fewer than `below` entries: 1, 0, -1. note may be NULL. */
static int row_before(struct book *b, uint64_t below, uint64_t *size, struct buf *note, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT size, note FROM checkpoint WHERE size < ?1 ORDER BY size DESC LIMIT 1", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, below > INT64_MAX ? INT64_MAX : (int64_t)below);
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "read the checkpoints");
	if (r == 1) {
		*size = (uint64_t)sqlite3_column_int64(st, 0);
		if (note && buf_add(note, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), e) < 0)
			r = -1;
	}
	(void)sqlite3_reset(st);
	return r;
}

static int row_put(struct book *b, uint64_t size, const struct buf *note, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "INSERT OR REPLACE INTO checkpoint (size, note) VALUES (?1, ?2)", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)size);
	sqlite3_bind_blob64(st, 2, note->data, note->len, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "keep a checkpoint");
}

/* The newest row, which must lie inside the entries. Of checkpoints that are only shown there are many to one that is kept: the bytes that were once seen to lie inside do so for ever,
 * for the entries only become more. */
static int last_check(struct book *b, const struct buf *note, bool keep, struct checkpoint *last, struct err *e)
{
	struct book_shown *shown = &b->shown;
	struct note parsed;
	uint8_t hash[32];
	sha256(hash, note->data, note->len);
	if (!keep && shown->last.size && shown->last.size <= b->head.range.size && memcmp(hash, shown->note, sizeof hash) == 0) {
		*last = shown->last;
		return 0;
	}
	if (checkpoint_open(last, &parsed, buf_text(note), note->len, NULL, e) < 0 || contains(b, last, "a checkpoint that was signed", e) < 0)
		return -1;
	shown->last = *last;
	memcpy(shown->note, hash, sizeof hash);
	return 0;
}

/* In a transaction: the head is committed state, and nobody can move it meanwhile. */
static int sign_head(struct book *b, const struct identity *operator, bool keep, struct buf *note, struct err *e)
{
	struct checkpoint last, next = { .size = b->head.range.size };
	struct buf before = BUF_INIT(CHECKPOINT_NOTE_MAX), text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	uint64_t size;
	int r = row_before(b, (uint64_t)INT64_MAX, &size, &before, e);
	if (r == 1 && last_check(b, &before, keep, &last, e) < 0)
		r = -1;
	if (r == 1 && last.size == next.size) {
		r = buf_add(note, before.data, before.len, e);
		goto out;
	}
	if (r >= 0) {
		(void)snprintf(next.origin, sizeof next.origin, "%s", b->origin);
		merkle_range_root(&b->head.range, &next.root);
		r = checkpoint_write(&next, &text, e) < 0 || note_sign(note, buf_text(&text), text.len, b->origin, operator, e) < 0 ||
			(keep && row_put(b, next.size, note, e) < 0) ? -1 : 0;
	}
out:
	buf_done(&before);
	buf_done(&text);
	return r;
}

/* Whoever publishes holds a lock and reads the row under it, so that an older one never takes the place of a newer, nor one with fewer countersignatures. */
static int publish(struct book *b, uint64_t size, struct err *e)
{
	char path[PATH_MAX], lock[PATH_MAX];
	struct buf is = BUF_INIT(CHECKPOINT_NOTE_MAX), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	struct note parsed;
	if (path_in(b, PUBLISHED, path, e) < 0 || path_in(b, "publish.lock", lock, e) < 0 || os_dir_make(b->dir, 0700, e) < 0)
		return -1;
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || os_lock(fd) < 0) {
		err_sys(e, errno, "cannot lock %s", lock);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int r = book_checkpoint_at(b, size, &note, e);
	bool newer = r == 0 && (!os_exists(path) || os_plain_read(path, &is, NULL) < 0 ||
		checkpoint_open(&c, &parsed, buf_text(&is), is.len, NULL, NULL) < 0 ||
		c.size < size || (c.size == size && (is.len != note.len || memcmp(is.data, note.data, is.len) != 0)));
	if (newer) {
		os_tmp_sweep(path, 0);	/* only who holds the lock writes such files */
		r = os_file_publish(path, 0644, note.data, note.len, true, e);
	}
	close(fd);
	buf_done(&is);
	buf_done(&note);
	return r;
}

int book_checkpoint(struct book *b, struct buf *note, struct err *e)
{
	struct identity *operator = NULL;
	struct buf made = BUF_INIT(CHECKPOINT_NOTE_MAX);
	uint64_t size = 0;
	int r = -1;
	if (book_head_load(b, e) < 0)
		goto out;
	/* Signed already? Then nothing is opened or written but the file, should it lag. */
	int is = row_before(b, b->head.range.size + 1, &size, &made, e);
	if (is < 0)
		goto out;
	if (!is || size != b->head.range.size) {
		buf_clear(&made);
		/* This waits for the disk like every change, although a lost checkpoint could be signed again as it was: a row that is committed and not yet synced is
		 * lost when somebody's sync fails, and what others commit behind it in the write-ahead log, synced or not, would be lost with it. */
		if (book_operator_open(b, &operator, e) < 0 || store_begin(b->store, e) < 0)
			goto out;
		int done = book_head_load(b, e) < 0 || sign_head(b, operator, true, &made, e) < 0 ? -1 : 0;
		size = b->head.range.size;
		if (store_end(b->store, done, e) < 0)
			goto out;
	}
	if (publish(b, size, e) < 0)
		goto out;
	r = note ? buf_add(note, made.data, made.len, e) : 0;
out:
	identity_free(operator);
	buf_done(&made);
	return r;
}

int book_checkpoint_passing(struct book *b, struct buf *note, struct err *e)
{
	if (!b->signer && book_operator_open(b, &b->signer, e) < 0)
		return -1;
	if (store_run(b->store, "BEGIN", e) < 0)
		return -1;
	int r = book_head_load(b, e) < 0 || sign_head(b, b->signer, false, note, e) < 0 ? -1 : 0;
	if (store_run(b->store, "COMMIT", r < 0 ? NULL : e) < 0)
		r = -1;
	return r;
}

int book_checkpoint_before(struct book *b, uint64_t below, struct buf *note, uint64_t *size, struct err *e)
{
	int r = row_before(b, below, size, note, e);
	return r == 0 ? err_set(e, ERR_NOT_FOUND, "the book has signed no checkpoint of fewer than %llu entries", (unsigned long long)below) : r < 0 ? -1 : 0;
}

int book_checkpoint_at(struct book *b, uint64_t size, struct buf *note, struct err *e)
{
	uint64_t is = 0;
	struct buf found = BUF_INIT(CHECKPOINT_NOTE_MAX);
	int r = size < INT64_MAX ? row_before(b, size + 1, &is, &found, e) : 0;
	if (r == 1 && is == size)
		r = buf_add(note, found.data, found.len, e);
	else if (r >= 0)
		r = err_set(e, ERR_NOT_FOUND, "the book has signed no checkpoint of %llu entries", (unsigned long long)size);
	buf_done(&found);
	return r;
}

int book_checkpoint_quorum(struct book *b, const struct tlog_policy *p, struct buf *note, uint64_t *size, struct err *e)
{
	struct checkpoint c;
	struct tlog_verdict v;
	struct err why = { .code = ERR_NONE };
	for (uint64_t below = INT64_MAX;;) {
		struct buf found = BUF_INIT(CHECKPOINT_NOTE_MAX);
		int r = row_before(b, below, size, &found, e);
		if (r <= 0) {
			buf_done(&found);
			return r < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "no checkpoint of this book has the quorum of its policy");
		}
		bool good = tlog_policy_check(p, buf_text(&found), found.len, &c, &v, &why) == 0;
		r = good ? buf_add(note, found.data, found.len, e) : 0;
		buf_done(&found);
		if (good || r < 0)
			return r;
		below = *size;
	}
}

/* The line goes to the end of the note, unless this very key has countersigned it: then the newer line takes its place. */
static int line_merge(struct buf *out, const struct buf *note, const char *line, size_t len, struct err *e)
{
	const char *name_end = len > 4 ? memchr(line + 4, ' ', len - 4) : NULL;	/* after "— " */
	const char *body = strstr(buf_text(note), "\n\n");
	if (!name_end || !body || line[len - 1] != '\n' || memchr(line, '\n', len - 1))
		return err_set(e, ERR_INVALID, "a signature line is one line: — name base64");
	size_t head = (size_t)(name_end - line) + 1 + 5;	/* the name, a space, and of the key id the five whole base64 digits */
	body += 2;
	if (buf_add(out, note->data, (size_t)(body - buf_text(note)), e) < 0)
		return -1;
	for (const char *at = body, *end; *at; at = end) {
		end = strchr(at, '\n') + 1;
		if ((size_t)(end - at) > head && len > head && memcmp(at, line, head) == 0)
			continue;
		if (buf_add(out, at, (size_t)(end - at), e) < 0)
			return -1;
	}
	return buf_add(out, line, len, e);
}

/* With the line in it the note must still be one that this book itself accepts: else it could be neither published nor signed after. */
static int line_add(struct book *b, uint64_t size, const char *line, size_t len, struct buf *merged, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	struct note parsed;
	int r = book_checkpoint_at(b, size, &note, e) < 0 || line_merge(merged, &note, line, len, e) < 0 ||
		checkpoint_open(&c, &parsed, buf_text(merged), merged->len, NULL, e) < 0 || row_put(b, size, merged, e) < 0 ? -1 : 0;
	buf_done(&note);
	return r;
}

int book_cosign_add(struct book *b, uint64_t size, const char *line, size_t len, struct err *e)
{
	struct buf merged = BUF_INIT(CHECKPOINT_NOTE_MAX);
	int r = store_begin(b->store, e);
	if (r == 0)
		r = store_end(b->store, line_add(b, size, line, len, &merged, e), e);
	if (r == 0)
		r = publish(b, size, e);
	buf_done(&merged);
	return r;
}

/* What this home saw as a witness */

static int seen_read(sqlite3_stmt *st, struct book_seen *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (sqlite3_column_bytes(st, 0) > (int)NOTE_NAME_BYTES || sqlite3_column_bytes(st, 3) != (int)MERKLE_HASH || sqlite3_column_bytes(st, 5) != 64)
		return err_set(e, ERR_INVALID, "what this home saw as a witness is corrupt");
	(void)snprintf(out->origin, sizeof out->origin, "%s", (const char *)sqlite3_column_text(st, 0));
	out->size = (uint64_t)sqlite3_column_int64(st, 2);
	memcpy(out->root.b, sqlite3_column_blob(st, 3), MERKLE_HASH);
	out->time = sqlite3_column_int64(st, 4);
	memcpy(out->signature, sqlite3_column_blob(st, 5), 64);
	return note_key_parse(&out->log, (const char *)sqlite3_column_text(st, 1), e);
}

#define SEEN "SELECT origin, log, size, root, time, signature FROM seen "

int book_seen_get(struct store *s, const char *origin, struct book_seen *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(s, &st, SEEN "WHERE origin = ?1", e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, origin, -1, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? (seen_read(st, out, e) < 0 ? -1 : 1) : rc == SQLITE_DONE ? 0 : store_fail(s, rc, e, "read it");
	(void)sqlite3_reset(st);
	return r;
}

static int seen_write(struct store *s, const struct book_seen *seen, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct buf log = BUF_INIT(KIB(1));
	int r = note_key_text(&seen->log, &log, e);
	if (r == 0)
		r = store_statement(s, &st, "INSERT OR REPLACE INTO seen (origin, log, size, root, time, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", e);
	if (r == 0) {
		sqlite3_bind_text(st, 1, seen->origin, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, buf_text(&log), -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, (int64_t)seen->size);
		sqlite3_bind_blob(st, 4, seen->root.b, MERKLE_HASH, SQLITE_STATIC);
		sqlite3_bind_int64(st, 5, seen->time);
		sqlite3_bind_blob(st, 6, seen->signature, 64, SQLITE_STATIC);
		int rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
		r = rc == SQLITE_DONE ? 0 : store_fail(s, rc, e, "remember it");
	}
	buf_done(&log);
	return r;
}

int book_seen_put(struct store *s, const struct book_seen *seen, uint64_t old_size, struct err *e)
{
	struct book_seen is;
	if (store_begin(s, e) < 0)
		return -1;
	int r = book_seen_get(s, seen->origin, &is, e);
	if (r == 0 && old_size != 0)
		r = err_set(e, ERR_CONFLICT, "this witness has not seen %s before", seen->origin);
	else if (r == 1 && (is.size != old_size || seen->size < is.size || (is.size == seen->size && !merkle_equal(&is.root, &seen->root))))
		r = err_set(e, ERR_CONFLICT, "this witness has countersigned another checkpoint of %s meanwhile", seen->origin);
	if (r >= 0)
		r = seen_write(s, seen, e);
	return store_end(s, r, e);
}

int book_seen_each(struct store *s, int (*f)(void *ctx, const struct book_seen *seen, struct err *e), void *ctx, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct book_seen seen;
	if (store_prepare(s, &st, SEEN "ORDER BY origin", e) < 0)
		return -1;
	int rc = SQLITE_DONE, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		r = seen_read(st, &seen, e) < 0 ? -1 : f(ctx, &seen, e);
	if (r == 0 && rc != SQLITE_DONE)
		r = store_fail(s, rc, e, "read it");
	sqlite3_finalize(st);
	return r;
}
