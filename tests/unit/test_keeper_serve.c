/* The keeper's process as an attacker finds it: each of the five checks of TRUST.md is violated alone, and refused with its code; what is released opens with the box's key and with no
 * other; a book that was changed is not believed; nothing leaves before the book says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "seal/age.h"
#include "trust/keeper_link_inner.h"
#include "trust/keeper_task.h"
#include "trust/protect.h"
#include "unit/worker_make.h"

static const char manifest[] = "api: 1\nname: reader\nversion: 1.0.0\nentry: main.lua\ninputs:\n  data: one\n"
	"limits: {memory: 8MiB, cpu: 10s, wall: 10s, output: 64KiB}\noutputs: {deterministic: true}\n";
static const char script[] = "return function(task) task.result:write('t', task.data:get('text', 'string')) end\n";

static struct entry en;

struct world {
	struct market_made m;
	struct identity *bob, *other;	/* who owns the data; another worker of the pool */
	struct iapp *app;
	char order[ID_TEXT];	/* of the iApp */
	struct store_data data;
	char grant[ID_TEXT], task[MARKET_NAME];
	uint8_t box_secret[32], box[32], measurement[32];
};

/* Linked with --wrap: the moment between a keeper's word and the key. */
int __real_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e);
int __wrap_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e);

static struct keeper_link *victim;	/* its keeper dies when the next key.release is in the book */
static bool parcels;	/* requests have one, so that a worker takes them */

int __wrap_book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e)
{
	static const char release[] = "enclua/key.release/v1\n";
	int r = __real_book_append(b, items, n, indices, e);
	if (r == 0 && victim && items[n - 1].len > sizeof release && memcmp(items[n - 1].bytes, release, sizeof release - 1) == 0) {
		assert_int_equal(kill(victim->pid, SIGKILL), 0);
		(void)usleep(100000);
		victim = NULL;
	}
	return r;
}

/* Making */

static void app_open(struct world *w)
{
	struct store_app row;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct err e;
	BOOK_MUST(store_app_find(book_store(w->m.b), w->m.app, &row, &e), &e);
	BOOK_MUST(store_blob_read(book_store(w->m.b), row.blob, &bytes, &e), &e);
	const struct iapp_expect expect = { .h1 = row.h1 };
	BOOK_MUST(iapp_open(&w->app, bytes.data, bytes.len, &expect, &e), &e);
	buf_done(&bytes);
}

static void measure(struct world *w)
{
	struct buf program = BUF_INIT(LIMIT_ENCLAVE_BYTES);
	struct err e;
	BOOK_MUST(os_file_read(w->m.enclave, &program, &e), &e);
	sha256(w->measurement, program.data, program.len);
	buf_done(&program);
}

static void person(struct world *w, struct identity **who, const char *name)
{
	struct err e;
	BOOK_MUST(identity_new(who, &e), &e);
	book_make_identity(w->m.b, &en, *who, name, "");
	(void)book_make_append(w->m.b, &en, *who, NULL);
}

static int world_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct protect_terms of_bob = { .name = "" };
	struct pdata *tree;
	struct err e;
	market_make_open(&w->m, NULL);
	market_make_app(&w->m, manifest, script, w->m.app);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_APP_TYPE);
	memcpy(en.order_app.app, w->m.app, ID_TEXT);
	en.order_app.volume = 1000;
	(void)book_make_append(w->m.b, &en, w->m.author, w->order);
	person(w, &w->bob, "bob");
	BOOK_MUST(identity_new(&w->other, &e), &e);
	market_make_worker(&w->m, w->other, "other", false);
	BOOK_MUST(pdata_new(&tree, &e), &e);
	BOOK_MUST(pdata_add_value(tree, "text", "string", "what bob keeps", &e), &e);
	of_bob.owner = w->bob;
	BOOK_MUST(protect_data(w->m.b, keeper_recipient(w->m.keeper), tree, &of_bob, &w->data, &e), &e);
	pdata_free(tree);
	app_open(w);
	measure(w);
	crypto_random(w->box_secret, 32);
	x25519_public(w->box, w->box_secret);
	*state = w;
	return 0;
}

static int world_close(void **state)
{
	struct world *w = *state;
	market_make_close(&w->m);
	store_data_done(&w->data);
	identity_free(w->bob);
	identity_free(w->other);
	iapp_free(w->app);
	scratch_remove(w->m.home);
	free(w);
	return 0;
}

