/* A hostile asker of the same user, on the keeper's own socket: whatever he does, and goes on doing, others are served. He holds every place, says half of something, announces
 * what never comes, takes no answer, gives entries that nobody signed for the book and keeps the turn, and sends descriptors that are no parcel. Each time he stays as he is while
 * another comes anew and asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "base/os.h"
#include "trust/keeper_link_inner.h"
#include "trust/keeper_serve.h"
#include "unit/market_make.h"

#define MANY (KEEPER_CONNECTIONS + 20u)
#define SERVED_S 60u	/* of a machine under load; without the defence it would be never */

static struct entry en;
struct world { struct market_made m; char task[MARKET_NAME]; int held[MANY]; size_t n_held; };

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char deal[MARKET_NAME];
	struct err e;
	market_make_open(&w->m, NULL);
	market_make_deal(&w->m, 1, 1, "sum", "10", deal);
	market_task_id(w->task, deal, 0);
	book_make_draft(w->m.b, &en, ENTRY_TASK_INITIALIZE_TYPE);
	(void)snprintf(en.task_initialize.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)snprintf(en.task_initialize.task, ID_TEXT, "%.*s", ID_TEXT - 1, w->task);
	(void)book_make_append(w->m.b, &en, w->m.manager, NULL);
	book_make_draft(w->m.b, &en, ENTRY_TASK_ASSIGN_TYPE);
	(void)snprintf(en.task_assign.task, ID_TEXT, "%.*s", ID_TEXT - 1, w->task);
	memcpy(en.task_assign.worker, identity_public(w->m.worker), 32);
	en.task_assign.until = (uint64_t)en.time + 1000;
	(void)book_make_append(w->m.b, &en, w->m.manager, NULL);
	BOOK_MUST(keeper_link_follow(w->m.link, &e), &e);	/* it lives as long as this one asks */
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;
	while (w->n_held)
		close(w->held[--w->n_held]);
	market_make_close(&w->m);
	scratch_remove(w->m.home);
	free(w);
	return 0;
}

static int hostile(struct world *w)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%.80s/" KEEPER_FOLDER "/" KEEPER_SOCKET, w->m.home);
	assert_true(fd >= 0);
	/* He waits for nothing himself: when the queue is full, he is content. */
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	(void)connect(fd, (const struct sockaddr *)&a, sizeof a);
	w->held[w->n_held++] = fd;
	return fd;
}

static _Noreturn void too_late(int signal)
{
	static const char said[] = "# nobody was served while one was hostile\n";
	(void)signal;
	(void)!write(STDERR_FILENO, said, sizeof said - 1);
	_exit(1);
}

/* Somebody who comes anew is told what he asks, whatever the others do. */
static void served(struct world *w)
{
	const struct keeper_link_options options = { .home = w->m.home, .program = w->m.keeper_program, .enclave = w->m.enclave, .allow_missing = ~0u };
	struct keeper_link *l;
	uint8_t salt[32];
	struct err e;
	(void)signal(SIGALRM, too_late);
	(void)alarm(SERVED_S);
	BOOK_MUST(keeper_link_new(&l, &options, w->m.b, &e), &e);
	market_make_money(&w->m, w->m.requester, 1);	/* so that there is something to follow */
	BOOK_MUST(keeper_link_salt(l, w->task, salt, &e), &e);
	assert_true(l->pid == 0);	/* the same keeper, no other that was started in its place */
	keeper_link_free(l);
	/* And so is who was there before. */
	BOOK_MUST(keeper_link_salt(w->m.link, w->task, salt, &e), &e);
	(void)alarm(0);
}

static void every_place(void **state)
{
	struct world *w = *state;
	while (w->n_held < MANY)
		(void)hostile(w);
	served(w);
	served(w);
}

static void half_a_message(void **state)
{
	static const struct { uint8_t bytes[12]; size_t n; } rows[] = {
		{ { 9 }, 1 }, { { 9, 0, 0 }, 3 }, { { 9, 0, 0, 0 }, 4 }, { { 9, 0, 0, 0, 5 }, 5 }, { { 200, 0, 0, 0, 1, 10, 0, 0, 0, 'e', 'n', 'c' }, 12 },
		{ { 0, 0, 0, 1, 2 }, 5 }, { { 255, 255, 255, 255, 1 }, 5 }, { { 255, 255, 255, 127, 1 }, 5 }, { { 0, 0, 0, 0 }, 4 },
	};
	struct world *w = *state;
	for (size_t i = 0; i < 50; i++) {
		size_t row = i % (sizeof rows / sizeof *rows);
		(void)!write(hostile(w), rows[row].bytes, rows[row].n);
	}
	served(w);
}

