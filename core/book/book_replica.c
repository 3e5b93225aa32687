/* A replica: the entries of somebody else's book, each verified and decided here again, in a database of its own. It owns <dir>/replica.db, which can be lost
 * (all entries are given again), and <dir>/accepted, which must not: the newest checkpoint that was believed, as the operator signed it; accepted.now is newer by up to a second,
 * and may be gone after a loss of power. What comes later has to
 * contain it, so a database that was lost or set back does not make the replica believe an older book, or another.
 *
 * It never asks a clock, has no blobs, signs nothing, and reads nothing of what it was given before the signature on it holds.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/os.h"
#include "book/book_inner.h"
#include "book/store_schema.h"
#include "seal/crypto.h"

#define ACCEPTED "accepted"
#define NEWEST "accepted.now"
#define NEWEST_BYTES 2048u	/* filled up with zeros: a note by the operator alone has some 300 */
#define DURABLE_US 1000000u	/* between two times that somebody waits for the disk */
#define DATABASE "replica.db"
#define CACHE "-65536"	/* KiB of pages */
#define PENDING_BYTES MIB(4)	/* or so many */
#define VOUCHED 128u	/* signatures of our own: those of one release of 100 data under a policy each fit in */
#define PENDING 1024u	/* entries that one transaction takes up: who is killed before its commit is given them again */

struct replica {
	struct note_key key;	/* the operator's, under the book's origin */
	struct entry en;	/* at hand */
	struct checkpoint accepted;	/* size 0: none yet */
	struct book_head committed;	/* while a transaction is open: where it began, */
	struct buf pending;	/* and what it has taken up */
	size_t pending_len[PENDING], n_pending;
	struct buf note;	/* of accepted, while it is not in the file that outlives a loss of power */
	uint64_t durable_us;	/* when that was written */
	uint8_t vouched[VOUCHED][32];	/* SHA-256 of entries that were signed here; a ring */
	size_t n_vouched;	/* ever */
	bool contained;	/* accepted lies in the entries as they are: seen once, it stays so, for they only become more */
};

void book_replica_done(struct replica *r)
{
	if (r) {
		buf_done(&r->pending);
		buf_done(&r->note);
	}
	free(r);
}

/* false: there is none, it lies in memory */
static bool path_in(const struct book *b, const char *name, char out[static PATH_MAX])
{
	return b->dir[0] && snprintf(out, PATH_MAX, "%s/%s", b->dir, name) < PATH_MAX;
}

/* What was accepted */

/* Of this book, and signed by its operator. */
static int note_open(const struct book *b, const uint8_t *bytes, size_t len, struct checkpoint *c, struct err *e)
{
	struct note note;
	const char *text = (const char *)bytes;
	if (checkpoint_read(c, &note, text, len, e) < 0)
		return -1;
	if (strcmp(c->origin, b->origin) != 0)
		return err_set(e, ERR_CONFLICT, "it is of the book %s, and this is a replica of %s", c->origin, b->origin);
	if (checkpoint_open(c, &note, text, len, &b->replica->key, e) == 0)
		return 0;
	if (e && e->code == ERR_DENIED)	/* whoever gave it is not denied anything: it is not a checkpoint of this book */
		e->code = ERR_INVALID;
	return -1;
}

/* What a loss of power has left of it may be cut short: then the other counts alone. */
static void newest_load(struct book *b)
{
	char path[PATH_MAX];
	struct buf bytes = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	if (!path_in(b, NEWEST, path))
		return;
	os_tmp_sweep(path, 0);
	int r = os_exists(path) ? os_plain_read(path, &bytes, NULL) : -1;
	while (r == 0 && bytes.len && bytes.data[bytes.len - 1] == 0)
		bytes.len--;
	if (r == 0 && note_open(b, bytes.data, bytes.len, &c, NULL) == 0 && c.size > b->replica->accepted.size)
		b->replica->accepted = c;
	buf_done(&bytes);
}

