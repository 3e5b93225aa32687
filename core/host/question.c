/* The question to a policy, from the rows of a book. One function for each object of the JSON, in its order; nothing is read that does not follow from entries, but the
 * manifest, which the caller has verified against the register.
 */
#include "host/question.h"

#include <stdlib.h>
#include <string.h>

#include "seal/age.h"

struct facts {
	struct book *b;
	const struct host_question *q;
	struct market_order grant, request;
	bool has_task;
	struct market_task task;
	struct market_deal deal;
	struct entry *en;	/* the request as it was signed */
	struct buf bytes;	/* what en borrows */
	struct store_app app;
	struct store_data data;
	struct json_writer w;
	struct err *e;
};

static void put_text(struct facts *x, const char *key, const char *value)
{
	json_write_key(&x->w, key);
	json_write_text(&x->w, value);
}

static void put_number(struct facts *x, const char *key, uint64_t value)
{
	json_write_key(&x->w, key);
	json_write_uint(&x->w, value);
}

static void put_identity(struct facts *x, const char *key, const uint8_t who[static 32])
{
	char text[IDENTITY_TEXT];
	identity_text(text, who);
	put_text(x, key, text);
}

static void put_object(struct facts *x, const char *key)
{
	json_write_key(&x->w, key);
	json_write_object(&x->w);
}

static int row_need(struct facts *x, enum market_kind kind, const char *id, const char *what, void *row)
{
	int is = host_get(x->b, kind, id, "", row, x->e);
	return is == 1 ? 0 : is < 0 ? -1 : err_set(x->e, ERR_NOT_FOUND, "there is no %s %s in this book", what, id);
}

static int order_need(struct facts *x, const char *id, enum market_order_kind kind, const char *what, struct market_order *out)
{
	if (row_need(x, MARKET_ROW_ORDER, id, what, out) < 0)
		return -1;
	return out->kind == kind ? 0 : err_set(x->e, ERR_NOT_FOUND, "the order %s is no %s", id, what);
}

static int facts_load(struct facts *x)
{
	const struct host_question *q = x->q;
	x->has_task = q->task && q->task[0];
	x->en = malloc(sizeof *x->en);
	if (!x->en)
		return err_set(x->e, ERR_LIMIT, "out of memory");
	if (order_need(x, q->grant, MARKET_ORDER_DATA, "grant", &x->grant) < 0 || order_need(x, q->request, MARKET_ORDER_REQUEST, "request", &x->request) < 0)
		return -1;
	if (x->has_task && (row_need(x, MARKET_ROW_TASK, q->task, "task", &x->task) < 0 || row_need(x, MARKET_ROW_DEAL, x->task.deal, "deal", &x->deal) < 0))
		return -1;
	if (x->has_task && strcmp(x->deal.request, q->request) != 0)
		return err_set(x->e, ERR_INVALID, "the task %s is of the request %s, not of %s", q->task, x->deal.request, q->request);
	if (host_request(x->b, q->request, x->en, &x->bytes, x->e) < 0)
		return -1;
	if (store_app_find(book_store(x->b), x->request.asset, &x->app, x->e) < 0)
		return -1;
	return store_data_find(book_store(x->b), x->grant.asset, NULL, &x->data, x->e);
}

static int owner_put(struct facts *x, const char *asset)
{
	struct market_asset a;
	if (row_need(x, MARKET_ROW_ASSET, asset, "asset", &a) < 0)
		return -1;
	put_text(x, "owner", a.owner);
	return 0;
}

/* An identity where there is one: the one named, or the requester, when the result is sealed to the key that it has introduced itself with. */
static int beneficiary_put(struct facts *x)
{
	static const uint8_t none[32];
	const struct entry_order_request *f = &x->en->order_request;
	struct store_identity who;
	char text[AGE_RECIPIENT_TEXT];
	if (memcmp(f->beneficiary, none, 32) != 0) {
		put_identity(x, "beneficiary", f->beneficiary);
		return 0;
	}
	int is = store_identity_find(book_store(x->b), x->en->by, &who, x->e);
	if (is < 0)
		return -1;
	if (is && memcmp(who.age, f->recipient, 32) == 0) {
		put_identity(x, "beneficiary", x->en->by);
		return 0;
	}
	age_recipient_text(text, f->recipient);
	put_text(x, "beneficiary", text);
	return 0;
}

