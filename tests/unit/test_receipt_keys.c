/* What receipts say of keys (core/form/receipt_keys.c): which keeper released them, on whose policies' word. The scene of receipt_make.h with a keeper in it; each attack changes what one
 * entry says before it is signed, or leaves entries out, so that every signature and every proof is good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "receipt_make.h"
#include "seal/crypto.h"

/* Where the scene has noise. */
enum { KEEPER_IN = NOISE_1, APPOINT = NOISE_2, POLICY = MOVE_1, MANY = MOVE_2, DECIDED_MATCH = MOVE_3, DECIDED_KEY = NOISE_3, RELEASE = REVEAL };

static void id_of_step(const struct scene *s, unsigned step, enum id_kind kind, char *out)	/* ID_TEXT bytes */
{
	const struct buf *note = &s->notes[s->place[step]];
	struct entry en;
	size_t len;
	assert_int_equal(entry_decode(&en, note->data, note->len, &len, NULL), 0);
	char id[ID_TEXT];
	entry_id(id, kind, note->data, len);
	memcpy(out, id, sizeof id);
}

static void decision_set(const struct scene *s, struct entry *en, const char *scope)
{
	struct entry_policy_decision *f = &en->policy_decision;
	en->type = ENTRY_POLICY_DECISION_TYPE;
	f->scope = entry_text(scope);
	memcpy(f->grant, s->orders[1], ID_TEXT);
	memcpy(f->request, s->request, ID_TEXT);
	id_of_step(s, POLICY, ID_POLICY, f->policy);
	if (strcmp(scope, "key_release") == 0) {
		memcpy(f->task, s->task, ID_TEXT);
		memcpy(f->worker, identity_public(s->actors[WORKER]), 32);
	}
	memset(f->engine, 1, 32);
	memset(f->question, 2, 32);
	memset(f->answer, 3, 32);
	f->as_of = 3;
	f->effect = entry_text("permit");
	f->rule.n = 1;
	f->rule.at[0] = entry_text("research");
	f->obligations = entry_text("{\"max_uses\":2}");
}

static void release_set(const struct scene *s, struct entry *en)
{
	struct entry_key_release *f = &en->key_release;
	en->type = ENTRY_KEY_RELEASE_TYPE;
	memcpy(f->task, s->task, ID_TEXT);
	memcpy(f->worker, identity_public(s->actors[WORKER]), 32);
	memset(f->box, 9, 32);
	memset(f->evidence, 4, 32);
	f->assurance = entry_text("software");
	memset(f->measurement, 5, 32);
	f->as_of = 3;
	f->grant.n = 2;
	memcpy(f->grant.at[0], s->orders[1], ID_TEXT);
	id_of_step(s, MANY, ID_ORDER, f->grant.at[1]);
}

/* The stranger keeps keys; the data are granted under a policy; the request asks for one of many data besides. */
static void kept(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	struct entry plain = { .time = en->time, .book = en->book };
	memcpy(plain.nonce, en->nonce, sizeof plain.nonce);
	switch ((int)step) {
	case KEEPER_IN:
		*en = plain;
		scene_register(s, en, *by = STRANGER, "kim", "");
		break;
	case APPOINT:
		*en = plain;
		en->type = ENTRY_KEEPER_APPOINT_TYPE;
		memcpy(en->keeper_appoint.keeper, identity_public(s->actors[STRANGER]), 32);
		memcpy(en->keeper_appoint.age, identity_age_public(s->actors[STRANGER]), 32);
		break;
	case POLICY:
		*en = plain;
		*by = OWNER;
		en->type = ENTRY_POLICY_REGISTER_TYPE;
		en->policy_register.name = entry_text("research-only");
		en->policy_register.version = entry_text("1.0.0");
		en->policy_register.h1 = entry_text("h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=");
		en->policy_register.size = 60;
		break;
	case MANY:
		*en = plain;
		*by = REQUESTER;
		en->type = ENTRY_ORDER_DATA_TYPE;
		memcpy(en->order_data.data, s->data[1], ID_TEXT);
		en->order_data.bulk = 1;
		en->order_data.volume = 1;
		break;
	case ORDER_DATA: id_of_step(s, POLICY, ID_POLICY, en->order_data.policy); break;
	case REQUEST:
		en->order_request.bulk.n = 1;
		id_of_step(s, MANY, ID_ORDER, en->order_request.bulk.at[0]);
		break;
	case DECIDED_MATCH: case DECIDED_KEY:
		*en = plain;
		*by = STRANGER;
		decision_set(s, en, (int)step == DECIDED_MATCH ? "match" : "key_release");
		break;
	case RELEASE:
		*en = plain;
		*by = STRANGER;
		release_set(s, en);
		break;
	default: break;
	}
}

