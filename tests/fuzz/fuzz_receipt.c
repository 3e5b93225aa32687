/* Receipts. An input that begins like one is opened as a file. Any other one is a recipe: it changes the small book of receipt_make.h (order, signers, fields of
 * the entries, which of them the receipt has), signs it truly, and whatever receipt_write then accepts must open again and keep the rules.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "seal/crypto.h"
#include "unit/receipt_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *recipe;
static size_t left;
static struct identity *actors[ACTORS];	/* the same for every recipe */

static void require(int condition)
{
	if (!condition)
		abort();
}

static unsigned take(unsigned below)
{
	if (left == 0)
		return 0;
	left--;
	return *recipe++ % below;
}

static unsigned count(const struct receipt *r, enum entry_type t)
{
	unsigned n = 0;
	for (size_t i = 0; i < receipt_count(r); i++)
		n += receipt_at(r, i, NULL)->type == t;
	return n;
}

/* Who is registered does something else, too, or the result is for him. */
static bool registered_for_something(const struct receipt *r, const uint8_t who[static 32])
{
	if (memcmp(receipt_find(r, ENTRY_TASK_REQUEST_TYPE)->task_request.beneficiary, who, 32) == 0)
		return true;
	for (size_t i = 0; i < receipt_count(r); i++) {
		const struct entry *en = receipt_at(r, i, NULL);
		if (en->type != ENTRY_IDENTITY_REGISTER_TYPE && memcmp(en->by, who, 32) == 0)
			return true;
	}
	return false;
}

static unsigned distinct_data(const struct entry_ids *ids)
{
	unsigned n = 0;
	for (size_t i = 0; i < ids->n; i++) {
		bool before = false;
		for (size_t k = 0; k < i; k++)
			before |= strcmp(ids->at[i], ids->at[k]) == 0;
		n += !before;
	}
	return n;
}

/* The rules once more, as counts. */
static void rules_kept(const struct receipt *r)
{
	uint64_t index, last = 0;
	size_t n = receipt_count(r);
	require(n >= 6 && receipt_at(r, n - 1, NULL)->type == ENTRY_TASK_FINISH_TYPE);
	require(count(r, ENTRY_TASK_FINISH_TYPE) == 1 && count(r, ENTRY_TASK_REQUEST_TYPE) == 1 && count(r, ENTRY_APP_REGISTER_TYPE) == 1 &&
		count(r, ENTRY_BOOK_OPEN_TYPE) == 1 && receipt_at(r, 0, &index)->type == ENTRY_BOOK_OPEN_TYPE && index == 0);
	const struct entry *request = receipt_find(r, ENTRY_TASK_REQUEST_TYPE), *finish = receipt_find(r, ENTRY_TASK_FINISH_TYPE);
	require(count(r, ENTRY_DATA_REGISTER_TYPE) == distinct_data(&request->task_request.data));
	require(strcmp(finish->task_finish.task, receipt_task(r)) == 0);
	bool worker = false, requester = false;
	for (size_t i = 0; i < n; i++) {
		const struct entry *en = receipt_at(r, i, &index);
		require(i == 0 || index > last);
		last = index;
		require(entry_text_is(&en->book, receipt_checkpoint(r)->origin));
		if (en->type != ENTRY_IDENTITY_REGISTER_TYPE)
			continue;
		require(registered_for_something(r, en->by));
		worker |= memcmp(en->by, finish->by, 32) == 0 && entry_text_is(&en->identity_register.role, "worker");
		requester |= memcmp(en->by, request->by, 32) == 0;
	}
	require(worker && requester && index < receipt_checkpoint(r)->size);
}

static void file_opened(const uint8_t *data, size_t size)
{
	struct receipt *r = NULL;
	struct err e;
	if (receipt_open(&r, data, size, NULL, &e) < 0) {
		require(e.code != ERR_NONE && e.msg[0]);
		return;
	}
	rules_kept(r);
	receipt_free(r);
}

