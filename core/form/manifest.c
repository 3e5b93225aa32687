/* iapp.yaml into its struct: one row per key says what reads it. Defaults are the ones of core/form/FORMAT.md. */
#include "form/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/place.h"
#include "base/text.h"
#include "base/ustar.h"
#include "form/ytree.h"

struct reading {
	struct ytree_doc *doc;
	struct manifest *m;
	struct manifest_arg *arg;	/* the argument being read */
	struct err *e;
};

struct field {
	const char *key;
	int (*read)(struct reading *r, const struct ytree_node *n);
	bool required;
};

#define REFUSE(...) ytree_refuse(r->doc, n, r->e, __VA_ARGS__)

/* A list of words holds none twice; `item` is the last one looked at. */
static int repeat_check(struct reading *r, const struct ytree_node *list, const struct ytree_node *item)
{
	for (const struct ytree_node *n = list->first; n != item; n = n->next)
		if (!strcmp(n->text, item->text))
			return ytree_refuse(r->doc, item, r->e, "\"%s\" stands in %s twice", item->text, list->key);
	return 0;
}

/* Every member has a row, every required row a member. */
static int map_read(struct reading *r, const struct ytree_node *n, const struct field *fields, const char *what)
{
	const char *names[24] = { NULL };
	if (n->kind != YTREE_MAP)
		return REFUSE("%s must be a mapping of keys to values", what);
	for (size_t i = 0; fields[i].key; i++)
		names[i] = fields[i].key;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		const struct field *f = fields;
		while (f->key && strcmp(f->key, c->key) != 0)
			f++;
		if (!f->key) {
			const char *near = text_nearest(c->key, names);
			if (near)
				return ytree_refuse_key(r->doc, c, r->e, "unknown key \"%s\" in %s; did you mean \"%s\"?", c->key, what, near);
			return ytree_refuse_key(r->doc, c, r->e, "unknown key \"%s\" in %s", c->key, what);
		}
		if (f->read(r, c) < 0)
			return -1;
	}
	for (const struct field *f = fields; f->key; f++) {
		const struct ytree_node *c = n->first;
		while (c && strcmp(c->key, f->key) != 0)
			c = c->next;
		if (f->required && !c)
			return REFUSE("%s needs the key \"%s\"", what, f->key);
	}
	return 0;
}

static int text_read(struct reading *r, const struct ytree_node *n, char *out, size_t size)
{
	if (n->kind != YTREE_SCALAR)
		return REFUSE("%s must be text", n->key ? n->key : "this");
	if (strlen(n->text) >= size)
		return REFUSE("%s is longer than %zu bytes", n->key ? n->key : "this", size - 1);
	(void)snprintf(out, size, "%s", n->text);
	return 0;
}

static int bool_read(struct reading *r, const struct ytree_node *n, bool *out)
{
	if (n->kind != YTREE_SCALAR || (strcmp(n->text, "true") != 0 && strcmp(n->text, "false") != 0))
		return REFUSE("%s must be true or false", n->key);
	*out = n->text[0] == 't';
	return 0;
}

/* Room for one item per element of a list; the caller counts them up as they are read. */
static int list_alloc(struct reading *r, const struct ytree_node *n, size_t item, size_t max, void **out)
{
	size_t count = 0;
	for (const struct ytree_node *c = n->first; c; c = c->next)
		count++;
	if (count > max)
		return REFUSE("%s has more than %zu entries", n->key, max);
	*out = calloc(count + 1, item);
	return *out ? 0 : err_set(r->e, ERR_LIMIT, "out of memory");
}

static int list_check(struct reading *r, const struct ytree_node *n)
{
	return n->kind == YTREE_LIST ? 0 : REFUSE("%s must be a list: [a, b] or lines that start with \"- \"", n->key);
}

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Not empty, begins with one of the first set, the rest of the second. Not <ctype.h>: a locale has no say here. */
static bool word_valid(const char *s, const char *first, const char *all)
{
	return *s && strchr(first, *s) && s[strspn(s, all)] == '\0';
}

static bool lua_name_valid(const char *s)
{
	return word_valid(s, LETTERS "_", LETTERS DIGITS "_");
}

