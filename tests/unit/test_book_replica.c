/* core/book/book_replica.c: batches hold all or nothing; not an older book and not another one is believed after the first; a follower that is killed at any moment, or whose
 * files are damaged, goes on or begins anew. Whose entries and checkpoints are refused is test_replica.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/os.h"
#include "unit/replica_make.h"

#define KILLS 40u	/* times that a follower is killed */
#define DAMAGES 60u	/* bytes of its database that are changed */
#define STEP 50u	/* entries between two checkpoints of a follower */

/* What was signed here is not verified again: these bytes, and no others. */
static void a_voucher_is_for_its_bytes_alone(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, NULL);
	struct book_item *item = &g->items[1];
	uint8_t *signature = g->notes[1].data + item->len - 20;	/* a digit of its base64 */
	const uint8_t was = *signature, other = was == 'A' ? 'B' : 'A';
	struct err e;
	give(g, b, 1);
	replica_vouch(b, item->bytes, item->len);
	*signature = other;
	refused(replica_add(b, item, 1, &e), &e, ERR_INVALID, "does not fit");
	for (size_t i = 0; i < 127; i++)	/* as many as are remembered, with the first */
		replica_vouch(b, &i, sizeof i);
	replica_vouch(b, item->bytes, item->len);
	BOOK_MUST(replica_add(b, item, 1, &e), &e);	/* whoever vouches is believed */
	*signature = was;
	assert_int_equal(check_signed(g, b, g->items, 2, &e), -1);
	replica_close(b);
}

