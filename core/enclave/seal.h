/* The end of a task: the result bundle (core/form/FORMAT.md), sealed to the beneficiaries, and DONE. */
#ifndef ENCLUA_ENCLAVE_SEAL_H
#define ENCLUA_ENCLAVE_SEAL_H

#include "enclave/task.h"

struct failure { const char *message, *traceback; };	/* of a failed script; NULL when there is none */

/* Sends RESULT frames and DONE, and exits. failure is NULL for BOX_OK. */
_Noreturn void seal_and_end(struct task *t, enum box_status status, const struct failure *failure);
/* What a policy or a test says, as it is, and DONE. */
_Noreturn void answer_and_end(struct task *t, const char *answer, size_t len);
/* DONE alone. */
_Noreturn void end_without_result(struct task *t, enum box_status status, enum box_limit limit);

#endif
