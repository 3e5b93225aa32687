/* Checkpoints, their names and their signatures. A text has one spelling. A note that is accepted, and all of whose signers are known, is refused with any one
 * of its bits changed; which bit, the input itself says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "form/checkpoint.h"
#include "form/tlog_policy.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void text_of(const char *text, size_t len)
{
	struct checkpoint c;
	struct buf again = BUF_INIT(CHECKPOINT_TEXT_MAX);
	if (checkpoint_parse(&c, text, len, NULL) < 0)
		return;
	require(checkpoint_write(&c, &again, NULL) == 0 && again.len == len && memcmp(again.data, text, len) == 0);
	buf_done(&again);
}

static void name_of(const char *name)
{
	struct note_key k;
	char made[NOTE_NAME_BYTES + 1];
	if (!checkpoint_name_key(&k, name, NOTE_COSIGNATURE))
		return;
	require(strcmp(k.name, name) == 0);
	checkpoint_witness_make(made, k.public_key);
	require(strcmp(strrchr(made, '/') + 1, strrchr(name, '/') ? strrchr(name, '/') + 1 : name) == 0);
}

static void note_of(char *bytes, size_t len)
{
	static struct note parsed;
	struct checkpoint c, same;
	struct tlog_verdict v;
	const int opened = checkpoint_open(&c, &parsed, bytes, len, NULL, NULL);
	require(opened == tlog_policy_check(NULL, bytes, len, &same, &v, NULL));
	if (opened < 0)
		return;
	require(strcmp(c.origin, same.origin) == 0 && c.size == same.size && merkle_equal(&c.root, &same.root) && v.quorum);
	text_of(parsed.text, parsed.text_len);
	if (v.unknown > 0)
		return;
	uint8_t digest[32];
	sha256(digest, bytes, len);
	for (unsigned i = 0; i + 4 <= sizeof digest; i += 4) {
		size_t at = ((size_t)digest[i] << 16 | (size_t)digest[i + 1] << 8 | digest[i + 2]) % len;
		bytes[at] = (char)(bytes[at] ^ 1 << digest[i + 3] % 8);
		require(checkpoint_open(&c, &parsed, bytes, len, NULL, NULL) < 0);
		bytes[at] = (char)(bytes[at] ^ 1 << digest[i + 3] % 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	char *bytes = malloc(size + 1);	/* exactly as long as the input, so that a sanitizer sees a byte too far */
	require(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	name_of(bytes);
	bytes = realloc(bytes, size ? size : 1);
	require(bytes != NULL);
	text_of(bytes, size);
	note_of(bytes, size);
	free(bytes);
	return 0;
}
