/* --allow-missing-layer, and $ENCLUA_ALLOW_MISSING_LAYER: isolation layers that a command may do without. */
#ifndef ENCLUA_TOOLS_LAYERS_H
#define ENCLUA_TOOLS_LAYERS_H

#include "box/box.h"
#include "cli.h"

int layers_allowed(const struct args *a, uint32_t *allow_missing, struct err *e);

#endif
