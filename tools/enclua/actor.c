/* Who acts: the identity that signs what a command enters into the book, introduced to it when it is new there. */
#include "actor.h"

#include <stdlib.h>
#include <string.h>

#include "seal/keystore.h"

int actor_register(struct book *b, const char *name, const struct identity *id, struct err *e)
{
	struct store_identity known;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	int r = store_identity_find(book_store(b), identity_public(id), &known, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	struct entry *en = calloc(1, sizeof *en);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	r = book_draft(b, en, ENTRY_IDENTITY_REGISTER_TYPE, e);
	if (r == 0) {
		en->identity_register.name = entry_text(name);
		memcpy(en->identity_register.age, identity_age_public(id), 32);
		r = entry_sign(en, id, &note, e) < 0 || book_append_one(b, &note, NULL, e) < 0 ? -1 : 0;
	}
	if (r < 0 && store_identity_find(book_store(b), identity_public(id), &known, NULL) == 1)
		r = 0;	/* another command was faster */
	buf_done(&note);
	free(en);
	return r;
}

int actor_open(struct cli *c, struct book *b, struct identity **out, struct err *e)
{
	struct keystore_item item;
	*out = NULL;
	if (cli_identity_public(c, &item, e) < 0 || cli_identity_open_named(c, item.name, out, e) < 0)
		return -1;
	if (actor_register(b, item.name, *out, e) == 0)
		return 0;
	identity_free(*out);
	*out = NULL;
	return -1;
}
