/* The JSON writer: text into a buffer, commas put where they belong. What it writes, our reader accepts: broken UTF-8 becomes
 * U+FFFD and numbers that JSON has no word for become null. The first failure stays; later calls do nothing.
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void json_write_init(struct json_writer *w, struct buf *out, struct err *e)
{
	*w = (struct json_writer){ .out = out, .e = e };
}

static void put(struct json_writer *w, const char *text, size_t len)
{
	if (!w->failed)
		w->failed = buf_add(w->out, text, len, w->e) < 0;
}

/* Before every value: the comma that parts it from the last one. */
static void value_begin(struct json_writer *w)
{
	if (w->comma && !w->after_key)
		put(w, ",", 1);
	w->comma = true;
	w->after_key = false;
}

static void open_put(struct json_writer *w, const char *bracket)
{
	value_begin(w);
	put(w, bracket, 1);
	w->comma = false;
}

static void close_put(struct json_writer *w, const char *bracket)
{
	put(w, bracket, 1);
	w->comma = true;
}

void json_write_object(struct json_writer *w)
{
	open_put(w, "{");
}

void json_write_object_end(struct json_writer *w)
{
	close_put(w, "}");
}

void json_write_array(struct json_writer *w)
{
	open_put(w, "[");
}

void json_write_array_end(struct json_writer *w)
{
	close_put(w, "]");
}

static void escape_put(struct json_writer *w, uint32_t code)
{
	static const char named[][3] = { ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r",
		['\t'] = "\\t" };
	char text[24];
	if (code < sizeof named / sizeof named[0] && named[code][0]) {
		put(w, named[code], 2);
		return;
	}
	if (code > 0xffff)
		(void)snprintf(text, sizeof text, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (code >> 10)), (unsigned)(0xdc00 + (code & 0x3ff)));
	else
		(void)snprintf(text, sizeof text, "\\u%04x", (unsigned)code);
	put(w, text, strlen(text));
}

/* What could drive a terminal is escaped, too, though JSON would let most of it stand: people look at this text. */
static void string_put(struct json_writer *w, const char *text, size_t len)
{
	size_t from = 0, at = 0;
	put(w, "\"", 1);
	while (at < len) {
		uint32_t code = (unsigned char)text[at];
		size_t n = code < 0x80 ? 1 : utf8_next(text + at, len - at, &code);
		if (n != 0 && code != '"' && code != '\\' && text_plain(text + at, n) == n) {
			at += n;
			continue;
		}
		put(w, text + from, at - from);
		if (n == 0)
			put(w, "\xef\xbf\xbd", 3);
		else
			escape_put(w, code);
		from = at += n ? n : 1;
	}
	put(w, text + from, len - from);
	put(w, "\"", 1);
}

void json_write_key(struct json_writer *w, const char *key)
{
	value_begin(w);
	string_put(w, key, strlen(key));
	put(w, ":", 1);
	w->after_key = true;
}

void json_write_string(struct json_writer *w, const char *text, size_t len)
{
	value_begin(w);
	string_put(w, text, len);
}

void json_write_text(struct json_writer *w, const char *text)
{
	if (text)
		json_write_string(w, text, strlen(text));
	else
		json_write_null(w);
}

void json_write_uint(struct json_writer *w, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	value_begin(w);
	put(w, digits + at, sizeof digits - at);
}

void json_write_int(struct json_writer *w, int64_t v)
{
	if (v >= 0) {
		json_write_uint(w, (uint64_t)v);
		return;
	}
	value_begin(w);
	put(w, "-", 1);
	w->after_key = true;	/* the digits belong to the sign: no comma between */
	json_write_uint(w, 0 - (uint64_t)v);
}

void json_write_double(struct json_writer *w, double v)
{
	if (!isfinite(v)) {
		json_write_null(w);
		return;
	}
	if (fabs(v) < 9007199254740992.0 && v == (double)(int64_t)v && !(v == 0 && signbit(v))) {
		json_write_int(w, (int64_t)v);
		return;
	}
	char text[40];
	int n = 0;
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	for (int i = 0; i < n; i++)	/* a locale may have written its own decimal point */
		if (!strchr("0123456789+-e", text[i]))
			text[i] = '.';
	value_begin(w);
	put(w, text, (size_t)n);
}

void json_write_bool(struct json_writer *w, bool v)
{
	value_begin(w);
	put(w, v ? "true" : "false", v ? 4 : 5);
}

void json_write_null(struct json_writer *w)
{
	value_begin(w);
	put(w, "null", 4);
}

void json_write_raw(struct json_writer *w, const char *json, size_t len)
{
	value_begin(w);
	put(w, json, len);
}

int json_write_done(struct json_writer *w)
{
	return w->failed ? -1 : 0;
}
