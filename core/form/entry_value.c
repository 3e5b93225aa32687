/* The values of an entry: for each kind how it is written, how it is read, and when it is nothing. The two ways stand beside each other, and reading
 * refuses whatever writing would not give. Knows nothing of keys, lines or types.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "form/entry_inner.h"
#include "seal/age.h"

#define IDENTITY_PREFIX "enclua"
#define AGE_PREFIX "age"
#define HASH_PREFIX "sha256:"
#define BASE64_STEP 1024u	/* characters that are checked at a time */

void *entry_member(const struct entry_field *f, struct entry *en)
{
	return (char *)en + f->offset;
}

const void *entry_member_const(const struct entry_field *f, const struct entry *en)
{
	return (const char *)en + f->offset;
}

size_t entry_many_count(const void *member)
{
	static_assert(offsetof(struct entry_ids, n) == 0 && offsetof(struct entry_texts, n) == 0, "the count comes first");
	size_t n;
	memcpy(&n, member, sizeof n);
	return n;
}

const void *entry_many_at(const struct entry_field *f, const void *member, size_t i)
{
	assert(i < ENTRY_MANY_MAX && (f->kind == ENTRY_KIND_ID || f->kind == ENTRY_KIND_TEXT));
	if (f->kind == ENTRY_KIND_ID)
		return ((const struct entry_ids *)member)->at[i];
	return &((const struct entry_texts *)member)->at[i];
}

void *entry_many_next(const struct entry_field *f, void *member, struct err *e)
{
	struct entry_ids *ids = member;
	struct entry_texts *texts = member;
	assert(f->kind == ENTRY_KIND_ID || f->kind == ENTRY_KIND_TEXT);
	if (entry_many_count(member) == ENTRY_MANY_MAX) {
		err_set(e, ERR_INVALID, "more than %u of them", ENTRY_MANY_MAX);
		return NULL;
	}
	return f->kind == ENTRY_KIND_ID ? (void *)ids->at[ids->n++] : (void *)&texts->at[texts->n++];
}

static bool zero(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint8_t any = 0;
	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

/* bech32 may be written in capitals as well; here it may not. room: of the text with its NUL; every value of a kind is as long. */
static int bech32_copy(char *out, size_t room, char first, const char *text, size_t len, struct err *e)
{
	if (len != room - 1 || text[0] != first || memchr(text, '\0', len))
		return err_set(e, ERR_INVALID, "not %zu characters of lower case that begin with %c", room - 1, first);
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

static int identity_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	char text[IDENTITY_TEXT];
	(void)f;
	identity_text(text, value);
	return buf_add(out, text, IDENTITY_TEXT - 1, e);
}

static int identity_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	char copy[IDENTITY_TEXT];
	(void)f;
	if (bech32_copy(copy, sizeof copy, 'e', text, len, e) < 0)
		return -1;
	return bech32_decode(value, 32, IDENTITY_PREFIX, copy, e);
}

static int age_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	char text[AGE_RECIPIENT_TEXT];
	(void)f;
	age_recipient_text(text, value);
	return buf_add(out, text, AGE_RECIPIENT_TEXT - 1, e);
}

static int age_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	char copy[AGE_RECIPIENT_TEXT];
	(void)f;
	if (bech32_copy(copy, sizeof copy, 'a', text, len, e) < 0)
		return -1;
	return bech32_decode(value, 32, AGE_PREFIX, copy, e);
}

static int hash_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	char text[sizeof HASH_PREFIX + HEX_LEN(32)] = HASH_PREFIX;
	(void)f;
	hex_encode(text + strlen(HASH_PREFIX), value, 32);
	return buf_add(out, text, sizeof text - 1, e);
}

static int hash_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	const size_t prefix = strlen(HASH_PREFIX);
	(void)f;
	if (len < prefix || memcmp(text, HASH_PREFIX, prefix) != 0 || hex_decode(value, 32, text + prefix, len - prefix) < 0)
		return err_set(e, ERR_INVALID, "not " HASH_PREFIX "<64 hex>");
	return 0;
}

static int id_copy(const struct entry_field *f, char out[static ID_TEXT], const char *text, size_t len, struct err *e)
{
	enum id_kind kind;
	if (len >= ID_TEXT || memchr(text, '\0', len))
		return err_set(e, ERR_INVALID, "not an id: %zu characters are too many", len);
	memcpy(out, text, len);
	out[len] = '\0';
	if (id_check(&kind, out, e) < 0)
		return -1;
	if (kind != (enum id_kind)f->arg)
		return err_set(e, ERR_INVALID, "%s is an id of another kind", out);
	return 0;
}

static int id_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	char copy[ID_TEXT];
	const char *text = value;
	size_t len = strnlen(text, ID_TEXT);
	if (id_copy(f, copy, text, len, e) < 0)
		return -1;
	return buf_add(out, copy, len, e);
}

static int id_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	return id_copy(f, value, text, len, e);
}

static int number_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	uint64_t v = *(const uint64_t *)value;
	(void)f;
	if (v > ENTRY_NUMBER_MAX)
		return err_set(e, ERR_INVALID, "%llu is more than %llu", (unsigned long long)v, (unsigned long long)ENTRY_NUMBER_MAX);
	return buf_addf(out, e, "%llu", (unsigned long long)v);
}

static int number_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	uint64_t v = 0;
	(void)f;
	if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
		return err_set(e, ERR_INVALID, "not a number: 1 to 19 digits without a zero in front");
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return err_set(e, ERR_INVALID, "not a number: digits only");
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	if (v > ENTRY_NUMBER_MAX)
		return err_set(e, ERR_INVALID, "more than %llu", (unsigned long long)ENTRY_NUMBER_MAX);
	*(uint64_t *)value = v;
	return 0;
}

