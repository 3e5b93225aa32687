/* Whole lives of tasks on a book with the market's rules: request, match, initialize and assign, then task.complete. Offers of app, data and pool are used again and again, and all
 * lives end with the same result, which is there before.
 */
#ifndef ENCLUA_BENCH_LIVES_H
#define ENCLUA_BENCH_LIVES_H

#include "bench/sides.h"
#include "unit/host_make.h"

#define LIFE 5u	/* entries */
#define LIFE_FIRST 4u	/* of them before the worker's */

/* Carl, Paul and a worker have so much, and there is an offer of each kind that lasts for all lives. */
static inline struct world *lives_market(uint64_t money, uint8_t result[static 32])
{
	static const enum who rich[] = { CARL, PAUL, W1 };
	void *state = NULL;
	(void)host_make_setup(&state);
	struct world *w = state;
	for (size_t i = 0; i < sizeof rich / sizeof *rich; i++) {
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[rich[i]], money);
		(void)host_make_enter(w, OPERATOR, NULL);
	}
	draft_order_app(w);
	en.order_app.volume = 1000000000;
	(void)host_make_enter(w, ADA, w->order[0]);
	draft_order_data(w);
	en.order_data.volume = 1000000000;
	en.order_data.only_requester = entry_text(w->name[CARL]);	/* the same terms twice would be refused */
	(void)host_make_enter(w, BOB, w->order[1]);
	draft_order_pool(w);
	en.order_pool.volume = 1000000000;
	(void)host_make_enter(w, PAUL, w->order[2]);
	book_make_blob(w->m.b, 50, result);
	return w;
}

static inline void life_request(struct world *w, struct buf *note, char id[static ID_TEXT])
{
	draft_request(w, 1, 1);
	book_make_sign(&en, w->who[CARL], note, id);
}

static inline void life_match(struct world *w, struct buf *note, const char *request, char deal[static ID_TEXT])
{
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	book_make_sign(&en, w->who[CARL], note, NULL);
}

static inline void life_end(struct world *w, struct buf *note, const char *task, const uint8_t result[static 32])
{
	struct entry_task_complete *f = &en.task_complete;
	book_make_draft(w->m.b, &en, ENTRY_TASK_COMPLETE_TYPE);
	host_make_id(f->task, task);
	f->outcome = entry_text("COMPLETED");
	f->assurance = entry_text("software");
	memset(f->measurement, 7, 32);
	memcpy(f->result, result, 32);
	f->size = 50;
	digest_of(f->digest, 5);
	book_make_sign(&en, w->who[W1], note, NULL);
}

static inline void life_sign(struct world *w, struct buf notes[static LIFE], const uint8_t result[static 32])
{
	char request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	life_request(w, &notes[0], request);
	life_match(w, &notes[1], request, deal);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	book_make_sign(&en, w->who[PAUL], &notes[2], NULL);
	draft_assign(w, task, W1);
	book_make_sign(&en, w->who[PAUL], &notes[3], NULL);
	life_end(w, &notes[4], task, result);
}

#endif
