/* Times a box against its peers: each round does every side once, so that a slow moment of the machine hits all
 * alike. `box_time cold` is one side: a whole command that starts a zygote and runs one task.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "bench/sealed.h"
#include "box/box.h"
#include "seal/crypto.h"

#define ROUNDS_MAX 400u	/* and as many are done, unless the environment's ROUNDS says fewer */
#define RATE_US 2000000u

static const char script[] = "return function(task) task.result:write('hello.txt', 'hello\\n') end\n";

static const char reader[] = "return function(task) task.result:write('text', task.data:get('text', 'string')) end\n";

struct bench { struct box_zygote *z; void *lua; char self[4096], hello[64]; struct sealed *data; };

static void fail(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e ? e->msg : "failed");
	exit(1);
}

static struct box_zygote *zygote(void)
{
	char path[4096];
	const char *build = getenv("BUILD");
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path };
	if (box_zygote_start(&z, &o, &e) < 0)
		fail("start", &e);
	return z;
}

static void task(struct box_zygote *z, struct sealed *data)
{
	struct box_file files[] = { { { "main.lua", 8 }, { data ? reader : script, data ? sizeof reader - 1 : sizeof script - 1 } } };
	struct box_input inputs[] = { { BOX_INPUT_DATA, { "d", 1 }, { "d", 1 }, data ? data->len : 0 } };
	struct box_request q = { .task = { "t", 1 }, .app_name = { "hello", 5 }, .app_version = { "1.0.0", 5 }, .entry = { "main.lua", 8 },
		.memory = MIB(64), .output = MIB(1), .cpu_ms = 5000, .n_recipients = 1, .files = files, .n_files = 1,
		.inputs = inputs, .n_inputs = data ? 1 : 0 };
	const struct box_task t = { .request = &q, .wall_ms = 10000, .result = sealed_result_drop, .input_fds = data ? &data->fd : NULL,
		.release = data ? sealed_release : NULL, .ctx = data };
	struct box_outcome out;
	struct err e = { .code = ERR_NONE };
	x25519_public(q.recipients[0], (const uint8_t[32]){ 1 });
	if (box_run(z, &t, &out, &e) < 0)
		fail("task", &e);
	if (out.done.status != BOX_OK) {
		fprintf(stderr, "task: status %d limit %d signal %d %s\n", out.done.status, out.done.limit, out.signal, out.alarm ? out.alarm : "");
		exit(1);
	}
}

static void side_warm(struct bench *b)
{
	task(b->z, NULL);
}

static void side_warm_data(struct bench *b)
{
	task(b->z, b->data);
}

static void side_fork(struct bench *b)
{
	(void)b;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
}

/* A fresh state of the system's Lua in a fork, with nothing around it. */
static void side_fork_lua(struct bench *b)
{
	if (!b->lua)
		return;
	void *(*newstate)(void) = (void *(*)(void))dlsym(b->lua, "luaL_newstate");
	void (*openlibs)(void *) = (void (*)(void *))dlsym(b->lua, "luaL_openlibs");
	int (*loadstring)(void *, const char *) = (int (*)(void *, const char *))dlsym(b->lua, "luaL_loadstring");
	int (*pcallk)(void *, int, int, int, long, void *) = (int (*)(void *, int, int, int, long, void *))dlsym(b->lua, "lua_pcallk");
	pid_t pid = fork();
	if (pid == 0) {
		void *l = newstate();
		openlibs(l);
		_exit(loadstring(l, "return 'hello'") || pcallk(l, 0, 1, 0, 0, NULL));
	}
	(void)waitpid(pid, NULL, 0);
}

static void command(char *const argv[])
{
	extern char **environ;
	posix_spawn_file_actions_t quiet;
	pid_t pid;
	int status = -1;
	(void)posix_spawn_file_actions_init(&quiet);
	(void)posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) == 0)
		(void)waitpid(pid, &status, 0);
	(void)posix_spawn_file_actions_destroy(&quiet);
	if (status != 0) {
		fprintf(stderr, "%s failed\n", argv[0]);
		exit(1);
	}
}

static void side_cold(struct bench *b)
{
	char cold[] = "cold";
	command((char *[]){ b->self, cold, NULL });
}

static void side_lua(struct bench *b)
{
	char lua[] = "lua5.4";
	command((char *[]){ lua, b->hello, NULL });
}

static void side_bwrap(struct bench *b)
{
	char bwrap[] = "bwrap", all[] = "--unshare-all", bind[] = "--ro-bind", root[] = "/", again[] = "/", lua[] = "lua5.4";
	command((char *[]){ bwrap, all, bind, root, again, lua, b->hello, NULL });
}

