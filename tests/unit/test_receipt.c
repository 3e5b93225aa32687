/* Receipts: form/receipt.h and what receipt_story.c asks of the entries. A small book is made in memory for each case; the attacks are on the file, on the
 * entries that the book holds, and on the checkpoint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "receipt_make.h"
#include "seal/crypto.h"

static struct scene *good;	/* ends by task.complete, as all do unless a test says otherwise */

#define ENTRIES 17	/* of its receipt */

static int group_setup(void **state)
{
	(void)state;
	good = scene_new(NULL);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	scene_free(good);
	return 0;
}

static struct buf receipt_of(struct scene *s)
{
	struct buf out = BUF_INIT(RECEIPT_BYTES);
	struct err e = { 0 };
	if (scene_receipt(s, scene_wanted[s->ending], &out, &e) < 0)
		fail_msg("%s", e.msg);
	return out;
}

static void accepted(const struct buf *file, const struct tlog_policy *p)
{
	struct receipt *r = NULL;
	struct err e = { 0 };
	if (receipt_open(&r, file->data, file->len, p, &e) < 0)
		fail_msg("%s", e.msg);
	receipt_free(r);
}

static void refused(const void *bytes, size_t len, const struct tlog_policy *p, enum err_code code, const char *why)
{
	struct receipt *r = NULL;
	struct err e = { 0 };
	if (receipt_open(&r, bytes, len, p, &e) == 0)
		fail_msg("accepted, not \"%s\"", why);
	if (!strstr(e.msg, why) || e.code != code)
		fail_msg("\"%s\" (%s) is not \"%s\"", e.msg, err_name(e.code), why);
}

/* A policy of the witnesses with these names. */
static struct tlog_policy *policy_of(const struct scene *s, const enum actor *witnesses, size_t n, const char *log_origin, enum actor log)
{
	struct buf text = BUF_INIT(TLOG_POLICY_BYTES);
	struct tlog_policy *p = NULL;
	struct err e = { 0 };
	struct note_key key;
	char name[NOTE_NAME_BYTES + 1];
	if (log_origin) {
		assert_int_equal(note_key_make(&key, log_origin, NOTE_ED25519, identity_public(s->actors[log]), NULL), 0);
		assert_int_equal(buf_add_text(&text, "log ", NULL), 0);
		assert_int_equal(note_key_text(&key, &text, NULL), 0);
		assert_int_equal(buf_add_text(&text, "\n", NULL), 0);
	}
	for (size_t i = 0; i < n; i++) {
		checkpoint_witness_make(name, identity_public(s->actors[witnesses[i]]));
		assert_int_equal(note_key_make(&key, name, NOTE_COSIGNATURE, identity_public(s->actors[witnesses[i]]), NULL), 0);
		assert_int_equal(buf_addf(&text, NULL, "witness w%zu ", i), 0);
		assert_int_equal(note_key_text(&key, &text, NULL), 0);
		assert_int_equal(buf_add_text(&text, "\n", NULL), 0);
	}
	assert_int_equal(buf_add_text(&text, "group all all", NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_addf(&text, NULL, " w%zu", i), 0);
	assert_int_equal(buf_add_text(&text, "\nquorum all\n", NULL), 0);
	if (tlog_policy_parse(&p, buf_text(&text), text.len, &e) < 0)
		fail_msg("%s", e.msg);
	buf_done(&text);
	return p;
}

static struct tlog_policy *policy_good(const struct scene *s)
{
	static const enum actor both[] = { WITNESS1, WITNESS2 };
	return policy_of(s, both, 2, s->origin, OPERATOR);
}

static void says_who_ran_what(void **state)
{
	(void)state;
	struct buf file = receipt_of(good);
	struct tlog_policy *p = policy_good(good);
	struct receipt *r = NULL;
	uint64_t index;
	char head[1024];
	assert_int_equal(receipt_open(&r, file.data, file.len, p, NULL), 0);
	assert_int_equal(receipt_count(r), ENTRIES);
	assert_int_equal(receipt_checkpoint(r)->size, STEPS);
	assert_string_equal(receipt_checkpoint(r)->origin, good->origin);
	assert_true(receipt_verdict(r)->quorum);
	assert_int_equal(receipt_verdict(r)->cosigned, 2);
	assert_int_equal(receipt_verdict(r)->unknown, 0);
	assert_string_equal(receipt_task(r), good->task);
	assert_int_equal(receipt_at(r, ENTRIES - 1, &index)->type, ENTRY_TASK_COMPLETE_TYPE);
	assert_int_equal(index, FINISH);
	assert_ptr_equal(receipt_end(r)->by, receipt_find(r, ENTRY_TASK_COMPLETE_TYPE));
	assert_true(entry_text_is(&receipt_end(r)->outcome, "COMPLETED"));
	assert_int_equal(receipt_end(r)->size, 2048);
	assert_int_equal(receipt_end(r)->time, ENTRY_MAKE_TIME + FINISH);
	assert_true(entry_text_is(&receipt_find(r, ENTRY_APP_REGISTER_TYPE)->app_register.name, "hello"));
	assert_null(receipt_find(r, ENTRY_ACCOUNT_CLOSE_TYPE));
	(void)snprintf(head, sizeof head, "enclua/receipt/v1\ntask: %s\napp: hello 0.1.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nstatus: COMPLETED\n"
		"result: sha256:0606060606060606060606060606060606060606060606060606060606060606\n"
		"measurement: sha256:0505050505050505050505050505050505050505050505050505050505050505\nassurance: software\n"
		"means: protects against the iApp, not against root or the operator of the machine that ran it\nentries: 17\n\nentry 0 ", good->task);
	assert_memory_equal(file.data, head, strlen(head));
	receipt_free(r);
	accepted(&file, NULL);
	tlog_policy_free(p);
	buf_done(&file);
}

static void run_failed(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	(void)s;
	(void)by;
	if (step != FINISH)
		return;
	en->task_complete.outcome = entry_text("FAILED");
	en->task_complete.reason = entry_text("error in the script");
	memset(en->task_complete.result, 0, 32);
	en->task_complete.size = 0;
}

static void head_is(const struct twist *t, const char *head)
{
	struct scene *s = scene_new(t);
	struct buf file = receipt_of(s);
	accepted(&file, NULL);
	if (!strstr(buf_text(&file), head))
		fail_msg("\"%s\" is not in %.600s", head, buf_text(&file));
	buf_done(&file);
	scene_free(s);
}

static void every_ending_has_one(void **state)
{
	(void)state;
	head_is(&(struct twist){ .change = run_failed }, "\nstatus: FAILED\nmeasurement: sha256:0505");
	head_is(&(struct twist){ .ending = FINALIZE }, "\nstatus: COMPLETED\nresult: sha256:0606060606060606060606060606060606060606060606060606060606060606\n"
		"measurement: sha256:0505050505050505050505050505050505050505050505050505050505050505\nassurance: software\nmeans: protects against");
	head_is(&(struct twist){ .ending = CLAIM }, "\nstatus: CLAIMED\nassurance: none\nmeans: nothing is promised: nobody finished it in time, and the payer has the "
		"money back\nentries: 15\n\nentry 0 ");
	head_is(&(struct twist){ .ending = REFUSE }, "\nstatus: REFUSED\nassurance: none\nmeans: nothing is promised: there was no run, as a keeper refused the keys; "
		"the payer has the money back\nentries: 17\n\nentry 0 ");
}

static void flips(const struct buf *file, const struct tlog_policy *p)
{
	struct receipt *r = NULL;
	uint8_t *copy = malloc(file->len);
	memcpy(copy, file->data, file->len);
	accepted(file, p);
	for (size_t bit = 0; bit < 8 * file->len; bit++) {
		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1 << bit % 8);
		if (receipt_open(&r, copy, file->len, p, NULL) == 0)
			fail_msg("bit %zu of byte %zu: %.80s", bit % 8, bit / 8, copy + bit / 8);
		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1 << bit % 8);
	}
	free(copy);
}

