/* Build-time program: lets libseccomp write the filters of the box as C arrays, so that a task installs one with a
 * single system call and the bytes of the filter are part of the enclave's measurement. `mkfilter --table` prints
 * the same rules for people. One filter for each set of rights (boxctl.h): a task gets the least that it needs.
 */
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/boxctl.h"
#include "base/boxwire.h"
#include <linux/filter.h>

/* A call is allowed when (first argument & mask) == value; mask 0 allows any. libseccomp compares all 64 bits. */
struct rule { int call; const char *name; uint64_t mask, value; unsigned right; const char *on, *why; };

#define EXACTLY UINT64_MAX
#define RANGE(from) { SCMP_SYS(pread64), "pread64", ~(uint64_t)((from) - 1), (from), BOXCTL_READ_INPUTS, "its inputs, 4 … 255", \
	"sealed data is decrypted in the box, chunk by chunk" }

static const struct rule rules[] = {
	{ SCMP_SYS(write), "write", EXACTLY, BOX_CHANNEL_FD, 0, "its channel, 3", "frames to the worker" },
	{ SCMP_SYS(exit_group), "exit_group", 0, 0, 0, "", "the end" },
	{ SCMP_SYS(read), "read", EXACTLY, BOX_CHANNEL_FD, BOXCTL_READ_CHANNEL, "its channel, 3", "keys that the keeper releases" },
	/* 4 … 255 as ranges that start at a power of two and are as long */
	RANGE(4), RANGE(8), RANGE(16), RANGE(32), RANGE(64), RANGE(128),
};
#define N_RULES (sizeof rules / sizeof *rules)
static_assert(BOX_FIRST_INPUT_FD == 4 && BOX_FIRST_INPUT_FD + LIMIT_BOX_FDS == 256, "the ranges above are 4 … 255");

static int fail(const char *what)
{
	fprintf(stderr, "mkfilter: %s failed\n", what);
	return -1;
}

static int rule_add(scmp_filter_ctx f, const struct rule *r)
{
	if (r->mask == 0)
		return seccomp_rule_add_exact(f, SCMP_ACT_ALLOW, r->call, 0);
	if (r->mask == EXACTLY)
		return seccomp_rule_add_exact(f, SCMP_ACT_ALLOW, r->call, 1, SCMP_A0(SCMP_CMP_EQ, r->value, 0));
	return seccomp_rule_add_exact(f, SCMP_ACT_ALLOW, r->call, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, r->mask, r->value));
}

/* The other ABIs of the machine, x32 and i386, are no architecture of this filter: libseccomp kills them before
 * it looks at a number. */
static int filter_build(scmp_filter_ctx f, unsigned rights)
{
	if (seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0)
		return fail("the action for other ABIs");
	for (size_t i = 0; i < N_RULES; i++)
		if ((rules[i].right & ~rights) == 0 && rule_add(f, &rules[i]) < 0)
			return fail(rules[i].name);
	return 0;
}

static int filter_print(unsigned rights)
{
	struct sock_filter code[512];
	int fd = memfd_create("filter", 0), r = -1;
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (fd < 0 || !f || filter_build(f, rights) < 0)
		goto out;
	ssize_t n = seccomp_export_bpf(f, fd) < 0 ? -1 : pread(fd, code, sizeof code, 0);
	if (n <= 0 || (size_t)n == sizeof code) {
		fail("export");
		goto out;
	}
	printf("static struct sock_filter box_filter_%u[] = {\n", rights);
	for (size_t i = 0; i < (size_t)n / sizeof *code; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
	printf("};\n");
	r = 0;
out:
	if (f)
		seccomp_release(f);
	if (fd >= 0)
		close(fd);
	return r;
}

static int header_print(void)
{
	printf("/* Made by core/box/mkfilter.c from libseccomp. Index: enum boxctl_right, or-ed. Include linux/filter.h before. */\n");
	for (unsigned rights = 0; rights < BOXCTL_RIGHTS_COUNT; rights++)
		if (filter_print(rights) < 0)
			return 1;
	printf("static const struct sock_fprog box_filters[] = {\n");
	for (unsigned rights = 0; rights < BOXCTL_RIGHTS_COUNT; rights++)
		printf("\t{ sizeof box_filter_%u / sizeof *box_filter_%u, box_filter_%u },\n", rights, rights, rights);
	printf("};\n");
	return 0;
}

static int table_print(void)
{
	static const char *const when[] = { "always", "when keys or secrets are released to it", "when it has inputs" };
	printf("| call | on | when | why |\n|---|---|---|---|\n");
	for (size_t i = 0; i < N_RULES; i++)
		if (i == 0 || rules[i].call != rules[i - 1].call)
			printf("| %s | %s | %s | %s |\n", rules[i].name, rules[i].on, when[rules[i].right], rules[i].why);
	return 0;
}

int main(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--table") == 0 ? table_print() : header_print();
}