static void all_or_nothing(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	struct book_item list[20];
	struct err e;
	give(g, b, 100);
	memcpy(list, g->items + 100, sizeof list);
	list[19] = g->items[7];
	refused(replica_add(b, list, 20, &e), &e, ERR_CONFLICT, "entry 119");
	assert_int_equal(replica_size(b), 100);
	BOOK_MUST(replica_add(b, list, 0, &e), &e);
	accept_signed(g, b, 100);
	replica_close(b);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 100);
	give(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* The last two entries the other way round: both books keep the rules. */
static size_t fork_make(struct grown *g, size_t n, struct book_item list[static SIZE])
{
	memcpy(list, g->items, n * sizeof *list);
	list[n - 1] = g->items[n - 2];
	list[n - 2] = g->items[n - 1];
	return n;
}

/* What was given and not believed yet can be taken back, and others come in its place; what was believed, what is written for good and what never came cannot. */
static void what_was_not_believed_is_taken_back(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];	/* of deposits, which may come in any order */
	struct book *b = follower(g, g->dir);
	struct err e;
	give(g, b, 620);
	accept_signed(g, b, 620);
	(void)fork_make(g, 624, fork);
	BOOK_MUST(replica_add(b, fork + 620, 2, &e), &e);
	BOOK_MUST(replica_add(b, fork + 622, 2, &e), &e);
	refused(check_signed(g, b, g->items, 630, &e), &e, ERR_INVALID, "the replica was given");
	BOOK_MUST(replica_retract(b, 624, &e), &e);	/* nothing to do is done */
	refused(replica_retract(b, 619, &e), &e, ERR_CONFLICT, "or was believed");
	refused(replica_retract(b, 625, &e), &e, ERR_CONFLICT, "written for good");
	BOOK_MUST(replica_retract(b, 622, &e), &e);
	assert_int_equal(replica_size(b), 622);
	refused(replica_retract(b, 620, &e), &e, ERR_CONFLICT, "written for good");	/* what was before what went is */
	give(g, b, 624);
	accept_signed(g, b, 624);
	give(g, b, 630);
	replica_close(b);	/* with what it had: for good */
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 630);
	assert_int_equal(replica_accepted(b), 624);
	refused(replica_retract(b, 625, &e), &e, ERR_CONFLICT, "written for good");
	give(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* The entries are given again; what was accepted stays, and is not gone back behind. */
static void what_is_forgotten_begins_anew(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	struct err e;
	give(g, b, 60);
	accept_signed(g, b, 60);
	replica_forget(b);
	replica_close(b);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 0);
	assert_int_equal(replica_accepted(b), 60);
	give(g, b, 50);
	refused(check_signed(g, b, g->items, 50, &e), &e, ERR_INVALID, "rollback");
	give(g, b, SIZE);
	accept_signed(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

static void going_back_is_refused(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	give(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);	/* again is fine */
	for (int again = 0; again < 3; again++) {
		refused(check_signed(g, b, g->items, SIZE - 30, &e), &e, ERR_INVALID, "rollback");
		(void)fork_make(g, SIZE - 20, fork);
		refused(check_signed(g, b, fork, SIZE - 20, &e), &e, ERR_INVALID, "fork");
		if (again < 2)
			refused(check_signed(g, b, g->items, SIZE - 10, &e), &e, ERR_INVALID, "the replica was given");
		replica_close(b);
		if (again == 1)	/* a database that is lost, and an older one in its place */
			scratch_file(g->dir, "replica.db", "", 0);
		b = follower(g, g->dir);
		assert_int_equal(replica_size(b), again == 1 ? 0 : again == 0 ? SIZE - 20 : SIZE - 30);
		if (again == 1)
			give(g, b, SIZE - 30);
	}
	replica_close(b);
}

static void path_remove(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	(void)remove(path);
}

static void another_book_is_noticed_after_the_first_is_lost(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	give(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);
	replica_close(b);
	path_remove(g->dir, "replica.db");
	(void)fork_make(g, SIZE - 20, fork);
	memcpy(fork + SIZE - 20, g->items + SIZE - 20, 20 * sizeof *fork);
	b = follower(g, g->dir);
	BOOK_MUST(replica_add(b, fork, SIZE, &e), &e);
	refused(check_signed(g, b, fork, SIZE, &e), &e, ERR_INVALID, "fork");
	refused(check_signed(g, b, fork, SIZE, &e), &e, ERR_INVALID, "fork");
	replica_close(b);
	b = follower(g, g->dir);	/* and goes on with the true one */
	assert_int_equal(replica_size(b), 0);
	give(g, b, SIZE);
	accept_signed(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* A fork that lies there already, and was never accepted. */
static void another_database_is_not_taken(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	(void)fork_make(g, SIZE, fork);
	BOOK_MUST(replica_add(b, fork, SIZE, &e), &e);
	refused(check_signed(g, b, g->items, SIZE, &e), &e, ERR_INVALID, "fork");
	replica_close(b);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 0);
	replica_close(b);
}

/* Its files */

static void database_change(const char *dir, const char *sql)
{
	char path[PATH_MAX + 32];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/replica.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
}

static void useless_databases_begin_anew(void **state)
{
	static const char *const changes[] = {
		"PRAGMA user_version = 2", "PRAGMA user_version = 99", "PRAGMA application_id = 1", "DELETE FROM head", "DELETE FROM book", "DELETE FROM entry WHERE seq = 59",
		"UPDATE entry SET leaf = zeroblob(32) WHERE seq = 57", "UPDATE head SET size = 32, peaks = zeroblob(32)", "DROP TABLE head", "DROP TABLE account",
		"INSERT INTO entry (seq, id, leaf, bytes) VALUES (60, zeroblob(20), zeroblob(32), zeroblob(0))",
	};
	struct grown *g = *state;
	struct book *b;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		b = follower(g, g->dir);
		give(g, b, 60);
		replica_close(b);
		database_change(g->dir, changes[i]);
		b = follower(g, g->dir);
		if (replica_size(b) != 0)
			fail_msg("%s: it goes on", changes[i]);
		replica_close(b);
	}
	scratch_file(g->dir, "replica.db", "not a database, but long enough to be looked at as if it were one, and that more than once over", 90);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 0);
	give(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* Bytes changed anywhere: it may be noticed late or never, but what is believed has the root that was signed, and nothing crashes. */
static void damaged_databases_do_no_harm(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	struct buf whole = BUF_INIT(MIB(16));
	char path[PATH_MAX + 32];
	struct err e;
	size_t anew = 0;
	give(g, b, 300);
	replica_close(b);
	database_change(g->dir, "PRAGMA journal_mode = DELETE");
	(void)snprintf(path, sizeof path, "%s/replica.db", g->dir);
	BOOK_MUST(os_file_read(path, &whole, &e), &e);
	for (uint32_t i = 0; i < DAMAGES; i++) {
		size_t at = (size_t)(i * UINT64_C(2654435761) % whole.len);
		memset(whole.data + at, whole.data[at] ^ 0x55, 1);
		scratch_file(g->dir, "replica.db", whole.data, whole.len);
		whole.data[at] ^= 0x55;
		b = follower(g, g->dir);
		anew += replica_size(b) == 0;
		for (size_t n; (n = (size_t)replica_size(b)) < SIZE;)
			if (replica_add(b, g->items + n, n + STEP < SIZE ? STEP : SIZE - n, &e) < 0)
				break;
		(void)check_signed(g, b, g->items, (size_t)replica_size(b), &e);
		replica_close(b);
		path_remove(g->dir, "replica.db");
		path_remove(g->dir, "replica.db-wal");
		path_remove(g->dir, "accepted");
	}
	assert_true(anew < DAMAGES);
	buf_done(&whole);
}

static void the_accepted_file_is_guarded(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir), *second;
	struct buf note;
	char path[PATH_MAX + 32];
	struct err e;
	give(g, b, 60);
	accept_signed(g, b, 60);
	refused(replica_open(&second, g->dir, book_origin(b), book_operator(b), &e), &e, ERR_UNAVAILABLE, "another process follows");
	replica_close(b);
	(void)snprintf(path, sizeof path, "%s/accepted", g->dir);
	assert_int_equal(chmod(path, 0600), 0);
	checkpoint_make(&note, book_origin(g->w->m.b), g->w->m.operator, g->items, 60);
	for (size_t i = 0; i < note.len; i += 3) {
		note.data[i] ^= 4;
		scratch_file(g->dir, "accepted", note.data, note.len);
		assert_int_equal(replica_open(&b, g->dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), -1);
		note.data[i] ^= 4;
	}
	scratch_file(g->dir, "accepted", "", 0);
	refused(replica_open(&b, g->dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), &e, ERR_INVALID, "the accepted checkpoint");
	scratch_file(g->dir, "accepted", note.data, note.len);
	buf_done(&note);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 60);
	replica_close(b);
}

static void replicas_of_another_book_are_refused(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	char other[NOTE_NAME_BYTES + 1];
	struct err e;
	const uint8_t *eve = identity_public(g->w->who[EVE]);
	checkpoint_origin_make(other, eve);
	give(g, b, 10);
	replica_close(b);
	refused(replica_open(&b, g->dir, other, eve, &e), &e, ERR_CONFLICT, "is a replica of");
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 10);
	accept_signed(g, b, 10);
	replica_close(b);
	path_remove(g->dir, "replica.db");
	refused(replica_open(&b, g->dir, other, eve, &e), &e, ERR_CONFLICT, "accepted");
}

