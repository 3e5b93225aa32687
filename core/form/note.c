/* Signed notes (C2SP signed-note, tlog-cosignature). Parses into borrowed text and owned signatures; knows nothing of what the
 * text says. Never lets a known key's bad signature pass as an unknown one: see note_verify.
 */
#include "form/note.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"

#define DASH "\xe2\x80\x94 "	/* em dash and a space begin a signature line */
#define COSIGNATURE_HEAD "cosignature/v1\ntime "
#define KEY_ID 4u
#define VKEY_BYTES 33u	/* type and key */
#define SIG_DECODED_MAX KIB(4)	/* ML-DSA-44 has 2420; more is no kind that C2SP lists */

/* Unicode White_Space above ASCII, which C2SP forbids in a key's name: first and last of each range. */
static const uint32_t spaces[][2] = {
	{ 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f },
	{ 0x205f, 0x205f }, { 0x3000, 0x3000 },
};

/* The code point at s; s is valid UTF-8. */
static uint32_t rune_at(const uint8_t *s, size_t *width)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	*width = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t rune = s[0] & masks[*width];
	for (size_t i = 1; i < *width; i++)
		rune = rune << 6 | (s[i] & 0x3fu);
	return rune;
}

static bool name_ok(const char *name, size_t n)
{
	if (n == 0 || n > NOTE_NAME_BYTES || !utf8_valid(name, n))
		return false;
	for (size_t i = 0, width; i < n; i += width) {
		uint32_t rune = rune_at((const uint8_t *)name + i, &width);
		if (rune <= 0x20 || rune == 0x7f || rune == '+')
			return false;
		for (size_t s = 0; rune >= spaces[0][0] && s < sizeof spaces / sizeof spaces[0]; s++)
			if (rune >= spaces[s][0] && rune <= spaces[s][1])
				return false;
	}
	return true;
}

