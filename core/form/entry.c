/* Entries as wholes: the list as tables, signing, opening, ids. What a text says is entry_codec.c's business, what a value says entry_value.c's. Never
 * judges whether an entry is allowed: that is for the rules of the book.
 */
#include "form/entry.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "form/entry_inner.h"
#include "seal/crypto.h"

static_assert(ENTRY_BYTES_MAX <= LIMIT_NOTE_BYTES, "an entry is a note");

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

static const struct entry_field head_fields[] = {
	{ "by", ENTRY_KIND_IDENTITY, ENTRY_REQUIRED, offsetof(struct entry, by), 0, "who signed" },
	{ "time", ENTRY_KIND_TIME, ENTRY_REQUIRED, offsetof(struct entry, time), 0, "when, by the signer's clock" },
	{ "nonce", ENTRY_KIND_NONCE, ENTRY_REQUIRED, offsetof(struct entry, nonce), 0, "makes the entry one of its kind: the same bytes again change nothing" },
	{ "book", ENTRY_KIND_TEXT, ENTRY_REQUIRED, offsetof(struct entry, book), NOTE_NAME_BYTES, "origin of the book that it is for" },
};
const struct entry_info entry_head = { "", "of every entry", head_fields, COUNT(head_fields) };

/* Every type's struct begins where the union does. The row of nothing at the end lets a type be without fields. */
#define FIELD(kind, need, name, arg, doc) \
	{ #name, ENTRY_KIND_##kind, ENTRY_##need, offsetof(struct entry, book_open) + offsetof(here, name), arg, doc },
#define X(id, name, type, fields, doc) \
	case ENTRY_##id##_TYPE: { \
		typedef struct entry_##name here; \
		static const struct entry_field rows[] = { fields(FIELD) { NULL, 0, 0, offsetof(here, nothing), 0, NULL } }; \
		static const struct entry_info info = { type, doc, rows, COUNT(rows) - 1 }; \
		return &info; \
	}
const struct entry_info *entry_info(enum entry_type t)
{
	switch (t) {
	ENTRY_TYPES(X)
	case ENTRY_TYPE_COUNT: break;
	}
	assert(t < ENTRY_TYPE_COUNT);
	return NULL;
}
#undef X
#undef FIELD

int entry_type_parse(enum entry_type *out, const char *type, struct err *e)
{
#define X(id, name, text, fields, doc) text,
	static const char *const types[] = { ENTRY_TYPES(X) NULL };
#undef X
	for (unsigned t = 0; t < ENTRY_TYPE_COUNT; t++)
		if (strcmp(types[t], type) == 0) {
			*out = (enum entry_type)t;
			return 0;
		}
	const char *near = text_nearest(type, types);
	err_set(e, ERR_INVALID, "\"%.64s\" is no type of entry", type);
	return near ? err_hint(e, "did you mean %s?", near) : -1;
}

bool entry_id_kind(enum entry_type t, enum id_kind *kind)
{
#define X(id, made) { ENTRY_##id##_TYPE, ID_##made },
	static const struct { enum entry_type type; enum id_kind made; } rows[] = { ENTRY_MAKES(X) };
#undef X
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].type == t) {
			*kind = rows[i].made;
			return true;
		}
	return false;
}

void entry_hash(uint8_t out[static ID_BYTES], const uint8_t *text, size_t text_len)
{
	uint8_t digest[32];
	sha256(digest, text, text_len);
	memcpy(out, digest, ID_BYTES);
}

void entry_id(char out[static ID_TEXT], enum id_kind kind, const uint8_t *text, size_t text_len)
{
	id_make(out, kind, text, text_len);
}