static void parcel_make(struct world *w, uint8_t hash[static 32])
{
	const struct work nothing = { .seed = "" };
	char requester[IDENTITY_TEXT];
	struct err e;
	identity_text(requester, identity_public(w->m.requester));
	const struct parcel_for to = { requester, w->m.app };
	BOOK_MUST(parcel_seal(book_store(w->m.b), keeper_recipient(w->m.keeper), &to, &nothing, hash, &e), &e);
}

/* A deal on bob's data, and one task of it, which the machine's worker is sent to. level and until: of the grant. */
static void task_make(struct world *w, const char *level, uint64_t until)
{
	char request[ID_TEXT], deal[MARKET_NAME];
	book_make_draft(w->m.b, &en, ENTRY_ORDER_DATA_TYPE);
	memcpy(en.order_data.data, w->data.id, ID_TEXT);
	en.order_data.volume = 3;
	en.order_data.price = w->grant[0] ? en.order_data.price + 1 : 0;	/* not the same grant twice */
	en.order_data.min_assurance = entry_text(level);
	en.order_data.until = until;
	en.order_data.only_pool = entry_text(w->m.pool);
	(void)book_make_append(w->m.b, &en, w->bob, w->grant);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_REQUEST_TYPE);
	memcpy(en.order_request.app, w->m.app, ID_TEXT);
	memcpy(en.order_request.data, w->data.id, ID_TEXT);
	en.order_request.pool_price = MARKET_POOL_PRICE;
	en.order_request.volume = 1;
	memcpy(en.order_request.recipient, identity_age_public(w->m.requester), 32);
	memset(en.order_request.params, 1, 32);
	if (parcels)
		parcel_make(w, en.order_request.parcel);
	(void)book_make_append(w->m.b, &en, w->m.requester, request);
	market_deal_id(deal, request, 0);
	book_make_draft(w->m.b, &en, ENTRY_DEAL_MATCH_TYPE);
	memcpy(en.deal_match.app, w->order, ID_TEXT);
	memcpy(en.deal_match.data, w->grant, ID_TEXT);
	memcpy(en.deal_match.pool, w->m.pool_order, ID_TEXT);
	memcpy(en.deal_match.request, request, ID_TEXT);
	(void)snprintf(en.deal_match.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)book_make_append(w->m.b, &en, w->m.requester, NULL);
	market_task_id(w->task, deal, 0);
	book_make_draft(w->m.b, &en, ENTRY_TASK_INITIALIZE_TYPE);
	(void)snprintf(en.task_initialize.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)snprintf(en.task_initialize.task, ID_TEXT, "%.*s", ID_TEXT - 1, w->task);
	(void)book_make_append(w->m.b, &en, w->m.requester, NULL);
}

static void assign_until(struct world *w, int64_t from_now)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_ASSIGN_TYPE);
	(void)snprintf(en.task_assign.task, ID_TEXT, "%.*s", ID_TEXT - 1, w->task);
	memcpy(en.task_assign.worker, identity_public(w->m.worker), 32);
	en.task_assign.until = (uint64_t)(en.time + from_now);
	(void)book_make_append(w->m.b, &en, w->m.manager, NULL);
}

static void assign(struct world *w)
{
	assign_until(w, 100);
}

static void cancel(struct world *w, const char *order, const struct identity *by)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	memcpy(en.order_cancel.order, order, ID_TEXT);
	(void)book_make_append(w->m.b, &en, by, NULL);
}

/* Asking by hand: what an honest asker does, with one thing wrong. */

enum wrong { NOTHING_WRONG, NO_NONCE, NONCE_TWICE, OTHER_NONCE, OTHER_TASK, OTHER_WORKER_SIGNS, OTHER_BOX, ONE_BYTE_OF_THE_BOX, OTHER_ROOT, CUT, OTHER_APP, OTHER_WORKER, OTHER_MANIFEST,
	UNKNOWN_TASK };

static int nonce_get(struct keeper_link *l, uint8_t nonce[static 32], struct err *e)
{
	return keeper_link_begin(l, KEEPER_NONCE, e) < 0 || keeper_link_ask(l, -1, 1, e) < 0 ? -1 : keeper_link_item(l, 0, nonce, 32, e);
}