/* As much as may come, almost: none of it is ever whole. */
static void much_that_never_ends(void **state)
{
	struct world *w = *state;
	static uint8_t bytes[1 << 16];
	const uint8_t head[5] = { 0, 0, 0, 1, 2 };	/* 16 MiB */
	for (size_t i = 0; i < 20; i++)
		(void)!write(hostile(w), head, sizeof head);
	for (size_t mib = 0; mib < 12; mib++)
		for (size_t i = 0; i < w->n_held; i++)
			for (size_t k = 0; k < 16; k++)
				(void)!send(w->held[i], bytes, sizeof bytes, MSG_NOSIGNAL);
	served(w);
}

static void answers_not_taken(void **state)
{
	struct world *w = *state;
	static const uint8_t nonce[] = { 1, 0, 0, 0, KEEPER_NONCE };
	for (size_t i = 0; i < 10; i++) {
		int fd = hostile(w), small = 1;
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		for (unsigned k = 0; k < 20000; k++)
			(void)!send(fd, nonce, sizeof nonce, MSG_NOSIGNAL);
	}
	served(w);
}

/* An asker of whom no checkpoint can ever follow: entries that are sound, and not of this book's log. */
static struct keeper_link *liar(struct world *w, uint64_t *at)
{
	const struct keeper_link_options options = { .home = w->m.home, .program = w->m.keeper_program, .enclave = w->m.enclave, .allow_missing = ~0u };
	const char *origin = book_origin(w->m.b);
	struct keeper_link *l;
	struct err e;
	BOOK_MUST(keeper_link_new(&l, &options, w->m.b, &e), &e);
	BOOK_MUST(keeper_link_warm(l, &e), &e);
	BOOK_MUST(keeper_link_begin(l, KEEPER_HELLO, &e), &e);
	BOOK_MUST(keeper_link_add(l, origin, strlen(origin), &e), &e);
	BOOK_MUST(keeper_link_add(l, book_operator(w->m.b), 32, &e), &e);
	BOOK_MUST(keeper_link_ask(l, -1, 3, &e), &e);
	BOOK_MUST(keeper_link_item(l, 0, at, sizeof *at, &e), &e);
	return l;
}

/* n entries at once, the first of which is the at-th: 0, or −1 when the keeper does not take them. */
static int lie(struct world *w, struct keeper_link *l, uint64_t *at, unsigned n)
{
	struct err e;
	BOOK_MUST(keeper_link_begin(l, KEEPER_FOLLOW, &e), &e);
	BOOK_MUST(keeper_link_add(l, at, sizeof *at, &e), &e);
	for (unsigned i = 0; i < n; i++) {
		struct identity *nobody;
		struct buf note;
		BOOK_MUST(identity_new(&nobody, &e), &e);
		book_make_identity(w->m.b, &en, nobody, "nobody", "");
		book_make_sign(&en, nobody, &note, NULL);
		BOOK_MUST(keeper_link_add(l, note.data, note.len, &e), &e);
		buf_done(&note);
		identity_free(nobody);
	}
	if (keeper_link_ask(l, -1, 1, &e) < 0)
		return -1;
	return keeper_link_item(l, 0, at, sizeof *at, &e);
}

/* A few, that are taken back; and more than one transaction has, for which the replica begins anew. */
static void the_turn_is_kept(void **state)
{
	struct world *w = *state;
	static const unsigned rows[] = { 1, 20, 200 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t at;
		struct keeper_link *l = liar(w, &at);
		for (unsigned k = 0; k < (i == 2 ? 6u : 1u); k++)
			assert_int_equal(lie(w, l, &at, rows[i]), 0);
		served(w);
		keeper_link_free(l);
		served(w);
	}
}

