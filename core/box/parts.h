/* What the launcher's own files share. Outside core/box nobody includes this. */
#ifndef ENCLUA_BOX_PARTS_H
#define ENCLUA_BOX_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/boxctl.h"
#include "base/err.h"
#include "box/box.h"

#define LAYER_BIT(id) (1u << BOX_LAYER_##id)
#define LAYERS_ALL ((1u << BOX_LAYER_COUNT) - 1u)

/* layers.c: the namespaces, made by the child that becomes the zygote. */
pid_t layers_clone(uint32_t layers, unsigned long more);	/* as fork; the child can be given its maps even where the caller is not dumpable */
int layers_map_ids(pid_t child, struct err *e);	/* by the parent, when user_ns is among the layers */
const char *layers_enter(uint32_t layers);	/* by the child; NULL, or the step that failed, with errno */

/* measure.c: the program in a sealed memfd, and the SHA-256 of what the memfd holds. */
int measure_program(const char *path, int *memfd, uint8_t digest[static 32], struct err *e);

/* zygote.c */
struct box_zygote {
	pid_t pid;
	int control;	/* SOCK_SEQPACKET */
	uint64_t serial;	/* of the last task */
	uint32_t missing;	/* layers */
	uint8_t measurement[32];
};
/* box_zygote_start with the layers chosen by the caller. */
int zygote_start(struct box_zygote **out, const struct box_options *o, uint32_t layers, struct err *e);
int zygote_task(struct box_zygote *z, const struct boxctl *task, const int *fds, size_t n_fds, struct err *e);
void zygote_kill(struct box_zygote *z, uint64_t serial);	/* one task */
int zygote_gone(struct box_zygote *z, struct err *e);	/* the error for a zygote that ended on its own; -1 */
void zygote_end(struct box_zygote *z);	/* itself, and so every task of it */

#endif
