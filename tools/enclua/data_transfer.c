/* enclua data transfer: data of yours gets another owner. The sealed bytes stay as they are; the file key goes under a new header, to the keeper and the new owner.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "trade.h"
#include "trust/keeper.h"
#include "verbs.h"

/* The header for the new owner, as base64. Only whom the old one is sealed to can make it. */
static int header_make(const struct store_data *d, const struct identity *owner, const uint8_t keeper[static 32], const struct store_identity *to, char **text,
	struct err *e)
{
	struct age_identity me = { .kind = AGE_X25519 };
	struct age_recipient recipients[2] = { { .kind = AGE_X25519 }, { .kind = AGE_X25519 } };
	uint8_t file_key[AGE_FILE_KEY];
	struct buf header = BUF_INIT(KIB(8));
	size_t header_len;
	memcpy(me.secret_key, identity_age_secret(owner), 32);
	memcpy(recipients[0].public_key, keeper, 32);
	memcpy(recipients[1].public_key, to->age, 32);
	int r = age_header_open(file_key, &header_len, d->header.data, d->header.len, &me, 1, e);
	if (r == 0)
		r = age_header_make(&header, file_key, recipients, 2, e);
	if (r == 0) {
		*text = malloc(BASE64_LEN(header.len) + 1);
		if (*text)
			base64_encode(*text, header.data, header.len);
		else
			r = err_set(e, ERR_LIMIT, "out of memory");
	}
	crypto_wipe(&me, sizeof me);
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&header);
	return r;
}

static int transfer(struct trade *t, const char *which, const char *who, struct err *e)
{
	struct store_identity to;
	struct store_data d;
	struct identity *by = NULL;
	uint8_t keeper[32];
	struct entry *en = malloc(sizeof *en);
	char *header = NULL;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (store_data_find(book_store(t->b), which, t->me.public_key, &d, e) < 0) {
		free(en);
		return -1;
	}
	if (trade_who(t, who, &to, e) < 0 || trade_actor(t, &by, e) < 0 || trade_owner_check(t, d.id, by, e) < 0 || keeper_of_book(t->b, keeper, e) < 0 ||
		header_make(&d, by, keeper, &to, &header, e) < 0 || book_draft(t->b, en, ENTRY_DATA_TRANSFER_TYPE, e) < 0)
		goto out;
	memcpy(en->data_transfer.data, d.id, ID_TEXT);
	memcpy(en->data_transfer.to, to.key, 32);
	en->data_transfer.header = entry_text(header);
	if (trade_enter(t, en, by, NULL, e) == 0)
		r = trade_transfer_tell(t, "data", d.id, &to, e);
out:
	identity_free(by);
	store_data_done(&d);
	free(header);
	free(en);
	return r;
}

static int run_transfer(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = transfer(&t, a->words[0], a->words[1], e);
	trade_done(&t);
	return r;
}

const struct command data_transfer_commands[] = {
	{ "data transfer", "DATA WHO", "Give data of yours to another identity",
	  "Example: enclua data transfer patients ben\n\nFrom then on only the new owner reads it, grants it and runs iApps on it; every grant of yours ends with that. It would hold "
	  "again\nif the data came back to you: revoke what should not. What you have read or kept before, nobody can take back.\nA name that the new owner uses already is dropped.\n\nJSON: data, to, entry.", NULL, 2, 2, run_transfer },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
