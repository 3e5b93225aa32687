/* A small book in memory and a task in it, for tests of receipts: every entry can be changed before it is signed, left out, or moved. */
#ifndef ENCLUA_TESTS_RECEIPT_MAKE_H
#define ENCLUA_TESTS_RECEIPT_MAKE_H

#include <stdio.h>
#include <stdlib.h>

#include "entry_make.h"
#include "form/checkpoint.h"
#include "form/receipt.h"

#define SCENE_MAX 32u

enum actor { OPERATOR, REQUESTER, WORKER, OWNER, MANAGER, STRANGER, WITNESS1, WITNESS2, ACTORS };

/* What happens, in the order in which it does unless a test says otherwise. NOISE_n: entries that no receipt needs. MOVE_n, SPONSOR: noise, too, but where a test may
 * put a transfer or a promise to pay. REVEAL is noise unless the task ends by task.finalize. */
enum step { BOOK, NOISE_1, REQUESTER_IN, WORKER_IN, OWNER_IN, MANAGER_IN, APP, DATA_1, NOISE_2, DATA_2, POOL, MOVE_1, MOVE_2, ORDER_APP, ORDER_DATA, ORDER_POOL,
	REQUEST, SPONSOR, MOVE_3, DEAL, INITIALIZE, ASSIGN, NOISE_3, REVEAL, FINISH, NOISE_4, STEPS };

enum ending { COMPLETE, FINALIZE, CLAIM, REFUSE };

struct scene {
	struct identity *actors[ACTORS];
	char origin[NOTE_NAME_BYTES + 1];
	struct buf notes[SCENE_MAX];
	size_t n;
	size_t place[STEPS];	/* index of each step's entry */
	enum ending ending;
	char app[ID_TEXT], data[2][ID_TEXT], pool[ID_TEXT], orders[3][ID_TEXT], request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	struct merkle_range range;
	struct merkle_hash hashes[6][SCENE_MAX];
	struct buf note;	/* the checkpoint */
};

/* How a scene differs from the good one. change may alter the entry and who signs it. */
struct twist {
	void (*change)(struct scene *s, enum step step, struct entry *en, enum actor *by);
	const enum step *order;	/* NULL: as they stand */
	enum ending ending;
	bool forge;	/* the step `forged` is in the book with a signature that does not hold */
	enum step forged;
};

static inline int scene_told(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct scene *s = ctx;
	(void)e;
	s->hashes[level][index] = *hash;
	return 0;
}

static inline int scene_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	const struct scene *s = ctx;
	(void)e;
	*out = s->hashes[level][index];
	return 0;
}

static inline void scene_register(const struct scene *s, struct entry *en, enum actor who, const char *name, const char *role)
{
	en->type = ENTRY_IDENTITY_REGISTER_TYPE;
	en->identity_register.name = entry_text(name);
	memcpy(en->identity_register.age, identity_age_public(s->actors[who]), 32);
	en->identity_register.role = entry_text(role);
}

#define SCENE_RUN(en, f) \
	do { \
		memcpy((en)->f.task, s->task, ID_TEXT); \
		memset((en)->f.digest, 8, 32); \
		(en)->f.outcome = entry_text("COMPLETED"); \
		memset((en)->f.measurement, 5, 32); \
		memset((en)->f.result, 6, 32); \
		(en)->f.size = 2048; \
		(en)->f.assurance = entry_text("software"); \
	} while (0)

