/* enclua oracle: values that finished tasks have given to everybody, under a name that their request chose. Whoever reads one is told who asked, which iApp computed it and how
 * many workers came to the same: a name is nobody's property, so --from says whose values are meant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result.h"
#include "seal/crypto.h"
#include "trade.h"
#include "verbs.h"

/* One value, as the book has it. */
struct value {
	char name[MARKET_NAME], task[ID_TEXT];
	uint64_t index, ended;	/* of the entry with the bytes, and of the one that ended the task */
	struct market_deal deal;
	uint64_t agreed;
	struct buf bytes;
};

/* Looks for values of a name (NULL: of all), asked for by `from` ("": anybody). */
struct search { struct trade *t; const char *name; char from[MARKET_NAME]; struct value *found; size_t n; };

static int indexes_read(struct book *b, const char *name, const char *task, uint64_t index[static 2], struct err *e)
{
	struct buf row = BUF_INIT(32);
	int is = book_record_get(b, HOST_CALLBACK, name, task, &row, e);
	if (is == 1 && row.len == 2 * sizeof *index)
		memcpy(index, row.data, row.len);
	else if (is >= 0)
		is = err_set(e, ERR_INTERNAL, "the row of a callback is malformed");
	buf_done(&row);
	return is < 0 ? -1 : 0;
}

static int deal_of(struct book *b, const char *task, struct market_task *t, struct market_deal *d, struct err *e)
{
	int is = host_get(b, MARKET_ROW_TASK, task, "", t, e);
	if (is == 1)
		is = host_get(b, MARKET_ROW_DEAL, t->deal, "", d, e);
	return is == 1 ? 0 : is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no task %s in this book", task);
}

/* Of each name the newest stays. */
static int search_one(void *ctx, const struct book_record *r, struct err *e)
{
	struct search *x = ctx;
	struct market_task task;
	struct market_deal d;
	uint64_t index[2];
	size_t i = 0;
	if (indexes_read(x->t->b, r->a, r->b, index, e) < 0 || deal_of(x->t->b, r->b, &task, &d, e) < 0)
		return -1;
	if (x->from[0] && strcmp(x->from, d.requester) != 0)
		return 0;
	while (i < x->n && strcmp(x->found[i].name, r->a) != 0)
		i++;
	if (i < x->n && x->found[i].ended > index[1])
		return 0;
	if (i == x->n) {
		struct value *more = realloc(x->found, (x->n + 1) * sizeof *more);
		if (!more)
			return err_set(e, ERR_LIMIT, "out of memory");
		x->found = more;
		x->n++;
	}
	struct value *v = &x->found[i];
	*v = (struct value){ .index = index[0], .ended = index[1], .deal = d, .bytes = BUF_INIT(LIMIT_CALLBACK_BYTES) };
	(void)snprintf(v->name, sizeof v->name, "%s", r->a);
	(void)snprintf(v->task, sizeof v->task, "%s", r->b);
	return 0;
}

/* With trust 1 the one that ran it; else those whose contribution is the consensus's. */
struct choir { struct book *b; const struct market_task *task; uint64_t n; };

static int agrees(void *ctx, const struct book_record *r, struct err *e)
{
	struct choir *x = ctx;
	struct market_contribution c;
	int is = host_get(x->b, MARKET_ROW_CONTRIBUTION, x->task->id, r->b, &c, e);
	x->n += is == 1 && memcmp(c.hash, x->task->winning, 32) == 0;
	return is < 0 ? -1 : 0;
}

static int value_read(struct book *b, struct value *v, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	struct market_task task;
	struct market_deal d;
	struct choir x = { .b = b, .task = &task };
	int r = en ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && (deal_of(b, v->task, &task, &d, e) < 0 || book_entry(b, v->index, &note, e) < 0 || entry_decode(en, note.data, note.len, NULL, e) < 0))
		r = -1;
	if (r == 0 && en->type == ENTRY_TASK_COMPLETE_TYPE)
		r = entry_bytes(&en->task_complete.callback, &v->bytes, e);
	else if (r == 0 && en->type == ENTRY_TASK_REVEAL_TYPE)
		r = entry_bytes(&en->task_reveal.callback, &v->bytes, e);
	else if (r == 0)
		r = err_set(e, ERR_INTERNAL, "entry %" PRIu64 " has no callback", v->index);
	if (r == 0 && d.trust > 1 && book_records(b, HOST_ASSIGN, v->task, -1, agrees, &x, e) < 0)
		r = -1;
	if (r == 0)
		v->agreed = d.trust > 1 ? x.n : 1;
	free(en);
	buf_done(&note);
	return r;
}

static void pair(struct json_writer *w, const char *key, const char *value)
{
	json_write_key(w, key);
	json_write_text(w, value);
}

static void number(struct json_writer *w, const char *key, uint64_t n)
{
	json_write_key(w, key);
	json_write_uint(w, n);
}

