/* The write-ahead log in few pieces (store_wal.c): what one connection commits, another reads; what is rolled back after it was spilled leaves nothing; a database written through it has
 * the bytes of one that was not. Its failing writes and lost power are tests/book/crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/os.h"
#include "book/store_wal.h"
#include "unit/scratch.h"

struct pair { char path[PATH_MAX]; struct store_wal wal[2]; sqlite3 *db[2]; };

static char top[PATH_MAX];

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void good(sqlite3 *db)
{
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

#define PRAGMAS "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 40; PRAGMA cache_size = 10;"
#define TABLE "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB NOT NULL); CREATE INDEX i ON t (b);"
#define FILL(n, at) "WITH RECURSIVE c(x) AS (SELECT " at " UNION ALL SELECT x + 1 FROM c WHERE x < " at " + " n ") " \
	"INSERT INTO t SELECT x, CAST(printf('%08x%300d', x * 2654435761 % 4294967291, x) AS BLOB) FROM c"

static void pair_open(struct pair *p, const char *name)
{
	assert_true(snprintf(p->path, sizeof p->path, "%s/%s", top, name) < PATH_MAX);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(i == 0 ? sqlite3_open(p->path, &p->db[i]) : SQLITE_OK, SQLITE_OK);
		if (i == 0) {
			run(p->db[0], PRAGMAS);
			sqlite3_close(p->db[0]);	/* the layer opens what is there, as the store does */
		}
		assert_int_equal(store_wal_open(&p->wal[i], p->path, &p->db[i]), SQLITE_OK);
		run(p->db[i], PRAGMAS);
	}
	run(p->db[0], TABLE);
}

static void pair_close(struct pair *p)
{
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(sqlite3_close(p->db[i]), SQLITE_OK);
}

static void test_another_reads(void **state)
{
	struct pair p;
	(void)state;
	pair_open(&p, "reads");
	for (int i = 0; i < 60; i++) {
		char sql[160];
		(void)snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d, zeroblob(%d))", i, 100 * i);
		run(p.db[i % 2], sql);
		assert_int_equal(number(p.db[(i + 1) % 2], "SELECT count(*) FROM t"), i + 1);
	}
	good(p.db[0]);
	pair_close(&p);
}

/* More than its memory holds, with a cache so small that pages go out before the commit and are read back. */
static void test_large(void **state)
{
	struct pair p;
	(void)state;
	pair_open(&p, "large");
	run(p.db[0], "BEGIN");
	run(p.db[0], FILL("5000", "1"));
	assert_int_equal(number(p.db[0], "SELECT count(*) FROM t WHERE b > zeroblob(1)"), 5001);
	assert_int_equal(number(p.db[1], "SELECT count(*) FROM t"), 0);
	run(p.db[0], "COMMIT");
	assert_int_equal(number(p.db[1], "SELECT count(*) FROM t"), 5001);
	good(p.db[1]);
	pair_close(&p);
}

/* Who rolled back still has pages for the same places of the log in its hands as the next writer. */
static void test_rolled_back(void **state)
{
	struct pair p;
	(void)state;
	pair_open(&p, "back");
	run(p.db[1], FILL("50", "1"));
	for (int round = 0; round < 5; round++) {
		char sql[64];
		run(p.db[0], "BEGIN");
		run(p.db[0], FILL("400", "100000"));
		run(p.db[0], "ROLLBACK");
		run(p.db[1], "BEGIN");
		run(p.db[1], "UPDATE t SET b = b || x'00' WHERE a < 40");
		(void)snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d, x'01')", 1000 + round);
		run(p.db[1], sql);
		run(p.db[1], "COMMIT");
		assert_int_equal(number(p.db[0], "SELECT count(*) FROM t WHERE a BETWEEN 1000 AND 2000"), round + 1);
		good(p.db[0]);
		good(p.db[1]);
	}
	pair_close(&p);
}

static void bytes_read(const char *path, struct buf *out)
{
	struct err e;
	*out = (struct buf)BUF_INIT(MIB(8));
	assert_int_equal(os_file_read(path, out, &e), 0);
}

/* The same changes through the layer and without it: the same database, byte for byte. */
static void test_same_bytes(void **state)
{
	struct buf with, without;
	char path[PATH_MAX];
	sqlite3 *db;
	struct pair p;
	(void)state;
	pair_open(&p, "with");
	assert_true(snprintf(path, sizeof path, "%s/without", top) < PATH_MAX);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, PRAGMAS TABLE);
	sqlite3 *const both[] = { p.db[0], db };
	for (size_t i = 0; i < 2; i++) {
		run(both[i], FILL("300", "1"));
		run(both[i], "DELETE FROM t WHERE a % 3 = 0");
		run(both[i], FILL("200", "1000"));
		run(both[i], "PRAGMA wal_checkpoint(TRUNCATE)");
	}
	sqlite3_close(db);
	bytes_read(p.path, &with);
	bytes_read(path, &without);
	/* but for what counts the openings of the file: the version of the schema cookie and the change counter of its header */
	assert_int_equal(with.len, without.len);
	assert_memory_equal(with.data + 100, without.data + 100, with.len - 100);
	buf_done(&with);
	buf_done(&without);
	pair_close(&p);
}

/* Without a wait for the disk a commit that the file did not take is an error all the same, and nobody sees a page of it. */
static void test_no_room(void **state)
{
	struct pair p;
	struct rlimit old, none;
	(void)state;
	pair_open(&p, "room");
	run(p.db[0], "PRAGMA synchronous = NORMAL; PRAGMA wal_checkpoint(TRUNCATE)");
	run(p.db[0], FILL("4", "1"));
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 4096 * 4;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	int rc = sqlite3_exec(p.db[0], FILL("40", "1000"), NULL, NULL, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(rc == SQLITE_FULL || rc == SQLITE_IOERR);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(number(p.db[i], "SELECT count(*) FROM t"), 5);
		good(p.db[i]);
	}
	run(p.db[0], FILL("40", "1000"));
	assert_int_equal(number(p.db[1], "SELECT count(*) FROM t"), 46);
	pair_close(&p);
}

static int setup(void **state)
{
	(void)state;
	scratch_make(top);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(top);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_reads), cmocka_unit_test(test_large), cmocka_unit_test(test_rolled_back), cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
