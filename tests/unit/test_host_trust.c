/* core/host/host_trust.c: keepers, policies, secrets and groups as the book tells of them. What is refused is in test_host_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal/machine_key.h"
#include "unit/host_make.h"

#define H1_A "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define H1_B "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="

struct keepers { size_t n; struct host_keeper at[4]; };
static int keeper_seen(void *ctx, const struct host_keeper *k, struct err *e)
{
	struct keepers *x = ctx;
	(void)e;
	assert_true(x->n < 4);
	x->at[x->n++] = *k;
	return 0;
}

/* The home's own keeper is appointed with the local pool, once; a home without its key has none. */
static void the_homes_own_keeper(void **state)
{
	struct world *w = *state;
	struct keepers x = { .n = 0 };
	struct identity *keeper;
	char name[IDENTITY_TEXT];
	uint64_t size, again;
	struct err e;
	BOOK_MUST(host_local_pool(w->m.b, &e), &e);
	BOOK_MUST(host_keepers(w->m.b, keeper_seen, &x, &e), &e);
	assert_int_equal(x.n, 0);
	BOOK_MUST(machine_key_make(w->m.path, "keeper", &e), &e);
	BOOK_MUST(machine_key_open(w->m.path, "keeper", &keeper, &e), &e);
	BOOK_MUST(host_local_pool(w->m.b, &e), &e);
	BOOK_MUST(host_keepers(w->m.b, keeper_seen, &x, &e), &e);
	assert_int_equal(x.n, 1);
	assert_memory_equal(x.at[0].key, identity_public(keeper), 32);
	assert_memory_equal(x.at[0].age, identity_age_public(keeper), 32);
	identity_text(name, identity_public(keeper));
	assert_int_equal(host_is_keeper(w->m.b, name, &e), 1);
	assert_int_equal(host_is_keeper(w->m.b, w->name[ADA], &e), 0);
	struct store_identity who;
	assert_int_equal(store_identity_find(w->m.s, identity_public(keeper), &who, &e), 1);
	assert_string_equal(who.role, "keeper");
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	BOOK_MUST(host_local_keeper(w->m.b, &e), &e);
	BOOK_MUST(book_size(w->m.b, &again, &e), &e);
	assert_int_equal(size, again);
	identity_free(keeper);
	host_make_settled(w);
}

static void policy_enter(struct world *w, enum who owner, const char *name, const char *h1, char id[static ID_TEXT])
{
	book_make_draft(w->m.b, &en, ENTRY_POLICY_REGISTER_TYPE);
	en.policy_register.name = entry_text(name);
	en.policy_register.version = entry_text("1.0.0");
	en.policy_register.h1 = entry_text(h1);
	en.policy_register.size = 60;
	memcpy(en.policy_register.author, identity_public(w->who[W1]), 32);
	book_make_blob(w->m.b, 60, en.policy_register.blob);
	(void)host_make_enter(w, owner, id);
}

