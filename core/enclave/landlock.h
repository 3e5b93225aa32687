/* Landlock: everything it can deny, denied. Its numbers stand here because the headers of the system that
 * builds may be older than the kernel that runs. */
#ifndef ENCLUA_ENCLAVE_LANDLOCK_H
#define ENCLUA_ENCLAVE_LANDLOCK_H

#include <stdint.h>

uint32_t landlock_abi(void);	/* of this kernel; 0: it has none */
int landlock_ruleset(uint32_t abi);	/* a new descriptor with no rule in it, or -1 with errno */
int landlock_restrict(int ruleset);	/* this process, for good; needs no-new-privs */

#endif
