/* The input of a stream: a descriptor (file, pipe, socket) that may be armored, and the header at its front. It holds only small
 * buffers and no pointers, so that it can lie in memory shared by the processes that read from it in turn.
 */
#ifndef ENCLUA_SEAL_AGE_INPUT_H
#define ENCLUA_SEAL_AGE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/age_armor.h"

#define AGE_INPUT_STEP 4096u

struct age_input {
	int fd;
	bool armored, ended;
	struct age_armor armor;
	size_t at, len;	/* what is ready: bytes at … len */
	uint8_t ready[AGE_INPUT_STEP + AGE_ARMOR_COLUMNS];	/* a step as it is, or a step of armor decoded */
};

void age_input_init(struct age_input *in, int fd);	/* plain bytes */
int age_input_sniff(struct age_input *in, struct err *e);	/* looks whether it is armored; before the first read */

/* Reads until n bytes or the end. When it fails, *got bytes were read before the error. */
int age_input_read(struct age_input *in, uint8_t *out, size_t n, size_t *got, struct err *e);

/* Appends the header, from the version line to the line of the HMAC, and leaves what follows. Looks only for its end. */
int age_input_header(struct age_input *in, struct buf *header, struct err *e);

#endif