static void policies_are_found(void **state)
{
	struct world *w = *state;
	struct host_policy p;
	char first[ID_TEXT], second[ID_TEXT], others[ID_TEXT], prefix[ID_TEXT];
	struct err e;
	policy_enter(w, BOB, "research", H1_A, first);
	BOOK_MUST(host_policy_find(w->m.b, "research", &p, &e), &e);
	assert_string_equal(p.id, first);
	assert_string_equal(p.name, "research");
	assert_string_equal(p.version, "1.0.0");
	assert_string_equal(p.h1, H1_A);
	assert_int_equal(p.size, 60);
	assert_memory_equal(p.owner, identity_public(w->who[BOB]), 32);
	assert_memory_equal(p.author, identity_public(w->who[W1]), 32);
	policy_enter(w, BOB, "research", H1_B, second);
	BOOK_MUST(host_policy_find(w->m.b, "research", &p, &e), &e);
	assert_string_equal(p.id, second);	/* the newest */
	BOOK_MUST(host_policy_find(w->m.b, first, &p, &e), &e);
	assert_string_equal(p.h1, H1_A);
	(void)snprintf(prefix, sizeof prefix, "%.15s", second);
	BOOK_MUST(host_policy_find(w->m.b, prefix, &p, &e), &e);
	assert_string_equal(p.id, second);
	policy_enter(w, CARL, "research", H1_A, others);	/* of another owner the same archive is another policy, and the name is nobody's */
	assert_int_equal(host_policy_find(w->m.b, "research", &p, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(host_policy_find(w->m.b, "marketing", &p, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(host_policy_find(w->m.b, "policy1", &p, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	host_make_settled(w);
}

static uint64_t app_secret(struct world *w, uint8_t blob[static 32])
{
	book_make_draft(w->m.b, &en, ENTRY_APP_SECRET_TYPE);
	host_make_id(en.app_secret.app, w->app);
	en.app_secret.size = 40;
	book_make_blob(w->m.b, 40, blob);
	memcpy(en.app_secret.blob, blob, 32);
	return host_make_enter(w, ADA, NULL);
}

/* A new version changes no deal that was made. */
static void a_deal_keeps_its_version(void **state)
{
	struct world *w = *state;
	struct host_secret s;
	uint8_t first[32], second[32];
	struct err e;
	assert_int_equal(host_app_secret(w->m.b, w->app, UINT64_MAX, &s, &e), 0);
	uint64_t one = app_secret(w, first), two = app_secret(w, second);
	assert_int_equal(host_app_secret(w->m.b, w->app, one, &s, &e), 0);
	assert_int_equal(host_app_secret(w->m.b, w->app, one + 1, &s, &e), 1);
	assert_memory_equal(s.blob, first, 32);
	assert_int_equal(s.size, 40);
	assert_int_equal(host_app_secret(w->m.b, w->app, two, &s, &e), 1);
	assert_memory_equal(s.blob, first, 32);
	assert_int_equal(host_app_secret(w->m.b, w->app, two + 1, &s, &e), 1);
	assert_memory_equal(s.blob, second, 32);
	assert_int_equal(s.made, two);
	host_make_settled(w);
}

static int secret_seen(void *ctx, const struct host_secret *s, struct err *e)
{
	(void)s, (void)e;
	(*(size_t *)ctx)++;
	return 0;
}

static void secrets_of_requesters(void **state)
{
	struct world *w = *state;
	struct host_secret s;
	char id[2][ID_TEXT];
	size_t n = 0;
	struct err e;
	for (size_t i = 0; i < 2; i++) {
		book_make_draft(w->m.b, &en, ENTRY_SECRET_SET_TYPE);
		en.secret_set.name = entry_text("mail");
		en.secret_set.size = 40 + i;
		book_make_blob(w->m.b, 40 + i, en.secret_set.blob);
		(void)host_make_enter(w, CARL, id[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(host_secret(w->m.b, id[i], &s, &e), 1);
		assert_string_equal(s.id, id[i]);
		assert_string_equal(s.name, "mail");
		assert_int_equal(s.size, 40 + i);
		assert_memory_equal(s.owner, identity_public(w->who[CARL]), 32);
	}
	assert_int_equal(host_secret(w->m.b, w->app, &s, &e), 0);
	BOOK_MUST(host_secrets(w->m.b, w->name[CARL], secret_seen, &n, &e), &e);
	assert_int_equal(n, 2);
	BOOK_MUST(host_secrets(w->m.b, w->name[BOB], secret_seen, &n, &e), &e);
	assert_int_equal(n, 2);
	host_make_settled(w);
}

static void member(struct world *w, bool in, const char *list, enum who who)
{
	book_make_draft(w->m.b, &en, in ? ENTRY_LIST_ADD_TYPE : ENTRY_LIST_REMOVE_TYPE);
	if (in) {
		host_make_id(en.list_add.list, list);
		en.list_add.member = entry_text(w->name[who]);
	} else {
		host_make_id(en.list_remove.list, list);
		en.list_remove.member = entry_text(w->name[who]);
	}
	(void)host_make_enter(w, BOB, NULL);
}

/* Who is in a group when a deal is made is let in; what was made stays; who comes back is let in again. */
static void groups_are_asked_at_the_match(void **state)
{
	struct world *w = *state;
	char group[ID_TEXT], request[2][ID_TEXT];
	struct err e;
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->name[CARL]);
	en.list_add.group = 1;
	(void)host_make_enter(w, BOB, group);
	draft_order_data(w);
	en.order_data.only_requester = entry_text(group);
	(void)host_make_enter(w, BOB, w->order[1]);
	for (size_t i = 0; i < 2; i++) {
		draft_request(w, 1, 1);
		(void)host_make_enter(w, CARL, request[i]);
	}
	draft_match(w, request[0], 0);
	(void)host_make_enter(w, CARL, NULL);
	member(w, false, group, CARL);
	draft_match(w, request[1], 0);
	assert_int_equal(host_make_try(w, CARL, NULL, &e), -1);
	assert_memory_equal(e.msg, "match-0x18: ", 12);
	member(w, true, group, CARL);
	draft_match(w, request[1], 0);
	(void)host_make_enter(w, CARL, NULL);
	host_make_settled(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_make_setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(the_homes_own_keeper), TEST(policies_are_found), TEST(a_deal_keeps_its_version), TEST(secrets_of_requesters),
		TEST(groups_are_asked_at_the_match) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
