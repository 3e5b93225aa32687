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

static struct scene *good;

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
	if (scene_receipt(s, scene_wanted, &out, &e) < 0)
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
	assert_int_equal(receipt_count(r), 9);
	assert_int_equal(receipt_checkpoint(r)->size, STEPS);
	assert_string_equal(receipt_checkpoint(r)->origin, good->origin);
	assert_true(receipt_verdict(r)->quorum);
	assert_int_equal(receipt_verdict(r)->cosigned, 2);
	assert_int_equal(receipt_verdict(r)->unknown, 0);
	assert_string_equal(receipt_task(r), good->task);
	assert_int_equal(receipt_at(r, 8, &index)->type, ENTRY_TASK_FINISH_TYPE);
	assert_int_equal(index, FINISH);
	assert_true(entry_text_is(&receipt_find(r, ENTRY_APP_REGISTER_TYPE)->app_register.name, "hello"));
	assert_null(receipt_find(r, ENTRY_ACCOUNT_CLOSE_TYPE));
	(void)snprintf(head, sizeof head, "enclua/receipt/v1\ntask: %s\napp: hello 0.1.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nstatus: COMPLETED\n"
		"result: sha256:0606060606060606060606060606060606060606060606060606060606060606\n"
		"measurement: sha256:0505050505050505050505050505050505050505050505050505050505050505\nassurance: software\n"
		"means: protects against the iApp, not against root or the operator of the machine that ran it\nentries: 9\n\nentry 0 ", good->task);
	assert_memory_equal(file.data, head, strlen(head));
	receipt_free(r);
	accepted(&file, NULL);
	tlog_policy_free(p);
	buf_done(&file);
}

static void status_set(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	(void)s;
	(void)by;
	if (step != FINISH)
		return;
	en->task_finish.status = entry_text("FAILED");
	en->task_finish.reason = entry_text("error in the script");
	memset(en->task_finish.result, 0, 32);
	en->task_finish.size = 0;
}

static void a_failed_task_has_one_too(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = status_set });
	struct buf file = receipt_of(s);
	accepted(&file, NULL);
	assert_non_null(strstr(buf_text(&file), "\nstatus: FAILED\nmeasurement: "));
	buf_done(&file);
	scene_free(s);
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
	if (step == REQUEST)
		en->task_request.data.n = 0;
}

static const bool few_wanted[STEPS] = { [BOOK] = true, [REQUESTER_IN] = true, [WORKER_IN] = true, [APP] = true, [REQUEST] = true, [FINISH] = true };

static void every_bit_flip(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = request_alone });
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct tlog_policy *p = policy_good(s);
	assert_int_equal(scene_receipt(s, few_wanted, &file, NULL), 0);
	flips(&file, p);
	buf_clear(&file);
	scene_checkpoint(s, false);
	assert_int_equal(scene_receipt(s, few_wanted, &file, NULL), 0);
	flips(&file, NULL);
	tlog_policy_free(p);
	buf_done(&file);
	scene_free(s);
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
	size_t at = (size_t)(strstr(buf_text(file), "\nentries: 9\n") - buf_text(file)) + strlen("\nentries: ");
	assert_int_equal(buf_add(&out, file->data, at, NULL), 0);
	assert_int_equal(buf_add_text(&out, n, NULL), 0);
	assert_int_equal(buf_add(&out, file->data + at + 1, file->len - at - 1, NULL), 0);
	return out;
}

