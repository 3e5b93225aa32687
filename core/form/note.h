/* C2SP signed notes, v1.0.0: text, a blank line, one or more signature lines "— name base64(keyid4 || sig)". Strict codec: UTF-8, no control
 * characters but LF, text ends in LF. A known key with a bad signature refuses the whole note; unknown keys are ignored but counted.
 */
#ifndef ENCLUA_FORM_NOTE_H
#define ENCLUA_FORM_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "seal/identity.h"

#define NOTE_NAME_BYTES 128u
#define NOTE_SIGNATURES 64u
#define NOTE_ED25519 0x01u	/* of the text */
#define NOTE_COSIGNATURE 0x04u	/* of "cosignature/v1\ntime <unix>\n" and the text; 8 bytes of time stand before the 64 */

struct note_key { char name[NOTE_NAME_BYTES + 1]; uint8_t type; uint8_t id[4]; uint8_t public_key[32]; };	/* type NOTE_ED25519 or NOTE_COSIGNATURE */
/* sig: what follows the key id. A signature too long for it (a post-quantum kind) has len 0: counted, never valid. */
struct note_sig { char name[NOTE_NAME_BYTES + 1]; uint8_t id[4]; uint8_t sig[128]; size_t len; };
struct note {	/* borrows text from its input */
	const char *text;
	size_t text_len;	/* with the last LF */
	struct note_sig sigs[NOTE_SIGNATURES];
	size_t n_sigs;
};

int note_key_make(struct note_key *out, const char *name, uint8_t type, const uint8_t public_key[static 32], struct err *e);
int note_key_parse(struct note_key *out, const char *vkey, struct err *e);	/* name+hex8+base64 */
int note_key_text(const struct note_key *k, struct buf *out, struct err *e);
int note_parse(struct note *out, const char *bytes, size_t len, struct err *e);
int note_sign(struct buf *out, const char *text, size_t len, const char *name, const struct identity *id, struct err *e);	/* text + blank + line */
/* The line with which a witness adds its cosignature to a checkpoint: "— name base64\n", to be appended to the note. */
int note_cosign(struct buf *out, const char *text, size_t len, const char *name, const struct identity *id, uint64_t time, struct err *e);
bool note_sig_is_of(const struct note_sig *s, const struct note_key *k);	/* by name and key id */
bool note_sig_holds(const struct note *n, const struct note_sig *s, const struct note_key *k);	/* the signature itself, whatever its line says of whose it is */
uint64_t note_sig_time(const struct note_sig *s);	/* when a cosignature was made; 0 of what is none */
/* How many of the keys signed. ERR_INVALID when a known key's signature is bad or repeated; ERR_DENIED when none signed. */
int note_verify(const struct note *n, const struct note_key *keys, size_t n_keys, size_t *verified, struct err *e);

#endif
