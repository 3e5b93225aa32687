/* Proof files: one spelling; and what verifies does so for one entry and one index only. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "form/tlog_proof.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void proof_use(struct tlog_proof *p, const char *bytes, size_t len)
{
	struct buf again = BUF_INIT(TLOG_PROOF_BYTES);
	struct checkpoint c;
	struct tlog_verdict v;
	require(p->note + p->note_len == bytes + len && p->proof.n <= MERKLE_LEVELS);
	require(tlog_proof_write(&again, p->extra.data, p->extra.len, p->index, &p->proof, p->note, p->note_len, NULL) == 0);
	require(again.len == len && memcmp(again.data, bytes, len) == 0);
	buf_done(&again);
	if (tlog_proof_verify(p, p->extra.data, p->extra.len, NULL, &c, &v, NULL) < 0)
		return;
	require(p->index < c.size && v.quorum);
	p->index ^= 1;
	require(tlog_proof_verify(p, p->extra.data, p->extra.len, NULL, &c, &v, NULL) < 0);
	p->index ^= 1;
	require(buf_add(&p->extra, "x", 1, NULL) == 0);
	require(tlog_proof_verify(p, p->extra.data, p->extra.len, NULL, &c, &v, NULL) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tlog_proof p;
	require(crypto_init(NULL) == 0);
	char *bytes = malloc(size ? size : 1);
	require(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	if (tlog_proof_parse(&p, bytes, size, NULL) == 0) {
		proof_use(&p, bytes, size);
		tlog_proof_done(&p);
	}
	free(bytes);
	return 0;
}
