/* The keeper: holds one identity, and hands the key of a piece of data from a header for itself to a header for a box. File keys live on
 * the stack for the length of one call and are wiped.
 */
#include "trust/keeper.h"

#include <stdlib.h>
#include <string.h>

#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/machine_key.h"

#define KEEPER_NAME "keeper"

struct keeper { struct identity *identity; };

int keeper_make(const char *home, struct err *e)
{
	return machine_key_make(home, KEEPER_NAME, e);
}

int keeper_open(struct keeper **out, const char *home, struct err *e)
{
	*out = NULL;
	struct keeper *k = calloc(1, sizeof *k);
	if (!k)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (machine_key_open(home, KEEPER_NAME, &k->identity, e) < 0) {
		keeper_close(k);
		return -1;
	}
	*out = k;
	return 0;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	identity_free(k->identity);
	free(k);
}

const uint8_t *keeper_recipient(const struct keeper *k)
{
	return identity_age_public(k->identity);
}

int keeper_file_key(const struct keeper *k, const uint8_t *bytes, size_t len, uint8_t file_key[static AGE_FILE_KEY], size_t *header_len, struct err *e)
{
	struct age_identity self = { .kind = AGE_X25519 };
	memcpy(self.secret_key, identity_age_secret(k->identity), sizeof self.secret_key);
	int r = age_header_open(file_key, header_len, bytes, len, &self, 1, e);
	crypto_wipe(&self, sizeof self);
	return r < 0 ? err_wrap(e, "the keeper cannot open the header") : 0;
}

int keeper_release(const struct keeper *k, const uint8_t *header, size_t len, const uint8_t box_key[static 32], struct buf *out,
	struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	size_t header_len = 0;
	struct age_recipient box = { .kind = AGE_X25519 };
	memcpy(box.public_key, box_key, sizeof box.public_key);
	int r = keeper_file_key(k, header, len, file_key, &header_len, e);
	if (r == 0 && header_len != len)
		r = err_set(e, ERR_INVALID, "the header of the data is followed by other bytes");
	else if (r == 0)
		r = age_header_make(out, file_key, &box, 1, e);
	crypto_wipe(file_key, sizeof file_key);
	return r;
}

void keeper_task_salt(const struct keeper *k, const char *task, uint8_t salt[static 32])
{
	static const char label[] = "enclua/v1/task-salt";
	hkdf256(salt, 32, identity_seed(k->identity), 32, task, strlen(task), label, sizeof label - 1);
}
