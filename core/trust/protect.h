/* From a tree of values and files to data in the store: packed, sealed to the keeper and the owner, hashed, and only then named by an entry of the book.
 * The plaintext goes through memory in pieces and never touches the disk.
 */
#ifndef ENCLUA_TRUST_PROTECT_H
#define ENCLUA_TRUST_PROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "book/book.h"
#include "form/pdata.h"

struct protect_terms {
	const char *name;	/* petname, or "" */
	const struct identity *owner;	/* signs the entry, and can open the data */
	bool hide_schema;
	bool ephemeral;	/* for one run only */
	const char *policy;	/* policy1…: what grants of it go under, unless they say otherwise; NULL or "": none */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);	/* bytes of plaintext; may be NULL */
	void *ctx;
};

/* keeper: the age recipient of the keeper. On success *out is what store_data_find would give; store_data_done frees it. On failure there is no entry and no blob.
 * ERR_CONFLICT: the name is taken, or a file changed meanwhile. */
int protect_data(struct book *b, const uint8_t keeper[static 32], const struct pdata *tree, const struct protect_terms *t, struct store_data *out, struct err *e);
/* The same without the last step: the blob is there, and entry is the signed data.register that the caller appends with others. */
int protect_seal(struct book *b, const uint8_t keeper[static 32], const struct pdata *tree, const struct protect_terms *t, struct store_data *out, struct buf *entry,
	struct err *e);

/* The policy that grants of this data go under, unless they say otherwise: "" when there is none. */
int protect_policy(struct book *b, const struct store_data *d, char policy[static ID_TEXT], struct err *e);

/* The owner's way back: opens data with the owner's X25519 secret. The hash of the blob is checked before a byte of it is decrypted.
 * read has the shape of pdata_read. ERR_INVALID: the blob is not the one that was protected. ERR_DENIED: not the owner. */
struct protect_reader;
int protect_reader_open(struct protect_reader **out, struct store *s, const struct store_data *d, const uint8_t owner_age_secret[static 32],
	struct err *e);
int protect_read(void *reader, uint8_t *out, size_t n, uint64_t offset, struct err *e);
void protect_reader_close(struct protect_reader *r);

#endif
