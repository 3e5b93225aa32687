/* core/book/book_queue.c: many processes append at once, the one that commits for the others is killed, strangers talk to its socket: what was confirmed is in, where it
 * was said to be, and nobody waits for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "unit/book_make.h"

#define CROWD 8u
#define CHAIN 3u	/* entries of the longest chain: lengths 1 … 3 take turns */
#define REPORTS (1u << 18)

struct report { uint64_t index; uint8_t hash[32]; };
struct crowd {
	struct book_made *m;
	volatile int *stop;	/* shared with the children */
	int pipe[2];
	pid_t child[CROWD];
	unsigned each;	/* chains of one child, or 0: until stop */
};

static struct entry en;

static int setup(void **state)
{
	(void)book_make_setup(state);
	struct book_made *m = *state;
	book_make_identity(m->b, &en, m->bob, "bob", "");
	(void)book_make_append(m->b, &en, m->bob, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->ada, 1000000000);
	(void)book_make_append(m->b, &en, m->operator, NULL);
	return 0;
}

/* Among what is accepted: a chain whose second entry is not, an entry of a stranger, and a chain that is in. Code, words, hint and places come the same way through
 * another process as at home. */
static bool answers_are_right(const struct crowd *c, struct book *b, const struct book_item *items, const uint64_t *at, size_t n)
{
	struct buf good, bad;
	struct identity *stranger;
	struct err e = { .code = ERR_NONE };
	uint64_t again[CHAIN];
	book_make_money(b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, c->m->bob, 1);
	book_make_sign(&en, c->m->ada, &good, NULL);
	book_make_money(b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, c->m->bob, UINT64_C(1) << 60);
	book_make_sign(&en, c->m->ada, &bad, NULL);
	const struct book_item chain[] = { { good.data, good.len }, { bad.data, bad.len } };
	bool right = book_append(b, chain, 2, NULL, &e) < 0 && e.code == ERR_FUNDS && strstr(e.msg, "account.transfer: ");
	buf_done(&good);
	buf_done(&bad);
	BOOK_MUST(identity_new(&stranger, &e), &e);
	book_make_data(b, &en, "", 100);
	right = right && book_make_try(b, &en, stranger, NULL, NULL, &e) < 0 && e.code == ERR_NOT_FOUND && strstr(e.hint, "enclua key register");
	identity_free(stranger);
	return right && book_append(b, items, n, again, &e) == 0 && memcmp(again, at, n * sizeof *at) == 0;
}

/* A child: appends chains, and tells of each entry that was confirmed where it is. 0: all was well. */
static int append_all(const struct crowd *c)
{
	struct book *b;
	struct err e;
	if (book_open(&b, c->m->path, false, &e) < 0)
		return 2;
	for (unsigned i = 0; c->each ? i < c->each : !*c->stop; i++) {
		struct buf notes[CHAIN];
		struct book_item items[CHAIN];
		struct report reports[CHAIN];
		uint64_t at[CHAIN];
		size_t n = 1 + i % CHAIN;
		for (size_t k = 0; k < n; k++) {
			book_make_money(b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, c->m->bob, 1);
			book_make_sign(&en, c->m->ada, &notes[k], NULL);
			items[k] = (struct book_item){ notes[k].data, notes[k].len };
			sha256(reports[k].hash, notes[k].data, notes[k].len);
		}
		if (book_append(b, items, n, at, &e) < 0) {
			(void)fprintf(stderr, "append: %s\n", e.msg);
			return 3;
		}
		if (i % 5 == 2 && !answers_are_right(c, b, items, at, n))
			return 6;
		for (size_t k = 0; k < n; k++) {
			reports[k].index = at[k];
			if (at[k] != at[0] + k)	/* one after another */
				return 4;
			buf_done(&notes[k]);
		}
		if (os_write(c->pipe[1], reports, n * sizeof reports[0]) < 0)	/* fewer than PIPE_BUF: whole or not at all */
			return 5;
	}
	book_close(b);
	return 0;
}

static pid_t child_start(const struct crowd *c)
{
	pid_t child = fork();
	if (child == 0) {
		close(c->pipe[0]);
		(void)alarm(120);	/* who hangs is found out */
		_exit(append_all(c));
	}
	return child;
}