int entry_sign(struct entry *en, const struct identity *by, struct buf *note, struct err *e)
{
	static const uint8_t zero[ENTRY_NONCE];
	char name[IDENTITY_TEXT];
	struct buf text = BUF_INIT(ENTRY_BYTES_MAX), whole = BUF_INIT(ENTRY_BYTES_MAX);
	int r = -1;
	memcpy(en->by, identity_public(by), sizeof en->by);
	identity_text(name, en->by);
	if (memcmp(en->nonce, zero, sizeof zero) == 0)
		crypto_random(en->nonce, sizeof en->nonce);
	if (entry_encode(en, &text, e) < 0)
		goto out;
	if (note_sign(&whole, (const char *)text.data, text.len, name, by, e) < 0) {
		err_wrap(e, "%s", entry_info(en->type)->type);
		goto out;
	}
	r = buf_add(note, whole.data, whole.len, e);
out:
	buf_done(&text);
	buf_done(&whole);
	return r;
}

/* What `by` says, which has been read and is always the second line; copied, as encoding the key again takes longer. */
static void name_of(char out[static IDENTITY_TEXT], const struct note *n)
{
	static const char key[] = "by: ";
	const char *line = (const char *)memchr(n->text, '\n', n->text_len) + 1;
	assert(memcmp(line, key, strlen(key)) == 0 && line[strlen(key) + IDENTITY_TEXT - 1] == '\n');
	memcpy(out, line + strlen(key), IDENTITY_TEXT - 1);
	out[IDENTITY_TEXT - 1] = '\0';
}

/* The one signature line: by the name and key that `by` says. */
static int signature_check(const struct entry *en, const struct note *n, struct note_key *key, struct err *e)
{
	char name[IDENTITY_TEXT];
	name_of(name, n);
	if (n->n_sigs != 1)
		return err_set(e, ERR_INVALID, "an entry has one signature, this has %zu", n->n_sigs);
	if (strcmp(n->sigs[0].name, name) != 0)
		return err_set(e, ERR_INVALID, "the entry is by %s, but its signature is another's", name);
	if (note_key_make(key, name, NOTE_ED25519, en->by, e) < 0)
		return -1;
	if (memcmp(n->sigs[0].id, key->id, sizeof key->id) != 0 || n->sigs[0].len != 64)
		return err_set(e, ERR_INVALID, "the signature of %s is of another kind of key", name);
	return 0;
}

static int note_open(struct entry *en, struct note *n, struct note_key *key, const uint8_t *bytes, size_t len, struct err *e)
{
	if (len > ENTRY_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "an entry of %zu bytes is larger than %u", len, ENTRY_BYTES_MAX);
	if (note_parse(n, (const char *)bytes, len, e) < 0)
		return err_wrap(e, "not an entry");
	if (entry_text_read(en, n->text, n->text_len, e) < 0)
		return -1;
	return signature_check(en, n, key, e);
}

int entry_open(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e)
{
	struct note n;
	struct note_key key;
	if (note_open(en, &n, &key, bytes, len, e) < 0)
		return -1;
	if (note_verify(&n, &key, 1, NULL, e) < 0)
		return err_wrap(e, "%s", entry_info(en->type)->type);
	if (text_len)
		*text_len = n.text_len;
	return 0;
}

int entry_decode(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e)
{
	struct note n;
	struct note_key key;
	if (note_open(en, &n, &key, bytes, len, e) < 0)
		return -1;
	if (text_len)
		*text_len = n.text_len;
	return 0;
}

struct entry_text entry_text(const char *s)
{
	return (struct entry_text){ s, strlen(s) };
}

bool entry_text_is(const struct entry_text *t, const char *s)
{
	size_t n = strlen(s);
	return t->len == n && (n == 0 || memcmp(t->at, s, n) == 0);
}

int entry_bytes(const struct entry_text *t, struct buf *out, struct err *e)
{
	size_t room = t->len / 4 * 3;
	if (buf_reserve(out, room, e) < 0)
		return -1;
	ptrdiff_t n = base64_decode(out->data + out->len, room, t->at, t->len);
	if (n < 0)
		return err_set(e, ERR_INVALID, "not base64 in its one spelling");
	out->len += (size_t)n;
	return 0;
}