/* The task of fewest entries, so that all bits of its receipt can be tried. */
static void request_alone(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	(void)s;
	(void)by;
	if (step == REQUEST) {
		en->order_request.data[0] = '\0';
		en->order_request.data_price = 0;
		en->order_request.own_data.n = 0;
	}
	if (step == DEAL)
		en->deal_match.data[0] = '\0';
}

static void few_set(bool wanted[static STEPS], enum ending ending)
{
	static const enum step not_needed[] = { OWNER_IN, MANAGER_IN, DATA_1, DATA_2, ORDER_DATA };
	memcpy(wanted, scene_wanted[ending], STEPS * sizeof *wanted);
	for (size_t i = 0; i < sizeof not_needed / sizeof *not_needed; i++)
		wanted[not_needed[i]] = false;
}

static void bits_of(enum ending ending)
{
	struct scene *s = scene_new(&(struct twist){ .change = request_alone, .ending = ending });
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct tlog_policy *p = policy_good(s);
	bool wanted[STEPS];
	few_set(wanted, ending);
	assert_int_equal(scene_receipt(s, wanted, &file, NULL), 0);
	flips(&file, p);
	buf_clear(&file);
	scene_checkpoint(s, false);
	assert_int_equal(scene_receipt(s, wanted, &file, NULL), 0);
	flips(&file, NULL);
	tlog_policy_free(p);
	buf_done(&file);
	scene_free(s);
}

static void every_bit_of_a_completed_one(void **state)
{
	(void)state;
	bits_of(COMPLETE);
}

static void every_bit_of_a_finalized_one(void **state)
{
	(void)state;
	bits_of(FINALIZE);
}

static void every_bit_of_a_claimed_one(void **state)
{
	(void)state;
	bits_of(CLAIM);
}

/* The signatures of witnesses that no policy lists, too: their names carry their keys. */
static void every_bit_flip_of_the_checkpoint(void **state)
{
	(void)state;
	struct buf file = receipt_of(good);
	struct receipt *r = NULL;
	const char *note = strstr(buf_text(&file), "\ncheckpoint\n");
	assert_non_null(note);
	for (size_t bit = 8 * (size_t)(note - buf_text(&file)); bit < 8 * file.len; bit++) {
		file.data[bit / 8] = (uint8_t)(file.data[bit / 8] ^ 1 << bit % 8);
		if (receipt_open(&r, file.data, file.len, NULL, NULL) == 0)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		file.data[bit / 8] = (uint8_t)(file.data[bit / 8] ^ 1 << bit % 8);
	}
	accepted(&file, NULL);
	buf_done(&file);
}

static void no_part_is_a_receipt(void **state)
{
	(void)state;
	struct buf file = receipt_of(good);
	struct receipt *r = NULL;
	for (size_t len = 0; len < file.len; len++)
		if (receipt_open(&r, file.data, len, NULL, NULL) == 0) {
			/* Witnesses' lines can be taken away whole: that makes another, weaker receipt. */
			assert_int_equal(file.data[len - 1], '\n');
			assert_memory_equal(file.data + len, "\xe2\x80\x94 enclua.local/witness/", 25);
			receipt_free(r);
		}
	struct tlog_policy *p = policy_good(good);
	for (size_t len = file.len - 600; len < file.len; len++)
		assert_int_equal(receipt_open(&r, file.data, len, p, NULL), -1);
	assert_int_equal(buf_add(&file, "\n", 1, NULL), 0);
	assert_int_equal(receipt_open(&r, file.data, file.len, NULL, NULL), -1);
	refused("", 0, NULL, ERR_INVALID, "not a receipt");
	tlog_policy_free(p);
	buf_done(&file);
}

/* Blocks of the file: the n-th entry with its proof. */
static size_t block_at(const struct buf *file, size_t n, size_t *len)
{
	const char *at = strstr(buf_text(file), "\n\nentry ") + 2, *next = at;
	for (size_t i = 0; i <= n; i++) {
		at = next;
		const char *entry = strstr(at, "\nentry "), *end = strstr(at, "\ncheckpoint\n");
		next = (entry && entry < end ? entry : end) + 1;
	}
	*len = (size_t)(next - at);
	return (size_t)(at - buf_text(file));
}

static void spliced(const struct buf *file, size_t at, size_t cut, const void *put, size_t put_len, const char *why)
{
	struct buf changed = BUF_INIT(RECEIPT_BYTES);
	assert_int_equal(buf_add(&changed, file->data, at, NULL), 0);
	assert_int_equal(buf_add(&changed, put, put_len, NULL), 0);
	assert_int_equal(buf_add(&changed, file->data + at + cut, file->len - at - cut, NULL), 0);
	refused(changed.data, changed.len, NULL, ERR_INVALID, why);
	buf_done(&changed);
}

static void replaced(const struct buf *file, const char *what, const char *by, const char *why)
{
	const char *at = strstr(buf_text(file), what);
	assert_non_null(at);
	spliced(file, (size_t)(at - buf_text(file)), strlen(what), by, strlen(by), why);
}

/* The number of entries in the head, made one more or less. */
static struct buf counted(const struct buf *file, const char *n)
{
	struct buf out = BUF_INIT(RECEIPT_BYTES);
	size_t at = (size_t)(strstr(buf_text(file), "\nentries: 17\n") - buf_text(file)) + strlen("\nentries: ");
	assert_int_equal(buf_add(&out, file->data, at, NULL), 0);
	assert_int_equal(buf_add_text(&out, n, NULL), 0);
	assert_int_equal(buf_add(&out, file->data + at + 2, file->len - at - 2, NULL), 0);
	return out;
}

