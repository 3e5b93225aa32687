/* The provider that is always there: nothing vouches for the machine but its worker's key, which signs every evidence anyway. Worth as much as that key, and no more
 * than the machine's operator.
 */
#include <assert.h>

#include "trust/attest_inner.h"

static bool software_present(bool *simulated, char *why, size_t size)
{
	*simulated = false;
	if (size)
		why[0] = '\0';
	return true;
}

static int software_evidence(const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], struct err *e)
{
	(void)s;
	(void)parts;
	(void)e;
	return 0;
}

static int software_verify(const struct buf parts[static ATTEST_PARTS], const struct attest_subject *s, const struct attest_references *r, int64_t now,
	struct attest_claims *out, struct err *e)
{
	(void)parts;
	(void)r;
	(void)now;
	(void)e;
	static_assert(sizeof out->signer >= IDENTITY_TEXT, "a key's text fits");
	identity_text(out->signer, s->worker);
	return 0;
}

const struct attest_provider attest_software = {
	.name = "software", .level = ATTEST_SOFTWARE, .parts = { NULL },
	.present = software_present, .evidence = software_evidence, .verify = software_verify,
};
