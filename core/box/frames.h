/* The rules for what a box may say, apart from sockets and processes: bytes in, events out. A box is hostile;
 * one wrong byte is the end. */
#ifndef ENCLUA_BOX_FRAMES_H
#define ENCLUA_BOX_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/boxwire.h"

enum frames_stage { FRAMES_BEFORE_KEY, FRAMES_RUNNING, FRAMES_DONE };

struct frames {
	enum frames_stage stage;
	uint64_t sealed, sealed_max;	/* RESULT bytes so far, and the most that the output limit can come to */
	uint64_t output_max;	/* the task's output limit: plaintext */
	uint32_t n_progress;
	bool callback;	/* the task was asked for one */
	uint8_t callback_bytes[LIMIT_CALLBACK_BYTES];
	size_t callback_len;
	struct box_done done;	/* valid in FRAMES_DONE */
};

struct frame { enum box_frame kind; const uint8_t *payload; uint32_t len; double fraction; };	/* fraction: of PROGRESS */

enum frames_verdict { FRAMES_MORE, FRAMES_ONE, FRAMES_OVER_LIMIT, FRAMES_WRONG };

void frames_init(struct frames *f, uint64_t output_limit);

/* Takes one frame off the front of bytes. ONE: out is filled, *used says how much to drop. MORE: incomplete.
 * WRONG: *why is a text that does not change. OVER_LIMIT: the output limit. */
enum frames_verdict frames_next(struct frames *f, const uint8_t *bytes, size_t n, struct frame *out, size_t *used, const char **why);

#endif
