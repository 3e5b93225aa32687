/* core/node/worker.c, worker_run.c, worker_keep.c, presence.c, scheduler.c, in one process whose clock can be set: the life of a task by steps of several workers, each death between two
 * of them, and every deadline. With real boxes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "node/worker_inner.h"
#include "unit/worker_make.h"

/* Linked with --wrap: the clock, and the two calls by which anything becomes lasting. */
int64_t __real_os_time(void);
int64_t __wrap_os_time(void);
int __real_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e);
int __wrap_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e);
int __real_book_append_one(struct book *b, const struct buf *note, uint64_t *index, struct err *e);
int __wrap_book_append_one(struct book *b, const struct buf *note, uint64_t *index, struct err *e);
int __real_os_file_replace(const char *path, mode_t mode, const void *bytes, size_t n, struct err *e);
int __wrap_os_file_replace(const char *path, mode_t mode, const void *bytes, size_t n, struct err *e);

static int64_t ahead;	/* of the real clock */
static int die_in = -1;	/* this many of those calls from now the process ends, … */
static bool die_after;	/* … before or after the call has done its work */
#define DIED 77

int64_t __wrap_os_time(void)
{
	return __real_os_time() + ahead;
}

static void die(bool after)
{
	if (after == die_after && die_in >= 0 && die_in-- == 0)
		_exit(DIED);
}

int __wrap_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e)
{
	die(false);
	int r = __real_book_append(b, items, n, indices, e);
	die(true);
	return r;
}

int __wrap_book_append_one(struct book *b, const struct buf *note, uint64_t *index, struct err *e)
{
	die(false);
	int r = __real_book_append_one(b, note, index, e);
	die(true);
	return r;
}

int __wrap_os_file_replace(const char *path, mode_t mode, const void *bytes, size_t n, struct err *e)
{
	die(false);
	int r = __real_os_file_replace(path, mode, bytes, n, e);
	die(true);
	return r;
}

/* Workers */

#define CROWD 5u
struct world { struct market_made m; struct identity *crowd[CROWD]; struct box_zygote *zygote; };
static uint64_t supply;

static int world_open(void **state)
{
	static const char *const names[CROWD] = { "anne", "ben", "cleo", "dan", "eva" };
	struct world *w = calloc(1, sizeof *w);
	struct err e;
	ahead = 0;
	die_in = -1;
	market_make_open(&w->m, NULL);
	for (size_t i = 0; i < CROWD; i++) {
		BOOK_MUST(identity_new(&w->crowd[i], &e), &e);
		market_make_worker(&w->m, w->crowd[i], names[i], false);
	}
	w->zygote = worker_make_zygote();
	supply = 200100 * RLC + CROWD * 100 * RLC;
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;
	box_zygote_stop(w->zygote);
	market_make_close(&w->m);
	for (size_t i = 0; i < CROWD; i++)
		identity_free(w->crowd[i]);
	scratch_remove(w->m.home);
	free(w);
	return 0;
}

static struct worker worker_of(struct world *w, const struct identity *who)
{
	return (struct worker){ .book = w->m.b, .keeper = w->m.link, .identity = who, .owners = { w->m.manager }, .n_owners = 1, .zygote = w->zygote, .say = worker_make_say };
}

static void deal_make(struct world *w, uint64_t trust, const char *what, char deal[static MARKET_NAME], char task[static MARKET_NAME])
{
	market_make_deal(&w->m, trust, 1, what, "10", deal);
	market_task_id(task, deal, 0);
}

static uint64_t entries_of(struct world *w, const char *type);
static int entry_count(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct { const char *type; uint64_t n; } *x = ctx;
	(void)index;
	(void)e;
	x->n += len > strlen(x->type) && memcmp(bytes, x->type, strlen(x->type)) == 0;
	return 0;
}
static uint64_t entries_of(struct world *w, const char *type)
{
	struct { const char *type; uint64_t n; } x = { type, 0 };
	uint64_t size;
	struct err e;
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	BOOK_MUST(book_entries(w->m.b, 0, size, entry_count, &x, &e), &e);
	return x.n;
}

static int account_sum(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)e;
	if (a->limited)
		*(uint64_t *)ctx += ledger_balance(a);
	return 0;
}

