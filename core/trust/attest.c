/* Evidence and its verification: what is the same for all providers. It knows what evidence is about, which provider a text is for, and what claims count for; what
 * a platform signs is the providers' matter. It keeps nothing.
 */
#include "trust/attest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "form/assurance.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"

static const struct { const char *name, *sentence; } levels[] = {
#define X(name, text) { #name, text },
	ASSURANCE_TABLE(X)
#undef X
};
#define LEVELS (sizeof levels / sizeof levels[0])
static_assert(ATTEST_NONE == 0 && LEVELS == ATTEST_CVM + 1, "the one list of levels and the enum agree");

/* From the strongest to what is always there. */
static const struct attest_provider *const providers[] = { &attest_tdx, &attest_sev_snp, &attest_tpm2, &attest_software };
#define PROVIDERS (sizeof providers / sizeof providers[0])

const char *attest_level_text(enum attest_level l)
{
	assert((size_t)l < LEVELS);
	return levels[l].name;
}

const char *attest_level_sentence(enum attest_level l)
{
	assert((size_t)l < LEVELS);
	return levels[l].sentence;
}

int attest_level_parse(enum attest_level *out, const char *text, struct err *e)
{
	struct entry_text t = entry_text(text);
	int l = assurance_level(&t);
	if (l < 0)
		return err_set(e, ERR_USAGE, "there is no assurance level %.32s: they are none, software, tpm2 and cvm", text);
	*out = (enum attest_level)l;
	return 0;
}

enum attest_level attest_claims_level(const struct attest_claims *c)
{
	return (c->debug || c->simulated) && c->level > ATTEST_SOFTWARE ? ATTEST_SOFTWARE : c->level;
}

/* What a report is the hash of. */
#define LABEL "enclua/attest/v1"
#define SUBJECT_BYTES (sizeof LABEL + sizeof(struct attest_subject))

static void subject_bytes(const struct attest_subject *s, uint8_t out[static SUBJECT_BYTES])
{
	const uint8_t *const fields[] = { s->nonce, s->task, s->worker, s->box, s->measurement, s->app, s->policy, s->checkpoint };
	static_assert(sizeof *s == sizeof fields / sizeof fields[0] * 32, "every field of the subject is in the report");
	memcpy(out, LABEL, sizeof LABEL);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		memcpy(out + sizeof LABEL + i * 32, fields[i], 32);
}

void attest_report_data(const struct attest_subject *s, uint8_t out[static 64])
{
	uint8_t bytes[SUBJECT_BYTES];
	subject_bytes(s, bytes);
	sha512(out, bytes, sizeof bytes);
}

void attest_report_data_tpm(const struct attest_subject *s, uint8_t out[static 32])
{
	uint8_t bytes[SUBJECT_BYTES];
	subject_bytes(s, bytes);
	sha256(out, bytes, sizeof bytes);
}

const struct attest_provider *attest_provider_find(const char *name, struct err *e)
{
	for (size_t i = 0; i < PROVIDERS; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	err_set(e, ERR_INVALID, "there is no provider of evidence named %.32s", name);
	return NULL;
}

/* The strongest that is there; software always is. */
static const struct attest_provider *provider_best(void)
{
	struct attest_offer o = { .present = false };
	for (size_t i = 0; i < PROVIDERS; i++)
		if (providers[i]->present(&o.simulated, o.why, sizeof o.why))
			return providers[i];
	return &attest_software;
}

int attest_evidence(const char *provider, const struct attest_subject *s, const struct identity *worker, struct buf *out, struct err *e)
{
	struct attest_text t;
	int r = -1;
	attest_text_init(&t);
	t.provider = provider ? attest_provider_find(provider, e) : provider_best();
	if (!t.provider)
		goto out;
	if (!crypto_equal(s->worker, identity_public(worker), sizeof s->worker)) {
		err_set(e, ERR_INVALID, "the subject names another worker than the one that signs");
		goto out;
	}
	attest_report_data(s, t.report);
	memcpy(t.measurement, s->measurement, sizeof t.measurement);
	memcpy(t.worker, s->worker, sizeof t.worker);
	if (t.provider->evidence(s, t.parts, e) < 0)
		goto out;
	r = attest_text_sign(&t, worker, out, e);
out:
	attest_text_done(&t);
	return r;
}

/* Sound evidence of something else: of another task, box, moment or worker, or passed on. */
static int subject_check(const struct attest_text *t, const struct attest_subject *s, struct err *e)
{
	uint8_t report[ATTEST_REPORT];
	attest_report_data(s, report);
	if (!crypto_equal(t->worker, s->worker, sizeof t->worker))
		return err_set(e, ERR_DENIED, "the evidence is by another worker");
	if (!crypto_equal(t->measurement, s->measurement, sizeof t->measurement))
		return err_set(e, ERR_DENIED, "the evidence is of another enclave program");
	if (!crypto_equal(t->report, report, sizeof report))
		return err_set(e, ERR_DENIED, "the evidence is about another task, box, app, policy or checkpoint, or answers another nonce");
	return 0;
}

int attest_verify(const uint8_t *evidence, size_t len, const struct attest_subject *s, const struct attest_references *r, int64_t now, struct attest_claims *out,
	struct err *e)
{
	struct attest_text t;
	struct attest_claims claims = { .level = ATTEST_NONE };
	int result = -1;
	memset(out, 0, sizeof *out);
	attest_text_init(&t);
	if (attest_text_read(&t, evidence, len, e) < 0 || subject_check(&t, s, e) < 0)
		goto out;
	if (!attest_measurement_accepted(r, t.measurement)) {
		err_set(e, ERR_DENIED, "the enclave program is none that this keeper accepts");
		err_hint(e, "enclua doctor shows the measurement of a machine's enclave; a line \"measurement <hex>\" in keeper/references accepts it");
		goto out;
	}
	claims.level = t.provider->level;
	(void)snprintf(claims.provider, sizeof claims.provider, "%s", t.provider->name);
	memcpy(claims.measurement, t.measurement, sizeof claims.measurement);
	if (t.provider->verify(t.parts, s, r, now, &claims, e) < 0)
		goto out;
	*out = claims;
	result = 0;
out:
	attest_text_done(&t);
	return result;
}

size_t attest_offers(struct attest_offer *out, size_t n)
{
	size_t i;
	for (i = 0; i < n && i < PROVIDERS; i++) {
		out[i] = (struct attest_offer){ .provider = providers[i]->name, .level = providers[i]->level };
		out[i].present = providers[i]->present(&out[i].simulated, out[i].why, sizeof out[i].why);
	}
	return i;
}
