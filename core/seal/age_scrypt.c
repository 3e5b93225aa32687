/* age's scrypt stanza (C2SP age, "The scrypt recipient type"): the file key under a passphrase. The work factor comes from a
 * stranger's file, so it has a ceiling: memory is 1 KiB << work. The only part of age here that takes memory from the system.
 */
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/age_stanza.h"
#include "seal/crypto.h"

#define LABEL "age-encryption.org/v1/scrypt"
#define SALT 16u
#define WORK_DEFAULT 18u	/* about a second, 256 MiB: what age itself takes */
#define BLOCK 8u	/* r; p is 1 */

static_assert(WORK_DEFAULT <= LIMIT_AGE_SCRYPT_LOG_N, "we open what we seal");

static int wrap_key_derive(uint8_t key[static 32], const char *passphrase, const uint8_t salt[static SALT], unsigned work,
	struct err *e)
{
	uint8_t labelled[sizeof LABEL - 1 + SALT];
	memcpy(labelled, LABEL, sizeof LABEL - 1);
	memcpy(labelled + sizeof LABEL - 1, salt, SALT);
	if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)passphrase, strlen(passphrase), labelled, sizeof labelled,
		1ull << work, BLOCK, 1, key, 32) < 0)
		return err_set(e, ERR_LIMIT, "no memory for scrypt: a work factor of 2^%u takes %llu MiB", work, 1ull << work >> 10);
	return 0;
}

/* [1-9][0-9]*, at most the limit; 0 when it is not. Two digits are enough for every number that we accept. */
static unsigned work_parse(struct age_text t)
{
	unsigned work = 0;
	if (t.len == 0 || t.at[0] == '0')
		return 0;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return 0;
		if (work <= LIMIT_AGE_SCRYPT_LOG_N)
			work = work * 10 + (unsigned)(t.at[i] - '0');
	}
	return work;
}

static int scrypt_check(const struct age_stanza *s, struct err *e)
{
	uint8_t salt[SALT];
	if (s->args != 2)
		return err_set(e, ERR_INVALID, "a scrypt stanza has two arguments, this one has %zu", s->args);
	if (base64_raw_decode(salt, sizeof salt, s->arg[0].at, s->arg[0].len) != sizeof salt)
		return err_set(e, ERR_INVALID, "the salt of a scrypt stanza is not %u bytes of canonical base64", SALT);
	unsigned work = work_parse(s->arg[1]);
	if (work == 0)
		return err_set(e, ERR_INVALID, "the work factor of a scrypt stanza is not a decimal number from 1");
	if (work > LIMIT_AGE_SCRYPT_LOG_N)
		return err_set(e, ERR_INVALID, "the scrypt work factor is above 2^%u, the most that is accepted", LIMIT_AGE_SCRYPT_LOG_N);
	if (s->body_len != AGE_WRAPPED)
		return err_set(e, ERR_INVALID, "the body of a scrypt stanza has %zu bytes instead of %u", s->body_len, AGE_WRAPPED);
	return 0;
}

static int scrypt_wrap(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, struct err *e)
{
	uint8_t salt[SALT], key[32], body[AGE_WRAPPED];
	char salt_text[BASE64_RAW_LEN(SALT) + 1], body_text[BASE64_RAW_LEN(AGE_WRAPPED) + 1];
	unsigned work = to->work ? to->work : WORK_DEFAULT;
	int r = -1;

	if (work > LIMIT_AGE_SCRYPT_LOG_N)
		return err_set(e, ERR_LIMIT, "the scrypt work factor is above 2^%u", LIMIT_AGE_SCRYPT_LOG_N);
	crypto_random(salt, sizeof salt);
	if (wrap_key_derive(key, to->passphrase, salt, work, e) < 0)
		goto out;
	age_wrap(body, key, file_key);
	base64_raw_encode(salt_text, salt, sizeof salt);
	base64_raw_encode(body_text, body, sizeof body);
	r = buf_addf(out, e, "-> scrypt %s %u\n%s\n", salt_text, work, body_text);
out:
	crypto_wipe(key, sizeof key);
	return r;
}

static int scrypt_unwrap(uint8_t file_key[static AGE_FILE_KEY], const struct age_stanza *s, const struct age_identity *id,
	struct err *e)
{
	uint8_t salt[SALT], key[32];
	int r = -1;

	(void)base64_raw_decode(salt, sizeof salt, s->arg[0].at, s->arg[0].len);	/* checked */
	if (wrap_key_derive(key, id->passphrase, salt, work_parse(s->arg[1]), e) == 0)
		r = age_unwrap(file_key, key, s->body) == 0;
	crypto_wipe(key, sizeof key);
	return r;
}

const struct age_stanza_kind age_scrypt = { "scrypt", AGE_SCRYPT, scrypt_check, scrypt_wrap, scrypt_unwrap };