static void blocks_have_their_place(void **state)
{
	(void)state;
	struct buf file = receipt_of(good), more = counted(&file, "18"), fewer = counted(&file, "16");
	for (size_t i = 0; i < ENTRIES; i++) {
		size_t len, next_len, at = block_at(&file, i, &len);
		/* twice */
		size_t again = block_at(&more, i, &len);
		spliced(&more, again, 0, more.data + again, len, "not in the order of the book");
		spliced(&file, at, 0, file.data + at, len, "has no checkpoint after 17");
		/* not at all: all that is left is good, but something that is needed is not there; the owners' registrations are not needed */
		again = block_at(&fewer, i, &len);
		if (i == 3 || i == 4)
			continue;
		spliced(&fewer, again, len, "", 0, i == 0 ? "book.open, is not in it" : i == ENTRIES - 1 ? "not the end of a task" : "is not in it");
		spliced(&file, at, len, "", 0, "entry 17 of the receipt is malformed");
		/* before the one before it */
		if (i == ENTRIES - 1)
			continue;
		size_t next = block_at(&file, i + 1, &next_len);
		struct buf swapped = BUF_INIT(RECEIPT_BYTES);
		assert_int_equal(buf_add(&swapped, file.data + next, next_len, NULL), 0);
		assert_int_equal(buf_add(&swapped, file.data + at, len, NULL), 0);
		spliced(&file, at, len + next_len, swapped.data, swapped.len, "not in the order of the book");
		buf_done(&swapped);
	}
	buf_done(&file);
	buf_done(&more);
	buf_done(&fewer);
}