static int evidence_make(struct world *w, enum wrong wrong, struct buf *out, struct err *e)
{
	struct keeper_link *l = w->m.link;
	struct keeper_task t;
	struct attest_subject s;
	const struct identity *signer = wrong == OTHER_WORKER_SIGNS || wrong == OTHER_WORKER ? w->other : w->m.worker;
	memset(&s, 0, sizeof s);
	if (keeper_task_read(&t, w->m.b, w->task, e) < 0 || keeper_task_subject(&t, w->m.b, &s, e) < 0 || keeper_link_follow(l, e) < 0 ||
		(wrong != NO_NONCE && nonce_get(l, s.nonce, e) < 0))
		return -1;
	keeper_task_done(&t);
	memcpy(s.worker, identity_public(signer), 32);
	memcpy(s.box, w->box, 32);
	memcpy(s.measurement, w->measurement, 32);
	memcpy(s.checkpoint, l->root, 32);
	uint8_t *const fields[] = { [OTHER_NONCE] = s.nonce, [OTHER_TASK] = s.task, [OTHER_BOX] = s.box, [OTHER_ROOT] = s.checkpoint, [OTHER_APP] = s.app,
		[ONE_BYTE_OF_THE_BOX] = s.measurement };
	if (wrong < sizeof fields / sizeof *fields && fields[wrong])
		fields[wrong][7] ^= 1;
	int r = attest_evidence("software", &s, signer, out, e);
	if (wrong == CUT)
		out->len -= 20;
	return r;
}

static int release_ask(struct world *w, enum wrong wrong, const struct buf *evidence, struct err *e)
{
	struct keeper_link *l = w->m.link;
	uint8_t measurement[32];
	const char *task = wrong == UNKNOWN_TASK ? "task1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq" : w->task;
	memcpy(measurement, w->measurement, 32);
	measurement[7] ^= wrong == ONE_BYTE_OF_THE_BOX;
	if (keeper_link_begin(l, KEEPER_RELEASE, e) < 0 || keeper_link_add(l, task, strlen(task), e) < 0 ||
		keeper_link_add(l, identity_public(wrong == OTHER_WORKER ? w->other : w->m.worker), 32, e) < 0 || keeper_link_add(l, w->box, 32, e) < 0 ||
		keeper_link_add(l, measurement, 32, e) < 0 || keeper_link_add(l, evidence->data, evidence->len, e) < 0)
		return -1;
	if (keeper_link_add_app(l, w->app, e) < 0)
		return -1;
	if (wrong == OTHER_MANIFEST)	/* the last byte of iapp.yaml */
		l->out.data[l->out.len - 1] ^= 1;
	return keeper_link_add(l, "", 0, e) < 0 ? -1 : keeper_link_ask(l, -1, 1, e);
}

static int release(struct world *w, enum wrong wrong, struct err *e)
{
	struct buf evidence = BUF_INIT(KIB(64));
	e->code = ERR_NONE;
	int r = evidence_make(w, wrong, &evidence, e);
	if (r == 0)
		r = release_ask(w, wrong, &evidence, e);
	if (r == 0 && wrong == NONCE_TWICE)
		r = release_ask(w, wrong, &evidence, e);
	buf_done(&evidence);
	return r;
}

static void refused_as(struct world *w, enum wrong wrong, const char *code)
{
	struct err e;
	uint64_t before, after;
	BOOK_MUST(book_size(w->m.b, &before, &e), &e);
	if (release(w, wrong, &e) == 0)
		fail_msg("what is wrong (%d) was not refused as %s", wrong, code);
	if (strncmp(e.msg, code, strlen(code)) != 0)
		fail_msg("wanted %s, and it said: %s", code, e.msg);
	BOOK_MUST(book_size(w->m.b, &after, &e), &e);
	assert_int_equal(before, after);
}

static int take(struct world *w, const uint8_t hash[static 32], struct err *e)
{
	struct keeper_link *l = w->m.link;
	e->code = ERR_NONE;
	return keeper_link_begin(l, KEEPER_TAKE, e) < 0 || keeper_link_add(l, hash, 32, e) < 0 ? -1 : keeper_link_ask(l, -1, 4, e);
}

/* Tests */

