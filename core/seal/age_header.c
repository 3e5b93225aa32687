/* The header of an age file (C2SP age, "Header"): reads it strictly and twice, first for its form, then for a stanza that one of
 * our identities opens, and believes nothing before the HMAC under the file key is right. Pure over bytes in memory: no
 * files, no clock. Stanzas of unknown types are skipped once their form is right, as the format demands.
 */
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/age_stanza.h"
#include "seal/crypto.h"

#define VERSION "age-encryption.org/v1"
#define MAC_MARK "---"
#define MAC 32u

static const struct age_stanza_kind *const kinds[] = { &age_x25519, &age_hybrid, &age_scrypt };
#define KINDS (sizeof kinds / sizeof *kinds)

struct reader { const char *at, *end; };

static bool text_is(struct age_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.at, word, t.len) == 0;
}

static bool text_starts(struct age_text t, const char *word)
{
	return t.len >= strlen(word) && memcmp(t.at, word, strlen(word)) == 0;
}

void age_wrap(uint8_t out[static AGE_WRAPPED], const uint8_t wrap_key[static 32], const uint8_t file_key[static AGE_FILE_KEY])
{
	static const uint8_t nonce[12];
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL, nonce, wrap_key);
}

int age_unwrap(uint8_t file_key[static AGE_FILE_KEY], const uint8_t wrap_key[static 32], const uint8_t wrapped[static AGE_WRAPPED])
{
	static const uint8_t nonce[12];
	return crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, wrapped, AGE_WRAPPED, NULL, 0, nonce, wrap_key);
}

static void header_mac(uint8_t mac[static MAC], const uint8_t file_key[static AGE_FILE_KEY], const void *bytes, size_t len)
{
	uint8_t key[32];
	hkdf256(key, sizeof key, file_key, AGE_FILE_KEY, NULL, 0, "header", 6);
	hmac256(mac, key, sizeof key, bytes, len);
	crypto_wipe(key, sizeof key);
}

/* The next line without its LF. A line without LF is the end of a file that was cut. */
static int line_next(struct reader *r, struct age_text *line, struct err *e)
{
	const char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
	if (!lf)
		return err_set(e, ERR_INVALID, "the age header is cut short");
	*line = (struct age_text){ r->at, (size_t)(lf - r->at) };
	r->at = lf + 1;
	return 0;
}

/* "-> type arg arg": one space between arguments, each at least one visible ASCII character. */
static int args_parse(struct age_stanza *s, struct age_text line, struct err *e)
{
	const char *at = line.at + 3, *end = line.at + line.len;
	for (size_t n = 0;; n++) {
		const char *word = at;
		while (at < end && *at > ' ' && *at < 0x7f)
			at++;
		if (at == word || (at < end && *at != ' '))
			return err_set(e, ERR_INVALID, "a stanza of the age header has an argument that is empty or not plain ASCII");
		struct age_text t = { word, (size_t)(at - word) };
		if (n == 0)
			s->type = t;
		else if (n <= AGE_STANZA_ARGS)
			s->arg[n - 1] = t;
		s->args = n;
		if (at == end)
			return 0;
		at++;
	}
}

/* Base64 in lines of 64 columns; the first shorter one, which may be empty, ends it. */
static int body_parse(struct age_stanza *s, struct reader *r, struct err *e)
{
	struct age_text line = { NULL, 0 };
	do {
		uint8_t bytes[AGE_LINE_BYTES];
		if (line_next(r, &line, e) < 0)
			return -1;
		ptrdiff_t n = line.len <= AGE_COLUMNS ? base64_raw_decode(bytes, sizeof bytes, line.at, line.len) : -1;
		if (n < 0)
			return err_set(e, ERR_INVALID, "the body of a stanza of the age header is not canonical base64 in lines of %u",
				AGE_COLUMNS);
		if (s->body_len == 0)
			memcpy(s->body, bytes, (size_t)n);
		s->body_len += (size_t)n;
	} while (line.len == AGE_COLUMNS);
	return 0;
}