/* What must hold after everything: money is where it was or has moved, and a replay of the book gives the same. */
static void book_holds(struct world *w)
{
	struct book_checked checked;
	uint64_t sum = 0;
	struct err e;
	BOOK_MUST(book_verify(w->m.b, &checked, NULL, NULL, &e), &e);
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
	BOOK_MUST(book_accounts(w->m.b, account_sum, &sum, &e), &e);
	assert_int_equal(sum, supply);
}

static void one_worker_is_enough_for_trust_1(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	uint64_t before = market_make_balance(w->m.b, w->m.worker), author = market_make_balance(w->m.b, w->m.author);
	deal_make(w, 0, "sum", deal, task);
	worker_make_run(worker_of(w, w->m.worker));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(market_make_balance(w->m.b, w->m.worker) - before, MARKET_POOL_PRICE * 99 / 100);
	assert_int_equal(market_make_balance(w->m.b, w->m.author) - author, MARKET_APP_PRICE);
	assert_true(worker_make_result_has(&w->m, task, "sum"));
	book_holds(w);
}

/* The digest in the book is that of the files under the task's salt, which only the keeper can make: who knows the result cannot tell it from the book. */
static void the_digest_is_under_the_keepers_salt(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME], file[32], list[128], hex[HEX_LEN(32) + 1];
	uint8_t hash[32], salt[32], digest[32];
	long n = 0;
	deal_make(w, 1, "sum", deal, task);
	worker_make_run(worker_of(w, w->m.worker));
	for (long i = 1; i <= 10; i++)
		n = (n * 31 + i) % 1000003;
	sha256(hash, file, (size_t)snprintf(file, sizeof file, "sum%ld\n", n));
	hex_encode(hex, hash, 32);
	keeper_task_salt(w->m.keeper, task, salt);
	hmac256(digest, salt, 32, list, (size_t)snprintf(list, sizeof list, "%s  sum.txt\n", hex));
	assert_memory_equal(market_make_task(w->m.b, task).digest, digest, 32);
}

static void a_deal_of_many_tasks_is_begun_and_worked_off(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME];
	market_make_deal(&w->m, 1, 7, "sum", "10", deal);
	worker_make_run(worker_of(w, w->m.worker));
	assert_int_equal(entries_of(w, "enclua/task.complete/v1"), 7);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 7);
	book_holds(w);
}

/* Tasks are begun some at a time, and those that nobody can run keep nobody else waiting. */
static void a_deal_that_is_stuck_does_not_stop_others(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME];
	market_make_deal(&w->m, 1, 70, NULL, NULL, deal);
	market_make_deal(&w->m, 1, 3, "sum", "10", deal);
	worker_make_run(worker_of(w, w->m.worker));
	assert_int_equal(entries_of(w, "enclua/task.initialize/v1"), WORKER_OPEN_MAX + 3);
	assert_int_equal(entries_of(w, "enclua/task.complete/v1"), 3);
}