static bool semver_identifiers(const char *s, size_t n, bool leading_zero_allowed)
{
	for (size_t i = 0; i <= n; ) {
		size_t len = 0;
		bool digits = true;
		for (; i + len < n && s[i + len] != '.'; len++) {
			if (!strchr(LETTERS DIGITS "-", s[i + len]))
				return false;
			digits &= strchr(DIGITS, s[i + len]) != NULL;
		}
		if (len == 0 || (digits && len > 1 && s[i] == '0' && !leading_zero_allowed))
			return false;
		i += len + 1;
	}
	return true;
}

/* Semantic Versioning 2.0.0, §2, 9, 10. */
static bool semver_valid(const char *s)
{
	for (int part = 0; part < 3; part++) {
		size_t n = strspn(s, DIGITS);
		if (n == 0 || (n > 1 && s[0] == '0'))
			return false;
		s += n;
		if (part < 2 && *s++ != '.')
			return false;
	}
	if (*s == '-') {
		size_t n = strcspn(++s, "+");
		if (!semver_identifiers(s, n, false))
			return false;
		s += n;
	}
	if (*s == '+')
		return semver_identifiers(s + 1, strlen(s + 1), true);
	return *s == '\0';
}

static int api_read(struct reading *r, const struct ytree_node *n)
{
	if (n->kind != YTREE_SCALAR || strcmp(n->text, "1") != 0)
		return REFUSE("this version reads manifests of api 1");
	r->m->api = 1;
	return 0;
}

static int name_read(struct reading *r, const struct ytree_node *n)
{
	if (text_read(r, n, r->m->name, sizeof r->m->name) < 0)
		return -1;
	return word_valid(r->m->name, SMALL DIGITS, SMALL DIGITS "-") ? 0 : REFUSE("a name has small letters, digits and \"-\", and starts with one of the first two");
}

static int version_read(struct reading *r, const struct ytree_node *n)
{
	if (text_read(r, n, r->m->version, sizeof r->m->version) < 0)
		return -1;
	return semver_valid(r->m->version) ? 0 : REFUSE("\"%s\" is no version; write it like 1.0.0 (semver.org)", r->m->version);
}

static int summary_read(struct reading *r, const struct ytree_node *n)
{
	return text_read(r, n, r->m->summary, sizeof r->m->summary);
}

static int entry_read(struct reading *r, const struct ytree_node *n)
{
	if (text_read(r, n, r->m->entry, sizeof r->m->entry) < 0)
		return -1;
	size_t len = strlen(r->m->entry);
	struct err why;
	if (ustar_path_check(r->m->entry, len, &why) < 0)
		return REFUSE("entry: %s", why.msg);
	return len > 4 && !strcmp(r->m->entry + len - 4, ".lua") ? 0 : REFUSE("entry must name a .lua file of the iApp");
}

static int policy_entry_read(struct reading *r, const struct ytree_node *n)
{
	return n->kind == YTREE_SCALAR && !strcmp(n->text, MANIFEST_POLICY_ENTRY) ? entry_read(r, n) : REFUSE("the entry of a policy is " MANIFEST_POLICY_ENTRY);
}

static int data_read(struct reading *r, const struct ytree_node *n)
{
	static const char *const words[] = { "none", "one", "many", "bulk", NULL };
	for (size_t i = 0; n->kind == YTREE_SCALAR && words[i]; i++)
		if (!strcmp(n->text, words[i])) {
			r->m->data = (enum manifest_data)i;
			return 0;
		}
	return REFUSE("data must be none, one, many or bulk");
}

static int optional_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->m->data_optional);
}

/* What core/form/FORMAT.md lets a leaf be: a scalar, or bytes of a MIME type (RFC 6838 §4.2, small letters). */
static bool leaf_type_valid(const char *s)
{
	static const char *const scalars[] = { "bool", "f64", "i128", "string" };
	static const char more[] = SMALL DIGITS "!#$&^_.+-";
	for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
		if (!strcmp(s, scalars[i]))
			return true;
	size_t n = strspn(s, more);
	return n && s[n] == '/' && word_valid(s + n + 1, SMALL DIGITS, more);
}

