/* Ids of things in the book: hash, cut, bech32. Knows nothing of what it names. */
#include "form/id.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"

static const char *const prefixes[ID_KINDS] = {
#define X(id, prefix) prefix,
	ID_TABLE(X)
#undef X
};

#define X(id, prefix) static_assert(BECH32_LEN(sizeof prefix - 1, ID_BYTES) < ID_TEXT, "room for the prefix " prefix);
ID_TABLE(X)
#undef X

void id_make(char out[static ID_TEXT], enum id_kind kind, const void *bytes, size_t n)
{
	assert((unsigned)kind < ID_KINDS);
	uint8_t digest[32];
	sha256(digest, bytes, n);
	bech32_encode(out, prefixes[kind], digest, ID_BYTES);
}

/* Ids of what several entries make together: a line that says what for, each name with the zero behind it, numbers as 8 bytes, the highest first. */
static void follow(char out[static ID_TEXT], enum id_kind kind, const char *domain, const char *name, uint64_t n)
{
	struct sha256 h;
	uint8_t number[8], digest[32];
	for (unsigned i = 0; i < sizeof number; i++)
		number[i] = (uint8_t)(n >> (56 - 8 * i));
	sha256_init(&h);
	sha256_add(&h, domain, strlen(domain));
	sha256_add(&h, name, strlen(name) + 1);
	sha256_add(&h, number, sizeof number);
	sha256_end(&h, digest);
	id_make(out, kind, digest, sizeof digest);
}

void id_deal(char out[static ID_TEXT], const char *request, uint64_t first)
{
	follow(out, ID_DEAL, "enclua/deal/v1\n", request, first);
}

void id_task(char out[static ID_TEXT], const char *deal, uint64_t index)
{
	follow(out, ID_TASK, "enclua/task/v1\n", deal, index);
}

/* The kind whose prefix and "1" begin the text, or ID_KINDS. No prefix begins another one, so the order does not matter. */
static enum id_kind kind_of(const char *text)
{
	for (unsigned k = 0; k < ID_KINDS; k++) {
		size_t n = strlen(prefixes[k]);
		if (strncmp(text, prefixes[k], n) == 0 && text[n] == '1')
			return (enum id_kind)k;
	}
	return ID_KINDS;
}

int id_check(enum id_kind *kind, const char *text, struct err *e)
{
	uint8_t bytes[ID_BYTES];
	enum id_kind k = kind_of(text);
	if (k == ID_KINDS)
		return err_set(e, ERR_INVALID, "not an id: one begins with data1, app1, pool1, order1, deal1, task1 or coll1");
	if (bech32_decode(bytes, sizeof bytes, prefixes[k], text, e) < 0) {
		err_wrap(e, "%.64s is mistyped or incomplete", text);
		return err_hint(e, "copy the whole id, or give at least 8 characters after %s1", prefixes[k]);
	}
	if (kind)
		*kind = k;
	return 0;
}

bool id_looks_like(const char *text)
{
	return kind_of(text) != ID_KINDS;
}
