/* The keeper's process: it alone has the key that data and secrets are sealed to. It believes nobody: it follows the book by a replica of its own, in which every signature and
 * every rule is checked again (host/replica.h); it asks policies in boxes of its own; and it lets a key go only to the key of a box, under an entry of the book that says so.
 * The five checks are TRUST.md's; the code at the beginning of a refusal says which one did not hold.
 *
 *	1	evidence-…	fresh, sound, about this box, of the level that was demanded, of an enclave program that is accepted
 *	2	task-…		deal and task are in the book, active, in time, the worker was sent
 *	3	release-…	the grant is not revoked, ended, used up or given away; its purpose admits the request's
 *	4	policy-denied, budget-…	the owner's policy permits, and there is budget to reserve
 *	5	release-twice	no key went to this worker since it was sent to the task
 */
#ifndef ENCLUA_TRUST_KEEPER_SERVE_H
#define ENCLUA_TRUST_KEEPER_SERVE_H

#include "box/box.h"

#define KEEPER_FOLDER "keeper"	/* in the home: replica, references, socket */
#define KEEPER_SOCKET "socket"
#define KEEPER_CONNECTIONS 256u

struct keeper_service {
	const char *home;	/* <home>/keeper.key, <home>/keeper/ */
	const uint8_t *measurement;	/* 32 bytes: the enclave program that was built with this keeper; others must be in <home>/keeper/references */
	struct box_zygote *policies;	/* NULL: it cannot ask policies, and says so */
	int bare;	/* goes on where the kernel has no Landlock */
};
/* One keeper serves all of a home: whoever is the second is told ERR_CONFLICT, and his asker goes to the first. It locks itself down, then answers those who come to
 * <home>/keeper/socket, and the one who started it through `first`, until the last of them has gone: 0. −1: it could not begin, or its own store failed. */
int keeper_serve(int first, const struct keeper_service *o, struct err *e);

#endif
