/* The inside of the box, as its two halves see each other. main.c and lockdown.c make processes and take rights away; task.c and the rest
 * run Lua in what is left. After lock-down there is no malloc from the system, no clock, no randomness but what was drawn before: malloc,
 * free and the Lua allocator all live in regions mapped once, at fixed addresses, by the zygote.
 */
#ifndef ENCLUA_ENCLAVE_ENCLAVE_H
#define ENCLUA_ENCLAVE_ENCLAVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/boxwire.h"

/* Zygote, once: maps the regions, initialises the crypto library, builds the pristine Lua state that every task starts from. */
int enclave_prepare(void);
/* Zygote, when it has time and policies are asked: their state, which a task without it makes for itself. Makes no system call. */
int enclave_prepare_policy(void);
/* A spare, before it waits, once policies are asked: the pages of their state become its own while nobody waits for it. */
void enclave_own_policy(void);

/* What a task gets from the time before its lock-down. */
struct task_start {
	const uint8_t *request;	/* payload of the REQUEST frame, not yet parsed */
	size_t request_len;
	uint8_t box_secret[32], box_public[32];	/* fresh X25519 pair */
	uint8_t entropy[32];	/* seeds the generator for age's keys and nonces; never visible to Lua */
};

/* After lock-down. Sends KEY, reads RELEASE when the request says so, runs the iApp, sends RESULT and DONE, exits. Uses read and write on
 * BOX_CHANNEL_FD, pread64 on the inputs, exit_group; nothing else, ever. */
_Noreturn void task_main(const struct task_start *s);

#endif
