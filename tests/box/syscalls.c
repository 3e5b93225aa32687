/* Every system call number in each of the machine's three ABIs, after a full lock-down, each in a task of its own:
 * SIGSYS, but for the four that the filter allows on their descriptors, and for two numbers that newer kernels let
 * by before any filter (uretprobe and uprobe; they do nothing outside a trampoline that the kernel made). The
 * filter is the one that core/box/mkfilter.c generated for the build.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "outside.h"

#define NUMBERS 512
#define X32 0x40000000l

enum { CALL_READ = 0, CALL_WRITE = 1, CALL_PREAD64 = 17, CALL_EXIT_GROUP = 231, CALL_URETPROBE = 335, CALL_UPROBE = 336 };

static struct reply call(struct box_zygote *z, const char *how, long number, long first, bool all_rights)
{
	char argument[64];
	struct reply r;
	(void)snprintf(argument, sizeof argument, "%ld %ld", number, first);
	attack_run(z, &(struct attack){ .mask = LOCK_ALL, .name = how, .argument = argument, .all_rights = all_rights }, &r);
	return r;
}

static int signal_of(struct box_zygote *z, const char *how, long number, long first, bool all_rights)
{
	return call(z, how, number, first, all_rights).outcome.signal;
}

static bool works(struct box_zygote *z, long number, long first, bool all_rights)
{
	struct reply r = call(z, "syscall", number, first, all_rights);
	return r.outcome.done.status == BOX_OK && strcmp(r.text, "worked") == 0;
}

/* How many numbers did not end by SIGSYS, among those that must. */
static unsigned sweep(struct box_zygote *z, const char *how, long base, long first, bool all_rights, const long *free, size_t n_free)
{
	unsigned wrong = 0;
	for (long number = 0; number < NUMBERS; number++) {
		size_t i = 0;
		while (i < n_free && free[i] != number)
			i++;
		if (i < n_free)
			continue;
		int signal = signal_of(z, how, base + number, first, all_rights);
		if (signal != SIGSYS) {
			printf("# %s %ld (first argument %ld) ended by signal %d\n", how, base + number, first, signal);
			wrong++;
		}
	}
	return wrong;
}

int main(void)
{
	static const long always[] = { CALL_EXIT_GROUP, CALL_URETPROBE, CALL_UPROBE };
	static const long on_channel[] = { CALL_EXIT_GROUP, CALL_URETPROBE, CALL_UPROBE, CALL_WRITE };
	static const long on_channel_all[] = { CALL_EXIT_GROUP, CALL_URETPROBE, CALL_UPROBE, CALL_WRITE, CALL_READ };
	static const long on_input_all[] = { CALL_EXIT_GROUP, CALL_URETPROBE, CALL_UPROBE, CALL_PREAD64 };
	struct box_zygote *z = zygote_with("attacker", LAYERS_ALL);
	tap(sweep(z, "syscall", 0, 0, false, always, 3) == 0, "x86-64: 512 numbers with descriptor 0");
	tap(sweep(z, "syscall", 0, 3, false, on_channel, 4) == 0, "x86-64: 512 numbers on the channel");
	tap(sweep(z, "syscall", 0, 3, true, on_channel_all, 5) == 0, "x86-64: the same with every right that a task can have");
	tap(sweep(z, "syscall", 0, 4, true, on_input_all, 4) == 0, "x86-64: 512 numbers on an input");
	tap(sweep(z, "syscall", X32, 0, true, NULL, 0) == 0, "x32: 512 numbers");
	tap(sweep(z, "int80", 0, 3, true, NULL, 0) == 0, "i386 by int 0x80: 512 numbers");
	tap(works(z, CALL_WRITE, 3, false), "write on the channel is let through");
	tap(works(z, CALL_PREAD64, 4, true), "pread64 on an input is let through when there is one");
	tap(signal_of(z, "syscall", CALL_PREAD64, 4, false) == SIGSYS, "and not when there is none");
	tap(signal_of(z, "syscall", CALL_PREAD64, 256, true) == SIGSYS, "nor past the last input");
	tap(signal_of(z, "syscall", CALL_READ, 3, false) == SIGSYS, "read is not there for a task without keys to receive");
	tap(signal_of(z, "syscall", CALL_WRITE, (1l << 32) + 3, true) == SIGSYS, "a descriptor with high bits is not the channel");
	tap(signal_of(z, "syscall", -1, 0, true) == SIGSYS, "number -1");
	tap(signal_of(z, "vsyscall", 0, 0, true) != 0, "the vsyscall page gives no time");
	box_zygote_stop(z);
	return tap_end();
}