/* A file that cannot be read is not taken for none: whoever damages it could lead the replica back. */
static int accepted_load(struct book *b, struct err *e)
{
	char path[PATH_MAX];
	struct buf bytes = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err why = { .code = ERR_NONE };
	struct checkpoint c;
	newest_load(b);
	if (!path_in(b, ACCEPTED, path) || !os_exists(path))
		return 0;
	os_tmp_sweep(path, 0);	/* nobody else writes here: the folder is locked */
	int r = os_plain_read(path, &bytes, &why);
	if (r == 0)
		r = note_open(b, bytes.data, bytes.len, &c, &why);
	if (r == 0 && c.size > b->replica->accepted.size)
		b->replica->accepted = c;
	buf_done(&bytes);
	if (r == 0)
		return 0;
	err_wrap(&why, "the accepted checkpoint %s", path);
	if (why.code != ERR_CONFLICT)
		err_hint(&why, "it says how far the book was believed; without it an older or another book of this operator is believed as well");
	if (e)
		*e = why;
	return -1;
}

/* In its place, by one write of one length: a rename would make some file systems wait for the disk. */
static int newest_write(const char *path, const uint8_t *bytes, size_t len, struct err *e)
{
	static const uint8_t zero[NEWEST_BYTES];
	uint8_t whole[NEWEST_BYTES];
	if (len > sizeof whole)
		return os_file_publish(path, 0600, bytes, len, false, e);
	memcpy(whole, bytes, len);
	memcpy(whole + len, zero, sizeof whole - len);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	const ssize_t n = fd < 0 ? -1 : pwrite(fd, whole, sizeof whole, 0);
	int r = n == (ssize_t)sizeof whole ? 0 : err_sys(e, n < 0 ? errno : ENOSPC, "cannot write %s", path);
	if (fd >= 0)
		close(fd);
	return r;
}

static int accepted_sync(struct book *b, struct err *e)
{
	char path[PATH_MAX];
	struct replica *r = b->replica;
	if (r->note.len == 0 || !path_in(b, ACCEPTED, path))
		return 0;
	if (os_file_replace(path, 0600, r->note.data, r->note.len, e) < 0)
		return -1;
	buf_clear(&r->note);
	r->durable_us = os_now_us();
	return 0;
}

/* The note itself is kept, with its signature: against another one it is the evidence of a fork. Nobody waits for the disk at each: a second of it may be forgotten by a loss of
 * power, and nothing by a death of this process. */
static int accepted_keep(struct book *b, const struct checkpoint *c, const uint8_t *bytes, size_t len, struct err *e)
{
	char path[PATH_MAX];
	struct replica *r = b->replica;
	if (r->accepted.size == c->size)
		return 0;
	if (path_in(b, NEWEST, path) && newest_write(path, bytes, len, e) < 0)
		return -1;
	buf_clear(&r->note);
	if (b->dir[0] && buf_add(&r->note, bytes, len, e) < 0)
		return -1;
	r->accepted = *c;
	r->contained = true;
	return os_now_us() - r->durable_us < DURABLE_US ? 0 : accepted_sync(b, e);
}

/* Is the accepted one the beginning of the entries as they are? Asked only when there are as many. */
static int contained_check(struct book *b, struct err *e)
{
	struct replica *r = b->replica;
	struct merkle_hash root;
	if (r->contained || r->accepted.size == 0)
		return 0;
	if (merkle_root(&b->reader, r->accepted.size, &root, e) < 0)
		return -1;
	if (!merkle_equal(&root, &r->accepted.root))
		return err_set(e, ERR_INVALID, "fork: its first %llu entries are not those of the checkpoint that was accepted before",
			(unsigned long long)r->accepted.size);
	r->contained = true;
	return 0;
}

/* The database */

/* It is not opened again: the next opening begins anew. This one goes on with what it has, without a name. */
static void database_forget(const struct book *b)
{
	static const char *const files[] = { DATABASE, DATABASE "-wal", DATABASE "-shm" };
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (path_in(b, files[i], path))
			(void)unlink(path);
}

static int layout_read(struct store *s, int64_t *application, int64_t *version, int64_t *tables, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_prepare(s, &st, "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
		"FROM pragma_application_id, pragma_user_version", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	*application = sqlite3_column_int64(st, 0);
	*version = sqlite3_column_int64(st, 1);
	*tables = sqlite3_column_int64(st, 2);
	int r = rc == SQLITE_ROW ? 0 : store_fail(s, rc, e, "read it");
	sqlite3_finalize(st);
	return r;
}

static int layout_make(struct book *b, struct err *e)
{
	char pragmas[96];
	(void)snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_REPLICA_ID, STORE_VERSION);
	if (store_begin(b->store, e) < 0)
		return -1;
	int r = store_exec(b->store, BOOK_SCHEMA TABLES_SCHEMA, e) < 0 || store_exec(b->store, pragmas, e) < 0 || book_row_write(b, e) < 0 ||
		book_head_store(b, e) < 0 ? -1 : 0;
	return store_end(b->store, r, e);
}