static void all_set(bool wanted[static STEPS])
{
	static const unsigned more[] = { KEEPER_IN, APPOINT, POLICY, MANY, DECIDED_MATCH, DECIDED_KEY, RELEASE };
	memcpy(wanted, scene_wanted[COMPLETE], STEPS * sizeof *wanted);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		wanted[more[i]] = true;
}

static void says_who_let_the_keys_go(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = kept });
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	struct err e = { 0 };
	bool wanted[STEPS];
	char lines[512], policy[ID_TEXT], keeper[IDENTITY_TEXT];
	uint64_t index = 0;
	all_set(wanted);
	if (scene_receipt(s, wanted, &file, &e) < 0 || receipt_open(&r, file.data, file.len, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(receipt_count(r), 24);
	assert_ptr_equal(receipt_release(r, &index), receipt_find(r, ENTRY_KEY_RELEASE_TYPE));
	assert_int_equal(index, s->place[RELEASE]);
	identity_text(keeper, identity_public(s->actors[STRANGER]));
	id_of_step(s, POLICY, ID_POLICY, policy);
	(void)snprintf(lines, sizeof lines, "\nkeeper: %s\nevidence: sha256:%s\npolicy: permit %s h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\nassurance: software\n", keeper,
		"0404040404040404040404040404040404040404040404040404040404040404", policy);
	assert_non_null(strstr(buf_text(&file), lines));
	receipt_free(r);
	for (size_t i = 0; i < file.len; i++) {	/* a bit of each byte, and not the same */
		file.data[i] = (uint8_t)(file.data[i] ^ 1 << i % 7);
		if (receipt_open(&r, file.data, file.len, NULL, NULL) == 0)
			fail_msg("a bit of byte %zu", i);
		file.data[i] = (uint8_t)(file.data[i] ^ 1 << i % 7);
	}
	buf_done(&file);
	scene_free(s);
}

/* What is left out of a receipt is missed, and what nobody needs is seen. */
static void nothing_may_be_missing(void **state)
{
	(void)state;
	static const struct { unsigned step; const char *why; } rows[] = {
		{ KEEPER_IN, "the registration of the keeper" }, { APPOINT, "the keeper.appoint of who signed it" }, { POLICY, "policy1" }, { MANY, "order1" },
		{ DECIDED_MATCH, "the policy.decision of match" }, { DECIDED_KEY, "the policy.decision of key_release" }, { DATA_2, "data1" },
		{ RELEASE, "under a policy, and no key.release" }, { NOISE_4, "not the end of a task" }, { SPONSOR, "has nothing to do with the task" },
	};
	struct scene *s = scene_new(&(struct twist){ .change = kept });
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf file = BUF_INIT(RECEIPT_BYTES);
		struct err e = { 0 };
		bool wanted[STEPS];
		all_set(wanted);
		wanted[rows[i].step] = !wanted[rows[i].step];
		if (scene_receipt(s, wanted, &file, &e) == 0 || !strstr(e.msg, rows[i].why))
			fail_msg("row %zu: \"%s\" is not \"%s\"", i, e.msg, rows[i].why);
		buf_done(&file);
	}
	scene_free(s);
}

