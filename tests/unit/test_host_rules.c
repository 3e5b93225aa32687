/* core/host/host_apply.c, host_task.c: every refusal of every type of entry of the market as one row; each begins with its rule's code, and changes nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/book_rows.h"
#include "unit/host_make.h"

/* Beside the world: a task that one worker may end, with W1 at it; one of trust 3, with W1 and W2; one of a request that asks for a cvm. */
static struct { char deal[ID_TEXT], one[ID_TEXT], many_deal[ID_TEXT], many[ID_TEXT], strict[ID_TEXT], list[ID_TEXT], group[ID_TEXT], paid[ID_TEXT], locked[ID_TEXT]; uint8_t secret_of_bob[32]; } x;
#define H1_A "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define H1_B "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="

/* A task of a request with something more to it, which is in en. */
static void task_of_request(struct world *w, char task[static ID_TEXT])
{
	char request[ID_TEXT], deal[ID_TEXT];
	(void)host_make_enter(w, CARL, request);
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
}

static void policy_draft(struct world *w, const char *h1)
{
	book_make_draft(w->m.b, &en, ENTRY_POLICY_REGISTER_TYPE);
	en.policy_register.name = entry_text("research-only");
	en.policy_register.version = entry_text("1.0.0");
	en.policy_register.h1 = entry_text(h1);
	en.policy_register.size = 60;
	memcpy(en.policy_register.author, identity_public(w->who[ADA]), 32);
	book_make_blob(w->m.b, 60, en.policy_register.blob);
}

static void keeper_draft(struct world *w, enum who keeper)
{
	book_make_draft(w->m.b, &en, ENTRY_KEEPER_APPOINT_TYPE);
	memcpy(en.keeper_appoint.keeper, identity_public(w->who[keeper]), 32);
	memcpy(en.keeper_appoint.age, identity_age_public(w->who[keeper]), 32);
}

static void secret_set(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_SECRET_SET_TYPE);
	en.secret_set.name = entry_text("mail");
	en.secret_set.size = 40;
	book_make_blob(w->m.b, 40, en.secret_set.blob);
}

static void keys_to(struct world *w, const char *task, enum who worker, const char *assurance)
{
	book_make_draft(w->m.b, &en, ENTRY_KEY_RELEASE_TYPE);
	struct entry_key_release *f = &en.key_release;
	host_make_id(f->task, task);
	memcpy(f->worker, identity_public(w->who[worker]), 32);
	memset(f->box, 9, 32);
	memset(f->evidence, 4, 32);
	memset(f->measurement, 7, 32);
	f->assurance = entry_text(assurance);
	host_make_id(f->grant.at[f->grant.n++], w->order[1]);
	(void)host_make_enter(w, OUTSIDER, NULL);
}

static void request_parcel_of_bob(struct world *w) { (void)w; memset(en.order_request.parcel, 7, 32); }

static int setup(void **state)
{
	if (host_make_setup(state) < 0)
		return -1;
	struct world *w = *state;
	char deal[ID_TEXT];
	host_make_deal(w, 1, 2, x.deal, x.one);
	host_make_send(w, x.one, W1);
	host_make_deal(w, 3, 2, x.many_deal, x.many);
	host_make_send(w, x.many, W1);
	host_make_send(w, x.many, W2);
	draft_request(w, 1, 1);
	en.order_request.min_assurance = entry_text("cvm");
	task_of_request(w, x.strict);
	host_make_send(w, x.strict, W1);
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->app);
	(void)host_make_enter(w, ADA, x.list);
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->name[BOB]);
	en.list_add.group = 1;
	(void)host_make_enter(w, ADA, x.group);
	keeper_draft(w, OUTSIDER);
	(void)host_make_enter(w, OPERATOR, NULL);
	keys_to(w, x.one, W1, "software");
	keys_to(w, x.many, W1, "software");
	keys_to(w, x.many, W2, "software");
	keys_to(w, x.strict, W1, "cvm");
	host_make_deal(w, 1, 1, deal, x.locked);
	host_make_send(w, x.locked, W1);
	policy_draft(w, H1_A);
	(void)host_make_enter(w, ADA, NULL);
	secret_set(w);
	memcpy(x.secret_of_bob, en.secret_set.blob, 32);
	(void)host_make_enter(w, BOB, NULL);
	draft_request(w, 1, 1);
	request_parcel_of_bob(w);
	(void)host_make_enter(w, BOB, NULL);
	draft_request(w, 1, 1);
	memcpy(en.order_request.payer, identity_public(w->who[BOB]), 32);
	(void)host_make_enter(w, CARL, x.paid);
	return 0;
}

