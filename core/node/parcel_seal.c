/* A parcel as sealed bytes in the store: see parcel.h. Nothing of its plaintext touches the disk.
 */
#include "node/parcel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define SEALED_MAX (LIMIT_PARCEL_BYTES + LIMIT_PARCEL_BYTES / 8 + LIMIT_PARCEL_ARGS_BYTES + LIMIT_PARCEL_SECRETS_BYTES)	/* with Padmé's and age's own bytes */

/* Sealing */

struct sealing { int fd; struct sha256 hash; };

static int sealed_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct sealing *s = ctx;
	sha256_add(&s->hash, bytes, n);
	return os_write(s->fd, bytes, n) < 0 ? err_sys(e, errno, "cannot store the parcel") : 0;
}

static int plain_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return age_writer_add(ctx, bytes, n, e);
}

int parcel_seal(struct store *s, const uint8_t keeper[static 32], const struct parcel_for *to, const struct work *w, uint8_t sha256[static 32], struct err *e)
{
	struct age_recipient recipient = { .kind = AGE_X25519 };
	struct age_writer *writer = NULL;
	struct sealing x = { .fd = -1 };
	char tmp[512];
	int r = -1;
	memcpy(recipient.public_key, keeper, 32);
	sha256_init(&x.hash);
	if (store_blob_begin(s, &x.fd, tmp, sizeof tmp, e) < 0)
		return -1;
	if (age_writer_new(&writer, &recipient, 1, sealed_add, &x, e) < 0 || parcel_write(to, w, plain_add, writer, e) < 0 || age_writer_end(writer, e) < 0)
		goto out;
	sha256_end(&x.hash, sha256);
	r = store_blob_commit(s, x.fd, tmp, sha256, e);
	x.fd = -1;	/* taken */
out:
	if (x.fd >= 0)
		store_blob_abort(x.fd, tmp);
	age_writer_free(writer);
	return r;
}

/* Opening */

static int hash_check(int fd, uint64_t size, const uint8_t sha256_want[static 32], struct err *e)
{
	uint8_t chunk[1 << 16], got[32];
	struct sha256 h;
	sha256_init(&h);
	for (uint64_t at = 0; at < size;) {
		ssize_t n = os_pread(fd, chunk, sizeof chunk, at);
		if (n <= 0)
			return err_sys(e, n < 0 ? errno : EIO, "cannot read the parcel");
		sha256_add(&h, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	sha256_end(&h, got);
	return memcmp(got, sha256_want, sizeof got) == 0 ? 0 : err_set(e, ERR_INVALID, "the parcel is not the one that the request names");
}

struct sealed { int fd; uint64_t header; };

static int payload_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct sealed *s = ctx;
	ssize_t got = os_pread(s->fd, out, n, s->header + offset);
	return got >= 0 && (size_t)got == n ? 0 : err_sys(e, got < 0 ? errno : EIO, "cannot read the parcel");
}

static int plain_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	return age_file_read(ctx, out, n, offset, e);
}

static int payload_open(struct age_file **file, struct sealed *s, uint64_t size, const struct parcel_opener *k, struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	int r = k->key(k->ctx, s->fd, file_key, &s->header, e);
	if (r == 0 && s->header > size)
		r = err_set(e, ERR_INTERNAL, "the header of the parcel is longer than the parcel");
	if (r == 0)
		r = age_file_open(file, file_key, size - s->header, payload_read, s, e);
	crypto_wipe(file_key, sizeof file_key);
	return r < 0 ? err_wrap(e, "the parcel") : 0;
}

int parcel_open(struct parcel **out, struct store *s, const struct parcel_opener *k, const struct parcel_for *to, const uint8_t sha256_want[static 32], struct err *e)
{
	struct age_file *file = NULL;
	struct sealed sealed = { .fd = -1 };
	uint64_t size = 0;
	int r = -1;
	*out = NULL;
	if (store_blob_open(s, sha256_want, &sealed.fd, &size, e) < 0)
		return err_wrap(e, "the parcel");
	if (size > SEALED_MAX) {
		err_set(e, ERR_LIMIT, "the parcel is larger than any may be");
		goto out;
	}
	if (hash_check(sealed.fd, size, sha256_want, e) < 0 || payload_open(&file, &sealed, size, k, e) < 0 ||
		parcel_read(out, plain_read, file, age_file_size(file), e) < 0)
		goto out;
	if (strcmp((*out)->requester, to->requester) != 0 || strcmp((*out)->app, to->app) != 0) {
		parcel_free(*out);
		*out = NULL;
		err_set(e, ERR_DENIED, "the parcel was made by another requester or for another iApp than the request says");
		goto out;
	}
	r = 0;
out:
	age_file_free(file);
	close(sealed.fd);
	return r;
}