/* What is said in the head only repeats the entries, and nothing is said in two ways. */
static void one_spelling(void **state)
{
	(void)state;
	struct buf file = receipt_of(good);
	char other[ID_TEXT];
	id_make(other, ID_TASK, "other", 5);
	static const struct { const char *what, *by, *why; } rows[] = {
		{ "enclua/receipt/v1\n", "enclua/receipt/v2\n", "not a receipt" }, { "app: hello 0.1.0", "app: hello 0.1.1", "line 3 of the receipt" },
		{ "status: COMPLETED", "status: FAILED", "line 4" }, { "result: sha256:06", "result: sha256:07", "line 5" },
		{ "result: sha256:0606060606060606060606060606060606060606060606060606060606060606\n", "", "line 5" },
		{ "assurance: software\n", "assurance: cvm\n", "line 7" }, { "means: protects against the iApp, not", "means: protects against the iApp and", "line 8" },
		{ "entries: 17", "entries: 017", "line 9" }, { "entries: 17", "entries: 0", "1 to 512 entries" }, { "entries: 17", "entries: 513", "1 to 512 entries" },
		{ "entries: 17", "entries: 18446744073709551633", "malformed head" }, { "entries: 17", "entries: ", "malformed head" },
		{ "entries: 17\n", "entries: 17\nnote: nice\n", "malformed head" }, { "assurance: software\n", "assurance: software\nnote: nice\n", "line 8" },
		{ "\nentry 0 ", "\nentry 00 ", "line 11" }, { "\nentry 0 ", "\nentry  0 ", "entry 1 of the receipt is malformed" },
		{ "\nentry 0 ", "\nentry -0 ", "malformed" }, { "\nentry 0 ", "\nEntry 0 ", "malformed" }, { "\nentry 0 ", "\nentry 1 ", "entry 1: " },
		{ "\nentry 0 ", "\nentry 99 ", "has only 26 entries" }, { "\nproof 5\n", "\nproof 05\n", "of the receipt" }, { "\nproof 5\n", "\nproof 4\n", "malformed" },
		{ "\nproof 5\n", "\nproof 65\n", "malformed" }, { "\nproof 5\n", "\nproof 99999999999999999999\n", "malformed" },
		{ "\ncheckpoint\n", "\ncheckpoint \n", "no checkpoint after 17" }, { "\ncheckpoint\n", "\n\ncheckpoint\n", "no checkpoint" },
		{ "\ncheckpoint\n", "\ncheckpoint\n\n", "the checkpoint: " },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		replaced(&file, rows[i].what, rows[i].by, rows[i].why);
	replaced(&file, good->task, other, "line 2");
	buf_done(&file);
}

/* Only what is needed, and all of it. */
static void nothing_missing_nothing_more(void **state)
{
	(void)state;
	for (enum ending ending = COMPLETE; ending <= REFUSE; ending++) {
		struct scene *s = scene_new(&(struct twist){ .ending = ending });
		for (unsigned step = 0; step < STEPS; step++) {
			bool wanted[STEPS];
			struct buf file = BUF_INIT(RECEIPT_BYTES);
			struct err e = { 0 };
			memcpy(wanted, scene_wanted[ending], sizeof wanted);
			wanted[step] = !wanted[step];
			int r = scene_receipt(s, wanted, &file, &e);
			assert_int_equal(r, step == OWNER_IN || step == MANAGER_IN ? 0 : -1);
			assert_int_equal(file.len == 0, r < 0);
			if (r < 0)
				assert_int_equal(e.code, ERR_INVALID);
			if (r < 0 && wanted[step])
				assert_non_null(strstr(e.msg, step == NOISE_4 ? "not the end of a task" : "has nothing to do with the task"));
			buf_done(&file);
		}
		scene_free(s);
	}
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt_entry in[RECEIPT_ENTRIES + 1];
	assert_int_equal(receipt_write(&file, in, 0, buf_text(&good->note), good->note.len, NULL), -1);
	assert_int_equal(receipt_write(&file, in, RECEIPT_ENTRIES + 1, buf_text(&good->note), good->note.len, NULL), -1);
}

static void story_refused(size_t row, const struct twist *t, const bool wanted[static STEPS], const char *why)
{
	struct scene *s = scene_new(t);
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e = { 0 };
	if (scene_receipt(s, wanted, &file, &e) == 0 || !strstr(e.msg, why) || e.code != ERR_INVALID)
		fail_msg("row %zu: \"%s\" is not \"%s\"", row, e.msg, why);
	assert_int_equal(file.len, 0);
	buf_done(&file);
	scene_free(s);
}

static void story_accepted(size_t row, const struct twist *t, const bool wanted[static STEPS])
{
	struct scene *s = scene_new(t);
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e = { 0 };
	if (scene_receipt(s, wanted, &file, &e) < 0)
		fail_msg("row %zu: %s", row, e.msg);
	accepted(&file, NULL);
	buf_done(&file);
	scene_free(s);
}

/* Books that say something wrong: each change, and why the receipt is refused. The change is made before the entry is signed, so every signature and
 * every proof is good. */
#define CHANGE(name, at, what) \
	static void name(struct scene *s, enum step step, struct entry *en, enum actor *by) \
	{ \
		(void)s; \
		(void)en; \
		(void)by; \
		if (step == (at)) { \
			what; \
		} \
	}
CHANGE(opened_by_stranger, BOOK, *by = STRANGER)
CHANGE(other_book, DATA_1, en->book = entry_text("enclua.local/other"))
CHANGE(end_of_other_task, FINISH, id_make(en->task_complete.task, ID_TASK, "x", 1))
CHANGE(refuse_by_other, FINISH, *by = MANAGER)
CHANGE(keeper_of_other, NOISE_3, *by = MANAGER)
CHANGE(grant_tpm2, ORDER_DATA, en->order_data.min_assurance = entry_text("tpm2"))
CHANGE(claim_of_other_task, FINISH, id_make(en->task_claim.task, ID_TASK, "x", 1))
CHANGE(task_of_other_deal, INITIALIZE, (id_make(en->task_initialize.deal, ID_DEAL, "x", 1), id_task(en->task_initialize.task, en->task_initialize.deal, 2)))
CHANGE(task_of_no_deal, INITIALIZE, id_make(en->task_initialize.task, ID_TASK, "x", 1))
CHANGE(task_of_other_index, INITIALIZE, en->task_initialize.index = 1)
CHANGE(task_before_deal, INITIALIZE, (en->task_initialize.index = 0, id_task(en->task_initialize.task, s->deal, 0)))
CHANGE(task_after_request, INITIALIZE, (en->task_initialize.index = 3, id_task(en->task_initialize.task, s->deal, 3)))
CHANGE(task_after_app, ORDER_APP, en->order_app.volume = 1)
CHANGE(task_after_data, ORDER_DATA, en->order_data.volume = 1)
CHANGE(task_after_pool, ORDER_POOL, en->order_pool.volume = 1)
CHANGE(deal_of_no_request, DEAL, id_make(en->deal_match.deal, ID_DEAL, "x", 1))
CHANGE(deal_of_other_first, DEAL, en->deal_match.first = 0)
CHANGE(deal_of_other_request, DEAL, (id_make(en->deal_match.request, ID_ORDER, "x", 1), id_deal(en->deal_match.deal, en->deal_match.request, 1)))
CHANGE(deal_of_unknown_order, DEAL, id_make(en->deal_match.app, ID_ORDER, "x", 1))
CHANGE(deal_swapped, DEAL, memcpy(en->deal_match.app, s->orders[2], ID_TEXT))
CHANGE(deal_without_data, DEAL, en->deal_match.data[0] = '\0')
CHANGE(offer_of_other_app, ORDER_APP, id_make(en->order_app.app, ID_APP, "x", 1))
CHANGE(offer_of_other_data, ORDER_DATA, memcpy(en->order_data.data, s->data[1], ID_TEXT))
CHANGE(offer_of_other_pool, ORDER_POOL, id_make(en->order_pool.pool, ID_POOL, "x", 1))
CHANGE(request_of_other_app, REQUEST, id_make(en->order_request.app, ID_APP, "x", 1))
CHANGE(request_of_other_data, REQUEST, memcpy(en->order_request.data, s->data[1], ID_TEXT))
CHANGE(request_of_no_data, REQUEST, en->order_request.data[0] = '\0')
CHANGE(request_of_unknown_data, REQUEST, id_make(en->order_request.own_data.at[0], ID_DATA, "x", 1))
CHANGE(request_of_others_data, REQUEST, memcpy(en->order_request.own_data.at[0], s->data[0], ID_TEXT))
CHANGE(request_of_less_data, REQUEST, en->order_request.own_data.n = 0)
CHANGE(request_by_stranger, REQUEST, *by = STRANGER)
CHANGE(request_cheap_app, REQUEST, en->order_request.app_price--)
CHANGE(request_cheap_data, REQUEST, en->order_request.data_price--)
CHANGE(request_cheap_pool, REQUEST, en->order_request.pool_price--)
CHANGE(request_category, REQUEST, en->order_request.category = 1)
CHANGE(request_trust, REQUEST, en->order_request.trust = 6)
CHANGE(request_trust_two, REQUEST, en->order_request.trust = 2)
CHANGE(request_trust_one, REQUEST, en->order_request.trust = 1)
CHANGE(request_trust_five, REQUEST, en->order_request.trust = 5)
CHANGE(task_first_of_deal, INITIALIZE, (en->task_initialize.index = 1, id_task(en->task_initialize.task, s->deal, 1)))
CHANGE(request_age, REQUEST, en->order_request.recipient[0] ^= 1)
CHANGE(request_for_owner, REQUEST, memcpy(en->order_request.beneficiary, identity_public(s->actors[OWNER]), 32))
CHANGE(request_tpm2, REQUEST, en->order_request.min_assurance = entry_text("tpm2"))
CHANGE(request_any, REQUEST, en->order_request.min_assurance = entry_text(""))
CHANGE(request_perfect, REQUEST, en->order_request.min_assurance = entry_text("perfect"))
CHANGE(app_of_stranger, APP, *by = STRANGER)
CHANGE(data_of_stranger, DATA_1, *by = STRANGER)
CHANGE(own_data_of_stranger, DATA_2, *by = STRANGER)
CHANGE(pool_of_stranger, POOL, *by = STRANGER)
CHANGE(app_offered_by_stranger, ORDER_APP, *by = STRANGER)
CHANGE(data_offered_by_stranger, ORDER_DATA, *by = STRANGER)
CHANGE(data_offered_by_requester, ORDER_DATA, *by = REQUESTER)
CHANGE(pool_offered_by_stranger, ORDER_POOL, *by = STRANGER)
CHANGE(assign_other_task, ASSIGN, id_make(en->task_assign.task, ID_TASK, "x", 1))
CHANGE(assign_other_worker, ASSIGN, memcpy(en->task_assign.worker, identity_public(s->actors[STRANGER]), 32))
CHANGE(assign_by_stranger, ASSIGN, *by = STRANGER)
CHANGE(assign_by_worker, ASSIGN, *by = WORKER)
CHANGE(end_by_stranger, FINISH, *by = STRANGER)
CHANGE(end_by_requester, FINISH, *by = REQUESTER)
CHANGE(end_unknown, FINISH, en->task_complete.outcome = entry_text("DONE"))
CHANGE(end_claimed, FINISH, en->task_complete.outcome = entry_text("CLAIMED"))
CHANGE(end_no_result, FINISH, (memset(en->task_complete.result, 0, 32), en->task_complete.size = 0))
CHANGE(end_no_size, FINISH, en->task_complete.size = 0)
CHANGE(end_size_only, FINISH, (en->task_complete.outcome = entry_text("FAILED"), memset(en->task_complete.result, 0, 32)))
CHANGE(end_perfect, FINISH, en->task_complete.assurance = entry_text("perfect"))
CHANGE(end_none, FINISH, en->task_complete.assurance = entry_text("none"))
CHANGE(end_cvm, FINISH, en->task_complete.assurance = entry_text("cvm"))
CHANGE(final_by_stranger, FINISH, *by = STRANGER)
CHANGE(final_of_other_task, FINISH, id_make(en->task_finalize.task, ID_TASK, "x", 1))
CHANGE(final_of_other_worker, FINISH, memcpy(en->task_finalize.worker, identity_public(s->actors[STRANGER]), 32))
CHANGE(reveal_of_other_task, REVEAL, id_make(en->task_reveal.task, ID_TASK, "x", 1))
CHANGE(reveal_by_stranger, REVEAL, *by = STRANGER)
CHANGE(reveal_no_result, REVEAL, (memset(en->task_reveal.result, 0, 32), en->task_reveal.size = 0))
CHANGE(reveal_none, REVEAL, en->task_reveal.assurance = entry_text("none"))
#undef CHANGE

/* What a book that is in its order says wrong. */
static void books_that_say_wrong(void **state)
{
	(void)state;
	static const struct { struct twist twist; const char *why; } rows[] = {
		{ { .change = opened_by_stranger }, "not opened by the operator" }, { { .change = other_book }, "entry 7 is for another book" },
		{ { .change = end_of_other_task }, "the task.initialize of its task, which entry 24 needs" },
		{ { .change = refuse_by_other, .ending = REFUSE }, "the keeper.appoint of who signed it" },
		{ { .change = keeper_of_other, .ending = REFUSE }, "not by the operator of the book" },
		{ { .change = grant_tpm2 }, "the data are granted for the assurance tpm2, and the run had software" },
		{ { .change = claim_of_other_task, .ending = CLAIM }, "the task.initialize of its task" },
		{ { .change = task_of_other_deal }, "the deal.match of its deal, which entry 20 needs" },
		{ { .change = task_of_no_deal }, "the id of the task does not follow" }, { { .change = task_of_other_index }, "the id of the task does not follow" },
		{ { .change = task_before_deal }, "the deal has no such task" }, { { .change = task_after_request }, "the deal has no such task" },
		{ { .change = task_after_app }, "the deal has no such task" }, { { .change = task_after_data }, "the deal has no such task" },
		{ { .change = task_after_pool }, "the deal has no such task" },
		{ { .change = deal_of_no_request }, "the id of the deal does not follow" }, { { .change = deal_of_other_first }, "the id of the deal does not follow" },
		{ { .change = deal_of_other_request }, "which entry 19 needs, is not in it" }, { { .change = deal_of_unknown_order }, "which entry 19 needs, is not in it" },
		{ { .change = deal_swapped }, "names it as an order of another kind" }, { { .change = deal_without_data }, "the request is for other data" },
		{ { .change = offer_of_other_app }, "the request is for another iApp" }, { { .change = offer_of_other_data }, "the request is for other data" },
		{ { .change = offer_of_other_pool }, "which entry 19 needs, is not in it" },
		{ { .change = request_of_other_app }, "the request is for another iApp" }, { { .change = request_of_other_data }, "the request is for other data" },
		{ { .change = request_of_no_data }, "the request is for other data" }, { { .change = request_of_unknown_data }, "which entry 16 needs, is not in it" },
		{ { .change = request_of_others_data }, "did not belong to" }, { { .change = request_of_less_data }, "entry 9, data.register, has nothing to do" },
		{ { .change = request_by_stranger }, "did not belong to" },
		{ { .change = request_cheap_app }, "asks more than the request offers" }, { { .change = request_cheap_data }, "asks more than the request offers" },
		{ { .change = request_cheap_pool }, "asks more than the request offers" }, { { .change = request_category }, "another category" },
		{ { .change = request_trust }, "less trust" }, { { .change = request_trust_two }, "one worker alone" },
		{ { .change = request_age }, "sealed to a key that is not" }, { { .change = request_for_owner }, "sealed to a key that is not" },
		{ { .change = request_tpm2 }, "demands the assurance tpm2, and the run had software" },
		{ { .change = request_tpm2, .ending = FINALIZE }, "demands the assurance tpm2, and the run had software" },
		{ { .change = request_perfect }, "no assurance level perfect, which the request demands" },
		{ { .change = app_of_stranger }, "the iApp" }, { { .change = app_of_stranger }, "before entry 19: no transfer says so" },
		{ { .change = data_of_stranger }, "the data" }, { { .change = own_data_of_stranger }, "before entry 16: no transfer says so" },
		{ { .change = pool_of_stranger }, "the pool" }, { { .change = app_offered_by_stranger }, "did not belong to" },
		{ { .change = data_offered_by_stranger }, "did not belong to" }, { { .change = data_offered_by_requester }, "did not belong to" },
		{ { .change = pool_offered_by_stranger }, "did not belong to" },
		{ { .change = assign_other_task }, "the task.assign of its worker" }, { { .change = assign_other_worker }, "the task.assign of its worker" },
		{ { .change = assign_by_stranger }, "task.assign: not by who offered the pool" }, { { .change = assign_by_worker }, "not by who offered the pool" },
		{ { .change = assign_other_worker, .ending = FINALIZE }, "the task.assign of its worker" },
		{ { .change = end_by_stranger }, "the task.assign of its worker" }, { { .change = end_by_requester }, "the task.assign of its worker" },
		{ { .change = end_unknown }, "as COMPLETED, FAILED or LIMIT" }, { { .change = end_claimed }, "as COMPLETED, FAILED or LIMIT" },
		{ { .change = end_no_result }, "there is no result" }, { { .change = end_no_size }, "a hash and a size, or neither" },
		{ { .change = end_size_only }, "a hash and a size, or neither" }, { { .change = end_perfect }, "no assurance level perfect" },
		{ { .change = end_none }, "demands the assurance software, and the run had none" },
		{ { .change = final_by_stranger, .ending = FINALIZE }, "task.finalize: not by who offered the pool" },
		{ { .change = final_of_other_task, .ending = FINALIZE }, "the task.reveal of the worker that it names" },
		{ { .change = final_of_other_worker, .ending = FINALIZE }, "the task.reveal of the worker that it names" },
		{ { .change = reveal_of_other_task, .ending = FINALIZE }, "the task.reveal of the worker that it names" },
		{ { .change = reveal_by_stranger, .ending = FINALIZE }, "the task.reveal of the worker that it names" },
		{ { .change = reveal_no_result, .ending = FINALIZE }, "there is no result" },
		{ { .change = reveal_none, .ending = FINALIZE }, "demands the assurance software, and the run had none" },
		{ { .forge = true, .forged = APP }, "entry 6: app.register: the signature of" },
		{ { .forge = true, .forged = REQUEST }, "entry 16: order.request: the signature" },
		{ { .forge = true, .forged = ASSIGN }, "entry 21: task.assign: the signature" }, { { .forge = true, .forged = DEAL }, "entry 19: deal.match: the signature" },
		{ { .forge = true, .forged = FINISH }, "entry 24: task.complete: the signature" }, { { .forge = true, .forged = BOOK }, "entry 0: book.open: the signature" },
		{ { .forge = true, .forged = FINISH, .ending = CLAIM }, "entry 24: task.claim: the signature" },
		{ { .forge = true, .forged = REVEAL, .ending = FINALIZE }, "entry 23: task.reveal: the signature" },
	};
	static const struct twist fine[] = { { .change = request_trust_one }, { .change = request_any }, { .change = end_cvm },
		{ .change = request_trust_two, .ending = FINALIZE }, { .change = request_trust_five, .ending = FINALIZE }, { .change = task_first_of_deal },
		{ .change = request_tpm2, .ending = CLAIM },
		{ .change = grant_tpm2, .ending = REFUSE } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		story_refused(i, &rows[i].twist, scene_wanted[rows[i].twist.ending], rows[i].why);
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		story_accepted(i, &fine[i], scene_wanted[fine[i].ending]);
}

/* All ids are known before they are made, as whoever signs an entry can tell its id. */
static void ids_known(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if (step == BOOK || s->n == 0) {
		memcpy(s->app, good->app, sizeof s->app);
		memcpy(s->data, good->data, sizeof s->data);
		memcpy(s->pool, good->pool, sizeof s->pool);
		memcpy(s->orders, good->orders, sizeof s->orders);
		memcpy(s->request, good->request, sizeof s->request);
		memcpy(s->deal, good->deal, sizeof s->deal);
		memcpy(s->task, good->task, sizeof s->task);
		scene_entry(s, step, en, by);
	}
}

static void books_in_another_order(void **state)
{
	(void)state;
	/* `moved` comes right after `after`. NULL: that is allowed. */
	static const struct { enum step moved, after; const char *why; enum ending ending; } rows[] = {
		{ BOOK, NOISE_1, "book.open, is not in it", COMPLETE }, { REQUESTER_IN, REQUEST, "entry 15 needs entry 16", COMPLETE },
		{ OWNER_IN, APP, "entry 5 needs entry 6", COMPLETE }, { MANAGER_IN, POOL, "entry 9 needs entry 10", COMPLETE },
		{ WORKER_IN, ASSIGN, "entry 20 needs entry 21", COMPLETE }, { APP, DEAL, "entry 18 needs entry 19", COMPLETE },
		{ DATA_1, DEAL, "entry 18 needs entry 19", COMPLETE }, { POOL, DEAL, "entry 18 needs entry 19", COMPLETE },
		{ DATA_2, REQUEST, "entry 15 needs entry 16", COMPLETE }, { ORDER_APP, DEAL, "entry 18 needs entry 19", COMPLETE },
		{ ORDER_DATA, DEAL, "entry 18 needs entry 19", COMPLETE }, { ORDER_POOL, DEAL, "entry 18 needs entry 19", COMPLETE },
		{ REQUEST, DEAL, "entry 18 needs entry 19", COMPLETE }, { DEAL, INITIALIZE, "entry 19 needs entry 20", COMPLETE },
		{ INITIALIZE, ASSIGN, "entry 20 needs entry 21", COMPLETE }, { ASSIGN, REVEAL, "entry 22 needs entry 23", FINALIZE },
		{ REVEAL, FINISH, "not the end of a task", FINALIZE }, { NOISE_3, FINISH, "not the end of a task", REFUSE }, { ASSIGN, FINISH, "not the end of a task", COMPLETE },
		{ INITIALIZE, FINISH, "not the end of a task", CLAIM }, { DEAL, INITIALIZE, "entry 19 needs entry 20", CLAIM },
		{ APP, ORDER_APP, NULL, COMPLETE }, { DATA_1, REQUEST, NULL, COMPLETE }, { POOL, ORDER_POOL, NULL, COMPLETE }, { ORDER_APP, REQUEST, NULL, COMPLETE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum step order[STEPS];
		size_t n = 0;
		for (unsigned step = 0; step < STEPS; step++) {
			if (step != rows[i].moved)
				order[n++] = (enum step)step;
			if (step == rows[i].after)
				order[n++] = rows[i].moved;
		}
		const struct twist t = { .change = ids_known, .order = order, .ending = rows[i].ending };
		if (rows[i].why)
			story_refused(i, &t, scene_wanted[t.ending], rows[i].why);
		else
			story_accepted(i, &t, scene_wanted[t.ending]);
	}
}

/* Transfers, where the scene has noise, and who signs the order then. */
struct hand { enum step at; enum actor from, to; bool other; };	/* other: of another asset of that kind */
static struct hands { enum step asset, order; enum actor signer; struct hand hands[3]; } plan;

static void transfer_set(struct scene *s, const struct hand *h, struct entry *en, enum actor *by)
{
	char *id = NULL;
	uint8_t *to = NULL;
	*by = h->from;
	if (plan.asset == APP) {
		en->type = ENTRY_APP_TRANSFER_TYPE;
		id = en->app_transfer.app;
		to = en->app_transfer.to;
		memcpy(id, s->app, ID_TEXT);
	} else if (plan.asset == POOL) {
		en->type = ENTRY_POOL_TRANSFER_TYPE;
		id = en->pool_transfer.pool;
		to = en->pool_transfer.to;
		memcpy(id, s->pool, ID_TEXT);
	} else {
		en->type = ENTRY_DATA_TRANSFER_TYPE;
		id = en->data_transfer.data;
		to = en->data_transfer.to;
		memcpy(id, s->data[plan.asset == DATA_2], ID_TEXT);
		en->data_transfer.header = entry_text("AAEC/w==");
	}
	if (h->other)
		id_make(id, plan.asset == APP ? ID_APP : plan.asset == POOL ? ID_POOL : ID_DATA, "x", 1);
	memcpy(to, identity_public(s->actors[h->to]), 32);
}

static void hands_change(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	for (size_t i = 0; i < 3; i++)
		if (plan.hands[i].at == step && step != BOOK) {
			struct entry was = *en;
			memset(en, 0, sizeof *en);
			en->time = was.time;
			en->book = was.book;
			memcpy(en->nonce, was.nonce, sizeof en->nonce);
			transfer_set(s, &plan.hands[i], en, by);
		}
	if (step == plan.order)
		*by = plan.signer;
	if (plan.asset == POOL && step == ASSIGN)
		*by = plan.signer;
	if (plan.asset == DATA_2 && step == DATA_2)
		*by = OWNER;
}

static void assets_change_hands(void **state)
{
	(void)state;
	static const struct { struct hands hands; const char *why; } rows[] = {
		/* right */
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, OWNER, STRANGER, false } } }, NULL },
		{ { DATA_1, ORDER_DATA, STRANGER, { { MOVE_1, OWNER, STRANGER, false } } }, NULL },
		{ { POOL, ORDER_POOL, STRANGER, { { MOVE_1, MANAGER, STRANGER, false } } }, NULL },
		{ { DATA_2, REQUEST, REQUESTER, { { MOVE_1, OWNER, REQUESTER, false } } }, NULL },
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, OWNER, MANAGER, false }, { MOVE_2, MANAGER, STRANGER, false } } }, NULL },
		{ { DATA_2, REQUEST, REQUESTER, { { MOVE_1, OWNER, MANAGER, false }, { MOVE_2, MANAGER, REQUESTER, false } } }, NULL },
		{ { DATA_1, ORDER_DATA, STRANGER, { { MOVE_1, OWNER, MANAGER, false }, { MOVE_2, MANAGER, WORKER, false }, { MOVE_3, WORKER, STRANGER, false } } }, NULL },
		{ { APP, ORDER_APP, STRANGER, { { MOVE_3, OWNER, STRANGER, false } } }, NULL },	/* after the order: what counts is the deal */
		/* wrong */
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, MANAGER, STRANGER, false } } }, "did not belong to" },
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, OWNER, MANAGER, false } } }, "did not belong to" },
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, OWNER, STRANGER, true } } }, "did not belong to" },
		{ { DATA_1, ORDER_DATA, STRANGER, { { MOVE_1, OWNER, STRANGER, true } } }, "did not belong to" },
		{ { POOL, ORDER_POOL, STRANGER, { { MOVE_1, MANAGER, STRANGER, true } } }, "did not belong to" },
		/* the wrong way round */
		{ { APP, ORDER_APP, STRANGER, { { NOISE_2, MANAGER, STRANGER, false }, { MOVE_1, OWNER, MANAGER, false } } }, "did not belong to" },
		{ { APP, ORDER_APP, STRANGER, { { NOISE_3, OWNER, STRANGER, false } } }, "did not belong to" },	/* after the deal */
		{ { DATA_2, REQUEST, REQUESTER, { { MOVE_3, OWNER, REQUESTER, false } } }, "did not belong to" },	/* after the request */
		{ { APP, ORDER_APP, OWNER, { { MOVE_1, OWNER, STRANGER, false } } }, "has nothing to do" },
		{ { APP, ORDER_APP, OWNER, { { MOVE_1, OWNER, STRANGER, false }, { MOVE_2, STRANGER, OWNER, false } } }, "has nothing to do" },
		{ { APP, ORDER_APP, STRANGER, { { MOVE_1, OWNER, STRANGER, false }, { MOVE_2, OWNER, STRANGER, false } } }, "has nothing to do" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct twist t = { .change = hands_change };
		bool wanted[STEPS];
		plan = rows[i].hands;
		memcpy(wanted, scene_wanted[COMPLETE], sizeof wanted);
		for (size_t k = 0; k < 3; k++)
			wanted[plan.hands[k].at] = true;
		if (rows[i].why) {
			story_refused(i, &t, wanted, rows[i].why);
			continue;
		}
		story_accepted(i, &t, wanted);
		for (size_t k = 0; k < 3; k++) {	/* each of them is needed */
			if (plan.hands[k].at == BOOK)
				continue;
			wanted[plan.hands[k].at] = false;
			story_refused(i, &t, wanted, "did not belong to");
			wanted[plan.hands[k].at] = true;
		}
	}
}

