/* minisign's two public formats, public keys and detached signatures, in exactly one spelling each. Never reads a minisign secret
 * key: what we sign with is an identity. Never looks at the message before both signatures have held.
 */
#include "seal/minisign.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define NUMBER_LABEL "enclua/v1/minisign"

#define KEY_BYTES 42u	/* algorithm 2, key number 8, key 32 */
#define SIG_BYTES 74u	/* algorithm 2, key number 8, signature 64 */

static_assert(BASE64_LEN(KEY_BYTES) + 1 == 57, "room for a key line");

/* What an identity also signs, elsewhere and without a trusted comment, begins like this. It may never become a minisign message:
 * the bare Ed25519 signature in the .minisig would be good there too. */
static const char *const foreign_domains[] = { "enclua/", "cosignature/v1\n" };

void minisign_key_of(struct minisign_key *out, const uint8_t public_key[static 32])
{
	uint8_t digest[32];
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, NUMBER_LABEL, strlen(NUMBER_LABEL));
	sha256_add(&h, public_key, 32);
	sha256_end(&h, digest);
	memcpy(out->number, digest, sizeof out->number);
	memcpy(out->public_key, public_key, 32);
}

void minisign_key_line(char out[static 57], const struct minisign_key *key)
{
	uint8_t raw[KEY_BYTES] = { 'E', 'd' };
	memcpy(raw + 2, key->number, 8);
	memcpy(raw + 10, key->public_key, 32);
	base64_encode(out, raw, sizeof raw);
}

