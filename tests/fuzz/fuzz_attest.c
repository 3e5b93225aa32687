/* Evidence: no bytes are accepted but those that the worker's key signed, and what the text's reader takes has one spelling. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "seal/crypto.h"
#include "trust/attest_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* What the subject of the seeds is, and who signed them. */
static const uint8_t seed[32] = { 7 };

/* Signed by the right key over whatever the input says, so that what stands behind the signature's check is reached, too. */
static void signed_again(const uint8_t *data, size_t size, const struct identity *worker)
{
	struct attest_text t, back;
	struct buf text = BUF_INIT(ATTEST_BYTES);
	attest_text_init(&t);
	attest_text_init(&back);
	(void)attest_text_read(&t, data, size, NULL);
	if (t.provider) {
		memcpy(t.worker, identity_public(worker), sizeof t.worker);
		for (size_t i = 0; t.provider->parts[i]; i++)
			if (!t.parts[i].len)
				require(buf_add(&t.parts[i], "\0", 1, NULL) == 0);
		if (attest_text_sign(&t, worker, &text, NULL) == 0) {
			require(attest_text_read(&back, text.data, text.len, NULL) == 0);
			require(memcmp(back.report, t.report, sizeof t.report) == 0);
		}
	}
	attest_text_done(&t);
	attest_text_done(&back);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct identity *worker = NULL;
	struct attest_text t;
	require(crypto_init(NULL) == 0 && identity_from_seed(&worker, seed, NULL) == 0);
	attest_text_init(&t);
	if (attest_text_read(&t, data, size, NULL) == 0) {
		struct buf again = BUF_INIT(ATTEST_BYTES);
		require(attest_text_write(&t, &again, NULL) == 0);
		require(again.len < size && memcmp(again.data, data, again.len) == 0);
		require(ed25519_verify(t.signature, data, again.len, t.worker));
		buf_done(&again);
	}
	attest_text_done(&t);
	signed_again(data, size, worker);
	identity_free(worker);
	return 0;
}