/* Before there is a machine, what any machine gives, or what the request demands when that is more. */
static void assurance_put(struct facts *x)
{
	const struct entry_text *least = &x->en->order_request.min_assurance;
	json_write_key(&x->w, "assurance");
	if (x->q->assurance && x->q->assurance[0])
		json_write_text(&x->w, x->q->assurance);
	else if (least->len == 0 || (least->len == 4 && memcmp(least->at, "none", 4) == 0))
		json_write_text(&x->w, "software");
	else
		json_write_string(&x->w, least->at, least->len);
}

static int head_put(struct facts *x)
{
	int64_t now;
	uint64_t size;
	if (book_time(x->b, &now, x->e) < 0 || book_size(x->b, &size, x->e) < 0)
		return -1;
	put_text(x, "scope", x->q->scope);
	put_number(x, "time", (uint64_t)now);
	put_number(x, "as_of", size);
	put_text(x, "purpose", x->request.purpose);
	put_text(x, "user", x->request.requester);
	if (beneficiary_put(x) < 0)
		return -1;
	assurance_put(x);
	return 0;
}

static int app_put(struct facts *x)
{
	static const char *const shapes[] = {
		[MANIFEST_DATA_NONE] = "none", [MANIFEST_DATA_ONE] = "one", [MANIFEST_DATA_MANY] = "many", [MANIFEST_DATA_BULK] = "bulk"
	};
	const struct manifest *m = x->q->app;
	put_object(x, "app");
	put_text(x, "id", x->app.id);
	put_text(x, "h1", x->app.h1);
	put_text(x, "name", x->app.name);
	put_text(x, "version", x->app.version);
	put_identity(x, "author", x->app.author);
	if (owner_put(x, x->app.id) < 0)
		return -1;
	put_text(x, "data", shapes[m->data]);
	put_number(x, "deterministic", m->deterministic);
	put_number(x, "outputs_raw", m->outputs_raw);
	json_write_key(&x->w, "purposes");
	json_write_array(&x->w);
	for (size_t i = 0; i < m->n_purposes; i++)
		json_write_text(&x->w, m->purposes[i]);
	json_write_array_end(&x->w);
	json_write_key(&x->w, "egress");
	json_write_array(&x->w);
	for (size_t i = 0; i < m->n_egress; i++)
		json_write_text(&x->w, m->egress[i]);
	json_write_array_end(&x->w);
	put_number(x, "memory", m->memory);
	put_number(x, "output", m->output);
	put_number(x, "cpu_ms", m->cpu_ms);
	put_number(x, "wall_ms", m->wall_ms);
	put_number(x, "epsilon_u6", m->epsilon_u6);
	json_write_object_end(&x->w);
	return 0;
}

static int data_put(struct facts *x)
{
	put_object(x, "data");
	put_text(x, "id", x->data.id);
	put_text(x, "name", x->data.name);
	if (owner_put(x, x->data.id) < 0)
		return -1;
	put_number(x, "size", x->data.payload_len);
	json_write_object_end(&x->w);
	return 0;
}

/* Before there is a deal, the pool that the request names, if it names one and not a list of them. */
static int pool_put(struct facts *x)
{
	struct market_asset a = { .id = "" };
	const char *pool = x->has_task ? x->deal.pool : x->request.restrict_to.pool;
	bool one = pool[0] && strncmp(pool, MARKET_LIST, sizeof MARKET_LIST - 1) != 0;
	if (one && host_get(x->b, MARKET_ROW_ASSET, pool, "", &a, x->e) < 0)
		return -1;
	put_object(x, "pool");
	put_text(x, "id", a.id);
	put_text(x, "owner", a.owner);
	json_write_object_end(&x->w);
	if (x->q->worker)
		put_identity(x, "worker", x->q->worker);
	else
		put_text(x, "worker", "");
	return 0;
}

static uint64_t left_of(const struct market_order *o)
{
	return o->volume - o->consumed;
}

