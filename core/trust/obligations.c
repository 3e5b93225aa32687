/* Obligations as JSON and as a lattice. One row for each number says how it is read, written and merged; what is absent is the widest value, so that
 * merging with nothing changes nothing. Decides nothing: whoever enforces an obligation holds it against its own facts.
 */
#include "trust/obligations.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/place.h"
#include "base/text.h"

#define NUMBER_MAX TEXT_AMOUNT_MAX	/* of every number: what any amount of the book may be */

enum merge { MIN, MAX };	/* which of two is the stricter */

static const struct number_row {
	const char *name;
	size_t value, has;
	enum merge merge;
} number_rows[] = {
#define X(name, merge, scope, doc) { #name, offsetof(struct obligations, name), offsetof(struct obligations, has_##name), merge },
	OBLIGATION_NUMBERS(X)
#undef X
};

#define NUMBER_ROWS (sizeof number_rows / sizeof number_rows[0])

static const char *const log_words[] = { [OBLIGATION_LOG_ANY] = "full", [OBLIGATION_LOG_OWNER] = "owner", [OBLIGATION_LOG_NONE] = "none" };

#define LOG_WORDS (sizeof log_words / sizeof log_words[0])

static uint64_t *value_of(struct obligations *o, const struct number_row *r)
{
	return (uint64_t *)(void *)((char *)o + r->value);
}

static bool *has_of(struct obligations *o, const struct number_row *r)
{
	return (bool *)(void *)((char *)o + r->has);
}

/* A copy, so that the rows serve readers, too. */
static bool number_get(const struct obligations *o, const struct number_row *r, uint64_t *value)
{
	bool has;
	memcpy(&has, (const char *)o + r->has, sizeof has);
	memcpy(value, (const char *)o + r->value, sizeof *value);
	return has;
}

static int number_read(struct obligations *out, const struct number_row *r, const struct json *j, struct err *e)
{
	uint64_t v = 0;
	if (json_kind(j) != JSON_NUMBER || !json_is_integer(j))
		return err_set(e, ERR_INVALID, "the obligation %s must be an integer", r->name);
	const char *text = json_text(j, NULL);
	for (const char *p = text; *p; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v) || v > NUMBER_MAX)
			return err_set(e, ERR_INVALID, "the obligation %s must be between 0 and %llu", r->name, (unsigned long long)NUMBER_MAX);
	*value_of(out, r) = v;
	*has_of(out, r) = true;
	return 0;
}

static int log_read(struct obligations *out, const struct json *j, struct err *e)
{
	size_t len = 0;
	const char *text = json_text(j, &len);
	for (size_t i = 0; json_kind(j) == JSON_STRING && i < LOG_WORDS; i++)
		if (strlen(log_words[i]) == len && memcmp(text, log_words[i], len) == 0) {
			out->log = (enum obligation_log)i;
			return 0;
		}
	return err_set(e, ERR_INVALID, "the obligation log must be \"full\", \"owner\" or \"none\"");
}

static int text_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int egress_read(struct obligations *out, const struct json *j, struct err *e)
{
	size_t n = json_count(j);
	if (json_kind(j) != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "the obligation egress must be a list of places, such as " PLACE_SHAPE);
	if (n > OBLIGATION_EGRESS_MAX)
		return err_set(e, ERR_INVALID, "the obligation egress has more than %u places", OBLIGATION_EGRESS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		const struct json *place = json_at(j, i);
		const char *text = json_text(place, &len);
		if (json_kind(place) != JSON_STRING || len >= sizeof out->egress[0] || strlen(text) != len || !place_valid(text))
			return err_set(e, ERR_INVALID, "a place of the obligation egress is like " PLACE_SHAPE);
		memcpy(out->egress[i], text, len + 1);
	}
	qsort(out->egress, n, sizeof out->egress[0], text_order);
	for (size_t i = 1; i < n; i++)
		if (strcmp(out->egress[i - 1], out->egress[i]) == 0)
			return err_set(e, ERR_INVALID, "the obligation egress has %s twice", out->egress[i]);
	out->n_egress = n;
	out->has_egress = true;
	return 0;
}