static inline void scene_order(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	if (step == ORDER_APP) {
		*by = OWNER;
		en->type = ENTRY_ORDER_APP_TYPE;
		memcpy(en->order_app.app, s->app, ID_TEXT);
		en->order_app.price = 10;
		en->order_app.volume = 9;
	} else if (step == ORDER_DATA) {
		*by = OWNER;
		en->type = ENTRY_ORDER_DATA_TYPE;
		memcpy(en->order_data.data, s->data[0], ID_TEXT);
		en->order_data.price = 20;
		en->order_data.volume = 9;
	} else if (step == ORDER_POOL) {
		*by = MANAGER;
		en->type = ENTRY_ORDER_POOL_TYPE;
		memcpy(en->order_pool.pool, s->pool, ID_TEXT);
		en->order_pool.price = 30;
		en->order_pool.volume = 9;
		en->order_pool.trust = 5;
	} else {
		struct entry_order_request *q = &en->order_request;
		*by = REQUESTER;
		en->type = ENTRY_ORDER_REQUEST_TYPE;
		memcpy(q->app, s->app, ID_TEXT);
		memcpy(q->data, s->data[0], ID_TEXT);
		q->own_data.n = 1;
		memcpy(q->own_data.at[0], s->data[1], ID_TEXT);
		q->app_price = 10;
		q->data_price = 20;
		q->pool_price = 30;
		q->volume = 3;
		memcpy(q->beneficiary, identity_public(s->actors[REQUESTER]), 32);
		memcpy(q->recipient, identity_age_public(s->actors[REQUESTER]), 32);
		q->min_assurance = entry_text("software");
		memset(q->params, 4, 32);
	}
}

static inline void scene_end(struct scene *s, struct entry *en, enum actor *by)
{
	if (s->ending == COMPLETE) {
		*by = WORKER;
		en->type = ENTRY_TASK_COMPLETE_TYPE;
		SCENE_RUN(en, task_complete);
	} else if (s->ending == FINALIZE) {
		*by = MANAGER;
		en->type = ENTRY_TASK_FINALIZE_TYPE;
		memcpy(en->task_finalize.task, s->task, ID_TEXT);
		memcpy(en->task_finalize.worker, identity_public(s->actors[WORKER]), 32);
	} else if (s->ending == REFUSE) {
		*by = STRANGER;
		en->type = ENTRY_TASK_REFUSE_TYPE;
		memcpy(en->task_refuse.task, s->task, ID_TEXT);
		en->task_refuse.code = entry_text("release-revoked");
	} else {
		*by = STRANGER;
		en->type = ENTRY_TASK_CLAIM_TYPE;
		memcpy(en->task_claim.task, s->task, ID_TEXT);
	}
}

static inline void scene_noise(struct scene *s, enum step step, struct entry *en)
{
	en->type = ENTRY_ACCOUNT_DEPOSIT_TYPE;
	memcpy(en->account_deposit.to, identity_public(s->actors[REQUESTER]), 32);
	en->account_deposit.amount = 1 + step;
}

