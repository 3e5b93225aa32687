/* core/node/worker_run.c with everything that a request can bring: data that was sold, data of the requester's own, files, secrets. What reaches the box, what reaches whom,
 * and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "trust/protect.h"
#include "unit/worker_make.h"

static const char manifest[] =
	"api: 1\nname: gather\nversion: 1.0.0\nentry: main.lua\n"
	"inputs:\n  data: many\n  optional: true\n  files: true\n  secrets: [token]\n"
	"limits: {memory: 8MiB, cpu: 10s, wall: 10s, output: 64KiB}\noutputs: {deterministic: true}\n";
static const char script[] =
	"return function(task)\n"
	"    local out = {}\n"
	"    for _, d in ipairs(task.datasets) do out[#out + 1] = d:get('text', 'string') end\n"
	"    out[#out + 1] = task.files['note.txt']:read('l')\n"
	"    out[#out + 1] = task:secret(1)\n"
	"    print('what was ' .. 'printed')\n"
	"    task.result:write('all.txt', table.concat(out, '+'))\n"
	"end\n";

static struct entry en;
struct world { struct market_made m; struct identity *bob; struct box_zygote *zygote; struct worker worker; char order[ID_TEXT]; };

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err e;
	market_make_open(&w->m, NULL);
	market_make_app(&w->m, manifest, script, w->m.app);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_APP_TYPE);
	memcpy(en.order_app.app, w->m.app, ID_TEXT);
	en.order_app.volume = 1000;
	(void)book_make_append(w->m.b, &en, w->m.author, w->order);
	BOOK_MUST(identity_new(&w->bob, &e), &e);
	book_make_identity(w->m.b, &en, w->bob, "bob", "");
	(void)book_make_append(w->m.b, &en, w->bob, NULL);
	w->zygote = worker_make_zygote();
	w->worker = (struct worker){ .book = w->m.b, .keeper = w->m.link, .identity = w->m.worker, .owners = { w->m.manager }, .n_owners = 1,
		.zygote = w->zygote, .say = worker_make_say };
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;
	box_zygote_stop(w->zygote);
	market_make_close(&w->m);
	identity_free(w->bob);
	scratch_remove(w->m.home);
	free(w);
	return 0;
}

static struct store_data data_of(struct world *w, const struct identity *owner, const char *text)
{
	const struct protect_terms terms = { .name = "", .owner = owner };
	struct store_data out = { .id = "" };
	struct pdata *tree;
	struct err e;
	BOOK_MUST(pdata_new(&tree, &e), &e);
	BOOK_MUST(pdata_add_value(tree, "text", "string", text, &e), &e);
	BOOK_MUST(protect_data(w->m.b, keeper_recipient(w->m.keeper), tree, &terms, &out, &e), &e);
	pdata_free(tree);
	return out;
}

static void data_order(struct world *w, const struct identity *owner, const char *data, char order[static ID_TEXT])
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_DATA_TYPE);
	memcpy(en.order_data.data, data, ID_TEXT);
	en.order_data.volume = 10;
	(void)book_make_append(w->m.b, &en, owner, order);
}

static void parcel_of(struct world *w, const struct identity *requester, const char *app, uint8_t hash[static 32])
{
	char me[IDENTITY_TEXT];
	struct err e;
	int fd = memfd_create("note", MFD_CLOEXEC);
	assert_int_equal(os_write(fd, "a note\n", 7), 0);
	const struct work_file file = { "note.txt", fd, 7 };
	const struct work_secret secret = { 1, "pass word", 9 };
	const struct work work = { .files = &file, .n_files = 1, .secrets = &secret, .n_secrets = 1, .seed = "" };
	identity_text(me, identity_public(requester));
	const struct parcel_for to = { me, app };
	BOOK_MUST(parcel_seal(book_store(w->m.b), keeper_recipient(w->m.keeper), &to, &work, hash, &e), &e);
	close(fd);
}

/* sold: data and its order, or NULL; own: more of the requester's. */
static void ask(struct world *w, const char *sold, const char *sold_order, const char *own, const uint8_t parcel[static 32], char task[static MARKET_NAME])
{
	char request[ID_TEXT], deal[MARKET_NAME];
	book_make_draft(w->m.b, &en, ENTRY_ORDER_REQUEST_TYPE);
	struct entry_order_request *q = &en.order_request;
	memcpy(q->app, w->m.app, ID_TEXT);
	if (sold)
		memcpy(q->data, sold, ID_TEXT);
	if (own)
		memcpy(q->own_data.at[q->own_data.n++], own, ID_TEXT);
	q->pool_price = MARKET_POOL_PRICE;
	q->volume = 1;
	memcpy(q->recipient, identity_age_public(w->m.requester), 32);
	memset(q->params, 1, 32);
	memcpy(q->parcel, parcel, 32);
	(void)book_make_append(w->m.b, &en, w->m.requester, request);
	market_deal_id(deal, request, 0);
	book_make_draft(w->m.b, &en, ENTRY_DEAL_MATCH_TYPE);
	memcpy(en.deal_match.app, w->order, ID_TEXT);
	if (sold)
		memcpy(en.deal_match.data, sold_order, ID_TEXT);
	memcpy(en.deal_match.pool, w->m.pool_order, ID_TEXT);
	memcpy(en.deal_match.request, request, ID_TEXT);
	(void)snprintf(en.deal_match.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)book_make_append(w->m.b, &en, w->m.requester, NULL);
	market_task_id(task, deal, 0);
}

