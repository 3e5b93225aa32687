/* Strict text codings: one spelling for each value, anything else is refused. Encoders write a NUL after the text.
 * hex is lower case (RFC 4648 §8); base64 is RFC 4648 §4, with or without padding, unused bits zero; bech32 is BIP 173
 * without its length limit (as age uses it), lower or upper case but not mixed.
 */
#ifndef ENCLUA_BASE_TEXT_H
#define ENCLUA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HEX_LEN(n) (2 * (n))
#define BASE64_LEN(n) (4 * (((n) + 2) / 3))
#define BASE64_RAW_LEN(n) (((n) * 8 + 5) / 6)

void hex_encode(char *out, const void *bytes, size_t n);	/* HEX_LEN(n) + 1 bytes */
int hex_decode(uint8_t *out, size_t n, const char *text, size_t len);	/* exactly n bytes, lower case; 0 or -1 */

void base64_encode(char *out, const void *bytes, size_t n);	/* BASE64_LEN(n) + 1 bytes */
void base64_raw_encode(char *out, const void *bytes, size_t n);	/* unpadded: BASE64_RAW_LEN(n) + 1 bytes */
/* Decoded length, or -1 when the text is not canonical or does not fit max. */
ptrdiff_t base64_decode(uint8_t *out, size_t max, const char *text, size_t len);
ptrdiff_t base64_raw_decode(uint8_t *out, size_t max, const char *text, size_t len);

/* out holds strlen(hrp) + 1 + (8n + 4)/5 + 6 + 1 bytes. hrp is lower case. */
#define BECH32_LEN(hrp_len, n) ((hrp_len) + 1 + ((n) * 8 + 4) / 5 + 6)
void bech32_encode(char *out, const char *hrp, const void *bytes, size_t n);
/* Exactly n bytes under exactly this hrp. The error names what is wrong: prefix, checksum (a typing mistake), length, case. */
int bech32_decode(uint8_t *out, size_t n, const char *hrp, const char *text, struct err *e);

bool utf8_valid(const void *bytes, size_t n);	/* RFC 3629: no overlong forms, no surrogates */
/* How many bytes the valid sequence at the start of bytes takes, 1 … 4, or 0 when it is broken or n is 0. code may be NULL. */
size_t utf8_next(const void *bytes, size_t n, uint32_t *code);
size_t utf8_put(char out[static 4], uint32_t code);	/* code is a Unicode scalar value; the number of bytes written */

/* Sizes: "512", "64KiB", "64MiB", "1GiB" (also KB/MB/GB = powers of 1000). Durations: "250ms", "10s", "5m", "1h", "2d" → ms. */
int text_size(const char *text, uint64_t *bytes, struct err *e);
int text_duration_ms(const char *text, uint64_t *ms, struct err *e);

/* Money. In: "12" and "12nRLC" (the unit of the book), "1.5RLC" (exact: at most 9 decimals), a space before the unit allowed; at most 2^62 - 1 nRLC, 0 allowed.
 * Out: below 0.001 RLC as "999999 nRLC", else as "1.5 RLC" with the decimals that it has. What is written can be read again. No fractions in between. */
#define TEXT_AMOUNT 32u
#define TEXT_AMOUNT_MAX ((UINT64_C(1) << 62) - 1)
int text_amount(const char *text, uint64_t *nrlc, struct err *e);
void text_amount_write(char out[static TEXT_AMOUNT], uint64_t nrlc);

/* Writes text with control characters, DEL, bidi overrides and broken UTF-8 shown as \xNN or \u{NNNN}: safe on a terminal. */
struct buf;
int text_escape(struct buf *out, const char *text, size_t n, struct err *e);
/* How many bytes at the start text_escape would leave as they are: n when all is plain. */
size_t text_plain(const char *text, size_t n);

/* The candidate nearest to word by edit distance, or NULL when none is near; candidates end with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
