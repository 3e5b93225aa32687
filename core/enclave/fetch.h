/* What a task fetches from the world while it still can: randomness and its request. */
#ifndef ENCLUA_ENCLAVE_FETCH_H
#define ENCLUA_ENCLAVE_FETCH_H

#include "enclave/lockdown.h"

int fetch_keys(struct lock *k);	/* steps of the lock-down: 0, or -1 with errno */
int fetch_request(struct lock *k);

#endif
