/* JSON (RFC 8259), strict: a pull reader that never allocates per token and a writer into a buffer. The same code serves
 * the command line and the box, where every further parser would be attack surface.
 * Refused: duplicate keys (by json_tree), trailing text, leading zeros, NaN, lone surrogates, control characters in
 * strings, invalid UTF-8, depth over LIMIT_JSON_DEPTH. Every error names line and column.
 */
#ifndef ENCLUA_BASE_JSON_H
#define ENCLUA_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum json_kind { JSON_END, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_KEY,
	JSON_ARRAY, JSON_ARRAY_END, JSON_OBJECT, JSON_OBJECT_END };

/* What a token points at stays valid until the next call. A number is its own text; a string is decoded UTF-8. */
struct json_token {
	enum json_kind kind;
	const char *text;
	size_t len;
	bool is_integer;	/* number: no '.', 'e' or 'E' */
};

struct json_reader;	/* opaque: text, position, stack of open brackets, scratch for escapes */

int json_reader_new(struct json_reader **out, const char *text, size_t len, struct err *e);
void json_reader_free(struct json_reader *r);
int json_next(struct json_reader *r, struct json_token *t, struct err *e);	/* JSON_END after the one value */
void json_where(const struct json_reader *r, unsigned *line, unsigned *column);	/* of the token just read, from 1 */
size_t json_offset(const struct json_reader *r);	/* of the token just read, in bytes */
void json_position(const char *text, size_t offset, unsigned *line, unsigned *column);	/* columns count characters, not bytes */

/* A parsed document, for small inputs on the host. Refuses duplicate keys and a NUL in a key. All but json_free take NULL, or a
 * value of another kind, for an absent one: kind JSON_END, count 0, text NULL. So a chain of lookups needs one check at its end. */
struct json;
int json_parse(struct json **out, const char *text, size_t len, struct err *e);
void json_free(struct json *j);	/* the whole document; j is what json_parse gave, or NULL */
enum json_kind json_kind(const struct json *j);	/* NULL, FALSE, TRUE, NUMBER, STRING, ARRAY or OBJECT */
size_t json_count(const struct json *j);	/* members or elements */
const struct json *json_at(const struct json *j, size_t i);	/* element, or value of the i-th member */
const char *json_key_at(const struct json *j, size_t i);	/* key of the i-th member, in the order of the text */
const struct json *json_get(const struct json *j, const char *key);	/* member, or NULL */
const char *json_text(const struct json *j, size_t *len);	/* string, or a number's own text; len may be NULL */
bool json_is_integer(const struct json *j);

/* Writer: commas and quotes are its business. Pair …_open with …_close. Keys go in the order given. */
struct json_writer {
	struct buf *out;
	struct err *e;	/* first failure; later calls do nothing */
	bool failed, comma, after_key;
};
void json_write_init(struct json_writer *w, struct buf *out, struct err *e);
void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_key(struct json_writer *w, const char *key);
void json_write_string(struct json_writer *w, const char *text, size_t len);	/* invalid UTF-8 becomes U+FFFD; what text_plain stops at is escaped */
void json_write_text(struct json_writer *w, const char *text);	/* NULL → null */
void json_write_int(struct json_writer *w, int64_t v);
void json_write_uint(struct json_writer *w, uint64_t v);
void json_write_double(struct json_writer *w, double v);	/* shortest form that reads back; NaN and infinities → null */
void json_write_bool(struct json_writer *w, bool v);
void json_write_null(struct json_writer *w);
void json_write_raw(struct json_writer *w, const char *json, size_t len);	/* already JSON */
int json_write_done(struct json_writer *w);	/* 0, or -1 with the first failure in e */

#endif