/* One function for a type: what the rules accept. A row then changes what it is about. */
static void app_transfer(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_APP_TRANSFER_TYPE);
	host_make_id(en.app_transfer.app, w->app);
	memcpy(en.app_transfer.to, identity_public(w->who[BOB]), 32);
}

static void data_transfer(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, w->data);
	memcpy(en.data_transfer.to, identity_public(w->who[ADA]), 32);
	en.data_transfer.header = book_make_header();
}

static void pool_transfer(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_TRANSFER_TYPE);
	host_make_id(en.pool_transfer.pool, w->pool);
	memcpy(en.pool_transfer.to, identity_public(w->who[ADA]), 32);
}

static void pool_create(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_CREATE_TYPE);
	en.pool_create.name = entry_text("wind");
	en.pool_create.stake_ratio = 1000;
	en.pool_create.scheduler_ratio = 100;
}

static void pool_policy(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_POLICY_TYPE);
	host_make_id(en.pool_policy.pool, w->pool);
	en.pool_policy.stake_ratio = 50;
}

static void pool_admit(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_ADMIT_TYPE);
	host_make_id(en.pool_admit.pool, w->pool);
	memcpy(en.pool_admit.worker, identity_public(w->who[OUTSIDER]), 32);
}

static void pool_dismiss(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_DISMISS_TYPE);
	host_make_id(en.pool_dismiss.pool, w->pool);
	memcpy(en.pool_dismiss.worker, identity_public(w->who[W6]), 32);
}

static void list_add(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	host_make_id(en.list_add.list, x.list);
	en.list_add.member = entry_text(w->pool);
}

static void list_remove(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_LIST_REMOVE_TYPE);
	host_make_id(en.list_remove.list, x.group);
	en.list_remove.member = entry_text(w->name[BOB]);
}

static void app_secret(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_APP_SECRET_TYPE);
	host_make_id(en.app_secret.app, w->app);
	en.app_secret.size = 40;
	book_make_blob(w->m.b, 40, en.app_secret.blob);
}

/* Once more what Bob has sealed himself. */
static void secret_set_again(struct world *w) { secret_set(w); memcpy(en.secret_set.blob, x.secret_of_bob, 32); }
static void data(struct world *w) { book_make_data(w->m.b, &en, "sealed", 100); }

static void data_of_carl(struct world *w)
{
	data_transfer(w);
	host_make_id(en.data_transfer.data, w->carls);
}

static void grant_strict(struct world *w) { draft_order_data(w); en.order_data.min_assurance = entry_text("tpm2"); }
static void keeper_appoint(struct world *w) { keeper_draft(w, W6); }
static void policy_register(struct world *w) { policy_draft(w, H1_B); }
static void request(struct world *w) { draft_request(w, 3, 1); }
static void cancel(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, w->order[3]);
}

static void sponsor(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_DEAL_SPONSOR_TYPE);
	host_make_id(en.deal_sponsor.request, x.paid);
}

static void match(struct world *w) { draft_match(w, w->order[3], 0); }
static void initialize(struct world *w) { draft_initialize(w, x.deal, 1); }
static void assign(struct world *w)
{
	draft_initialize(w, x.many_deal, 1);
	char task[ID_TEXT];
	host_make_id(task, en.task_initialize.task);
	struct market_task t;
	struct err e;
	if (host_get(w->m.b, MARKET_ROW_TASK, task, "", &t, &e) == 0)
		(void)host_make_enter(w, PAUL, NULL);
	draft_assign(w, task, W3);
}

static void contribute(struct world *w) { draft_contribute(w, x.many, W1, 5); }
static void complete(struct world *w) { draft_complete(w, x.one, 5); }
static void complete_locked(struct world *w) { draft_complete(w, x.locked, 5); }
static void contribute_locked(struct world *w) { draft_contribute(w, x.locked, W1, 5); }
static void complete_strict(struct world *w) { draft_complete(w, x.strict, 5); en.task_complete.assurance = entry_text("cvm"); }
static void reveal(struct world *w) { draft_reveal(w, x.many, 5); }
static void reopen(struct world *w) { draft_reopen(w, x.many); }
static void finalize(struct world *w) { draft_finalize(w, x.many, W1); }
static void claim(struct world *w) { draft_claim(w, x.many); }

