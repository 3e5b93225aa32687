/* One line of a scenario into one command. Strict: unknown commands and fields, fields of other commands, wrong kinds of values and numbers that are no
 * integers are refused with words.
 */
#include <string.h>

#include "replay.h"

static const struct { enum field_kind kind; size_t len; const char *name, *other; } fields[] = {
#define X(id, kind, name, other) { kind, sizeof name - 1, name, other },
	REPLAY_FIELDS(X)
#undef X
};

const char *command_name(const struct command *c, enum field f)
{
	return c->given & UINT64_C(1) << f ? c->at[f].text : "";
}

uint64_t command_number(const struct command *c, enum field f, uint64_t absent)
{
	return c->given & UINT64_C(1) << f ? c->at[f].number : absent;
}

/* Is the word one of the words between spaces? */
static bool among(const char *words, const char *word, size_t len)
{
	while (*words) {
		size_t n = strcspn(words, " ");
		if (n == len && memcmp(words, word, n) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

static int field_find(const char *word, size_t len, struct err *e)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (fields[i].len == len && memcmp(fields[i].name, word, len) == 0)
			return i;
	for (int i = 0; i < FIELD_COUNT; i++)
		if (among(fields[i].other, word, len))
			return i;
	return err_set(e, ERR_INVALID, "unknown field \"%.*s\"", (int)(len < 40 ? len : 40), word);
}

/* The token's bytes are gone with the next token. */
static int text_keep(struct command *c, const struct json_token *t, const char **out, struct err *e)
{
	if (t->len >= REPLAY_TEXT_MAX - c->text_len)
		return err_set(e, ERR_LIMIT, "the strings of a command have at most %u bytes", REPLAY_TEXT_MAX);
	char *at = c->text + c->text_len;
	memcpy(at, t->text, t->len);
	at[t->len] = '\0';
	c->text_len += t->len + 1;
	*out = at;
	return 0;
}

static int number_read(const struct json_token *t, uint64_t *out)
{
	uint64_t n = 0;
	if (t->kind != JSON_NUMBER || !t->is_integer || t->text[0] == '-')
		return -1;
	for (size_t i = 0; i < t->len; i++)
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(t->text[i] - '0'), &n))
			return -1;
	*out = n;
	return 0;
}

static int names_read(struct command *c, struct json_reader *r, struct json_token *t, struct value *v, struct err *e)
{
	bool many = t->kind == JSON_ARRAY;
	v->first = (uint16_t)c->n_names;
	if (many && json_next(r, t, e) < 0)
		return -1;
	for (; !many || t->kind != JSON_ARRAY_END; v->count++) {
		if (t->kind == JSON_NULL && !many)
			return 0;
		if (t->kind != JSON_STRING || memchr(t->text, '\0', t->len))
			return err_set(e, ERR_INVALID, "a name or an array of names is needed");
		if (c->n_names == REPLAY_LIST_MAX)
			return err_set(e, ERR_LIMIT, "a command has at most %u names in lists", REPLAY_LIST_MAX);
		if (!many && t->len == 0)
			return 0;	/* "": no restriction */
		if (text_keep(c, t, &c->names[c->n_names++], e) < 0)
			return -1;
		if (!many) {
			v->count++;
			return 0;
		}
		if (json_next(r, t, e) < 0)
			return -1;
	}
	return 0;
}

static int value_skip(struct json_reader *r, struct json_token *t, struct err *e)
{
	unsigned depth = 0;
	for (;;) {
		depth += t->kind == JSON_ARRAY || t->kind == JSON_OBJECT;
		depth -= t->kind == JSON_ARRAY_END || t->kind == JSON_OBJECT_END;
		if (depth == 0)
			return 0;
		if (json_next(r, t, e) < 0)
			return -1;
	}
}

static bool token_is(const struct json_token *t, const char *text)
{
	return t->len == strlen(text) && memcmp(t->text, text, t->len) == 0;
}