/* A text that means something to the rules, if it fits. */
static struct entry_text word(const struct entry_field *f)
{
	static const char *const words[] = { "COMPLETED", "FAILED", "LIMIT", "worker", "keeper", "none", "cvm", "x" };
	struct entry_text t = entry_text(words[take(8)]);
	return t.len <= f->arg ? t : entry_text("x");
}

/* One field of the entry gets another value. */
static void field_change(struct scene *s, struct entry *en)
{
	const struct entry_info *info = entry_info(en->type);
	if (info->n == 0)
		return;
	const struct entry_field *f = &info->fields[take((unsigned)info->n)];
	void *member = (char *)en + f->offset;
	if (f->need == ENTRY_MANY) {
		size_t *n = member;
		*n = take(3);
		struct entry_ids *ids = member;
		for (size_t i = 0; f->kind == ENTRY_KIND_ID && i < *n; i++)
			memcpy(ids->at[i], s->data[take(2)], ID_TEXT);
		struct entry_texts *texts = member;
		for (size_t i = 0; f->kind == ENTRY_KIND_TEXT && i < *n; i++)
			texts->at[i] = word(f);
	} else if (f->kind == ENTRY_KIND_TEXT)
		*(struct entry_text *)member = word(f);
	else if (f->kind == ENTRY_KIND_IDENTITY)
		memcpy(member, identity_public(s->actors[take(ACTORS)]), 32);
	else if (f->kind == ENTRY_KIND_AGE)
		memcpy(member, identity_age_public(s->actors[take(ACTORS)]), 32);
	else if (f->kind == ENTRY_KIND_HASH && take(2))
		memset(member, 0, 32);
	else
		entry_make_value(f, member, take(256));
}

/* An id that was never made, or of another kind, cannot be written. */
static void id_mend(char id[static ID_TEXT], enum id_kind kind)
{
	enum id_kind is;
	if (id_check(&is, id, NULL) < 0 || is != kind)
		id_make(id, kind, "?", 1);
}

static void change(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	(void)step;
	unsigned what = take(16);
	if (what & 1)
		scene_entry(s, (enum step)take(STEPS), en, by);
	if (what & 2)
		field_change(s, en);
	if (what & 4)
		*by = (enum actor)take(ACTORS);
	if (en->type == ENTRY_TASK_REQUEST_TYPE) {
		id_mend(en->task_request.app, ID_APP);
		for (size_t i = 0; i < en->task_request.data.n; i++)
			id_mend(en->task_request.data.at[i], ID_DATA);
	}
	if (en->type == ENTRY_TASK_FINISH_TYPE)
		id_mend(en->task_finish.task, ID_TASK);
}

static void recipe_tried(const uint8_t *data, size_t size)
{
	enum step order[STEPS];
	bool wanted[STEPS];
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	recipe = data;
	left = size;
	unsigned swaps = take(4), flips = take(4);
	for (unsigned i = 0; i < STEPS; i++)
		order[i] = (enum step)i;
	for (; swaps > 0; swaps--) {
		unsigned a = take(STEPS), b = take(STEPS);
		enum step was = order[a];
		order[a] = order[b];
		order[b] = was;
	}
	memcpy(wanted, scene_wanted, sizeof wanted);
	for (; flips > 0; flips--) {
		unsigned a = take(STEPS);
		wanted[a] = !wanted[a];
	}
	static struct scene s;
	if (!actors[0])
		scene_actors(actors);
	scene_play(&s, actors, &(struct twist){ .change = change, .order = order });
	if (scene_receipt(&s, wanted, &file, NULL) == 0) {
		struct receipt *r = NULL;
		require(receipt_open(&r, file.data, file.len, NULL, NULL) == 0);
		rules_kept(r);
		receipt_free(r);
	} else
		require(file.len == 0);
	buf_done(&file);
	scene_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	if (size > 0 && data[0] == 'e')
		file_opened(data, size);
	else
		recipe_tried(data, size);
	return 0;
}