/* What is wrong */
static void nothing(struct world *w) { (void)w; }
static void unknown_id(char *out, enum id_kind kind) { id_make(out, kind, "?", 1); }
static void app_unknown(struct world *w) { (void)w; unknown_id(en.app_transfer.app, ID_APP); }
static void app_to_eve(struct world *w) { memcpy(en.app_transfer.to, identity_public(w->who[EVE]), 32); }
static void app_to_nobody(struct world *w) { (void)w; memset(en.app_transfer.to, 1, 32); }
static void app_to_carl(struct world *w) { memcpy(en.app_transfer.to, identity_public(w->who[CARL]), 32); }
static void data_unknown(struct world *w) { (void)w; unknown_id(en.data_transfer.data, ID_DATA); }
static void data_to_eve(struct world *w) { memcpy(en.data_transfer.to, identity_public(w->who[EVE]), 32); }
static void pool_unknown(struct world *w) { (void)w; unknown_id(en.pool_transfer.pool, ID_POOL); }
static void pool_to_eve(struct world *w) { memcpy(en.pool_transfer.to, identity_public(w->who[EVE]), 32); }
static void pool_name_taken(struct world *w) { (void)w; en.pool_create.name = entry_text("mill"); }
static void pool_name_id(struct world *w) { en.pool_create.name = entry_text(w->pool); }
static void pool_greedy(struct world *w) { (void)w; en.pool_create.scheduler_ratio = 101; }
static void pool_steep(struct world *w) { (void)w; en.pool_create.stake_ratio = 1001; }
static void policy_unknown(struct world *w) { (void)w; unknown_id(en.pool_policy.pool, ID_POOL); }
static void policy_greedy(struct world *w) { (void)w; en.pool_policy.scheduler_ratio = 101; }
static void admit_unknown(struct world *w) { (void)w; unknown_id(en.pool_admit.pool, ID_POOL); }
static void admit_eve(struct world *w) { memcpy(en.pool_admit.worker, identity_public(w->who[EVE]), 32); }
static void admit_again(struct world *w) { memcpy(en.pool_admit.worker, identity_public(w->who[W1]), 32); }
static void dismiss_unknown(struct world *w) { (void)w; unknown_id(en.pool_dismiss.pool, ID_POOL); }
static void dismiss_outsider(struct world *w) { memcpy(en.pool_dismiss.worker, identity_public(w->who[OUTSIDER]), 32); }
static void list_unknown(struct world *w) { (void)w; unknown_id(en.list_add.list, ID_LIST); }
static void list_word(struct world *w) { (void)w; en.list_add.member = entry_text("two words"); }
static void list_of_lists(struct world *w) { (void)w; en.list_add.member = entry_text(x.list); }
static void list_group_late(struct world *w) { (void)w; en.list_add.group = 1; }
static void list_group_two(struct world *w) { (void)w; en.list_add.list[0] = '\0'; en.list_add.group = 2; }
static void remove_unknown(struct world *w) { (void)w; unknown_id(en.list_remove.list, ID_LIST); }
static void remove_fixed(struct world *w) { host_make_id(en.list_remove.list, x.list); en.list_remove.member = entry_text(w->app); }
static void remove_stranger(struct world *w) { en.list_remove.member = entry_text(w->name[CARL]); }
static void keeper_eve(struct world *w) { keeper_draft(w, EVE); }
static void keeper_other_age(struct world *w) { (void)w; en.keeper_appoint.age[0] ^= 1; }
static void keeper_again(struct world *w) { keeper_draft(w, OUTSIDER); }
static void policy_again(struct world *w) { (void)w; en.policy_register.h1 = entry_text(H1_A); }
static void policy_h1_short(struct world *w) { (void)w; en.policy_register.h1 = entry_text("h1:AAAA"); }
static void policy_name_id(struct world *w) { en.policy_register.name = entry_text(w->pool); }
static void policy_blob_missing(struct world *w) { (void)w; en.policy_register.blob[0] ^= 1; }
static void policy_blob_longer(struct world *w) { (void)w; en.policy_register.size++; }
static void policy_blob_empty(struct world *w) { (void)w; en.policy_register.size = 0; }
/* Bob's header and secret, which everybody can read in the book. */
static struct entry_text header_of_bob(struct world *w)
{
	static char text[200];
	struct store_data d;
	struct err e;
	BOOK_MUST(store_data_find(w->m.s, w->data, NULL, &d, &e), &e);
	assert_true(BASE64_LEN(d.header.len) < sizeof text);
	base64_encode(text, d.header.data, d.header.len);
	store_data_done(&d);
	return entry_text(text);
}