/* A result that is for somebody who does nothing else: he may be introduced in the receipt, if he was before the request. */
static enum step stranger_in;
static void for_stranger(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if (step == REQUEST) {
		memcpy(en->order_request.beneficiary, identity_public(s->actors[WITNESS1]), 32);
		memcpy(en->order_request.recipient, identity_age_public(s->actors[WITNESS1]), 32);
	}
	if (step == stranger_in) {
		memset(&en->identity_register, 0, sizeof en->identity_register);
		scene_register(s, en, *by = WITNESS1, "will", "");
	}
}

static void who_gets_the_result(void **state)
{
	(void)state;
	const struct twist t = { .change = for_stranger };
	bool with[STEPS];
	memcpy(with, scene_wanted[COMPLETE], sizeof with);
	with[MOVE_1] = true;
	stranger_in = MOVE_1;
	story_accepted(0, &t, with);
	story_accepted(1, &t, scene_wanted[COMPLETE]);
	with[MOVE_1] = false;
	with[SPONSOR] = true;
	stranger_in = SPONSOR;
	story_refused(2, &t, with, "has nothing to do");
	story_accepted(3, &t, scene_wanted[COMPLETE]);
}

static enum actor payer, sponsor;
static void payer_change(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if (step == REQUEST)
		memcpy(en->order_request.payer, identity_public(s->actors[payer]), 32);
	if (step == SPONSOR) {
		*by = sponsor;
		en->type = ENTRY_DEAL_SPONSOR_TYPE;
		memset(&en->deal_sponsor, 0, sizeof en->deal_sponsor);
		memcpy(en->deal_sponsor.request, s->request, ID_TEXT);
	}
}

