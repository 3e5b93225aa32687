/* The box's end of the channel: whole frames in, whole frames out. Small frames are gathered, so that a short task makes few system calls.
 * A channel that breaks ends the process: nobody is left to tell.
 */
#ifndef ENCLUA_ENCLAVE_CHANNEL_H
#define ENCLUA_ENCLAVE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/boxwire.h"

struct channel {
	int fd;
	size_t used;
	uint8_t out[KIB(72)];	/* larger than a sealed chunk and its frame header */
};

void channel_init(struct channel *c, int fd);
/* At most LIMIT_BOX_FRAME_BYTES. Written when the room is full or at channel_flush. */
void channel_add(struct channel *c, enum box_frame kind, const void *payload, size_t n);
void channel_add_frame(struct channel *c, const uint8_t *frame, size_t n);	/* header and payload, as boxwire encodes them */
void channel_flush(struct channel *c);
/* Flushes, then waits for one frame of this kind. The payload is the caller's to free. */
uint8_t *channel_take(struct channel *c, enum box_frame kind, uint32_t *len);
_Noreturn void channel_end(struct channel *c, int exit_status);	/* flushes and exits */

#endif
