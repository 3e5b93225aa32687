/* The Merkle tree of RFC 6962 section 2.1 (RFC 9162 2.1): leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), the root of
 * nothing = SHA-256(""). Pure: stored hashes come through a reader, and a verifier needs none. Sizes and indices are 64 bits wide.
 */
#ifndef ENCLUA_SEAL_MERKLE_H
#define ENCLUA_SEAL_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MERKLE_HASH 32u
#define MERKLE_LEVELS 63u	/* a tree holds fewer than 2^63 entries, so that its size is also an SQL integer */
#define MERKLE_PROOF 64u	/* hashes of the longest proof; also C2SP tlog-witness's ceiling of 63 */

struct merkle_hash { uint8_t b[MERKLE_HASH]; };

void merkle_leaf(struct merkle_hash *out, const void *entry, size_t n);
void merkle_node(struct merkle_hash *out, const struct merkle_hash *left, const struct merkle_hash *right);
void merkle_empty(struct merkle_hash *out);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* A growing tree as its peaks: the roots of its complete subtrees, largest (leftmost) first; as many as size has one bits. */
struct merkle_range { uint64_t size; size_t n; struct merkle_hash peaks[MERKLE_LEVELS]; };
/* Adds the leaf at index size. Each complete subtree that it finishes is told, smallest first: level 0 is the leaf itself, index counts subtrees of
 * that level. told may be NULL. */
int merkle_range_add(struct merkle_range *r, const struct merkle_hash *leaf,
	int (*told)(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e), void *ctx, struct err *e);
void merkle_range_root(const struct merkle_range *r, struct merkle_hash *root);

/* Hashes of complete subtrees that somebody keeps: level 0 are leaves; the hash at (level, index) covers leaves [index << level, (index + 1) << level).
 * It is asked only for subtrees that lie wholly inside the size in question. */
struct merkle_reader { int (*read)(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e); void *ctx; };

struct merkle_proof { size_t n; struct merkle_hash hashes[MERKLE_PROOF]; };

int merkle_root(const struct merkle_reader *r, uint64_t size, struct merkle_hash *out, struct err *e);
/* ERR_USAGE when index >= size, or size1 > size2. */
int merkle_inclusion_prove(const struct merkle_reader *r, uint64_t index, uint64_t size, struct merkle_proof *out, struct err *e);
int merkle_consistency_prove(const struct merkle_reader *r, uint64_t size1, uint64_t size2, struct merkle_proof *out, struct err *e);

/* RFC 9162 2.1.3.2 and 2.1.4.2: 0, or ERR_INVALID that says what does not hold. A proof of the wrong length is refused. Consistency from
 * size 0 has an empty proof and root1 = merkle_empty; of a size with itself an empty proof and equal roots. A proof says how hashes lead to a root, no more:
 * where the way is the same in a tree of another size, that size passes as well. Take sizes and roots only together, from signed checkpoints. */
int merkle_inclusion_verify(const struct merkle_hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *p,
	const struct merkle_hash *root, struct err *e);
int merkle_consistency_verify(uint64_t size1, const struct merkle_hash *root1, uint64_t size2, const struct merkle_hash *root2,
	const struct merkle_proof *p, struct err *e);

#endif
