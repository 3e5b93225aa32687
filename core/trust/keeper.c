/* The keeper: holds one identity, and hands the key of a piece of data from a header for itself to a header for a box. File keys live on
 * the stack for the length of one call and are wiped.
 */
#include "trust/keeper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/keystore.h"

#define KEEPER_NAME "keeper"

struct keeper { struct identity *identity; };

static int key_path(char out[static PATH_MAX], const char *home, struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/" KEEPER_NAME ".key", home) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return 0;
}

int keeper_make(const char *home, struct err *e)
{
	char path[PATH_MAX];
	if (key_path(path, home, e) < 0)
		return -1;
	if (os_exists(path))
		return 0;
	struct identity *identity = NULL;
	if (identity_new(&identity, e) < 0)
		return -1;
	struct err why = { .code = ERR_NONE };
	int r = keystore_add(home, KEEPER_NAME, identity, NULL, &why);
	identity_free(identity);
	if (r < 0 && why.code == ERR_CONFLICT)	/* another process made it in this moment */
		return 0;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? err_wrap(e, "the keeper's key") : 0;
}

/* Data is worth no more than this file: somebody else's right to read it is a mistake to be repaired, not to be worked with. */
static int private_check(const char *path, struct err *e)
{
	struct stat st;
	if (lstat(path, &st) < 0) {
		err_sys(e, errno, "cannot open the keeper's key %s", path);
		return errno == ENOENT ? err_hint(e, "enclua init makes the home and its keeper") : -1;
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) == 0)
		return 0;
	err_set(e, ERR_DENIED, "the keeper's key %s can be read or changed by others", path);
	return err_hint(e, "chmod 600 %s", path);
}

int keeper_open(struct keeper **out, const char *home, struct err *e)
{
	char path[PATH_MAX];
	*out = NULL;
	if (key_path(path, home, e) < 0 || private_check(path, e) < 0)
		return -1;
	struct keeper *k = calloc(1, sizeof *k);
	if (!k)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (keystore_open(home, KEEPER_NAME, NULL, &k->identity, e) < 0) {
		keeper_close(k);
		return err_wrap(e, "the keeper's key");
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

int keeper_release(const struct keeper *k, const uint8_t *header, size_t len, const uint8_t box_key[static 32], struct buf *out,
	struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	size_t header_len = 0;
	struct age_identity self = { .kind = AGE_X25519 };
	struct age_recipient box = { .kind = AGE_X25519 };
	memcpy(self.secret_key, identity_age_secret(k->identity), sizeof self.secret_key);
	memcpy(box.public_key, box_key, sizeof box.public_key);
	int r = age_header_open(file_key, &header_len, header, len, &self, 1, e);
	if (r < 0)
		err_wrap(e, "the keeper cannot open the header");
	else if (header_len != len)
		r = err_set(e, ERR_INVALID, "the header of the data is followed by other bytes");
	else
		r = age_header_make(out, file_key, &box, 1, e);
	crypto_wipe(file_key, sizeof file_key);
	crypto_wipe(&self, sizeof self);
	return r;
}