static int schema_read(struct reading *r, const struct ytree_node *n)
{
	if (n->kind != YTREE_MAP)
		return REFUSE("schema must be a mapping of paths to types: {\"*.csv\": text/csv}");
	if (list_alloc(r, n, sizeof *r->m->schema, LIMIT_BOX_ARGS, (void **)&r->m->schema) < 0)
		return -1;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		struct manifest_schema *s = &r->m->schema[r->m->n_schema];
		if (c->key[0] == '\0' || strlen(c->key) >= sizeof s->path)
			return ytree_refuse_key(r->doc, c, r->e, "a path of the schema has 1 to %zu bytes", sizeof s->path - 1);
		(void)snprintf(s->path, sizeof s->path, "%s", c->key);
		if (text_read(r, c, s->type, sizeof s->type) < 0)
			return -1;
		if (!leaf_type_valid(s->type))
			return ytree_refuse(r->doc, c, r->e, "a type is bool, f64, i128, string, or of MIME such as text/csv");
		r->m->n_schema++;
	}
	return 0;
}

static int arg_name_read(struct reading *r, const struct ytree_node *n)
{
	if (text_read(r, n, r->arg->name, sizeof r->arg->name) < 0)
		return -1;
	return lua_name_valid(r->arg->name) ? 0 : REFUSE("the name of an argument is a Lua name: letters, digits and \"_\"");
}

static const char *const arg_types[] = { "string", "number", "integer", "boolean", NULL };

static int arg_type_read(struct reading *r, const struct ytree_node *n)
{
	for (size_t i = 0; n->kind == YTREE_SCALAR && arg_types[i]; i++)
		if (!strcmp(n->text, arg_types[i])) {
			r->arg->type = (enum manifest_type)i;
			return 0;
		}
	return REFUSE("type must be string, number, integer or boolean");
}

static int arg_required_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->arg->required);
}

static int arg_default_read(struct reading *r, const struct ytree_node *n)
{
	r->arg->has_default = true;
	return text_read(r, n, r->arg->fallback, sizeof r->arg->fallback);
}

static int arg_summary_read(struct reading *r, const struct ytree_node *n)
{
	return text_read(r, n, r->arg->summary, sizeof r->arg->summary);
}

static const struct field arg_fields[] = {
	{ "name", arg_name_read, true },
	{ "type", arg_type_read, false },
	{ "required", arg_required_read, false },
	{ "default", arg_default_read, false },
	{ "summary", arg_summary_read, false },
	{ NULL, NULL, false },
};

static int args_read(struct reading *r, const struct ytree_node *n)
{
	if (list_check(r, n) < 0 || list_alloc(r, n, sizeof *r->m->args, LIMIT_BOX_ARGS, (void **)&r->m->args) < 0)
		return -1;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		r->arg = &r->m->args[r->m->n_args];
		if (map_read(r, c, arg_fields, "an argument") < 0)
			return -1;
		for (size_t i = 0; i < r->m->n_args; i++)
			if (!strcmp(r->m->args[i].name, r->arg->name))
				return ytree_refuse(r->doc, c, r->e, "two arguments are called %s", r->arg->name);
		if (r->arg->required && r->arg->has_default)
			return ytree_refuse(r->doc, c, r->e, "%s is required, so its default would never be used", r->arg->name);
		struct err why;
		if (r->arg->has_default && manifest_arg_check(r->arg, r->arg->fallback, &why) < 0)
			return ytree_refuse(r->doc, c, r->e, "default: %s", why.msg);
		r->m->n_args++;
	}
	return 0;
}

static int files_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->m->files);
}

static int secrets_read(struct reading *r, const struct ytree_node *n)
{
	if (list_check(r, n) < 0 || list_alloc(r, n, sizeof *r->m->secrets, LIMIT_BOX_SECRETS, (void **)&r->m->secrets) < 0)
		return -1;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		if (text_read(r, c, r->m->secrets[r->m->n_secrets], sizeof *r->m->secrets) < 0)
			return -1;
		if (!lua_name_valid(c->text))
			return ytree_refuse(r->doc, c, r->e, "the name of a secret has letters, digits and \"_\"");
		if (repeat_check(r, n, c) < 0)
			return -1;
		r->m->n_secrets++;
	}
	return 0;
}

