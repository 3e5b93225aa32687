/* A growable byte buffer with a ceiling. Every buffer names its limit when it is made, so that no input can make the
 * program grow without bound. The bytes are wiped when the buffer goes: a buffer may hold a secret.
 */
#ifndef ENCLUA_BASE_BUF_H
#define ENCLUA_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
	uint8_t *data;	/* NULL while empty; always followed by one NUL that len does not count */
	size_t len, cap;
	size_t max;	/* ceiling of len; passing it is ERR_LIMIT */
};

#define BUF_INIT(limit) { .data = NULL, .len = 0, .cap = 0, .max = (limit) }

int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e);
int buf_add_text(struct buf *b, const char *text, struct err *e);
int buf_addf(struct buf *b, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int buf_add_zero(struct buf *b, size_t n, struct err *e);

/* Room for n more bytes at data + len; the caller writes them and adds to len itself. */
int buf_reserve(struct buf *b, size_t n, struct err *e);

const char *buf_text(const struct buf *b);	/* the bytes as a C string; "" when empty */
void buf_clear(struct buf *b);	/* wipes, keeps the memory */
void buf_done(struct buf *b);	/* wipes and frees; the buffer is empty and usable again */

#endif
