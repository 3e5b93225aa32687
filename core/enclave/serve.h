/* The zygote's life: one message, one fork. The fork reads its request, locks itself down and becomes task_main(). */
#ifndef ENCLUA_ENCLAVE_SERVE_H
#define ENCLUA_ENCLAVE_SERVE_H

#include "enclave/lockdown.h"

/* Gives up what the zygote list says, prepares, answers READY and serves until the control socket closes.
 * Returns an exit status. */
int serve(const struct lock_step *zygote_steps, const struct lock_step *task_steps);

#endif
