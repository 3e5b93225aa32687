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
	if (memcmp(receipt_find(r, ENTRY_ORDER_REQUEST_TYPE)->order_request.beneficiary, who, 32) == 0)
		return true;
	for (size_t i = 0; i < receipt_count(r); i++) {
		const struct entry *en = receipt_at(r, i, NULL);
		if (en->type != ENTRY_IDENTITY_REGISTER_TYPE && memcmp(en->by, who, 32) == 0)
			return true;
	}
	return false;
}

/* The data that the request names, each once. */
static unsigned distinct_data(const struct entry_order_request *q)
{
	unsigned n = q->data[0] != '\0';
	for (size_t i = 0; i < q->own_data.n; i++) {
		bool before = strcmp(q->own_data.at[i], q->data) == 0;
		for (size_t k = 0; k < i; k++)
			before |= strcmp(q->own_data.at[i], q->own_data.at[k]) == 0;
		n += !before;
	}
	return n;
}

/* What there is once in every receipt, and what depends on how it ended. */
static void counts_kept(const struct receipt *r)
{
	static const enum entry_type once[] = { ENTRY_BOOK_OPEN_TYPE, ENTRY_APP_REGISTER_TYPE, ENTRY_POOL_CREATE_TYPE, ENTRY_ORDER_APP_TYPE, ENTRY_ORDER_POOL_TYPE,
		ENTRY_ORDER_REQUEST_TYPE, ENTRY_DEAL_MATCH_TYPE, ENTRY_TASK_INITIALIZE_TYPE };
	const struct entry_order_request *q = &receipt_find(r, ENTRY_ORDER_REQUEST_TYPE)->order_request;
	enum entry_type end = receipt_at(r, receipt_count(r) - 1, NULL)->type;
	bool claimed = end == ENTRY_TASK_CLAIM_TYPE, refused = end == ENTRY_TASK_REFUSE_TYPE, ran = !claimed && !refused;
	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		require(count(r, once[i]) == 1);
	/* Of a bulk there are the data whose keys were released. */
	unsigned data = count(r, ENTRY_DATA_REGISTER_TYPE), grants = count(r, ENTRY_ORDER_DATA_TYPE), sold = q->data[0] != '\0';
	require(data >= distinct_data(q) && data <= distinct_data(q) + q->bulk.n && grants >= sold && grants <= sold + q->bulk.n);
	unsigned keys = count(r, ENTRY_KEY_RELEASE_TYPE), words = keys + count(r, ENTRY_POLICY_DECISION_TYPE) + refused, keepers = count(r, ENTRY_KEEPER_APPOINT_TYPE);
	require(keys <= ran && keepers <= words && (keepers > 0) == (words > 0));
	require(count(r, ENTRY_TASK_COMPLETE_TYPE) == (end == ENTRY_TASK_COMPLETE_TYPE) && count(r, ENTRY_TASK_CLAIM_TYPE) == claimed);
	require(count(r, ENTRY_TASK_REFUSE_TYPE) == refused);
	require(count(r, ENTRY_TASK_FINALIZE_TYPE) == (end == ENTRY_TASK_FINALIZE_TYPE) && count(r, ENTRY_TASK_REVEAL_TYPE) == (end == ENTRY_TASK_FINALIZE_TYPE));
	require(count(r, ENTRY_TASK_ASSIGN_TYPE) == ran && count(r, ENTRY_DEAL_SPONSOR_TYPE) <= 1);
	require((end == ENTRY_TASK_COMPLETE_TYPE) + (end == ENTRY_TASK_FINALIZE_TYPE) + !ran == 1);
}

/* Ids lead from the end to the beginning. */
static void ids_kept(const struct receipt *r)
{
	const struct entry_deal_match *d = &receipt_find(r, ENTRY_DEAL_MATCH_TYPE)->deal_match;
	const struct entry_task_initialize *t = &receipt_find(r, ENTRY_TASK_INITIALIZE_TYPE)->task_initialize;
	const struct entry *app = receipt_find(r, ENTRY_ORDER_APP_TYPE), *pool = receipt_find(r, ENTRY_ORDER_POOL_TYPE), *assign = receipt_find(r, ENTRY_TASK_ASSIGN_TYPE),
		*by = receipt_end(r)->by;
	char id[ID_TEXT];
	id_deal(id, d->request, d->first);
	require(strcmp(id, d->deal) == 0 && strcmp(d->deal, t->deal) == 0);
	id_task(id, t->deal, t->index);
	require(strcmp(id, t->task) == 0 && strcmp(id, receipt_task(r)) == 0);
	if (count(r, ENTRY_APP_TRANSFER_TYPE) == 0)
		require(memcmp(app->by, receipt_find(r, ENTRY_APP_REGISTER_TYPE)->by, 32) == 0);
	if (count(r, ENTRY_POOL_TRANSFER_TYPE) == 0)
		require(memcmp(pool->by, receipt_find(r, ENTRY_POOL_CREATE_TYPE)->by, 32) == 0);
	require((by != NULL) == (assign != NULL));
	if (by)
		require(memcmp(assign->task_assign.worker, by->by, 32) == 0 && memcmp(assign->by, pool->by, 32) == 0 && strcmp(assign->task_assign.task, t->task) == 0);
}