/* Who has started the keeper is dropped while others keep it up, at a moment when he has to say anew which book is meant: he comes again, and does not wait for its end. */
static void dropped_by_the_keeper_that_he_started(void **state)
{
	struct world *w = *state;
	struct keeper_link *l = w->m.link;
	struct err e;
	(void)hostile(w);
	assert_true(l->pid > 0);
	(void)signal(SIGALRM, too_late);
	(void)alarm(SERVED_S);
	l->told = false;
	assert_int_equal(shutdown(l->socket, SHUT_RDWR), 0);
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	(void)alarm(0);
	served(w);
}

/* He goes on all the time, from a process of his own. */
static void the_turn_is_taken_again_and_again(void **state)
{
	struct world *w = *state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct timespec moment = { .tv_nsec = 20000000 };
		struct world own = *w;
		struct err e;
		BOOK_MUST(host_open(&own.m.b, w->m.home, false, &e), &e);
		for (;;) {
			uint64_t at;
			struct keeper_link *l = liar(&own, &at);
			for (unsigned k = 0; k < 50 && lie(&own, l, &at, 1) == 0; k++)
				(void)nanosleep(&moment, NULL);
			keeper_link_free(l);
		}
	}
	(void)usleep(300000);
	for (unsigned i = 0; i < 3; i++)
		served(w);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	served(w);
}

/* Who keeps the turn and then shows a checkpoint of the book as it is hears that it does not fit, and harms nobody. */
static void a_true_checkpoint_over_lies(void **state)
{
	struct world *w = *state;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	uint64_t at;
	struct err e;
	struct keeper_link *l = liar(w, &at);
	assert_int_equal(lie(w, l, &at, 1), 0);
	market_make_money(&w->m, w->m.requester, 1);	/* as many as he has given */
	BOOK_MUST(book_checkpoint(w->m.b, &note, &e), &e);
	BOOK_MUST(keeper_link_begin(l, KEEPER_CHECK, &e), &e);
	BOOK_MUST(keeper_link_add(l, note.data, note.len, &e), &e);
	assert_int_equal(keeper_link_ask(l, -1, 0, &e), -1);
	assert_non_null(strstr(e.msg, "fork"));
	served(w);
	keeper_link_free(l);
	buf_done(&note);
}

static int parcel_ask(struct world *w, struct keeper_link *l, int fd, struct err *e)
{
	BOOK_MUST(keeper_link_follow(l, e), e);
	BOOK_MUST(keeper_link_begin(l, KEEPER_PARCEL, e), e);
	BOOK_MUST(keeper_link_add(l, w->task, strlen(w->task), e), e);
	BOOK_MUST(keeper_link_add(l, identity_public(w->m.worker), 32, e), e);
	return keeper_link_ask(l, fd, 2, e);
}

static void no_parcel(void **state)
{
	struct world *w = *state;
	char path[PATH_MAX + 16];
	struct err e;
	int ends[2];
	(void)snprintf(path, sizeof path, "%s/fifo", w->m.home);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pipe(ends), 0);
	int sparse = (int)memfd_create("holes", MFD_CLOEXEC), gone = (int)memfd_create("gone", MFD_CLOEXEC);
	assert_int_equal(ftruncate(sparse, INT64_MAX), 0);
	assert_int_equal(ftruncate(gone, 4096), 0);
	const int rows[] = { -1, open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC), ends[0], ends[1], sparse, open("/dev/zero", O_RDONLY | O_CLOEXEC),
		open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), open("/", O_PATH | O_CLOEXEC), gone, w->m.link->socket };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		(void)signal(SIGALRM, too_late);
		(void)alarm(SERVED_S);
		assert_int_equal(parcel_ask(w, w->m.link, rows[i], &e), -1);
		assert_non_null(strstr(e.msg, rows[i] == sparse ? "the parcel is larger than any may be" : rows[i] == gone ? "the parcel is not the one that the request names" :
			"no parcel came with the question"));
		served(w);
	}
	for (size_t i = 1; i < sizeof rows / sizeof *rows - 1; i++)
		close(rows[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
		TEST(every_place), TEST(half_a_message), TEST(much_that_never_ends), TEST(answers_not_taken), TEST(the_turn_is_kept),
		TEST(the_turn_is_taken_again_and_again), TEST(dropped_by_the_keeper_that_he_started), TEST(a_true_checkpoint_over_lies), TEST(no_parcel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
