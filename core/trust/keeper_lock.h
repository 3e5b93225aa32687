/* Rights of the keeper's process, given up for good before it answers anything: no network, no other program, no other process's memory, no file outside its own folder.
 */
#ifndef ENCLUA_TRUST_KEEPER_LOCK_H
#define ENCLUA_TRUST_KEEPER_LOCK_H

#include "base/err.h"

/* folder: what it may read and change. Landlock and seccomp; where the kernel has no Landlock, and `bare` allows that, seccomp alone. Descriptors that are open stay. */
int keeper_lock(const char *folder, int bare, struct err *e);

#endif
