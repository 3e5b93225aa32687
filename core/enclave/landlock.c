/* Three system calls and the table of what each version of Landlock can deny. A ruleset that handles a right
 * and holds no rule denies it. */
#include "enclave/landlock.h"

#include <stddef.h>
#include <unistd.h>

#define SYS_LANDLOCK_CREATE_RULESET 444
#define SYS_LANDLOCK_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1u

struct ruleset { uint64_t fs, net, scoped; };

/* Row i is ABI i + 1. A later ABI than the last row's denies at least what that row says. */
static const struct { size_t size; struct ruleset attr; } deny_all[] = {
	{ 8, { 0x1fff, 0, 0 } },	/* 1: execute, read, write, make and remove of every kind; ptrace of the outside */
	{ 8, { 0x3fff, 0, 0 } },	/* 2: + refer */
	{ 8, { 0x7fff, 0, 0 } },	/* 3: + truncate */
	{ 16, { 0x7fff, 3, 0 } },	/* 4: + TCP bind, connect */
	{ 16, { 0xffff, 3, 0 } },	/* 5: + ioctl of devices */
	{ 24, { 0xffff, 3, 3 } },	/* 6: + scopes: abstract unix sockets, signals */
};
#define ROWS (sizeof deny_all / sizeof *deny_all)

uint32_t landlock_abi(void)
{
	long abi = syscall(SYS_LANDLOCK_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	return abi > 0 ? (uint32_t)abi : 0;
}

int landlock_ruleset(uint32_t abi)
{
	size_t row = abi < ROWS ? abi - 1 : ROWS - 1;
	return (int)syscall(SYS_LANDLOCK_CREATE_RULESET, &deny_all[row].attr, deny_all[row].size, 0);
}

int landlock_restrict(int ruleset)
{
	return (int)syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0);
}
