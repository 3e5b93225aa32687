/* What a task fetches from the world while it still can: randomness, its terms and descriptors, and its request. */
#ifndef ENCLUA_ENCLAVE_FETCH_H
#define ENCLUA_ENCLAVE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "enclave/lockdown.h"

/* Whether a message brought exactly n descriptors, and they landed at 3, 4, … in order: a task finds them by
 * number. */
bool fetch_descriptors_right(struct msghdr *h, size_t n);

int fetch_keys(struct lock *k);	/* steps of the lock-down: 0, or -1 with errno */
int fetch_task(struct lock *k);	/* waits for it */
int fetch_request(struct lock *k);

#endif