/* 1 = a stanza, 0 = the line of the MAC comes next, -1 = malformed. */
static int stanza_next(struct reader *r, struct age_stanza *s, struct err *e)
{
	struct reader ahead = *r;
	struct age_text line = { NULL, 0 };
	memset(s, 0, sizeof *s);
	if (line_next(&ahead, &line, e) < 0)
		return -1;
	if (text_starts(line, MAC_MARK))
		return 0;
	if (!text_starts(line, "-> "))
		return err_set(e, ERR_INVALID, "the age header has a line that is neither a stanza nor its end");
	*r = ahead;
	if (args_parse(s, line, e) < 0 || body_parse(s, r, e) < 0)
		return -1;
	return 1;
}

static const struct age_stanza_kind *stanza_kind(const struct age_stanza *s)
{
	for (size_t i = 0; i < KINDS; i++)
		if (text_is(s->type, kinds[i]->type))
			return kinds[i];
	return NULL;
}

/* What the first reading finds out. */
struct outline {
	const char *stanzas;	/* the first one */
	size_t count, mac_over, len;	/* stanzas; bytes under the MAC; bytes of the header */
	uint8_t mac[MAC];
	bool has_scrypt, has_x25519, has_hybrid;
};

static int version_check(struct reader *r, struct err *e)
{
	static const char any[] = "age-encryption.org/";
	struct age_text line = { r->at, (size_t)(r->end - r->at) };
	if (!text_starts(line, any))
		return err_set(e, ERR_INVALID, "not an age file: it does not begin with \"%s\"", VERSION);
	if (line_next(r, &line, e) < 0)
		return -1;
	if (!text_is(line, VERSION))
		return err_set(e, ERR_INVALID, "this version of the age format is not known; only v1 is");
	return 0;
}

static int stanzas_check(struct outline *o, struct reader *r, struct err *e)
{
	struct age_stanza s;
	int more;
	o->stanzas = r->at;
	while ((more = stanza_next(r, &s, e)) > 0) {
		const struct age_stanza_kind *kind = stanza_kind(&s);
		if (++o->count > LIMIT_AGE_STANZAS)
			return err_set(e, ERR_INVALID, "the age header has more than %u stanzas", LIMIT_AGE_STANZAS);
		if (kind && kind->check(&s, e) < 0)
			return -1;
		o->has_scrypt |= kind == &age_scrypt;
		o->has_x25519 |= kind == &age_x25519;
		o->has_hybrid |= kind == &age_hybrid;
	}
	if (more < 0)
		return -1;
	if (o->count == 0)
		return err_set(e, ERR_INVALID, "the age header has no stanza");
	if (o->has_scrypt && o->count != 1)
		return err_set(e, ERR_INVALID, "a scrypt stanza must be the only one in an age header");
	return 0;
}

static int outline_read(struct outline *o, const uint8_t *bytes, size_t len, struct err *e)
{
	const char *start = (const char *)bytes;
	struct reader r = { start, start + (len < LIMIT_AGE_HEADER_BYTES ? len : LIMIT_AGE_HEADER_BYTES) };
	struct age_text line = { NULL, 0 };
	memset(o, 0, sizeof *o);
	if (version_check(&r, e) < 0 || stanzas_check(o, &r, e) < 0)
		return -1;
	o->mac_over = (size_t)(r.at - start) + strlen(MAC_MARK);
	if (line_next(&r, &line, e) < 0)
		return -1;
	if (!text_starts(line, MAC_MARK " ") ||
		base64_raw_decode(o->mac, MAC, line.at + 4, line.len - 4) != MAC)
		return err_set(e, ERR_INVALID, "the last line of the age header is not its HMAC in canonical base64");
	o->len = (size_t)(r.at - start);
	return 0;
}

/* The second reading: 1 and the file key, 0 when nothing matches. */
static int file_key_find(uint8_t file_key[static AGE_FILE_KEY], const struct outline *o, const struct reader *all,
	const struct age_identity *ids, size_t n, struct err *e)
{
	struct reader r = { o->stanzas, all->end };
	struct age_stanza s;
	while (stanza_next(&r, &s, e) > 0) {
		const struct age_stanza_kind *kind = stanza_kind(&s);
		for (size_t i = 0; kind && i < n; i++) {
			int found = ids[i].kind == kind->kind ? kind->unwrap(file_key, &s, &ids[i], e) : 0;
			if (found != 0)
				return found;
		}
	}
	return 0;
}

static bool any_of(enum age_kind kind, const struct age_identity *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i].kind == kind)
			return true;
	return false;
}

