/* The text of an entry: "key: value" lines in the order of the list. One walk over the tables each way. Knows no type and no kind by name.
 * Each value has one spelling (entry_value.c), each line one place: so what is read is what would be written.
 */
#include <assert.h>
#include <string.h>

#include "form/entry_inner.h"

/* A line that is waiting to be read. */
struct lines {
	const char *at, *end;	/* of the text that is left; the line begins at `at` */
	size_t len;	/* of the line, without its LF */
	unsigned number;
};

static int line_write(const struct entry_field *f, const void *value, struct buf *out, struct err *e)
{
	if (buf_add(out, f->key, strlen(f->key), e) < 0 || buf_add(out, ": ", 2, e) < 0)
		return -1;
	if (entry_value_write(f, value, out, e) < 0)
		return err_wrap(e, "%s", f->key);
	return buf_add(out, "\n", 1, e);
}

static int field_write(const struct entry_field *f, const struct entry *en, struct buf *out, struct err *e)
{
	const void *member = entry_member_const(f, en);
	if (f->need == ENTRY_OPTIONAL && entry_value_empty(f, member))
		return 0;
	if (f->need != ENTRY_MANY)
		return line_write(f, member, out, e);
	size_t n = entry_many_count(member);
	if (n > ENTRY_MANY_MAX)
		return err_set(e, ERR_INVALID, "%s: %zu of them, at most %u are allowed", f->key, n, ENTRY_MANY_MAX);
	for (size_t i = 0; i < n; i++)
		if (line_write(f, entry_many_at(f, member, i), out, e) < 0)
			return -1;
	return 0;
}

static int fields_write(const struct entry_info *info, const struct entry *en, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < info->n; i++)
		if (field_write(&info->fields[i], en, out, e) < 0)
			return -1;
	return 0;
}

int entry_encode(const struct entry *en, struct buf *text, struct err *e)
{
	const struct entry_info *info = entry_info(en->type);
	if (buf_addf(text, e, ENTRY_HEAD "%s" ENTRY_VERSION "\n", info->type) < 0 || fields_write(&entry_head, en, text, e) < 0 ||
		fields_write(info, en, text, e) < 0)
		return err_wrap(e, "%s", info->type);
	return 0;
}

/* The text ends in LF, so every line has one. */
static void line_measure(struct lines *l)
{
	const char *lf = l->at < l->end ? memchr(l->at, '\n', (size_t)(l->end - l->at)) : l->at;
	assert(lf);
	l->len = (size_t)(lf - l->at);
	l->number++;
}

static void line_next(struct lines *l)
{
	l->at += l->len + 1;
	line_measure(l);
}

static bool line_has_key(const struct lines *l, const char *key, size_t key_len)
{
	return l->len >= key_len + 2 && memcmp(l->at, key, key_len) == 0 && l->at[key_len] == ':' && l->at[key_len + 1] == ' ';
}

static bool key_known(const struct entry_info *info, const struct lines *l)
{
	for (size_t i = 0; i < info->n; i++)
		if (line_has_key(l, info->fields[i].key, strlen(info->fields[i].key)))
			return true;
	return false;
}

/* Why the line cannot stand here. wanted: the field that must come, or NULL. */
static int line_refuse(const struct lines *l, const struct entry_info *info, const struct entry_field *wanted, struct err *e)
{
	const char *colon = memchr(l->at, ':', l->len);
	if (l->at < l->end && !colon)
		return err_set(e, ERR_INVALID, "line %u is no \"key: value\"", l->number);
	if (l->at < l->end && !key_known(&entry_head, l) && !key_known(info, l))
		return err_set(e, ERR_INVALID, "line %u: unknown key \"%.*s\"", l->number, (int)(colon - l->at < 64 ? colon - l->at : 64), l->at);
	if (wanted)
		return err_set(e, ERR_INVALID, "line %u: %s is missing or out of its place", l->number, wanted->key);
	return err_set(e, ERR_INVALID, "line %u: %.*s is repeated or out of its place", l->number, (int)(colon - l->at), l->at);
}

static int line_read(const struct entry_field *f, void *value, size_t key_len, struct lines *l, struct err *e)
{
	if (entry_value_read(f, value, l->at + key_len + 2, l->len - key_len - 2, e) < 0)
		return err_wrap(e, "line %u: %s", l->number, f->key);
	if (f->need == ENTRY_OPTIONAL && entry_value_empty(f, value))
		return err_set(e, ERR_INVALID, "line %u: %s is zero, and then it is left out", l->number, f->key);
	line_next(l);
	return 0;
}

static int many_read(const struct entry_field *f, void *member, size_t key_len, struct lines *l, struct err *e)
{
	while (line_has_key(l, f->key, key_len)) {
		void *value = entry_many_next(f, member, e);
		if (!value)
			return err_wrap(e, "line %u: %s", l->number, f->key);
		if (line_read(f, value, key_len, l, e) < 0)
			return -1;
	}
	return 0;
}

static int fields_read(const struct entry_info *table, const struct entry_info *info, struct entry *en, struct lines *l, struct err *e)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct entry_field *f = &table->fields[i];
		size_t key_len = strlen(f->key);
		int r = 0;
		if (f->need == ENTRY_MANY)
			r = many_read(f, entry_member(f, en), key_len, l, e);
		else if (line_has_key(l, f->key, key_len))
			r = line_read(f, entry_member(f, en), key_len, l, e);
		else if (f->need == ENTRY_REQUIRED)
			r = line_refuse(l, info, f, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* enclua/<type>/v1 */
static int type_read(enum entry_type *out, const struct lines *l, struct err *e)
{
	const size_t head = strlen(ENTRY_HEAD), version = strlen(ENTRY_VERSION);
	char type[64];
	if (l->len <= head + version || memcmp(l->at, ENTRY_HEAD, head) != 0)
		return err_set(e, ERR_INVALID, "not an entry: the first line is no " ENTRY_HEAD "<type>" ENTRY_VERSION);
	size_t n = l->len - head - version;
	if (n >= sizeof type || memcmp(l->at + head + n, ENTRY_VERSION, version) != 0)
		return err_set(e, ERR_INVALID, "the first line is no " ENTRY_HEAD "<type>" ENTRY_VERSION ": of another version, or no entry");
	memcpy(type, l->at + head, n);
	type[n] = '\0';
	return entry_type_parse(out, type, e);
}

int entry_text_read(struct entry *en, const char *text, size_t len, struct err *e)
{
	struct lines l = { .at = text, .end = text + len };
	assert(len > 0 && text[len - 1] == '\n');
	memset(en, 0, sizeof *en);
	line_measure(&l);
	if (type_read(&en->type, &l, e) < 0)
		return -1;
	const struct entry_info *info = entry_info(en->type);
	line_next(&l);
	if (fields_read(&entry_head, info, en, &l, e) < 0 || fields_read(info, info, en, &l, e) < 0)
		return err_wrap(e, "%s", info->type);
	if (l.at < l.end) {
		line_refuse(&l, info, NULL, e);
		return err_wrap(e, "%s", info->type);
	}
	return 0;
}