/* The tree as the stored hashes give it, against the head. */
static int head_check(struct book *b, struct err *e)
{
	struct merkle_hash is, should;
	uint64_t size = b->head.range.size;
	if (book_entry_count(b, &size, e) < 0)
		return -1;
	merkle_range_root(&b->head.range, &should);
	if (size != b->head.range.size)
		return err_set(e, ERR_INVALID, "it has %llu entries and states %llu", (unsigned long long)size, (unsigned long long)b->head.range.size);
	if (size == 0)
		return 0;
	if (merkle_root(&b->reader, size, &is, e) < 0)
		return -1;
	return merkle_equal(&is, &should) ? 0 : err_set(e, ERR_INVALID, "its hashes do not give the tree that it states");
}

/* ERR_INVALID: this database is of no use. ERR_CONFLICT: it is of another book. */
static int database_check(struct book *b, struct err *e)
{
	char origin[sizeof b->origin];
	uint8_t operator[sizeof b->operator];
	memcpy(origin, b->origin, sizeof origin);
	memcpy(operator, b->operator, sizeof operator);
	int is = book_row_read(b, e);
	bool same = is == 1 && strcmp(origin, b->origin) == 0 && memcmp(operator, b->operator, sizeof operator) == 0;
	if (is == 1 && !same)
		err_set(e, ERR_CONFLICT, "%s/" DATABASE " is a replica of the book %s, not of %s", b->dir, b->origin, origin);
	memcpy(b->origin, origin, sizeof origin);
	memcpy(b->operator, operator, sizeof operator);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_INVALID, "it was never finished");
	if (!same || book_head_load(b, e) < 0 || head_check(b, e) < 0)
		return -1;
	return b->head.range.size < b->replica->accepted.size ? 0 : contained_check(b, e);
}

/* NORMAL: after a loss of power it is one that was, a little older, and never one of two halves, whose tables would not be those of its head. */
#define PRAGMAS "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; " \
	"PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = " CACHE

static int tables_open(struct book *b, const struct book_rules *rules, struct err *e)
{
	int64_t application, version, tables;
	if (store_exec(b->store, PRAGMAS, e) < 0 || layout_read(b->store, &application, &version, &tables, e) < 0)
		return -1;
	bool empty = application == 0 && version == 0 && tables == 0;
	if (!empty && (application != STORE_REPLICA_ID || version != STORE_VERSION))
		return err_set(e, ERR_INVALID, "it has layout %lld, and this program knows layout %d", (long long)version, STORE_VERSION);
	if ((empty ? layout_make(b, e) : database_check(b, e)) < 0)
		return -1;
	return book_bare_finish(b, rules, e) < 0 ? -1 : book_rules_needed(b, e);
}

static int state_make(struct book *b, struct err *e)
{
	struct note_key carried;
	struct replica *r = b->replica = calloc(1, sizeof *b->replica);
	if (!r)
		return err_set(e, ERR_LIMIT, "out of memory");
	r->note = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	r->durable_us = os_now_us();
	r->pending = (struct buf)BUF_INIT(PENDING_BYTES);
	if (checkpoint_name_key(&carried, b->origin, NOTE_ED25519) && memcmp(carried.public_key, b->operator, 32) != 0)
		return err_set(e, ERR_INVALID, "the book %s is not kept by that operator: its name carries another key", b->origin);
	return note_key_make(&r->key, b->origin, NOTE_ED25519, b->operator, e);
}

/* One process follows here at a time: two would accept behind each other's back. */
static int dir_take(struct book *b, const char *dir, struct err *e)
{
	if (os_dir_make(dir, 0700, e) < 0 || os_dir_guard(dir, e) < 0)
		return -1;
	(void)snprintf(b->dir, sizeof b->dir, "%s", dir);
	b->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->lock_fd < 0)
		return err_sys(e, errno, "cannot open %s", dir);
	if (flock(b->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? err_set(e, ERR_UNAVAILABLE, "another process follows the book in %s", dir) : err_sys(e, errno, "cannot lock %s", dir);
}

/* The file is made here and not by SQLite, so that nobody else can read it from its first moment on. */
static int database_open(struct book *b, const struct book_rules *rules, struct err *e)
{
	char path[PATH_MAX] = ":memory:";
	if (path_in(b, DATABASE, path)) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_sys(e, errno, "cannot open the replica %s", path);
		close(fd);
	}
	return book_bare_database(b, path, e) < 0 ? -1 : tables_open(b, rules, e);
}

