/* Entries as JSON, for people's programs: what the text says under the same names. A MANY field is an array, also when it is empty; an OPTIONAL one that
 * is not there is left out.
 */
#include <assert.h>

#include "form/entry_inner.h"

/* Longest value that is not borrowed: an identity, or a hash with its prefix. */
#define VALUE_MAX 128u

static void value_json(const struct entry_field *f, const void *value, struct json_writer *w)
{
	struct buf text = BUF_INIT(VALUE_MAX);
	const struct entry_text *borrowed = value;
	if (f->kind == ENTRY_KIND_TEXT || f->kind == ENTRY_KIND_BYTES)
		json_write_string(w, borrowed->at, borrowed->len);
	else if (f->kind == ENTRY_KIND_NUMBER)
		json_write_uint(w, *(const uint64_t *)value);
	else if (entry_value_write(f, value, &text, w->failed ? NULL : w->e) < 0)
		w->failed = true;
	else
		json_write_string(w, (const char *)text.data, text.len);
	buf_done(&text);
}

static void fields_json(const struct entry_info *info, const struct entry *en, struct json_writer *w)
{
	for (size_t i = 0; i < info->n; i++) {
		const struct entry_field *f = &info->fields[i];
		const void *member = entry_member_const(f, en);
		if (f->need == ENTRY_OPTIONAL && entry_value_empty(f, member))
			continue;
		json_write_key(w, f->key);
		if (f->need != ENTRY_MANY) {
			value_json(f, member, w);
			continue;
		}
		json_write_array(w);
		for (size_t k = 0; k < entry_many_count(member); k++)
			value_json(f, entry_many_at(f, member, k), w);
		json_write_array_end(w);
	}
}

int entry_json(const struct entry *en, struct json_writer *w)
{
	const struct entry_info *info = entry_info(en->type);
	json_write_key(w, "type");
	json_write_text(w, info->type);
	fields_json(&entry_head, en, w);
	fields_json(info, en, w);
	return w->failed ? -1 : 0;
}
