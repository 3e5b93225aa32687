/* What the launcher and the zygote say to each other on the control socket (SOCK_SEQPACKET, descriptor 0 of the zygote): one message is
 * one of these structs, in this machine's own byte order, for both ends run here. No untrusted byte ever travels on it: tasks do not
 * have it. In time order:
 *   zygote → launcher   FAULT    instead of READY: which step of the start failed
 *   launcher → zygote   MAPPED   the user namespace has its ids; go on
 *   launcher → zygote   PROGRAM  the measurement is right; the descriptor beside it is what to run
 *   zygote → launcher   READY    from the measured program, once
 *   launcher → zygote   TASK     descriptors: channel, inputs …, report
 *   launcher → zygote   KILL     a task, by its serial number
 * A task's end is a struct boxctl_report on its own report socket.
 *
 * An end may overtake what came before it: when the far side sends and closes at once, Linux can find the queue of a SOCK_SEQPACKET
 * socket empty, then see that the far side is closed, and say "end" with the message lying there. Whoever reads a last message from
 * one asks again after an end.
 */
#ifndef ENCLUA_BASE_BOXCTL_H
#define ENCLUA_BASE_BOXCTL_H

#include <stdint.h>

#include "base/limits.h"

#define BOXCTL_VERSION 3u	/* 2: a request says of which kind its task is; 3: may bound its steps, and what its noise may cost */
#define BOXCTL_FD 0

enum boxctl_kind { BOXCTL_FAULT = 1, BOXCTL_MAPPED, BOXCTL_PROGRAM, BOXCTL_READY, BOXCTL_TASK, BOXCTL_KILL };

struct boxctl {
	uint32_t kind;
	union {
		struct { int32_t errnum; char step[40]; } fault;	/* step: static text, NUL at the end */
		struct { uint32_t version, landlock_abi; } ready;	/* abi 0: this kernel has no Landlock */
		struct { uint64_t serial, cpu_ms; uint32_t n_inputs, rights, policy; } task;	/* rights: enum boxctl_right, or-ed; policy: 1, more of
			its kind are likely */
		struct { uint64_t serial; } kill;
	} u;
};

/* What a task needs beside writing to its channel. The filter is chosen by these bits. */
enum boxctl_right { BOXCTL_READ_CHANNEL = 1, BOXCTL_READ_INPUTS = 2, BOXCTL_RIGHTS_COUNT = 4 };

struct boxctl_report {
	uint64_t serial;
	int32_t status;	/* as wait() has it */
	uint32_t never_ran;	/* an errno: the zygote could not fork */
	uint64_t cpu_us, memory_peak_kib;
};

#define BOXCTL_FDS_MAX (LIMIT_BOX_DATASETS + LIMIT_BOX_FILES + 2u)
static_assert(BOXCTL_FDS_MAX <= 253, "SCM_RIGHTS carries 253 descriptors");

#endif