/* Text that a note may carry: UTF-8 without control characters but LF, and LF at its end. */
static bool text_ok(const char *text, size_t len)
{
	if (len == 0 || text[len - 1] != '\n' || !utf8_valid(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n')
			return false;
	return true;
}

int note_key_make(struct note_key *out, const char *name, uint8_t type, const uint8_t public_key[static 32], struct err *e)
{
	size_t n = strlen(name);
	uint8_t digest[32];
	struct sha256 h;
	if (!name_ok(name, n))
		return err_set(e, ERR_INVALID, "the name of a note's key is 1 to %u bytes without spaces or \"+\"", NOTE_NAME_BYTES);
	if (type != NOTE_ED25519 && type != NOTE_COSIGNATURE)
		return err_set(e, ERR_INVALID, "a note's key of type 0x%02x is not supported (0x01 and 0x04 are)", type);
	sha256_init(&h);
	sha256_add(&h, name, n);
	sha256_add(&h, "\n", 1);
	sha256_add(&h, &type, 1);
	sha256_add(&h, public_key, 32);
	sha256_end(&h, digest);
	memcpy(out->name, name, n + 1);
	memcpy(out->id, digest, KEY_ID);
	memcpy(out->public_key, public_key, 32);
	out->type = type;
	return 0;
}

int note_key_parse(struct note_key *out, const char *vkey, struct err *e)
{
	char name[NOTE_NAME_BYTES + 1];
	uint8_t id[KEY_ID], raw[VKEY_BYTES];
	/* base64 may hold "+" as well: the first two divide. */
	const char *hex = strchr(vkey, '+');
	const char *key = hex ? strchr(hex + 1, '+') : NULL;
	if (!key || (size_t)(hex - vkey) > NOTE_NAME_BYTES || hex_decode(id, sizeof id, hex + 1, (size_t)(key - hex - 1)) < 0 ||
		base64_decode(raw, sizeof raw, key + 1, strlen(key + 1)) != (ptrdiff_t)sizeof raw)
		return err_set(e, ERR_INVALID, "not a note's key: one is written name+hash+key");
	memcpy(name, vkey, (size_t)(hex - vkey));
	name[hex - vkey] = '\0';
	if (note_key_make(out, name, raw[0], raw + 1, e) < 0)
		return -1;
	if (memcmp(out->id, id, sizeof id) != 0)
		return err_set(e, ERR_INVALID, "the hash in the note's key does not belong to its name and key: it is mistyped");
	return 0;
}

int note_key_text(const struct note_key *k, struct buf *out, struct err *e)
{
	uint8_t raw[VKEY_BYTES] = { k->type };
	char hex[HEX_LEN(KEY_ID) + 1], base64[BASE64_LEN(VKEY_BYTES) + 1];
	memcpy(raw + 1, k->public_key, 32);
	hex_encode(hex, k->id, sizeof k->id);
	base64_encode(base64, raw, sizeof raw);
	return buf_addf(out, e, "%s+%s+%s", k->name, hex, base64);
}

/* "— name base64" without its LF. */
static bool sig_parse(struct note_sig *out, const char *line, size_t len)
{
	uint8_t raw[SIG_DECODED_MAX];
	const char *end = line + len;
	if (len < strlen(DASH) || memcmp(line, DASH, strlen(DASH)) != 0)
		return false;
	const char *name = line + strlen(DASH);
	const char *space = memchr(name, ' ', (size_t)(end - name));
	if (!space || !name_ok(name, (size_t)(space - name)))
		return false;
	ptrdiff_t n = base64_decode(raw, sizeof raw, space + 1, (size_t)(end - space - 1));
	if (n <= (ptrdiff_t)KEY_ID)
		return false;
	memset(out, 0, sizeof *out);
	memcpy(out->name, name, (size_t)(space - name));
	memcpy(out->id, raw, KEY_ID);
	if ((size_t)n - KEY_ID <= sizeof out->sig) {
		out->len = (size_t)n - KEY_ID;
		memcpy(out->sig, raw + KEY_ID, out->len);
	}
	return true;
}

/* Where the signatures begin: after the last empty line, since the text may have empty lines of its own. */
static const char *signatures_find(const char *bytes, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n')
			return bytes + i;
	return NULL;
}

int note_parse(struct note *out, const char *bytes, size_t len, struct err *e)
{
	if (len > LIMIT_NOTE_BYTES)
		return err_set(e, ERR_LIMIT, "a note of %zu bytes is larger than %llu", len, LIMIT_NOTE_BYTES);
	if (!text_ok(bytes, len))
		return err_set(e, ERR_INVALID, "not a signed note: it is not plain UTF-8 text that ends its last line");
	const char *line = signatures_find(bytes, len), *end = bytes + len;
	if (!line || line == end)
		return err_set(e, ERR_INVALID, "not a signed note: no signature follows the text");
	out->text = bytes;
	out->text_len = (size_t)(line - bytes) - 1;
	out->n_sigs = 0;
	while (line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		assert(lf);	/* text_ok saw the last byte */
		if (out->n_sigs == NOTE_SIGNATURES)
			return err_set(e, ERR_LIMIT, "a note with more than %u signatures", NOTE_SIGNATURES);
		if (!sig_parse(&out->sigs[out->n_sigs], line, (size_t)(lf - line)))
			return err_set(e, ERR_INVALID, "not a signed note: signature line %zu is malformed", out->n_sigs + 1);
		out->n_sigs++;
		line = lf + 1;
	}
	return 0;
}

/* What a cosignature signs. */
static int cosigned_make(struct buf *out, uint64_t time, const char *text, size_t len, struct err *e)
{
	if (buf_addf(out, e, COSIGNATURE_HEAD "%llu\n", (unsigned long long)time) < 0)
		return -1;
	return buf_add(out, text, len, e);
}

static int sig_add(struct buf *out, const struct note_key *key, const uint8_t *sig, size_t len, struct err *e)
{
	uint8_t raw[KEY_ID + 8 + 64];
	char base64[BASE64_LEN(sizeof raw) + 1];
	assert(len <= sizeof raw - KEY_ID);
	memcpy(raw, key->id, KEY_ID);
	memcpy(raw + KEY_ID, sig, len);
	base64_encode(base64, raw, KEY_ID + len);
	return buf_addf(out, e, DASH "%s %s\n", key->name, base64);
}

int note_sign(struct buf *out, const char *text, size_t len, const char *name, const struct identity *id, struct err *e)
{
	struct note_key key;
	uint8_t sig[64];
	if (!text_ok(text, len))
		return err_set(e, ERR_INVALID, "a note's text is UTF-8 without control characters, and ends its last line");
	if (note_key_make(&key, name, NOTE_ED25519, identity_public(id), e) < 0)
		return -1;
	identity_sign(sig, id, text, len);
	if (buf_add(out, text, len, e) < 0 || buf_add(out, "\n", 1, e) < 0)
		return -1;
	return sig_add(out, &key, sig, sizeof sig, e);
}

static void be64_put(uint8_t out[static 8], uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		out[i] = (uint8_t)v;
}

static uint64_t be64_get(const uint8_t in[static 8])
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return v;
}

int note_cosign(struct buf *out, const char *text, size_t len, const char *name, const struct identity *id, uint64_t time,
	struct err *e)
{
	struct note_key key;
	uint8_t sig[8 + 64];
	struct buf msg = BUF_INIT(LIMIT_NOTE_BYTES + 64);
	int r = -1;
	if (!text_ok(text, len)) {
		err_set(e, ERR_INVALID, "a note's text is UTF-8 without control characters, and ends its last line");
		goto out;
	}
	if (note_key_make(&key, name, NOTE_COSIGNATURE, identity_public(id), e) < 0 || cosigned_make(&msg, time, text, len, e) < 0)
		goto out;
	be64_put(sig, time);
	identity_sign(sig + 8, id, msg.data, msg.len);
	r = sig_add(out, &key, sig, sizeof sig, e);
out:
	buf_done(&msg);
	return r;
}

static bool ed25519_holds(const struct note *n, const struct note_sig *s, const struct note_key *k)
{
	return s->len == 64 && ed25519_verify(s->sig, n->text, n->text_len, k->public_key);
}

static bool cosignature_holds(const struct note *n, const struct note_sig *s, const struct note_key *k)
{
	struct buf msg = BUF_INIT(LIMIT_NOTE_BYTES + 64);
	bool ok = s->len == 72 && be64_get(s->sig) <= INT64_MAX && cosigned_make(&msg, be64_get(s->sig), n->text, n->text_len, NULL) == 0 &&
		ed25519_verify(s->sig + 8, msg.data, msg.len, k->public_key);
	buf_done(&msg);
	return ok;
}

bool note_sig_holds(const struct note *n, const struct note_sig *s, const struct note_key *k)
{
	switch (k->type) {
	case NOTE_ED25519: return ed25519_holds(n, s, k);
	case NOTE_COSIGNATURE: return cosignature_holds(n, s, k);
	default: return false;
	}
}

bool note_sig_is_of(const struct note_sig *s, const struct note_key *k)
{
	return memcmp(s->id, k->id, KEY_ID) == 0 && strcmp(s->name, k->name) == 0;
}

uint64_t note_sig_time(const struct note_sig *s)
{
	return s->len == 72 ? be64_get(s->sig) : 0;
}

/* A key that a policy lists twice is still one signer. */
static bool key_repeated(const struct note_key *keys, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (memcmp(keys[i].public_key, keys[k].public_key, 32) == 0 && keys[i].type == keys[k].type &&
			strcmp(keys[i].name, keys[k].name) == 0)
			return true;
	return false;
}

int note_verify(const struct note *n, const struct note_key *keys, size_t n_keys, size_t *verified, struct err *e)
{
	size_t good = 0;
	if (verified)
		*verified = 0;
	for (size_t k = 0; k < n_keys; k++) {
		size_t found = 0;
		if (key_repeated(keys, k))
			continue;
		for (size_t i = 0; i < n->n_sigs; i++) {
			if (!note_sig_is_of(&n->sigs[i], &keys[k]))
				continue;
			if (found++)
				return err_set(e, ERR_INVALID, "the note has two signatures of %s", keys[k].name);
			if (!note_sig_holds(n, &n->sigs[i], &keys[k]))
				return err_set(e, ERR_INVALID, "the signature of %s does not fit the note", keys[k].name);
		}
		good += found;
	}
	if (verified)
		*verified = good;
	if (good == 0)
		return err_set(e, ERR_DENIED, "none of the known keys has signed the note");
	return 0;
}