/* At match: what the request would pay at most, and the grant's own price. */
static void deal_put(struct facts *x)
{
	const struct market_deal *d = &x->deal;
	const struct market_order *r = &x->request, *g = &x->grant;
	bool is = x->has_task;
	put_object(x, "deal");
	put_text(x, "id", d->id);
	put_number(x, "app_price", is ? d->app_price : r->price);
	put_number(x, "data_price", is ? d->data_price : g->price);
	put_number(x, "pool_price", is ? d->pool_price : r->pool_price);
	put_number(x, "trust", is ? d->trust : r->trust ? r->trust : 1);
	put_number(x, "category", is ? d->category : r->category);
	put_number(x, "volume", is ? d->size : left_of(r) < left_of(g) ? left_of(r) : left_of(g));
	json_write_object_end(&x->w);
}

/* How many different data the grants of a bulk are about: a cohort of one, named fifty times, is a cohort of one. */
static int bulk_count(struct facts *x, uint64_t *n)
{
	const struct entry_ids *grants = &x->en->order_request.bulk;
	struct market_order *o = calloc(grants->n + 1, sizeof *o);
	int r = o ? 0 : err_set(x->e, ERR_LIMIT, "out of memory");
	*n = 0;
	for (size_t i = 0; r == 0 && i < grants->n; i++) {
		bool seen = false;
		r = order_need(x, grants->at[i], MARKET_ORDER_DATA, "grant", &o[*n]);
		for (size_t k = 0; k < *n; k++)
			seen = seen || strcmp(o[k].asset, o[*n].asset) == 0;
		*n += !seen;
	}
	free(o);
	return r;
}

static int task_put(struct facts *x)
{
	uint64_t n;
	if (bulk_count(x, &n) < 0)
		return -1;
	put_object(x, "task");
	put_text(x, "id", x->task.id);
	put_number(x, "index", x->task.index);
	put_number(x, "bulk_size", n);
	json_write_object_end(&x->w);
	return 0;
}

static void grant_put(struct facts *x)
{
	const struct market_order *g = &x->grant;
	put_object(x, "grant");
	put_text(x, "id", g->id);
	put_number(x, "price", g->price);
	put_number(x, "uses", g->volume);
	put_number(x, "used", g->consumed);
	put_number(x, "until", (uint64_t)g->until);
	json_write_key(&x->w, "purposes");
	json_write_array(&x->w);
	for (const char *p = g->purposes; *p;) {
		size_t len = strcspn(p, " ");
		json_write_string(&x->w, p, len);
		p += len;
		p += *p == ' ';
	}
	json_write_array_end(&x->w);
	put_number(x, "bulk", g->bulk);
	json_write_object_end(&x->w);
}

static int counters_put(struct facts *x)
{
	static const struct { const char *name; enum ledger_unit unit; } counters[] = {
		{ "uses", LEDGER_USES }, { "output_bytes", LEDGER_BYTES }, { "epsilon_u6", LEDGER_EPSILON }
	};
	put_object(x, "counters");
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
		uint64_t used = 0, most = 0;
		if (host_budget(x->b, x->grant.id, counters[i].unit, &used, &most, x->e) < 0)
			return -1;
		put_number(x, counters[i].name, used);
	}
	json_write_object_end(&x->w);
	return 0;
}

static int question_write(struct facts *x, struct buf *out)
{
	json_write_init(&x->w, out, x->e);
	json_write_object(&x->w);
	if (head_put(x) < 0 || app_put(x) < 0 || data_put(x) < 0 || pool_put(x) < 0)
		return -1;
	deal_put(x);
	if (task_put(x) < 0)
		return -1;
	grant_put(x);
	if (counters_put(x) < 0)
		return -1;
	json_write_object_end(&x->w);
	return json_write_done(&x->w);
}

int host_question(struct book *b, const struct host_question *q, struct buf *out, struct err *e)
{
	struct facts *x = calloc(1, sizeof *x);
	size_t start = out->len;
	if (!x)
		return err_set(e, ERR_LIMIT, "out of memory");
	x->b = b;
	x->q = q;
	x->e = e;
	x->bytes = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	int r = facts_load(x);
	if (r == 0 && (r = question_write(x, out)) < 0 && out->len > start) {	/* half a question is none */
		out->len = start;
		out->data[start] = '\0';
	}
	store_data_done(&x->data);
	buf_done(&x->bytes);
	free(x->en);
	free(x);
	return r < 0 ? err_wrap(e, "the question to a policy") : 0;
}