static void data_stolen(struct world *w) { en.data_register.header = header_of_bob(w); }
static void data_exchanged(struct world *w) { en.data_transfer.header = header_of_bob(w); }
static void app_secret_stolen(struct world *w) { (void)w; memcpy(en.app_secret.blob, x.secret_of_bob, 32); }
static void secret_stolen(struct world *w) { (void)w; memcpy(en.secret_set.blob, x.secret_of_bob, 32); }
static void app_secret_unknown(struct world *w) { (void)w; unknown_id(en.app_secret.app, ID_APP); }
static void app_secret_missing(struct world *w) { (void)w; en.app_secret.blob[0] ^= 1; }
static void secret_missing(struct world *w) { (void)w; en.secret_set.blob[0] ^= 1; }
static void secret_empty(struct world *w) { (void)w; en.secret_set.size = 0; }
static void app_volume_none(struct world *w) { (void)w; en.order_app.volume = 0; }
static void app_volume_large(struct world *w) { (void)w; en.order_app.volume = UINT64_C(1) << 53; }
static void app_only_words(struct world *w) { (void)w; en.order_app.only_pool = entry_text("two words"); }
static void data_volume_none(struct world *w) { (void)w; en.order_data.volume = 0; }
static void data_only_words(struct world *w) { (void)w; en.order_data.only_app = entry_text("two words"); }
static void pool_volume_none(struct world *w) { (void)w; en.order_pool.volume = 0; }
static void pool_only_words(struct world *w) { (void)w; en.order_pool.only_data = entry_text("two words"); }
static void request_volume_none(struct world *w) { (void)w; en.order_request.volume = 0; }
static void request_volume_large(struct world *w) { (void)w; en.order_request.volume = UINT64_C(1) << 53; }
static void request_own_unknown(struct world *w) { (void)w; unknown_id(en.order_request.own_data.at[en.order_request.own_data.n++], ID_DATA); }
static void request_own_of_bob(struct world *w) { host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->data); }
static void request_assurance(struct world *w) { (void)w; en.order_request.min_assurance = entry_text("perfect"); }
static void request_purpose(struct world *w) { (void)w; en.order_request.purpose = entry_text("two words"); }
static void cancel_unknown(struct world *w) { (void)w; unknown_id(en.order_cancel.order, ID_ORDER); }
static void cancel_app(struct world *w) { host_make_id(en.order_cancel.order, w->order[0]); }
static void sponsor_unknown(struct world *w) { (void)w; unknown_id(en.deal_sponsor.request, ID_ORDER); }
static void sponsor_app(struct world *w) { host_make_id(en.deal_sponsor.request, w->order[0]); }
static void sponsor_plain(struct world *w) { host_make_id(en.deal_sponsor.request, w->order[3]); }
static void match_app_unknown(struct world *w) { (void)w; unknown_id(en.deal_match.app, ID_ORDER); }
static void match_request_unknown(struct world *w) { (void)w; unknown_id(en.deal_match.request, ID_ORDER); }
static void match_request_is_app(struct world *w) { draft_match(w, w->order[0], 0); }
static void match_app_is_pool(struct world *w) { host_make_id(en.deal_match.app, w->order[2]); }
static void match_other_deal(struct world *w) { (void)w; unknown_id(en.deal_match.deal, ID_DEAL); }
static void match_later(struct world *w) { draft_match(w, w->order[3], 1); }
static void match_without_data(struct world *w) { (void)w; en.deal_match.data[0] = '\0'; }
static void match_unpaid(struct world *w) { draft_match(w, x.paid, 0); }
static void initialize_unknown(struct world *w) { char deal[ID_TEXT]; unknown_id(deal, ID_DEAL); draft_initialize(w, deal, 0); }
static void initialize_index(struct world *w) { draft_initialize(w, x.deal, 2); }
static void initialize_again(struct world *w) { draft_initialize(w, x.deal, 0); }
static void initialize_other(struct world *w) { (void)w; unknown_id(en.task_initialize.task, ID_TASK); }
static void assign_unknown(struct world *w) { (void)w; unknown_id(en.task_assign.task, ID_TASK); }
static void assign_outsider(struct world *w) { memcpy(en.task_assign.worker, identity_public(w->who[OUTSIDER]), 32); }
static void assign_eve(struct world *w) { memcpy(en.task_assign.worker, identity_public(w->who[EVE]), 32); }
static void assign_third(struct world *w) { draft_assign(w, x.many, W3); }
static void assign_second(struct world *w) { draft_assign(w, x.one, W2); }
static void assign_past(struct world *w) { draft_assign(w, x.many, W3); en.task_assign.until = (uint64_t)en.time; }
static void contribute_unknown(struct world *w) { (void)w; unknown_id(en.task_contribute.task, ID_TASK); }
static void complete_unknown(struct world *w) { (void)w; unknown_id(en.task_complete.task, ID_TASK); }
static void complete_many(struct world *w) { (void)w; host_make_id(en.task_complete.task, x.many); }
static void complete_running(struct world *w) { (void)w; en.task_complete.outcome = entry_text("RUNNING"); }
static void complete_no_result(struct world *w) { (void)w; memset(en.task_complete.result, 0, 32); en.task_complete.size = 0; }
static void complete_hash_only(struct world *w) { (void)w; en.task_complete.outcome = entry_text("FAILED"); en.task_complete.size = 0; }
static void complete_size_only(struct world *w) { (void)w; en.task_complete.outcome = entry_text("LIMIT"); memset(en.task_complete.result, 0, 32); }
static void complete_blob_missing(struct world *w) { (void)w; en.task_complete.result[0] ^= 1; }
static void complete_blob_longer(struct world *w) { (void)w; en.task_complete.size++; }
static void complete_assurance(struct world *w) { (void)w; en.task_complete.assurance = entry_text("perfect"); }
static void complete_tpm2(struct world *w) { (void)w; en.task_complete.assurance = entry_text("tpm2"); }
static void reveal_unknown(struct world *w) { (void)w; unknown_id(en.task_reveal.task, ID_TASK); }
static void reveal_blob_missing(struct world *w) { (void)w; en.task_reveal.result[0] ^= 1; }
static void reveal_assurance(struct world *w) { (void)w; en.task_reveal.assurance = entry_text("perfect"); }
static void reopen_unknown(struct world *w) { (void)w; unknown_id(en.task_reopen.task, ID_TASK); }
static void finalize_unknown(struct world *w) { (void)w; unknown_id(en.task_finalize.task, ID_TASK); }
static void claim_unknown(struct world *w) { (void)w; unknown_id(en.task_claim.task, ID_TASK); }

