/* The tree of RFC 6962 and RFC 9162: hashes, growth, proofs and their checks. Owns nothing: a growing tree is the caller's struct, stored hashes
 * come through the caller's reader. Never recurses: a tree's height is 63, and each walk is a loop over it.
 */
#include "seal/merkle.h"

#include <assert.h>
#include <string.h>

#include "seal/crypto.h"

#define SIZE_END (UINT64_C(1) << MERKLE_LEVELS)	/* sizes are below it */

static_assert(MERKLE_PROOF > MERKLE_LEVELS, "a consistency proof is one hash longer than the tree is high");

void merkle_leaf(struct merkle_hash *out, const void *entry, size_t n)
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, "\x00", 1);
	sha256_add(&h, entry, n);
	sha256_end(&h, out->b);
}

void merkle_node(struct merkle_hash *out, const struct merkle_hash *left, const struct merkle_hash *right)
{
	uint8_t text[1 + 2 * MERKLE_HASH] = { 0x01 };
	memcpy(text + 1, left->b, MERKLE_HASH);
	memcpy(text + 1 + MERKLE_HASH, right->b, MERKLE_HASH);
	sha256(out->b, text, sizeof text);
}

void merkle_empty(struct merkle_hash *out)
{
	sha256(out->b, "", 0);
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->b, b->b, MERKLE_HASH) == 0;
}

/* The new leaf stands beside each peak of its own size in turn, as a carry runs through a binary counter. */
int merkle_range_add(struct merkle_range *r, const struct merkle_hash *leaf,
	int (*told)(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e), void *ctx, struct err *e)
{
	struct merkle_hash hash = *leaf;
	size_t n = r->n;
	assert(r->n == (size_t)__builtin_popcountll(r->size));
	if (r->size >= SIZE_END - 1)
		return err_set(e, ERR_LIMIT, "a tree holds fewer than 2^%u entries", MERKLE_LEVELS);
	for (unsigned level = 0; ; level++) {
		if (told && told(ctx, level, r->size >> level, &hash, e) < 0)
			return -1;	/* nothing has changed yet */
		if (!(r->size >> level & 1))
			break;
		merkle_node(&hash, &r->peaks[--n], &hash);
	}
	r->peaks[n] = hash;
	r->n = n + 1;
	r->size++;
	return 0;
}

void merkle_range_root(const struct merkle_range *r, struct merkle_hash *root)
{
	if (r->n == 0) {
		merkle_empty(root);
		return;
	}
	*root = r->peaks[r->n - 1];
	for (size_t i = r->n - 1; i-- > 0; )
		merkle_node(root, &r->peaks[i], root);
}

static bool size_ok(uint64_t size)
{
	return size < SIZE_END;
}

