/* What strangers hand to a witness, and what a witness hands back. A request that is accepted has one spelling: written again from its parts it is the input. Of an
 * answer every byte belongs to one line.
 */
#include <stdint.h>
#include <stdlib.h>

#include "book/witness.c"
#include "book/witness_ask.c"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void request(const char *bytes, size_t len)
{
	static struct request q;
	struct buf again = BUF_INIT(WITNESS_REQUEST_BYTES + 1);
	char line[HASH_BASE64 + 1];
	if (request_parse(&q, bytes, len, NULL) < 0)
		return;
	require(q.proof.n <= PROOF_LINES && q.old <= INT64_MAX && buf_addf(&again, NULL, OLD "%llu\n", (unsigned long long)q.old) == 0);
	for (size_t i = 0; i < q.proof.n; i++) {
		base64_encode(line, q.proof.hashes[i].b, MERKLE_HASH);
		require(buf_addf(&again, NULL, "%s\n", line) == 0);
	}
	require(buf_add(&again, "\n", 1, NULL) == 0 && buf_add(&again, q.note, q.note_len, NULL) == 0);
	require(again.len == len && memcmp(again.data, bytes, len) == 0);
	buf_done(&again);
}

static void answer(const char *bytes, size_t len)
{
	static struct answer answers[NOTE_SIGNATURES];
	size_t n = 0, sum = 0;
	if (answers_parse(answers, &n, NULL, bytes, len, NULL) < 0)
		return;
	require(n > 0 && n <= NOTE_SIGNATURES);
	for (size_t i = 0; i < n; i++) {
		require(answers[i].line == bytes + sum && bytes[sum + answers[i].len - 1] == '\n');
		sum += answers[i].len;
	}
	require(sum == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	require(crypto_init(NULL) == 0);
	char *bytes = malloc(size ? size : 1);	/* exactly as long as the input, so that a sanitizer sees a byte too far */
	require(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	request(bytes, size);
	answer(bytes, size);
	free(bytes);
	return 0;
}
