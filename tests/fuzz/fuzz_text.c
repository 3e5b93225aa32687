/* Text codings: whatever is accepted is the one spelling of its value; whatever is escaped is safe and stays as it is. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void hex_try(const char *text, size_t len)
{
	uint8_t *bytes = malloc(len / 2 + 1);
	char *again = malloc(HEX_LEN(len / 2) + 1);
	if (hex_decode(bytes, len / 2, text, len) == 0) {
		hex_encode(again, bytes, len / 2);
		require(strlen(again) == len && memcmp(again, text, len) == 0);
	}
	free(bytes);
	free(again);
}

static void base64_try(const char *text, size_t len)
{
	size_t max = len / 4 * 3 + 3;
	uint8_t *bytes = malloc(max);
	char *again = malloc(BASE64_LEN(max) + 1);
	ptrdiff_t n = base64_decode(bytes, max, text, len);
	if (n >= 0) {
		base64_encode(again, bytes, (size_t)n);
		require(strlen(again) == len && memcmp(again, text, len) == 0);
	}
	n = base64_raw_decode(bytes, max, text, len);
	if (n >= 0) {
		base64_raw_encode(again, bytes, (size_t)n);
		require(strlen(again) == len && memcmp(again, text, len) == 0);
	}
	free(bytes);
	free(again);
}

static void bech32_try(const char *text, size_t len)
{
	static const char *const prefixes[] = { "data", "a", "age-secret-key-" };
	char again[BECH32_LEN(16, 255) + 1];
	uint8_t bytes[255];
	const char *one = strrchr(text, '1');
	size_t symbols = one ? strlen(one + 1) : 0, n = symbols > 6 ? (symbols - 6) * 5 / 8 : 0;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (n > sizeof bytes || bech32_decode(bytes, n, prefixes[i], text, NULL) < 0)
			continue;
		bech32_encode(again, prefixes[i], bytes, n);
		require(strlen(again) == strlen(text));
		for (size_t j = 0; again[j]; j++)
			require(again[j] == tolower((unsigned char)text[j]));
	}
	if (len <= 255) {	/* any bytes go through and back */
		bech32_encode(again, "data", text, len);
		require(bech32_decode(bytes, len, "data", again, NULL) == 0 && memcmp(bytes, text, len) == 0);
	}
}

static void escape_try(const char *text, size_t len)
{
	struct buf once = BUF_INIT(MIB(64)), twice = BUF_INIT(MIB(64));
	require(text_escape(&once, text, len, NULL) == 0);
	require(utf8_valid(once.data, once.len));
	for (size_t i = 0; i < once.len; i++)
		require(once.data[i] >= 0x20 && once.data[i] != 0x7f);
	require(text_escape(&twice, (const char *)once.data, once.len, NULL) == 0);
	require(once.len == twice.len && (once.len == 0 || memcmp(once.data, twice.data, once.len) == 0));
	buf_done(&once);
	buf_done(&twice);
}

/* The fast whole check and the single steps must agree. */
static void utf8_try(const char *text, size_t len)
{
	size_t at = 0, n;
	while (at < len && (n = utf8_next(text + at, len - at, NULL)) > 0)
		at += n;
	require(utf8_valid(text, len) == (at == len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "protect", "grant", "data", "a", NULL };
	uint64_t v;
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	bech32_try(text, size);
	(void)text_size(text, &v, NULL);
	(void)text_duration_ms(text, &v, NULL);
	(void)text_nearest(text, words);
	text = realloc(text, size ? size : 1);
	hex_try(text, size);
	base64_try(text, size);
	escape_try(text, size);
	utf8_try(text, size);
	free(text);
	return 0;
}