/* Refused: the type as it would be accepted, what is changed, who signs, the error, how the message begins. */
static const struct refusal { void (*type)(struct world *), (*wrong)(struct world *); enum who by; enum err_code code; const char *rule; } refusals[] = {
	{ app_transfer, nothing, BOB, ERR_DENIED, "not-owner" },
	{ app_transfer, app_unknown, ADA, ERR_NOT_FOUND, "transfer-unknown" },
	{ app_transfer, app_to_eve, ADA, ERR_NOT_FOUND, "identity-unknown" },
	{ app_transfer, app_to_nobody, ADA, ERR_NOT_FOUND, "identity-unknown" },
	{ app_transfer, app_to_carl, ADA, ERR_CONFLICT, "transfer-twice" },	/* he has registered the same archive */
	{ data_transfer, nothing, ADA, ERR_DENIED, "not-owner" },
	{ data_transfer, data_unknown, BOB, ERR_NOT_FOUND, "transfer-unknown" },
	{ data_transfer, data_to_eve, BOB, ERR_NOT_FOUND, "identity-unknown" },
	{ pool_transfer, nothing, ADA, ERR_DENIED, "not-owner" },
	{ pool_transfer, pool_unknown, PAUL, ERR_NOT_FOUND, "transfer-unknown" },
	{ pool_transfer, pool_to_eve, PAUL, ERR_NOT_FOUND, "identity-unknown" },

	{ pool_create, pool_name_taken, ADA, ERR_CONFLICT, "pool-name" },
	{ pool_create, pool_name_id, ADA, ERR_INVALID, "pool-name" },
	{ pool_create, pool_greedy, ADA, ERR_INVALID, "pool-policy" },
	{ pool_create, pool_steep, ADA, ERR_INVALID, "pool-policy" },
	{ pool_policy, nothing, ADA, ERR_DENIED, "not-owner" },
	{ pool_policy, policy_unknown, PAUL, ERR_NOT_FOUND, "policy-unknown" },
	{ pool_policy, policy_greedy, PAUL, ERR_INVALID, "pool-policy" },
	{ pool_admit, nothing, OUTSIDER, ERR_DENIED, "not-owner" },
	{ pool_admit, admit_unknown, PAUL, ERR_NOT_FOUND, "pool-unknown" },
	{ pool_admit, admit_eve, PAUL, ERR_NOT_FOUND, "identity-unknown" },
	{ pool_admit, admit_again, PAUL, ERR_CONFLICT, "admit-twice" },
	{ pool_dismiss, nothing, W6, ERR_DENIED, "not-owner" },
	{ pool_dismiss, dismiss_unknown, PAUL, ERR_NOT_FOUND, "pool-unknown" },
	{ pool_dismiss, dismiss_outsider, PAUL, ERR_CONFLICT, "dismiss-twice" },

	{ list_add, nothing, PAUL, ERR_DENIED, "not-owner" },
	{ list_add, list_unknown, ADA, ERR_NOT_FOUND, "list-unknown" },
	{ list_add, list_word, ADA, ERR_INVALID, "list-null" },
	{ list_add, list_of_lists, ADA, ERR_INVALID, "list-null" },
	{ list_add, list_group_late, ADA, ERR_INVALID, "list-group" },
	{ list_add, list_group_two, ADA, ERR_INVALID, "list-group" },
	{ list_remove, nothing, PAUL, ERR_DENIED, "not-owner" },
	{ list_remove, remove_unknown, ADA, ERR_NOT_FOUND, "list-unknown" },
	{ list_remove, remove_fixed, ADA, ERR_DENIED, "list-fixed" },
	{ list_remove, remove_stranger, ADA, ERR_CONFLICT, "list-stranger" },

	{ keeper_appoint, nothing, ADA, ERR_DENIED, "keeper-operator" },
	{ keeper_appoint, nothing, W6, ERR_DENIED, "keeper-operator" },
	{ keeper_appoint, keeper_eve, OPERATOR, ERR_NOT_FOUND, "identity-unknown" },
	{ keeper_appoint, keeper_other_age, OPERATOR, ERR_INVALID, "keeper-age" },
	{ keeper_appoint, keeper_again, OPERATOR, ERR_CONFLICT, "keeper-twice" },
	{ policy_register, policy_again, ADA, ERR_CONFLICT, "policy-twice" },
	{ policy_register, policy_h1_short, ADA, ERR_INVALID, "policy-h1" },
	{ policy_register, policy_name_id, ADA, ERR_INVALID, "policy-name" },
	{ policy_register, policy_blob_missing, ADA, ERR_NOT_FOUND, "policy-blob" },
	{ policy_register, policy_blob_longer, ADA, ERR_INVALID, "policy-blob" },
	{ policy_register, policy_blob_empty, ADA, ERR_INVALID, "policy-blob" },
	{ app_secret, nothing, BOB, ERR_DENIED, "not-owner" },
	{ app_secret, app_secret_unknown, ADA, ERR_NOT_FOUND, "secret-unknown" },
	{ app_secret, app_secret_missing, ADA, ERR_NOT_FOUND, "secret-blob" },
	{ secret_set, secret_missing, CARL, ERR_NOT_FOUND, "secret-blob" },
	{ secret_set, secret_empty, CARL, ERR_INVALID, "secret-blob" },
	{ secret_set, secret_stolen, CARL, ERR_DENIED, "secret-sealed" },
	{ app_secret, app_secret_stolen, ADA, ERR_DENIED, "secret-sealed" },
	{ data, data_stolen, CARL, ERR_DENIED, "data-sealed" },
	{ data_of_carl, data_exchanged, CARL, ERR_DENIED, "data-sealed" },

	{ draft_order_app, app_volume_none, ADA, ERR_INVALID, "order-field" },
	{ draft_order_app, app_volume_large, ADA, ERR_INVALID, "order-field" },
	{ draft_order_app, app_only_words, ADA, ERR_INVALID, "order-field" },
	{ draft_order_data, data_volume_none, BOB, ERR_INVALID, "order-field" },
	{ draft_order_data, data_only_words, BOB, ERR_INVALID, "order-field" },
	{ draft_order_pool, pool_volume_none, PAUL, ERR_INVALID, "order-field" },
	{ draft_order_pool, pool_only_words, PAUL, ERR_INVALID, "order-field" },
	{ request, request_volume_none, CARL, ERR_INVALID, "order-field" },
	{ request, request_volume_large, CARL, ERR_INVALID, "order-field" },
	{ request, request_own_unknown, CARL, ERR_NOT_FOUND, "order-own" },
	{ request, request_own_of_bob, CARL, ERR_DENIED, "order-own" },
	{ request, request_assurance, CARL, ERR_INVALID, "order-field" },
	{ request, request_purpose, CARL, ERR_INVALID, "order-field" },
	{ request, request_parcel_of_bob, CARL, ERR_DENIED, "parcel-sealed" },
	{ cancel, nothing, ADA, ERR_DENIED, "not-owner" },
	{ cancel, cancel_unknown, CARL, ERR_NOT_FOUND, "cancel-unknown" },
	{ cancel, cancel_app, CARL, ERR_DENIED, "not-owner" },

	{ sponsor, nothing, CARL, ERR_DENIED, "sponsor-other" },
	{ sponsor, sponsor_unknown, BOB, ERR_NOT_FOUND, "sponsor-unknown" },
	{ sponsor, sponsor_app, BOB, ERR_NOT_FOUND, "sponsor-unknown" },
	{ sponsor, sponsor_plain, BOB, ERR_DENIED, "sponsor-other" },
	{ match, match_app_unknown, CARL, ERR_NOT_FOUND, "match-unknown" },
	{ match, match_request_unknown, CARL, ERR_NOT_FOUND, "match-unknown" },
	{ match, match_request_is_app, CARL, ERR_INVALID, "match-kind" },
	{ match, match_app_is_pool, CARL, ERR_INVALID, "match-kind" },
	{ match, match_other_deal, CARL, ERR_CONFLICT, "match-first" },
	{ match, match_later, CARL, ERR_CONFLICT, "match-first" },
	{ match, match_without_data, CARL, ERR_DENIED, "match-0x11" },
	{ match, match_unpaid, CARL, ERR_DENIED, "match-0x71" },

	{ initialize, initialize_unknown, PAUL, ERR_NOT_FOUND, "initialize-deal" },
	{ initialize, initialize_index, PAUL, ERR_INVALID, "initialize-index" },
	{ initialize, initialize_again, PAUL, ERR_CONFLICT, "initialize-twice" },
	{ initialize, initialize_other, PAUL, ERR_INVALID, "initialize-id" },
	{ assign, nothing, ADA, ERR_DENIED, "not-scheduler" },
	{ assign, nothing, W1, ERR_DENIED, "not-scheduler" },
	{ assign, assign_unknown, PAUL, ERR_NOT_FOUND, "task-unknown" },
	{ assign, assign_outsider, PAUL, ERR_DENIED, "assign-stranger" },
	{ assign, assign_eve, PAUL, ERR_DENIED, "assign-stranger" },
	{ assign, assign_third, PAUL, ERR_CONFLICT, "assign-enough" },
	{ assign, assign_second, PAUL, ERR_CONFLICT, "assign-enough" },
	{ assign, assign_past, PAUL, ERR_CONFLICT, "assign-past" },
	{ contribute, nothing, W3, ERR_DENIED, "contribute-unauthorized" },
	{ contribute, nothing, OUTSIDER, ERR_DENIED, "contribute-unauthorized" },
	{ contribute, contribute_unknown, W1, ERR_NOT_FOUND, "task-unknown" },

	{ complete, nothing, W2, ERR_DENIED, "contributeAndFinalize-unauthorized" },
	{ complete_locked, nothing, W1, ERR_DENIED, "run-no-release" },
	{ contribute_locked, nothing, W1, ERR_DENIED, "run-no-release" },
	{ complete, nothing, PAUL, ERR_DENIED, "contributeAndFinalize-unauthorized" },
	{ complete, complete_unknown, W1, ERR_NOT_FOUND, "task-unknown" },
	{ complete, complete_many, W1, ERR_DENIED, "contributeAndFinalize-trust" },
	{ complete, complete_running, W1, ERR_INVALID, "run-outcome" },
	{ complete, complete_no_result, W1, ERR_INVALID, "run-result" },
	{ complete, complete_hash_only, W1, ERR_INVALID, "run-result" },
	{ complete, complete_size_only, W1, ERR_INVALID, "run-result" },
	{ complete, complete_blob_missing, W1, ERR_NOT_FOUND, "run-result" },
	{ complete, complete_blob_longer, W1, ERR_INVALID, "run-result" },
	{ complete, complete_assurance, W1, ERR_INVALID, "run-assurance" },
	{ complete_strict, complete_tpm2, W1, ERR_DENIED, "run-assurance" },
	{ complete, nothing, SELF_MADE, ERR_DENIED, "contributeAndFinalize-unauthorized" },	/* a role is only a word */
	{ reveal, nothing, W1, ERR_CONFLICT, "reveal-status" },
	{ reveal, reveal_unknown, W1, ERR_NOT_FOUND, "task-unknown" },
	{ reveal, reveal_blob_missing, W1, ERR_NOT_FOUND, "run-result" },
	{ reveal, reveal_assurance, W1, ERR_INVALID, "run-assurance" },
	{ reopen, nothing, PAUL, ERR_CONFLICT, "reopen-status" },
	{ reopen, nothing, CARL, ERR_DENIED, "not-scheduler" },
	{ reopen, reopen_unknown, PAUL, ERR_NOT_FOUND, "reopen-status" },
	{ finalize, nothing, PAUL, ERR_CONFLICT, "finalize-status" },
	{ finalize, nothing, CARL, ERR_DENIED, "not-scheduler" },
	{ finalize, finalize_unknown, PAUL, ERR_NOT_FOUND, "finalize-status" },
	{ claim, nothing, CARL, ERR_CONFLICT, "claim-early" },
	{ claim, claim_unknown, CARL, ERR_NOT_FOUND, "claim-status" },
};