/* Lies: each by who may sign such an entry, or by somebody else. */
#define LIE(name, at, what) \
	static void name(struct scene *s, enum step step, struct entry *en, enum actor *by) \
	{ \
		kept(s, step, en, by); \
		if ((int)step == (int)(at)) { \
			what; \
		} \
	}
LIE(released_by_other, RELEASE, *by = MANAGER)
LIE(appointed_by_other, APPOINT, *by = MANAGER)
LIE(appointed_with_other_key, APPOINT, en->keeper_appoint.age[0] ^= 1)
LIE(to_other_worker, RELEASE, memcpy(en->key_release.worker, identity_public(s->actors[MANAGER]), 32))
LIE(other_enclave, RELEASE, en->key_release.measurement[0] ^= 1)
LIE(run_claims_more, FINISH, en->task_complete.assurance = entry_text("tpm2"))
LIE(level_none, RELEASE, en->key_release.assurance = entry_text("none"))
LIE(level_unknown, RELEASE, en->key_release.assurance = entry_text("certain"))
LIE(ahead_of_the_book, RELEASE, en->key_release.as_of = 1000)
LIE(without_the_data, RELEASE, (memcpy(en->key_release.grant.at[0], en->key_release.grant.at[1], ID_TEXT), en->key_release.grant.n = 1))
LIE(without_one_of_many, RELEASE, en->key_release.grant.n = 1)
LIE(one_twice, RELEASE, memcpy(en->key_release.grant.at[1], en->key_release.grant.at[0], ID_TEXT))
LIE(one_not_asked_for, REQUEST, en->order_request.bulk.n = 0)
LIE(refused_of_nobody, RELEASE, (en->key_release.grant.n = 1, en->key_release.refused.n = 1, en->key_release.refused.at[0] = entry_text("order1x code")))
LIE(refused_and_released, RELEASE, (en->key_release.refused.n = 1, en->key_release.refused.at[0] = entry_text("nothing")))
LIE(many_of_another, MANY, *by = MANAGER)
LIE(denied_match, DECIDED_MATCH, en->policy_decision.effect = entry_text("deny"))
LIE(denied_key, DECIDED_KEY, en->policy_decision.effect = entry_text("deny"))
LIE(effect_unknown, DECIDED_KEY, en->policy_decision.effect = entry_text("maybe"))
LIE(decided_by_other, DECIDED_KEY, *by = OWNER)
LIE(decided_of_other_worker, DECIDED_KEY, memcpy(en->policy_decision.worker, identity_public(s->actors[OWNER]), 32))
LIE(decided_of_other_task, DECIDED_KEY, id_make(en->policy_decision.task, ID_TASK, "x", 1))
LIE(decided_of_other_request, DECIDED_MATCH, id_make(en->policy_decision.request, ID_ORDER, "x", 1))
LIE(decided_of_other_grant, DECIDED_KEY, memcpy(en->policy_decision.grant, s->orders[0], ID_TEXT))
LIE(decided_by_other_policy, DECIDED_KEY, id_make(en->policy_decision.policy, ID_POLICY, "x", 1))
LIE(decided_ahead, DECIDED_MATCH, en->policy_decision.as_of = 1000)
LIE(no_policy, ORDER_DATA, id_make(en->order_data.policy, ID_POLICY, "x", 1))
LIE(no_release, RELEASE, scene_noise(s, step, en))

