/* Opening a .iapp of 50 KiB (every check, the manifest parsed) against what it cannot do without: SHA-256 of as many bytes and two Ed25519 verifications for each
 * signature, by the same primitives. Alternating, in one process; medians. */
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "unit/iapp_make.h"

#define ROUNDS 301
#define REPEAT 20	/* in one round: the clock counts whole microseconds */

struct sides { const struct buf *archive, *list; struct identity *id; uint8_t global[64], signature[64]; char comment[MINISIGN_COMMENT]; };

static void open_once(const struct sides *s)
{
	struct iapp *a = NULL;
	must(iapp_open(&a, s->archive->data, s->archive->len, NULL, NULL));
	iapp_free(a);
}

static void open_expected(const struct sides *s)
{
	struct minisign_key key = signer_key(s->id);
	uint8_t whole[32];
	struct iapp *a = NULL;
	sha256(whole, s->archive->data, s->archive->len);
	must(iapp_open(&a, s->archive->data, s->archive->len, &(struct iapp_expect){ .sha256 = whole, .keys = &key, .n_keys = 1 }, NULL));
	iapp_free(a);
}

static void parts_once(const struct sides *s)
{
	uint8_t hash[32];
	sha256(hash, s->archive->data, s->archive->len);
	if (!ed25519_verify(s->signature, s->list->data, s->list->len, identity_public(s->id)) ||
	    !ed25519_verify(s->global, s->comment, strlen(s->comment), identity_public(s->id)))
		abort();
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(void)
{
	static void (*const side[])(const struct sides *) = { open_once, parts_once, open_once, open_expected };
	static const char *const name[] = { "iapp_open", "SHA-256 + 2 Ed25519", "iapp_open again (A/A)", "hash + iapp_open, hash and key given" };
	static double us[4][ROUNDS];
	static char data[45000];
	struct buf archive = BUF_INIT(MIB(1)), list = BUF_INIT(KIB(64));
	must(crypto_init(NULL));
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)('a' + i % 23);
	const struct piece files[] = { { "data.csv", data, 20000 }, { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "lib/a.txt", data + 20000, 15000 },
		{ "main.lua", TEXT(MAIN_TEXT) }, { "model.json", data + 35000, 10000 }, { NULL, NULL, 0 } };
	archive_of(&archive, files);
	list_put(&list, files);
	struct sides s = { &archive, &list, signer_make(7), { 0 }, { 0 }, "" };
	comment_make(s.comment, "iapp=demo version=1.0.0", &list);
	identity_sign(s.signature, s.id, list.data, list.len);
	identity_sign(s.global, s.id, s.comment, strlen(s.comment));
	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t k = 0; k < 4; k++) {
			uint64_t start = os_now_us();
			for (size_t i = 0; i < REPEAT; i++)
				side[k](&s);
			us[k][r] = (double)(os_now_us() - start) / REPEAT;
		}
	for (size_t k = 0; k < 4; k++) {
		qsort(us[k], ROUNDS, sizeof us[k][0], compare);
		printf("%-38s n=%d  %.1f us (%.1f-%.1f)\n", name[k], ROUNDS, us[k][ROUNDS / 2], us[k][0], us[k][ROUNDS - 1]);
	}
	printf("%-38s %zu bytes\n", "archive", archive.len);
	printf("%-38s %.2f   target 1.3\n", "iapp_open / parts", us[0][ROUNDS / 2] / us[1][ROUNDS / 2]);
	printf("%-38s %.2f\n", "A/A", us[2][ROUNDS / 2] / us[0][ROUNDS / 2]);
	identity_free(s.id);
	buf_done(&archive);
	buf_done(&list);
	return 0;
}