static void crowd_start(struct crowd *c, struct book_made *m, unsigned each)
{
	*c = (struct crowd){ .m = m, .each = each };
	c->stop = mmap(NULL, sizeof *c->stop, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(c->stop != MAP_FAILED);
	assert_int_equal(pipe2(c->pipe, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(fcntl(c->pipe[1], F_SETFL, 0), 0);	/* only reading never waits */
	for (size_t i = 0; i < CROWD; i++)
		c->child[i] = child_start(c);
}

/* What has been told so far. */
static size_t reports_read(struct crowd *c, struct report *r, size_t n)
{
	while (n < REPORTS && os_read(c->pipe[0], &r[n], sizeof r[n]) == (ssize_t)sizeof r[n])
		n++;
	assert_true(n < REPORTS);
	return n;
}

/* Waits for all, reading meanwhile. */
static size_t crowd_end(struct crowd *c, struct report *r, size_t n)
{
	*c->stop = 1;
	for (size_t i = 0; i < CROWD; i++) {
		int status;
		while (waitpid(c->child[i], &status, WNOHANG) == 0) {
			n = reports_read(c, r, n);
			(void)usleep(1000);
		}
		if (status != 0)
			fail_msg("child %zu ended with %x", i, status);
	}
	n = reports_read(c, r, n);
	close(c->pipe[0]);
	close(c->pipe[1]);
	(void)munmap((void *)c->stop, sizeof *c->stop);
	return n;
}

static int by_index(const void *a, const void *b)
{
	const struct report *x = a, *y = b;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Each confirmed entry is where it was said to be, no place was given twice, and the whole is sound. */
static uint64_t all_is_there(struct book_made *m, struct report *r, size_t n)
{
	struct book *b = book_make_again(m);
	struct book_checked checked;
	struct err e;
	qsort(r, n, sizeof *r, by_index);
	for (size_t i = 0; i < n; i++) {
		struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
		uint8_t hash[32];
		if (i > 0 && r[i].index == r[i - 1].index)
			fail_msg("two entries were told to be at %llu", (unsigned long long)r[i].index);
		if (book_entry(b, r[i].index, &bytes, &e) < 0)
			fail_msg("confirmed and lost: %s", e.msg);
		sha256(hash, bytes.data, bytes.len);
		assert_memory_equal(hash, r[i].hash, 32);
		buf_done(&bytes);
	}
	BOOK_MUST(book_verify(b, &checked, NULL, NULL, &e), &e);
	book_close(b);
	return checked.entries;
}

/* Meanwhile checkpoints are signed: none may contradict another. */
static void eight_processes_append_at_once(void **state)
{
	struct book_made *m = *state;
	struct crowd c;
	static struct report r[REPORTS];
	enum { EACH = 50 };
	uint64_t before, entries = 0;
	unsigned checkpoints = 0;
	struct err e;
	size_t n = 0;
	BOOK_MUST(book_size(m->b, &before, &e), &e);
	for (unsigned i = 0; i < EACH; i++)
		entries += 1 + i % CHAIN;
	crowd_start(&c, m, EACH);
	for (; (n = reports_read(&c, r, n)) < CROWD * entries / 2; checkpoints++) {
		BOOK_MUST(book_checkpoint(m->b, NULL, &e), &e);
		(void)usleep(1000);
	}
	n = crowd_end(&c, r, n);
	assert_int_equal(n, CROWD * entries);
	assert_int_equal(all_is_there(m, r, n), before + CROWD * entries);
	assert_true(checkpoints > 0);
}

/* Who holds the lock of the book, as the kernel tells: 0 when nobody does, or it does not tell. */
static pid_t leader_of(const struct book_made *m)
{
	char path[PATH_MAX + 16], line[256];
	struct stat st;
	pid_t leader = 0;
	(void)snprintf(path, sizeof path, "%s/book/lock", m->path);
	FILE *f = fopen("/proc/locks", "re");
	if (!f || stat(path, &st) < 0)
		return 0;
	while (!leader && fgets(line, sizeof line, f)) {
		long pid;
		unsigned long long inode;
		if (strstr(line, "->") == NULL && sscanf(line, "%*d: FLOCK ADVISORY WRITE %ld %*x:%*x:%llu", &pid, &inode) == 2 && inode == st.st_ino)
			leader = (pid_t)pid;
	}
	(void)fclose(f);
	return leader;
}

static void killed_leaders_take_nothing_with_them(void **state)
{
	struct book_made *m = *state;
	struct crowd c;
	static struct report r[REPORTS];
	unsigned kills = 0, leaders = 0;
	size_t n = 0;
	crowd_start(&c, m, 0);
	for (unsigned rounds = getenv("LONG") ? 2000 : 200; rounds > 0; rounds--) {
		uint8_t dice[2];
		crypto_random(dice, sizeof dice);
		(void)usleep(dice[0] * 60u);	/* somewhere within 15 ms */
		pid_t leader = leader_of(m);
		size_t victim = dice[1] % CROWD;
		for (size_t i = 0; i < CROWD; i++)
			if (c.child[i] == leader) {
				victim = i;
				leaders++;
			}
		kills += kill(c.child[victim], SIGKILL) == 0;
		int status;
		assert_int_equal(waitpid(c.child[victim], &status, 0), c.child[victim]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);	/* it had not given up by itself */
		c.child[victim] = child_start(&c);
		n = reports_read(&c, r, n);
	}
	size_t at_last = n;	/* and those who remain go on */
	for (unsigned tries = 0; n < at_last + 3 * CROWD && tries < 60000; tries++) {
		(void)usleep(1000);
		n = reports_read(&c, r, n);
	}
	assert_true(n >= at_last + 3 * CROWD);
	n = crowd_end(&c, r, n);
	assert_true(all_is_there(m, r, n) >= n);
	assert_true(kills > 0);
	print_message("# %u killed, %u of them as leaders; %zu entries confirmed\n", kills, leaders, n);
}

/* A leader that can write no more than a few pages: often enough for itself, seldom for those it serves. What it could not commit it may not confirm. */
_Noreturn static void lead_in_want(const struct book_made *m, const volatile int *stop, volatile unsigned *failures)
{
	char path[PATH_MAX + 16];
	struct book *b;
	struct err e;
	BOOK_MUST(book_open(&b, m->path, false, &e), &e);
	(void)snprintf(path, sizeof path, "%s/store.db-wal", m->path);
	(void)signal(SIGXFSZ, SIG_IGN);
	while (!*stop) {
		struct buf note;
		struct stat st;
		struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY }, few = all;
		uint16_t dice;
		crypto_random(&dice, sizeof dice);
		book_make_money(b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
		book_make_sign(&en, m->ada, &note, NULL);
		uint64_t pages = (stat(path, &st) == 0 ? (uint64_t)st.st_size / 4096u : 0) + 32;	/* the log begins again from time to time */
		few.rlim_cur = 4096u * (dice % pages);
		(void)setrlimit(RLIMIT_FSIZE, &few);
		int r = book_append_one(b, &note, NULL, &e);
		(void)setrlimit(RLIMIT_FSIZE, &all);
		*failures += r < 0;
		buf_done(&note);
	}
	_exit(0);
}

static void what_could_not_be_written_is_not_confirmed(void **state)
{
	struct book_made *m = *state;
	struct crowd c;
	static struct report r[REPORTS];
	size_t n = 0;
	volatile unsigned *failures = mmap(NULL, sizeof *failures, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	crowd_start(&c, m, 0);
	pid_t poor[4];
	for (size_t i = 0; i < 4; i++)
		if ((poor[i] = fork()) == 0)
			lead_in_want(m, c.stop, failures);
	for (unsigned tries = 0; (n < 1500 || *failures < 12) && tries < 20000; tries++) {
		(void)usleep(1000);
		n = reports_read(&c, r, n);
	}
	*c.stop = 1;
	for (size_t i = 0; i < 4; i++) {
		int status;
		assert_int_equal(waitpid(poor[i], &status, 0), poor[i]);
		assert_int_equal(status, 0);
	}
	n = crowd_end(&c, r, n);
	assert_true(all_is_there(m, r, n) >= n);
	print_message("# %u commits failed for want of room; %zu entries confirmed\n", *failures, n);
	assert_true(*failures > 0);
	(void)munmap((void *)failures, sizeof *failures);
}

/* Strangers */

static int queue_connect(const struct book_made *m)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (snprintf(a.sun_path, sizeof a.sun_path, "%s/book/queue", m->path) >= (int)sizeof a.sun_path)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

/* u32 items, then of each u32 length and bytes */
static void say(int fd, const uint32_t *words, size_t n, const void *bytes, size_t len)
{
	(void)send(fd, words, n * sizeof *words, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (len)
		(void)send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int is_not(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	const struct buf *forged = ctx;
	(void)e;
	if (len == forged->len && memcmp(bytes, forged->data, len) == 0)
		fail_msg("the forged one is entry %llu", (unsigned long long)index);
	return 0;
}

static void strangers_hold_nobody(void **state)
{
	struct book_made *m = *state;
	struct crowd c;
	static struct report r[REPORTS];
	static uint8_t noise[100000];
	enum { EACH = 60, HELD = 300 };
	int held[HELD];
	size_t n = 0, n_held = 0, kind = 0;
	uint64_t entries = 0, before;
	unsigned spoken = 0;
	struct err e;
	struct buf good, forged;
	BOOK_MUST(book_size(m->b, &before, &e), &e);
	for (unsigned i = 0; i < EACH; i++)
		entries += 1 + i % CHAIN;
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	book_make_sign(&en, m->ada, &good, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	book_make_sign(&en, m->ada, &forged, NULL);	/* another amount than was signed */
	char *amount = memmem(forged.data, forged.len, "amount: 1\n", 10);
	assert_non_null(amount);
	amount[8] = '9';
	assert_int_equal(book_append_one(m->b, &forged, NULL, &e), -1);	/* its own process says so */
	assert_int_equal(e.code, ERR_INVALID);
	const uint32_t one = 1, none = 0, many = 1024, more = 1025, most = UINT32_MAX;
	const struct { const uint32_t *items; uint32_t len; const void *bytes; size_t n; } words[] = {
		{ &one, 0, noise, 0 },	/* an entry of no bytes */
		{ &one, 100, noise, 100 },	/* a request that can be read, and no entry in it */
		{ &one, 100, noise, 10 },	/* half of one, and no more */
		{ &one, UINT32_MAX, noise, sizeof noise },
		{ &one, ENTRY_BYTES_MAX + 1, noise, sizeof noise },
		{ &one, ENTRY_BYTES_MAX, noise, sizeof noise },	/* and then some more */
		{ &none, 0, noise, 0 }, { &more, 1, noise, 1 }, { &most, 1, noise, 1 }, { &many, 0, noise, 0 },
		{ &one, (uint32_t)good.len, good.data, good.len },	/* a good one, by somebody who never asks for the answer */
		{ &one, (uint32_t)forged.len, forged.data, forged.len },	/* a forged one, by somebody who does not say that its signature was checked */
	};
	crypto_random(noise, sizeof noise);
	crowd_start(&c, m, EACH);
	while ((n = reports_read(&c, r, n)) < CROWD * entries - CROWD) {
		int fd = queue_connect(m);
		if (fd < 0) {
			(void)usleep(50);
			continue;
		}
		spoken++;
		size_t way = kind++ % (sizeof words / sizeof words[0] + 3);
		if (way < sizeof words / sizeof words[0]) {
			const uint32_t head[] = { *words[way].items, words[way].len };
			say(fd, head, *words[way].items ? 2 : 1, words[way].bytes, words[way].n);
		} else if (way == sizeof words / sizeof words[0]) {
			(void)send(fd, noise, sizeof noise, MSG_NOSIGNAL | MSG_DONTWAIT);
		} else if (way == sizeof words / sizeof words[0] + 1) {
			(void)send(fd, &one, 3, MSG_NOSIGNAL | MSG_DONTWAIT);
		}	/* else not a word */
		if (n_held == HELD)
			close(held[--n_held]);
		held[n_held++] = fd;
	}
	n = crowd_end(&c, r, n);
	while (n_held > 0)
		close(held[--n_held]);
	assert_int_equal(n, CROWD * entries);
	uint64_t is = all_is_there(m, r, n);
	assert_true(is == before + n || is == before + n + 1);	/* the good one goes in once, if somebody was there to hear it */
	assert_true(spoken > 20);
	print_message("# %u times somebody spoke to a leader\n", spoken);
	BOOK_MUST(book_entries(m->b, 0, is, is_not, &forged, &e), &e);
	buf_done(&good);
	buf_done(&forged);
}

/* Places */

static void work_together(struct book_made *m, const char *queue, unsigned *sightings)
{
	struct crowd c;
	static struct report r[REPORTS];
	uint64_t before;
	struct err e;
	size_t n = 0;
	BOOK_MUST(book_size(m->b, &before, &e), &e);
	crowd_start(&c, m, 24);
	while ((n = reports_read(&c, r, n)) < CROWD * 40) {
		struct stat st;
		*sightings += lstat(queue, &st) == 0 && S_ISSOCK(st.st_mode);
		(void)usleep(50);
	}
	n = crowd_end(&c, r, n);
	assert_int_equal(n, CROWD * 48);
	assert_int_equal(all_is_there(m, r, n), before + n);
}

/* A socket's name holds 108 bytes. */
static void a_home_may_lie_deep(void **state)
{
	struct book_made *m = *state;
	char top[PATH_MAX], queue[2 * PATH_MAX];
	unsigned sightings = 0;
	struct err e;
	struct book_made deep = *m;
	scratch_make(top);
	size_t n = (size_t)snprintf(deep.path, sizeof deep.path, "%s", top);
	while (n < 300)
		n += (size_t)snprintf(deep.path + n, sizeof deep.path - n, "/a-folder-in-a-folder");
	BOOK_MUST(os_dir_make(deep.path, 0700, &e), &e);
	BOOK_MUST(book_open(&deep.b, deep.path, true, &e), &e);
	BOOK_MUST(book_operator_open(deep.b, &deep.operator, &e), &e);
	book_make_identity(deep.b, &en, m->ada, "ada", "");
	(void)book_make_append(deep.b, &en, m->ada, NULL);
	book_make_identity(deep.b, &en, m->bob, "bob", "");
	(void)book_make_append(deep.b, &en, m->bob, NULL);
	book_make_money(deep.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->ada, 1000000);
	(void)book_make_append(deep.b, &en, deep.operator, NULL);
	(void)snprintf(queue, sizeof queue, "%s/book/queue", deep.path);
	work_together(&deep, queue, &sightings);
	assert_true(sightings > 0);
	assert_false(os_exists(queue));	/* the last one took it away */
	identity_free(deep.operator);
	book_close(deep.b);
	scratch_remove(top);
}

static void what_the_dead_left_is_in_nobodys_way(void **state)
{
	struct book_made *m = *state;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char dir[PATH_MAX + 16];
	unsigned sightings = 0, ignored = 0;
	(void)snprintf(dir, sizeof dir, "%s/book", m->path);
	assert_true(snprintf(a.sun_path, sizeof a.sun_path, "%s/queue", dir) < (int)sizeof a.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);	/* a socket that nobody listens on */
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	close(fd);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	(void)book_make_append(m->b, &en, m->ada, NULL);	/* alone */
	work_together(m, a.sun_path, &ignored);
	assert_false(os_exists(a.sun_path));
	scratch_file(dir, "queue", "no socket", 9);
	work_together(m, a.sun_path, &sightings);
	assert_true(sightings > 0);
	assert_int_equal(mkdir(a.sun_path, 0700), 0);	/* which no leader can take away: each then waits for the lock itself */
	work_together(m, a.sun_path, &ignored);
	assert_int_equal(rmdir(a.sun_path), 0);
}

/* Somebody who holds the book and sleeps: the others say so, after a while, and nothing of theirs has happened. */
static void a_leader_that_sleeps_is_named(void **state)
{
	struct book_made *m = *state;
	char path[PATH_MAX + 16];
	struct err e;
	uint64_t before, after;
	if (!getenv("LONG"))
		skip();	/* half a minute of waiting */
	BOOK_MUST(book_size(m->b, &before, &e), &e);
	(void)snprintf(path, sizeof path, "%s/book/lock", m->path);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	assert_true(snprintf(a.sun_path, sizeof a.sun_path, "%s/book/queue", m->path) < (int)sizeof a.sun_path);
	for (int listening = 0; listening < 2; listening++) {
		int s = -1;
		if (listening) {	/* as one that was stopped while it served: it would accept, and never does */
			s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
			assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof a), 0);
			assert_int_equal(listen(s, 10), 0);
		}
		book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
		assert_int_equal(book_make_try(m->b, &en, m->ada, NULL, NULL, &e), -1);
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		if (s >= 0)
			close(s);
	}
	close(fd);
	BOOK_MUST(book_size(m->b, &after, &e), &e);
	assert_int_equal(before, after);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	(void)book_make_append(m->b, &en, m->ada, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(eight_processes_append_at_once), TEST(killed_leaders_take_nothing_with_them), TEST(what_could_not_be_written_is_not_confirmed),
		TEST(strangers_hold_nobody), TEST(a_home_may_lie_deep),
		TEST(what_the_dead_left_is_in_nobodys_way), TEST(a_leader_that_sleeps_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