static int member_unknown(const char *key, struct err *e)
{
	const char *names[NUMBER_ROWS + 3] = { NULL };
	struct buf shown = BUF_INIT(KIB(1));
	for (size_t i = 0; i < NUMBER_ROWS; i++)
		names[i] = number_rows[i].name;
	names[NUMBER_ROWS] = "log";
	names[NUMBER_ROWS + 1] = "egress";
	const char *near = text_nearest(key, names);
	(void)text_escape(&shown, key, strlen(key) > LIMIT_NAME_BYTES ? LIMIT_NAME_BYTES : strlen(key), NULL);
	err_set(e, ERR_INVALID, "there is no obligation \"%s\"%s%s%s", buf_text(&shown), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	buf_done(&shown);
	return -1;
}

static int member_read(struct obligations *out, const char *key, const struct json *value, struct err *e)
{
	for (size_t i = 0; i < NUMBER_ROWS; i++)
		if (strcmp(number_rows[i].name, key) == 0)
			return number_read(out, &number_rows[i], value, e);
	if (strcmp(key, "log") == 0)
		return log_read(out, value, e);
	if (strcmp(key, "egress") == 0)
		return egress_read(out, value, e);
	return member_unknown(key, e);
}

int obligations_read(struct obligations *out, const struct json *object, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (json_kind(object) != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "obligations must be an object");
	for (size_t i = 0; i < json_count(object); i++)
		if (member_read(out, json_key_at(object, i), json_at(object, i), e) < 0) {
			memset(out, 0, sizeof *out);	/* half of what was asked for would be wider than all of it */
			return -1;
		}
	return 0;
}

static bool none(const struct obligations *o)
{
	uint64_t v;
	for (size_t i = 0; i < NUMBER_ROWS; i++)
		if (number_get(o, &number_rows[i], &v))
			return false;
	return o->log == OBLIGATION_LOG_ANY && !o->has_egress;
}

int obligations_write(const struct obligations *o, struct buf *out, struct err *e)
{
	struct json_writer w;
	uint64_t v;
	if (none(o))
		return 0;
	json_write_init(&w, out, e);
	json_write_object(&w);
	for (size_t i = 0; i < NUMBER_ROWS; i++)
		if (number_get(o, &number_rows[i], &v)) {
			json_write_key(&w, number_rows[i].name);
			json_write_uint(&w, v);
		}
	if (o->log != OBLIGATION_LOG_ANY) {
		json_write_key(&w, "log");
		json_write_text(&w, log_words[o->log]);
	}
	if (o->has_egress) {
		json_write_key(&w, "egress");
		json_write_array(&w);
		for (size_t i = 0; i < o->n_egress; i++)
			json_write_text(&w, o->egress[i]);
		json_write_array_end(&w);
	}
	json_write_object_end(&w);
	return json_write_done(&w);
}

static void number_merge(struct obligations *into, const struct number_row *r, uint64_t v)
{
	uint64_t *mine = value_of(into, r);
	bool *has = has_of(into, r);
	if (!*has || (r->merge == MIN ? v < *mine : v > *mine))
		*mine = v;
	*has = true;
}

static bool egress_has(const struct obligations *o, const char *place)
{
	for (size_t i = 0; i < o->n_egress; i++)
		if (strcmp(o->egress[i], place) == 0)
			return true;
	return false;
}

/* Places that both name, in their order. */
static void egress_merge(struct obligations *into, const struct obligations *other)
{
	size_t kept = 0;
	if (!other->has_egress)
		return;
	if (!into->has_egress) {
		memcpy(into->egress, other->egress, sizeof into->egress);
		into->n_egress = other->n_egress;
		into->has_egress = true;
		return;
	}
	for (size_t i = 0; i < into->n_egress; i++)
		if (egress_has(other, into->egress[i])) {
			if (kept != i)
				memcpy(into->egress[kept], into->egress[i], sizeof into->egress[0]);
			kept++;
		}
	memset(into->egress + kept, 0, (into->n_egress - kept) * sizeof into->egress[0]);
	into->n_egress = kept;
}

void obligations_merge(struct obligations *into, const struct obligations *other)
{
	uint64_t v;
	for (size_t i = 0; i < NUMBER_ROWS; i++)
		if (number_get(other, &number_rows[i], &v))
			number_merge(into, &number_rows[i], v);
	if (other->log > into->log)
		into->log = other->log;
	egress_merge(into, other);
}