static void value_write(struct json_writer *w, const struct value *v)
{
	char base64[BASE64_LEN(LIMIT_CALLBACK_BYTES) + 1], hex[HEX_LEN(32) + 1];
	uint8_t hash[32];
	sha256(hash, v->bytes.data, v->bytes.len);
	hex_encode(hex, hash, 32);
	base64_encode(base64, v->bytes.data, v->bytes.len);
	pair(w, "name", v->name);
	json_write_key(w, "value");
	if (utf8_valid(buf_text(&v->bytes), v->bytes.len))
		json_write_string(w, buf_text(&v->bytes), v->bytes.len);
	else
		json_write_null(w);
	pair(w, "base64", base64);
	pair(w, "sha256", hex);
	pair(w, "task", v->task);
	pair(w, "app", v->deal.app);
	pair(w, "requester", v->deal.requester);
	pair(w, "pool", v->deal.pool);
	number(w, "trust", v->deal.trust);
	number(w, "agreed", v->agreed);
	number(w, "entry", v->index);
	number(w, "ended", v->ended);
}

static int value_print(struct trade *t, const struct value *v, struct err *e)
{
	char app[LIMIT_NAME_BYTES + 1], who[LIMIT_NAME_BYTES + 1];
	return cli_print(t->c, e, "%s\n  %s, by %s for %s; %" PRIu64 " worker%s agreed (trust %" PRIu64 "), entry %" PRIu64 "\n", cli_safe(buf_text(&v->bytes), v->bytes.len, 0), v->name,
		trade_asset_call(t, v->deal.app, app), trade_call(t, v->deal.requester, who), v->agreed, v->agreed == 1 ? "" : "s", v->deal.trust, v->index);
}

static int from_read(struct trade *t, const struct args *a, struct search *x, struct err *e)
{
	struct store_identity who;
	if (!args_has(a, "from"))
		return 0;
	if (trade_who(t, args_get(a, "from"), &who, e) < 0)
		return err_wrap(e, "--from");
	identity_text(x->from, who.key);
	return 0;
}

static void search_done(struct search *x)
{
	for (size_t i = 0; i < x->n; i++)
		buf_done(&x->found[i].bytes);
	free(x->found);
}

/* What proves it to others. */
static int receipt_tell(struct trade *t, const struct value *v, struct err *e)
{
	struct store_task row = { .id = "" };
	struct buf text = BUF_INIT(MIB(1));
	char path[4400];
	int r = -1;
	if (store_task_find(book_store(t->b), v->task, &row, e) == 0 && receipt_of(t->c, t->b, &row, &text, e) == 0 &&
		receipt_keep(t->c, &row, &text, path, sizeof path, e) == 0) {
		pair(&t->c->out, "receipt", path);
		r = cli_print(t->c, e, "  receipt %s\n", path);
	}
	store_task_done(&row);
	buf_done(&text);
	return r;
}

static int run_read(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct search x = { .t = &t, .name = a->words[0] };
	int r = -1;
	if (trade_open(&t, c, e) < 0 || from_read(&t, a, &x, e) < 0 || book_records(t.b, HOST_CALLBACK, x.name, -1, search_one, &x, e) < 0)
		goto out;
	if (!x.n) {
		err_set(e, ERR_NOT_FOUND, "no finished task has given a value called %s%s", cli_safe(x.name, strlen(x.name), 0), x.from[0] ? " at that one's request" : "");
		err_hint(e, "enclua oracle list; enclua run-task APP --callback %s makes one", cli_safe(x.name, strlen(x.name), 0));
		goto out;
	}
	if (value_read(t.b, x.found, e) < 0)
		goto out;
	value_write(&c->out, x.found);
	r = value_print(&t, x.found, e) < 0 ? -1 : receipt_tell(&t, x.found, e);
out:
	search_done(&x);
	trade_done(&t);
	return r;
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct search x = { .t = &t };
	int r = -1;
	if (trade_open(&t, c, e) < 0 || from_read(&t, a, &x, e) < 0 || book_records(t.b, HOST_CALLBACK, NULL, -1, search_one, &x, e) < 0)
		goto out;
	r = 0;
	json_write_key(&c->out, "values");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < x.n; i++) {
		r = value_read(t.b, &x.found[i], e);
		if (r < 0)
			break;
		json_write_object(&c->out);
		value_write(&c->out, &x.found[i]);
		json_write_object_end(&c->out);
		r = value_print(&t, &x.found[i], e);
	}
	json_write_array_end(&c->out);
out:
	search_done(&x);
	trade_done(&t);
	return r;
}

static const struct option_row options[] = {
	{ "from", 0, "WHO", false, "only what this one has asked for: a petname of the home, or enclua1…" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command oracle_commands[] = {
	{ "oracle read", "NAME [--from WHO]", "The newest value that a finished task has given under a name",
	  "Example: enclua oracle read eur-usd --from bank\n\nThe value is what an iApp gave by task.result:callback, in a task that was asked for it (enclua run-task --callback NAME). Anybody\n"
	  "may ask under any name: --from says whose values are meant. With trust above 1 several workers came to the same bytes. The receipt proves the task to others.",
	  options, 1, 1, run_read },
	{ "oracle list", "[--from WHO]", "The newest value of every name", "Example: enclua oracle list --json", options, 0, 0, run_list },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