/* The largest power of two below n; n > 1. */
static uint64_t split_of(uint64_t n)
{
	assert(n > 1);
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The hash of leaves [begin, end), a node of some tree: its complete subtrees from the right, smallest first. */
static int span_hash(const struct merkle_reader *r, uint64_t begin, uint64_t end, struct merkle_hash *out, struct err *e)
{
	bool first = true;
	assert(begin < end);
	while (begin < end) {
		unsigned level = (unsigned)__builtin_ctzll(end - begin);
		struct merkle_hash peak;
		end -= UINT64_C(1) << level;
		if (r->read(r->ctx, level, end >> level, &peak, e) < 0)
			return -1;
		if (first)
			*out = peak;
		else
			merkle_node(out, &peak, out);
		first = false;
	}
	return 0;
}

int merkle_root(const struct merkle_reader *r, uint64_t size, struct merkle_hash *out, struct err *e)
{
	if (!size_ok(size))
		return err_set(e, ERR_USAGE, "a tree holds fewer than 2^%u entries", MERKLE_LEVELS);
	if (size == 0) {
		merkle_empty(out);
		return 0;
	}
	return span_hash(r, 0, size, out, e);
}

static int proof_add(struct merkle_proof *p, const struct merkle_reader *r, uint64_t begin, uint64_t end, struct err *e)
{
	assert(p->n < MERKLE_PROOF);
	return span_hash(r, begin, end, &p->hashes[p->n++], e);
}

/* Proofs are collected from the root down and read from the leaf up. */
static void proof_turn(struct merkle_proof *p)
{
	for (size_t i = 0, j = p->n; i + 1 < j; i++) {
		struct merkle_hash h = p->hashes[i];
		p->hashes[i] = p->hashes[--j];
		p->hashes[j] = h;
	}
}

/* RFC 9162 2.1.3.1. */
int merkle_inclusion_prove(const struct merkle_reader *r, uint64_t index, uint64_t size, struct merkle_proof *out, struct err *e)
{
	uint64_t begin = 0, end = size;
	if (index >= size || !size_ok(size))
		return err_set(e, ERR_USAGE, "no entry %llu in a tree of %llu", (unsigned long long)index, (unsigned long long)size);
	out->n = 0;
	while (end - begin > 1) {
		uint64_t middle = begin + split_of(end - begin);
		if (index < middle) {
			if (proof_add(out, r, middle, end, e) < 0)
				return -1;
			end = middle;
		} else {
			if (proof_add(out, r, begin, middle, e) < 0)
				return -1;
			begin = middle;
		}
	}
	proof_turn(out);
	return 0;
}

/* RFC 9162 2.1.4.1. The node at which the old tree ends is left out while it is the old root itself (begin is 0): the verifier has that. */
int merkle_consistency_prove(const struct merkle_reader *r, uint64_t size1, uint64_t size2, struct merkle_proof *out, struct err *e)
{
	uint64_t begin = 0, end = size2;
	if (size1 > size2 || !size_ok(size2))
		return err_set(e, ERR_USAGE, "no proof from %llu to %llu entries: a book only grows", (unsigned long long)size1,
			(unsigned long long)size2);
	out->n = 0;
	if (size1 == 0)
		return 0;
	while (end != size1) {
		uint64_t middle = begin + split_of(end - begin);
		if (size1 <= middle) {
			if (proof_add(out, r, middle, end, e) < 0)
				return -1;
			end = middle;
		} else {
			if (proof_add(out, r, begin, middle, e) < 0)
				return -1;
			begin = middle;
		}
	}
	if (begin > 0 && proof_add(out, r, begin, end, e) < 0)
		return -1;
	proof_turn(out);
	return 0;
}

/* A way up the tree, as both verifiers of RFC 9162 take it: fn is the node's place in its level, sn the level's last place. */
struct climb { uint64_t fn, sn; };

/* Whether the next hash of the proof stands left of the node. At the right edge levels where the node has no sibling are passed over. */
static bool climb_is_right(struct climb *c)
{
	bool right = (c->fn & 1) || c->fn == c->sn;
	if (right)
		while (!(c->fn & 1) && c->fn != 0) {
			c->fn >>= 1;
			c->sn >>= 1;
		}
	c->fn >>= 1;
	c->sn >>= 1;
	return right;
}

static int length_wrong(struct err *e, const struct merkle_proof *p)
{
	return err_set(e, ERR_INVALID, "the proof has %zu hashes, which is not the number for these sizes", p->n);
}

int merkle_inclusion_verify(const struct merkle_hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *p,
	const struct merkle_hash *root, struct err *e)
{
	struct climb c = { .fn = index, .sn = size - 1 };
	struct merkle_hash hash = *leaf;
	if (index >= size || !size_ok(size))
		return err_set(e, ERR_INVALID, "the proof speaks of entry %llu in a tree of %llu", (unsigned long long)index,
			(unsigned long long)size);
	if (p->n > MERKLE_PROOF)
		return length_wrong(e, p);
	for (size_t i = 0; i < p->n; i++) {
		if (c.sn == 0)
			return length_wrong(e, p);
		if (climb_is_right(&c))
			merkle_node(&hash, &p->hashes[i], &hash);
		else
			merkle_node(&hash, &hash, &p->hashes[i]);
	}
	if (c.sn != 0)
		return length_wrong(e, p);
	if (!merkle_equal(&hash, root))
		return err_set(e, ERR_INVALID, "the proof does not lead from entry %llu to the root of the %llu entries",
			(unsigned long long)index, (unsigned long long)size);
	return 0;
}

/* Sizes for which there is nothing to climb. */
static int consistency_trivial(uint64_t size1, const struct merkle_hash *root1, const struct merkle_hash *root2,
	const struct merkle_proof *p, struct err *e)
{
	struct merkle_hash empty;
	merkle_empty(&empty);
	if (p->n != 0)
		return length_wrong(e, p);
	if (size1 == 0 && !merkle_equal(root1, &empty))
		return err_set(e, ERR_INVALID, "the root given for no entries is not the root of nothing");
	if (root2 && !merkle_equal(root1, root2))
		return err_set(e, ERR_INVALID, "two roots for the same %llu entries", (unsigned long long)size1);
	return 0;
}

/* RFC 9162 2.1.4.2 for 0 < size1 < size2: the hashes lead to both roots at once. */
static int consistency_climb(uint64_t size1, const struct merkle_hash *root1, uint64_t size2, const struct merkle_hash *root2,
	const struct merkle_proof *p, struct err *e)
{
	const bool whole = (size1 & (size1 - 1)) == 0;	/* then the old root is the node to start from, and not in the proof */
	const unsigned level = (unsigned)__builtin_ctzll(size1);
	struct climb c = { .fn = (size1 - 1) >> level, .sn = (size2 - 1) >> level };
	if (p->n == 0 || p->n > MERKLE_PROOF)
		return length_wrong(e, p);
	struct merkle_hash old = whole ? *root1 : p->hashes[0], new = old;
	for (size_t i = whole ? 0 : 1; i < p->n; i++) {
		if (c.sn == 0)
			return length_wrong(e, p);
		if (climb_is_right(&c)) {
			merkle_node(&old, &p->hashes[i], &old);
			merkle_node(&new, &p->hashes[i], &new);
		} else {
			merkle_node(&new, &new, &p->hashes[i]);
		}
	}
	if (c.sn != 0)
		return length_wrong(e, p);
	if (!merkle_equal(&old, root1))
		return err_set(e, ERR_INVALID, "the proof does not lead to the root of the first %llu entries", (unsigned long long)size1);
	if (!merkle_equal(&new, root2))
		return err_set(e, ERR_INVALID, "the proof does not lead to the root of the %llu entries", (unsigned long long)size2);
	return 0;
}

int merkle_consistency_verify(uint64_t size1, const struct merkle_hash *root1, uint64_t size2, const struct merkle_hash *root2,
	const struct merkle_proof *p, struct err *e)
{
	if (size1 > size2 || !size_ok(size2))
		return err_set(e, ERR_INVALID, "the proof goes from %llu to %llu entries: a book only grows", (unsigned long long)size1,
			(unsigned long long)size2);
	if (size1 == 0 || size1 == size2)
		return consistency_trivial(size1, root1, size1 == size2 ? root2 : NULL, p, e);
	return consistency_climb(size1, root1, size2, root2, p, e);
}
