/* The keeper's replica of the book: told by whoever asks, believed under the operator's checkpoint only. Askers may be hostile to one another: what one gives that no checkpoint
 * covers must keep no other from showing the book as it is. So it is taken back when another's entries or checkpoint do not fit it.
 */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "trust/keeper_inner.h"

static int size_answer(struct keeper_process *p, struct err *e)
{
	uint64_t size = replica_size(p->replica);
	return keeper_message_add(&p->out, &size, sizeof size, e);
}

/* What it has from before is believed only as far as a checkpoint was seen to cover it. */
static int open_replica(struct keeper_process *p, const char *origin, const uint8_t operator_key[static 32], struct err *e)
{
	if (replica_open(&p->replica, p->folder, origin, operator_key, e) < 0)
		return -1;
	const uint64_t size = replica_size(p->replica);
	p->giver = size == 0 || size == replica_accepted(p->replica) ? p->at->number : 0;
	return 0;
}

/* The replica begins with no entries. How far the book was believed is not forgotten: <home>/keeper/accepted. */
static int renew(struct keeper_process *p, struct err *e)
{
	char origin[NOTE_NAME_BYTES + 1];
	uint8_t operator_key[32];
	(void)snprintf(origin, sizeof origin, "%s", book_origin(p->replica));
	memcpy(operator_key, book_operator(p->replica), sizeof operator_key);
	replica_forget(p->replica);
	replica_close(p->replica);
	p->replica = NULL;
	p->sound = false;
	for (size_t i = 0; i < p->n; i++)
		p->c[i].follows = p->c[i].checked = false;
	return open_replica(p, origin, operator_key, e);
}

static int again(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, KEEPER_UNSHOWN ": what another has told the keeper of the book is not what its operator has signed");
}

/* Something does not fit. When others gave what no checkpoint covers, that may be it: it goes, and who asks is to begin again. Else it is as why says. */
static int blame(struct keeper_process *p, const struct err *why, struct err *e)
{
	if (p->sound || p->giver == p->at->number) {
		if (e)
			*e = *why;
		return -1;
	}
	if (replica_retract(p->replica, replica_accepted(p->replica), NULL) < 0 && renew(p, e) < 0)
		return -1;
	p->giver = p->at->number;
	return again(e);
}

/* The first says which book it is; all others must mean the same. */
int keeper_answer_hello(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	char origin[NOTE_NAME_BYTES + 1];
	const uint8_t *operator_key = NULL;
	if (keeper_item_text(m, 0, origin, sizeof origin, e) < 0 || keeper_item_bytes(m, 1, 32, &operator_key, e) < 0)
		return -1;
	if (p->replica && (strcmp(book_origin(p->replica), origin) != 0 || memcmp(book_operator(p->replica), operator_key, 32) != 0))
		return err_set(e, ERR_DENIED, "this keeper serves the book %s, not %s", book_origin(p->replica), origin);
	if (!p->replica && open_replica(p, origin, operator_key, e) < 0)
		return -1;
	p->at->told = true;
	if (size_answer(p, e) < 0 || keeper_message_add(&p->out, identity_public(keeper_identity(p->keys)), 32, e) < 0)
		return -1;
	return keeper_message_add(&p->out, keeper_recipient(p->keys), 32, e);
}

static int entries_give(struct keeper_process *p, const struct book_item *items, size_t n, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	if (replica_add(p->replica, items, n, &why) < 0)
		return blame(p, &why, e);
	if (p->sound)
		p->giver = p->at->number;
	else if (p->giver != p->at->number)
		p->giver = 0;
	p->sound = false;
	if (!p->at->follows)
		p->at->turn_us = os_now_us();
	p->at->follows = true;
	return 0;
}

