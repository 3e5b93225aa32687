/* What a bulk does, kept in its folder as bulk.json from before the first deal on: which data go into which task, under which grants, and the task once there is one. So the
 * same command goes on where it stopped, and comes to the same slices whatever was granted or revoked since.
 */
#ifndef ENCLUA_TOOLS_RUN_PLAN_H
#define ENCLUA_TOOLS_RUN_PLAN_H

#include "run_task.h"

struct run_slice { size_t first, n; char task[ID_TEXT]; };	/* of items; task: "" before there is one */
struct run_left { char data[ID_TEXT], grant[ID_TEXT]; const char *why; };	/* asked for and not taken; grant: the last that was seen, or "" */

struct run_plan {
	uint8_t asked[32];	/* hash of what was typed: another command is another bulk */
	struct run_item *items;
	size_t n_items;
	struct run_left *left;	/* not kept in the file: it tells of the moment when the data were looked for */
	size_t n_left;
	struct run_slice *slices;
	size_t n_slices;
};

int run_plan_cut(struct run_plan *p, size_t per_task, struct err *e);	/* items into slices */
/* 1: there, and of the same command; 0: none; ERR_CONFLICT: of another one. */
int run_plan_read(struct run_plan *p, const char *dir, struct err *e);
int run_plan_write(const struct run_plan *p, const char *dir, struct err *e);	/* whole or not at all; makes the folder */
void run_plan_done(struct run_plan *p);

#endif
