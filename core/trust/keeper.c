/* The keeper: holds one identity, and hands the key of a piece of data from a header for itself to a header for a box. File keys live on
 * the stack for the length of one call and are wiped.
 */
#include "trust/keeper.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "host/host.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/machine_key.h"

#define KEEPER_NAME "keeper"

struct keeper { struct identity *identity; };

int keeper_make(const char *home, struct err *e)
{
	char folder[PATH_MAX];
	if (snprintf(folder, sizeof folder, "%s/" KEEPER_NAME, home) >= (int)sizeof folder)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return os_dir_make(folder, 0700, e) < 0 ? -1 : machine_key_make(home, KEEPER_NAME, e);
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

static int appointed(void *ctx, const struct host_keeper *k, struct err *e)
{
	(void)e;
	memcpy(ctx, k->age, 32);
	return 0;
}

int keeper_of_book(struct book *b, uint8_t age[static 32], struct err *e)
{
	static const uint8_t none[32];
	memset(age, 0, 32);
	if (host_keepers(b, appointed, age, e) < 0)
		return -1;
	if (memcmp(age, none, 32) == 0 && (host_local_keeper(b, e) < 0 || host_keepers(b, appointed, age, e) < 0))
		return -1;
	return memcmp(age, none, 32) ? 0 : err_set(e, ERR_UNAVAILABLE, "no keeper serves this book: nobody could release what is sealed for it");
}

const struct identity *keeper_identity(const struct keeper *k)
{
	return k->identity;
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

/* A secret and its end, filled up: its length is nobody's business either. */
#define SECRET_STEP 256u
#define SECRET_END 0x80u

int keeper_secret_seal(const uint8_t keeper[static 32], const void *secret, size_t n, struct buf *out, struct err *e)
{
	const uint8_t end = SECRET_END;
	struct buf plain = BUF_INIT(n + SECRET_STEP + 1);
	int r = buf_add(&plain, secret, n, e) < 0 || buf_add(&plain, &end, 1, e) < 0 || buf_add_zero(&plain, (SECRET_STEP - plain.len % SECRET_STEP) % SECRET_STEP, e) < 0 ||
		age_small_seal(keeper, plain.data, plain.len, out, e) < 0 ? -1 : 0;
	buf_done(&plain);
	return r;
}

static int unpad(struct buf *plain, struct buf *out, struct err *e)
{
	size_t n = plain->len;
	while (n && plain->data[n - 1] == 0)
		n--;
	if (n == 0 || plain->data[n - 1] != SECRET_END)
		return err_set(e, ERR_INVALID, "a sealed secret has no end");
	return buf_add(out, plain->data, n - 1, e);
}

int keeper_secret_open(const struct keeper *k, const uint8_t *bytes, size_t len, struct buf *out, struct err *e)
{
	uint8_t key[AGE_FILE_KEY];
	size_t header = 0;
	struct buf plain = BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	int r = keeper_file_key(k, bytes, len, key, &header, e);
	if (r == 0 && (age_small_open(key, bytes + header, len - header, &plain, e) < 0 || unpad(&plain, out, e) < 0))
		r = -1;
	crypto_wipe(key, sizeof key);
	buf_done(&plain);
	return r < 0 ? err_wrap(e, "a sealed secret") : 0;
}

void keeper_task_salt(const struct keeper *k, const char *task, uint8_t salt[static 32])
{
	static const char label[] = "enclua/v1/task-salt";
	hkdf256(salt, 32, identity_seed(k->identity), 32, task, strlen(task), label, sizeof label - 1);
}