/* Fresh workers count 2 each: 8 · 5 > 9 · 4 wants three of them. No fourth is sent, and none gets more than its part. */
static void trust_5_takes_three_and_no_more(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	deal_make(w, 5, "sum", deal, task);
	for (size_t i = 0; i < CROWD; i++)
		worker_make_run(worker_of(w, w->crowd[i]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_REVEALING);
	assert_int_equal(entries_of(w, "enclua/task.contribute/v1"), 3);
	for (size_t i = 0; i < CROWD; i++)
		worker_make_run(worker_of(w, w->crowd[i]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.reveal/v1"), 3);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(market_make_balance(w->m.b, w->crowd[i]), 100 * RLC + (i < 3 ? MARKET_POOL_PRICE * 99 / 100 / 3 : 0));
	assert_true(worker_make_result_has(&w->m, task, "sum"));
	book_holds(w);
}

static size_t blobs(const struct world *w)
{
	char path[PATH_MAX + 16];
	size_t n = 0;
	(void)snprintf(path, sizeof path, "%s/blobs", w->m.home);
	DIR *d = opendir(path);
	for (struct dirent *f; d && (f = readdir(d));)
		n += strlen(f->d_name) == HEX_LEN(32);
	closedir(d);
	return n;
}

static void nothing_runs(const struct world *w)
{
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/running", w->m.home);
	assert_int_equal(rmdir(path), 0);	/* it is empty */
}

/* Kept files and results that nobody chose are gone when the workers have looked once more. */
static void nothing_is_left_behind(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	deal_make(w, 5, "sum", deal, task);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < CROWD; i++)
			worker_make_run(worker_of(w, w->crowd[i]));
	nothing_runs(w);
	assert_int_equal(blobs(w), 3);	/* the iApp, the parcel, the result that was chosen */
	assert_true(worker_make_result_has(&w->m, task, "sum"));
}

static void replicas_agree_on_failures(void **state)
{
	static const struct { const char *what, *outcome, *reason; } rows[] = {
		{ "fail", "FAILED", "the iApp raised an error" }, { "memory", "LIMIT", "memory limit" },
	};
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	for (size_t k = 0; k < 2; k++) {
		struct store_task row;
		struct work_ending end;
		uint8_t salt[32];
		struct err e;
		deal_make(w, 5, rows[k].what, deal, task);
		for (size_t i = 0; i < CROWD; i++)
			worker_make_run(worker_of(w, w->crowd[i]));
		for (size_t i = 0; i < CROWD; i++)
			worker_make_run(worker_of(w, w->crowd[i]));
		BOOK_MUST(store_task_find(book_store(w->m.b), task, &row, &e), &e);
		assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
		assert_string_equal(row.status, rows[k].outcome);
		assert_string_equal(row.reason, rows[k].reason);
		keeper_task_salt(w->m.keeper, task, salt);
		work_ending_failed(row.status, row.reason, salt, &end);
		assert_memory_equal(row.digest, end.digest, 32);
		store_task_done(&row);
	}
	book_holds(w);
}

/* An argument that the manifest does not know: the requester's mistake ends the task and is paid for; nobody waits for a deadline. */
static void a_request_that_does_not_fit_fails(void **state)
{
	struct world *w = *state;
	struct store_task row;
	struct err e;
	char deal[MARKET_NAME], task[MARKET_NAME];
	market_make_deal(&w->m, 1, 1, "sum", "many", deal);
	market_task_id(task, deal, 0);
	worker_make_run(worker_of(w, w->m.worker));
	BOOK_MUST(store_task_find(book_store(w->m.b), task, &row, &e), &e);
	assert_string_equal(row.status, "FAILED");
	assert_string_equal(row.reason, "the request does not fit the iApp");
	store_task_done(&row);
	book_holds(w);
}

/* Who sent nobody a parcel runs the task alone: a worker that did it would run it with other arguments. Its time over, the money goes back as ever. */
static void a_request_without_a_parcel_is_left_alone(void **state)
{
	struct world *w = *state;
	struct worker waiting = worker_of(w, w->crowd[1]);
	char deal[MARKET_NAME], task[MARKET_NAME];
	struct err e;
	market_make_deal(&w->m, 1, 1, NULL, NULL, deal);
	market_task_id(task, deal, 0);
	waiting.n_owners = 0;
	BOOK_MUST(worker_begin(&waiting, &e), &e);
	worker_make_run(worker_of(w, w->crowd[0]));
	worker_end(&waiting);
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_ACTIVE);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 0);
	ahead = 10 * 300 + 2;
	worker_make_run(worker_of(w, w->crowd[0]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_FAILED);
}

/* Deaths */

/* Runs the worker in a process of its own until it dies or has nothing to do. */
static bool dies(struct world *w, const struct identity *who, int in, bool after)
{
	int status;
	struct err e;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct worker x = worker_of(w, who);
		x.zygote = worker_make_zygote();
		BOOK_MUST(host_open(&x.book, w->m.home, false, &e), &e);
		die_in = in;
		die_after = after;
		for (int i = 0; i < 200 && worker_make_step(x); i++)
			;
		die_in = -1;
		book_close(x.book);
		box_zygote_stop(x.zygote);
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) == DIED;
}

/* Before and after each thing that lasts, of a worker that is also the scheduler: who is started anew ends the task, and nobody pays twice. */
static void a_death_anywhere_heals(struct world *w, uint64_t trust, int least)
{
	char deal[MARKET_NAME], task[MARKET_NAME];
	int deaths = 0;
	for (int n = 0, died = 1; died; n++)
		for (int after = died = 0; after < 2; after++) {
			deal_make(w, trust, "sum", deal, task);
			uint64_t before = market_make_balance(w->m.b, w->m.author);
			bool one = false;
			for (size_t i = 0; i < 3; i++)
				one |= dies(w, w->crowd[i], n, after);
			died |= one;
			deaths += one;
			for (int round = 0; round < 2; round++)
				for (size_t i = 0; i < 3; i++)
					worker_make_run(worker_of(w, w->crowd[i]));
			assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
			assert_int_equal(market_make_balance(w->m.b, w->m.author) - before, MARKET_APP_PRICE);
			assert_true(worker_make_result_has(&w->m, task, "sum"));
		}
	assert_in_range(deaths, least, 1000);
	nothing_runs(w);
	book_holds(w);
}