static void ended_as(struct world *w, const char *task, const char *status)
{
	struct store_task row;
	struct err e;
	BOOK_MUST(store_task_find(book_store(w->m.b), task, &row, &e), &e);
	assert_string_equal(row.status, status);
	store_task_done(&row);
}

static void all_of_it_reaches_the_box(void **state)
{
	struct world *w = *state;
	struct store_data sold = data_of(w, w->bob, "bobs"), own = data_of(w, w->m.requester, "mine");
	char order[ID_TEXT], task[MARKET_NAME];
	uint8_t parcel[32];
	data_order(w, w->bob, sold.id, order);
	parcel_of(w, w->m.requester, w->m.app, parcel);
	ask(w, sold.id, order, own.id, parcel, task);
	worker_make_run(w->worker);
	ended_as(w, task, "COMPLETED");
	assert_true(worker_make_result_has(&w->m, task, "bobs+mine+a note+pass word"));
	/* One of the owners is not the one who reads it: nothing that was printed over his data goes to her. */
	assert_false(worker_make_result_has(&w->m, task, "what was printed"));
	store_data_done(&sold);
	store_data_done(&own);
}

static void the_log_over_ones_own_data_is_ones_own(void **state)
{
	struct world *w = *state;
	struct store_data own = data_of(w, w->m.requester, "mine");
	char order[ID_TEXT], task[MARKET_NAME];
	uint8_t parcel[32];
	data_order(w, w->m.requester, own.id, order);
	parcel_of(w, w->m.requester, w->m.app, parcel);
	ask(w, own.id, order, NULL, parcel, task);
	worker_make_run(w->worker);
	assert_true(worker_make_result_has(&w->m, task, "what was printed"));
	store_data_done(&own);
}

/* Somebody saw the hash of a parcel in the book and names it in an order of their own, or for another iApp. */
static void another_ones_parcel_is_of_no_use(void **state)
{
	struct world *w = *state;
	char task[MARKET_NAME];
	uint8_t parcel[32];
	parcel_of(w, w->bob, w->m.app, parcel);
	ask(w, NULL, NULL, NULL, parcel, task);
	worker_make_run(w->worker);
	ended_as(w, task, "FAILED");
	parcel_of(w, w->m.requester, "app1another", parcel);
	ask(w, NULL, NULL, NULL, parcel, task);
	worker_make_run(w->worker);
	ended_as(w, task, "FAILED");
}

static void blob_change(struct world *w, const uint8_t blob[static 32], int by)
{
	char hex[65], path[PATH_MAX + 80];
	uint8_t byte = 0;
	hex_encode(hex, blob, 32);
	(void)snprintf(path, sizeof path, "%s/blobs/%s", w->m.home, hex);
	assert_int_equal(chmod(path, 0600), 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && pread(fd, &byte, 1, 40) == 1);
	byte = (uint8_t)(byte + by);
	assert_int_equal(pwrite(fd, &byte, 1, 40), 1);
	close(fd);
}

/* A disk that damaged something here says nothing about the task: no contribution, and when it is mended the task ends well. */
static void what_is_damaged_here_is_no_result(void **state)
{
	struct world *w = *state;
	struct store_data own = data_of(w, w->m.requester, "mine");
	char order[ID_TEXT];
	uint8_t parcel[32];
	data_order(w, w->m.requester, own.id, order);
	parcel_of(w, w->m.requester, w->m.app, parcel);
	struct store_app app;
	struct err e;
	BOOK_MUST(store_app_find(book_store(w->m.b), w->m.app, &app, &e), &e);
	const uint8_t *const blobs[] = { own.blob, parcel, app.blob };
	for (size_t i = 0; i < 3; i++) {
		char task[MARKET_NAME];
		ask(w, own.id, order, NULL, parcel, task);
		blob_change(w, blobs[i], 1);
		worker_make_run(w->worker);
		assert_int_equal(market_make_task(w->m.b, task).status, MARKET_ACTIVE);
		assert_int_equal(market_make_task(w->m.b, task).contributors, 0);
		blob_change(w, blobs[i], -1);
		worker_make_run(w->worker);
		ended_as(w, task, "COMPLETED");
	}
	store_data_done(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_reaches_the_box),
		cmocka_unit_test(the_log_over_ones_own_data_is_ones_own),
		cmocka_unit_test(another_ones_parcel_is_of_no_use),
		cmocka_unit_test(what_is_damaged_here_is_no_result),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
