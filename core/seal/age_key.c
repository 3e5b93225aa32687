/* Recipients and identities as text (C2SP age, "Native recipient types"): bech32 with the prefixes "age", "age1pq",
 * "AGE-SECRET-KEY-" and "AGE-SECRET-KEY-PQ-", and identity files as age-keygen writes them. Nothing here touches a file.
 */
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define PUBLIC_PREFIX "age"
#define SECRET_PREFIX "age-secret-key-"
#define HYBRID_PUBLIC_PREFIX "age1pq"
#define HYBRID_SECRET_PREFIX "age-secret-key-pq-"

static_assert(AGE_RECIPIENT_TEXT == BECH32_LEN(sizeof PUBLIC_PREFIX - 1, 32) + 1, "age1 and 58 characters");
static_assert(AGE_IDENTITY_TEXT == BECH32_LEN(sizeof SECRET_PREFIX - 1, 32) + 1, "AGE-SECRET-KEY-1 and 58 characters");
static_assert(AGE_HYBRID_RECIPIENT_TEXT == BECH32_LEN(sizeof HYBRID_PUBLIC_PREFIX - 1, AGE_HYBRID_KEY) + 1, "age1pq1 and 1952 characters");
static_assert(AGE_HYBRID_IDENTITY_TEXT == BECH32_LEN(sizeof HYBRID_SECRET_PREFIX - 1, 32) + 1, "AGE-SECRET-KEY-PQ-1 and 58 characters");

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int age_recipient_parse(struct age_recipient *out, const char *text, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (starts(text, "AGE-SECRET-KEY-")) {
		err_set(e, ERR_USAGE, "this is an identity (a secret), not a recipient: those begin with age1");
		return err_hint(e, "age-keygen -y KEYFILE");
	}
	if (starts(text, "age1tag1") || starts(text, "age1tagpq1"))
		return err_set(e, ERR_INVALID, "tagged recipients are not supported, only age1 and 58 characters, and age1pq1…");
	if (starts(text, "ssh-"))
		return err_set(e, ERR_INVALID, "SSH keys are not supported as recipients, only age1 and 58 characters, and age1pq1…");
	/* Lower case only: age itself refuses AGE1…, and one key should have one spelling. */
	if (!starts(text, PUBLIC_PREFIX "1"))
		return err_set(e, ERR_INVALID, "\"%.70s\" is no recipient: those begin with age1", text);
	bool hybrid = starts(text, HYBRID_PUBLIC_PREFIX "1");
	out->kind = hybrid ? AGE_HYBRID : AGE_X25519;
	if (hybrid ? bech32_decode(out->hybrid_key, sizeof out->hybrid_key, HYBRID_PUBLIC_PREFIX, text, e) < 0
		: bech32_decode(out->public_key, 32, PUBLIC_PREFIX, text, e) < 0)
		return err_wrap(e, "recipient %.70s", text);
	return 0;
}

void age_recipient_text(char out[static AGE_RECIPIENT_TEXT], const uint8_t public_key[static 32])
{
	bech32_encode(out, PUBLIC_PREFIX, public_key, 32);
}

/* The text is a secret, so no error repeats it. */
int age_identity_parse(struct age_identity *out, const char *text, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (starts(text, "AGE-PLUGIN-"))
		return err_set(e, ERR_INVALID, "identities of age plugins are not supported, only AGE-SECRET-KEY-1… and AGE-SECRET-KEY-PQ-1…");
	if (starts(text, PUBLIC_PREFIX "1"))
		return err_set(e, ERR_USAGE, "this is a recipient (public), not an identity: those begin with AGE-SECRET-KEY-1");
	bool hybrid = starts(text, "AGE-SECRET-KEY-PQ-1");
	if (!hybrid && !starts(text, "AGE-SECRET-KEY-1"))
		return err_set(e, ERR_INVALID, "this is no identity: those begin with AGE-SECRET-KEY-1");
	out->kind = hybrid ? AGE_HYBRID : AGE_X25519;
	if (bech32_decode(out->secret_key, 32, hybrid ? HYBRID_SECRET_PREFIX : SECRET_PREFIX, text, NULL) < 0) {
		crypto_wipe(out, sizeof *out);
		return err_set(e, ERR_INVALID, "the identity is mistyped: its checksum, length or letters are wrong");
	}
	return 0;
}

void age_identity_text(char out[static AGE_IDENTITY_TEXT], const uint8_t secret_key[static 32])
{
	bech32_encode(out, SECRET_PREFIX, secret_key, 32);
	for (char *c = out; *c; c++)
		*c = (char)toupper((unsigned char)*c);
}

int age_identities_parse(struct age_identity *out, size_t max, size_t *count, const char *text, struct err *e)
{
	size_t line_number = 0, found = 0;
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n"), take = len;
		char line[AGE_HYBRID_IDENTITY_TEXT + 1];
		const char *next = at[len] ? at + len + 1 : at + len;
		line_number++;
		while (take && (at[take - 1] == '\r' || at[take - 1] == ' ' || at[take - 1] == '\t'))
			take--;
		if (take && *at != '#') {
			if (*count == max)
				return err_set(e, ERR_LIMIT, "more than %zu identities", max);
			if (take >= sizeof line)
				take = sizeof line - 1;	/* too long for an identity: the decoder says what is wrong */
			memcpy(line, at, take);
			line[take] = '\0';
			int bad = age_identity_parse(&out[*count], line, e);
			crypto_wipe(line, sizeof line);
			if (bad < 0)
				return err_wrap(e, "line %zu", line_number);
			++*count;
			found++;
		}
		at = next;
	}
	return found ? 0 : err_set(e, ERR_INVALID, "no identity in it: none of its lines begins with AGE-SECRET-KEY-1");
}
