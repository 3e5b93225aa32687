/* host_needs, asked all the time while other processes send workers and contribute: what it reads must be of one moment. Rows of two would not fit each other, and the rule of
 * consensus holds that no group weighs more than all together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/os.h"
#include "unit/market_make.h"

#define TASKS 40u
#define CROWD 3u

/* What both processes see: how far the writer is. */
struct shared { volatile unsigned task; volatile bool done; };

static void assign(struct market_made *m, const char *task, const struct identity *who)
{
	static struct entry en;
	book_make_draft(m->b, &en, ENTRY_TASK_ASSIGN_TYPE);
	(void)snprintf(en.task_assign.task, ID_TEXT, "%.*s", ID_TEXT - 1, task);
	memcpy(en.task_assign.worker, identity_public(who), 32);
	en.task_assign.until = (uint64_t)en.time + 100;
	(void)book_make_append(m->b, &en, m->manager, NULL);
}

static void contribute(struct market_made *m, const char *task, const struct identity *who)
{
	static const uint8_t digest[32] = "all of them come to the same";
	static struct entry en;
	char name[IDENTITY_TEXT];
	identity_text(name, identity_public(who));
	book_make_draft(m->b, &en, ENTRY_TASK_CONTRIBUTE_TYPE);
	(void)snprintf(en.task_contribute.task, ID_TEXT, "%.*s", ID_TEXT - 1, task);
	market_result_hash(en.task_contribute.hash, task, digest);
	market_result_seal(en.task_contribute.seal, name, task, digest);
	(void)book_make_append(m->b, &en, who, NULL);
}

static void task_life(struct market_made *m, const char *deal, unsigned i, struct identity *crowd[CROWD])
{
	static struct entry en;
	char task[MARKET_NAME];
	market_task_id(task, deal, i);
	book_make_draft(m->b, &en, ENTRY_TASK_INITIALIZE_TYPE);
	(void)snprintf(en.task_initialize.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)snprintf(en.task_initialize.task, ID_TEXT, "%.*s", ID_TEXT - 1, task);
	en.task_initialize.index = i;
	(void)book_make_append(m->b, &en, m->manager, NULL);
	for (size_t w = 0; w < CROWD; w++)
		assign(m, task, crowd[w]);
	for (size_t w = 0; w < CROWD; w++)
		contribute(m, task, crowd[w]);
}

static int write_all(struct market_made *m, const char *deal, struct identity *crowd[CROWD], struct shared *s)
{
	for (unsigned i = 0; i < TASKS; i++) {
		s->task = i;
		task_life(m, deal, i, crowd);
	}
	s->done = true;
	return 0;
}

static void test_one_moment(void **state)
{
	static struct market_made m;
	struct identity *crowd[CROWD];
	char deal[MARKET_NAME];
	struct err e;
	(void)state;
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s, MAP_FAILED);
	market_make_open(&m, NULL);
	for (size_t w = 0; w < CROWD; w++) {
		uint8_t seed[32] = { 100, (uint8_t)w };
		char name[8];
		(void)snprintf(name, sizeof name, "w%zu", w);
		BOOK_MUST(identity_from_seed(&crowd[w], seed, &e), &e);
		market_make_worker(&m, crowd[w], name, false);
		market_make_money(&m, crowd[w], 1000 * RLC);
	}
	market_make_deal(&m, 5, TASKS, NULL, NULL, deal);
	/* A book is a process's own: the one who writes opens another. */
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct market_made own = m;
		BOOK_MUST(host_open(&own.b, m.home, false, &e), &e);
		_exit(write_all(&own, deal, crowd, s));
	}
	uint64_t asked = 0, yes = 0;
	while (!s->done && waitpid(child, NULL, WNOHANG) == 0) {
		char task[MARKET_NAME];
		market_task_id(task, deal, s->task);
		int needs = host_needs(m.b, task, os_time(), &e);
		assert_true(needs == 0 || needs == 1);
		asked++;
		yes += needs == 1;
	}
	(void)waitpid(child, NULL, 0);
	assert_true(s->done);
	assert_true(asked > TASKS && yes > 0);
	for (unsigned i = 0; i < TASKS; i++) {
		char task[MARKET_NAME];
		market_task_id(task, deal, i);
		assert_int_equal(host_needs(m.b, task, os_time(), &e), 0);	/* three agree, and that is enough */
	}
	for (size_t w = 0; w < CROWD; w++)
		identity_free(crowd[w]);
	market_make_close(&m);
	scratch_remove(m.home);
	(void)munmap(s, sizeof *s);
}

/* What is read between its begin and its end is of its begin, whatever others commit. */
static void test_look(void **state)
{
	static struct market_made m;
	struct book *other;
	uint64_t before, within, after;
	bool begun, inner;
	struct err e;
	(void)state;
	market_make_open(&m, NULL);
	BOOK_MUST(host_open(&other, m.home, false, &e), &e);
	BOOK_MUST(book_size(other, &before, &e), &e);
	BOOK_MUST(book_look_begin(other, &begun, &e), &e);
	assert_true(begun);
	BOOK_MUST(book_size(other, &before, &e), &e);	/* the first reading makes the moment */
	BOOK_MUST(book_look_begin(other, &inner, &e), &e);
	assert_false(inner);
	market_make_money(&m, m.requester, 1);
	book_look_end(other, inner);
	BOOK_MUST(book_size(other, &within, &e), &e);
	book_look_end(other, begun);
	BOOK_MUST(book_size(other, &after, &e), &e);
	assert_int_equal(within, before);
	assert_int_equal(after, before + 1);
	book_close(other);
	market_make_close(&m);
	scratch_remove(m.home);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_one_moment), cmocka_unit_test(test_look) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
