/* Signatures that `minisign -V` and `signify -V` accept: legacy "Ed" (pure Ed25519 over the bytes), and reading of the
 * prehashed "ED" (Ed25519 over BLAKE2b-512). Source: minisign 0.11's format page. The key number of an identity is the first 8 bytes of
 * SHA-256("enclua/v1/minisign" || public key), so that it is the same on every machine.
 */
#ifndef ENCLUA_SEAL_MINISIGN_H
#define ENCLUA_SEAL_MINISIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/identity.h"

#define MINISIGN_COMMENT 1024u
#define MINISIGN_KEY_LINE 57u	/* with its NUL */

struct minisign_key { uint8_t number[8]; uint8_t public_key[32]; };

struct minisign_sig {	/* parsed, not verified */
	uint8_t number[8];
	uint8_t signature[64], global[64];
	int prehashed;
	char trusted_comment[MINISIGN_COMMENT];
};

void minisign_key_of(struct minisign_key *out, const uint8_t public_key[static 32]);
void minisign_key_line(char out[static MINISIGN_KEY_LINE], const struct minisign_key *key);	/* base64 of "Ed" || number || key */
int minisign_key_parse(struct minisign_key *out, const char *text, struct err *e);	/* the line alone or a .pub file */

/* A whole .minisig: untrusted comment, signature, trusted comment, global signature. */
int minisign_sign(struct buf *out, const struct identity *id, const void *msg, size_t n, const char *untrusted_comment,
	const char *trusted_comment, struct err *e);
/* Strict: four lines, LF, canonical base64, nothing after. */
int minisign_parse(struct minisign_sig *out, const char *text, size_t len, struct err *e);
/* Key number, signature and global signature all have to be right. */
int minisign_verify(const struct minisign_sig *sig, const struct minisign_key *key, const void *msg, size_t n, struct err *e);

#endif
