/* core/seal/merkle.c: published constants and vectors, growth against the recursive definition, all proofs of small trees with every bit of them
 * flipped, and trees of nearly 2^62 entries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "seal/merkle.h"

#define LEAVES 1025u
#define PAIRS 70u
#define FLIPS 9u

static struct merkle_hash leaves[LEAVES];	/* made by setup */

/* ---- the definition, word for word ---- */

static uint64_t split(uint64_t n)
{
	uint64_t k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static struct merkle_hash mth(const struct merkle_hash *d, uint64_t n)
{
	struct merkle_hash h, l, r;
	if (n == 0) {
		merkle_empty(&h);
		return h;
	}
	if (n == 1)
		return d[0];
	l = mth(d, split(n));
	r = mth(d + split(n), n - split(n));
	merkle_node(&h, &l, &r);
	return h;
}

/* On which side each hash of a proof stands, from the bottom: what a verifier can tell one place from another by. */
static void inclusion_shape(char *out, uint64_t m, uint64_t n)
{
	if (n == 1) {
		out[0] = '\0';
		return;
	}
	uint64_t k = split(n);
	if (m < k)
		inclusion_shape(out, m, k);
	else
		inclusion_shape(out, m - k, n - k);
	strcat(out, m < k ? "r" : "l");
}

static void consistency_shape(char *out, uint64_t m, uint64_t n, bool whole)
{
	if (m == n) {
		(void)snprintf(out, 3, "%s", whole ? "" : "s");
		return;
	}
	uint64_t k = split(n);
	if (m <= k)
		consistency_shape(out, m, k, whole);
	else
		consistency_shape(out, m - k, n - k, false);
	strcat(out, m <= k ? "r" : "l");
}

/* ---- a reader over the leaves, that refuses what it must not be asked ---- */

struct shelf { const struct merkle_hash *d; uint64_t size; };

static int shelf_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	const struct shelf *s = ctx;
	(void)e;
	assert_true((index + 1) << level <= s->size);
	*out = mth(s->d + (index << level), UINT64_C(1) << level);
	return 0;
}

static void assert_hash(const struct merkle_hash *h, const char *hex)
{
	char text[HEX_LEN(MERKLE_HASH) + 1];
	hex_encode(text, h->b, sizeof h->b);
	assert_string_equal(text, hex);
}