static int time_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	int64_t at = *(const int64_t *)value;
	char text[24];
	(void)f;
	if (at < 0 || at > ENTRY_TIME_MAX)
		return err_set(e, ERR_INVALID, "before 1970 or after 9999");
	entry_time_text(text, at);
	return buf_add(out, text, ENTRY_TIME_TEXT, e);
}

static int time_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	(void)f;
	return entry_time_parse(value, text, len, e);
}

static int nonce_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	char text[HEX_LEN(ENTRY_NONCE) + 1];
	(void)f;
	hex_encode(text, value, ENTRY_NONCE);
	return buf_add(out, text, HEX_LEN(ENTRY_NONCE), e);
}

static int nonce_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	(void)f;
	return hex_decode(value, ENTRY_NONCE, text, len) < 0 ? err_set(e, ERR_INVALID, "not 32 hex digits") : 0;
}

/* C0, DEL and C1 (U+0080 … U+009F). The bytes are valid UTF-8. */
static bool control_in(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f || (p[i] == 0xc2 && p[i + 1] < 0xa0))
			return true;
	return false;
}

static int text_check(const struct entry_field *f, const struct entry_text *t, struct err *e)
{
	if (t->len == 0 || t->len > f->arg)
		return err_set(e, ERR_INVALID, "a text of %zu bytes; 1 to %zu are allowed", t->len, f->arg);
	if (!utf8_valid(t->at, t->len) || control_in(t->at, t->len))
		return err_set(e, ERR_INVALID, "a text that is not UTF-8 or has control characters in it");
	if (t->at[0] == ' ' || t->at[t->len - 1] == ' ')
		return err_set(e, ERR_INVALID, "a text that begins or ends with a space");
	return 0;
}

/* Canonical base64 of 1 … arg bytes, a piece at a time: nobody needs the bytes yet. */
static int bytes_check(const struct entry_field *f, const struct entry_text *t, struct err *e)
{
	uint8_t raw[BASE64_STEP];
	size_t total = 0;
	for (size_t at = 0, n; at < t->len; at += n) {
		n = t->len - at < BASE64_STEP ? t->len - at : BASE64_STEP;
		ptrdiff_t got = base64_decode(raw, sizeof raw, t->at + at, n);
		if (got < 0 || (at + n < t->len && (size_t)got != n / 4 * 3))	/* padding only at the end */
			return err_set(e, ERR_INVALID, "not base64 in its one spelling");
		total += (size_t)got;
	}
	if (total == 0 || total > f->arg)
		return err_set(e, ERR_INVALID, "base64 of %zu bytes; 1 to %zu are allowed", total, f->arg);
	return 0;
}

typedef int borrowed_check(const struct entry_field *f, const struct entry_text *t, struct err *e);

static int borrowed_write(borrowed_check *check, const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	const struct entry_text *t = value;
	return check(f, t, e) < 0 ? -1 : buf_add(out, t->at, t->len, e);
}

static int borrowed_read(borrowed_check *check, const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	struct entry_text *t = value;
	*t = (struct entry_text){ text, len };
	return check(f, t, e);
}

static int text_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	return borrowed_write(text_check, f, value, out, e);
}

static int text_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	return borrowed_read(text_check, f, value, text, len, e);
}

static int bytes_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	return borrowed_write(bytes_check, f, value, out, e);
}

static int bytes_read(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e)
{
	return borrowed_read(bytes_check, f, value, text, len, e);
}

/* size: what must be zero for the value to be nothing; of an id its first character, of borrowed text its length. */
static const struct kind {
	size_t from, size;
	int (*write)(const struct entry_field *f, const void *value, struct buf *out, struct err *e);
	int (*read)(const struct entry_field *f, void *value, const char *text, size_t len, struct err *e);
} kinds[] = {
	[ENTRY_KIND_IDENTITY] = { 0, 32, identity_write, identity_read },
	[ENTRY_KIND_AGE] = { 0, 32, age_write, age_read },
	[ENTRY_KIND_HASH] = { 0, 32, hash_write, hash_read },
	[ENTRY_KIND_ID] = { 0, 1, id_write, id_read },
	[ENTRY_KIND_NUMBER] = { 0, sizeof(uint64_t), number_write, number_read },
	[ENTRY_KIND_TIME] = { 0, sizeof(int64_t), time_write, time_read },
	[ENTRY_KIND_NONCE] = { 0, ENTRY_NONCE, nonce_write, nonce_read },
	[ENTRY_KIND_TEXT] = { offsetof(struct entry_text, len), sizeof(size_t), text_write, text_read },
	[ENTRY_KIND_BYTES] = { offsetof(struct entry_text, len), sizeof(size_t), bytes_write, bytes_read },
};
#define X(kind) +1
static_assert(sizeof kinds / sizeof kinds[0] == 0 ENTRY_KINDS(X), "a row for each kind");
#undef X

bool entry_value_empty(const struct entry_field *f, const void *member)
{
	return zero((const char *)member + kinds[f->kind].from, kinds[f->kind].size);
}

int entry_value_write(const struct entry_field *f, const void *member, struct buf *out, struct err *e)
{
	return kinds[f->kind].write(f, member, out, e);
}

int entry_value_read(const struct entry_field *f, void *member, const char *text, size_t len, struct err *e)
{
	return kinds[f->kind].read(f, member, text, len, e);
}