/* t is the first token of the value. */
static int value_read(struct command *c, struct json_reader *r, struct json_token *t, int f, struct err *e)
{
	struct value *v = &c->at[f];
	*v = (struct value){ .text = "" };
	switch (fields[f].kind) {
	case NAMES:
		return names_read(c, r, t, v, e);
	case NUMBER:
	case TIME:
		return number_read(t, &v->number) == 0 ? 0 : err_set(e, ERR_INVALID, "\"%s\" needs an integer of 0 … 2^64 - 1", fields[f].name);
	case FLAG:
		v->flag = t->kind == JSON_TRUE || (t->kind == JSON_STRING && t->len > 0);
		return t->kind == JSON_TRUE || t->kind == JSON_FALSE || t->kind == JSON_STRING || t->kind == JSON_NULL ? 0 :
			err_set(e, ERR_INVALID, "\"%s\" is true or false", fields[f].name);
	case NAME_OR_NAMES:
		if (t->kind == JSON_ARRAY)
			return names_read(c, r, t, v, e);
		/* fall through */
	case NAME:
		if (t->kind == JSON_NULL)
			return 0;
		if (t->kind != JSON_STRING || memchr(t->text, '\0', t->len))
			return err_set(e, ERR_INVALID, "\"%s\" needs a name", fields[f].name);
		return text_keep(c, t, &v->text, e);
	case TEXT:
		if (t->kind != JSON_STRING)
			return err_set(e, ERR_INVALID, "\"%s\" needs a string", fields[f].name);
		v->len = t->len;
		return text_keep(c, t, &v->text, e);
	case IGNORED:
		return value_skip(r, t, e);
	}
	return -1;
}

static int field_take(struct command *c, struct json_reader *r, struct json_token *t, int f, struct err *e)
{
	if (c->given & UINT64_C(1) << f)
		return err_set(e, ERR_INVALID, "\"%s\" stands twice", fields[f].name);
	c->given |= UINT64_C(1) << f;
	return json_next(r, t, e) < 0 ? -1 : value_read(c, r, t, f, e);
}

/* "restrict": { "app": …, "data": …, "pool": …, "requester": … } */
static int restrict_read(struct command *c, struct json_reader *r, struct json_token *t, struct err *e)
{
	static const struct { const char *names; int field; } parts[] = { { "app", F_TO_APP }, { "data dataset", F_TO_DATA },
		{ "pool workerpool", F_TO_POOL }, { "requester", F_TO_REQUESTER } };
	if (json_next(r, t, e) < 0)
		return -1;
	if (t->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "\"restrict\" is an object of app, data, pool, requester");
	for (;;) {
		size_t i = 0;
		if (json_next(r, t, e) < 0)
			return -1;
		if (t->kind == JSON_OBJECT_END)
			return 0;
		while (i < 4 && !among(parts[i].names, t->text, t->len))
			i++;
		if (i == 4)
			return err_set(e, ERR_INVALID, "\"restrict\" has app, data, pool, requester and nothing else");
		if (field_take(c, r, t, parts[i].field, e) < 0)
			return -1;
	}
}

static int op_read(struct command *c, struct json_reader *r, struct json_token *t, struct err *e)
{
	if (json_next(r, t, e) < 0)
		return -1;
	c->op = t->kind == JSON_STRING ? replay_op_find(t->text, t->len) : NULL;
	return c->op ? 0 : err_set(e, ERR_INVALID, "unknown \"op\"");
}

static int members_read(struct command *c, struct json_reader *r, struct err *e)
{
	struct json_token t;
	if (json_next(r, &t, e) < 0)
		return -1;
	if (t.kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "a command is a JSON object");
	for (;;) {
		if (json_next(r, &t, e) < 0)
			return -1;
		if (t.kind == JSON_OBJECT_END)
			return json_next(r, &t, e);
		int f = token_is(&t, "op") || token_is(&t, "restrict") ? FIELD_COUNT : field_find(t.text, t.len, e);
		if (f < 0)
			return -1;
		if ((f < FIELD_COUNT ? field_take(c, r, &t, f, e) : token_is(&t, "op") ? op_read(c, r, &t, e) : restrict_read(c, r, &t, e)) < 0)
			return -1;
	}
}

static int fields_check(const struct command *c, struct err *e)
{
	if (!c->op)
		return err_set(e, ERR_INVALID, "a command without \"op\"");
	uint64_t missing = c->op->needed & ~c->given, strange = c->given & ~(c->op->needed | c->op->allowed | FIELD(NOTE) | FIELD(EXPECT));
	if (!missing && !strange)
		return 0;
	int f = __builtin_ctzll(missing ? missing : strange);
	return err_set(e, ERR_INVALID, "\"%s\" %s \"%s\"", c->op->name, missing ? "needs" : "has no", fields[f].name);
}

int command_read(struct command *c, const char *line, size_t len, struct err *e)
{
	struct json_reader *r;
	c->op = NULL;
	c->given = 0;
	c->n_names = c->text_len = 0;
	if (json_reader_new(&r, line, len, e) < 0)
		return -1;
	int done = members_read(c, r, e);
	json_reader_free(r);
	return done < 0 ? -1 : fields_check(c, e);
}
