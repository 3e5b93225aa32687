/* box_run without a box: a fork of this process becomes the task, with the limits that are easy to have and no lock-down. */
#ifndef ENCLUA_TESTS_INSIDE_H
#define ENCLUA_TESTS_INSIDE_H

#include "box/box.h"

int inside_run(const struct box_task *t, struct box_outcome *out, struct err *e);

#endif
