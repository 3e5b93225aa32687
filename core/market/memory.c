/* The market's rows in memory: for replays, tests and simulations. Rows of a kind lie in blocks that never move; a hash table leads from the names of a row
 * to it. Rows are never removed.
 */
#include <stdlib.h>
#include <string.h>

#include "market/market.h"

#define BLOCK_ROWS 64u
#define SLOTS_FIRST 256u

/* The hash stands beside the row, so that a look touches only rows that are very likely the right one. */
struct slot { char *row; uint64_t hash; };

struct table {
	char **blocks;
	size_t n_blocks, n;
	struct slot *slots;
	size_t mask;
};

struct market_memory {
	struct market_backend backend;
	struct table tables[MARKET_KIND_COUNT];
};

static const struct { size_t size, keys; } kinds[] = {
#define X(id, type, keys) { sizeof(struct type), keys },
	MARKET_KINDS(X)
#undef X
};

/* Eight bytes at a time; the last word holds what is left, and how much that is. */
static uint64_t name_hash(uint64_t h, const char *name)
{
	size_t n = strlen(name);
	uint64_t word;
	for (; n >= sizeof word; n -= sizeof word, name += sizeof word) {
		memcpy(&word, name, sizeof word);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	word = n;
	memcpy((char *)&word + 1, name, n);
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t key_hash(enum market_kind kind, const char *a, const char *b)
{
	uint64_t h = name_hash(UINT64_C(0xcbf29ce484222325), a);
	return kinds[kind].keys > 1 ? name_hash(h, b) : h;
}

/* The slot of a row, or the empty one where it would be. */
static struct slot *slot_find(const struct table *t, enum market_kind kind, uint64_t hash, const char *a, const char *b)
{
	for (uint64_t i = hash;; i++) {
		struct slot *slot = &t->slots[i & t->mask];
		if (!slot->row || (slot->hash == hash && strcmp(slot->row, a) == 0 && (kinds[kind].keys == 1 || strcmp(slot->row + MARKET_NAME, b) == 0)))
			return slot;
	}
}

static char *row_at(const struct table *t, enum market_kind kind, size_t i)
{
	return t->blocks[i / BLOCK_ROWS] + i % BLOCK_ROWS * kinds[kind].size;
}

static int slots_grow(struct table *t)
{
	size_t size = t->slots ? 2 * (t->mask + 1) : SLOTS_FIRST;
	struct slot *more = calloc(size, sizeof *more);
	if (!more)
		return -1;
	for (size_t i = 0; t->slots && i <= t->mask; i++) {
		uint64_t to = t->slots[i].hash;
		while (t->slots[i].row && more[to & (size - 1)].row)
			to++;
		if (t->slots[i].row)
			more[to & (size - 1)] = t->slots[i];
	}
	free(t->slots);
	t->slots = more;
	t->mask = size - 1;
	return 0;
}

static int block_add(struct table *t, enum market_kind kind)
{
	char **blocks = realloc(t->blocks, (t->n_blocks + 1) * sizeof *blocks);
	if (!blocks)
		return -1;
	t->blocks = blocks;
	t->blocks[t->n_blocks] = malloc(BLOCK_ROWS * kinds[kind].size);
	return t->blocks[t->n_blocks] ? (int)(t->n_blocks++, 0) : -1;
}

static int memory_get(void *ctx, enum market_kind kind, const char *a, const char *b, void *row, struct err *e)
{
	(void)e;
	const struct table *t = &((struct market_memory *)ctx)->tables[kind];
	const char *found = t->slots ? slot_find(t, kind, key_hash(kind, a, b), a, b)->row : NULL;
	if (found)
		memcpy(row, found, kinds[kind].size);
	return found != NULL;
}

static int memory_put(void *ctx, enum market_kind kind, const void *row, bool is_new, struct err *e)
{
	struct table *t = &((struct market_memory *)ctx)->tables[kind];
	const char *a = row, *b = a + MARKET_NAME;
	uint64_t hash = key_hash(kind, a, b);
	if ((!t->slots || 2 * t->n > t->mask) && slots_grow(t) < 0)
		return err_set(e, ERR_LIMIT, "out of memory for the market");
	struct slot *slot = slot_find(t, kind, hash, a, b);
	if (is_new != !slot->row)
		return err_set(e, is_new ? ERR_CONFLICT : ERR_NOT_FOUND, "the row %s is %s", a, is_new ? "there already" : "not there");
	if (!slot->row) {
		if (t->n == t->n_blocks * BLOCK_ROWS && block_add(t, kind) < 0)
			return err_set(e, ERR_LIMIT, "out of memory for the market");
		*slot = (struct slot){ row_at(t, kind, t->n++), hash };
	}
	memcpy(slot->row, row, kinds[kind].size);
	return 0;
}

int market_memory_new(struct market_memory **out, struct err *e)
{
	struct market_memory *mem = *out = calloc(1, sizeof *mem);
	if (!mem)
		return err_set(e, ERR_LIMIT, "out of memory");
	mem->backend = (struct market_backend){ mem, memory_get, memory_put };
	return 0;
}

void market_memory_free(struct market_memory *mem)
{
	if (!mem)
		return;
	for (unsigned k = 0; k < MARKET_KIND_COUNT; k++) {
		struct table *t = &mem->tables[k];
		for (size_t i = 0; i < t->n_blocks; i++)
			free(t->blocks[i]);
		free(t->blocks);
		free(t->slots);
	}
	free(mem);
}

const struct market_backend *market_memory_backend(struct market_memory *mem)
{
	return &mem->backend;
}

int market_memory_each(struct market_memory *mem, enum market_kind kind, int (*f)(void *ctx, const void *row, struct err *e), void *ctx, struct err *e)
{
	const struct table *t = &mem->tables[kind];
	for (size_t i = 0; i < t->n; i++)
		if (f(ctx, row_at(t, kind, i), e) < 0)
			return -1;
	return 0;
}