static void a_death_anywhere_with_trust_1_heals(void **state)
{
	a_death_anywhere_heals(*state, 1, 6);	/* initialize, assign, complete: before and after */
}

static void a_death_anywhere_with_trust_3_heals(void **state)
{
	a_death_anywhere_heals(*state, 3, 8);
}

/* It died here: its lock shows it, and the next to look takes the lease back and goes. */
static void a_death_in_this_home_costs_no_time(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	deal_make(w, 1, "sum", deal, task);
	assert_true(dies(w, w->crowd[0], 1, true));	/* after task.assign */
	worker_make_run(worker_of(w, w->crowd[1]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 3);
	book_holds(w);
}

/* A lock is never there without being held, as long as its process lives; so nobody who is just beginning or ending is taken for dead. */
static void who_lives_is_never_taken_for_dead(void **state)
{
	struct world *w = *state;
	struct worker x = worker_of(w, w->crowd[0]);
	struct presence here;
	struct err e;
	int status, seen = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	for (int fd, i = 0; pid == 0 && i < 3000; i++) {
		if (worker_keep_lock(&x, "task1x", &fd, &e) == 1)
			worker_keep_unlock(&x, identity_public(x.identity), "task1x", fd);
		if (i % 10 == 0 && (presence_enter(&here, &x, &e) < 0 || access(here.path, F_OK) < 0))
			_exit(1);
		if (i % 10 == 9)
			presence_leave(&here);
	}
	if (pid == 0)
		_exit(0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct present *list;
		size_t n;
		int fd;
		assert_int_equal(worker_keep_abandoned(&x, identity_public(x.identity), "task1x", &fd, &e), 0);
		BOOK_MUST(presence_list(&x, "nobody", &list, &n, &e), &e);
		seen += n == 1 && list[0].slots == 1;
		free(list);
	}
	assert_int_equal(status, 0);
	assert_in_range(seen, 1, 1000000);
}

/* It took the task and never came back, and nothing here says that it is dead: when its lease is over, another is sent; the requester has lost only time. */
static void a_lease_that_runs_out_goes_to_another(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME], path[PATH_MAX + 64];
	deal_make(w, 1, "sum", deal, task);
	assert_true(dies(w, w->crowd[0], 1, true));	/* after task.assign */
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 1);
	(void)snprintf(path, sizeof path, "%s/running", w->m.home);
	scratch_remove(path);
	worker_make_run(worker_of(w, w->crowd[1]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_ACTIVE);
	ahead = WORKER_LEASE_MARGIN + MARKET_WALL + 1;
	worker_make_run(worker_of(w, w->crowd[1]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 2);
	book_holds(w);
}

static void ran(void *ctx, const char *task, const struct work_result *r)
{
	(void)task;
	(void)r;
	++*(int *)ctx;
}

/* It died when the result was kept and the contribution not yet in the book: nothing is run twice. */
static void what_was_kept_is_contributed_without_a_run(void **state)
{
	struct world *w = *state;
	struct worker again = worker_of(w, w->crowd[0]);
	char deal[MARKET_NAME], task[MARKET_NAME];
	int runs = 0;
	deal_make(w, 3, "sum", deal, task);
	assert_true(dies(w, w->crowd[0], 2, true));	/* begun, sent, kept */
	assert_int_equal(market_make_task(w->m.b, task).contributors, 0);
	again.ran = ran;
	again.ctx = &runs;
	worker_make_run(again);
	assert_int_equal(market_make_task(w->m.b, task).contributors, 1);
	assert_int_equal(runs, 0);
}

static void what_was_kept_can_be_made_again(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME], path[PATH_MAX + 64];
	deal_make(w, 3, "sum", deal, task);
	worker_make_run(worker_of(w, w->crowd[0]));
	(void)snprintf(path, sizeof path, "%s/running", w->m.home);
	scratch_remove(path);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 2; i++)
			worker_make_run(worker_of(w, w->crowd[i]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.reveal/v1"), 2);
	book_holds(w);
}

/* A pool whose owner's key is not with its workers: they say that they are here, and the scheduler sends them, each to one task at a time. */
static void workers_without_the_owners_key_are_sent(void **state)
{
	struct world *w = *state;
	struct worker waiting[4], scheduler = worker_of(w, NULL);
	char deal[MARKET_NAME], task[MARKET_NAME], other[MARKET_NAME];
	struct err e;
	bool did;
	int64_t due;
	scheduler.zygote = NULL;
	for (size_t i = 0; i < 4; i++) {
		waiting[i] = worker_of(w, w->crowd[i]);
		waiting[i].n_owners = 0;
	}
	market_make_deal(&w->m, 5, 2, "sum", "10", deal);
	market_task_id(task, deal, 0);
	market_task_id(other, deal, 1);
	worker_make_run(scheduler);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 0);	/* nobody is here */
	for (size_t i = 0; i < 4; i++)
		BOOK_MUST(worker_begin(&waiting[i], &e), &e);
	worker_make_run(scheduler);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 4);	/* three to one, the fourth to the other */
	for (int round = 0; round < 6; round++) {
		for (size_t i = 0; i < 4; i++) {
			did = true;
			while (did)
				BOOK_MUST(worker_step(&waiting[i], &did, &due, &e), &e);
		}
		worker_make_run(scheduler);
	}
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(market_make_task(w->m.b, other).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 6);
	for (size_t i = 0; i < 4; i++)
		worker_end(&waiting[i]);
	book_holds(w);
}

