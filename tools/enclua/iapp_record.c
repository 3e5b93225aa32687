/* The deployments of a project, as a file that people and scripts read. */
#include "iapp_record.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "form/entry.h"

/* Its members, all of them strings but the price, in this order. */
static const char *const members[] = { "app", "order", "h1", "version", "price", "date", "book" };

int record_read(const struct project *p, struct json **out, struct err *e)
{
	char path[PATH_MAX];
	struct buf text = BUF_INIT(MIB(1));
	*out = NULL;
	int r = project_state(p, RECORD_FILE, path, sizeof path, e);
	if (r == 0 && os_exists(path)) {
		r = os_plain_read(path, &text, e) < 0 ? -1 : json_parse(out, buf_text(&text), text.len, e);
		if (r == 0 && json_kind(*out) != JSON_ARRAY) {
			json_free(*out);
			*out = NULL;
			r = err_set(e, ERR_INVALID, "it is no array");
		}
		if (r < 0) {
			err_wrap(e, PROJECT_STATE "/" RECORD_FILE);
			err_hint(e, "mend it, or move it away: the book has every deployment, enclua app list");
		}
	}
	buf_done(&text);
	return r;
}

static void member_write(struct json_writer *w, const char *key, const struct json *value)
{
	size_t len = 0;
	const char *text = json_text(value, &len);
	json_write_key(w, key);
	if (json_kind(value) == JSON_NUMBER)
		json_write_raw(w, text, len);
	else if (text)
		json_write_string(w, text, len);
	else
		json_write_null(w);
}

static void text_write(struct json_writer *w, const char *key, const char *text)
{
	json_write_key(w, key);
	json_write_text(w, text);
}

static void new_write(struct json_writer *w, const struct project *p, const struct app_deployed *d)
{
	char date[24];
	entry_time_text(date, os_time());
	json_write_object(w);
	text_write(w, "app", d->id);
	text_write(w, "order", d->order);
	text_write(w, "h1", d->h1);
	text_write(w, "version", p->manifest->version);
	json_write_key(w, "price");
	json_write_uint(w, d->price);
	text_write(w, "date", date);
	text_write(w, "book", d->book);
	json_write_object_end(w);
}

int record_add(const struct project *p, const struct json *before, const struct app_deployed *d, struct err *e)
{
	char path[PATH_MAX];
	struct buf text = BUF_INIT(MIB(1));
	struct json_writer w;
	json_write_init(&w, &text, e);
	json_write_array(&w);
	new_write(&w, p, d);
	for (size_t i = 0; i < json_count(before) && i < RECORD_MAX - 1; i++) {
		json_write_object(&w);
		for (size_t k = 0; k < sizeof members / sizeof *members; k++)
			member_write(&w, members[k], json_get(json_at(before, i), members[k]));
		json_write_object_end(&w);
	}
	json_write_array_end(&w);
	int r = json_write_done(&w) < 0 || buf_add_text(&text, "\n", e) < 0 || project_state(p, RECORD_FILE, path, sizeof path, e) < 0 ? -1 :
		os_file_replace(path, 0644, text.data, text.len, e);
	buf_done(&text);
	return r;
}

int record_find(const struct json *all, const char *book, char app[static ID_TEXT], struct err *e)
{
	for (size_t i = 0; i < json_count(all); i++) {
		const char *of = json_text(json_get(json_at(all, i), "book"), NULL), *id = json_text(json_get(json_at(all, i), "app"), NULL);
		if (!of || strcmp(of, book) != 0)
			continue;
		if (!id || strlen(id) >= ID_TEXT)
			return err_set(e, ERR_INVALID, PROJECT_STATE "/" RECORD_FILE " names no iApp in its entry %zu", i + 1);
		(void)snprintf(app, ID_TEXT, "%s", id);
		return 1;
	}
	return 0;
}
