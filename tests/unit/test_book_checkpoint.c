/* core/book/book_checkpoint.c: what is signed, kept and published; countersignatures; a database that was set back or exchanged; what a witness remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "unit/book_grow.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

#define WHEN 1795256430u

static struct entry en;

static void checkpoint(struct book *b, struct buf *note)
{
	struct err e;
	*note = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	BOOK_MUST(book_checkpoint(b, note, &e), &e);
}

static void enter_one(struct book_made *m)
{
	book_make_data(m->b, &en, "", 100);
	(void)book_make_append(m->b, &en, m->ada, NULL);
}

static void published_path(const struct book_made *m, char out[static PATH_MAX + 32])
{
	(void)snprintf(out, PATH_MAX + 32, "%s/book/checkpoint", m->path);
}

static void published_is(const struct book_made *m, const struct buf *note)
{
	char path[PATH_MAX + 32];
	struct buf is = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err e;
	published_path(m, path);
	BOOK_MUST(os_file_read(path, &is, &e), &e);
	assert_int_equal(is.len, note->len);
	assert_memory_equal(is.data, note->data, is.len);
	buf_done(&is);
}

/* Signing */

static void a_size_is_signed_once(void **state)
{
	struct book_made *m = *state;
	struct buf first, again, next, found = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	struct note parsed;
	struct merkle_hash root;
	struct err e;
	uint64_t size;
	checkpoint(m->b, &first);
	BOOK_MUST(checkpoint_open(&c, &parsed, buf_text(&first), first.len, NULL, &e), &e);
	assert_string_equal(c.origin, book_origin(m->b));
	assert_int_equal(c.size, BOOK_MAKE_ENTRIES);
	book_grow_root(m->b, c.size, &root);
	assert_memory_equal(&root, &c.root, sizeof root);
	published_is(m, &first);
	checkpoint(m->b, &again);
	assert_string_equal(buf_text(&first), buf_text(&again));
	/* were the row lost with the power, the same bytes would be signed again */
	book_rows_change(m->path, "DELETE FROM checkpoint");
	buf_done(&again);
	checkpoint(m->b, &again);
	assert_string_equal(buf_text(&first), buf_text(&again));

	enter_one(m);
	enter_one(m);
	checkpoint(m->b, &next);
	published_is(m, &next);
	BOOK_MUST(book_checkpoint_at(m->b, BOOK_MAKE_ENTRIES, &found, &e), &e);
	assert_string_equal(buf_text(&found), buf_text(&first));
	buf_clear(&found);
	assert_int_equal(book_checkpoint_at(m->b, BOOK_MAKE_ENTRIES + 1, &found, &e), -1);	/* nobody asked when it had that many */
	assert_int_equal(e.code, ERR_NOT_FOUND);
	static const uint64_t none[] = { 0, 1, BOOK_MAKE_ENTRIES + 3, INT64_MAX, UINT64_MAX };
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		assert_int_equal(book_checkpoint_at(m->b, none[i], &found, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	assert_int_equal(found.len, 0);
	/* newest first */
	BOOK_MUST(book_checkpoint_before(m->b, UINT64_MAX, &found, &size, &e), &e);
	assert_int_equal(size, BOOK_MAKE_ENTRIES + 2);
	assert_string_equal(buf_text(&found), buf_text(&next));
	BOOK_MUST(book_checkpoint_before(m->b, size, NULL, &size, &e), &e);
	assert_int_equal(size, BOOK_MAKE_ENTRIES);
	assert_int_equal(book_checkpoint_before(m->b, size, NULL, &size, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	buf_done(&first);
	buf_done(&again);
	buf_done(&next);
	buf_done(&found);
}

/* A database in which a newer checkpoint was signed than it now has entries signs nothing more, published or not. */
static void nothing_is_signed_beside_what_was(void **state)
{
	struct book_made *m = *state;
	struct buf note;
	struct err e;
	char path[PATH_MAX + 32];
	checkpoint(m->b, &note);
	published_path(m, path);
	assert_int_equal(unlink(path), 0);
	book_rows_change(m->path, "DELETE FROM entry WHERE seq = 2; DELETE FROM identity WHERE seq = 2; UPDATE head SET size = 2, peaks = zeroblob(32)");
	assert_int_equal(book_checkpoint(m->b, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "rollback"));
	assert_false(os_exists(path));
	buf_done(&note);
}

/* What a publish left that was killed goes with the next one. */
static void leftovers_go(void **state)
{
	struct book_made *m = *state;
	char path[PATH_MAX + 32], left[PATH_MAX + 64];
	struct buf note;
	struct err e;
	published_path(m, path);
	(void)snprintf(left, sizeof left, "%s.tmp-aBcDeF", path);
	BOOK_MUST(os_file_replace(left, 0600, "half", 4, &e), &e);
	enter_one(m);
	checkpoint(m->b, &note);
	assert_false(os_exists(left));
	published_is(m, &note);
	buf_done(&note);
}

static void one_process_at_a_time_publishes(void **state)
{
	struct book_made *m = *state;
	enum { N = 4, EACH = 8 };
	pid_t children[N];
	for (int c = 0; c < N; c++) {
		children[c] = fork();
		if (children[c] != 0)
			continue;
		struct book_made own = *m;
		own.b = book_make_again(m);
		for (int i = 0; i < EACH; i++) {
			struct buf note;
			enter_one(&own);
			checkpoint(own.b, &note);
			buf_done(&note);
		}
		_exit(0);
	}
	for (int c = 0; c < N; c++) {
		int status;
		assert_int_equal(waitpid(children[c], &status, 0), children[c]);
		assert_int_equal(status, 0);
	}
	struct buf note;
	struct book_checked checked;
	struct err e;
	struct book *b = book_make_again(m);	/* and does not find itself set back */
	BOOK_MUST(book_verify(b, &checked, NULL, NULL, &e), &e);
	assert_int_equal(checked.entries, BOOK_MAKE_ENTRIES + N * EACH);
	checkpoint(b, &note);
	published_is(m, &note);
	buf_done(&note);
	book_close(b);
}

/* Countersignatures */

static struct identity *witness(uint8_t n)
{
	struct identity *id;
	struct err e;
	uint8_t seed[32];
	memset(seed, n, sizeof seed);
	BOOK_MUST(identity_from_seed(&id, seed, &e), &e);
	return id;
}

static void cosign(const struct buf *note, const struct identity *by, uint64_t time, struct buf *line)
{
	struct note parsed;
	struct err e;
	char name[NOTE_NAME_BYTES + 1];
	*line = (struct buf)BUF_INIT(KIB(1));
	checkpoint_witness_make(name, identity_public(by));
	BOOK_MUST(note_parse(&parsed, buf_text(note), note->len, &e), &e);
	BOOK_MUST(note_cosign(line, parsed.text, parsed.text_len, name, by, time, &e), &e);
}

static void countersignatures_merge(void **state)
{
	struct book_made *m = *state;
	struct buf note, with, line[3];
	struct err e;
	uint64_t size;
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	checkpoint(m->b, &note);
	for (uint8_t i = 0; i < 2; i++) {
		struct identity *by = witness(i);
		cosign(&note, by, WHEN, &line[i]);
		BOOK_MUST(book_cosign_add(m->b, size, buf_text(&line[i]), line[i].len, &e), &e);
		identity_free(by);
	}
	checkpoint(m->b, &with);
	assert_int_equal(with.len, note.len + line[0].len + line[1].len);
	assert_memory_equal(with.data, note.data, note.len);
	assert_non_null(strstr(buf_text(&with), buf_text(&line[0])));
	assert_non_null(strstr(buf_text(&with), buf_text(&line[1])));
	published_is(m, &with);
	/* the same again, and a later one of the same witness, which takes its place */
	BOOK_MUST(book_cosign_add(m->b, size, buf_text(&line[0]), line[0].len, &e), &e);
	struct identity *by = witness(0);
	cosign(&note, by, WHEN + 100, &line[2]);
	BOOK_MUST(book_cosign_add(m->b, size, buf_text(&line[2]), line[2].len, &e), &e);
	identity_free(by);
	buf_done(&with);
	checkpoint(m->b, &with);
	assert_int_equal(with.len, note.len + line[2].len + line[1].len);
	assert_null(strstr(buf_text(&with), buf_text(&line[0])));
	assert_non_null(strstr(buf_text(&with), buf_text(&line[2])));
	published_is(m, &with);
	/* to an older one, when the book has gone on: kept, and the file stays the newer */
	struct buf newer, old = BUF_INIT(CHECKPOINT_NOTE_MAX);
	enter_one(m);
	checkpoint(m->b, &newer);
	BOOK_MUST(book_cosign_add(m->b, size, buf_text(&line[0]), line[0].len, &e), &e);
	published_is(m, &newer);
	BOOK_MUST(book_checkpoint_at(m->b, size, &old, &e), &e);
	assert_non_null(strstr(buf_text(&old), buf_text(&line[0])));
	assert_int_equal(book_cosign_add(m->b, size + 50, buf_text(&line[0]), line[0].len, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	struct buf *all[] = { &note, &with, &newer, &old, &line[0], &line[1], &line[2] };
	for (size_t i = 0; i < 7; i++)
		buf_done(all[i]);
}

/* What would make the note one that this book itself refuses is not taken, and changes nothing. */
static void a_bad_line_does_not_spoil_the_note(void **state)
{
	struct book_made *m = *state;
	struct buf note, line, is;
	struct err e;
	struct identity *by = witness(9);
	uint64_t size;
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	checkpoint(m->b, &note);
	cosign(&note, by, WHEN, &line);
	for (size_t cut = 0; cut < line.len; cut++)	/* cut short: never a whole line */
		assert_int_equal(book_cosign_add(m->b, size, buf_text(&line), cut, &e), -1);
	for (size_t i = 0; i < line.len; i++) {
		line.data[i] ^= 4;
		if (book_cosign_add(m->b, size, buf_text(&line), line.len, &e) == 0)
			fail_msg("taken with byte %zu changed: %s", i, buf_text(&line));
		assert_int_equal(e.code, ERR_INVALID);
		line.data[i] ^= 4;
	}
	struct buf twice = BUF_INIT(KIB(2));	/* two lines are not one */
	assert_int_equal(buf_addf(&twice, &e, "%s%s", buf_text(&line), buf_text(&line)), 0);
	assert_int_equal(book_cosign_add(m->b, size, buf_text(&twice), twice.len, &e), -1);
	buf_done(&twice);
	checkpoint(m->b, &is);
	assert_string_equal(buf_text(&is), buf_text(&note));
	published_is(m, &note);
	struct book *again = book_make_again(m);
	book_close(again);
	/* more witnesses than a note holds */
	unsigned taken = 0;
	for (unsigned i = 0; i < NOTE_SIGNATURES + 3; i++) {
		struct identity *one = witness((uint8_t)i);
		buf_done(&line);
		cosign(&note, one, WHEN, &line);
		int r = book_cosign_add(m->b, size, buf_text(&line), line.len, &e);
		taken += r == 0;
		if (r < 0 && e.code != ERR_INVALID && e.code != ERR_LIMIT)
			fail_msg("%s", e.msg);
		identity_free(one);
	}
	assert_int_equal(taken, NOTE_SIGNATURES - 1);	/* the log's own is one */
	again = book_make_again(m);
	enter_one(m);
	BOOK_MUST(book_checkpoint(again, NULL, &e), &e);	/* the book still signs */
	book_close(again);
	identity_free(by);
	buf_done(&note);
	buf_done(&line);
	buf_done(&is);
}

static void the_newest_with_a_quorum_is_chosen(void **state)
{
	struct book_made *m = *state;
	struct err e;
	struct identity *by = witness(3);
	char name[NOTE_NAME_BYTES + 1];
	struct note_key key;
	struct buf text = BUF_INIT(KIB(4)), found = BUF_INIT(CHECKPOINT_NOTE_MAX), line;
	struct tlog_policy *p;
	uint64_t size, signed_size;
	checkpoint_witness_make(name, identity_public(by));
	BOOK_MUST(note_key_make(&key, name, NOTE_COSIGNATURE, identity_public(by), &e), &e);
	BOOK_MUST(buf_add_text(&text, "witness w ", &e), &e);
	BOOK_MUST(note_key_text(&key, &text, &e), &e);
	BOOK_MUST(buf_add_text(&text, "\nquorum w\n", &e), &e);
	BOOK_MUST(tlog_policy_parse(&p, buf_text(&text), text.len, &e), &e);
	assert_int_equal(book_checkpoint_quorum(m->b, p, &found, &size, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	for (unsigned i = 0; i < 4; i++) {	/* the second of four is countersigned */
		struct buf note;
		checkpoint(m->b, &note);
		if (i == 1) {
			BOOK_MUST(book_size(m->b, &signed_size, &e), &e);
			cosign(&note, by, WHEN, &line);
			BOOK_MUST(book_cosign_add(m->b, signed_size, buf_text(&line), line.len, &e), &e);
			buf_done(&line);
		}
		buf_done(&note);
		enter_one(m);
	}
	BOOK_MUST(book_checkpoint_quorum(m->b, p, &found, &size, &e), &e);
	assert_int_equal(size, signed_size);
	struct checkpoint c;
	struct tlog_verdict v;
	BOOK_MUST(tlog_policy_check(p, buf_text(&found), found.len, &c, &v, &e), &e);
	assert_int_equal(v.cosigned, 1);
	tlog_policy_free(p);
	identity_free(by);
	buf_done(&text);
	buf_done(&found);
}

/* The published checkpoint */

static void database_take(const struct book_made *m, struct buf *out)
{
	char path[PATH_MAX + 16];
	struct err e;
	sqlite3 *db = book_rows_open(m->path);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	*out = (struct buf)BUF_INIT(MIB(64));
	(void)snprintf(path, sizeof path, "%s/store.db", m->path);
	BOOK_MUST(os_file_read(path, out, &e), &e);
}

static void database_put(struct book_made *m, const struct buf *bytes)
{
	static const char *const ends[] = { "-wal", "-shm" };
	char path[PATH_MAX + 16];
	book_close(m->b);
	m->b = NULL;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/store.db%s", m->path, ends[i]);
		(void)unlink(path);
	}
	scratch_file(m->path, "store.db", bytes->data, bytes->len);
}

static void refused(struct book_made *m, const char *word, const char *more)
{
	struct book *b;
	struct err e;
	for (int create = 0; create < 2; create++) {
		assert_int_equal(book_open(&b, m->path, create, &e), -1);
		assert_null(b);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, word) || !strstr(e.msg, more))
			fail_msg("not “%s … %s”: %s", word, more, e.msg);
	}
}

static void a_database_that_was_set_back_is_refused(void **state)
{
	struct book_made *m = *state;
	struct buf older, newer, note;
	struct err e;
	database_take(m, &older);
	enter_one(m);
	database_take(m, &newer);
	checkpoint(m->b, &note);
	database_put(m, &older);
	refused(m, "rollback: the published checkpoint has 4 entries", "has 3");
	scratch_file(m->path, "store.db", newer.data, newer.len);
	m->b = book_make_again(m);	/* the newer one is the book again */
	BOOK_MUST(book_checkpoint(m->b, NULL, &e), &e);
	published_is(m, &note);
	buf_done(&older);
	buf_done(&newer);
	buf_done(&note);
}

/* Two homes with one operator's key: the same origin, other entries. */
static void another_history_of_the_same_operator_is_refused(void **state)
{
	struct book_made *m = *state;
	struct book_made twin = { .b = NULL };
	struct buf note, other;
	struct err e;
	char path[PATH_MAX + 32];
	static const char *const halves[] = { "operator.key", "operator.pub" };
	scratch_make(twin.path);
	for (size_t i = 0; i < 2; i++) {
		struct buf key = BUF_INIT(KIB(4));
		(void)snprintf(path, sizeof path, "%s/%s", m->path, halves[i]);
		if (os_exists(path)) {
			BOOK_MUST(os_file_read(path, &key, &e), &e);
			scratch_file(twin.path, halves[i], key.data, key.len);
		}
		buf_done(&key);
	}
	BOOK_MUST(book_open(&twin.b, twin.path, true, &e), &e);
	twin.s = book_store(twin.b);
	assert_string_equal(book_origin(twin.b), book_origin(m->b));
	book_make_identity(twin.b, &en, m->ada, "ada", "");
	(void)book_make_append(twin.b, &en, m->ada, NULL);
	checkpoint(m->b, &note);
	database_take(&twin, &other);	/* as many entries */
	database_put(m, &other);
	refused(m, "fork: the published checkpoint has another root over the same 3 entries", m->path);
	buf_done(&other);
	book_make_data(twin.b, &en, "", 100);
	(void)book_make_append(twin.b, &en, m->ada, NULL);
	database_take(&twin, &other);	/* more of them */
	scratch_file(m->path, "store.db", other.data, other.len);
	refused(m, "fork", "3 entries");
	buf_done(&other);
	/* and the other way round: this home's published checkpoint beside that one's database */
	(void)snprintf(path, sizeof path, "%s/book", twin.path);
	scratch_file(path, "checkpoint", note.data, note.len);
	database_take(&twin, &other);
	database_put(&twin, &other);
	refused(&twin, "fork", twin.path);
	scratch_remove(twin.path);
	buf_done(&note);
	buf_done(&other);
}

static void a_damaged_published_file_is_refused(void **state)
{
	struct book_made *m = *state;
	struct book_made stranger;
	struct buf note, foreign;
	char dir[PATH_MAX + 16];
	checkpoint(m->b, &note);
	book_close(m->b);
	m->b = NULL;
	(void)snprintf(dir, sizeof dir, "%s/book", m->path);
	for (size_t i = 0; i < note.len; i += 3) {	/* a byte, then all that follows it */
		struct book *b;
		struct err e;
		note.data[i] ^= 2;
		scratch_file(dir, "checkpoint", note.data, note.len);
		note.data[i] ^= 2;
		if (book_open(&b, m->path, false, &e) == 0)
			fail_msg("opened with byte %zu changed", i);
		assert_true(e.code == ERR_INVALID || e.code == ERR_DENIED);
		scratch_file(dir, "checkpoint", note.data, i);
		assert_int_equal(book_open(&b, m->path, false, &e), -1);
		assert_non_null(strstr(e.msg, "published checkpoint"));
	}
	book_make_open(&stranger);
	checkpoint(stranger.b, &foreign);
	scratch_file(dir, "checkpoint", foreign.data, foreign.len);
	refused(m, "is of another book", book_origin(stranger.b));
	book_make_close(&stranger);
	scratch_file(dir, "checkpoint", note.data, note.len);
	m->b = book_make_again(m);
	buf_done(&note);
	buf_done(&foreign);
}

/* A witness's memory */

static void seen_make(struct book_seen *seen, const char *origin, uint64_t size, uint8_t root)
{
	struct err e;
	static const uint8_t key[32] = { 9 };
	memset(seen, 0, sizeof *seen);
	(void)snprintf(seen->origin, sizeof seen->origin, "%s", origin);
	BOOK_MUST(note_key_make(&seen->log, origin, NOTE_ED25519, key, &e), &e);
	seen->size = size;
	memset(seen->root.b, root, 32);
	memset(seen->signature, root, 64);
	seen->time = 5;
}

static int seen_next(void *ctx, const struct book_seen *seen, struct err *e)
{
	struct buf *all = ctx;
	return buf_addf(all, e, "%s %llu\n", seen->origin, (unsigned long long)seen->size);
}

static void what_was_seen_is_compared_and_swapped(void **state)
{
	struct book_made *m = *state;
	struct book_seen a, b, got;
	struct err e;
	struct buf all = BUF_INIT(KIB(1));
	assert_int_equal(book_seen_get(m->s, "log.example/a", &got, &e), 0);
	seen_make(&a, "log.example/a", 10, 1);
	assert_int_equal(book_seen_put(m->s, &a, 5, &e), -1);	/* nothing was seen before */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(book_seen_get(m->s, "log.example/a", &got, &e), 0);
	BOOK_MUST(book_seen_put(m->s, &a, 0, &e), &e);
	assert_int_equal(book_seen_get(m->s, "log.example/a", &got, &e), 1);
	assert_memory_equal(&got, &a, sizeof a);
	BOOK_MUST(book_seen_put(m->s, &a, 10, &e), &e);	/* the same again, over itself */
	assert_int_equal(book_seen_put(m->s, &a, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	seen_make(&b, "log.example/a", 20, 2);
	assert_int_equal(book_seen_put(m->s, &b, 9, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	seen_make(&b, "log.example/a", 10, 2);	/* another root of the same size: a fork */
	assert_int_equal(book_seen_put(m->s, &b, 10, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	seen_make(&b, "log.example/a", 9, 2);	/* back */
	assert_int_equal(book_seen_put(m->s, &b, 10, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(book_seen_get(m->s, "log.example/a", &got, &e), 1);
	assert_memory_equal(&got, &a, sizeof a);
	seen_make(&b, "log.example/a", 20, 2);
	BOOK_MUST(book_seen_put(m->s, &b, 10, &e), &e);
	seen_make(&a, "log.example/", 1, 1);
	BOOK_MUST(book_seen_put(m->s, &a, 0, &e), &e);
	BOOK_MUST(book_seen_each(m->s, seen_next, &all, &e), &e);
	assert_string_equal(buf_text(&all), "log.example/ 1\nlog.example/a 20\n");
	buf_done(&all);
	book_rows_change(m->path, "UPDATE seen SET signature = x''");
	assert_int_equal(book_seen_get(m->s, "log.example/a", &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

/* Of many that saw the same and want to go on from there in their own ways, one does. */
static void only_one_swaps(void **state)
{
	struct book_made *m = *state;
	struct book_seen seen;
	struct err e;
	enum { N = 6 };
	pid_t children[N];
	unsigned won = 0;
	seen_make(&seen, "log.example/a", 10, 1);
	BOOK_MUST(book_seen_put(m->s, &seen, 0, &e), &e);
	for (uint8_t c = 0; c < N; c++) {
		children[c] = fork();
		if (children[c] != 0)
			continue;
		struct store *s;
		BOOK_MUST(store_open(&s, m->path, false, &e), &e);
		seen_make(&seen, "log.example/a", 11 + c, c);
		_exit(book_seen_put(s, &seen, 10, &e) == 0 ? 1 : e.code == ERR_CONFLICT ? 0 : 2);
	}
	for (int c = 0; c < N; c++) {
		int status;
		assert_int_equal(waitpid(children[c], &status, 0), children[c]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		won += (unsigned)WEXITSTATUS(status);
	}
	assert_int_equal(won, 1);
}

/* For the keeper: it comes in numbers, so the key stays open, and nothing is written. */
static void a_passing_one_is_signed_as_it_would_be_kept(void **state)
{
	struct book_made *m = *state;
	struct buf passing = BUF_INIT(CHECKPOINT_NOTE_MAX), again = BUF_INIT(CHECKPOINT_NOTE_MAX), kept, found = BUF_INIT(CHECKPOINT_NOTE_MAX);
	char published[PATH_MAX + 32];
	struct err e;
	published_path(m, published);
	enter_one(m);
	const bool was = os_exists(published);
	BOOK_MUST(book_checkpoint_passing(m->b, &passing, &e), &e);
	assert_true(os_exists(published) == was);
	assert_int_equal(book_checkpoint_at(m->b, BOOK_MAKE_ENTRIES + 1, &found, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	checkpoint(m->b, &kept);
	assert_string_equal(buf_text(&passing), buf_text(&kept));
	enter_one(m);
	BOOK_MUST(book_checkpoint_passing(m->b, &again, &e), &e);
	assert_string_not_equal(buf_text(&passing), buf_text(&again));
	buf_clear(&kept);
	BOOK_MUST(book_checkpoint(m->b, &kept, &e), &e);
	assert_string_equal(buf_text(&again), buf_text(&kept));
	buf_done(&passing);
	buf_done(&again);
	buf_done(&kept);
	buf_done(&found);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_size_is_signed_once), TEST(nothing_is_signed_beside_what_was), TEST(leftovers_go), TEST(one_process_at_a_time_publishes), TEST(countersignatures_merge),
		TEST(a_bad_line_does_not_spoil_the_note), TEST(the_newest_with_a_quorum_is_chosen), TEST(a_database_that_was_set_back_is_refused),
		TEST(another_history_of_the_same_operator_is_refused), TEST(a_damaged_published_file_is_refused), TEST(what_was_seen_is_compared_and_swapped),
		TEST(only_one_swaps), TEST(a_passing_one_is_signed_as_it_would_be_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