static void lies_are_refused(void **state)
{
	(void)state;
	static const struct { void (*change)(struct scene *s, enum step step, struct entry *en, enum actor *by); const char *why; } rows[] = {
		{ released_by_other, "the keeper.appoint of who signed it" }, { appointed_by_other, "not by the operator" }, { appointed_with_other_key, "another age key" },
		{ to_other_worker, "no key.release for the run's worker" }, { other_enclave, "another enclave" },
		{ run_claims_more, "the keeper saw evidence for software, and the run claims tpm2" }, { level_none, "evidence is worth" }, { level_unknown, "evidence is worth" },
		{ ahead_of_the_book, "more entries than there were" }, { without_the_data, "the key of the deal's data" },
		{ without_one_of_many, "not each of the request's many" }, { one_twice, "stands twice" }, { one_not_asked_for, "neither the deal nor the request" },
		{ refused_of_nobody, "none of the request's many" }, { refused_and_released, "none of the request's many" }, { many_of_another, "did not belong to" },
		{ denied_match, "the policy denied it" }, { denied_key, "the policy denied it" }, { effect_unknown, "permits or denies" },
		{ decided_by_other, "the keeper.appoint of who signed it" }, { decided_of_other_worker, "the policy.decision of key_release" },
		{ decided_of_other_task, "the policy.decision of key_release" }, { decided_of_other_request, "the policy.decision of match" },
		{ decided_of_other_grant, "the policy.decision of key_release" }, { decided_by_other_policy, "another policy than the grant's" },
		{ decided_ahead, "more entries than there were" }, { no_policy, "another policy than the grant's" }, { no_release, "no key.release" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene *s = scene_new(&(struct twist){ .change = rows[i].change });
		struct buf file = BUF_INIT(RECEIPT_BYTES);
		struct err e = { 0 };
		bool wanted[STEPS];
		all_set(wanted);
		if (scene_receipt(s, wanted, &file, &e) == 0 || e.code != ERR_INVALID || !strstr(e.msg, rows[i].why))
			fail_msg("row %zu: \"%s\" is not \"%s\"", i, e.code ? e.msg : "accepted", rows[i].why);
		buf_done(&file);
		scene_free(s);
	}
}

/* After the run is too late, before the worker was sent too early, and a policy is asked before and not after. */
static void in_its_time(void **state)
{
	(void)state;
	static const struct { unsigned moved, after; const char *why; } rows[] = {
		{ RELEASE, NOISE_3, NULL }, { APPOINT, SPONSOR, NULL }, { APPOINT, MOVE_3, "needs entry" }, { KEEPER_IN, APPOINT, "needs entry" },
		{ DECIDED_MATCH, DEAL, "the policy.decision of match" }, { DECIDED_KEY, RELEASE, "the policy.decision of key_release" }, { ASSIGN, RELEASE, "needs entry" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum step order[STEPS];
		size_t n = 0;
		for (unsigned step = 0; step < STEPS; step++) {
			if (step != rows[i].moved)
				order[n++] = (enum step)step;
			if (step == rows[i].after)
				order[n++] = (enum step)rows[i].moved;
		}
		struct scene *s = scene_new(&(struct twist){ .change = kept, .order = order });
		struct buf file = BUF_INIT(RECEIPT_BYTES);
		struct err e = { 0 };
		bool wanted[STEPS];
		all_set(wanted);
		int r = scene_receipt(s, wanted, &file, &e);
		if ((r == 0) != !rows[i].why || (r < 0 && !strstr(e.msg, rows[i].why)))
			fail_msg("row %zu: \"%s\" is not \"%s\"", i, e.msg, rows[i].why ? rows[i].why : "accepted");
		buf_done(&file);
		scene_free(s);
	}
}

/* No policy, so only the keeper's appointment says that somebody was passed by. */
static void plain_grant(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if ((int)step == KEEPER_IN || (int)step == APPOINT)
		kept(s, step, en, by);
}

static void no_keeper_is_passed_by(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = plain_grant });
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e = { 0 };
	bool wanted[STEPS];
	memcpy(wanted, scene_wanted[COMPLETE], sizeof wanted);
	assert_int_equal(scene_receipt(s, wanted, &file, &e), 0);	/* nothing in it tells of a keeper */
	wanted[APPOINT] = true;
	assert_int_equal(scene_receipt(s, wanted, &file, &e), -1);
	assert_non_null(strstr(e.msg, "the book had a keeper before the run"));
	buf_done(&file);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_let_the_keys_go), cmocka_unit_test(nothing_may_be_missing), cmocka_unit_test(lies_are_refused), cmocka_unit_test(in_its_time),
		cmocka_unit_test(no_keeper_is_passed_by),
	};
	assert(crypto_init(NULL) == 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
