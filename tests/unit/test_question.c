/* core/host/question.c: the question to a policy, member for member, before a deal and in a task; the same from a replica; and what is no question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "host/question.h"
#include "host/replica.h"
#include "seal/age.h"
#include "unit/host_make.h"

static char purposes[][65] = { "DUO:0000006", "research/cancer" };
static char places[][256] = { "https:api.example.org" };
static const struct manifest app = { .name = "hello", .version = "1.0.0", .data = MANIFEST_DATA_MANY, .purposes = purposes, .n_purposes = 2, .egress = places,
	.n_egress = 1, .memory = MIB(64), .output = MIB(1), .cpu_ms = 10000, .wall_ms = 30000, .deterministic = true, .epsilon_u6 = 100000 };

static void question(struct book *b, const struct host_question *q, struct buf *out)
{
	struct err e = { .code = ERR_NONE };
	*out = (struct buf)BUF_INIT(KIB(64));
	BOOK_MUST(host_question(b, q, out, &e), &e);
}

/* With ' for ", for the sake of the eye. */
static void assert_question(struct book *b, const struct host_question *q, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void assert_question(struct book *b, const struct host_question *q, const char *fmt, ...)
{
	char want[8192];
	struct buf have;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(want, sizeof want, fmt, ap);
	va_end(ap);
	for (char *p = want; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	question(b, q, &have);
	assert_string_equal(buf_text(&have), want);
	buf_done(&have);
}

static struct store_app app_of(struct world *w)
{
	struct store_app a;
	struct err e;
	BOOK_MUST(store_app_find(w->m.s, w->app, &a, &e), &e);
	return a;
}

static void sizes(struct world *w, uint64_t *size, int64_t *now)
{
	struct err e;
	BOOK_MUST(book_size(w->m.b, size, &e), &e);
	BOOK_MUST(book_time(w->m.b, now, &e), &e);
}

static void app_json(struct world *w, char out[static 2048])
{
	struct store_app a = app_of(w);
	char author[IDENTITY_TEXT];
	identity_text(author, a.author);
	(void)snprintf(out, 2048, "'app':{'id':'%s','h1':'%s','name':'%s','version':'%s','author':'%s','owner':'%s','data':'many','deterministic':1,'outputs_raw':0,"
		"'purposes':['DUO:0000006','research/cancer'],'egress':['https:api.example.org'],'memory':67108864,'output':1048576,'cpu_ms':10000,'wall_ms':30000,"
		"'epsilon_u6':100000}", a.id, a.h1, a.name, a.version, author, w->name[ADA]);
}

/* A grant with terms, a request with wishes. */
static void orders_make(struct world *w, char grant[static ID_TEXT], char request[static ID_TEXT])
{
	draft_order_data(w);
	en.order_data.volume = 7;
	en.order_data.until = (uint64_t)en.time + 1000000;
	en.order_data.purpose.n = 2;
	en.order_data.purpose.at[0] = entry_text("DUO:0000042");
	en.order_data.purpose.at[1] = entry_text("teaching");
	(void)host_make_enter(w, BOB, grant);
	draft_request(w, 3, 5);
	en.order_request.purpose = entry_text("DUO:0000006");
	en.order_request.min_assurance = entry_text("tpm2");
	memcpy(en.order_request.beneficiary, identity_public(w->who[ADA]), 32);
	memcpy(en.order_request.recipient, identity_age_public(w->who[ADA]), 32);
	en.order_request.only_pool = entry_text(w->pool);
	(void)host_make_enter(w, CARL, request);
}

static void before_a_deal(void **state)
{
	struct world *w = *state;
	char grant[ID_TEXT], request[ID_TEXT], app_part[2048];
	uint64_t size;
	int64_t now;
	struct market_order o;
	orders_make(w, grant, request);
	sizes(w, &size, &now);
	app_json(w, app_part);
	assert_int_equal(host_get(w->m.b, MARKET_ROW_ORDER, grant, "", &o, NULL), 1);
	const struct host_question q = { .scope = "match", .grant = grant, .request = request, .app = &app };
	assert_question(w->m.b, &q, "{'scope':'match','time':%lld,'as_of':%llu,'purpose':'DUO:0000006','user':'%s','beneficiary':'%s','assurance':'tpm2',%s,"
		"'data':{'id':'%s','name':'bobs','owner':'%s','size':%llu},'pool':{'id':'%s','owner':'%s'},'worker':'',"
		"'deal':{'id':'','app_price':%llu,'data_price':%llu,'pool_price':%llu,'trust':3,'category':0,'volume':5},'task':{'id':'','index':0,'bulk_size':0},"
		"'grant':{'id':'%s','price':%llu,'uses':7,'used':0,'until':%lld,'purposes':['DUO:0000042','teaching'],'bulk':0},"
		"'counters':{'uses':0,'output_bytes':0,'epsilon_u6':0}}",
		(long long)now, (unsigned long long)size, w->name[CARL], w->name[ADA], app_part, w->data, w->name[BOB], 100ull, w->pool, w->name[PAUL],
		(unsigned long long)APP_PRICE, (unsigned long long)DATA_PRICE, (unsigned long long)POOL_PRICE, grant, (unsigned long long)DATA_PRICE, (long long)o.until);
}

static void in_a_task(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT], app_part[2048], recipient[AGE_RECIPIENT_TEXT];
	uint64_t size;
	int64_t now;
	struct market_task t;
	struct market_deal d;
	uint8_t stranger[32];
	memset(stranger, 9, 32);
	host_make_deal(w, 1, 4, deal, task);
	sizes(w, &size, &now);
	app_json(w, app_part);
	age_recipient_text(recipient, stranger);
	assert_int_equal(host_get(w->m.b, MARKET_ROW_TASK, task, "", &t, NULL), 1);
	assert_int_equal(host_get(w->m.b, MARKET_ROW_DEAL, t.deal, "", &d, NULL), 1);
	const struct host_question q = { .scope = "key_release", .grant = w->order[1], .request = d.request, .task = task, .assurance = "cvm",
		.worker = identity_public(w->who[W1]), .app = &app };
	assert_question(w->m.b, &q, "{'scope':'key_release','time':%lld,'as_of':%llu,'purpose':'','user':'%s','beneficiary':'%s','assurance':'cvm',%s,"
		"'data':{'id':'%s','name':'bobs','owner':'%s','size':100},'pool':{'id':'%s','owner':'%s'},'worker':'%s',"
		"'deal':{'id':'%s','app_price':%llu,'data_price':%llu,'pool_price':%llu,'trust':1,'category':0,'volume':4},'task':{'id':'%s','index':0,'bulk_size':0},"
		"'grant':{'id':'%s','price':%llu,'uses':1000,'used':4,'until':0,'purposes':[],'bulk':0},'counters':{'uses':0,'output_bytes':0,'epsilon_u6':0}}",
		(long long)now, (unsigned long long)size, w->name[CARL], recipient, app_part, w->data, w->name[BOB], w->pool, w->name[PAUL], w->name[W1], deal,
		(unsigned long long)APP_PRICE, (unsigned long long)DATA_PRICE, (unsigned long long)POOL_PRICE, task, w->order[1], (unsigned long long)DATA_PRICE);
}

static const struct json *member(const struct json *tree, const char *object, const char *name)
{
	return json_get(object ? json_get(tree, object) : tree, name);
}

static void assert_member(struct world *w, const struct host_question *q, const char *object, const char *name, const char *value)
{
	struct buf have;
	struct json *tree = NULL;
	struct err e;
	question(w->m.b, q, &have);
	BOOK_MUST(json_parse(&tree, buf_text(&have), have.len, &e), &e);
	const char *text = json_text(member(tree, object, name), NULL);
	assert_non_null(text);
	assert_string_equal(text, value);
	json_free(tree);
	buf_done(&have);
}

/* The same data under two grants is one data of a cohort. */
/* Nor does a book take a request with two grants of the same data (host_grant.c), so that nobody fills up a cohort by that. */
static void a_bulk_counts_its_data(void **state)
{
	struct world *w = *state;
	struct err e;
	char more[ID_TEXT], grants[3][ID_TEXT], request[ID_TEXT];
	book_make_data(w->m.b, &en, "bobs-other", 100);
	(void)host_make_enter(w, BOB, more);
	for (size_t i = 0; i < 3; i++) {
		draft_order_data(w);
		host_make_id(en.order_data.data, i == 2 ? more : w->data);
		en.order_data.price = 0;
		en.order_data.purpose.n = i;	/* the same terms would be the same grant */
		en.order_data.purpose.at[0] = entry_text("research");
		en.order_data.purpose.at[1] = entry_text("teaching");
		en.order_data.bulk = 1;
		(void)host_make_enter(w, BOB, grants[i]);
	}
	draft_request(w, 1, 1);
	memset(en.order_request.data, 0, sizeof en.order_request.data);
	en.order_request.data_price = 0;
	en.order_request.bulk.n = 3;
	for (size_t i = 0; i < 3; i++)
		host_make_id(en.order_request.bulk.at[i], grants[i]);
	assert_int_equal(host_make_try(w, CARL, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "order-bulk"));
	en.order_request.bulk.n = 2;
	host_make_id(en.order_request.bulk.at[0], grants[2]);
	(void)host_make_enter(w, CARL, request);
	const struct host_question q = { .scope = "match", .grant = grants[2], .request = request, .app = &app };
	assert_member(w, &q, "task", "bulk_size", "2");
	assert_member(w, &q, "grant", "bulk", "1");
	assert_member(w, &q, "data", "id", more);
	assert_member(w, &q, "deal", "data_price", "0");
}

/* What is not asked for is what any machine and any pool would be. */
static void wishes_left_out(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], list[ID_TEXT];
	struct host_question q = { .scope = "match", .grant = w->order[1], .request = w->order[3], .task = "", .app = &app };
	assert_member(w, &q, NULL, "assurance", "software");
	assert_member(w, &q, "pool", "id", "");
	assert_member(w, &q, "pool", "owner", "");
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->pool);
	(void)host_make_enter(w, CARL, list);
	draft_request(w, 1, 2000);
	en.order_request.only_pool = entry_text(list);
	en.order_request.min_assurance = entry_text("none");
	memcpy(en.order_request.recipient, identity_age_public(w->who[CARL]), 32);
	(void)host_make_enter(w, CARL, request);
	q.request = request;
	assert_member(w, &q, "pool", "id", "");
	assert_member(w, &q, NULL, "assurance", "software");
	assert_member(w, &q, NULL, "beneficiary", w->name[CARL]);
	assert_member(w, &q, "deal", "volume", "1000");	/* no more than the grant has left */
	q.assurance = "none";
	assert_member(w, &q, NULL, "assurance", "none");
}