/* Of what an opening that failed may have come to. */
static void database_close(struct book *b)
{
	store_statements_end(b->store);
	ledger_rows_close(b->ledger);
	(void)sqlite3_close_v2(b->store->db);
	b->ledger = NULL;
	b->store->db = NULL;
	b->store->damaged = false;
	memset(&b->head, 0, sizeof b->head);
}

int book_replica_open(struct book **out, const char *dir, const char *origin, const uint8_t operator_key[static 32], const struct book_rules *rules,
	struct err *e)
{
	struct book *b = NULL;
	struct err why = { .code = ERR_NONE };
	*out = NULL;
	if (book_bare_open(&b, dir ? dir : "memory", origin, operator_key, e) < 0 || state_make(b, e) < 0 || (dir && dir_take(b, dir, e) < 0) ||
		accepted_load(b, e) < 0)
		goto bad;
	int r = database_open(b, rules, &why);
	if (r < 0 && (why.code == ERR_INVALID || why.code == ERR_INTERNAL) && !b->rules) {	/* of no use, or of another program: all entries are given again */
		database_close(b);
		database_forget(b);
		r = database_open(b, rules, &why);
	}
	if (r == 0) {
		*out = b;
		return 0;
	}
	if (e)
		*e = why;
bad:
	book_close(b);
	return -1;
}

uint64_t book_replica_size(const struct book *b)
{
	return b->head.range.size;
}

uint64_t book_replica_accepted(const struct book *b)
{
	return b->replica->accepted.size;
}

/* Entries */

void book_replica_vouch(struct book *b, const uint8_t hash[static 32])
{
	struct replica *r = b->replica;
	memcpy(r->vouched[r->n_vouched++ % VOUCHED], hash, 32);
}

static bool vouched(const struct replica *r, const struct book_item *item)
{
	uint8_t hash[32];
	if (r->n_vouched == 0)
		return false;
	sha256(hash, item->bytes, item->len);
	for (size_t i = 0; i < VOUCHED && i < r->n_vouched; i++)
		if (memcmp(r->vouched[i], hash, sizeof hash) == 0)
			return true;
	return false;
}

static int entry_follow(struct book *b, const struct book_item *item, struct err *e)
{
	struct entry *en = &b->replica->en;
	uint8_t id[ID_BYTES];
	uint64_t before;
	size_t text_len;
	if ((vouched(b->replica, item) ? entry_decode : entry_open)(en, item->bytes, item->len, &text_len, e) < 0)
		return -1;
	if (!entry_text_is(&en->book, b->origin))
		return err_set(e, ERR_DENIED, "it is for the book %.*s, and this is a replica of %s", (int)en->book.len, en->book.at, b->origin);
	entry_hash(id, item->bytes, text_len);
	int known = book_entry_known(b, id, &before, e);
	if (known)
		return known < 0 ? -1 : err_set(e, ERR_CONFLICT, "it is in the book already, as entry %llu", (unsigned long long)before);
	const struct book_applied at = { .index = b->head.range.size, .text = item->bytes, .text_len = text_len, .id = id,
		.now = en->time > b->head.time ? en->time : b->head.time };
	if (book_apply(b, en, &at, e) < 0 || book_entry_insert(b, id, item->bytes, item->len, e) < 0)
		return -1;
	b->head.time = at.now;
	return 0;
}

/* One transaction takes up many batches: most pages that an entry changes are changed by the next ones as well. Not a savepoint for each: SQLite would keep every page that any
 * statement of it has changed, once more for each statement. So a batch that is refused takes all back to the last commit, and what was good since then is followed again,
 * and committed, so that the next one takes nothing back. */
static bool transaction_open(const struct book *b)
{
	return b->store->db && !sqlite3_get_autocommit(b->store->db);
}

void book_replica_finish(struct book *b)
{
	if (b->replica && book_replica_settle(b, NULL) == 0)
		(void)accepted_sync(b, NULL);
}

int book_replica_settle(struct book *b, struct err *e)
{
	if (!b->replica || !transaction_open(b))
		return 0;
	if (store_end(b->store, 0, e) == 0)
		return 0;
	b->head = b->replica->committed;
	return -1;
}

