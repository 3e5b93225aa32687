/* Signature files and public keys of minisign. What is accepted has exactly one spelling: written again from its parts it is the input. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "seal/minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void signature(const char *text, size_t len)
{
	struct minisign_sig sig;
	struct minisign_key key = { { 0 }, { 0 } };
	if (minisign_parse(&sig, text, len, NULL) < 0)
		return;
	uint8_t raw[74] = { 'E', sig.prehashed ? 'D' : 'd' };
	char line[BASE64_LEN(74) + 1], global[BASE64_LEN(64) + 1];
	struct buf again = BUF_INIT(KIB(8));
	memcpy(raw + 2, sig.number, 8);
	memcpy(raw + 10, sig.signature, 64);
	base64_encode(line, raw, sizeof raw);
	base64_encode(global, sig.global, 64);
	const char *lf = memchr(text, '\n', len);
	require(lf != NULL);
	require(buf_addf(&again, NULL, "%s\ntrusted comment: %s\n%s\n", line, sig.trusted_comment, global) == 0);
	require(again.len == len - (size_t)(lf + 1 - text) && memcmp(again.data, lf + 1, again.len) == 0);
	buf_done(&again);

	memcpy(key.number, sig.number, 8);	/* the key of zeros is nobody's */
	require(minisign_verify(&sig, &key, "x", 1, NULL) == -1);
}

static void public_key(const char *text)
{
	struct minisign_key key;
	char line[57];
	if (minisign_key_parse(&key, text, NULL) < 0)
		return;
	minisign_key_line(line, &key);
	require(strstr(text, line) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	char *text = malloc(size + 1);	/* exactly as long as the input, so that a sanitizer sees a byte too far */
	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	public_key(text);
	text = realloc(text, size ? size : 1);
	require(text != NULL);
	signature(text, size);
	free(text);
	return 0;
}