/* transparency-dev/merkle testonly/constants.go and rfc6962_test.go. */
static void constants(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t n; const char *root; } rows[] = {
		{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "@ABC", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "PQRSTUVW", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "`abcdefghijklmno", 16, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	static const char *const six_to_eight[] = { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
		"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" };
	struct merkle_hash d[8], h;
	struct merkle_range range = { 0 };
	merkle_empty(&h);
	assert_hash(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	merkle_range_root(&range, &h);
	assert_hash(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	merkle_leaf(&h, "L123456", 7);
	assert_hash(&h, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
	for (size_t i = 0; i < 8; i++) {
		struct shelf s = { d, i + 1 };
		struct merkle_reader r = { shelf_read, &s };
		merkle_leaf(&d[i], rows[i].bytes, rows[i].n);
		assert_int_equal(merkle_range_add(&range, &d[i], NULL, NULL, NULL), 0);
		merkle_range_root(&range, &h);
		assert_hash(&h, rows[i].root);
		assert_int_equal(merkle_root(&r, i + 1, &h, NULL), 0);
		assert_hash(&h, rows[i].root);
	}
	struct shelf s = { d, 8 };
	struct merkle_reader r = { shelf_read, &s };
	struct merkle_proof p;
	assert_int_equal(merkle_consistency_prove(&r, 6, 8, &p, NULL), 0);
	assert_int_equal(p.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_hash(&p.hashes[i], six_to_eight[i]);
}

/* A leaf is never a node: RFC 6962's protection from second preimages. */
static void prefixes(void **state)
{
	(void)state;
	uint8_t both[64];
	struct merkle_hash node, leaf, turned;
	memcpy(both, leaves[0].b, 32);
	memcpy(both + 32, leaves[1].b, 32);
	merkle_node(&node, &leaves[0], &leaves[1]);
	merkle_node(&turned, &leaves[1], &leaves[0]);
	merkle_leaf(&leaf, both, sizeof both);
	assert_false(merkle_equal(&node, &leaf));
	assert_false(merkle_equal(&node, &turned));
	assert_true(merkle_equal(&node, &node));
}

/* The accumulated values of draft-ietf-plants-merkle-tree-certs, appendix C.1.1 and C.1.2: each subtree of up to 130 leaves of one byte, and each proof in it. */
static void accumulated(void **state)
{
	(void)state;
	struct merkle_hash d[130];
	struct sha256 roots, proofs;
	uint8_t digest[32];
	char line[256], hex[HEX_LEN(32) + 1];
	for (unsigned i = 0; i < 130; i++)
		merkle_leaf(&d[i], &(uint8_t){ (uint8_t)i }, 1);
	sha256_init(&roots);
	sha256_init(&proofs);
	for (uint64_t end = 0; end <= 130; end++)
		for (uint64_t start = 0; start <= end; start++) {
			uint64_t ceiling = 1;
			while (ceiling < end - start)
				ceiling *= 2;
			if (start % ceiling != 0)
				continue;
			struct shelf s = { d + start, end - start };
			struct merkle_reader r = { shelf_read, &s };
			struct merkle_hash root;
			struct merkle_proof p;
			assert_int_equal(merkle_root(&r, s.size, &root, NULL), 0);
			hex_encode(hex, root.b, 32);
			sha256_add(&roots, line, (size_t)snprintf(line, sizeof line, "[%d, %d) %s\n", (int)start, (int)end, hex));
			for (uint64_t index = start; index < end; index++) {
				assert_int_equal(merkle_inclusion_prove(&r, index - start, s.size, &p, NULL), 0);
				sha256_add(&proofs, line, (size_t)snprintf(line, sizeof line, "%d [%d, %d)", (int)index, (int)start, (int)end));
				for (size_t i = 0; i < p.n; i++) {
					hex_encode(hex, p.hashes[i].b, 32);
					sha256_add(&proofs, line, (size_t)snprintf(line, sizeof line, " %s", hex));
				}
				sha256_add(&proofs, "\n", 1);
			}
		}
	sha256_end(&roots, digest);
	hex_encode(hex, digest, 32);
	assert_string_equal(hex, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
	sha256_end(&proofs, digest);
	hex_encode(hex, digest, 32);
	assert_string_equal(hex, "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
}

struct told { uint64_t size; unsigned next; size_t n; };

static int told_check(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct told *t = ctx;
	struct merkle_hash want = mth(leaves + (index << level), UINT64_C(1) << level);
	(void)e;
	assert_int_equal(level, t->next++);
	assert_int_equal((index + 1) << level, t->size);
	assert_true(merkle_equal(hash, &want));
	t->n++;
	return 0;
}

static void grows(void **state)
{
	(void)state;
	struct merkle_range range = { 0 };
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct shelf s = { leaves, size };
		struct merkle_reader r = { shelf_read, &s };
		struct merkle_hash want = mth(leaves, size), got;
		struct told t = { .size = size + 1 };
		merkle_range_root(&range, &got);
		assert_true(merkle_equal(&got, &want));
		assert_int_equal(merkle_root(&r, size, &got, NULL), 0);
		assert_true(merkle_equal(&got, &want));
		if (size == LEAVES)
			break;
		assert_int_equal(merkle_range_add(&range, &leaves[size], told_check, &t, NULL), 0);
		assert_int_equal(t.n, (size_t)__builtin_ctzll(size + 1) + 1);
		assert_int_equal(range.size, size + 1);
		assert_int_equal(range.n, __builtin_popcountll(size + 1));
	}
}

static int told_fail(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	unsigned *at = ctx;
	(void)index;
	(void)hash;
	return level == *at ? err_set(e, ERR_UNAVAILABLE, "full") : 0;
}

/* Who is told and cannot keep it stops the growth, and the tree is as before. */
static void growth_fails(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct merkle_range range = { 0 }, before;
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(merkle_range_add(&range, &leaves[i], NULL, NULL, NULL), 0);
	memcpy(&before, &range, sizeof range);
	for (unsigned level = 0; level <= 3; level++) {
		assert_int_equal(merkle_range_add(&range, &leaves[7], told_fail, &level, &e), -1);
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_memory_equal(&before, &range, sizeof range);
	}
	range.size = (UINT64_C(1) << 63) - 1;
	range.n = 63;
	assert_int_equal(merkle_range_add(&range, &leaves[0], NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

/* ---- proofs ---- */

struct inclusion { struct merkle_hash leaf, root; uint64_t index, size; struct merkle_proof p; };

static bool inclusion_holds(const struct inclusion *i)
{
	struct err e = { 0 };
	int r = merkle_inclusion_verify(&i->leaf, i->index, i->size, &i->p, &i->root, &e);
	assert_int_equal(e.code, r == 0 ? ERR_NONE : ERR_INVALID);
	return r == 0;
}

static struct inclusion inclusion_make(uint64_t index, uint64_t size)
{
	struct shelf s = { leaves, size };
	struct merkle_reader r = { shelf_read, &s };
	struct inclusion i = { .leaf = leaves[index], .root = mth(leaves, size), .index = index, .size = size };
	assert_int_equal(merkle_inclusion_prove(&r, index, size, &i.p, NULL), 0);
	return i;
}

/* Every bit in small trees; in larger ones, for the time it takes, one bit of each byte. */
static unsigned bit_step(uint64_t size)
{
	return size <= FLIPS ? 1 : 9;
}

static void hash_flips(struct inclusion *i, struct merkle_hash *h)
{
	for (unsigned bit = 0; bit < 256; bit += bit_step(i->size)) {
		h->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(inclusion_holds(i));
		h->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* A proof fixes the way to the root and no more: another size under which the way is the same is accepted, and must be caught by what signs size
 * and root together. Every other size, and every other index, is refused. */
static void inclusion_number_flips(struct inclusion *i)
{
	char was[80], is[80];
	inclusion_shape(was, i->index, i->size);
	for (unsigned bit = 0; bit < 64; bit++) {
		i->index ^= UINT64_C(1) << bit;
		assert_false(inclusion_holds(i));
		i->index ^= UINT64_C(1) << bit;
		i->size ^= UINT64_C(1) << bit;
		is[0] = '\0';
		if (i->index < i->size && i->size >> 63 == 0)
			inclusion_shape(is, i->index, i->size);
		else
			strcpy(is, "none");
		assert_int_equal(inclusion_holds(i), strcmp(was, is) == 0);
		i->size ^= UINT64_C(1) << bit;
	}
}

static void inclusion_wrong_lengths(struct inclusion *i)
{
	struct merkle_proof whole = i->p;
	for (size_t n = 0; n <= MERKLE_PROOF + 1; n++) {
		i->p.n = n;
		assert_int_equal(inclusion_holds(i), n == whole.n);
	}
	i->p = whole;
	i->p.n++;
	i->p.hashes[whole.n] = i->root;
	assert_false(inclusion_holds(i));
	i->p = whole;
	if (whole.n > 0) {	/* without the first */
		i->p.n--;
		memmove(i->p.hashes, i->p.hashes + 1, i->p.n * sizeof i->p.hashes[0]);
		assert_false(inclusion_holds(i));
	}
	i->p = whole;
}

static void inclusion_pairs(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= PAIRS; size++)
		for (uint64_t index = 0; index < size; index++) {
			struct inclusion i = inclusion_make(index, size);
			char shape[80];
			inclusion_shape(shape, index, size);
			assert_int_equal(i.p.n, strlen(shape));
			assert_true(inclusion_holds(&i));
			for (size_t k = 0; k < i.p.n; k++)
				hash_flips(&i, &i.p.hashes[k]);
			hash_flips(&i, &i.root);
			hash_flips(&i, &i.leaf);
			inclusion_number_flips(&i);
			inclusion_wrong_lengths(&i);
			assert_true(inclusion_holds(&i));
			for (uint64_t other = 0; other < size; other++) {
				i.leaf = leaves[other];
				assert_int_equal(inclusion_holds(&i), other == index);
				i.leaf = leaves[index];
				i.index = other;
				assert_int_equal(inclusion_holds(&i), other == index);
				i.index = index;
			}
		}
}

struct consistency { struct merkle_hash root1, root2; uint64_t size1, size2; struct merkle_proof p; };

static bool consistency_holds(const struct consistency *c)
{
	struct err e = { 0 };
	int r = merkle_consistency_verify(c->size1, &c->root1, c->size2, &c->root2, &c->p, &e);
	assert_int_equal(e.code, r == 0 ? ERR_NONE : ERR_INVALID);
	return r == 0;
}

static struct consistency consistency_make(uint64_t size1, uint64_t size2)
{
	struct shelf s = { leaves, size2 };
	struct merkle_reader r = { shelf_read, &s };
	struct consistency c = { mth(leaves, size1), mth(leaves, size2), size1, size2, { 0 } };
	assert_int_equal(merkle_consistency_prove(&r, size1, size2, &c.p, NULL), 0);
	return c;
}

static void consistency_flips(struct consistency *c, struct merkle_hash *h)
{
	for (unsigned bit = 0; bit < 256; bit += bit_step(c->size2)) {
		h->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(consistency_holds(c));
		h->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void consistency_number_flips(struct consistency *c)
{
	char was[80] = "", is[80];
	if (c->size1 > 0)
		consistency_shape(was, c->size1, c->size2, true);
	for (unsigned bit = 0; bit < 64; bit++) {
		c->size1 ^= UINT64_C(1) << bit;
		assert_false(consistency_holds(c));
		c->size1 ^= UINT64_C(1) << bit;
		c->size2 ^= UINT64_C(1) << bit;
		strcpy(is, "none");
		if (c->size1 == 0)	/* from nothing everything grows */
			is[0] = c->size2 == 0 || c->size2 >> 63 ? 'n' : '\0';
		else if (c->size1 < c->size2 && c->size2 >> 63 == 0)
			consistency_shape(is, c->size1, c->size2, true);
		assert_int_equal(consistency_holds(c), strcmp(was, is) == 0);
		c->size2 ^= UINT64_C(1) << bit;
	}
}

static void consistency_wrong_lengths(struct consistency *c)
{
	struct merkle_proof whole = c->p;
	for (size_t n = 0; n <= MERKLE_PROOF + 1; n++) {
		c->p.n = n;
		assert_int_equal(consistency_holds(c), n == whole.n);
	}
	c->p = whole;
	const struct merkle_hash more[] = { c->root1, c->root2, leaves[0] };
	for (size_t k = 0; k < 3; k++) {
		c->p.hashes[c->p.n++] = more[k];	/* behind */
		assert_false(consistency_holds(c));
		c->p = whole;
		memmove(c->p.hashes + 1, c->p.hashes, c->p.n++ * sizeof c->p.hashes[0]);	/* before */
		c->p.hashes[0] = more[k];
		assert_false(consistency_holds(c));
		c->p = whole;
	}
}

static void consistency_pairs(void **state)
{
	(void)state;
	for (uint64_t size2 = 0; size2 <= PAIRS; size2++)
		for (uint64_t size1 = 0; size1 <= size2; size1++) {
			struct consistency c = consistency_make(size1, size2);
			char shape[80] = "";
			if (size1 > 0)
				consistency_shape(shape, size1, size2, true);
			assert_int_equal(c.p.n, strlen(shape));
			assert_true(consistency_holds(&c));
			for (size_t k = 0; k < c.p.n; k++)
				consistency_flips(&c, &c.p.hashes[k]);
			consistency_flips(&c, &c.root1);
			if (size1 > 0 || size2 == 0)	/* nothing says nothing of what came after */
				consistency_flips(&c, &c.root2);
			if (size1 < size2)
				consistency_number_flips(&c);
			consistency_wrong_lengths(&c);
			assert_true(consistency_holds(&c));
		}
}

/* A book in which one old entry was changed, left out or put in cannot be joined to the old root by any proof that its operator makes. */
static void rewritten(void **state)
{
	(void)state;
	struct merkle_hash d[40];
	for (uint64_t size1 = 1; size1 < 40; size1++)
		for (uint64_t at = 0; at < size1; at++)
			for (unsigned how = 0; how < 3; how++) {
				struct merkle_hash *gone = d + at;
				memcpy(d, leaves, sizeof d);
				if (how == 0)
					*gone = leaves[100];
				else if (how == 1)
					memmove(gone, gone + 1, (39 - at) * sizeof *gone);
				else
					memmove(gone + 1, gone, (39 - at) * sizeof *gone), *gone = leaves[100];
				struct shelf s = { d, 40 };
				struct merkle_reader r = { shelf_read, &s };
				struct consistency c = { mth(leaves, size1), mth(d, 40), size1, 40, { 0 } };
				assert_int_equal(merkle_consistency_prove(&r, size1, 40, &c.p, NULL), 0);
				assert_false(consistency_holds(&c));
			}
}

static void usage(void **state)
{
	(void)state;
	struct shelf s = { leaves, 10 };
	struct merkle_reader r = { shelf_read, &s };
	struct merkle_proof p;
	struct merkle_hash h;
	struct err e = { 0 };
	const uint64_t big = UINT64_C(1) << 63;
	assert_int_equal(merkle_inclusion_prove(&r, 10, 10, &p, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(merkle_inclusion_prove(&r, 0, 0, &p, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(merkle_consistency_prove(&r, 10, 9, &p, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(merkle_inclusion_prove(&r, 0, big, &p, &e), -1);
	assert_int_equal(merkle_consistency_prove(&r, 1, big, &p, &e), -1);
	assert_int_equal(merkle_root(&r, big, &h, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
}

static int read_fail(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	int *left = ctx;
	(void)level;
	(void)index;
	memset(out, 0, sizeof *out);
	return (*left)-- > 0 ? 0 : err_set(e, ERR_NOT_FOUND, "gone");
}

static void reader_fails(void **state)
{
	(void)state;
	for (int n = 0; ; n++) {
		int left = n, done = 0;
		struct merkle_reader r = { read_fail, &left };
		struct merkle_hash h;
		struct merkle_proof p;
		struct err e = { 0 };
		for (int what = 0; what < 3; what++) {
			left = n;
			int got = what == 0 ? merkle_root(&r, 23, &h, &e) : what == 1 ? merkle_inclusion_prove(&r, 9, 23, &p, &e) :
				merkle_consistency_prove(&r, 13, 23, &p, &e);
			assert_int_equal(got < 0, left < 0);
			assert_int_equal(e.code, got < 0 ? ERR_NOT_FOUND : ERR_NONE);
			e.code = ERR_NONE;
			done += got == 0;
		}
		if (done == 3) {
			assert_true(n > 3);
			break;
		}
	}
}

/* ---- trees that nobody can hold: all leaves are alike but one ---- */

struct plain { uint64_t odd, size; struct merkle_hash same[64], other[64]; };

static void plain_init(struct plain *t, uint64_t odd, uint64_t size)
{
	t->odd = odd;
	t->size = size;
	t->same[0] = leaves[0];
	t->other[0] = leaves[1];
	for (unsigned l = 0; l < 63; l++) {
		merkle_node(&t->same[l + 1], &t->same[l], &t->same[l]);
		if (odd >> l & 1)
			merkle_node(&t->other[l + 1], &t->same[l], &t->other[l]);
		else
			merkle_node(&t->other[l + 1], &t->other[l], &t->same[l]);
	}
}

static int plain_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	const struct plain *t = ctx;
	(void)e;
	assert_true(level < 63 && index < UINT64_MAX >> level);
	assert_true((index + 1) << level <= t->size);
	*out = t->odd >> level == index ? t->other[level] : t->same[level];
	return 0;
}

static void large(void **state)
{
	(void)state;
	const uint64_t p62 = UINT64_C(1) << 62;
	const uint64_t sizes[] = { p62 - 1, p62, p62 + 1, p62 + 12345, p62 + p62 / 2 + 3, 2 * p62 - 2, 2 * p62 - 1 };
	const size_t n = sizeof sizes / sizeof sizes[0];
	for (size_t i = 0; i < n; i++) {
		const uint64_t size = sizes[i], odds[] = { 0, 1, size / 3, size / 2, p62 - 2, size - 2, size - 1 };
		for (size_t k = 0; k < sizeof odds / sizeof odds[0]; k++) {
			struct plain t;
			struct merkle_reader r = { plain_read, &t };
			struct inclusion in = { .leaf = leaves[1], .index = odds[k], .size = size };
			plain_init(&t, odds[k], size);
			assert_int_equal(merkle_root(&r, size, &in.root, NULL), 0);
			assert_int_equal(merkle_inclusion_prove(&r, odds[k], size, &in.p, NULL), 0);
			assert_true(in.p.n <= 63);
			assert_true(inclusion_holds(&in));
			inclusion_number_flips(&in);
			inclusion_wrong_lengths(&in);
			for (size_t j = 0; j <= i; j++) {
				struct consistency c = { .size1 = sizes[j], .size2 = size, .root2 = in.root };
				t.size = sizes[j];
				assert_int_equal(merkle_root(&r, sizes[j], &c.root1, NULL), 0);
				t.size = size;
				assert_int_equal(merkle_consistency_prove(&r, sizes[j], size, &c.p, NULL), 0);
				assert_true(c.p.n <= 64);
				assert_true(consistency_holds(&c));
				if (c.p.n > 0) {
					c.p.hashes[c.p.n / 2].b[0] ^= 1;
					assert_false(consistency_holds(&c));
				}
			}
		}
	}
	/* A range that has grown so far goes on growing. */
	struct plain t;
	struct merkle_reader r = { plain_read, &t };
	struct merkle_range range = { .size = p62 - 3 };
	plain_init(&t, p62 / 5, p62 + 3);
	for (unsigned l = 63; l-- > 0; )
		if (range.size >> l & 1)
			assert_int_equal(plain_read(&t, l, (range.size >> l) - 1, &range.peaks[range.n++], NULL), 0);
	while (range.size < p62 + 3) {
		struct merkle_hash want, got;
		assert_int_equal(merkle_range_add(&range, &leaves[0], NULL, NULL, NULL), 0);
		merkle_range_root(&range, &got);
		assert_int_equal(merkle_root(&r, range.size, &want, NULL), 0);
		assert_true(merkle_equal(&want, &got));
	}
}

/* ---- vectors ---- */

static bool hash_get(struct merkle_hash *out, const struct json *j)
{
	size_t len;
	const char *text = json_text(j, &len);
	return text && base64_decode(out->b, sizeof out->b, text, len) == (ptrdiff_t)sizeof out->b;
}

static uint64_t number_get(const struct json *j, const char *key)
{
	assert_true(json_is_integer(json_get(j, key)));
	return strtoull(json_text(json_get(j, key), NULL), NULL, 10);
}

/* Whether the proof is accepted. Hashes of another length cannot be asked about. */
static bool vector_holds(const struct json *j)
{
	const struct json *hashes = json_get(j, "proof");
	struct merkle_proof p = { .n = json_count(hashes) };
	struct merkle_hash a, b;
	struct err e;
	if (p.n > MERKLE_PROOF)
		return false;
	for (size_t i = 0; i < p.n; i++)
		if (!hash_get(&p.hashes[i], json_at(hashes, i)))
			return false;
	if (json_get(j, "treeSize"))
		return hash_get(&a, json_get(j, "leafHash")) && hash_get(&b, json_get(j, "root")) &&
			merkle_inclusion_verify(&a, number_get(j, "leafIdx"), number_get(j, "treeSize"), &p, &b, &e) == 0;
	return hash_get(&a, json_get(j, "root1")) && hash_get(&b, json_get(j, "root2")) &&
		merkle_consistency_verify(number_get(j, "size1"), &a, number_get(j, "size2"), &b, &p, &e) == 0;
}

struct tally { size_t good, bad, short_roots; };

/* One public vector has roots of 12 bytes, and its authors do not mind. Here a hash has 32. */
static bool roots_short(const struct json *j)
{
	struct merkle_hash h;
	return json_get(j, "root1") && !hash_get(&h, json_get(j, "root1"));
}

static void vector_run(const char *text, size_t len, const char *where, struct tally *t)
{
	struct json *j = NULL;
	struct err e = { 0 };
	if (json_parse(&j, text, len, &e) < 0)
		fail_msg("%s: %s", where, e.msg);
	enum json_kind want = json_kind(json_get(j, "wantErr"));
	assert_true(want == JSON_TRUE || want == JSON_FALSE);
	bool good = want == JSON_FALSE;
	if (good && roots_short(j)) {
		good = false;
		t->short_roots++;
	}
	if (vector_holds(j) != good)
		fail_msg("%s: %s", where, json_text(json_get(j, "desc"), NULL));
	(*(good ? &t->good : &t->bad))++;
	json_free(j);
}

static void own_vectors(void **state)
{
	(void)state;
	struct buf file = BUF_INIT(KIB(64));
	struct tally t = { 0 };
	assert_int_equal(os_file_read("tests/vectors/merkle/proofs.jsonl", &file, NULL), 0);
	for (const char *line = buf_text(&file), *lf; (lf = strchr(line, '\n')); line = lf + 1)
		vector_run(line, (size_t)(lf - line), "proofs.jsonl", &t);
	assert_int_equal(t.good, 22);
	assert_int_equal(t.bad, 11);
	assert_int_equal(t.short_roots, 0);
	buf_done(&file);
}

static void folder_run(const char *folder, struct tally *t)
{
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir)); ) {
		char path[1200];
		struct buf file = BUF_INIT(KIB(64));
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
		assert_int_equal(os_file_read(path, &file, NULL), 0);
		vector_run(buf_text(&file), file.len, path, t);
		buf_done(&file);
	}
	closedir(dir);
}

static void public_vectors(void **state)
{
	(void)state;
	char folder[900];
	struct tally t = { 0 };
	const char *shared = getenv("SHARED");
	const char *kinds[] = { "inclusion", "consistency" };
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(folder, sizeof folder, "%s/vectors/merkle/%s", shared && *shared ? shared : "../shared", kinds[i]);
		if (!os_exists(folder)) {
			print_message("# the public vectors are not in %s: only those of the tree were tried\n", folder);
			return;
		}
		folder_run(folder, &t);
	}
	print_message("# %zu public vectors\n", t.good + t.bad);
	assert_true(t.good >= 11 && t.bad >= 185 && t.short_roots == 1);
}

static int setup(void **state)
{
	(void)state;
	if (crypto_init(NULL) < 0)
		return -1;
	for (unsigned i = 0; i < LEAVES; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "entry %u", i);
		merkle_leaf(&leaves[i], text, (size_t)n);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(accumulated),
		cmocka_unit_test(grows),
		cmocka_unit_test(growth_fails),
		cmocka_unit_test(inclusion_pairs),
		cmocka_unit_test(consistency_pairs),
		cmocka_unit_test(rewritten),
		cmocka_unit_test(usage),
		cmocka_unit_test(reader_fails),
		cmocka_unit_test(large),
		cmocka_unit_test(own_vectors),
		cmocka_unit_test(public_vectors),
	};
	return cmocka_run_group_tests_name("merkle", tests, setup, NULL);
}
