/* One recipient stanza of an age header as it stands in the text, and the kinds that we open: what age_header.c shares
 * with age_x25519.c, age_hybrid.c and age_scrypt.c, and nobody else needs.
 */
#ifndef ENCLUA_SEAL_AGE_STANZA_H
#define ENCLUA_SEAL_AGE_STANZA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/age.h"

#define AGE_COLUMNS 64u	/* of base64 in one full line */
#define AGE_LINE_BYTES 48u	/* that such a line stands for */
#define AGE_WRAPPED (AGE_FILE_KEY + AGE_TAG)	/* body of every kind that we know: a sealed file key */
#define AGE_STANZA_ARGS 2u	/* arguments after the type that we ever look at */

struct age_text { const char *at; size_t len; };	/* borrowed from the header; not ended by a NUL */

struct age_stanza {
	struct age_text type, arg[AGE_STANZA_ARGS];
	size_t args;	/* after the type; more may have been there than arg holds */
	uint8_t body[AGE_LINE_BYTES];	/* the first bytes; a body of AGE_WRAPPED bytes is here whole */
	size_t body_len;	/* of the whole body */
};

/* The file key under a wrap key: ChaCha20-Poly1305 with a nonce of zeros, as every wrap key is used once. */
void age_wrap(uint8_t out[static AGE_WRAPPED], const uint8_t wrap_key[static 32], const uint8_t file_key[static AGE_FILE_KEY]);
int age_unwrap(uint8_t file_key[static AGE_FILE_KEY], const uint8_t wrap_key[static 32], const uint8_t wrapped[static AGE_WRAPPED]);

/* One kind of stanza. check: is it well formed (ERR_INVALID)? wrap: append a stanza for this recipient. unwrap: 1 = opened,
 * 0 = not for this identity, -1 = error. */
struct age_stanza_kind {
	const char *type;
	enum age_kind kind;
	int (*check)(const struct age_stanza *s, struct err *e);
	int (*wrap)(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, struct err *e);
	int (*unwrap)(uint8_t file_key[static AGE_FILE_KEY], const struct age_stanza *s, const struct age_identity *id, struct err *e);
};
extern const struct age_stanza_kind age_x25519, age_hybrid, age_scrypt;

#endif
