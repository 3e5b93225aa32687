/* Questions to a policy from the command line: what options say, laid over the question of nothing in particular; or orders of the book, as it is now. */
#include "policy_asked.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "host/question.h"
#include "policy_case.h"
#include "policy_past.h"

/* What is asked: by options, over the question of nothing in particular */

struct asking { struct trade *t; const struct args *a; struct json_writer w; };

static void number_member(struct asking *q, const char *key, uint64_t n)
{
	json_write_key(&q->w, key);
	json_write_uint(&q->w, n);
}

static void text_member(struct asking *q, const char *key, const char *text)
{
	json_write_key(&q->w, key);
	json_write_string(&q->w, text, strlen(text));
}

static void texts_member(struct asking *q, const char *key, const char *at, size_t size, size_t n)
{
	json_write_key(&q->w, key);
	json_write_array(&q->w);
	for (size_t i = 0; i < n; i++)
		json_write_text(&q->w, at + i * size);
	json_write_array_end(&q->w);
}

static const char *const data_words[] = { "none", "one", "many", "bulk" };

static int app_write(struct asking *q, const char *which, struct err *e)
{
	struct store_app row;
	struct iapp *app = NULL;
	char author[IDENTITY_TEXT], owner[IDENTITY_TEXT];
	if (store_app_find(book_store(q->t->b), which, &row, e) < 0 || past_app(q->t->b, row.id, &app, e) < 0)
		return -1;
	const struct manifest *m = app->manifest;
	identity_text(author, row.author);
	identity_text(owner, row.owner);
	json_write_key(&q->w, "app");
	json_write_object(&q->w);
	text_member(q, "id", row.id);
	text_member(q, "h1", row.h1);
	text_member(q, "name", m->name);
	text_member(q, "version", m->version);
	text_member(q, "author", author);
	text_member(q, "owner", owner);
	text_member(q, "data", data_words[m->data]);
	number_member(q, "deterministic", m->deterministic);
	number_member(q, "outputs_raw", m->outputs_raw);
	texts_member(q, "purposes", m->n_purposes ? m->purposes[0] : "", sizeof *m->purposes, m->n_purposes);
	texts_member(q, "egress", m->n_egress ? m->egress[0] : "", sizeof *m->egress, m->n_egress);
	number_member(q, "memory", m->memory);
	number_member(q, "output", m->output);
	number_member(q, "cpu_ms", m->cpu_ms);
	number_member(q, "wall_ms", m->wall_ms);
	number_member(q, "epsilon_u6", m->epsilon_u6);
	json_write_object_end(&q->w);
	iapp_free(app);
	return 0;
}

static int data_write(struct asking *q, const char *which, struct err *e)
{
	struct store_data d;
	char owner[IDENTITY_TEXT];
	if (store_data_find(book_store(q->t->b), which, q->t->me.public_key, &d, e) < 0)
		return -1;
	identity_text(owner, d.owner);
	json_write_key(&q->w, "data");
	json_write_object(&q->w);
	text_member(q, "id", d.id);
	text_member(q, "name", d.name);
	text_member(q, "owner", owner);
	number_member(q, "size", d.payload_len);
	json_write_object_end(&q->w);
	store_data_done(&d);
	return 0;
}

static int user_write(struct asking *q, const char *which, struct err *e)
{
	struct store_identity who;
	char text[IDENTITY_TEXT];
	if (trade_who(q->t, which, &who, e) < 0)
		return -1;
	identity_text(text, who.key);
	text_member(q, "user", text);
	text_member(q, "beneficiary", text);
	return 0;
}

static int pool_write(struct asking *q, const char *which, struct err *e)
{
	struct market_asset a;
	char id[ID_TEXT];
	if (trade_pool(q->t, which, id, e) < 0 || host_get(q->t->b, MARKET_ROW_ASSET, id, "", &a, e) < 0)
		return -1;
	json_write_key(&q->w, "pool");
	json_write_object(&q->w);
	text_member(q, "id", id);
	text_member(q, "owner", a.owner);
	json_write_object_end(&q->w);
	return 0;
}

static int text_write(struct asking *q, const char *text, const char *key, struct err *e)
{
	(void)e;
	text_member(q, key, text);
	return 0;
}

static int purpose_write(struct asking *q, const char *text, struct err *e) { return text_write(q, text, "purpose", e); }
static int scope_write(struct asking *q, const char *text, struct err *e) { return text_write(q, text, "scope", e); }
static int assurance_write(struct asking *q, const char *text, struct err *e) { return text_write(q, text, "assurance", e); }

