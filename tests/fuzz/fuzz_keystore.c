/* Key files of a home, with any bytes in them: the secret, its public half, which one is the default. What opens is one secret whose halves fit; what is accepted as a public half
 * is as it was written; the same texts straight to their readers. The first byte says which file is replaced by the rest. A key under a passphrase costs a second of scrypt and
 * stays with the unit tests.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/keystore.h"
#include "seal/machine_key.h"
#include "seal/minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[128];

static void require(int condition)
{
	if (!condition)
		abort();
}

static void file_write(const char *name, mode_t mode, const void *bytes, size_t n)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	require(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0 && chmod(path, mode) == 0);
}

static void dir_remove(void)
{
	static const char *const names[] = { "a.key", "a.pub", "default" };
	char path[256];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static struct buf key = BUF_INIT(KIB(64)), pub = BUF_INIT(KIB(64));

static void place_make(void)
{
	static const uint8_t seed[32] = { 3 };
	struct identity *id = NULL;
	char path[256];
	(void)snprintf(dir, sizeof dir, "/dev/shm/enclua-fuzz-XXXXXX");
	if (!mkdtemp(dir)) {
		(void)snprintf(dir, sizeof dir, "/tmp/enclua-fuzz-XXXXXX");
		require(mkdtemp(dir) != NULL);
	}
	(void)atexit(dir_remove);
	require(identity_from_seed(&id, seed, NULL) == 0 && keystore_add(dir, "a", id, NULL, NULL) == 0);
	identity_free(id);
	(void)snprintf(path, sizeof path, "%s/a.key", dir);
	require(os_file_read(path, &key, NULL) == 0);
	(void)snprintf(path, sizeof path, "%s/a.pub", dir);
	require(os_file_read(path, &pub, NULL) == 0);
}

static void home_open(unsigned which, const uint8_t *bytes, size_t n)
{
	struct identity *id = NULL;
	struct keystore_item item, *items = NULL;
	struct err e = { .code = ERR_NONE };
	char name[LIMIT_NAME_BYTES + 1];
	size_t count = 0;
	if (which == 0 && n >= 14 && memcmp(bytes, "-----BEGIN AGE", 14) == 0)
		return;
	file_write("a.key", 0600, which == 0 ? (const void *)bytes : key.data, which == 0 ? n : key.len);
	file_write("a.pub", 0644, which == 1 ? (const void *)bytes : pub.data, which == 1 ? n : pub.len);
	file_write("default", 0644, which == 2 ? (const void *)bytes : "a\n", which == 2 ? n : 2);
	if (keystore_open(dir, "a", NULL, &id, &e) == 0) {
		require(which != 1 || (n == pub.len && memcmp(bytes, pub.data, n) == 0));	/* no other public half fits this secret */
		identity_free(id);
		require(machine_key_open(dir, "a", &id, NULL) == 0);
		identity_free(id);
	} else {
		require(!id && e.code != ERR_NONE && e.msg[0]);
	}
	if (keystore_find(dir, "a", &item, NULL) == 0)
		require(strcmp(item.name, "a") == 0);
	if (keystore_list(dir, &items, &count, NULL) == 0)
		require(count == 1);
	free(items);
	if (keystore_default(dir, name, NULL) == 0)
		require(which != 2 || (n == 2 && strcmp(name, "a") == 0));
}

static void texts(const uint8_t *bytes, size_t n)
{
	char *text = malloc(n + 1), again[IDENTITY_SECRET_TEXT], who[IDENTITY_TEXT];
	struct identity *id = NULL, *same = NULL;
	uint8_t public_key[32];
	require(text != NULL);
	if (n)
		memcpy(text, bytes, n);
	text[n] = '\0';
	if (identity_secret_parse(&id, text, NULL) == 0) {
		identity_secret_text(again, id);
		require(identity_secret_parse(&same, again, NULL) == 0 && memcmp(identity_seed(id), identity_seed(same), 32) == 0);
		identity_free(id);
		identity_free(same);
	}
	if (identity_parse(public_key, text, NULL) == 0) {
		identity_text(who, public_key);
		require(strcasecmp(who, text) == 0);
	}
	if (keystore_name_check(text, NULL) == 0)
		require(strlen(text) <= LIMIT_NAME_BYTES && text[0] != '.' && !strchr(text, '/') && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(text));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	if (!dir[0])
		place_make();
	if (size == 0)
		return 0;
	const struct buf *original = data[0] % 4 == 0 ? &key : &pub;
	struct buf changed = BUF_INIT(KIB(64));
	if (data[0] % 4 == 3)
		texts(data + 1, size - 1);
	else if (data[0] & 128 && size > 2 && size < KIB(32)) {	/* the file as it was, with bytes of it replaced and put behind it */
		require(buf_add(&changed, original->data, original->len, NULL) == 0);
		if (data[0] & 64)
			changed.data[data[1] % changed.len] = data[2];
		else
			require(buf_add(&changed, data + 1, size - 1, NULL) == 0);
		home_open(data[0] % 4, changed.data, changed.len);
	} else
		home_open(data[0] % 4, data + 1, size - 1);
	buf_done(&changed);
	return 0;
}
