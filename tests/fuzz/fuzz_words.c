/* Numbers and words of the command line and of the book: sizes, durations, amounts, sizes of trees, times, purposes, places. Each number is held against one that is read digit
 * by digit in 128 bits; what is written is read again; a broader purpose is broader in one direction.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/place.h"
#include "base/purpose.h"
#include "base/text.h"
#include "form/checkpoint.h"
#include "form/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef unsigned __int128 wide;
#define WIDE_MAX ((wide)1 << 100)

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Digits at p: their value, capped. */
static size_t number(const char *p, wide *v)
{
	size_t n = strspn(p, "0123456789");
	*v = 0;
	for (size_t i = 0; i < n; i++)
		*v = *v > WIDE_MAX ? *v : *v * 10u + (wide)(unsigned)(p[i] - '0');
	return n;
}

struct unit { const char *name; uint64_t factor; };

static void quantity_try(const char *text, int (*read)(const char *, uint64_t *, struct err *), const struct unit *units)
{
	wide v, want = 0;
	uint64_t got = 0;
	size_t n = number(text, &v);
	bool good = n > 0 && (text[0] != '0' || n == 1);
	const struct unit *u = units;
	while (u->name && strcmp(u->name, text + n) != 0)
		u++;
	if (good && u->name)
		want = v * u->factor;
	good = good && u->name && want <= UINT64_MAX;
	require((read(text, &got, NULL) == 0) == good);
	require(!good || got == (uint64_t)want);
}

static void amount_try(const char *text)
{
	char shown[TEXT_AMOUNT];
	uint64_t got, again;
	wide v, parts = 0;
	if (text_amount(text, &got, NULL) < 0)
		return;
	size_t n = number(text, &v), decimals = 0;
	require(n > 0 && got <= TEXT_AMOUNT_MAX);
	if (text[n] == '.')
		decimals = number(text + n + 1, &parts);
	if (strstr(text, "RLC") && !strstr(text, "nRLC")) {
		for (size_t i = decimals; i < 9; i++)
			parts *= 10;
		require(decimals <= 9 && got == (uint64_t)(v * 1000000000 + parts));
	} else {
		require(decimals == 0 && got == (uint64_t)v);
	}
	text_amount_write(shown, got);
	require(text_amount(shown, &again, NULL) == 0 && again == got);
}

static void tree_size_try(const char *text, size_t len)
{
	uint64_t got;
	wide v;
	bool good = number(text, &v) == len && strlen(text) == len && len > 0 && (text[0] != '0' || len == 1) && v < (wide)1 << 63;
	require(checkpoint_number_parse(&got, text, len) == good);
	require(!good || got == (uint64_t)v);
}

static void time_try(const char *text, size_t len)
{
	char again[32];
	int64_t at, next;
	if (entry_time_parse(&at, text, len, NULL) < 0)
		return;
	entry_time_text(again, at);
	require(strlen(again) == len && memcmp(again, text, len) == 0);
	entry_time_text(again, at - (at > 0));
	require(entry_time_parse(&next, again, strlen(again), NULL) == 0 && next == at - (at > 0));
}

static void purposes_try(char *text)
{
	static const char *const some[] = { "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000004", "research", "research/cancer", "DUO:0000046" };
	struct err e = { .code = ERR_NONE };
	char *other = strchr(text, ' ');
	if (other)
		*other++ = '\0';
	bool good = purpose_check(text, &e) == 0;
	require(good || e.code != ERR_NONE);
	require(purpose_includes(text, text) == good);
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		bool up = purpose_includes(some[i], text), down = purpose_includes(text, some[i]);
		require(good || (!up && !down));
		require(!(up && down) || strcmp(text, some[i]) == 0);
		if (up && other && purpose_includes(text, other))	/* what includes the broader one includes the narrower one */
			require(purpose_includes(some[i], other));
	}
	if (place_valid(text))
		require(strlen(text) < 300 && strchr(text, ':') && !strpbrk(text, " /?#@\\[]\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct unit sizes[] = { { "", 1 }, { "B", 1 }, { "KiB", 1024 }, { "MiB", 1048576 }, { "GiB", 1073741824 }, { "TiB", 1099511627776 }, { "KB", 1000 },
		{ "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 }, { NULL, 0 } };
	static const struct unit times[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };
	char *text = malloc(size + 1);
	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	quantity_try(text, text_size, sizes);
	quantity_try(text, text_duration_ms, times);
	amount_try(text);
	tree_size_try(text, size);
	time_try(text, size);
	purposes_try(text);
	free(text);
	return 0;
}