static void who_pays_has_signed(void **state)
{
	(void)state;
	const struct twist t = { .change = payer_change };
	bool with[STEPS];
	memcpy(with, scene_wanted[COMPLETE], sizeof with);
	with[SPONSOR] = true;
	payer = sponsor = STRANGER;
	story_accepted(0, &t, with);
	story_refused(1, &t, scene_wanted[COMPLETE], "the deal.sponsor of who pays, which entry 19 needs");
	sponsor = OWNER;
	story_refused(2, &t, with, "the deal.sponsor of who pays");
	payer = sponsor = REQUESTER;
	story_accepted(3, &t, scene_wanted[COMPLETE]);
	story_refused(4, &t, with, "has nothing to do");
}

/* A second of what there is one of: the noise becomes it, and the receipt carries it. */
static void twice(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	static const enum step seconds[STEPS] = { [NOISE_1] = BOOK, [NOISE_2] = WORKER_IN, [MOVE_1] = APP, [MOVE_2] = DATA_1, [MOVE_3] = REQUEST, [SPONSOR] = ORDER_APP,
		[NOISE_3] = ASSIGN, [REVEAL] = INITIALIZE };
	if (step != NOISE_1 && !seconds[step])
		return;
	scene_entry(s, seconds[step], en, by);
	en->time = ENTRY_MAKE_TIME + 50 + step;
	if (step == NOISE_2)
		en->identity_register.role = entry_text("");
}