/* The only worker died at a task: when it is here again, it is sent again. */
static void one_that_comes_back_is_sent_again(void **state)
{
	struct world *w = *state;
	struct worker only = worker_of(w, w->crowd[0]), scheduler = worker_of(w, NULL);
	char deal[MARKET_NAME], task[MARKET_NAME], path[PATH_MAX + 64];
	struct err e;
	bool did = true;
	int64_t due;
	scheduler.zygote = NULL;
	only.n_owners = 0;
	deal_make(w, 1, "sum", deal, task);
	assert_true(dies(w, w->crowd[0], 1, true));
	(void)snprintf(path, sizeof path, "%s/running", w->m.home);
	scratch_remove(path);
	ahead = WORKER_LEASE_MARGIN + MARKET_WALL + 1;
	BOOK_MUST(worker_begin(&only, &e), &e);
	worker_make_run(scheduler);
	while (did)
		BOOK_MUST(worker_step(&only, &did, &due, &e), &e);
	worker_end(&only);
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 2);
}

/* Deadlines */

#define T 300

static void nobody_works_and_the_payer_has_the_money_back(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	uint64_t before = market_make_balance(w->m.b, w->m.requester), pool = market_make_balance(w->m.b, w->m.manager);
	deal_make(w, 1, "sum", deal, task);
	struct worker scheduler = worker_of(w, NULL);
	scheduler.zygote = NULL;
	worker_make_run(scheduler);
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_ACTIVE);
	ahead = 10 * T + 2;
	worker_make_run(scheduler);
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_FAILED);
	assert_int_equal(market_make_balance(w->m.b, w->m.requester), before);
	assert_int_equal(pool - market_make_balance(w->m.b, w->m.manager), MARKET_POOL_PRICE * 30 / 100);
	book_holds(w);
}

static void a_deal_that_was_never_begun_is_begun_to_be_claimed(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	uint64_t before = market_make_balance(w->m.b, w->m.requester);
	deal_make(w, 1, "sum", deal, task);
	ahead = 10 * T + 2;
	worker_make_run(worker_of(w, w->m.worker));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_FAILED);
	assert_int_equal(market_make_balance(w->m.b, w->m.requester), before);
	book_holds(w);
}

