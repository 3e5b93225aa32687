/* What the entries of a receipt say about one another: the task that ended is the one that was asked for, everything that it names is here, whoever acted
 * had introduced himself before, and nothing is here that nobody needs. Looks at decoded entries only: signatures, proofs and the checkpoint are
 * receipt_open.c's business.
 */
#include <string.h>

#include "form/receipt_inner.h"

#define ROLE_WORKER "worker"

/* The first entry of the type by this key; by NULL: by anybody. */
static struct receipt_item *item_by(struct receipt *r, enum entry_type t, const uint8_t *by)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].en.type == t && (!by || memcmp(r->items[i].en.by, by, 32) == 0))
			return &r->items[i];
	return NULL;
}

static struct receipt_item *item_made(struct receipt *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->items[i].id, id) == 0)
			return &r->items[i];
	return NULL;
}

static int missing(const struct receipt_item *in, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s, which entry %llu needs, is not in it", what, (unsigned long long)in->in.index);
}

static int out_of_order(const struct receipt_item *early, const struct receipt_item *late, struct err *e)
{
	return err_set(e, ERR_INVALID, "entry %llu needs entry %llu, which came after it", (unsigned long long)late->in.index,
		(unsigned long long)early->in.index);
}

/* The entry that made the id, before `from` named it. */
static int made_check(struct receipt *r, const char *id, const struct receipt_item *from, struct receipt_item **out, struct err *e)
{
	struct receipt_item *made = item_made(r, id);
	if (!made)
		return missing(from, id, e);
	if (made->in.index >= from->in.index)
		return out_of_order(made, from, e);
	made->needed = true;
	*out = made;
	return 0;
}

/* Who signed `from` introduced himself before. Owners of iApp and data may be left out (optional): their keys are in what they signed. */
static int actor_check(struct receipt *r, const struct receipt_item *from, bool optional, struct receipt_item **out, struct err *e)
{
	struct receipt_item *actor = item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, from->en.by);
	if (!actor)
		return optional ? 0 : missing(from, "the registration of the one who signed", e);
	if (actor->in.index >= from->in.index)
		return out_of_order(actor, from, e);
	actor->needed = true;
	if (out)
		*out = actor;
	return 0;
}

/* The first entry of the book, by the operator, whose key the origin carries. */
static int book_check(struct receipt *r, struct err *e)
{
	struct note_key operator;
	struct receipt_item *open = item_by(r, ENTRY_BOOK_OPEN_TYPE, NULL);
	if (!checkpoint_name_key(&operator, r->checkpoint.origin, NOTE_ED25519))
		return err_set(e, ERR_INVALID, "the origin %s does not carry the key of its operator", r->checkpoint.origin);
	if (!open || open->in.index != 0)
		return err_set(e, ERR_INVALID, "the first entry of the book, book.open, is not in it");
	if (memcmp(open->en.by, operator.public_key, 32) != 0)
		return err_set(e, ERR_INVALID, "the book was not opened by the operator whose key its origin carries");
	open->needed = true;
	for (size_t i = 0; i < r->n; i++)
		if (!entry_text_is(&r->items[i].en.book, r->checkpoint.origin))
			return err_set(e, ERR_INVALID, "entry %llu is for another book", (unsigned long long)r->items[i].in.index);
	return 0;
}

/* When the result is for an identity that is here, it is sealed to that identity's key. */
static int beneficiary_check(struct receipt *r, struct err *e)
{
	static const uint8_t nobody[32];
	const struct entry_task_request *q = &r->request->en.task_request;
	if (memcmp(q->beneficiary, nobody, 32) == 0)
		return 0;
	struct receipt_item *who = item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, q->beneficiary);
	if (!who)
		return 0;
	if (who->in.index >= r->request->in.index)
		return out_of_order(who, r->request, e);
	if (memcmp(who->en.identity_register.age, q->recipient, 32) != 0)
		return err_set(e, ERR_INVALID, "the result is for an identity, but sealed to a key that is not that identity's");
	who->needed = true;
	return 0;
}

static int request_check(struct receipt *r, struct err *e)
{
	const struct entry_task_request *q = &r->request->en.task_request;
	struct receipt_item *app, *data;
	if (actor_check(r, r->request, false, NULL, e) < 0 || made_check(r, q->app, r->request, &app, e) < 0 || actor_check(r, app, true, NULL, e) < 0)
		return -1;
	r->app = app;
	for (size_t i = 0; i < q->data.n; i++)
		if (made_check(r, q->data.at[i], r->request, &data, e) < 0 || actor_check(r, data, true, NULL, e) < 0)
			return -1;
	return beneficiary_check(r, e);
}

static int finish_check(struct receipt *r, struct err *e)
{
	static const uint8_t none[32];
	const struct entry_task_finish *f = &r->finish->en.task_finish;
	struct receipt_item *worker;
	if (actor_check(r, r->finish, false, &worker, e) < 0)
		return -1;
	if (!entry_text_is(&worker->en.identity_register.role, ROLE_WORKER))
		return err_set(e, ERR_INVALID, "who ended the task has not introduced itself as a worker");
	bool completed = entry_text_is(&f->status, "COMPLETED");
	if (!completed && !entry_text_is(&f->status, "FAILED") && !entry_text_is(&f->status, "LIMIT"))
		return err_set(e, ERR_INVALID, "a task ends as COMPLETED, FAILED or LIMIT, this one as %.*s", (int)f->status.len, f->status.at);
	if (completed && memcmp(f->result, none, 32) == 0)
		return err_set(e, ERR_INVALID, "the task is completed, but there is no result");
	if (!assurance_text(&f->assurance))
		return err_set(e, ERR_INVALID, "there is no assurance level %.*s", (int)f->assurance.len, f->assurance.at);
	return 0;
}

int receipt_story_check(struct receipt *r, struct err *e)
{
	struct receipt_item *finish = &r->items[r->n - 1], *request;
	if (finish->en.type != ENTRY_TASK_FINISH_TYPE)
		return err_set(e, ERR_INVALID, "the last entry is not the end of a task, task.finish");
	finish->needed = true;
	if (book_check(r, e) < 0 || made_check(r, finish->en.task_finish.task, finish, &request, e) < 0)
		return -1;
	r->finish = finish;
	r->request = request;
	if (request_check(r, e) < 0 || finish_check(r, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!r->items[i].needed)
			return err_set(e, ERR_INVALID, "entry %llu, %s, has nothing to do with the task", (unsigned long long)r->items[i].in.index,
				entry_info(r->items[i].en.type)->type);
	return 0;
}
