/* What evidence costs: made and verified, at the software level and, where a TPM is enrolled (ENCLUA_TPM), by it; against two signatures of Ed25519 and their checks, the
 * least that any such exchange could be. Turn by turn in one run; microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"

#define ROUNDS 301u
#define NOW 1763722800

struct bench { struct identity *worker; struct attest_subject subject; struct attest_references *references; struct buf text; struct err e; };

static void fail(const struct bench *b)
{
	(void)fprintf(stderr, "attest_time: %s\n", b->e.msg);
	exit(1);
}

static void evidence(struct bench *b, const char *provider)
{
	buf_clear(&b->text);
	if (attest_evidence(provider, &b->subject, b->worker, &b->text, &b->e) < 0)
		fail(b);
}

static void software_make(struct bench *b) { evidence(b, "software"); }
static void tpm2_make(struct bench *b) { evidence(b, "tpm2"); }

static void verify(struct bench *b)
{
	struct attest_claims c;
	if (attest_verify(b->text.data, b->text.len, &b->subject, b->references, NOW, &c, &b->e) < 0)
		fail(b);
}

static void software_both(struct bench *b)
{
	software_make(b);
	verify(b);
}

static void signatures(struct bench *b)
{
	uint8_t signature[64];
	identity_sign(signature, b->worker, &b->subject, sizeof b->subject);
	if (!ed25519_verify(signature, &b->subject, sizeof b->subject, b->subject.worker))
		fail(b);
}

static int compare(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(struct bench *b); bool tpm; } sides[] = {
		{ "an Ed25519 signature, checked", signatures, false }, { "software: made", software_make, false }, { "software: made, verified", software_both, false },
		{ "tpm2: made", tpm2_make, true }, { "tpm2: verified", verify, true },
	};
	enum { SIDES = sizeof sides / sizeof sides[0] };
	static uint64_t took[SIDES][ROUNDS];
	struct bench b = { .text = BUF_INIT(ATTEST_BYTES) };
	const bool tpm = getenv("ENCLUA_TPM") != NULL;
	if (argc != 2 || crypto_init(&b.e) < 0 || identity_new(&b.worker, &b.e) < 0 || attest_references_read(&b.references, argv[1], &b.e) < 0)
		fail(&b);
	memcpy(b.subject.worker, identity_public(b.worker), 32);
	memset(b.subject.measurement, 0x11, 32);	/* as the bench's references say */
	for (size_t i = 0; i < ROUNDS; i++)
		for (size_t s = 0; s < SIDES; s++) {
			if (sides[s].tpm && !tpm)
				continue;
			uint64_t begun = os_now_us();
			sides[s].run(&b);
			took[s][i] = os_now_us() - begun;
		}
	for (size_t s = 0; s < SIDES; s++) {
		if (sides[s].tpm && !tpm)
			continue;
		qsort(took[s], ROUNDS, sizeof took[s][0], compare);
		(void)printf("%-32s n=%u  median %6llu µs  (%llu–%llu)  %.1f × the signature\n", sides[s].name, ROUNDS, (unsigned long long)took[s][ROUNDS / 2],
			(unsigned long long)took[s][0], (unsigned long long)took[s][ROUNDS - 1], (double)took[s][ROUNDS / 2] / (double)took[0][ROUNDS / 2]);
	}
	buf_done(&b.text);
	attest_references_free(b.references);
	identity_free(b.worker);
	return 0;
}