static int no_match(const struct outline *o, const struct age_identity *ids, size_t n, struct err *e)
{
	if (o->has_scrypt && any_of(AGE_SCRYPT, ids, n))
		return err_set(e, ERR_DENIED, "wrong passphrase");
	if (o->has_scrypt)
		return err_set(e, ERR_DENIED, "the file is sealed under a passphrase, not to an identity");
	if (!any_of(AGE_X25519, ids, n) && !any_of(AGE_HYBRID, ids, n))
		return err_set(e, ERR_DENIED, "the file is sealed to recipients, not under a passphrase");
	if (o->has_hybrid && !o->has_x25519 && !any_of(AGE_HYBRID, ids, n))
		return err_set(e, ERR_DENIED, "the file is sealed to post-quantum recipients only: it needs an AGE-SECRET-KEY-PQ-1… identity");
	if (n == 1)
		return err_set(e, ERR_DENIED, "the identity given does not open this file: it is sealed to somebody else");
	return err_set(e, ERR_DENIED, "none of the %zu identities given opens this file: it is sealed to somebody else", n);
}

int age_header_open(uint8_t file_key[static AGE_FILE_KEY], size_t *header_len, const uint8_t *bytes, size_t len,
	const struct age_identity *ids, size_t n, struct err *e)
{
	struct outline o;
	uint8_t mac[MAC];
	if (outline_read(&o, bytes, len, e) < 0)
		return -1;
	struct reader all = { (const char *)bytes, (const char *)bytes + o.len };
	int found = file_key_find(file_key, &o, &all, ids, n, e);
	if (found < 0)
		goto fail;
	if (found == 0) {
		no_match(&o, ids, n, e);
		goto fail;
	}
	header_mac(mac, file_key, bytes, o.mac_over);
	if (!crypto_equal(mac, o.mac, MAC)) {
		err_set(e, ERR_INVALID, "the HMAC of the age header is wrong: the header was changed or damaged");
		goto fail;
	}
	*header_len = o.len;
	return 0;
fail:
	crypto_wipe(file_key, AGE_FILE_KEY);
	return -1;
}

static const struct age_stanza_kind *recipient_kind(const struct age_recipient *to)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i]->kind == to->kind)
			return kinds[i];
	return NULL;
}

/* Which kinds may stand beside each other. A file is as safe as its weakest stanza: one that a quantum computer opens makes the others useless. */
static int recipients_check(const struct age_recipient *to, size_t n, struct err *e)
{
	size_t hybrid = 0, scrypt = 0;
	if (n == 0 || n > LIMIT_AGE_STANZAS)
		return err_set(e, ERR_USAGE, "a file is sealed to 1 to %u recipients, not %zu", LIMIT_AGE_STANZAS, n);
	for (size_t i = 0; i < n; i++) {
		if (!recipient_kind(&to[i]))
			return err_set(e, ERR_INTERNAL, "recipient of unknown kind %d", (int)to[i].kind);
		hybrid += to[i].kind == AGE_HYBRID;
		scrypt += to[i].kind == AGE_SCRYPT;
	}
	if (scrypt && n > 1)
		return err_set(e, ERR_USAGE, "a passphrase must be the only recipient of a file");
	if (hybrid && hybrid < n) {
		err_set(e, ERR_USAGE, "post-quantum recipients (age1pq1…) and others are not mixed: the file would be as weak as the weakest");
		return err_hint(e, "enclua seal once for each kind");
	}
	return 0;
}

int age_header_make(struct buf *out, const uint8_t file_key[static AGE_FILE_KEY], const struct age_recipient *to, size_t n,
	struct err *e)
{
	size_t start = out->len;
	uint8_t mac[MAC];
	char text[BASE64_RAW_LEN(MAC) + 1];
	if (recipients_check(to, n, e) < 0 || buf_add_text(out, VERSION "\n", e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (recipient_kind(&to[i])->wrap(out, file_key, &to[i], e) < 0)
			return -1;
	if (buf_add_text(out, MAC_MARK, e) < 0)
		return -1;
	header_mac(mac, file_key, out->data + start, out->len - start);
	base64_raw_encode(text, mac, sizeof mac);
	return buf_addf(out, e, " %s\n", text);
}
