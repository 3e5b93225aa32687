/* The iApp archive `.iapp` (FORMATS 7) and its sister, the policy `.policy`: pack a directory, verify bytes. Packing the same tree twice gives the same bytes, whatever the clock,
 * umask, locale or directory order. Verifying follows the fixed order of checks and parses nothing that is not yet covered by a signature.
 */
#ifndef ENCLUA_FORM_IAPP_H
#define ENCLUA_FORM_IAPP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "form/id.h"
#include "form/manifest.h"
#include "seal/identity.h"
#include "seal/minisign.h"

#define IAPP_H1_TEXT 48u	/* "h1:" + 44 + NUL */

struct iapp_file { char path[LIMIT_PATH_BYTES + 2]; const uint8_t *bytes; size_t len; };	/* borrowed from the archive's bytes */

struct iapp_signer { struct minisign_key key; char comment[MINISIGN_COMMENT]; };	/* whose signature held */

/* Two kinds in one format: they differ in the manifest (iapp.yaml, policy.yaml) and in what a signer says, so that neither can stand for the other. */
enum iapp_kind { IAPP_APP, IAPP_POLICY };

struct iapp {
	enum iapp_kind kind;
	char h1[IAPP_H1_TEXT];
	struct manifest *manifest;
	struct iapp_signer signers[LIMIT_SIGNERS];
	size_t n_signers;
	struct iapp_file *files;	/* MANIFEST and signatures are not among them */
	size_t n_files;
	uint8_t *bytes;	/* the whole archive; owned */
	size_t len;
};

/* Packs a directory: its manifest is checked first, hidden files (.*), *.key and editor backups are left out, Lua is compiled once to
 * report syntax errors with file and line when a checker is given. At least one signer. Of a policy its cases.json, too, stays out. */
int iapp_pack(struct buf *out, const char *dir, const struct identity *const *signers, size_t n_signers, struct err *e);
int iapp_pack_kind(struct buf *out, enum iapp_kind kind, const char *dir, const struct identity *const *signers, size_t n_signers, struct err *e);

struct iapp_expect {
	enum iapp_kind kind;
	const uint8_t *sha256;	/* of the whole file, or NULL */
	const char *h1;	/* or NULL */
	const struct minisign_key *keys;	/* one of these must have signed; none given = any valid signature by the key it carries … */
	size_t n_keys;	/* … which proves integrity and continuity, not who: the caller shows the signer */
};
/* Takes over nothing: copies the bytes. A signature by a key that is not in `keys` is an error unless n_keys is 0. */
int iapp_open(struct iapp **out, const uint8_t *bytes, size_t len, const struct iapp_expect *x, struct err *e);
void iapp_free(struct iapp *a);

#endif
