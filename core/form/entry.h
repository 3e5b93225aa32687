/* Entries of the book (FORMATS 3): signed notes by the actor. Text:
 *
 *	enclua/<type>/v1
 *	by: enclua1…
 *	time: 2026-11-21T10:20:30Z
 *	nonce: <32 hex>
 *	book: <origin of the book that it is for>
 *	<fields of the type, in the order of entry_list.h>
 *
 * then an empty line and one signature line, by a key whose name is the actor's enclua1…. Strict: unknown, missing, repeated or misplaced keys and any
 * second spelling of a value are refused, so that text and value name each other. `book` keeps an entry from being replayed into another book.
 */
#ifndef ENCLUA_FORM_ENTRY_H
#define ENCLUA_FORM_ENTRY_H

#include <stdbool.h>

#include "base/json.h"
#include "form/entry_list.h"
#include "form/id.h"
#include "form/note.h"
#include "seal/merkle.h"

#define ENTRY_BYTES_MAX 65535u	/* as C2SP tlog-tiles allows */
#define ENTRY_MANY_MAX 100u	/* PoCo's bulk slice */
#define ENTRY_NUMBER_MAX ((UINT64_C(1) << 62) - 1)	/* also the largest amount of money */
#define ENTRY_NONCE 16u
#define ENTRY_TIME_MAX INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */
#define ENTRY_TIME_TEXT 20u	/* characters of a time */

/* A value inside the bytes that were decoded, or text of the caller's: borrowed. Not ended by NUL. */
struct entry_text { const char *at; size_t len; };
struct entry_ids { size_t n; char at[ENTRY_MANY_MAX][ID_TEXT]; };
struct entry_texts { size_t n; struct entry_text at[ENTRY_MANY_MAX]; };

/* ENTRY_KINDS: how a kind lies in C, and how it is written.
 *	IDENTITY	uint8_t[32]	Ed25519 key		enclua1…
 *	AGE		uint8_t[32]	X25519 key		age1…
 *	HASH		uint8_t[32]	SHA-256			sha256:<64 hex>
 *	ID		char[ID_TEXT]	of the kind in arg	data1…
 *	NUMBER		uint64_t	≤ ENTRY_NUMBER_MAX	decimal, no leading zero
 *	TIME		int64_t		seconds since 1970	2026-11-21T10:20:30Z, up to the year 9999
 *	NONCE		uint8_t[16]	of the signer		<32 hex>
 *	TEXT		entry_text	1 … arg bytes of UTF-8, no control characters, no space at either end
 *	BYTES		entry_text	canonical padded base64 of 1 … arg bytes; entry_bytes decodes it
 */
#define ENTRY_KINDS(X) X(IDENTITY) X(AGE) X(HASH) X(ID) X(NUMBER) X(TIME) X(NONCE) X(TEXT) X(BYTES)
enum entry_kind {
#define X(kind) ENTRY_KIND_##kind,
	ENTRY_KINDS(X)
#undef X
};
enum entry_need { ENTRY_REQUIRED, ENTRY_OPTIONAL, ENTRY_MANY };

#define ENTRY_C_IDENTITY(name) uint8_t name[32]
#define ENTRY_C_AGE(name) uint8_t name[32]
#define ENTRY_C_HASH(name) uint8_t name[32]
#define ENTRY_C_ID(name) char name[ID_TEXT]
#define ENTRY_C_NUMBER(name) uint64_t name
#define ENTRY_C_TIME(name) int64_t name
#define ENTRY_C_NONCE(name) uint8_t name[ENTRY_NONCE]
#define ENTRY_C_TEXT(name) struct entry_text name
#define ENTRY_C_BYTES(name) struct entry_text name
#define ENTRY_C_ID_MANY(name) struct entry_ids name
#define ENTRY_C_TEXT_MANY(name) struct entry_texts name
#define ENTRY_C_REQUIRED(kind, name) ENTRY_C_##kind(name);
#define ENTRY_C_OPTIONAL(kind, name) ENTRY_C_##kind(name);
#define ENTRY_C_MANY(kind, name) ENTRY_C_##kind##_MANY(name);

#define ENTRY_MEMBER(kind, need, name, arg, doc) ENTRY_C_##need(kind, name)
#define X(id, name, type, fields, doc) struct entry_##name { char nothing; fields(ENTRY_MEMBER) };
ENTRY_TYPES(X)
#undef X
#undef ENTRY_MEMBER

enum entry_type {
#define X(id, name, type, fields, doc) ENTRY_##id##_TYPE,
	ENTRY_TYPES(X)
#undef X
	ENTRY_TYPE_COUNT
};

struct entry {
	enum entry_type type;
	uint8_t by[32];	/* who signed */
	int64_t time;	/* seconds since 1970, UTC; 1970 … 9999 */
	uint8_t nonce[ENTRY_NONCE];
	struct entry_text book;	/* an origin */
	union {
#define X(id, name, type, fields, doc) struct entry_##name name;
		ENTRY_TYPES(X)
#undef X
	};
};

/* The list as tables, for the codec, JSON and documents. */
struct entry_field { const char *key; enum entry_kind kind; enum entry_need need; size_t offset; size_t arg; const char *doc; };	/* offset in struct entry */
struct entry_info { const char *type; const char *doc; const struct entry_field *fields; size_t n; };
const struct entry_info *entry_info(enum entry_type t);
int entry_type_parse(enum entry_type *out, const char *type, struct err *e);	/* "data.register"; the hint has the nearest */

int entry_encode(const struct entry *en, struct buf *text, struct err *e);	/* the text; ERR_INVALID names the field that cannot be written */
/* en->by is set from the identity; a zero nonce is drawn. Appends the whole note. */
int entry_sign(struct entry *en, const struct identity *by, struct buf *note, struct err *e);

/* A whole note: parsed strictly, the actor's signature verified. en borrows from bytes. text_len (may be NULL): how many bytes of it the id covers. */
int entry_open(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e);
int entry_decode(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e);	/* the same without the signature: for replay of what was verified when it came in */

/* 20 bytes that name it: the beginning of SHA-256 of its text. Types that make a thing have an id of that kind (data1…, app1…, pool1…, order1…). */
void entry_hash(uint8_t out[static ID_BYTES], const uint8_t *text, size_t text_len);
bool entry_id_kind(enum entry_type t, enum id_kind *kind);
void entry_id(char out[static ID_TEXT], enum id_kind kind, const uint8_t *text, size_t text_len);

int entry_bytes(const struct entry_text *t, struct buf *out, struct err *e);	/* decodes BYTES */
struct entry_text entry_text(const char *s);	/* borrows */
bool entry_text_is(const struct entry_text *t, const char *s);
int entry_json(const struct entry *en, struct json_writer *w);	/* members of an object that is open: type, by, time, nonce, book, fields */
void entry_time_text(char out[static 24], int64_t at);	/* RFC 3339, UTC, seconds */
int entry_time_parse(int64_t *at, const char *text, size_t len, struct err *e);

#endif
