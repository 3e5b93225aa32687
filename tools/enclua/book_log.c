/* enclua book log, show: the entries of this home's book. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "book.h"
#include "verbs.h"

#define LOG_LINES 1000u	/* of one list, unless more are asked for */

/* What a line of the list says of an entry besides its type: the id of what it makes, or the first of these fields. */
static void subject_text(const struct entry *en, const uint8_t *text, size_t text_len, char out[static 160])
{
	static const char *const telling[] = { "task", "amount", "name" };
	enum id_kind kind;
	char id[ID_TEXT];
	out[0] = '\0';
	if (entry_id_kind(en->type, &kind)) {
		entry_id(id, kind, text, text_len);
		(void)snprintf(out, 160, "%s", id);
		return;
	}
	const struct entry_info *info = entry_info(en->type);
	for (size_t t = 0; t < sizeof telling / sizeof *telling && !out[0]; t++)
		for (size_t i = 0; i < info->n; i++) {
			const struct entry_field *f = &info->fields[i];
			const void *at = (const uint8_t *)en + f->offset;
			if (strcmp(f->key, telling[t]) != 0 || f->need == ENTRY_MANY)
				continue;
			if (f->kind == ENTRY_KIND_ID)
				(void)snprintf(out, 160, "%s", (const char *)at);
			else if (f->kind == ENTRY_KIND_NUMBER)
				text_amount_write(out, *(const uint64_t *)at);
			else if (f->kind == ENTRY_KIND_TEXT)
				(void)snprintf(out, 160, "%s", cli_safe(((const struct entry_text *)at)->at, ((const struct entry_text *)at)->len, 0));
		}
}

/* index, id and the members that every entry has. */
static void entry_members(struct cli *c, uint64_t index, const struct entry *en, const uint8_t *text, size_t text_len)
{
	enum id_kind kind;
	char id[ID_TEXT];
	book_json_number(c, "index", index);
	json_write_key(&c->out, "id");
	if (entry_id_kind(en->type, &kind)) {
		entry_id(id, kind, text, text_len);
		json_write_text(&c->out, id);
	} else {
		json_write_null(&c->out);
	}
	(void)entry_json(en, &c->out);
}

struct listing { struct cli *c; struct book_names names; bool typed; enum entry_type type; uint64_t shown, limit, next; };

static int log_row(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct listing *l = ctx;
	struct entry en;
	size_t text_len = 0;
	char when[24], who[IDENTITY_TEXT], subject[160];
	if (l->shown == l->limit)
		return 0;
	l->next = index + 1;
	if (entry_decode(&en, bytes, len, &text_len, e) < 0)
		return err_wrap(e, "entry %llu", (unsigned long long)index);
	if (l->typed && en.type != l->type)
		return 0;
	l->shown++;
	json_write_object(&l->c->out);
	entry_members(l->c, index, &en, bytes, text_len);
	json_write_object_end(&l->c->out);
	if (l->c->json)
		return 0;
	entry_time_text(when, en.time);
	book_who(&l->names, en.by, who);
	subject_text(&en, bytes, text_len, subject);
	return cli_print(l->c, e, "%6llu  %s  %-17s  %s%s%s\n", (unsigned long long)index, when, entry_info(en.type)->type, who, subject[0] ? "  " : "",
		subject);
}

/* --from N, or --from -N: the last N. */
static int log_range(const struct args *a, uint64_t size, uint64_t *from, uint64_t *limit, struct err *e)
{
	const char *text = args_has(a, "from") ? args_get(a, "from") : "0";
	*limit = LOG_LINES;
	if (book_number(from, text + (text[0] == '-'), "--from", e) < 0)
		return -1;
	if (text[0] == '-')
		*from = *from < size ? size - *from : 0;
	return args_has(a, "limit") ? book_number(limit, args_get(a, "limit"), "--limit", e) : 0;
}

/* In pieces, so that a short list does not read a long book. */
static int log_list(struct cli *c, struct book *b, struct listing *l, uint64_t from, uint64_t size, struct err *e)
{
	json_write_key(&c->out, "entries");
	json_write_array(&c->out);
	l->next = from;
	while (l->next < size && l->shown < l->limit) {
		uint64_t to = size - l->next > LOG_LINES ? l->next + LOG_LINES : size;
		if (book_entries(b, l->next, to, log_row, l, e) < 0)
			return -1;
	}
	json_write_array_end(&c->out);
	book_json_number(c, "size", size);
	json_write_key(&c->out, "next");
	if (l->next < size)
		json_write_uint(&c->out, l->next);
	else
		json_write_null(&c->out);
	if (l->next < size)
		cli_note(c, "more: enclua book log --from %llu", (unsigned long long)l->next);
	return 0;
}

static int run_log(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct listing l = { .c = c, .typed = args_has(a, "type") };
	uint64_t from = 0, size = 0;
	if (l.typed && entry_type_parse(&l.type, args_get(a, "type"), e) < 0) {
		e->code = ERR_USAGE;
		return -1;
	}
	book_names_load(&l.names, c);
	int r = book_home_open(c, &b, e);
	if (r == 0 && (r = book_size(b, &size, e)) == 0 && (r = log_range(a, size, &from, &l.limit, e)) == 0)
		r = log_list(c, b, &l, from, size, e);
	book_close(b);
	return r;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct entry en;
	uint64_t index = 0;
	size_t text_len = 0;
	int r = -1;
	if (book_home_open(c, &b, e) < 0 || book_entry_take(b, a->words[0], &index, &bytes, e) < 0 ||
		entry_open(&en, bytes.data, bytes.len, &text_len, e) < 0)
		goto out;
	entry_members(c, index, &en, bytes.data, text_len);
	json_write_key(&c->out, "note");
	json_write_string(&c->out, (const char *)bytes.data, bytes.len);
	r = c->json ? 0 : buf_add(&c->text, bytes.data, bytes.len, e);
out:
	buf_done(&bytes);
	book_close(b);
	return r;
}

static const struct option_row log_options[] = {
	{ "type", 0, "TYPE", false, "only entries of this type, as data.register" },
	{ "from", 0, "N", false, "begin at entry N; -N: the last N entries" },
	{ "limit", 0, "N", false, "at most so many (else 1000)" },
	{ NULL, 0, NULL, false, NULL },
};
const struct command book_log_commands[] = {
	{ "book log", "[--type TYPE] [--from N] [--limit N]", "List the entries of this home's book",
	  "Example: enclua book log --type data.register --from -20\n\nOldest first: number, time, type, who signed, and what it is about.", log_options, 0, 0, run_log },
	{ "book show", "N|ID", "Show one entry as it was signed", "Example: enclua book show data1qx7…\n\nThe note, verbatim: text, an empty line, the signature of who made it.",
	  NULL, 1, 1, run_show },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
