/* bulk.json: a plan as a file. It names orders and data, which the book knows anyway, and nothing that was typed but by its hash. */
#include "run_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "result.h"

#define PLAN_FILE "bulk.json"
#define PLAN_BYTES MIB(64)

int run_plan_cut(struct run_plan *p, size_t per_task, struct err *e)
{
	p->n_slices = (p->n_items + per_task - 1) / per_task;
	p->slices = calloc(p->n_slices + 1, sizeof *p->slices);
	if (!p->slices)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < p->n_slices; i++) {
		const size_t first = i * per_task, rest = p->n_items - first;
		p->slices[i] = (struct run_slice){ .first = first, .n = rest < per_task ? rest : per_task };
	}
	return 0;
}

static void pair(struct json_writer *w, const char *key, const char *value)
{
	json_write_key(w, key);
	json_write_text(w, value);
}

static void slice_write(struct json_writer *w, const struct run_plan *p, const struct run_slice *s)
{
	json_write_object(w);
	pair(w, "task", s->task[0] ? s->task : NULL);
	json_write_key(w, "data");
	json_write_array(w);
	for (size_t i = s->first; i < s->first + s->n; i++) {
		json_write_object(w);
		pair(w, "data", p->items[i].data);
		pair(w, "grant", p->items[i].grant);
		json_write_key(w, "tag");
		json_write_uint(w, p->items[i].tag);
		json_write_object_end(w);
	}
	json_write_array_end(w);
	json_write_object_end(w);
}

int run_plan_write(const struct run_plan *p, const char *dir, struct err *e)
{
	struct buf out = BUF_INIT(PLAN_BYTES);
	struct json_writer w;
	char path[4400], asked[HEX_LEN(32) + 1];
	int r = -1;
	hex_encode(asked, p->asked, 32);
	json_write_init(&w, &out, e);
	json_write_object(&w);
	json_write_key(&w, "version");
	json_write_uint(&w, 1);
	pair(&w, "asked", asked);
	json_write_key(&w, "slices");
	json_write_array(&w);
	for (size_t i = 0; i < p->n_slices; i++)
		slice_write(&w, p, &p->slices[i]);
	json_write_array_end(&w);
	json_write_object_end(&w);
	result_path(path, sizeof path, dir, PLAN_FILE);
	if (json_write_done(&w) == 0 && os_dir_make(dir, 0777, e) == 0)
		r = os_file_replace(path, 0644, out.data, out.len, e);
	buf_done(&out);
	return r;
}

static int id_read(char out[static ID_TEXT], const struct json *object, const char *key, enum id_kind want, struct err *e)
{
	const char *text = json_text(json_get(object, key), NULL);
	enum id_kind kind;
	out[0] = '\0';
	if (!text || id_check(&kind, text, NULL) < 0 || kind != want)
		return err_set(e, ERR_INVALID, "a \"%s\" in " PLAN_FILE " is no id of that kind", key);
	(void)snprintf(out, ID_TEXT, "%s", text);
	return 0;
}

static int slice_read(struct run_plan *p, struct run_slice *s, const struct json *object, struct err *e)
{
	const struct json *data = json_get(object, "data"), *task = json_get(object, "task");
	*s = (struct run_slice){ .first = p->n_items, .n = json_count(data) };
	if (s->n == 0 || s->n > LIMIT_BOX_DATASETS)
		return err_set(e, ERR_INVALID, "a slice in " PLAN_FILE " has %zu data", s->n);
	if (json_kind(task) != JSON_NULL && id_read(s->task, object, "task", ID_TASK, e) < 0)
		return -1;
	struct run_item *items = realloc(p->items, (p->n_items + s->n) * sizeof *items);
	if (!items)
		return err_set(e, ERR_LIMIT, "out of memory");
	p->items = items;
	for (size_t i = 0; i < s->n; i++) {
		struct run_item *it = &p->items[p->n_items];
		const char *tag = json_text(json_get(json_at(data, i), "tag"), NULL);
		*it = (struct run_item){ .tag = tag ? strtoull(tag, NULL, 10) : 0 };
		if (id_read(it->data, json_at(data, i), "data", ID_DATA, e) < 0 || id_read(it->grant, json_at(data, i), "grant", ID_ORDER, e) < 0)
			return -1;
		p->n_items++;
	}
	return 0;
}

static int plan_parse(struct run_plan *p, const struct json *root, const char *dir, struct err *e)
{
	const struct json *slices = json_get(root, "slices");
	const char *asked = json_text(json_get(root, "asked"), NULL);
	char want[HEX_LEN(32) + 1];
	hex_encode(want, p->asked, 32);
	if (!asked || json_count(slices) == 0)
		return err_set(e, ERR_INVALID, PLAN_FILE " is no plan of a bulk");
	if (strcmp(asked, want) != 0) {
		err_set(e, ERR_CONFLICT, "%s holds another bulk: of another iApp, other data or other arguments, or asked for by somebody else", dir);
		return err_hint(e, "choose another folder with -o");
	}
	p->slices = calloc(json_count(slices), sizeof *p->slices);
	if (!p->slices)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (; p->n_slices < json_count(slices); p->n_slices++)
		if (slice_read(p, &p->slices[p->n_slices], json_at(slices, p->n_slices), e) < 0)
			return -1;
	return 1;
}

int run_plan_read(struct run_plan *p, const char *dir, struct err *e)
{
	struct buf text = BUF_INIT(PLAN_BYTES);
	struct json *root = NULL;
	char path[4400];
	int r = -1;
	result_path(path, sizeof path, dir, PLAN_FILE);
	if (!os_exists(path))
		return 0;
	if (os_plain_read(path, &text, e) == 0 && json_parse(&root, buf_text(&text), text.len, e) == 0)
		r = plan_parse(p, root, dir, e);
	if (r < 0)
		err_wrap(e, "%s", path);
	json_free(root);
	buf_done(&text);
	return r;
}

void run_plan_done(struct run_plan *p)
{
	free(p->items);
	free(p->left);
	free(p->slices);
	*p = (struct run_plan){ .n_items = 0 };
}
