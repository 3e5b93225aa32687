/* What age reads from strangers: headers (also with a right HMAC, so that the stanzas are reached), armor in any split, payloads, key texts. The
 * first byte chooses. Accepted texts have one spelling: written again they are the input.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/age_armor.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t file_key[AGE_FILE_KEY] = { 1, 2, 3 };
static const struct age_identity me[2] = { { .kind = AGE_X25519, .secret_key = { 4, 5, 6 } }, { .kind = AGE_HYBRID, .secret_key = { 7 } } };

static void require(int condition)
{
	if (!condition)
		abort();
}

static void header_any(const uint8_t *p, size_t n)
{
	uint8_t key[AGE_FILE_KEY];
	size_t len = SIZE_MAX;
	if (age_header_open(key, &len, p, n, me, 2, NULL) == 0)
		require(len > 22 && len <= n);
}

/* Whatever stanzas these are, they are under a right HMAC: then it is the stanzas alone that decide. */
static void header_of_stanzas(const uint8_t *p, size_t n)
{
	struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES + KIB(1));
	uint8_t key[32], mac[32];
	char text[BASE64_RAW_LEN(32) + 1];
	require(buf_add_text(&h, "age-encryption.org/v1\n", NULL) == 0);
	if (buf_add(&h, p, n, NULL) == 0 && buf_add_text(&h, "---", NULL) == 0) {
		hkdf256(key, 32, file_key, sizeof file_key, NULL, 0, "header", 6);
		hmac256(mac, key, 32, h.data, h.len);
		base64_raw_encode(text, mac, 32);
		require(buf_addf(&h, NULL, " %s\n", text) == 0);
		header_any(h.data, h.len);
	}
	buf_done(&h);
}

static int armor_read(const uint8_t *p, size_t n, size_t step, uint8_t *out, size_t *len)
{
	struct age_armor a;
	age_armor_init(&a);
	*len = 0;
	for (size_t at = 0; at < n; at += step)
		if (age_armor_add(&a, out, len, p + at, n - at < step ? n - at : step, NULL) < 0)
			return -1;
	return age_armor_end(&a, NULL);
}

static void armor_any(const uint8_t *p, size_t n)
{
	uint8_t *one = malloc(AGE_ARMOR_ROOM(n)), *other = malloc(AGE_ARMOR_ROOM(n));
	size_t one_len, other_len;
	require(one && other);
	int r = armor_read(p, n, n + 1, one, &one_len);
	for (size_t step = 1; step < 70; step += 23) {
		require(armor_read(p, n, step, other, &other_len) == r);
		require(r < 0 || (one_len == other_len && memcmp(one, other, one_len) == 0));
	}
	free(one);
	free(other);
}

struct memory { const uint8_t *p; size_t n; };

static int from_memory(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct memory *m = ctx;
	require(offset <= m->n && n <= m->n - offset);
	memcpy(out, m->p + offset, n);
	(void)e;
	return 0;
}

static void payload_any(const uint8_t *p, size_t n)
{
	struct memory m = { p, n };
	struct age_file *f = NULL;
	if (age_file_open(&f, file_key, n, from_memory, &m, NULL) < 0)
		return;
	uint64_t size = age_file_size(f);
	uint8_t *out = malloc((size_t)size + 1);
	require(out && age_payload_len(size) == n);
	(void)age_file_read(f, out, (size_t)size, 0, NULL);
	free(out);
	age_file_free(f);
}

static void key_text_any(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1), again[AGE_HYBRID_RECIPIENT_TEXT];
	struct age_recipient to;
	struct age_identity ids[4];
	size_t found = 0;
	require(text != NULL);
	memcpy(text, p, n);
	text[n] = '\0';
	if (age_recipient_parse(&to, text, NULL) == 0) {
		if (to.kind == AGE_HYBRID)
			bech32_encode(again, "age1pq", to.hybrid_key, sizeof to.hybrid_key);
		else
			age_recipient_text(again, to.public_key);
		require(strcmp(again, text) == 0);
	}
	if (age_identity_parse(ids, text, NULL) == 0 && ids[0].kind == AGE_X25519) {
		age_identity_text(again, ids[0].secret_key);
		require(strcmp(again, text) == 0);
	}
	(void)age_identities_parse(ids, 4, &found, text, NULL);
	require(found <= 4);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const uint8_t *, size_t) = { header_any, header_of_stanzas, armor_any, payload_any, key_text_any };
	if (size == 0 || crypto_init(NULL) < 0)
		return 0;
	readers[data[0] % (sizeof readers / sizeof *readers)](data + 1, size - 1);
	return 0;
}
