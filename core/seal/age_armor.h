/* ASCII armor of age files, read strictly: RFC 7468's strict form with the label AGE ENCRYPTED FILE, canonical base64, lines of 64
 * columns ended by LF or CRLF; only white space around it. A push decoder without allocation, so that any split of the input
 * gives the same result.
 */
#ifndef ENCLUA_SEAL_AGE_ARMOR_H
#define ENCLUA_SEAL_AGE_ARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define AGE_ARMOR_COLUMNS 64u

struct age_armor {
	enum { ARMOR_BEFORE, ARMOR_LINES, ARMOR_LAST, ARMOR_AFTER } state;
	size_t len, space;	/* of the line so far; white space seen outside */
	char line[AGE_ARMOR_COLUMNS + 1];	/* with its CR */
};

/* Room that n more bytes of text need: what is pending in the line comes out with them. */
#define AGE_ARMOR_ROOM(n) ((n) / 4 * 3 + AGE_ARMOR_COLUMNS)

void age_armor_init(struct age_armor *a);
int age_armor_add(struct age_armor *a, uint8_t *out, size_t *out_len, const uint8_t *text, size_t n, struct err *e);
int age_armor_end(struct age_armor *a, struct err *e);	/* ERR_INVALID when the last line has not been seen */

/* Does this input begin like armor, as opposed to a binary age file? Looks at the first byte only. */
bool age_armor_likely(uint8_t first);

#define AGE_ARMOR_BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define AGE_ARMOR_END "-----END AGE ENCRYPTED FILE-----"

#endif