static int app_secret_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->m->app_secret);
}

static const struct field input_fields[] = {
	{ "data", data_read, false },
	{ "optional", optional_read, false },
	{ "schema", schema_read, false },
	{ "args", args_read, false },
	{ "files", files_read, false },
	{ "secrets", secrets_read, false },
	{ "app_secret", app_secret_read, false },
	{ NULL, NULL, false },
};

static int inputs_read(struct reading *r, const struct ytree_node *n)
{
	if (map_read(r, n, input_fields, "inputs") < 0)
		return -1;
	if (r->m->data == MANIFEST_DATA_NONE && r->m->n_schema)
		return REFUSE("a schema without data: add data: one");
	if (r->m->data == MANIFEST_DATA_NONE && r->m->data_optional)
		return REFUSE("optional is said of data, and there is none: add data: one");
	return 0;
}

static int purposes_read(struct reading *r, const struct ytree_node *n)
{
	if (list_check(r, n) < 0 || list_alloc(r, n, sizeof *r->m->purposes, LIMIT_MANIFEST_WORDS, (void **)&r->m->purposes) < 0)
		return -1;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		if (text_read(r, c, r->m->purposes[r->m->n_purposes], sizeof *r->m->purposes) < 0)
			return -1;
		if (!word_valid(c->text, LETTERS DIGITS, LETTERS DIGITS ":._/#-"))
			return ytree_refuse(r->doc, c, r->e, "a purpose is one word, such as DUO:0000006");
		if (repeat_check(r, n, c) < 0)
			return -1;
		r->m->n_purposes++;
	}
	return 0;
}

static int egress_read(struct reading *r, const struct ytree_node *n)
{
	if (list_check(r, n) < 0 || list_alloc(r, n, sizeof *r->m->egress, LIMIT_MANIFEST_WORDS, (void **)&r->m->egress) < 0)
		return -1;
	for (const struct ytree_node *c = n->first; c; c = c->next) {
		if (text_read(r, c, r->m->egress[r->m->n_egress], sizeof *r->m->egress) < 0)
			return -1;
		if (!place_valid(c->text))
			return ytree_refuse(r->doc, c, r->e, "write egress like " PLACE_SHAPE);
		if (repeat_check(r, n, c) < 0)
			return -1;
		r->m->n_egress++;
	}
	return 0;
}