static void blocks_have_their_place(void **state)
{
	(void)state;
	struct buf file = receipt_of(good), more = counted(&file, "10"), fewer = counted(&file, "8");
	for (size_t i = 0; i < 9; i++) {
		size_t len, next_len, at = block_at(&file, i, &len);
		/* twice */
		size_t again = block_at(&more, i, &len);
		spliced(&more, again, 0, more.data + again, len, "not in the order of the book");
		spliced(&file, at, 0, file.data + at, len, "has no checkpoint after 9");
		/* not at all: all that is left is good, but something that is needed is not there; the owner's registration is not needed */
		again = block_at(&fewer, i, &len);
		if (i == OWNER_IN - 1)
			continue;
		spliced(&fewer, again, len, "", 0, i == 0 ? "book.open, is not in it" : i == 8 ? "not the end of a task" : "is not in it");
		spliced(&file, at, len, "", 0, "entry 9 of the receipt is malformed");
		/* before the one before it */
		if (i == 8)
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
		{ "entries: 9", "entries: 09", "line 9" }, { "entries: 9", "entries: 0", "1 to 256 entries" }, { "entries: 9", "entries: 257", "1 to 256 entries" },
		{ "entries: 9", "entries: 18446744073709551625", "malformed head" }, { "entries: 9", "entries: ", "malformed head" },
		{ "entries: 9\n", "entries: 9\nnote: nice\n", "malformed head" }, { "assurance: software\n", "assurance: software\nnote: nice\n", "line 8" },
		{ "\nentry 0 ", "\nentry 00 ", "line 11" }, { "\nentry 0 ", "\nentry  0 ", "entry 1 of the receipt is malformed" },
		{ "\nentry 0 ", "\nentry -0 ", "malformed" }, { "\nentry 0 ", "\nEntry 0 ", "malformed" }, { "\nentry 0 ", "\nentry 1 ", "entry 1: " },
		{ "\nentry 0 ", "\nentry 99 ", "has only 13 entries" }, { "\nproof 4\n", "\nproof 04\n", "of the receipt" }, { "\nproof 4\n", "\nproof 3\n", "malformed" },
		{ "\nproof 4\n", "\nproof 65\n", "malformed" }, { "\nproof 4\n", "\nproof 99999999999999999999\n", "malformed" },
		{ "\ncheckpoint\n", "\ncheckpoint \n", "no checkpoint after 9" }, { "\ncheckpoint\n", "\n\ncheckpoint\n", "no checkpoint" },
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
	for (unsigned step = 0; step < STEPS; step++) {
		bool wanted[STEPS];
		struct buf file = BUF_INIT(RECEIPT_BYTES);
		struct err e = { 0 };
		memcpy(wanted, scene_wanted, sizeof wanted);
		wanted[step] = !wanted[step];
		int r = scene_receipt(good, wanted, &file, &e);
		assert_int_equal(r, step == OWNER_IN ? 0 : -1);
		assert_int_equal(file.len == 0, r < 0);
		if (r < 0)
			assert_int_equal(e.code, ERR_INVALID);
		if (r < 0 && !scene_wanted[step])
			assert_non_null(strstr(e.msg, step == NOISE_4 ? "not the end of a task" : "has nothing to do with the task"));
		buf_done(&file);
	}
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt_entry in[RECEIPT_ENTRIES + 1];
	assert_int_equal(receipt_write(&file, in, 0, buf_text(&good->note), good->note.len, NULL), -1);
	assert_int_equal(receipt_write(&file, in, RECEIPT_ENTRIES + 1, buf_text(&good->note), good->note.len, NULL), -1);
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
CHANGE(role_none, WORKER_IN, en->identity_register.role = entry_text(""))
CHANGE(role_keeper, WORKER_IN, en->identity_register.role = entry_text("keeper"))
CHANGE(ended_by_stranger, FINISH, *by = STRANGER)
CHANGE(ended_by_requester, FINISH, *by = REQUESTER)
CHANGE(asked_by_stranger, REQUEST, *by = STRANGER)
CHANGE(other_task, FINISH, id_make(en->task_finish.task, ID_TASK, "x", 1))
CHANGE(other_app, REQUEST, id_make(en->task_request.app, ID_APP, "x", 1))
CHANGE(other_data, REQUEST, id_make(en->task_request.data.at[1], ID_DATA, "x", 1))
CHANGE(less_data, REQUEST, en->task_request.data.n = 1)
CHANGE(other_age, REQUEST, en->task_request.recipient[0] ^= 1)
CHANGE(beneficiary_age, REQUEST, memcpy(en->task_request.beneficiary, identity_public(s->actors[OWNER]), 32))
CHANGE(opened_by_stranger, BOOK, *by = STRANGER)
CHANGE(other_book, DATA_1, en->book = entry_text("enclua.local/other"))
CHANGE(status_unknown, FINISH, en->task_finish.status = entry_text("DONE"))
CHANGE(no_result, FINISH, memset(en->task_finish.result, 0, 32))
CHANGE(level_unknown, FINISH, en->task_finish.assurance = entry_text("perfect"))
CHANGE(level_empty, FINISH, en->task_finish.assurance = entry_text("softwar"))
CHANGE(ids_known, REQUEST, (memcpy(en->task_request.app, good->app, ID_TEXT), memcpy(en->task_request.data.at, good->data, sizeof good->data)))
CHANGE(task_known, FINISH, memcpy(en->task_finish.task, good->task, ID_TEXT))
#undef CHANGE

static const enum step book_second[] = { NOISE_1, BOOK, REQUESTER_IN, WORKER_IN, OWNER_IN, APP, DATA_1, NOISE_2, DATA_2, REQUEST, NOISE_3, FINISH, NOISE_4 };
static const enum step requester_late[] = { BOOK, NOISE_1, WORKER_IN, OWNER_IN, APP, DATA_1, NOISE_2, REQUEST, REQUESTER_IN, DATA_2, NOISE_3, FINISH, NOISE_4 };
static const enum step owner_late[] = { BOOK, NOISE_1, REQUESTER_IN, WORKER_IN, APP, OWNER_IN, DATA_1, NOISE_2, DATA_2, REQUEST, NOISE_3, FINISH, NOISE_4 };
static const enum step app_late[] = { BOOK, NOISE_1, REQUESTER_IN, WORKER_IN, OWNER_IN, DATA_1, NOISE_2, DATA_2, REQUEST, APP, NOISE_3, FINISH, NOISE_4 };
static const enum step data_late[] = { BOOK, NOISE_1, REQUESTER_IN, WORKER_IN, OWNER_IN, APP, DATA_1, NOISE_2, REQUEST, DATA_2, NOISE_3, FINISH, NOISE_4 };
static const enum step worker_late[] = { BOOK, NOISE_1, REQUESTER_IN, OWNER_IN, APP, DATA_1, NOISE_2, DATA_2, REQUEST, NOISE_3, FINISH, WORKER_IN, NOISE_4 };
static const enum step request_late[] = { BOOK, NOISE_1, REQUESTER_IN, WORKER_IN, OWNER_IN, APP, DATA_1, NOISE_2, DATA_2, NOISE_3, FINISH, REQUEST, NOISE_4 };

static void books_that_say_wrong(void **state)
{
	(void)state;
	static const struct { struct twist twist; const char *why; } rows[] = {
		{ { .change = role_none }, "as a worker" }, { { .change = role_keeper }, "as a worker" },
		{ { .change = ended_by_stranger }, "the registration of the one who signed, which entry 11 needs" }, { { .change = ended_by_requester }, "as a worker" },
		{ { .change = asked_by_stranger }, "the registration of the one who signed, which entry 9 needs" },
		{ { .change = other_task }, "which entry 11 needs" }, { { .change = other_app }, "which entry 9 needs" }, { { .change = other_data }, "which entry 9 needs" },
		{ { .change = less_data }, "entry 8, data.register, has nothing to do" }, { { .change = other_age }, "sealed to a key that is not" },
		{ { .change = beneficiary_age }, "sealed to a key that is not" }, { { .change = opened_by_stranger }, "not opened by the operator" },
		{ { .change = other_book }, "entry 6 is for another book" }, { { .change = status_unknown }, "this one as DONE" },
		{ { .change = no_result }, "there is no result" }, { { .change = level_unknown }, "no assurance level perfect" },
		{ { .change = level_empty }, "no assurance level softwar" },
		{ { .order = book_second }, "book.open, is not in it" }, { { .order = requester_late, .change = ids_known }, "entry 7 needs entry 8" },
		{ { .order = owner_late }, "entry 4 needs entry 5" }, { { .order = app_late, .change = ids_known }, "entry 8 needs entry 9" },
		{ { .order = data_late, .change = ids_known }, "entry 8 needs entry 9" }, { { .order = worker_late }, "not the end of a task" },
		{ { .order = request_late, .change = task_known }, "not the end of a task" },
		{ { .forge = true, .forged = APP }, "entry 5: app.register: the signature of" }, { { .forge = true, .forged = REQUEST }, "entry 9: task.request: the signature" },
		{ { .forge = true, .forged = FINISH }, "entry 11: task.finish: the signature" }, { { .forge = true, .forged = BOOK }, "entry 0: book.open: the signature" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene *s = scene_new(&rows[i].twist);
		struct buf file = BUF_INIT(RECEIPT_BYTES);
		struct err e = { 0 };
		if (scene_receipt(s, scene_wanted, &file, &e) == 0 || !strstr(e.msg, rows[i].why) || e.code != ERR_INVALID)
			fail_msg("row %zu: \"%s\" is not \"%s\"", i, e.msg, rows[i].why);
		assert_int_equal(file.len, 0);
		buf_done(&file);
		scene_free(s);
	}
}

/* A second of what there is one of: the noise becomes it, and the receipt carries it. */
static void twice(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if (step == NOISE_3) {
		scene_entry(s, REQUEST, en, by);
		en->time++;
	}
	if (step == NOISE_2) {
		scene_entry(s, WORKER_IN, en, by);
		en->identity_register.role = entry_text("");
	}
	if (step == NOISE_1) {
		scene_entry(s, BOOK, en, by);
		en->time++;
	}
}

static void no_second_of_anything(void **state)
{
	(void)state;
	struct scene *s = scene_new(&(struct twist){ .change = twice });
	struct buf file = receipt_of(s);	/* of the first ones */
	accepted(&file, NULL);
	buf_clear(&file);
	static const enum step seconds[] = { NOISE_1, NOISE_2, NOISE_3 };
	for (size_t i = 0; i < 3; i++) {
		bool wanted[STEPS];
		struct err e = { 0 };
		memcpy(wanted, scene_wanted, sizeof wanted);
		wanted[seconds[i]] = true;
		assert_int_equal(scene_receipt(s, wanted, &file, &e), -1);
		assert_non_null(strstr(e.msg, "has nothing to do with the task"));
	}
	/* The other request is nobody's end. */
	bool wanted[STEPS];
	memcpy(wanted, scene_wanted, sizeof wanted);
	wanted[REQUEST] = false;
	wanted[NOISE_3] = true;
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
	size_t n = scene_entries(good, scene_wanted, in);
	struct merkle_proof was = in[3].proof;
	in[3].proof = in[2].proof;
	assert_int_equal(receipt_write(&file, in, n, buf_text(&good->note), good->note.len, &e), -1);
	assert_non_null(strstr(e.msg, "entry 4: "));
	in[3].proof = was;
	in[n - 1].index = STEPS;
	assert_int_equal(receipt_write(&file, in, n, buf_text(&good->note), good->note.len, &e), -1);
	assert_non_null(strstr(e.msg, "has only 13 entries"));
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
	assert_int_equal(scene_receipt(s, scene_wanted, &file, &e), -1);
	assert_int_equal(file.len, 0);
	/* Another operator's checkpoint over the same entries. */
	checkpoint_origin_make(s->origin, identity_public(s->actors[STRANGER]));
	struct identity *operator = s->actors[OPERATOR];
	s->actors[OPERATOR] = s->actors[STRANGER];
	scene_checkpoint(s, true);
	s->actors[OPERATOR] = operator;
	assert_int_equal(scene_receipt(s, scene_wanted, &file, &e), -1);
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
	}
	struct entry_text t = entry_text("Software");
	assert_null(assurance_text(&t));
	t = (struct entry_text){ NULL, 0 };
	assert_null(assurance_text(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_ran_what), cmocka_unit_test(a_failed_task_has_one_too), cmocka_unit_test(every_bit_flip),
		cmocka_unit_test(every_bit_flip_of_the_checkpoint), cmocka_unit_test(no_part_is_a_receipt), cmocka_unit_test(blocks_have_their_place),
		cmocka_unit_test(one_spelling), cmocka_unit_test(nothing_missing_nothing_more), cmocka_unit_test(books_that_say_wrong),
		cmocka_unit_test(no_second_of_anything), cmocka_unit_test(policies_decide), cmocka_unit_test(no_line_goes_unchecked),
		cmocka_unit_test(proofs_are_of_this_checkpoint), cmocka_unit_test(origins_carry_keys), cmocka_unit_test(levels),
	};
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, group_setup, group_teardown);
}