/* The rules once more, as counts. */
static void rules_kept(const struct receipt *r)
{
	uint64_t index, last = 0;
	size_t n = receipt_count(r);
	require(n >= 10 && receipt_at(r, 0, &index)->type == ENTRY_BOOK_OPEN_TYPE && index == 0);
	counts_kept(r);
	ids_kept(r);
	const struct entry *request = receipt_find(r, ENTRY_ORDER_REQUEST_TYPE), *by = receipt_end(r)->by;
	bool worker = !by, requester = false;
	for (size_t i = 0; i < n; i++) {
		const struct entry *en = receipt_at(r, i, &index);
		require(i == 0 || index > last);
		last = index;
		require(entry_text_is(&en->book, receipt_checkpoint(r)->origin));
		if (en->type != ENTRY_IDENTITY_REGISTER_TYPE)
			continue;
		require(registered_for_something(r, en->by));
		worker |= by && memcmp(en->by, by->by, 32) == 0;
		requester |= memcmp(en->by, request->by, 32) == 0;
	}
	require(worker && requester && index < receipt_checkpoint(r)->size);
	int level = assurance_level(&receipt_end(r)->assurance), least = assurance_level(&request->order_request.min_assurance);
	require(level >= 0 && (!by || level >= least));
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
	static const char *const words[] = { "COMPLETED", "FAILED", "LIMIT", "tpm2", "software", "none", "cvm", "x" };
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

static void ids_mend(struct entry *en)
{
	const struct entry_info *info = entry_info(en->type);
	for (size_t i = 0; i < info->n; i++) {
		const struct entry_field *f = &info->fields[i];
		char *id = (char *)en + f->offset;
		struct entry_ids *ids = (void *)id;
		if (f->kind != ENTRY_KIND_ID)
			continue;
		if (f->need != ENTRY_MANY && (f->need == ENTRY_REQUIRED || *id))
			id_mend(id, (enum id_kind)f->arg);
		for (size_t k = 0; f->need == ENTRY_MANY && k < ids->n; k++)
			id_mend(ids->at[k], (enum id_kind)f->arg);
	}
}

/* An asset gets another owner. */
static void transfer(struct scene *s, struct entry *en, enum actor *by)
{
	const uint8_t *to = identity_public(s->actors[take(ACTORS)]);
	switch (take(4)) {
	case 0:
		en->type = ENTRY_APP_TRANSFER_TYPE;
		memcpy(en->app_transfer.app, s->app, ID_TEXT);
		memcpy(en->app_transfer.to, to, 32);
		break;
	case 1:
		en->type = ENTRY_POOL_TRANSFER_TYPE;
		memcpy(en->pool_transfer.pool, s->pool, ID_TEXT);
		memcpy(en->pool_transfer.to, to, 32);
		break;
	default:
		en->type = ENTRY_DATA_TRANSFER_TYPE;
		memcpy(en->data_transfer.data, s->data[take(2)], ID_TEXT);
		memcpy(en->data_transfer.to, to, 32);
		en->data_transfer.header = entry_text("AAEC/w==");
	}
	*by = (enum actor)take(ACTORS);
}

static void change(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	unsigned what = take(16);
	if (what & 1)
		scene_entry(s, (enum step)take(STEPS), en, by);
	if (what & 2)
		field_change(s, en);
	if (what & 4)
		*by = (enum actor)take(ACTORS);
	if (what & 8 && (step == MOVE_1 || step == MOVE_2 || step == MOVE_3))
		transfer(s, en, by);
	ids_mend(en);
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
	enum ending ending = (enum ending)take(3);
	memcpy(wanted, scene_wanted[ending], sizeof wanted);
	for (; flips > 0; flips--) {
		unsigned a = take(STEPS);
		wanted[a] = !wanted[a];
	}
	static struct scene s;
	if (!actors[0])
		scene_actors(actors);
	scene_play(&s, actors, &(struct twist){ .change = change, .order = order, .ending = ending });
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