static const struct { const char *name; void (*run)(struct bench *b); } sides[] = {
	{ "warm task in a box", side_warm },
	{ "warm task in a box, again (A/A)", side_warm },
	{ "warm task on 1 KiB of sealed data, key released to it", side_warm_data },
	{ "fork + exit", side_fork },
	{ "fork + a state of liblua5.4, unprotected", side_fork_lua },
	{ "one cold command: start, one task, end", side_cold },
	{ "lua5.4 hello.lua", side_lua },
	{ "bwrap --unshare-all --ro-bind / / lua5.4 hello.lua", side_bwrap },
};
#define N_SIDES (sizeof sides / sizeof *sides)

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static size_t side_index(void (*run)(struct bench *b))
{
	size_t i = 0;
	while (sides[i].run != run)
		i++;
	return i;
}

static void latencies(struct bench *b)
{
	static uint32_t us[N_SIDES][ROUNDS_MAX];
	const char *few = getenv("ROUNDS");
	const unsigned long asked = few ? strtoul(few, NULL, 10) : 0;
	const unsigned rounds = asked && asked < ROUNDS_MAX ? (unsigned)asked : ROUNDS_MAX;
	for (size_t round = 0; round < rounds; round++)
		for (size_t k = 0; k < N_SIDES; k++) {
			size_t i = (k + round) % N_SIDES;	/* nobody always runs after the heaviest */
			uint64_t begun = os_now_us();
			sides[i].run(b);
			us[i][round] = (uint32_t)(os_now_us() - begun);
		}
	for (size_t i = 0; i < N_SIDES; i++)
		qsort(us[i], rounds, sizeof **us, compare);
	const double lua = us[side_index(side_lua)][rounds / 2], fork_lua = us[side_index(side_fork_lua)][rounds / 2];
	for (size_t i = 0; i < N_SIDES; i++)
		printf("%-56s n %u  median %5u us  (%u–%u)  %5.2f x lua5.4  %5.2f x fork+Lua\n", sides[i].name, rounds, us[i][rounds / 2], us[i][0],
			us[i][rounds - 1], us[i][rounds / 2] / lua, us[i][rounds / 2] / fork_lua);
}

/* How often a side runs per second, on as many processes as processors. */
static double rate(struct bench *b, void (*run)(struct bench *), unsigned processes)
{
	uint64_t *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[8];
	if (count == MAP_FAILED)
		return 0;
	for (unsigned i = 0; i < processes; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		(void)sched_setaffinity(0, sizeof set, &set);
		struct bench mine = *b;
		mine.z = zygote();
		uint64_t until = os_now_us() + RATE_US;
		while (os_now_us() < until) {
			run(&mine);
			count[i]++;
		}
		box_zygote_stop(mine.z);
		_exit(0);
	}
	uint64_t sum = 0;
	for (unsigned i = 0; i < processes; i++) {
		(void)waitpid(pids[i], NULL, 0);
		sum += count[i];
	}
	munmap(count, 4096);
	return (double)sum * 1e6 / RATE_US;
}

static void rates(struct bench *b)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	for (unsigned n = 1; n <= 2 && n <= processors; n++) {
		double box = rate(b, side_warm, n), lua = b->lua ? rate(b, side_fork_lua, n) : 0, bare = rate(b, side_fork, n);
		printf("tasks per second on %u processor%s: box %.0f, fork+Lua unprotected %.0f (ratio %.2f), fork+exit %.0f (ratio %.2f)\n", n,
			n == 1 ? "" : "s", box, lua, lua > 0 ? box / lua : 0, bare, box / bare);
	}
}

static void hello_write(struct bench *b)
{
	(void)snprintf(b->hello, sizeof b->hello, "/tmp/enclua-hello-%d.lua", (int)getpid());
	FILE *f = fopen(b->hello, "w");
	if (!f || fputs("print 'hello'\n", f) < 0 || fclose(f) != 0)
		fail("hello.lua", NULL);
}

int main(int argc, char **argv)
{
	static struct bench b;
	if (crypto_init(NULL) < 0)
		return 1;
	if (argc == 2 && strcmp(argv[1], "cold") == 0) {
		b.z = zygote();
		task(b.z, NULL);
		box_zygote_stop(b.z);
		return 0;
	}
	ssize_t n = readlink("/proc/self/exe", b.self, sizeof b.self - 1);
	if (n <= 0)
		return 1;
	b.lua = dlopen("liblua5.4.so.0", RTLD_NOW);
	static struct sealed data;
	struct err e = { .code = ERR_NONE };
	if (sealed_make(&data, &e) < 0)
		fail("data", &e);
	b.data = &data;
	b.z = zygote();
	hello_write(&b);
	latencies(&b);
	box_zygote_stop(b.z);
	rates(&b);
	(void)unlink(b.hello);
	return 0;
}