static int size_read(struct reading *r, const struct ytree_node *n, uint64_t *out, uint64_t min, uint64_t max)
{
	struct err why;
	if (n->kind != YTREE_SCALAR || text_size(n->text, out, &why) < 0)
		return REFUSE("%s must be a size, such as 64MiB", n->key);
	if (*out < min || *out > max)
		return REFUSE("%s must be between %llu and %llu bytes", n->key, (unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int time_read(struct reading *r, const struct ytree_node *n, uint64_t *out)
{
	struct err why;
	if (n->kind != YTREE_SCALAR || text_duration_ms(n->text, out, &why) < 0)
		return REFUSE("%s must be a duration, such as 10s", n->key);
	if (*out < 1 || *out > LIMIT_BOX_TIME_MS)
		return REFUSE("%s must be between 1ms and %llums", n->key, (unsigned long long)LIMIT_BOX_TIME_MS);
	return 0;
}

static int memory_read(struct reading *r, const struct ytree_node *n)
{
	return size_read(r, n, &r->m->memory, MIB(1), LIMIT_BOX_MEMORY);
}

static int output_read(struct reading *r, const struct ytree_node *n)
{
	return size_read(r, n, &r->m->output, 1, LIMIT_BOX_OUTPUT);
}

static int cpu_read(struct reading *r, const struct ytree_node *n)
{
	return time_read(r, n, &r->m->cpu_ms);
}

static int wall_read(struct reading *r, const struct ytree_node *n)
{
	return time_read(r, n, &r->m->wall_ms);
}

/* Decimal, at most 6 places, never through a float: 0.1 is 100000 millionths. */
static int epsilon_read(struct reading *r, const struct ytree_node *n)
{
	static const char shape[] = "epsilon must be a number above 0 and up to 1000 with at most 6 decimals, such as 0.1";
	uint64_t v = 0;
	if (n->kind != YTREE_SCALAR)
		return REFUSE("%s", shape);
	const char *s = n->text;
	size_t whole = strspn(s, DIGITS), part = s[whole] == '.' ? strspn(s + whole + 1, DIGITS) : 0;
	const char *end = s + whole + (s[whole] == '.' ? 1 + part : 0);
	bool spelled = whole >= 1 && whole <= 4 && !(whole > 1 && s[0] == '0') && part <= 6 && (part || s[whole] != '.') && *end == '\0';
	for (size_t i = 0; spelled && i < whole; i++)
		v = 10 * v + (uint64_t)(s[i] - '0');
	for (size_t i = 0; spelled && i < 6; i++)
		v = 10 * v + (i < part ? (uint64_t)(s[whole + 1 + i] - '0') : 0);
	if (!spelled || v == 0 || v > LIMIT_EPSILON_U6)
		return REFUSE("%s", shape);
	r->m->epsilon_u6 = v;
	return 0;
}

static const struct field limit_fields[] = {
	{ "memory", memory_read, false },
	{ "cpu", cpu_read, false },
	{ "wall", wall_read, false },
	{ "output", output_read, false },
	{ "epsilon", epsilon_read, false },
	{ NULL, NULL, false },
};

static int limits_read(struct reading *r, const struct ytree_node *n)
{
	return map_read(r, n, limit_fields, "limits");
}

static int deterministic_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->m->deterministic);
}

static int raw_read(struct reading *r, const struct ytree_node *n)
{
	return bool_read(r, n, &r->m->outputs_raw);
}

static const struct field output_fields[] = {
	{ "deterministic", deterministic_read, false },
	{ "raw", raw_read, false },
	{ NULL, NULL, false },
};

static int outputs_read(struct reading *r, const struct ytree_node *n)
{
	return map_read(r, n, output_fields, "outputs");
}

static const struct field fields[] = {
	{ "api", api_read, true },
	{ "name", name_read, true },
	{ "version", version_read, true },
	{ "summary", summary_read, false },
	{ "entry", entry_read, true },
	{ "inputs", inputs_read, false },
	{ "purposes", purposes_read, false },
	{ "egress", egress_read, false },
	{ "limits", limits_read, false },
	{ "outputs", outputs_read, false },
	{ NULL, NULL, false },
};

/* A policy declares nothing: what it may do is the same for all, and what it demands is in its rules. */
static const struct field policy_fields[] = {
	{ "api", api_read, true },
	{ "name", name_read, true },
	{ "version", version_read, true },
	{ "summary", summary_read, false },
	{ "entry", policy_entry_read, true },
	{ NULL, NULL, false },
};

static int parse(struct manifest **out, const struct field *rows, const char *file, const char *text, size_t len, struct err *e)
{
	struct reading r = { .m = calloc(1, sizeof *r.m), .e = e };
	int result = -1;
	if (!r.m)
		return err_set(e, ERR_LIMIT, "out of memory");
	r.m->memory = MIB(64);
	r.m->output = MIB(1);
	r.m->cpu_ms = 10000;
	r.m->wall_ms = 30000;
	r.m->deterministic = true;
	if (ytree_parse(&r.doc, file, text, len, e) == 0)
		result = map_read(&r, ytree_root(r.doc), rows, "the manifest");
	ytree_free(r.doc);
	if (result < 0)
		manifest_free(r.m);
	else
		*out = r.m;
	return result;
}

int manifest_parse(struct manifest **out, const char *file, const char *text, size_t len, struct err *e)
{
	return parse(out, fields, file, text, len, e);
}

int manifest_policy_parse(struct manifest **out, const char *file, const char *text, size_t len, struct err *e)
{
	return parse(out, policy_fields, file, text, len, e);
}

void manifest_free(struct manifest *m)
{
	if (!m)
		return;
	free(m->schema);
	free(m->args);
	free(m->secrets);
	free(m->purposes);
	free(m->egress);
	free(m);
}
