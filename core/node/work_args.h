/* Shared by work_check.c and work.c: which declared argument a given one is. */
#ifndef ENCLUA_NODE_WORK_ARGS_H
#define ENCLUA_NODE_WORK_ARGS_H

#include "node/work.h"

int work_arg_index(const struct work *w, size_t i, size_t *declared, struct err *e);

#endif