static void no_second_of_anything(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = twice });
	struct buf file = receipt_of(s);	/* of the first ones */
	accepted(&file, NULL);
	buf_clear(&file);
	static const enum step seconds[] = { NOISE_1, NOISE_2, MOVE_1, MOVE_2, MOVE_3, SPONSOR, NOISE_3, REVEAL };
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
		bool wanted[STEPS];
		struct err e = { 0 };
		memcpy(wanted, scene_wanted[COMPLETE], sizeof wanted);
		wanted[seconds[i]] = true;
		assert_int_equal(scene_receipt(s, wanted, &file, &e), -1);
		assert_non_null(strstr(e.msg, "has nothing to do with the task"));
	}
	/* The other request is not the deal's. */
	bool wanted[STEPS];
	memcpy(wanted, scene_wanted[COMPLETE], sizeof wanted);
	wanted[REQUEST] = false;
	wanted[MOVE_3] = true;
	assert_int_equal(scene_receipt(s, wanted, &file, NULL), -1);
	buf_done(&file);
	scene_free(s);
}

static void policies_decide(void **state)
{
	(void)state;
	static const enum actor one[] = { WITNESS1 }, stranger[] = { WITNESS1, STRANGER };
	struct buf file = receipt_of(good);
	struct tlog_policy *p = policy_of(good, one, 1, NULL, OPERATOR);
	accepted(&file, p);	/* the second witness's name carries its key */
	tlog_policy_free(p);
	p = policy_of(good, stranger, 2, NULL, OPERATOR);
	refused(file.data, file.len, p, ERR_DENIED, "w1");
	tlog_policy_free(p);
	p = policy_of(good, one, 1, "another.example/log", OPERATOR);
	refused(file.data, file.len, p, ERR_DENIED, "log");
	tlog_policy_free(p);
	/* Not countersigned at all. */
	scene_checkpoint(good, false);
	struct buf bare = receipt_of(good);
	scene_checkpoint(good, true);
	p = policy_good(good);
	accepted(&bare, NULL);
	refused(bare.data, bare.len, p, ERR_DENIED, "");
	tlog_policy_free(p);
	buf_done(&bare);
	buf_done(&file);
}