static int transaction_begin(struct book *b, struct err *e)
{
	struct replica *r = b->replica;
	if (transaction_open(b))
		return 0;
	if (store_begin(b->store, e) < 0)
		return -1;
	r->committed = b->head;
	r->n_pending = 0;
	buf_clear(&r->pending);
	return 0;
}

static int batch_follow(struct book *b, const struct book_item *items, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t index = b->head.range.size;
		if (entry_follow(b, &items[i], e) < 0)
			return err_wrap(e, "entry %llu", (unsigned long long)index);
	}
	return book_head_store(b, e);
}

/* false: there is no room for them, or have been enough */
static bool pending_keep(struct replica *r, const struct book_item *items, size_t n)
{
	if (n >= PENDING - r->n_pending)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (buf_add(&r->pending, items[i].bytes, items[i].len, NULL) < 0)
			return false;
		r->pending_len[r->n_pending++] = items[i].len;
	}
	return true;
}

/* Back to the last commit, and the first n since then once more. */
static void batch_undo(struct book *b, size_t n)
{
	struct replica *r = b->replica;
	struct book_item items[PENDING];
	for (size_t i = 0, at = 0; i < n; at += r->pending_len[i++])
		items[i] = (struct book_item){ r->pending.data + at, r->pending_len[i] };
	(void)store_end(b->store, -1, NULL);
	b->head = r->committed;
	if (b->store->damaged)
		database_forget(b);
	else if (n && store_begin(b->store, NULL) == 0 && store_end(b->store, batch_follow(b, items, n, NULL), NULL) < 0)
		b->head = r->committed;
}

int book_replica_add(struct book *b, const struct book_item *items, size_t n, struct err *e)
{
	assert(b->replica);
	if (n == 0)
		return 0;
	if (transaction_begin(b, e) < 0)
		return -1;
	if (batch_follow(b, items, n, e) < 0) {
		batch_undo(b, b->replica->n_pending);
		return -1;
	}
	return pending_keep(b->replica, items, n) ? 0 : book_replica_settle(b, e);
}

void book_replica_forget(struct book *b)
{
	database_forget(b);
}

int book_replica_retract(struct book *b, uint64_t size, struct err *e)
{
	const struct replica *r = b->replica;
	assert(r);
	if (size == b->head.range.size)
		return 0;
	if (!transaction_open(b) || size > b->head.range.size || size < r->committed.range.size || size < r->accepted.size)
		return err_set(e, ERR_CONFLICT, "what came after entry %llu is written for good, or was believed", (unsigned long long)size);
	batch_undo(b, (size_t)(size - r->committed.range.size));
	return b->head.range.size == size ? 0 : err_set(e, ERR_INTERNAL, "the replica cannot go back to %llu entries", (unsigned long long)size);
}

/* Checkpoints */

int book_replica_check(struct book *b, const uint8_t *note, size_t len, struct merkle_hash *root, struct err *e)
{
	struct checkpoint c;
	struct merkle_hash is;
	const struct replica *r = b->replica;
	uint64_t size = b->head.range.size;
	assert(r);
	if (note_open(b, note, len, &c, e) < 0)
		return err_wrap(e, "the checkpoint");
	if (c.size < r->accepted.size)
		return err_set(e, ERR_INVALID, "rollback: the checkpoint has %llu entries, and one of %llu was accepted before", (unsigned long long)c.size,
			(unsigned long long)r->accepted.size);
	if (c.size == r->accepted.size && c.size && !merkle_equal(&c.root, &r->accepted.root))
		return err_set(e, ERR_INVALID, "fork: the checkpoint has another root than the one of the same %llu entries that was accepted before",
			(unsigned long long)c.size);
	if (c.size != size)
		return err_set(e, ERR_INVALID, "the checkpoint has %llu entries, and the replica was given %llu", (unsigned long long)c.size,
			(unsigned long long)size);
	merkle_range_root(&b->head.range, &is);
	if (!merkle_equal(&is, &c.root)) {
		database_forget(b);
		err_set(e, ERR_INVALID, "fork: the checkpoint has another root than the %llu entries that the replica was given", (unsigned long long)size);
		return err_hint(e, "what was given is not what the operator has signed; open the replica again: it begins anew");
	}
	if (contained_check(b, e) < 0) {
		database_forget(b);
		return err_hint(e, "what was given is not what was accepted; open the replica again: it begins anew");
	}
	if (accepted_keep(b, &c, note, len, e) < 0)
		return -1;
	*root = c.root;
	return 0;
}
