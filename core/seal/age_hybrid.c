/* age's mlkem768x25519 stanza (C2SP age, "The MLKEM768-X25519 hybrid post-quantum recipient type"): the file key sealed by HPKE in base mode (RFC
 * 9180) over X-Wing, HKDF-SHA-256 and ChaCha20-Poly1305. Each context seals one message, so there is no sequence number. The secrets of HPKE live
 * only in this file.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "seal/age_stanza.h"
#include "seal/crypto.h"
#include "seal/xwing.h"

#define TYPE "mlkem768x25519"
#define INFO "age-encryption.org/mlkem768x25519"
#define NONCE 12u

static_assert(AGE_HYBRID_KEY == XWING_PUBLIC, "a recipient is an X-Wing public key");

/* "HPKE-v1", and the suite: "HPKE", KEM 0x647a, KDF 0x0001, AEAD 0x0003 (RFC 9180, sections 4 and 5.1). */
static const uint8_t version_and_suite[] = { 'H', 'P', 'K', 'E', '-', 'v', '1', 'H', 'P', 'K', 'E', 0x64, 0x7a, 0x00, 0x01, 0x00, 0x03 };

/* LabeledExtract of section 4. */
static void labeled_extract(uint8_t out[static 32], const void *salt, size_t salt_len, const char *label, const void *input, size_t n)
{
	struct hmac256 h;
	hmac256_init(&h, salt, salt_len);
	hmac256_add(&h, version_and_suite, sizeof version_and_suite);
	hmac256_add(&h, label, strlen(label));
	hmac256_add(&h, input, n);
	hmac256_end(&h, out);
}

/* LabeledExpand of section 4, for up to 32 bytes: one block of HKDF-Expand. */
static void labeled_expand(uint8_t *out, uint8_t n, const uint8_t secret[static 32], const char *label, const void *info, size_t info_len)
{
	static const uint8_t first_block = 1;
	uint8_t block[32], len[2] = { 0, n };
	struct hmac256 h;
	hmac256_init(&h, secret, 32);
	hmac256_add(&h, len, sizeof len);
	hmac256_add(&h, version_and_suite, sizeof version_and_suite);
	hmac256_add(&h, label, strlen(label));
	hmac256_add(&h, info, info_len);
	hmac256_add(&h, &first_block, 1);
	hmac256_end(&h, block);
	memcpy(out, block, n);
	crypto_wipe(block, sizeof block);
}

/* KeySchedule of section 5.1 in mode_base, where psk and psk_id are empty. */
static void schedule(uint8_t key[static 32], uint8_t nonce[static NONCE], const uint8_t shared[static XWING_SHARED])
{
	uint8_t context[1 + 32 + 32] = { 0 }, secret[32];	/* mode 0 || psk_id_hash || info_hash */
	labeled_extract(context + 1, NULL, 0, "psk_id_hash", NULL, 0);
	labeled_extract(context + 33, NULL, 0, "info_hash", INFO, sizeof INFO - 1);
	labeled_extract(secret, shared, XWING_SHARED, "secret", NULL, 0);
	labeled_expand(key, 32, secret, "key", context, sizeof context);
	labeled_expand(nonce, NONCE, secret, "base_nonce", context, sizeof context);
	crypto_wipe(secret, sizeof secret);
}

static int hybrid_check(const struct age_stanza *s, struct err *e)
{
	uint8_t encapsulated[XWING_CIPHERTEXT];
	if (s->args != 1)
		return err_set(e, ERR_INVALID, "an " TYPE " stanza has one argument, this one has %zu", s->args);
	if (base64_raw_decode(encapsulated, sizeof encapsulated, s->arg[0].at, s->arg[0].len) != sizeof encapsulated)
		return err_set(e, ERR_INVALID, "the encapsulated key of an " TYPE " stanza is not %u bytes of canonical base64", XWING_CIPHERTEXT);
	if (s->body_len != AGE_WRAPPED)
		return err_set(e, ERR_INVALID, "the body of an " TYPE " stanza has %zu bytes instead of %u", s->body_len, AGE_WRAPPED);
	return 0;
}

static int hybrid_wrap(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, struct err *e)
{
	uint8_t random[XWING_RANDOM], encapsulated[XWING_CIPHERTEXT], shared[XWING_SHARED], key[32], nonce[NONCE], body[AGE_WRAPPED];
	char text[BASE64_RAW_LEN(XWING_CIPHERTEXT) + 1], body_text[BASE64_RAW_LEN(AGE_WRAPPED) + 1];
	int r = -1;

	crypto_random(random, sizeof random);
	if (xwing_encapsulate(encapsulated, shared, to->hybrid_key, random) < 0) {
		err_set(e, ERR_INVALID, "the post-quantum recipient is no usable public key (not reduced, or a point of low order)");
		goto out;
	}
	schedule(key, nonce, shared);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL, nonce, key);
	base64_raw_encode(text, encapsulated, sizeof encapsulated);
	base64_raw_encode(body_text, body, sizeof body);
	r = buf_addf(out, e, "-> " TYPE " %s\n%s\n", text, body_text);
out:
	crypto_wipe(random, sizeof random);
	crypto_wipe(shared, sizeof shared);
	crypto_wipe(key, sizeof key);
	return r;
}

static int hybrid_unwrap(uint8_t file_key[static AGE_FILE_KEY], const struct age_stanza *s, const struct age_identity *id,
	struct err *e)
{
	uint8_t encapsulated[XWING_CIPHERTEXT], shared[XWING_SHARED], key[32], nonce[NONCE];
	(void)base64_raw_decode(encapsulated, sizeof encapsulated, s->arg[0].at, s->arg[0].len);	/* checked */
	if (xwing_decapsulate(shared, id->secret_key, encapsulated) < 0)
		return err_set(e, ERR_INVALID, "the share of an " TYPE " stanza is a point of low order");
	schedule(key, nonce, shared);
	int r = crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, s->body, AGE_WRAPPED, NULL, 0, nonce, key) == 0;
	crypto_wipe(shared, sizeof shared);
	crypto_wipe(key, sizeof key);
	return r;
}

const struct age_stanza_kind age_hybrid = { TYPE, AGE_HYBRID, hybrid_check, hybrid_wrap, hybrid_unwrap };