/* The types as they stand, by the one who may; each is tried by Eve before, whom the book does not know. */
static const struct { void (*type)(struct world *); enum who by; } accepted[] = {
	{ pool_create, ADA }, { pool_policy, PAUL }, { pool_admit, PAUL }, { pool_dismiss, PAUL }, { list_add, ADA }, { draft_order_app, ADA },
	{ list_remove, ADA }, { keeper_appoint, OPERATOR }, { policy_register, ADA }, { app_secret, ADA }, { secret_set, CARL }, { secret_set_again, BOB },
	{ grant_strict, BOB }, { draft_order_pool, PAUL }, { request, CARL }, { sponsor, BOB }, { match, CARL }, { cancel, CARL }, { initialize, PAUL },
	{ assign, PAUL }, { contribute, W1 }, { complete, W1 }, { complete_strict, W1 }, { app_transfer, ADA }, { data_transfer, BOB }, { pool_transfer, PAUL },
};

static void same_archive(struct world *w)
{
	book_make_app(w->m.b, &en, "hello", 1, w->who[ADA], w->h1);
	(void)host_make_enter(w, CARL, NULL);
}

static void every_refusal(void **state)
{
	struct world *w = *state;
	uint8_t before[32], after[32];
	same_archive(w);
	assign(w);	/* makes its task */
	book_rows_digest(w->m.path, before);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *r = &refusals[i];
		struct err e = { .code = ERR_NONE };
		r->type(w);
		r->wrong(w);
		if (host_make_try(w, r->by, NULL, &e) == 0)
			fail_msg("row %zu (%s by %d, %s) was accepted", i, entry_info(en.type)->type, r->by, r->rule);
		size_t n = strlen(r->rule);
		if (e.code != r->code || strncmp(e.msg, r->rule, n) != 0 || strncmp(e.msg + n, ": ", 2) != 0)
			fail_msg("row %zu (%s by %d): %s and not %s “%s”: %s", i, entry_info(en.type)->type, r->by, err_name(e.code), err_name(r->code), r->rule, e.msg);
		book_rows_digest(w->m.path, after);
		if (memcmp(before, after, 32) != 0)
			fail_msg("row %zu was refused and has changed the book", i);
	}
	host_make_settled(w);
}

