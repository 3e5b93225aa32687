/* Identities. Owns the block of secret memory in which the seed and the keys made from it live; the block is wiped by the free.
 * Never writes a secret anywhere but into what identity_secret_text is asked to fill.
 */
#include "seal/identity.h"

#include <assert.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"

#define HRP "enclua"
#define SECRET_HRP "enclua-secret-key-"
#define AGE_LABEL "enclua/v1/age"

struct identity {
	uint8_t seed[32], age_secret[32];
	uint8_t public_key[32], age_public[32];
};

static_assert(IDENTITY_TEXT == BECH32_LEN(sizeof HRP - 1, 32) + 1, "room for enclua1…");
static_assert(IDENTITY_SECRET_TEXT == BECH32_LEN(sizeof SECRET_HRP - 1, 32) + 1, "room for ENCLUA-SECRET-KEY-1…");

static struct identity *identity_alloc(struct err *e)
{
	struct identity *id = secret_alloc(sizeof *id);
	if (!id)
		err_set(e, ERR_LIMIT, "no protected memory for a key");
	return id;
}

/* The signing key is never converted for age: the two keys share nothing but the seed, and each has its own label. */
static void identity_derive(struct identity *id)
{
	ed25519_public(id->public_key, id->seed);
	hkdf256(id->age_secret, sizeof id->age_secret, id->seed, sizeof id->seed, NULL, 0, AGE_LABEL, strlen(AGE_LABEL));
	x25519_public(id->age_public, id->age_secret);
}

int identity_new(struct identity **out, struct err *e)
{
	struct identity *id = identity_alloc(e);
	if (!id)
		return -1;
	crypto_random(id->seed, sizeof id->seed);
	identity_derive(id);
	*out = id;
	return 0;
}

int identity_from_seed(struct identity **out, const uint8_t seed[static 32], struct err *e)
{
	struct identity *id = identity_alloc(e);
	if (!id)
		return -1;
	memcpy(id->seed, seed, sizeof id->seed);
	identity_derive(id);
	*out = id;
	return 0;
}

void identity_free(struct identity *id)
{
	secret_free(id);
}

const uint8_t *identity_seed(const struct identity *id)
{
	return id->seed;
}

const uint8_t *identity_public(const struct identity *id)
{
	return id->public_key;
}

const uint8_t *identity_age_public(const struct identity *id)
{
	return id->age_public;
}

const uint8_t *identity_age_secret(const struct identity *id)
{
	return id->age_secret;
}

void identity_text(char out[static IDENTITY_TEXT], const uint8_t public_key[static 32])
{
	bech32_encode(out, HRP, public_key, 32);
}

int identity_parse(uint8_t public_key[static 32], const char *text, struct err *e)
{
	char canonical[IDENTITY_TEXT];
	if (bech32_decode(public_key, 32, HRP, text, e) < 0)
		return err_wrap(e, "not an identity");
	/* bech32 may stand in upper case; an identity has one spelling, because entries are hashed as text. */
	identity_text(canonical, public_key);
	if (strcmp(canonical, text) != 0)
		return err_set(e, ERR_INVALID, "not an identity: it has to be in lower case");
	return 0;
}

/* ASCII only: toupper() would follow the locale. */
static void ascii_upper(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
}

void identity_secret_text(char out[static IDENTITY_SECRET_TEXT], const struct identity *id)
{
	bech32_encode(out, SECRET_HRP, id->seed, 32);
	ascii_upper(out);
}

static int secret_line_parse(struct identity **out, const char *line, size_t len, struct err *e)
{
	char text[IDENTITY_SECRET_TEXT];
	uint8_t seed[32];
	int r = -1;
	/* The error never repeats the line: it may be most of a secret. */
	if (len != sizeof text - 1)
		return err_set(e, ERR_INVALID, "a secret is %u characters long, this line has %zu", IDENTITY_SECRET_TEXT - 1, len);
	memcpy(text, line, len);
	text[len] = '\0';
	if (bech32_decode(seed, sizeof seed, SECRET_HRP, text, NULL) < 0)
		err_set(e, ERR_INVALID, "the line is no ENCLUA-SECRET-KEY-1…: its prefix or its checksum is wrong");
	else
		r = identity_from_seed(out, seed, e);
	os_wipe(text, sizeof text);
	os_wipe(seed, sizeof seed);
	return r;
}

int identity_secret_parse(struct identity **out, const char *text, struct err *e)
{
	const char *secret = NULL;
	size_t secret_len = 0;
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		size_t len = (size_t)(end - line);
		if (len && line[len - 1] == '\r')
			len--;
		if (len == 0 || *line == '#')
			continue;
		if (secret)
			return err_set(e, ERR_INVALID, "more than one secret");
		secret = line;
		secret_len = len;
	}
	if (!secret)
		return err_set(e, ERR_INVALID, "no secret: there should be one line ENCLUA-SECRET-KEY-1…");
	return secret_line_parse(out, secret, secret_len, e);
}

void identity_sign(uint8_t sig[static 64], const struct identity *id, const void *msg, size_t n)
{
	ed25519_sign(sig, msg, n, id->seed);
}