/* Two agree and neither shows it: both are out, and two others end the task. */
static void winners_that_keep_silent_are_replaced(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	uint64_t before = market_make_balance(w->m.b, w->crowd[0]);
	deal_make(w, 3, "sum", deal, task);
	worker_make_run(worker_of(w, w->crowd[0]));
	assert_true(worker_make_step(worker_of(w, w->crowd[1])));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_REVEALING);
	ahead = 2 * T + 2;
	worker_make_run(worker_of(w, w->crowd[2]));
	assert_int_equal(entries_of(w, "enclua/task.reopen/v1"), 1);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 4; i++)
			worker_make_run(worker_of(w, w->crowd[i]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(before - market_make_balance(w->m.b, w->crowd[0]), MARKET_POOL_PRICE * 30 / 100);
	book_holds(w);
}

/* One of two shows it: at the deadline that is enough, and the silent one loses its stake. */
static void one_silent_winner_does_not_stop_the_others(void **state)
{
	struct world *w = *state;
	char deal[MARKET_NAME], task[MARKET_NAME];
	deal_make(w, 3, "sum", deal, task);
	worker_make_run(worker_of(w, w->crowd[0]));
	worker_make_run(worker_of(w, w->crowd[1]));
	assert_int_equal(market_make_task(w->m.b, task).reveals, 1);
	ahead = 2 * T + 2;
	worker_make_run(worker_of(w, w->crowd[2]));
	assert_int_equal(market_make_task(w->m.b, task).status, MARKET_COMPLETED);
	assert_int_equal(market_make_balance(w->m.b, w->crowd[0]), 97 * RLC);
	assert_true(worker_make_result_has(&w->m, task, "sum"));
	book_holds(w);
}

/* Without the owner's key nobody is sent; without money for the stake nobody goes. */
static void who_may_not_does_nothing(void **state)
{
	struct world *w = *state;
	struct identity *stranger;
	struct err e;
	char deal[MARKET_NAME], task[MARKET_NAME];
	deal_make(w, 3, "sum", deal, task);
	struct worker x = worker_of(w, NULL);
	x.zygote = NULL;
	worker_make_run(x);	/* begun */
	x = worker_of(w, w->crowd[0]);
	x.n_owners = 0;
	assert_false(worker_make_step(x));
	BOOK_MUST(identity_new(&stranger, &e), &e);
	assert_false(worker_make_step(worker_of(w, stranger)));
	identity_free(stranger);
	static struct entry en;
	book_make_draft(w->m.b, &en, ENTRY_TASK_ASSIGN_TYPE);	/* what nobody has cannot be taken back */
	(void)snprintf(en.task_assign.task, ID_TEXT, "%.*s", ID_TEXT - 1, task);
	memcpy(en.task_assign.worker, identity_public(w->crowd[0]), 32);
	en.task_assign.until = (uint64_t)en.time;
	assert_int_equal(book_make_try(w->m.b, &en, w->m.manager, NULL, NULL, &e), -1);
	assert_int_equal(strncmp(e.msg, "assign-past: ", 13), 0);
	book_make_draft(w->m.b, &en, ENTRY_ACCOUNT_WITHDRAW_TYPE);
	en.account_withdraw.amount = 98 * RLC;
	(void)book_make_append(w->m.b, &en, w->crowd[0], NULL);
	assert_false(worker_make_step(worker_of(w, w->crowd[0])));
	assert_int_equal(entries_of(w, "enclua/task.assign/v1"), 0);
}

int main(void)
{
#define ONE(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)
	const struct CMUnitTest tests[] = {
		ONE(one_worker_is_enough_for_trust_1),
		ONE(the_digest_is_under_the_keepers_salt),
		ONE(a_deal_of_many_tasks_is_begun_and_worked_off),
		ONE(a_deal_that_is_stuck_does_not_stop_others),
		ONE(trust_5_takes_three_and_no_more),
		ONE(nothing_is_left_behind),
		ONE(replicas_agree_on_failures),
		ONE(a_request_that_does_not_fit_fails),
		ONE(a_request_without_a_parcel_is_left_alone),
		ONE(a_death_anywhere_with_trust_1_heals),
		ONE(a_death_anywhere_with_trust_3_heals),
		ONE(a_death_in_this_home_costs_no_time),
		ONE(who_lives_is_never_taken_for_dead),
		ONE(a_lease_that_runs_out_goes_to_another),
		ONE(what_was_kept_is_contributed_without_a_run),
		ONE(what_was_kept_can_be_made_again),
		ONE(workers_without_the_owners_key_are_sent),
		ONE(one_that_comes_back_is_sent_again),
		ONE(nobody_works_and_the_payer_has_the_money_back),
		ONE(a_deal_that_was_never_begun_is_begun_to_be_claimed),
		ONE(winners_that_keep_silent_are_replaced),
		ONE(one_silent_winner_does_not_stop_the_others),
		ONE(who_may_not_does_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