static int nested_write(struct asking *q, const char *option, const char *object, const char *key, struct err *e)
{
	uint64_t n = 0;
	if (trade_option_number(q->a, option, 0, ENTRY_NUMBER_MAX, &n, e) < 0)
		return -1;
	json_write_key(&q->w, object);
	json_write_object(&q->w);
	number_member(q, key, n);
	json_write_object_end(&q->w);
	return 0;
}

static int price_write(struct asking *q, const char *text, struct err *e)
{
	uint64_t n = 0;
	(void)text;
	if (trade_option_amount(q->a, "price", &n, e) < 0)
		return -1;
	json_write_key(&q->w, "deal");
	json_write_object(&q->w);
	number_member(q, "data_price", n);
	json_write_object_end(&q->w);
	return 0;
}

static int bulk_write(struct asking *q, const char *text, struct err *e) { (void)text; return nested_write(q, "bulk-size", "task", "bulk_size", e); }
static int uses_write(struct asking *q, const char *text, struct err *e) { (void)text; return nested_write(q, "uses", "counters", "uses", e); }

static const struct { const char *option; int (*write)(struct asking *q, const char *value, struct err *e); } members[] = {
	{ "app", app_write }, { "data", data_write }, { "user", user_write }, { "pool", pool_write }, { "purpose", purpose_write }, { "scope", scope_write },
	{ "assurance", assurance_write }, { "price", price_write }, { "bulk-size", bulk_write }, { "uses", uses_write },
};

int asked_by_options(struct trade *t, const struct args *a, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(KIB(64));
	struct asking q = { .t = t, .a = a };
	struct json *over = NULL;
	uint64_t size = 0;
	int64_t now = 0;
	int r = book_size(t->b, &size, e) < 0 || book_time(t->b, &now, e) < 0 ? -1 : 0;
	json_write_init(&q.w, &text, e);
	json_write_object(&q.w);
	number_member(&q, "time", (uint64_t)(now > os_time() ? now : os_time()));
	number_member(&q, "as_of", size);
	for (size_t i = 0; r == 0 && i < sizeof members / sizeof *members; i++)
		if (args_has(a, members[i].option) && members[i].write(&q, args_get(a, members[i].option), e) < 0)
			r = strncmp(e->msg, "--", 2) == 0 ? -1 : err_wrap(e, "--%s", members[i].option);	/* numbers have said it */
	json_write_object_end(&q.w);
	if (r == 0 && (r = json_write_done(&q.w)) == 0 && (r = json_parse(&over, buf_text(&text), text.len, e)) == 0)
		r = question_make((const struct json *const []){ over }, 1, out, e);
	json_free(over);
	buf_done(&text);
	return r;
}

/* What is asked: of orders that are in the book, as it is now */

static int order_named(struct trade *t, const char *which, enum market_order_kind kind, char id[static MARKET_NAME], struct market_order *o, struct err *e)
{
	if (host_find(t->b, MARKET_ROW_ORDER, which, id, e) < 0 || host_get(t->b, MARKET_ROW_ORDER, id, "", o, e) < 0)
		return -1;
	return o->kind == kind ? 0 : err_set(e, ERR_USAGE, "%s is no %s", id, kind == MARKET_ORDER_DATA ? "grant" : "request");
}

int asked_by_orders(struct trade *t, const struct args *a, struct buf *out, struct err *e)
{
	char grant[MARKET_NAME], request[MARKET_NAME], task[MARKET_NAME] = "", app[ID_TEXT];
	struct market_order o;
	struct market_task row;
	struct market_deal deal;
	struct iapp *archive = NULL;
	if (order_named(t, args_get(a, "grant"), MARKET_ORDER_DATA, grant, &o, e) < 0)
		return err_wrap(e, "--grant");
	if (args_has(a, "task")) {
		if (host_find(t->b, MARKET_ROW_TASK, args_get(a, "task"), task, e) < 0 || host_get(t->b, MARKET_ROW_TASK, task, "", &row, e) < 0 ||
			host_get(t->b, MARKET_ROW_DEAL, row.deal, "", &deal, e) < 0)
			return err_wrap(e, "--task");
		memcpy(request, deal.request, sizeof request);
	} else if (order_named(t, args_get(a, "request"), MARKET_ORDER_REQUEST, request, &o, e) < 0)
		return err_wrap(e, "--request");
	if (past_request_app(t->b, request, app, e) < 0 || past_app(t->b, app, &archive, e) < 0)
		return -1;
	const struct host_question q = { .scope = args_has(a, "scope") ? args_get(a, "scope") : task[0] ? "key_release" : "match", .grant = grant, .request = request, .task = task,
		.assurance = args_has(a, "assurance") ? args_get(a, "assurance") : "software", .worker = NULL, .app = archive->manifest };
	int r = host_question(t->b, &q, out, e);
	iapp_free(archive);
	return r;
}