static void each_check_is_violated_alone(void **state)
{
	static const struct { enum wrong wrong; const char *code; } rows[] = {
		{ NO_NONCE, "evidence-stale" }, { OTHER_NONCE, "evidence-refused" }, { OTHER_TASK, "evidence-refused" }, { OTHER_WORKER_SIGNS, "evidence-refused" },
		{ OTHER_BOX, "evidence-refused" }, { ONE_BYTE_OF_THE_BOX, "evidence-refused" }, { OTHER_ROOT, "evidence-refused" }, { OTHER_APP, "evidence-refused" },
		{ CUT, "evidence-refused" }, { UNKNOWN_TASK, "task-unknown" }, { OTHER_WORKER, "release-unassigned" }, { OTHER_MANIFEST, "the manifest is not the one" },
	};
	struct world *w = *state;
	struct err e;
	task_make(w, "", 0);
	refused_as(w, NOTHING_WRONG, "release-unassigned");
	assign(w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		refused_as(w, rows[i].wrong, rows[i].code);
	refused_as(w, NONCE_TWICE, "evidence-stale");	/* the first was good, and its promise is forgotten with the next */
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
}

/* LONG=1 */
static void a_nonce_grows_old(void **state)
{
	struct world *w = *state;
	struct buf evidence = BUF_INIT(KIB(64));
	struct err e;
	if (!getenv("LONG"))
		skip();
	task_make(w, "", 0);
	assign(w);
	BOOK_MUST(evidence_make(w, NOTHING_WRONG, &evidence, &e), &e);
	(void)sleep(KEEPER_NONCE_S + 1);
	assert_int_equal(release_ask(w, NOTHING_WRONG, &evidence, &e), -1);
	assert_non_null(strstr(e.msg, "evidence-stale"));
	buf_done(&evidence);
}

static void nothing_leaves_before_the_book_says_so(void **state)
{
	struct world *w = *state;
	struct keeper_link *l = w->m.link;
	struct age_identity box = { .kind = AGE_X25519 }, other = { .kind = AGE_X25519 };
	uint8_t hash[32] = { 0 }, wrong[32] = { 1 }, key[AGE_FILE_KEY];
	size_t len;
	struct err e;
	task_make(w, "", 0);
	assign(w);
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	assert_int_equal(buf_add(&note, l->in.items[l->in.n - 1].at, l->in.items[l->in.n - 1].len, &e), 0);
	sha256(hash, note.data, note.len);
	assert_int_equal(take(w, hash, &e), -1);
	assert_non_null(strstr(e.msg, "release-unentered"));
	const struct book_item item = { note.data, note.len };
	BOOK_MUST(book_append(w->m.b, &item, 1, NULL, &e), &e);
	assert_int_equal(take(w, hash, &e), -1);	/* the keeper has not seen the book since */
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	assert_int_equal(take(w, wrong, &e), -1);
	assert_non_null(strstr(e.msg, "release-unknown"));
	assert_int_equal(e.code, ERR_UNAVAILABLE);	/* of the machine: a keeper that was started anew since says the same */
	if (take(w, hash, &e) < 0)
		fail_msg("%s", e.msg);
	const struct keeper_item *header = &l->in.items[3];
	memcpy(box.secret_key, w->box_secret, 32);
	crypto_random(other.secret_key, 32);
	assert_int_equal(age_header_open(key, &len, header->at, header->len, &box, 1, &e), 0);
	assert_int_equal(age_header_open(key, &len, header->at, header->len, &other, 1, &e), -1);
	memcpy(other.secret_key, identity_age_secret(w->m.worker), 32);
	assert_int_equal(age_header_open(key, &len, header->at, header->len, &other, 1, &e), -1);
	assert_int_equal(take(w, hash, &e), -1);	/* once */
	refused_as(w, NOTHING_WRONG, "release-twice");
	assign_until(w, -1);
	refused_as(w, NOTHING_WRONG, "release-twice");
	assign(w);	/* sent again, for the box of before is no more */
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
	buf_done(&note);
}

/* Two boxes of one worker, each with a promise of its own: the entry of the one opens nothing to the other. */
static void a_release_is_for_its_box_alone(void **state)
{
	struct world *w = *state;
	struct keeper_link *l = w->m.link;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	uint8_t hash[32];
	struct err e;
	task_make(w, "", 0);
	assign(w);
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(buf_add(&note, l->in.items[l->in.n - 1].at, l->in.items[l->in.n - 1].len, &e), 0);
	memcpy(w->box, identity_age_public(w->other), 32);
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
	sha256(hash, l->in.items[l->in.n - 1].at, l->in.items[l->in.n - 1].len);
	const struct book_item item = { note.data, note.len };
	BOOK_MUST(book_append(w->m.b, &item, 1, NULL, &e), &e);
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	assert_int_equal(take(w, hash, &e), -1);
	assert_non_null(strstr(e.msg, "release-unentered"));
	buf_done(&note);
}

/* The owner's word ends the task: the keeper's task.refuse comes with the refusal, and the payer has the money back. */
static void ends_the_task(struct world *w, const char *code, const char *reason)
{
	struct keeper_released keys;
	struct store_task row;
	struct err e = { .code = ERR_NONE };
	bool ended = false;
	const struct keeper_release_ask ask = { .task = w->task, .worker = w->m.worker, .box_key = w->box, .measurement = w->measurement, .app = w->app };
	uint64_t before = market_make_balance(w->m.b, w->m.requester);
	assert_int_equal(keeper_link_release(w->m.link, &ask, &keys, &ended, &e), -1);
	if (strncmp(e.msg, code, strlen(code)) != 0)
		fail_msg("wanted %s, and it said: %s", code, e.msg);
	assert_true(ended);
	BOOK_MUST(store_task_find(book_store(w->m.b), w->task, &row, &e), &e);
	assert_string_equal(row.status, "FAILED");
	assert_string_equal(row.reason, reason);
	store_task_done(&row);
	assert_true(market_make_balance(w->m.b, w->m.requester) == before + MARKET_POOL_PRICE);
}

static void a_revoked_grant_ends_the_task(void **state)
{
	struct world *w = *state;
	task_make(w, "", 0);
	assign(w);
	cancel(w, w->grant, w->bob);
	ends_the_task(w, "release-revoked", "no key: release-revoked");
}

/* What was asked ahead is of the book as it was then: the book itself knows better, and the keeper is asked once more. */
static void a_grant_revoked_after_asking_ahead_ends_the_task(void **state)
{
	struct world *w = *state;
	task_make(w, "", 0);
	assign(w);
	keeper_link_ahead(w->m.link);
	cancel(w, w->grant, w->bob);
	ends_the_task(w, "release-revoked", "no key: release-revoked");
}

/* Answers come in the order of the questions, also when nobody has taken those of the first. */
static void questions_asked_ahead_mix_with_others(void **state)
{
	struct world *w = *state;
	uint8_t salt[32], again[32];
	struct err e;
	struct keeper_released keys;
	task_make(w, "", 0);
	assign(w);
	const struct keeper_release_ask ask = { .task = w->task, .worker = w->m.worker, .box_key = w->box, .measurement = w->measurement, .app = w->app };
	BOOK_MUST(keeper_link_salt(w->m.link, w->task, salt, &e), &e);
	for (unsigned i = 0; i < 3; i++)
		keeper_link_ahead(w->m.link);
	BOOK_MUST(keeper_link_salt(w->m.link, w->task, again, &e), &e);
	assert_memory_equal(salt, again, sizeof salt);
	keeper_link_ahead(w->m.link);
	BOOK_MUST(keeper_link_release(w->m.link, &ask, &keys, NULL, &e), &e);
	assert_int_equal(keys.n, 1);
	assert_true(keys.headers[0].len > 0);
	keeper_released_done(&keys);
}

static void data_given_away_ends_the_task(void **state)
{
	struct world *w = *state;
	char header[512];
	task_make(w, "", 0);
	assign(w);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	memcpy(en.data_transfer.data, w->data.id, ID_TEXT);
	memcpy(en.data_transfer.to, identity_public(w->m.requester), 32);
	base64_encode(header, w->data.header.data, w->data.header.len);
	en.data_transfer.header = entry_text(header);
	(void)book_make_append(w->m.b, &en, w->bob, NULL);
	ends_the_task(w, "release-transferred", "no key: release-transferred");
}

static void a_grant_that_ended_meanwhile_ends_the_task(void **state)
{
	struct world *w = *state;
	task_make(w, "", (uint64_t)os_time() + 2);
	assign(w);
	while (os_time() < (int64_t)en.time + 3)
		(void)usleep(100000);
	ends_the_task(w, "release-expired", "no key: release-expired");
}

static void a_machine_that_promises_less_gets_no_key(void **state)
{
	struct world *w = *state;
	task_make(w, "tpm2", 0);
	assign(w);
	refused_as(w, NOTHING_WRONG, "release-assurance");
}

/* The book */

static void a_book_that_was_changed_is_not_believed(void **state)
{
	struct world *w = *state;
	struct keeper_link *l = w->m.link;
	struct buf entry = BUF_INIT(ENTRY_BYTES_MAX), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err e;
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	task_make(w, "", 0);
	BOOK_MUST(book_entry(w->m.b, l->size, &entry, &e), &e);
	for (unsigned k = 0; k < 3; k++) {	/* an entry with one bit changed; from the wrong place; none of ours */
		uint64_t at = l->size + (k == 1);
		assert_int_equal(keeper_link_begin(l, KEEPER_FOLLOW, &e), 0);
		assert_int_equal(keeper_link_add(l, &at, sizeof at, &e), 0);
		entry.data[k == 0 ? entry.len / 2 : 0] ^= k == 1 ? 0 : 1;
		assert_int_equal(keeper_link_add(l, entry.data, entry.len, &e), 0);
		entry.data[k == 0 ? entry.len / 2 : 0] ^= k == 1 ? 0 : 1;
		assert_int_equal(keeper_link_ask(l, -1, 1, &e), -1);
		assert_int_equal(e.code, k == 1 ? ERR_UNAVAILABLE : ERR_INVALID);	/* further than it has: what it had may have been taken back */
	}
	BOOK_MUST(book_checkpoint(w->m.b, &note, &e), &e);
	assert_int_equal(keeper_link_begin(l, KEEPER_CHECK, &e), 0);	/* of more than it was given */
	assert_int_equal(keeper_link_add(l, note.data, note.len, &e), 0);
	assert_int_equal(keeper_link_ask(l, -1, 0, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	l->checked = false;
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	note.data[note.len - 10] ^= 1;
	assert_int_equal(keeper_link_begin(l, KEEPER_CHECK, &e), 0);	/* not by the operator */
	assert_int_equal(keeper_link_add(l, note.data, note.len, &e), 0);
	assert_int_equal(keeper_link_ask(l, -1, 0, &e), -1);
	uint8_t nonce[32];
	assert_int_equal(nonce_get(l, nonce, &e), 0);
	assert_int_equal(keeper_link_begin(l, KEEPER_SALT, &e), 0);	/* after a bad checkpoint nothing is answered */
	assert_int_equal(keeper_link_add(l, w->task, strlen(w->task), &e), 0);
	assert_int_equal(keeper_link_ask(l, -1, 1, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	buf_done(&entry);
	buf_done(&note);
}

/* Keys that it never got it gets when it is sent anew: at once, and not when its lease has ended. */
static void a_keeper_dies_between_its_word_and_the_key(void **state)
{
	struct world *w = *state;
	struct box_zygote *z = worker_make_zygote();
	struct worker one = { .book = w->m.b, .keeper = w->m.link, .identity = w->m.worker, .owners = { w->m.manager }, .n_owners = 1, .zygote = z, .say = worker_make_say };
	struct err e;
	bool did;
	int64_t due;
	parcels = true;
	task_make(w, "", 0);
	parcels = false;
	BOOK_MUST(keeper_link_follow(w->m.link, &e), &e);
	assert_true(w->m.link->pid > 0);
	victim = w->m.link;
	BOOK_MUST(worker_begin(&one, &e), &e);
	BOOK_MUST(worker_step(&one, &did, &due, &e), &e);
	assert_null(victim);	/* it did die */
	worker_end(&one);	/* the process begins anew, as one whose keeper is gone does */
	BOOK_MUST(worker_begin(&one, &e), &e);
	for (unsigned i = 0; i < 4; i++)
		BOOK_MUST(worker_step(&one, &did, &due, &e), &e);
	assert_int_equal(market_make_task(w->m.b, w->task).status, MARKET_ACTIVE);
	worker_end(&one);
	worker_make_run(one);	/* and once more: then it does not avoid what went wrong before */
	assert_int_equal(market_make_task(w->m.b, w->task).status, MARKET_COMPLETED);
	assert_true(worker_make_result_has(&w->m, w->task, "what bob keeps"));
	box_zygote_stop(z);
}

/* Whatever is sent, the keeper answers, or drops whoever sent it, and serves the others. */
static void nonsense_harms_nobody(void **state)
{
	struct world *w = *state;
	struct keeper_link *l = w->m.link, *second;
	struct err e;
	task_make(w, "", 0);
	assign(w);
	BOOK_MUST(keeper_link_follow(l, &e), &e);
	const struct keeper_link_options options = { .home = w->m.home, .program = w->m.keeper_program, .enclave = w->m.enclave, .allow_missing = ~0u };
	BOOK_MUST(keeper_link_new(&second, &options, w->m.b, &e), &e);
	for (unsigned kind = 0; kind < 256; kind++) {
		BOOK_MUST(keeper_link_follow(second, &e), &e);
		assert_int_equal(keeper_link_begin(second, (enum keeper_kind)kind, &e), 0);
		for (unsigned i = 0; i < kind % 12; i++)
			assert_int_equal(keeper_link_add(second, "task1nonsense", i == 2 ? 32 % 13 : i, &e), 0);
		(void)keeper_link_ask(second, -1, 0, &e);
	}
	BOOK_MUST(keeper_link_follow(second, &e), &e);
	static const uint8_t raw[][9] = { { 0 }, { 255, 255, 255, 255, 1 }, { 9, 0, 0, 0, 5, 255, 255, 255, 127 }, { 5, 0, 0, 0, 5, 9, 0, 0, 0 } };
	for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
		BOOK_MUST(keeper_link_follow(second, &e), &e);
		assert_int_equal(os_write(second->socket, raw[i], sizeof raw[i]), 0);
		(void)shutdown(second->socket, SHUT_WR);
		(void)keeper_link_begin(second, KEEPER_NONCE, &e);
		(void)keeper_link_ask(second, -1, 1, &e);
	}
	keeper_link_free(second);
	if (release(w, NOTHING_WRONG, &e) < 0)
		fail_msg("%s", e.msg);
}

/* One try after the other, and an end of it: what does not begin is not started thousands of times. */
static void a_keeper_that_never_begins_is_given_up(void **state)
{
	struct world *w = *state;
	char program[PATH_MAX + 16], count[PATH_MAX + 16];
	struct keeper_link *l;
	struct buf starts = BUF_INIT(MIB(1));
	uint8_t salt[32];
	struct err e;
	static const char never[] = "#!/bin/sh\necho >>\"$1/starts\"\nexit 1\n";
	keeper_link_free(w->m.link);	/* nobody is to serve this home */
	w->m.link = NULL;
	(void)snprintf(program, sizeof program, "%s/never", w->m.home);
	(void)snprintf(count, sizeof count, "%s/starts", w->m.home);
	BOOK_MUST(os_file_replace(program, 0700, never, sizeof never - 1, &e), &e);
	const struct keeper_link_options options = { .home = w->m.home, .program = program, .enclave = w->m.enclave, .allow_missing = ~0u };
	BOOK_MUST(keeper_link_new(&l, &options, w->m.b, &e), &e);
	assert_int_equal(keeper_link_salt(l, "task1none", salt, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	keeper_link_free(l);
	BOOK_MUST(os_file_read(count, &starts, &e), &e);
	assert_in_range(starts.len, 2, 200);
	buf_done(&starts);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
		TEST(each_check_is_violated_alone), TEST(a_nonce_grows_old), TEST(nothing_leaves_before_the_book_says_so), TEST(a_release_is_for_its_box_alone),
		TEST(a_revoked_grant_ends_the_task), TEST(data_given_away_ends_the_task),
		TEST(a_grant_revoked_after_asking_ahead_ends_the_task), TEST(questions_asked_ahead_mix_with_others),
		TEST(a_grant_that_ended_meanwhile_ends_the_task), TEST(a_machine_that_promises_less_gets_no_key), TEST(a_book_that_was_changed_is_not_believed),
		TEST(nonsense_harms_nobody), TEST(a_keeper_dies_between_its_word_and_the_key),
		TEST(a_keeper_that_never_begins_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