/* Follows to the end, in small steps, with a checkpoint now and then: an older one than was accepted before the last kill is refused, and does no harm. What the replica has
 * taken up goes to its file when it is closed. */
static void child_follow(struct grown *g)
{
	struct book *b = follower(g, g->dir);
	struct err e;
	while (replica_size(b) < SIZE) {
		uint64_t to = replica_size(b) + 1 + replica_size(b) % 7;
		give(g, b, to < SIZE ? to : SIZE);
		if (to % 3 == 0)
			if (check_signed(g, b, g->items, (size_t)replica_size(b), &e) < 0 && !strstr(e.msg, "rollback"))
				abort();
		if (to % 5 == 0) {
			replica_close(b);
			b = follower(g, g->dir);
		}
	}
	replica_close(b);
	_exit(0);
}

static void killed_followers_go_on(void **state)
{
	struct grown *g = *state;
	uint64_t size = 0, steps = 0;
	struct book *b;
	for (unsigned i = 0; i < KILLS && size < SIZE; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child_follow(g);
		(void)usleep((useconds_t)(5000 + i * 7919 % 40000));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		b = follower(g, g->dir);
		assert_true(replica_size(b) >= size);
		steps += replica_size(b) > size;
		size = replica_size(b);
		replica_close(b);
	}
	b = follower(g, g->dir);
	give(g, b, SIZE);
	accept_signed(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
	print_message("killed with %llu steps ahead\n", (unsigned long long)steps);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		T(a_voucher_is_for_its_bytes_alone), T(all_or_nothing), T(what_was_not_believed_is_taken_back), T(what_is_forgotten_begins_anew), T(going_back_is_refused), T(another_book_is_noticed_after_the_first_is_lost),
		T(another_database_is_not_taken), T(useless_databases_begin_anew), T(damaged_databases_do_no_harm), T(the_accepted_file_is_guarded),
		T(replicas_of_another_book_are_refused), T(killed_followers_go_on),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
