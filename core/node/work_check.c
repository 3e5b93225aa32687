/* What a requester asked for, held against the iApp's manifest. Nothing here opens a key or starts a process; every refusal says what the
 * manifest declares, so that the next try can be right.
 */
#include "node/work.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "node/work_args.h"

static int arg_unknown(const struct manifest *m, const char *name, struct err *e)
{
	const char *names[LIMIT_BOX_ARGS + 1] = { NULL };
	char list[512] = "";
	size_t len = 0;
	for (size_t i = 0; i < m->n_args && i < LIMIT_BOX_ARGS; i++) {
		names[i] = m->args[i].name;
		int n = snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
		if (n > 0 && (size_t)n < sizeof list - len)
			len += (size_t)n;
	}
	err_set(e, ERR_USAGE, "%s has no argument \"%s\"", m->name, name);
	const char *near = text_nearest(name, names);
	if (near)
		return err_hint(e, "did you mean --arg %s=… ? It declares: %s", near, list);
	return err_hint(e, m->n_args ? "it declares: %s" : "it declares no arguments%s", list);
}

int work_arg_index(const struct work *w, size_t i, size_t *declared, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	const struct work_arg *a = &w->args[i];
	if (a->name) {
		for (size_t d = 0; d < m->n_args; d++)
			if (!strcmp(m->args[d].name, a->name)) {
				*declared = d;
				return 0;
			}
		return arg_unknown(m, a->name, e);
	}
	/* By position: the n-th value without a name is for the n-th declared argument. */
	size_t position = 0;
	for (size_t j = 0; j < i; j++)
		position += !w->args[j].name;
	if (position >= m->n_args)
		return err_set(e, ERR_USAGE, "%s takes %zu argument%s, \"%s\" is one too many", m->name, m->n_args,
			m->n_args == 1 ? "" : "s", a->value);
	*declared = position;
	return 0;
}

static int args_check(const struct work *w, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	bool given[LIMIT_BOX_ARGS] = { false };
	for (size_t i = 0; i < w->n_args; i++) {
		size_t d = 0;
		if (work_arg_index(w, i, &d, e) < 0)
			return -1;
		if (given[d])
			return err_set(e, ERR_USAGE, "the argument %s is given twice", m->args[d].name);
		given[d] = true;
		if (manifest_arg_check(&m->args[d], w->args[i].value, e) < 0)
			return -1;
	}
	for (size_t d = 0; d < m->n_args; d++)
		if (m->args[d].required && !given[d]) {
			err_set(e, ERR_USAGE, "%s needs the argument %s", m->name, m->args[d].name);
			return err_hint(e, "add --arg %s=…", m->args[d].name);
		}
	return 0;
}

/* Walks a public schema; true when some leaf's path fits the pattern and its type is the one asked for. */
// NOLINTNEXTLINE(misc-no-recursion): no deeper than LIMIT_DATA_DEPTH
static bool schema_has(const struct json *node, const char *prefix, const struct manifest_schema *want, unsigned depth)
{
	if (depth > LIMIT_DATA_DEPTH)
		return false;
	for (size_t i = 0; i < json_count(node); i++) {
		char path[LIMIT_PATH_BYTES + 2];
		int n = snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "/" : "", json_key_at(node, i));
		if (n < 0 || (size_t)n >= sizeof path)
			continue;
		const struct json *v = json_at(node, i);
		if (json_kind(v) == JSON_OBJECT) {
			if (schema_has(v, path, want, depth + 1))
				return true;
		} else if (!fnmatch(want->path, path, 0) && !strcmp(json_text(v, NULL), want->type)) {
			return true;
		}
	}
	return false;
}

/* 1: has it, 0: has not, -1: its schema cannot be read. A hidden schema may have anything; the box will find out. */
static int data_has(const struct store_data *d, const struct manifest_schema *want, struct err *e)
{
	struct json *schema = NULL;
	if (!d->schema.len)
		return 1;
	if (json_parse(&schema, buf_text(&d->schema), d->schema.len, e) < 0)
		return err_wrap(e, "schema of %s", d->name);
	int r = schema_has(schema, "", want, 0);
	json_free(schema);
	return r;
}

/* What the manifest asks for has to be in the one data, or in some of the many. */
static int schema_check(const struct work *w, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	for (size_t i = 0; i < m->n_schema; i++) {
		int r = 0;
		for (size_t d = 0; r == 0 && d < w->n_data; d++)
			r = data_has(w->data[d], &m->schema[i], e);
		if (r < 0)
			return -1;
		if (r == 0) {
			err_set(e, ERR_INVALID, "%s works on data with %s of type %s, and there is none in what was given", m->name,
				m->schema[i].path, m->schema[i].type);
			return err_hint(e, "see what is in data: enclua data show NAME");
		}
	}
	return 0;
}

static int data_check(const struct work *w, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	static const struct { size_t min, max; const char *says; } allowed[] = {
		[MANIFEST_DATA_NONE] = { 0, 0, "takes no data" },
		[MANIFEST_DATA_ONE] = { 1, 1, "needs exactly one data" },
		[MANIFEST_DATA_MANY] = { 1, LIMIT_BOX_DATASETS, "needs one data or more" },
		[MANIFEST_DATA_BULK] = { 1, LIMIT_BOX_DATASETS, "needs one data or more" },
	};
	if (w->n_data == 0 && m->data_optional)
		return 0;
	if (w->n_data < allowed[m->data].min || w->n_data > allowed[m->data].max) {
		err_set(e, ERR_USAGE, "%s %s, %zu given", m->name, allowed[m->data].says, w->n_data);
		if (w->n_data < allowed[m->data].min)
			return err_hint(e, "add --data FILE, or --data NAME of what `enclua data list` shows");
		return err_hint(e, "it takes at most %zu", allowed[m->data].max);
	}
	return schema_check(w, e);
}

static int secrets_check(const struct work *w, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	bool given[LIMIT_BOX_SECRETS + 1] = { false };
	for (size_t i = 0; i < w->n_secrets; i++) {
		unsigned index = w->secrets[i].index;
		if (index == 0 ? !m->app_secret : index > m->n_secrets)
			return err_set(e, ERR_USAGE, "%s declares %zu requester secret%s; there is no secret %u", m->name, m->n_secrets,
				m->n_secrets == 1 ? "" : "s", index);
		if (given[index])
			return err_set(e, ERR_USAGE, "secret %u is given twice", index);
		given[index] = true;
	}
	for (unsigned i = 1; i <= m->n_secrets && i <= LIMIT_BOX_SECRETS; i++)
		if (!given[i]) {
			err_set(e, ERR_USAGE, "%s needs secret %u, \"%s\"", m->name, i, m->secrets[i - 1]);
			return err_hint(e, "add --secret %u=@FILE", i);
		}
	return 0;
}

int work_check(const struct work *w, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	if (args_check(w, e) < 0 || data_check(w, e) < 0 || secrets_check(w, e) < 0)
		return -1;
	if (w->n_files && !m->files)
		return err_set(e, ERR_USAGE, "%s takes no input files", m->name);
	if (w->n_files > LIMIT_BOX_FILES)
		return err_set(e, ERR_LIMIT, "at most %u input files", LIMIT_BOX_FILES);
	if (m->n_egress)
		return err_set(e, ERR_UNAVAILABLE, "%s wants to reach %s; this version has no broker for egress", m->name, m->egress[0]);
	return 0;
}