struct copied { struct book *replica; };
static int copy(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	const struct book_item item = { bytes, len };
	(void)index;
	return replica_add(((struct copied *)ctx)->replica, &item, 1, e);
}

static void the_same_from_a_replica(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	struct market_deal d;
	struct copied c;
	struct buf here, there;
	struct err e;
	uint64_t size;
	host_make_deal(w, 1, 1, deal, task);
	assert_int_equal(host_get(w->m.b, MARKET_ROW_DEAL, deal, "", &d, NULL), 1);
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	BOOK_MUST(replica_open(&c.replica, NULL, book_origin(w->m.b), book_operator(w->m.b), &e), &e);
	BOOK_MUST(book_entries(w->m.b, 0, size, copy, &c, &e), &e);
	const struct host_question q = { .scope = "run", .grant = w->order[1], .request = d.request, .task = task, .assurance = "software", .app = &app };
	question(w->m.b, &q, &here);
	question(c.replica, &q, &there);
	assert_string_equal(buf_text(&here), buf_text(&there));
	replica_close(c.replica);
	buf_done(&here);
	buf_done(&there);
}

static void no_question(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT], *grant = w->order[1], *request = w->order[3];
	host_make_deal(w, 1, 1, deal, task);
	const struct { struct host_question q; enum err_code code; const char *says; } cases[] = {
		{ { .grant = deal, .request = request }, ERR_NOT_FOUND, "no grant" },
		{ { .grant = request, .request = request }, ERR_NOT_FOUND, "is no grant" },
		{ { .grant = w->order[0], .request = request }, ERR_NOT_FOUND, "is no grant" },
		{ { .grant = grant, .request = grant }, ERR_NOT_FOUND, "is no request" },
		{ { .grant = grant, .request = "" }, ERR_NOT_FOUND, "no request" },
		{ { .grant = grant, .request = request, .task = deal }, ERR_NOT_FOUND, "no task" },
		{ { .grant = grant, .request = request, .task = task }, ERR_INVALID, "is of the request" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = BUF_INIT(KIB(64));
		struct err e = { .code = ERR_NONE };
		struct host_question q = cases[i].q;
		q.scope = "match";
		q.app = &app;
		buf_add_text(&out, "before", NULL);
		assert_int_equal(host_question(w->m.b, &q, &out, &e), -1);
		if (e.code != cases[i].code || !strstr(e.msg, cases[i].says))
			fail_msg("%zu: %s: %s", i, err_name(e.code), e.msg);
		assert_string_equal(buf_text(&out), "before");
		buf_done(&out);
	}
	struct buf small = BUF_INIT(100);
	struct err e = { .code = ERR_NONE };
	const struct host_question q = { .scope = "match", .grant = grant, .request = request, .app = &app };
	assert_int_equal(host_question(w->m.b, &q, &small, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(small.len, 0);
	buf_done(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_make_setup, host_make_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_a_deal),
		TEST(in_a_task),
		TEST(a_bulk_counts_its_data),
		TEST(wishes_left_out),
		TEST(the_same_from_a_replica),
		TEST(no_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