static void strangers_are_refused_and_each_type_is_accepted(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		struct err e = { .code = ERR_NONE };
		accepted[i].type(w);
		assert_int_equal(host_make_try(w, EVE, NULL, &e), -1);
		if (e.code != ERR_NOT_FOUND || !strstr(e.msg, "identity-unknown"))
			fail_msg("row %zu by a stranger: %s", i, e.msg);
		accepted[i].type(w);
		if (host_make_try(w, accepted[i].by, NULL, &e) < 0)
			fail_msg("row %zu (%s): %s", i, entry_info(en.type)->type, e.msg);
	}
	host_make_settled(w);
}

/* What is sold is paid from what is there: of the payer, of the pool's owner for his stake, of a worker for its own. */
static void nobody_deals_without_money(void **state)
{
	static const struct { enum who poor; const char *words; } rows[] = { { CARL, "funds: " }, { PAUL, "funds: " } };
	struct world *w = *state;
	uint8_t before[32], after[32];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err e = { .code = ERR_NONE };
		uint64_t has = free_of(w, w->name[rows[i].poor]);
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->who[OUTSIDER], has - 1);
		(void)host_make_enter(w, rows[i].poor, NULL);
		book_rows_digest(w->m.path, before);
		match(w);
		assert_int_equal(host_make_try(w, CARL, NULL, &e), -1);
		assert_int_equal(e.code, ERR_FUNDS);
		assert_memory_equal(e.msg, rows[i].words, strlen(rows[i].words));
		book_rows_digest(w->m.path, after);
		assert_memory_equal(before, after, 32);
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->who[rows[i].poor], has - 1);
		(void)host_make_enter(w, OUTSIDER, NULL);
	}
	struct err e = { .code = ERR_NONE };
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->who[OUTSIDER], free_of(w, w->name[W1]));
	(void)host_make_enter(w, W1, NULL);
	contribute(w);
	assert_int_equal(host_make_try(w, W1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_FUNDS);
	host_make_settled(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(every_refusal), TEST(strangers_are_refused_and_each_type_is_accepted), TEST(nobody_deals_without_money) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
