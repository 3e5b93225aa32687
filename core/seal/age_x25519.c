/* age's X25519 stanza (C2SP age, "The X25519 recipient type"): an ephemeral share, and the file key under a key that both
 * sides derive. The ephemeral secret lives only in this file. Low-order points are refused: with one, anybody knows the secret.
 */
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "seal/age_stanza.h"
#include "seal/crypto.h"

#define LABEL "age-encryption.org/v1/X25519"
#define SHARE_TEXT BASE64_RAW_LEN(32)

/* salt = ephemeral share || recipient, so that a stanza made for one recipient is nothing to another. */
static void wrap_key_derive(uint8_t key[static 32], const uint8_t shared[static 32], const uint8_t share[static 32],
	const uint8_t recipient[static 32])
{
	uint8_t salt[64];
	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	hkdf256(key, 32, shared, 32, salt, sizeof salt, LABEL, sizeof LABEL - 1);
}

static int x25519_check(const struct age_stanza *s, struct err *e)
{
	uint8_t share[32];
	if (s->args != 1)
		return err_set(e, ERR_INVALID, "an X25519 stanza has one argument, this one has %zu", s->args);
	if (base64_raw_decode(share, sizeof share, s->arg[0].at, s->arg[0].len) != sizeof share)
		return err_set(e, ERR_INVALID, "the share of an X25519 stanza is not 32 bytes of canonical base64");
	if (s->body_len != AGE_WRAPPED)
		return err_set(e, ERR_INVALID, "the body of an X25519 stanza has %zu bytes instead of %u", s->body_len, AGE_WRAPPED);
	return 0;
}

static int x25519_wrap(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, struct err *e)
{
	uint8_t secret[32], share[32], shared[32], key[32], body[AGE_WRAPPED];
	char share_text[SHARE_TEXT + 1], body_text[BASE64_RAW_LEN(AGE_WRAPPED) + 1];
	int r = -1;

	crypto_random(secret, sizeof secret);
	if (crypto_scalarmult_base(share, secret) < 0 || crypto_scalarmult(shared, secret, to->public_key) < 0) {
		err_set(e, ERR_INVALID, "the recipient is no usable public key (a point of low order)");
		goto out;
	}
	wrap_key_derive(key, shared, share, to->public_key);
	age_wrap(body, key, file_key);
	base64_raw_encode(share_text, share, sizeof share);
	base64_raw_encode(body_text, body, sizeof body);
	r = buf_addf(out, e, "-> X25519 %s\n%s\n", share_text, body_text);
out:
	crypto_wipe(secret, sizeof secret);
	crypto_wipe(shared, sizeof shared);
	crypto_wipe(key, sizeof key);
	return r;
}

static int x25519_unwrap(uint8_t file_key[static AGE_FILE_KEY], const struct age_stanza *s, const struct age_identity *id,
	struct err *e)
{
	uint8_t share[32], recipient[32], shared[32], key[32];
	int r = -1;

	(void)base64_raw_decode(share, sizeof share, s->arg[0].at, s->arg[0].len);	/* checked */
	if (crypto_scalarmult_base(recipient, id->secret_key) < 0 || crypto_scalarmult(shared, id->secret_key, share) < 0) {
		err_set(e, ERR_INVALID, "the share of an X25519 stanza is a point of low order");
		goto out;
	}
	wrap_key_derive(key, shared, share, recipient);
	r = age_unwrap(file_key, key, s->body) == 0;
out:
	crypto_wipe(shared, sizeof shared);
	crypto_wipe(key, sizeof key);
	return r;
}

const struct age_stanza_kind age_x25519 = { "X25519", AGE_X25519, x25519_check, x25519_wrap, x25519_unwrap };
