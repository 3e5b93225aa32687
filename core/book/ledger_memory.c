/* The ledger's rows in memory: for replays of a market and for tests. Accounts and transfers are arrays; a hash table over each leads from a name or an id
 * to its place. A transfer names its accounts by their places, so that a million of them fit 100 MB. Rows are never removed. Whoever runs out of
 * memory in the middle of a chain has half of it, so from then on every call fails.
 */
#include "book/ledger.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64u
#define ROWS_MAX (UINT32_C(1) << 30)	/* places are 32 bits, and a table has twice as many slots as rows */

struct row {
	uint8_t id[LEDGER_ID], pending[LEDGER_ID];
	uint64_t amount, entry;
	int64_t expires;
	char cause[sizeof ((struct ledger_transfer *)0)->cause];
	uint32_t debit, credit;	/* places of accounts */
	uint32_t resolved;	/* of a pending one: place of what resolved it, plus one; 0 while it is open */
	uint32_t kind;
};

/* Growing rows of one size, and slots that hold a place plus one. */
struct table {
	void *rows;
	uint32_t n, size;
	uint32_t *slots;
	uint32_t mask;
	size_t row_size;
	uint64_t (*hash)(const void *row);	/* of its name or id, with which every row begins */
};

struct ledger_memory {
	struct ledger_backend backend;
	struct table accounts, transfers;
	bool broken;
};