/* What others have given already is not taken twice: the checkpoint that follows tells whether it was the same. */
int keeper_answer_follow(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct book_item items[KEEPER_ITEMS_MAX];
	const uint8_t *first = NULL;
	uint64_t at, size = replica_size(p->replica);
	size_t n = 0;
	if (keeper_item_bytes(m, 0, sizeof at, &first, e) < 0)
		return -1;
	memcpy(&at, first, sizeof at);
	if (at > size)	/* of what it had, something was taken back */
		return err_set(e, ERR_UNAVAILABLE, KEEPER_UNSHOWN ": the keeper has %llu entries, and is given those from %llu on", (unsigned long long)size,
			(unsigned long long)at);
	for (size_t i = 1; i < m->n; i++, at++)
		if (at >= size)
			items[n++] = (struct book_item){ m->items[i].at, m->items[i].len };
	if (n && entries_give(p, items, n, e) < 0)
		return -1;
	return size_answer(p, e);
}

/* A checkpoint of fewer entries than others have given meanwhile: its root must be that of the beginning. What no checkpoint covers goes. 1: as many are left as it has. */
static int check_older(struct keeper_process *p, const char *text, size_t len, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	struct note_key operator_key;
	struct checkpoint c;
	struct note parsed;
	struct merkle_hash root;
	uint64_t accepted = replica_accepted(p->replica);
	if (note_key_make(&operator_key, book_origin(p->replica), NOTE_ED25519, book_operator(p->replica), e) < 0 ||
		checkpoint_open(&c, &parsed, text, len, &operator_key, e) < 0 || merkle_root(book_reader(p->replica), c.size, &root, e) < 0)
		return -1;
	if (!merkle_equal(&root, &c.root)) {
		err_set(&why, ERR_INVALID, "fork: the checkpoint of %llu entries is not of the book that the keeper follows", (unsigned long long)c.size);
		return blame(p, &why, e);
	}
	if (p->sound)
		return 0;
	/* Nobody has shown it the newer one in this life: a moment's delay, or a book that was set back. Who asks again with a newer one is answered. */
	if (c.size < accepted)
		return err_set(e, ERR_UNAVAILABLE, "rollback: the book has %llu entries, and the keeper has seen %llu of it: it was set back to an older copy",
			(unsigned long long)c.size, (unsigned long long)accepted);
	if (replica_retract(p->replica, c.size, NULL) == 0)
		return 1;
	err_set(&why, ERR_UNAVAILABLE, "the keeper has entries that no checkpoint covers yet");
	return blame(p, &why, e);
}

/* As many entries as the keeper has. What was given and is not of this root is of no use to anybody. */
static int check_whole(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	struct merkle_hash root;
	if (replica_check(p->replica, m->items[0].at, m->items[0].len, &root, &why) == 0) {
		p->sound = true;
		return 0;
	}
	const bool own = p->sound || p->giver == p->at->number, fork = strncmp(why.msg, "fork:", 5) == 0;
	if (!own)
		return blame(p, &why, e);
	if (fork && !p->sound && renew(p, e) < 0)
		return -1;
	if (e)
		*e = why;
	return -1;
}

/* Whichever of the two is asked verifies the signature first. */
int keeper_answer_check(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct checkpoint c;
	struct note parsed;
	const uint64_t size = replica_size(p->replica);
	p->at->follows = p->at->checked = false;
	if (m->n != 1)
		return err_set(e, ERR_INVALID, "a checkpoint is one item");
	const char *text = (const char *)m->items[0].at;
	if (checkpoint_read(&c, &parsed, text, m->items[0].len, e) < 0)
		return -1;
	if (c.size > size)	/* of what he gave, something was taken back */
		return err_set(e, ERR_UNAVAILABLE, KEEPER_UNSHOWN ": the checkpoint has %llu entries, and the keeper %llu", (unsigned long long)c.size,
			(unsigned long long)size);
	int is = c.size < size ? check_older(p, text, m->items[0].len, e) : 1;
	if (is < 0 || (is == 1 && check_whole(p, m, e) < 0))
		return -1;
	p->at->root = c.root;
	p->at->checked = true;
	return 0;
}
