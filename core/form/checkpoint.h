/* A checkpoint (C2SP tlog-checkpoint): origin, size and root of a log, three lines, signed as a note by the log and countersigned by witnesses
 * (tlog-cosignature v1). Extension lines are refused: nobody could audit them.
 *
 * A name that ends in "/enclua1…" (or is one) carries its own key: names_key gives it. So the key of a book follows from its origin, and the key of a
 * witness of ours from its name, and a stranger needs no list of keys to check a signature — only to decide whom to trust.
 */
#ifndef ENCLUA_FORM_CHECKPOINT_H
#define ENCLUA_FORM_CHECKPOINT_H

#include <stdbool.h>

#include "form/note.h"
#include "seal/merkle.h"

#define CHECKPOINT_TEXT_MAX 256u	/* origin, 19 digits, 44 characters, three LF */
#define CHECKPOINT_NOTE_MAX KIB(16)	/* with NOTE_SIGNATURES signatures of ours and some of other kinds */

struct checkpoint { char origin[NOTE_NAME_BYTES + 1]; uint64_t size; struct merkle_hash root; };

/* One spelling only. parse takes the text of a note (without signatures), whole. */
int checkpoint_write(const struct checkpoint *c, struct buf *out, struct err *e);
int checkpoint_parse(struct checkpoint *out, const char *text, size_t len, struct err *e);

bool checkpoint_number_parse(uint64_t *out, const char *text, size_t len);	/* a size or an index: decimal, no leading zero, below 2^63 */

/* Origins and witness names of ours: "enclua.local/<enclua1…>" and "enclua.local/witness/<enclua1…>". */
void checkpoint_origin_make(char out[static NOTE_NAME_BYTES + 1], const uint8_t public_key[static 32]);
void checkpoint_witness_make(char out[static NOTE_NAME_BYTES + 1], const uint8_t public_key[static 32]);
/* The key that a name carries. false: it carries none. A name with a broken identity at its end carries none. */
bool checkpoint_name_key(struct note_key *out, const char *name, uint8_t type);

/* Parses note and checkpoint, and verifies the log's signature: by `log`, or, when log is NULL, by the key that the origin carries. The key's name must be the
 * origin. ERR_INVALID when any signature is broken as checkpoint_judge says; ERR_DENIED when the log has not signed, or its key is not known. parsed
 * borrows from bytes. */
int checkpoint_open(struct checkpoint *out, struct note *parsed, const char *bytes, size_t len, const struct note_key *log, struct err *e);

/* The steps of it, for a verifier that knows more keys (tlog_policy.c). read checks no signature. */
int checkpoint_read(struct checkpoint *out, struct note *parsed, const char *bytes, size_t len, struct err *e);
int checkpoint_log_key(struct note_key *out, const struct checkpoint *c, struct err *e);	/* that the origin carries; ERR_DENIED: none */

/* Says of each signature line whose it is: an index into keys, or one of these. ERR_INVALID, and so the whole note is refused, for
 *	a line of one of the keys, or of the key that its name carries, whose signature does not hold;
 *	a name that carries a key with a key id that is neither its Ed25519 nor its cosignature one;
 *	a name that seems to have carried a key ("enclua1" in its last part, or an identity's shape with up to four characters off) and carries none, and is none of keys';
 *	a line that holds under one of the keys but bears another name or key id, or bears its name and all but the last byte of its key id;
 *	two lines of one signer.
 * So every single flipped bit is seen in lines whose signer is known or carries its key. What remains: of a stranger's line (a name without a key, of whom
 * keys has nothing) nothing can be checked, as C2SP signed-note demands; it is ignored and never counts. And a line whose name is wholly replaced by a
 * stranger's, its signature too, is a stranger's line: it is lost to the quorum, as if it had been cut out. */
enum { CHECKPOINT_STRANGER = -1, CHECKPOINT_CARRIED = -2, CHECKPOINT_BROKEN = -3 };
int checkpoint_judge(const struct note *n, const struct note_key *keys, size_t n_keys, int by[static NOTE_SIGNATURES], struct err *e);

#endif
