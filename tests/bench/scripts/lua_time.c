/* lua_time SCRIPT [FILE …]: runs the script in the real box, as the body of a function over `files` (streams), and prints its processor time in
 * microseconds and what it returned.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "seal/crypto.h"
#include "worker.h"

#define FILES_MAX 4

static int fail(const char *what)
{
	(void)fprintf(stderr, "lua_time: %s\n", what);
	return 1;
}

static int keep(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

int main(int argc, char **argv)
{
	const char *build = getenv("BUILD");
	char enclave[512];
	struct buf body = BUF_INIT(MIB(4)), sealed = BUF_INIT(MIB(8));
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	struct box_input inputs[FILES_MAX];
	int fds[FILES_MAX];
	if (argc < 2 || argc > 2 + FILES_MAX)
		return fail("usage: lua_time SCRIPT [FILE …]");
	(void)snprintf(enclave, sizeof enclave, "%s/enclave", build ? build : "build");
	(void)buf_add_text(&body, "return function(task) local files = task.files local value = (function()\n", NULL);
	struct buf text = BUF_INIT(MIB(4));
	if (os_file_read(argv[1], &text, &e) < 0)
		return fail(e.msg);
	(void)buf_add(&body, text.data, text.len, NULL);
	(void)buf_add_text(&body, "\nend)() error(tostring(value), 0) end", NULL);
	struct box_file file = { { "main.lua", 8 }, { buf_text(&body), body.len } };
	struct box_request q = { .task = { "task", 4 }, .app_name = { "bench", 5 }, .app_version = { "1", 1 }, .entry = { "main.lua", 8 },
		.files = &file, .n_files = 1, .inputs = inputs, .memory = MIB(2048), .output = MIB(64), .cpu_ms = 120000, .n_recipients = 1, .logs = true };
	uint8_t secret[32];
	memset(secret, 7, sizeof secret);
	x25519_public(q.recipients[0], secret);
	for (int i = 2; i < argc; i++, q.n_inputs++) {
		struct stat st;
		fds[i - 2] = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fds[i - 2] < 0 || fstat(fds[i - 2], &st) < 0)
			return fail(argv[i]);
		char *name = argv[i] + (strrchr(argv[i], '/') ? strrchr(argv[i], '/') - argv[i] + 1 : 0);
		inputs[i - 2] = (struct box_input){ BOX_INPUT_FILE, { name, strlen(name) }, { name, strlen(name) }, (uint64_t)st.st_size };
	}
	if (box_zygote_start(&z, &(struct box_options){ .enclave = enclave }, &e) < 0)
		return fail(e.msg);
	struct box_outcome out;
	const struct box_task t = { .request = &q, .input_fds = fds, .wall_ms = 300000, .result = keep, .ctx = &sealed };
	if (box_run(z, &t, &out, &e) < 0)
		return fail(e.msg);
	box_zygote_stop(z);
	struct end end = { .outcome = out };
	result_open_with(&end, &sealed, secret);
	if (out.done.status != BOX_FAILED || !end.bundle)
		return fail("the script did not come to its end");
	printf("%llu %s\n", (unsigned long long)out.cpu_us, end.bundle->error);
	end_free(&end);
	return 0;
}
