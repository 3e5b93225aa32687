/* Names that follow from others: ids of deals and tasks, hashes of results, accounts. And how names, numbers and money are written. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "form/id.h"
#include "market/inner.h"
#include "seal/crypto.h"

#define NRLC_PER_RLC UINT64_C(1000000000)

static bool is_list(const char *name)
{
	return strncmp(name, MARKET_LIST, sizeof MARKET_LIST - 1) == 0;
}

static bool letters_ok(const char *name)
{
	size_t n = strnlen(name, MARKET_NAME);
	if (n == 0 || n == MARKET_NAME)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/' || name[i] == '#')
			return false;
	return true;
}

bool market_name_ok(const char *name)
{
	return letters_ok(name) && !is_list(name) && strcmp(name, MARKET_BANK) != 0 && strcmp(name, MARKET_KITTY) != 0;
}

bool market_list_name_ok(const char *name)
{
	return letters_ok(name) && is_list(name) && name[sizeof MARKET_LIST - 1];
}

/* Rows are compared and hashed whole by tests, so what follows a name is zero. */
void market_name_set(char out[static MARKET_NAME], const char *name)
{
	size_t n = strnlen(name, MARKET_NAME - 1);
	memcpy(out, name, n);
	memset(out + n, 0, MARKET_NAME - n);
}

void market_number_name(char out[static MARKET_NAME], uint64_t n)
{
	char digits[20];
	size_t len = 0;
	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	memset(out, 0, MARKET_NAME);
	for (size_t i = 0; i < len; i++)
		out[i] = digits[len - 1 - i];
}

void market_money_text(char out[static 40], uint64_t amount)
{
	int n = snprintf(out, 40, "%" PRIu64 ".%09" PRIu64, amount / NRLC_PER_RLC, amount % NRLC_PER_RLC);
	while (out[n - 1] == '0')
		n--;
	n -= out[n - 1] == '.';
	snprintf(out + n, 40 - (size_t)n, " RLC");
}

/* Every hash begins with a line that says what for, and ends each name with a zero, so that no two things have the same bytes. */
static void domain_begin(struct sha256 *h, const char *domain)
{
	sha256_init(h);
	sha256_add(h, domain, strlen(domain));
}

static void name_add(struct sha256 *h, const char *name)
{
	sha256_add(h, name, strlen(name) + 1);
}

void market_deal_id(char out[static MARKET_NAME], const char *request, uint64_t first)
{
	char id[ID_TEXT];
	id_deal(id, request, first);
	market_name_set(out, id);
}

void market_task_id(char out[static MARKET_NAME], const char *deal, uint64_t index)
{
	char id[ID_TEXT];
	id_task(id, deal, index);
	market_name_set(out, id);
}

void market_result_hash(uint8_t out[static 32], const char *task, const uint8_t digest[static 32])
{
	struct sha256 h;
	domain_begin(&h, "enclua/result-hash/v1\n");
	name_add(&h, task);
	sha256_add(&h, digest, 32);
	sha256_end(&h, out);
}

void market_result_seal(uint8_t out[static 32], const char *worker, const char *task, const uint8_t digest[static 32])
{
	struct sha256 h;
	domain_begin(&h, "enclua/result-seal/v1\n");
	name_add(&h, worker);
	name_add(&h, task);
	sha256_add(&h, digest, 32);
	sha256_end(&h, out);
}

/* The parts are names, so all of them together fit an account's. */
static void joined(char out[static LEDGER_NAME], const char *const parts[], size_t n)
{
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strnlen(parts[i], MARKET_NAME - 1);
		memcpy(out + at, parts[i], len);
		at += len;
	}
	memset(out + at, 0, LEDGER_NAME - at);
}
_Static_assert(2 * (MARKET_NAME - 1) + sizeof "/stake/" <= LEDGER_NAME, "the longest name of an account fits");

void market_escrow_name(char out[static LEDGER_NAME], const char *deal)
{
	joined(out, (const char *const[]){ deal, "/escrow" }, 2);
}

void market_pool_stake_name(char out[static LEDGER_NAME], const char *deal)
{
	joined(out, (const char *const[]){ deal, "/stake" }, 2);
}

void market_worker_stake_name(char out[static LEDGER_NAME], const char *task, const char *worker)
{
	joined(out, (const char *const[]){ task, "/stake/", worker }, 3);
}

const char *market_status_text(enum market_status s)
{
	static const char *const texts[] = {
#define X(id, text) text,
		MARKET_STATUSES(X)
#undef X
	};
	return (unsigned)s < MARKET_STATUS_COUNT ? texts[s] : "?";
}
