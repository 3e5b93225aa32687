/* JSON: what the reader accepts, written again from its tokens and read again, gives the same tokens; the tree agrees with it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void token_write(struct json_writer *w, const struct json_token *t)
{
	char *key;
	switch (t->kind) {
	case JSON_OBJECT: json_write_object(w); break;
	case JSON_OBJECT_END: json_write_object_end(w); break;
	case JSON_ARRAY: json_write_array(w); break;
	case JSON_ARRAY_END: json_write_array_end(w); break;
	case JSON_NULL: json_write_null(w); break;
	case JSON_TRUE: case JSON_FALSE: json_write_bool(w, t->kind == JSON_TRUE); break;
	case JSON_NUMBER: json_write_raw(w, t->text, t->len); break;
	case JSON_STRING: json_write_string(w, t->text, t->len); break;
	case JSON_KEY:
		key = calloc(1, t->len + 1);
		memcpy(key, t->text, t->len);
		json_write_key(w, key);
		free(key);
		break;
	default: abort();
	}
}

/* 0 when the whole text is accepted; then out is its compact form. */
static int rewrite(struct buf *out, const char *text, size_t len, int *has_nul_key)
{
	struct json_reader *r;
	struct json_writer w;
	struct json_token t;
	struct err e = { 0 };
	json_write_init(&w, out, &e);
	require(json_reader_new(&r, text, len, &e) == 0);
	int ok;
	while ((ok = json_next(r, &t, &e)) == 0 && t.kind != JSON_END) {
		require(t.kind != JSON_STRING || utf8_valid(t.text, t.len));
		require(json_offset(r) < len);
		*has_nul_key |= t.kind == JSON_KEY && memchr(t.text, '\0', t.len) != NULL;
		token_write(&w, &t);
		if (t.kind == JSON_NUMBER && t.len < 40) {
			char number[41] = { 0 };
			memcpy(number, t.text, t.len);
			struct buf again = BUF_INIT(64);
			struct json_writer dw;
			double v = strtod(number, NULL);
			json_write_init(&dw, &again, NULL);
			json_write_double(&dw, v);
			require(json_write_done(&dw) == 0);
			require(strtod(buf_text(&again), NULL) == v || strcmp(buf_text(&again), "null") == 0);
			buf_done(&again);
		}
	}
	if (ok < 0)
		require(e.code == ERR_INVALID && strncmp(e.msg, "line ", 5) == 0);
	require(ok < 0 || json_write_done(&w) == 0);
	json_reader_free(r);
	return ok;
}

static void walk(const struct json *j, unsigned depth)
{
	size_t len;
	require(depth <= LIMIT_JSON_DEPTH);
	const char *text = json_text(j, &len);
	require(!text || text[len] == '\0');
	for (size_t i = 0; i < json_count(j); i++) {
		if (json_kind(j) == JSON_OBJECT)
			require(json_get(j, json_key_at(j, i)) == json_at(j, i));	/* so no key stands twice */
		walk(json_at(j, i), depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);	/* exactly as long as the input */
	struct buf once = BUF_INIT(MIB(64)), twice = BUF_INIT(MIB(64));
	struct json *j = NULL;
	int nul = 0;
	if (size)
		memcpy(text, data, size);
	int ok = rewrite(&once, text, size, &nul);
	if (ok == 0 && !nul) {
		require(rewrite(&twice, (const char *)once.data, once.len, &nul) == 0);
		require(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	if (json_parse(&j, text, size, NULL) == 0) {
		require(ok == 0 && !nul);
		walk(j, 0);
		json_free(j);
	}
	buf_done(&once);
	buf_done(&twice);
	free(text);
	return 0;
}