/* A signature that nobody here can check is refused, until a policy names its key; then its bits count as well. */
static void no_line_goes_unchecked(void **state)
{
	(void)state;
	struct scene *s = scene_new(NULL);
	struct note n;
	struct note_key key;
	struct tlog_policy *p = NULL;
	struct receipt *r = NULL;
	struct buf text = BUF_INIT(TLOG_POLICY_BYTES);
	assert_int_equal(note_parse(&n, buf_text(&s->note), s->note.len, NULL), 0);
	assert_int_equal(note_cosign(&s->note, n.text, n.text_len, "witness.example/w", s->actors[STRANGER], 1, NULL), 0);
	struct buf file = receipt_of(s);
	refused(file.data, file.len, NULL, ERR_INVALID, "the signature of witness.example/w under the checkpoint cannot be checked");
	p = policy_good(s);
	refused(file.data, file.len, p, ERR_INVALID, "cannot be checked");
	tlog_policy_free(p);
	assert_int_equal(note_key_make(&key, "witness.example/w", NOTE_COSIGNATURE, identity_public(s->actors[STRANGER]), NULL), 0);
	assert_int_equal(buf_add_text(&text, "witness w ", NULL), 0);
	assert_int_equal(note_key_text(&key, &text, NULL), 0);
	assert_int_equal(buf_add_text(&text, "\nquorum w\n", NULL), 0);
	assert_int_equal(tlog_policy_parse(&p, buf_text(&text), text.len, NULL), 0);
	accepted(&file, p);
	for (size_t bit = 8 * (file.len - 130); bit < 8 * file.len; bit++) {	/* its line is the last */
		file.data[bit / 8] = (uint8_t)(file.data[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(receipt_open(&r, file.data, file.len, p, NULL), -1);
		file.data[bit / 8] = (uint8_t)(file.data[bit / 8] ^ 1 << bit % 8);
	}
	tlog_policy_free(p);
	buf_done(&text);
	buf_done(&file);
	scene_free(s);
}

/* Proofs of another size, of another place, and a checkpoint of another book. */
static void proofs_are_of_this_checkpoint(void **state)
{
	(void)state;
	struct receipt_entry in[STEPS];
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e = { 0 };
	size_t n = scene_entries(good, scene_wanted[COMPLETE], in);
	struct merkle_proof was = in[3].proof;
	in[3].proof = in[2].proof;
	assert_int_equal(receipt_write(&file, in, n, buf_text(&good->note), good->note.len, &e), -1);
	assert_non_null(strstr(e.msg, "entry 4: "));
	in[3].proof = was;
	in[n - 1].index = STEPS;
	assert_int_equal(receipt_write(&file, in, n, buf_text(&good->note), good->note.len, &e), -1);
	assert_non_null(strstr(e.msg, "has only 26 entries"));
	in[n - 1].index = FINISH;
	/* The same entries in a book that has gone on: old proofs do not fit its checkpoint. */
	struct scene *later = scene_new(NULL);
	scene_step(later, NOISE_4, NULL);
	scene_checkpoint(later, true);
	assert_int_equal(receipt_write(&file, in, n, buf_text(&later->note), later->note.len, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	struct buf fresh = receipt_of(later);
	accepted(&fresh, NULL);
	buf_done(&fresh);
	assert_int_equal(receipt_write(&file, in, n, buf_text(&good->note), good->note.len, &e), 0);
	scene_free(later);
	buf_done(&file);
}

/* An origin that carries no key, though a policy lists it: nobody else could tell who opened the book. */
static void origins_carry_keys(void **state)
{
	(void)state;
	struct scene *s = scene_new(NULL);
	struct err e = { 0 };
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	memcpy(s->origin, "book.example/log", 17);
	scene_checkpoint(s, true);
	assert_int_equal(scene_receipt(s, scene_wanted[COMPLETE], &file, &e), -1);
	assert_int_equal(file.len, 0);
	/* Another operator's checkpoint over the same entries. */
	checkpoint_origin_make(s->origin, identity_public(s->actors[STRANGER]));
	struct identity *operator = s->actors[OPERATOR];
	s->actors[OPERATOR] = s->actors[STRANGER];
	scene_checkpoint(s, true);
	s->actors[OPERATOR] = operator;
	assert_int_equal(scene_receipt(s, scene_wanted[COMPLETE], &file, &e), -1);
	assert_non_null(strstr(e.msg, "not opened by the operator"));
	buf_done(&file);
	scene_free(s);
}

static void levels(void **state)
{
	(void)state;
	static const char *const known[] = { "none", "software", "tpm2", "cvm" };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct entry_text t = entry_text(known[i]);
		assert_non_null(assurance_text(&t));
		assert_int_equal(assurance_level(&t), i);
	}
	struct entry_text t = entry_text("Software");
	assert_null(assurance_text(&t));
	t = (struct entry_text){ NULL, 0 };
	assert_null(assurance_text(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_ran_what), cmocka_unit_test(every_ending_has_one), cmocka_unit_test(every_bit_of_a_completed_one),
		cmocka_unit_test(every_bit_of_a_finalized_one), cmocka_unit_test(every_bit_of_a_claimed_one), cmocka_unit_test(every_bit_flip_of_the_checkpoint),
		cmocka_unit_test(no_part_is_a_receipt), cmocka_unit_test(blocks_have_their_place), cmocka_unit_test(one_spelling),
		cmocka_unit_test(nothing_missing_nothing_more), cmocka_unit_test(books_that_say_wrong), cmocka_unit_test(books_in_another_order),
		cmocka_unit_test(assets_change_hands), cmocka_unit_test(who_pays_has_signed), cmocka_unit_test(who_gets_the_result), cmocka_unit_test(no_second_of_anything),
		cmocka_unit_test(policies_decide), cmocka_unit_test(no_line_goes_unchecked), cmocka_unit_test(proofs_are_of_this_checkpoint),
		cmocka_unit_test(origins_carry_keys), cmocka_unit_test(levels),
	};
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, group_setup, group_teardown);
}
