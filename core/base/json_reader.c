/* The JSON pull reader: one pass, no recursion, no allocation per token. A string without escapes is a piece of the input; only
 * one with escapes is built, in a scratch buffer that is used again. Reads what RFC 8259 allows and nothing else; never
 * converts a number, so no digit is lost here.
 */
#include "base/json.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* What may come next. */
enum expect { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COMMA_OR_END, NOTHING, BROKEN };

struct json_reader {
	const char *text;
	size_t len, at;
	size_t token;	/* where the token just read, or the mistake, begins */
	enum expect expect;
	unsigned depth;
	bool object[LIMIT_JSON_DEPTH];	/* of each open bracket: is it an object */
	struct buf scratch;
};

int json_reader_new(struct json_reader **out, const char *text, size_t len, struct err *e)
{
	struct json_reader *r = calloc(1, sizeof *r);
	if (!r)
		return err_set(e, ERR_LIMIT, "out of memory for a JSON reader");
	r->text = text;
	r->len = len;
	r->scratch = (struct buf)BUF_INIT(len);	/* an escape is never shorter than what it stands for */
	*out = r;
	return 0;
}

void json_reader_free(struct json_reader *r)
{
	if (!r)
		return;
	buf_done(&r->scratch);
	free(r);
}

void json_position(const char *text, size_t offset, unsigned *line, unsigned *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

void json_where(const struct json_reader *r, unsigned *line, unsigned *column)
{
	json_position(r->text, r->token, line, column);
}

size_t json_offset(const struct json_reader *r)
{
	return r->token;
}

static int fail_at(struct json_reader *r, size_t offset, const char *what, struct err *e)
{
	unsigned line, column;
	r->token = offset;
	r->expect = BROKEN;
	json_where(r, &line, &column);
	return err_set(e, ERR_INVALID, "line %u, column %u: %s", line, column, what);
}

static int scratch_add(struct json_reader *r, const char *text, size_t len, struct err *e)
{
	if (buf_add(&r->scratch, text, len, e) == 0)
		return 0;
	r->expect = BROKEN;
	return -1;
}

static inline void space_skip(struct json_reader *r)
{
	while (r->at < r->len) {
		char c = r->text[r->at];
		if (c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t'))
			break;
		r->at++;
	}
}

#define EACH_BYTE(c) (0x0101010101010101u * (c))

/* From at on, how many bytes may stand in a string as they are: ASCII but controls, quote and backslash. Eight at a time; the
 * subtraction can only mark a byte falsely above a true mark, so the lowest mark is right. */
static size_t plain_run(const char *text, size_t at, size_t len)
{
	size_t start = at;
	for (; len - at >= 8; at += 8) {
		uint64_t x;
		memcpy(&x, text + at, 8);
		x = le64toh(x);
		uint64_t quote = x ^ EACH_BYTE('"'), slash = x ^ EACH_BYTE('\\');
		uint64_t mark = ((x - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (slash - EACH_BYTE(1)) | x) & EACH_BYTE(0x80);
		if (mark != 0)
			return at + (unsigned)__builtin_ctzll(mark) / 8 - start;
	}
	while (at < len && text[at] >= 0x20 && (unsigned char)text[at] < 0x80 && text[at] != '"' && text[at] != '\\')
		at++;
	return at - start;
}

/* Four hexadecimal digits at offset at, or -1. */
static long hex4(const struct json_reader *r, size_t at)
{
	long v = 0;
	if (r->len - at < 4)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		char c = r->text[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* After "\u": one code unit, or two that make a pair. A lone surrogate is no character, and has no UTF-8. */
static int unicode_escape(struct json_reader *r, size_t escape, struct err *e)
{
	long code = hex4(r, r->at);
	char utf8[4];
	if (code < 0)
		return fail_at(r, escape, "\\u needs four hexadecimal digits", e);
	r->at += 4;
	if (code >= 0xdc00 && code <= 0xdfff)
		return fail_at(r, escape, "a lone low surrogate is not a character", e);
	if (code >= 0xd800 && code <= 0xdbff) {
		bool pair = r->len - r->at >= 6 && r->text[r->at] == '\\' && r->text[r->at + 1] == 'u';
		long low = pair ? hex4(r, r->at + 2) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(r, escape, "a lone high surrogate is not a character", e);
		code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
		r->at += 6;
	}
	return scratch_add(r, utf8, utf8_put(utf8, (uint32_t)code), e);
}

/* at is behind the backslash. */
static int escape_take(struct json_reader *r, struct err *e)
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";	/* name, meaning */
	size_t escape = r->at - 1;
	if (r->at == r->len)
		return fail_at(r, escape, "the text ends inside a string", e);
	char c = r->text[r->at++];
	if (c == 'u')
		return unicode_escape(r, escape, e);
	for (const char *p = escapes; *p; p += 2)
		if (*p == c)
			return scratch_add(r, p + 1, 1, e);
	return fail_at(r, escape, "no such escape in a JSON string", e);
}

/* Past all characters beyond ASCII that stand here together. */
static int characters_skip(struct json_reader *r)
{
	do {
		size_t n = utf8_next(r->text + r->at, r->len - r->at, NULL);
		if (n == 0)
			return -1;
		r->at += n;
	} while (r->at < r->len && (unsigned char)r->text[r->at] >= 0x80);
	return 0;
}

/* at is behind the opening quote. One turn for each stretch between escapes. */
static int string_take(struct json_reader *r, struct json_token *t, struct err *e)
{
	size_t from = r->at;
	bool built = false;
	for (;;) {
		r->at += plain_run(r->text, r->at, r->len);
		if (r->at == r->len)
			return fail_at(r, r->token, "the text ends inside a string that begins here", e);
		char c = r->text[r->at];
		if (c == '"')
			break;
		if ((unsigned char)c >= 0x80) {
			if (characters_skip(r) < 0)
				return fail_at(r, r->at, "not valid UTF-8", e);
			continue;
		}
		if (c != '\\')
			return fail_at(r, r->at, "a control character in a string must be escaped", e);
		if (!built)
			buf_clear(&r->scratch);
		built = true;
		if (scratch_add(r, r->text + from, r->at - from, e) < 0)
			return -1;
		r->at++;
		if (escape_take(r, e) < 0)
			return -1;
		from = r->at;
	}
	t->text = r->text + from;
	t->len = r->at - from;
	r->at++;
	if (!built)
		return 0;
	if (scratch_add(r, t->text, t->len, e) < 0)
		return -1;
	t->text = buf_text(&r->scratch);
	t->len = r->scratch.len;
	return 0;
}

static size_t digits_run(const struct json_reader *r, size_t at)
{
	size_t start = at;
	while (at < r->len && (unsigned)(r->text[at] - '0') < 10)
		at++;
	return at - start;
}

static int number_take(struct json_reader *r, struct json_token *t, struct err *e)
{
	size_t at = r->at + (r->text[r->at] == '-'), n = digits_run(r, at);
	if (n == 0)
		return fail_at(r, r->at, "a minus sign needs a number behind it", e);
	if (n > 1 && r->text[at] == '0')
		return fail_at(r, r->at, "a number must not have leading zeros", e);
	at += n;
	t->is_integer = true;
	if (at < r->len && r->text[at] == '.') {
		t->is_integer = false;
		n = digits_run(r, at + 1);
		if (n == 0)
			return fail_at(r, at, "a decimal point needs digits behind it", e);
		at += 1 + n;
	}
	if (at < r->len && (r->text[at] | 0x20) == 'e') {
		t->is_integer = false;
		at++;
		at += at < r->len && (r->text[at] == '+' || r->text[at] == '-');
		n = digits_run(r, at);
		if (n == 0)
			return fail_at(r, at, "an exponent needs digits", e);
		at += n;
	}
	t->kind = JSON_NUMBER;
	t->text = r->text + r->at;
	t->len = at - r->at;
	r->at = at;
	return 0;
}

static int word_take(struct json_reader *r, struct json_token *t, struct err *e)
{
	static const struct { const char *word; size_t len; enum json_kind kind; } words[] = {
		{ "null", 4, JSON_NULL }, { "true", 4, JSON_TRUE }, { "false", 5, JSON_FALSE }
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (r->len - r->at < words[i].len || memcmp(r->text + r->at, words[i].word, words[i].len) != 0)
			continue;
		t->kind = words[i].kind;
		t->text = r->text + r->at;
		t->len = words[i].len;
		r->at += words[i].len;
		return 0;
	}
	/* The mistakes that other languages teach. */
	static const struct { char first; const char *what; } habits[] = {
		{ '\'', "strings stand in double quotes" }, { 'N', "NaN is not JSON" }, { 'I', "Infinity is not JSON" },
		{ '+', "a number must not begin with +" }, { '.', "a number must begin with a digit" },
		{ '/', "JSON has no comments" }, { '\xef', "a byte order mark or another character where a value belongs" },
		{ '}', "a value is missing before }" }, { ']', "a value is missing before ]" }, { ',', "a value is missing before the comma" },
	};
	for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (r->text[r->at] == habits[i].first)
			return fail_at(r, r->at, habits[i].what, e);
	return fail_at(r, r->at, "a value is expected here", e);
}

static int open_take(struct json_reader *r, struct json_token *t, bool object, struct err *e)
{
	if (r->depth == LIMIT_JSON_DEPTH)
		return fail_at(r, r->at, "nested too deeply", e);
	r->object[r->depth++] = object;
	r->expect = object ? KEY_OR_END : VALUE_OR_END;
	r->at++;
	t->kind = object ? JSON_OBJECT : JSON_ARRAY;
	return 0;
}

static int close_take(struct json_reader *r, struct json_token *t)
{
	t->kind = r->object[--r->depth] ? JSON_OBJECT_END : JSON_ARRAY_END;
	r->expect = r->depth ? COMMA_OR_END : NOTHING;
	r->at++;
	return 0;
}

static int value_take(struct json_reader *r, struct json_token *t, struct err *e)
{
	char c = r->text[r->at];
	if (c == '{' || c == '[')
		return open_take(r, t, c == '{', e);
	r->expect = r->depth ? COMMA_OR_END : NOTHING;
	if (c == '"') {
		t->kind = JSON_STRING;
		r->at++;
		return string_take(r, t, e);
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return number_take(r, t, e);
	return word_take(r, t, e);
}

static int key_take(struct json_reader *r, struct json_token *t, struct err *e)
{
	if (r->text[r->at] != '"')
		return fail_at(r, r->at, "a key in double quotes is expected here", e);
	t->kind = JSON_KEY;
	r->at++;
	if (string_take(r, t, e) < 0)
		return -1;
	space_skip(r);
	if (r->at == r->len || r->text[r->at] != ':')
		return fail_at(r, r->at, "a colon is expected after the key", e);
	r->at++;
	r->expect = VALUE;
	return 0;
}

static int comma_take(struct json_reader *r, struct err *e)
{
	bool object = r->object[r->depth - 1];
	if (r->text[r->at] != ',')
		return fail_at(r, r->at, object ? "a comma or } is expected here" : "a comma or ] is expected here", e);
	r->at++;
	space_skip(r);
	r->token = r->at;
	r->expect = object ? KEY : VALUE;
	return 0;
}

int json_next(struct json_reader *r, struct json_token *t, struct err *e)
{
	*t = (struct json_token){ .kind = JSON_END, .text = "" };
	if (r->expect == BROKEN)
		return err_set(e, ERR_INVALID, "this JSON text was refused already");
	space_skip(r);
	r->token = r->at;
	if (r->expect == NOTHING && r->at < r->len)
		return fail_at(r, r->at, "text after the end of the JSON value", e);
	if (r->expect == COMMA_OR_END || r->expect == VALUE_OR_END || r->expect == KEY_OR_END) {
		if (r->at < r->len && r->text[r->at] == (r->object[r->depth - 1] ? '}' : ']'))
			return close_take(r, t);
	}
	if (r->at < r->len && r->expect == COMMA_OR_END && comma_take(r, e) < 0)
		return -1;
	if (r->at == r->len)
		return r->expect == NOTHING ? 0 : fail_at(r, r->at, "the JSON text ends early", e);
	if (r->expect == KEY || r->expect == KEY_OR_END)
		return key_take(r, t, e);
	return value_take(r, t, e);
}