/* FNV-1a over the 64-bit words of a name, the last one filled with zeros; then mixed, since the slots take its lowest bits. */
static uint64_t name_hash(const void *row)
{
	const char *name = row;
	uint64_t h = UINT64_C(0xcbf29ce484222325), word = 0;
	unsigned bits = 0;
	for (; *name; name++) {
		word |= (uint64_t)(uint8_t)*name << bits;
		bits = (bits + 8) & 63;
		if (bits == 0) {
			h = (h ^ word) * UINT64_C(0x100000001b3);
			h ^= h >> 29;
			word = 0;
		}
	}
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static uint64_t id_hash(const void *row)
{
	uint64_t h[2];
	memcpy(h, row, sizeof h);
	h[0] = (h[0] ^ h[1]) * UINT64_C(0x9e3779b97f4a7c15);
	return h[0] ^ h[0] >> 32;
}

static void *row_at(const struct table *t, uint32_t place)
{
	return (char *)t->rows + (size_t)place * t->row_size;
}

static void slot_take(struct table *t, uint32_t place)
{
	uint64_t i = t->hash(row_at(t, place));
	while (t->slots[i & t->mask])
		i++;
	t->slots[i & t->mask] = place + 1;
}

/* Room for one more row. */
static int table_grow(struct table *t)
{
	if (t->n < t->size)
		return 0;
	uint32_t size = t->size ? 2 * t->size : ROWS_FIRST;
	if (size > ROWS_MAX)
		return -1;
	void *rows = realloc(t->rows, (size_t)size * t->row_size);
	if (!rows)
		return -1;
	t->rows = rows;
	uint32_t *slots = calloc((size_t)2 * size, sizeof *slots);
	if (!slots)
		return -1;
	free(t->slots);
	t->slots = slots;
	t->mask = 2 * size - 1;
	t->size = size;
	for (uint32_t i = 0; i < t->n; i++)
		slot_take(t, i);
	return 0;
}

static void *table_add(struct table *t, const void *row)
{
	if (table_grow(t) < 0)
		return NULL;
	void *at = row_at(t, t->n);
	memcpy(at, row, t->row_size);
	slot_take(t, t->n++);
	return at;
}

static struct ledger_account *account_find(const struct ledger_memory *m, const char *name)
{
	const struct table *t = &m->accounts;
	if (t->n == 0)
		return NULL;
	for (uint64_t i = name_hash(name); t->slots[i & t->mask]; i++) {
		struct ledger_account *a = row_at(t, t->slots[i & t->mask] - 1);
		if (strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static struct row *transfer_find(const struct ledger_memory *m, const uint8_t id[static LEDGER_ID])
{
	const struct table *t = &m->transfers;
	if (t->n == 0)
		return NULL;
	for (uint64_t i = id_hash(id); t->slots[i & t->mask]; i++) {
		struct row *r = row_at(t, t->slots[i & t->mask] - 1);
		if (memcmp(r->id, id, LEDGER_ID) == 0)
			return r;
	}
	return NULL;
}

static int broken_check(const struct ledger_memory *m, struct err *e)
{
	return m->broken ? err_set(e, ERR_LIMIT, "this ledger ran out of memory before and may hold half of a chain") : 0;
}

static int out_of_memory(struct ledger_memory *m, struct err *e)
{
	m->broken = true;
	return err_set(e, ERR_LIMIT, "out of memory for the ledger");
}

static int account_get(void *ctx, const char *name, struct ledger_account *out, struct err *e)
{
	const struct ledger_memory *m = ctx;
	if (broken_check(m, e) < 0)
		return -1;
	const struct ledger_account *a = account_find(m, name);
	if (a)
		*out = *a;
	return a != NULL;
}

static int account_put(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	struct ledger_memory *m = ctx;
	if (broken_check(m, e) < 0)
		return -1;
	struct ledger_account *old = account_find(m, a->name);
	if (is_new != !old)
		return err_set(e, is_new ? ERR_CONFLICT : ERR_NOT_FOUND, "the account %s is %s", a->name, is_new ? "there already" : "not there");
	if (old)
		*old = *a;
	else if (!table_add(&m->accounts, a))
		return out_of_memory(m, e);
	return 0;
}

static uint32_t place_of(const struct table *t, const void *row)
{
	return (uint32_t)((size_t)((const char *)row - (const char *)t->rows) / t->row_size);
}

static int transfer_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	const struct ledger_memory *m = ctx;
	if (broken_check(m, e) < 0)
		return -1;
	const struct row *r = transfer_find(m, id);
	if (!r)
		return 0;
	const struct ledger_account *debit = row_at(&m->accounts, r->debit), *credit = row_at(&m->accounts, r->credit);
	*out = (struct ledger_transfer){ .kind = (enum ledger_kind)r->kind, .amount = r->amount, .expires = r->expires, .entry = r->entry };
	memcpy(out->id, r->id, LEDGER_ID);
	memcpy(out->pending, r->pending, LEDGER_ID);
	memcpy(out->debit, debit->name, LEDGER_NAME);
	memcpy(out->credit, credit->name, LEDGER_NAME);
	memcpy(out->cause, r->cause, sizeof out->cause);
	return 1;
}

/* A pending transfer that was resolved has its mark already: two can never stand. */
static int transfer_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	struct ledger_memory *m = ctx;
	if (broken_check(m, e) < 0)
		return -1;
	bool resolves = t->kind == LEDGER_POST || t->kind == LEDGER_VOID;
	const struct ledger_account *debit = account_find(m, t->debit), *credit = account_find(m, t->credit);
	struct row *pending = resolves ? transfer_find(m, t->pending) : NULL;
	if (!debit || !credit || (resolves && !pending))
		return err_set(e, ERR_NOT_FOUND, "a transfer of %s names what is not there", t->debit);
	if (transfer_find(m, t->id) || (pending && pending->resolved))
		return err_set(e, ERR_CONFLICT, "a transfer of %s is there already", t->debit);
	if (pending)
		pending->resolved = m->transfers.n + 1;
	struct row r = { .amount = t->amount, .entry = t->entry, .expires = t->expires, .debit = place_of(&m->accounts, debit),
		.credit = place_of(&m->accounts, credit), .kind = t->kind };
	memcpy(r.id, t->id, LEDGER_ID);
	memcpy(r.pending, t->pending, LEDGER_ID);
	memcpy(r.cause, t->cause, sizeof r.cause);
	return table_add(&m->transfers, &r) ? 0 : out_of_memory(m, e);
}

static int resolved_get(void *ctx, const uint8_t id[static LEDGER_ID], uint8_t by[static LEDGER_ID], struct err *e)
{
	const struct ledger_memory *m = ctx;
	if (broken_check(m, e) < 0)
		return -1;
	const struct row *pending = transfer_find(m, id);
	if (!pending || !pending->resolved)
		return 0;
	const struct row *r = row_at(&m->transfers, pending->resolved - 1);
	memcpy(by, r->id, LEDGER_ID);
	return 1;
}

int ledger_memory_new(struct ledger_memory **out, struct err *e)
{
	struct ledger_memory *m = *out = calloc(1, sizeof *m);
	if (!m)
		return err_set(e, ERR_LIMIT, "out of memory");
	m->backend = (struct ledger_backend){ m, account_get, account_put, transfer_get, transfer_put, resolved_get };
	m->accounts.row_size = sizeof(struct ledger_account);
	m->accounts.hash = name_hash;
	m->transfers.row_size = sizeof(struct row);
	m->transfers.hash = id_hash;
	return 0;
}

void ledger_memory_free(struct ledger_memory *m)
{
	if (!m)
		return;
	free(m->accounts.rows);
	free(m->accounts.slots);
	free(m->transfers.rows);
	free(m->transfers.slots);
	free(m);
}

const struct ledger_backend *ledger_memory_backend(struct ledger_memory *m)
{
	return &m->backend;
}

static int by_name(const void *a, const void *b)
{
	const struct ledger_account *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

int ledger_memory_each(struct ledger_memory *m, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e)
{
	uint32_t n = m->accounts.n;
	int r = 0;
	if (broken_check(m, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	const struct ledger_account **list = malloc(n * sizeof *list);
	if (!list)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		list[i] = row_at(&m->accounts, i);
	qsort(list, n, sizeof *list, by_name);
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = f(ctx, list[i], e) < 0 ? -1 : 0;
	free(list);
	return r;
}