/* Comments are shown to people: text, on one line. minisign itself puts tabs in them. */
static bool comment_ok(const char *s, size_t n)
{
	if (n >= MINISIGN_COMMENT || !utf8_valid(s, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return true;
}

/* One line off the input, without its LF; false when there is no LF. */
static bool line_take(const char **at, const char *end, const char **line, size_t *len)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	if (!lf)
		return false;
	*line = *at;
	*len = (size_t)(lf - *at);
	*at = lf + 1;
	return true;
}

/* A comment line: its head, then a comment, which is moved to the front. */
static bool comment_take(const char **line, size_t *len, const char *head)
{
	size_t n = strlen(head);
	if (*len < n || memcmp(*line, head, n) != 0 || !comment_ok(*line + n, *len - n))
		return false;
	*line += n;
	*len -= n;
	return true;
}

int minisign_key_parse(struct minisign_key *out, const char *text, struct err *e)
{
	const char *at = text, *end = text + strlen(text), *line;
	size_t len;
	uint8_t raw[KEY_BYTES];
	if (strncmp(text, UNTRUSTED, strlen(UNTRUSTED)) == 0 &&
		(!line_take(&at, end, &line, &len) || !comment_take(&line, &len, UNTRUSTED)))
		return err_set(e, ERR_INVALID, "not a minisign public key: its first line is no comment");
	if (!line_take(&at, end, &line, &len)) {	/* the line alone may lack its LF */
		line = at;
		len = (size_t)(end - at);
		at = end;
	}
	if (base64_decode(raw, sizeof raw, line, len) != (ptrdiff_t)sizeof raw || memcmp(raw, "Ed", 2) != 0) {
		err_set(e, ERR_INVALID, "not a minisign public key: one is 56 characters of base64 that begin with RW");
		return err_hint(e, "enclua key export NAME --minisign");
	}
	if (at != end)
		return err_set(e, ERR_INVALID, "not a minisign public key: something stands after the key");
	memcpy(out->number, raw + 2, 8);
	memcpy(out->public_key, raw + 10, 32);
	return 0;
}

/* What the second signature covers: the first one and the trusted comment. */
struct global_message { uint8_t bytes[64 + MINISIGN_COMMENT]; size_t len; };

static void global_message_make(struct global_message *m, const uint8_t signature[static 64], const char *trusted_comment)
{
	size_t n = strlen(trusted_comment);
	assert(n < MINISIGN_COMMENT);
	memcpy(m->bytes, signature, 64);
	memcpy(m->bytes + 64, trusted_comment, n);
	m->len = 64 + n;
}

static int domain_check(const void *msg, size_t n, struct err *e)
{
	for (size_t i = 0; i < sizeof foreign_domains / sizeof foreign_domains[0]; i++) {
		size_t len = strlen(foreign_domains[i]);
		if (n >= len && memcmp(msg, foreign_domains[i], len) == 0)
			return err_set(e, ERR_INVALID, "a message that begins like an entry of the book is not signed as a file");
	}
	return 0;
}

int minisign_sign(struct buf *out, const struct identity *id, const void *msg, size_t n, const char *untrusted_comment,
	const char *trusted_comment, struct err *e)
{
	if (!comment_ok(untrusted_comment, strlen(untrusted_comment)) || !comment_ok(trusted_comment, strlen(trusted_comment)))
		return err_set(e, ERR_INVALID, "a signature's comment is one line of at most %u bytes", MINISIGN_COMMENT - 1);
	if (domain_check(msg, n, e) < 0)
		return -1;

	uint8_t raw[SIG_BYTES] = { 'E', 'd' }, global[64];
	struct minisign_key key;
	struct global_message m;
	minisign_key_of(&key, identity_public(id));
	memcpy(raw + 2, key.number, 8);
	identity_sign(raw + 10, id, msg, n);
	global_message_make(&m, raw + 10, trusted_comment);
	identity_sign(global, id, m.bytes, m.len);

	char signature_line[BASE64_LEN(SIG_BYTES) + 1], global_line[BASE64_LEN(64) + 1];
	base64_encode(signature_line, raw, sizeof raw);
	base64_encode(global_line, global, sizeof global);
	return buf_addf(out, e, UNTRUSTED "%s\n%s\n" TRUSTED "%s\n%s\n", untrusted_comment, signature_line, trusted_comment,
		global_line);
}

int minisign_parse(struct minisign_sig *out, const char *text, size_t len, struct err *e)
{
	const char *at = text, *end = text + len, *line;
	size_t n;
	uint8_t raw[SIG_BYTES];
	memset(out, 0, sizeof *out);

	if (!line_take(&at, end, &line, &n) || !comment_take(&line, &n, UNTRUSTED))
		return err_set(e, ERR_INVALID, "not a minisign signature: line 1 is no \"" UNTRUSTED "…\"");
	if (!line_take(&at, end, &line, &n) || base64_decode(raw, sizeof raw, line, n) != (ptrdiff_t)sizeof raw ||
		raw[0] != 'E' || (raw[1] != 'd' && raw[1] != 'D'))
		return err_set(e, ERR_INVALID, "not a minisign signature: line 2 is no Ed or ED signature in base64");
	out->prehashed = raw[1] == 'D';
	memcpy(out->number, raw + 2, 8);
	memcpy(out->signature, raw + 10, 64);
	if (!line_take(&at, end, &line, &n) || !comment_take(&line, &n, TRUSTED))
		return err_set(e, ERR_INVALID, "not a minisign signature: line 3 is no \"" TRUSTED "…\"");
	memcpy(out->trusted_comment, line, n);
	if (!line_take(&at, end, &line, &n) ||
		base64_decode(out->global, sizeof out->global, line, n) != (ptrdiff_t)sizeof out->global)
		return err_set(e, ERR_INVALID, "not a minisign signature: line 4 is no signature in base64");
	if (at != end)
		return err_set(e, ERR_INVALID, "not a minisign signature: something stands after line 4");
	return 0;
}

int minisign_verify(const struct minisign_sig *sig, const struct minisign_key *key, const void *msg, size_t n, struct err *e)
{
	struct global_message m;
	uint8_t digest[64];
	if (!crypto_equal(sig->number, key->number, sizeof key->number)) {
		char theirs[17], ours[17];
		hex_encode(theirs, sig->number, 8);
		hex_encode(ours, key->number, 8);
		return err_set(e, ERR_INVALID, "signed by the key %s, not by %s", theirs, ours);
	}
	global_message_make(&m, sig->signature, sig->trusted_comment);
	if (!ed25519_verify(sig->global, m.bytes, m.len, key->public_key))
		return err_set(e, ERR_INVALID, "the trusted comment is not what the signer signed, or another key signed");
	if (sig->prehashed) {
		if (blake2b(digest, sizeof digest, msg, n, NULL, 0) < 0)
			return err_set(e, ERR_INTERNAL, "BLAKE2b does not work");
		msg = digest;
		n = sizeof digest;
	}
	if (!ed25519_verify(sig->signature, msg, n, key->public_key))
		return err_set(e, ERR_INVALID, "the content is not what the signer signed");
	return 0;
}