static inline void scene_entry(struct scene *s, enum step step, struct entry *en, enum actor *by)
{
	memset(en, 0, sizeof *en);
	en->time = ENTRY_MAKE_TIME + step;
	en->book = entry_text(s->origin);
	memset(en->nonce, 0x60 + (int)step, sizeof en->nonce);
	*by = OPERATOR;
	switch (step) {
	case BOOK:
		en->type = ENTRY_BOOK_OPEN_TYPE;
		en->book_open.rules = 1;
		break;
	case REQUESTER_IN: scene_register(s, en, *by = REQUESTER, "alice", ""); break;
	case WORKER_IN: scene_register(s, en, *by = WORKER, "box", "worker"); break;
	case OWNER_IN: scene_register(s, en, *by = OWNER, "olga", ""); break;
	case MANAGER_IN: scene_register(s, en, *by = MANAGER, "max", ""); break;
	case APP:
		*by = OWNER;
		en->type = ENTRY_APP_REGISTER_TYPE;
		en->app_register.name = entry_text("hello");
		en->app_register.version = entry_text("0.1.0");
		en->app_register.h1 = entry_text("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
		en->app_register.size = 10240;
		break;
	case DATA_1: case DATA_2:
		*by = step == DATA_1 ? OWNER : REQUESTER;
		en->type = ENTRY_DATA_REGISTER_TYPE;
		en->data_register.blob[0] = (uint8_t)step;
		en->data_register.size = 10240;
		en->data_register.header = entry_text("AAEC/w==");
		break;
	case POOL:
		*by = MANAGER;
		en->type = ENTRY_POOL_CREATE_TYPE;
		en->pool_create.name = entry_text("local");
		break;
	case ORDER_APP: case ORDER_DATA: case ORDER_POOL: case REQUEST: scene_order(s, step, en, by); break;
	case DEAL:
		*by = STRANGER;	/* anybody may */
		en->type = ENTRY_DEAL_MATCH_TYPE;
		memcpy(en->deal_match.app, s->orders[0], ID_TEXT);
		memcpy(en->deal_match.data, s->orders[1], ID_TEXT);
		memcpy(en->deal_match.pool, s->orders[2], ID_TEXT);
		memcpy(en->deal_match.request, s->request, ID_TEXT);
		en->deal_match.first = 1;
		id_deal(en->deal_match.deal, s->request, 1);
		break;
	case INITIALIZE:
		*by = STRANGER;
		en->type = ENTRY_TASK_INITIALIZE_TYPE;
		memcpy(en->task_initialize.deal, s->deal, ID_TEXT);
		en->task_initialize.index = 2;
		id_task(en->task_initialize.task, s->deal, 2);
		break;
	case ASSIGN:
		*by = MANAGER;
		en->type = ENTRY_TASK_ASSIGN_TYPE;
		memcpy(en->task_assign.task, s->task, ID_TEXT);
		memcpy(en->task_assign.worker, identity_public(s->actors[WORKER]), 32);
		en->task_assign.until = ENTRY_MAKE_TIME + 100;
		break;
	case REVEAL:
		if (s->ending != FINALIZE) {
			scene_noise(s, step, en);
			break;
		}
		*by = WORKER;
		en->type = ENTRY_TASK_REVEAL_TYPE;
		SCENE_RUN(en, task_reveal);
		break;
	case NOISE_3:
		scene_noise(s, step, en);
		if (s->ending == REFUSE) {	/* the stranger is a keeper */
			en->type = ENTRY_KEEPER_APPOINT_TYPE;
			memcpy(en->keeper_appoint.keeper, identity_public(s->actors[STRANGER]), 32);
			memcpy(en->keeper_appoint.age, identity_age_public(s->actors[STRANGER]), 32);
		}
		break;
	case FINISH: scene_end(s, en, by); break;
	case NOISE_1:
		scene_noise(s, step, en);
		if (s->ending == REFUSE)
			scene_register(s, en, *by = STRANGER, "kim", "");
		break;
	case NOISE_2: case NOISE_4: case MOVE_1: case MOVE_2: case MOVE_3: case SPONSOR: case STEPS: scene_noise(s, step, en); break;
	}
}

static inline void scene_step(struct scene *s, enum step step, const struct twist *t)
{
	struct entry en;
	enum actor by;
	enum id_kind kind;
	struct merkle_hash leaf;
	size_t len;
	char *ids[STEPS] = { [APP] = s->app, [DATA_1] = s->data[0], [DATA_2] = s->data[1], [POOL] = s->pool, [ORDER_APP] = s->orders[0],
		[ORDER_DATA] = s->orders[1], [ORDER_POOL] = s->orders[2], [REQUEST] = s->request };
	scene_entry(s, step, &en, &by);
	if (t && t->change)
		t->change(s, step, &en, &by);
	struct buf *note = &s->notes[s->n];
	*note = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	int r = entry_sign(&en, s->actors[by], note, NULL);
	assert(r == 0);
	if (t && t->forge && t->forged == step)
		note->data[note->len - 40] = note->data[note->len - 40] == 'A' ? 'B' : 'A';
	r = entry_decode(&en, note->data, note->len, &len, NULL);
	assert(r == 0);
	if (ids[step] && entry_id_kind(en.type, &kind))
		entry_id(ids[step], kind, note->data, len);
	if (en.type == ENTRY_DEAL_MATCH_TYPE)
		memcpy(s->deal, en.deal_match.deal, ID_TEXT);
	if (en.type == ENTRY_TASK_INITIALIZE_TYPE)
		memcpy(s->task, en.task_initialize.task, ID_TEXT);
	merkle_leaf(&leaf, note->data, note->len);
	r = merkle_range_add(&s->range, &leaf, scene_told, s, NULL);
	assert(r == 0);
	s->place[step] = s->n++;
	(void)r;
}

/* Signs the checkpoint of what is there. */
static inline void scene_checkpoint(struct scene *s, bool cosigned)
{
	struct checkpoint c = { .size = s->range.size };
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	char name[NOTE_NAME_BYTES + 1];
	memcpy(c.origin, s->origin, sizeof c.origin);
	merkle_range_root(&s->range, &c.root);
	buf_done(&s->note);
	s->note = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	int r = checkpoint_write(&c, &text, NULL);
	r |= note_sign(&s->note, buf_text(&text), text.len, s->origin, s->actors[OPERATOR], NULL);
	for (unsigned w = WITNESS1; cosigned && w <= WITNESS2; w++) {
		checkpoint_witness_make(name, identity_public(s->actors[w]));
		r |= note_cosign(&s->note, buf_text(&text), text.len, name, s->actors[w], ENTRY_MAKE_TIME + 60, NULL);
	}
	assert(r == 0);
	(void)r;
	buf_done(&text);
}

/* Plays the whole scene with these actors: borrowed. */
static inline void scene_play(struct scene *s, struct identity *const actors[static ACTORS], const struct twist *t)
{
	memset(s, 0, sizeof *s);
	memcpy(s->actors, actors, sizeof s->actors);
	s->ending = t ? t->ending : COMPLETE;
	checkpoint_origin_make(s->origin, identity_public(s->actors[OPERATOR]));
	for (unsigned i = 0; i < STEPS; i++)
		scene_step(s, t && t->order ? t->order[i] : (enum step)i, t);
	scene_checkpoint(s, true);
}

static inline void scene_done(struct scene *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_done(&s->notes[i]);
	buf_done(&s->note);
}

static inline void scene_actors(struct identity *actors[static ACTORS])
{
	for (unsigned a = 0; a < ACTORS; a++)
		actors[a] = entry_make_identity((uint8_t)(20 + a));
}

static inline struct scene *scene_new(const struct twist *t)
{
	struct identity *actors[ACTORS];
	struct scene *s = malloc(sizeof *s);
	assert(s);
	scene_actors(actors);
	scene_play(s, actors, t);
	return s;
}

static inline void scene_free(struct scene *s)
{
	scene_done(s);
	for (unsigned a = 0; a < ACTORS; a++)
		identity_free(s->actors[a]);
	free(s);
}

static inline struct receipt_entry scene_entry_at(struct scene *s, size_t index)
{
	struct receipt_entry in = { .index = index, .bytes = s->notes[index].data, .len = s->notes[index].len };
	const struct merkle_reader reader = { scene_read, s };
	int r = merkle_inclusion_prove(&reader, index, s->range.size, &in.proof, NULL);
	assert(r == 0);
	(void)r;
	return in;
}

/* The receipt's entries: of these steps, in the order of the book. */
static inline size_t scene_entries(struct scene *s, const bool wanted[static STEPS], struct receipt_entry *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		for (unsigned step = 0; step < STEPS; step++)
			if (s->place[step] == i && wanted[step])
				out[n++] = scene_entry_at(s, i);
	return n;
}

static const bool scene_wanted[4][STEPS] = {
#define SCENE_ALL [BOOK] = true, [REQUESTER_IN] = true, [OWNER_IN] = true, [MANAGER_IN] = true, [APP] = true, [DATA_1] = true, [DATA_2] = true, [POOL] = true, \
	[ORDER_APP] = true, [ORDER_DATA] = true, [ORDER_POOL] = true, [REQUEST] = true, [DEAL] = true, [INITIALIZE] = true, [FINISH] = true
	[COMPLETE] = { SCENE_ALL, [WORKER_IN] = true, [ASSIGN] = true },
	[FINALIZE] = { SCENE_ALL, [WORKER_IN] = true, [ASSIGN] = true, [REVEAL] = true },
	[CLAIM] = { SCENE_ALL },
	[REFUSE] = { SCENE_ALL, [NOISE_1] = true, [NOISE_3] = true },
};

static inline int scene_receipt(struct scene *s, const bool wanted[static STEPS], struct buf *out, struct err *e)
{
	struct receipt_entry in[STEPS];
	size_t n = scene_entries(s, wanted, in);
	return receipt_write(out, in, n, buf_text(&s->note), s->note.len, e);
}

#endif
