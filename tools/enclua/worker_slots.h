/* The processes of `worker run`: see worker_slots.c. */
#ifndef ENCLUA_TOOLS_WORKER_SLOTS_H
#define ENCLUA_TOOLS_WORKER_SLOTS_H

#include "cli.h"
#include "node/worker.h"

#define SLOTS_MAX 64u

struct slots {
	const char *home;
	struct identity *identity;	/* who works, or NULL: scheduler only */
	struct identity *owners[WORKER_OWNERS];
	size_t n_owners;
	char pool[MARKET_NAME];	/* "": any */
	unsigned n;
	uint32_t allow_missing;
	bool once;
	uint64_t idle_exit_us;	/* 0: never */
	bool quiet;
};
/* Starts them, starts again those that die, and ends when all have ended. ran: how many boxes. */
int slots_run(const struct slots *all, uint64_t *ran, struct err *e);

#endif
