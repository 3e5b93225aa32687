/* Evidence of the software level (attest_software.c), its text (attest_text.c) and the reference values (attest_references.c): every way to pass it off for something else
 * is tried, and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/assurance.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"
#include "unit/scratch.h"

#define NOW 1763722800

struct scene {
	char dir[PATH_MAX];
	struct identity *worker, *other;
	struct attest_subject subject;
	struct attest_references *references;
	struct buf evidence;
};

static void references_read(struct scene *s, const char *text)
{
	struct err e = { .code = ERR_NONE };
	char path[PATH_MAX + 32];
	scratch_file(s->dir, "references", text, strlen(text));
	(void)snprintf(path, sizeof path, "%s/references", s->dir);
	attest_references_free(s->references);
	s->references = NULL;
	if (attest_references_read(&s->references, path, &e) < 0)
		fail_msg("%s", e.msg);
}

static int scene_make(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct err e = { .code = ERR_NONE };
	char line[128], hex[HEX_LEN(32) + 1];
	const uint8_t seed[32] = { 7 }, seed_other[32] = { 8 };
	assert_non_null(s);
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(s->dir);
	assert_int_equal(identity_from_seed(&s->worker, seed, &e), 0);
	assert_int_equal(identity_from_seed(&s->other, seed_other, &e), 0);
	for (size_t i = 0; i < sizeof s->subject; i++)
		((uint8_t *)&s->subject)[i] = (uint8_t)(i * 7 + 1);
	memcpy(s->subject.worker, identity_public(s->worker), 32);
	hex_encode(hex, s->subject.measurement, 32);
	(void)snprintf(line, sizeof line, "# what we accept\n\nmeasurement %s\n", hex);
	references_read(s, line);
	s->evidence = (struct buf)BUF_INIT(ATTEST_BYTES);
	assert_int_equal(attest_evidence("software", &s->subject, s->worker, &s->evidence, &e), 0);
	*state = s;
	return 0;
}

static int scene_drop(void **state)
{
	struct scene *s = *state;
	buf_done(&s->evidence);
	attest_references_free(s->references);
	identity_free(s->worker);
	identity_free(s->other);
	scratch_remove(s->dir);
	free(s);
	return 0;
}

/* What verification says of these bytes and that subject: ERR_NONE when it accepts. Refused evidence has no claims. */
static enum err_code verdict(const struct scene *s, const void *bytes, size_t len, const struct attest_subject *about)
{
	struct err e = { .code = ERR_NONE };
	struct attest_claims c, none = { .level = ATTEST_NONE };
	if (attest_verify(bytes, len, about, s->references, NOW, &c, &e) == 0)
		return ERR_NONE;
	assert_memory_equal(&c, &none, sizeof c);
	assert_true(e.code == ERR_DENIED || e.code == ERR_INVALID);
	assert_true(e.msg[0]);
	return e.code;
}

static void sound_evidence_is_accepted(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_claims c;
	char key[IDENTITY_TEXT];
	assert_int_equal(attest_verify(s->evidence.data, s->evidence.len, &s->subject, s->references, NOW, &c, &e), 0);
	assert_int_equal(c.level, ATTEST_SOFTWARE);
	assert_int_equal(attest_claims_level(&c), ATTEST_SOFTWARE);
	assert_string_equal(c.provider, "software");
	assert_memory_equal(c.measurement, s->subject.measurement, 32);
	identity_text(key, s->subject.worker);
	assert_string_equal(c.signer, key);
	assert_false(c.debug);
	assert_false(c.simulated);
	assert_string_equal(c.tcb, "");
	assert_int_equal(c.not_after, 0);
}

/* The hash is over the fields in their order behind the label: computed here by hand. */
static void report_data_is_what_trust_says(void **state)
{
	struct scene *s = *state;
	uint8_t bytes[17 + 256] = "enclua/attest/v1", long_form[64], short_form[32], got[64];
	const uint8_t *const order[] = { s->subject.nonce, s->subject.task, s->subject.worker, s->subject.box, s->subject.measurement, s->subject.app,
		s->subject.policy, s->subject.checkpoint };
	for (size_t i = 0; i < 8; i++)
		memcpy(bytes + 17 + 32 * i, order[i], 32);
	sha512(long_form, bytes, sizeof bytes);
	sha256(short_form, bytes, sizeof bytes);
	attest_report_data(&s->subject, got);
	assert_memory_equal(got, long_form, 64);
	attest_report_data_tpm(&s->subject, got);
	assert_memory_equal(got, short_form, 32);
}

/* Every field of the subject, each bit of it alone: the nonce (so a replay), the task, the worker, the box, the measurement, the app, the policy, the checkpoint. */
static void another_subject_is_refused(void **state)
{
	struct scene *s = *state;
	for (size_t bit = 0; bit < 8 * sizeof s->subject; bit++) {
		struct attest_subject about = s->subject;
		((uint8_t *)&about)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (verdict(s, s->evidence.data, s->evidence.len, &about) != ERR_DENIED)
			fail_msg("bit %zu of the subject is not bound", bit);
	}
	assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_NONE);
}

static void changed_evidence_is_refused(void **state)
{
	struct scene *s = *state;
	for (size_t bit = 0; bit < 8 * s->evidence.len; bit++) {
		s->evidence.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (verdict(s, s->evidence.data, s->evidence.len, &s->subject) != ERR_INVALID)
			fail_msg("bit %zu of the evidence may be turned", bit);
		s->evidence.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_NONE);
}

static void cut_or_longer_evidence_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	for (size_t len = 0; len < s->evidence.len; len++)
		assert_int_equal(verdict(s, s->evidence.data, len, &s->subject), ERR_INVALID);
	static const char *const tails[] = { "\n", " ", "signature: AAAA\n", "\r\n" };
	size_t len = s->evidence.len;
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		assert_int_equal(buf_add_text(&s->evidence, tails[i], &e), 0);
		assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_INVALID);
		s->evidence.len = len;
	}
	assert_int_equal(buf_add(&s->evidence, "", 1, &e), 0);	/* a NUL */
	assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_INVALID);
	uint8_t *large = calloc(1, ATTEST_BYTES + 1);
	assert_non_null(large);
	memcpy(large, s->evidence.data, len);
	assert_int_equal(verdict(s, large, ATTEST_BYTES + 1, &s->subject), ERR_INVALID);
	free(large);
}

/* A sound text of the same subject, signed by a key that is not the worker's: as itself, and in the worker's name. */
static void another_worker_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_subject theirs = s->subject;
	struct attest_text t;
	struct buf text = BUF_INIT(ATTEST_BYTES);
	assert_int_equal(attest_evidence("software", &theirs, s->other, &text, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	memcpy(theirs.worker, identity_public(s->other), 32);
	assert_int_equal(attest_evidence("software", &theirs, s->other, &text, &e), 0);
	assert_int_equal(verdict(s, text.data, text.len, &theirs), ERR_NONE);
	assert_int_equal(verdict(s, text.data, text.len, &s->subject), ERR_DENIED);

	buf_clear(&text);
	attest_text_init(&t);
	assert_int_equal(attest_text_read(&t, s->evidence.data, s->evidence.len, &e), 0);
	assert_int_equal(attest_text_sign(&t, s->other, &text, &e), 0);
	assert_int_equal(verdict(s, text.data, text.len, &s->subject), ERR_INVALID);
	attest_text_done(&t);
	buf_done(&text);
}

/* A worker that signs what is not so: another report, another measurement beside the true report. */
static void lying_worker_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_text t;
	struct buf text = BUF_INIT(ATTEST_BYTES);
	for (unsigned lie = 0; lie < 2; lie++) {
		attest_text_init(&t);
		buf_clear(&text);
		assert_int_equal(attest_text_read(&t, s->evidence.data, s->evidence.len, &e), 0);
		(lie ? t.report : t.measurement)[0] ^= 1;
		assert_int_equal(attest_text_sign(&t, s->worker, &text, &e), 0);
		assert_int_equal(verdict(s, text.data, text.len, &s->subject), ERR_DENIED);
		attest_text_done(&t);
	}
	buf_done(&text);
}

static void other_spellings_are_refused(void **state)
{
	struct scene *s = *state;
	static const struct { const char *from, *to; } changes[] = {
		{ "enclua/evidence/v1", "enclua/evidence/v2" }, { "enclua/evidence/v1\n", "enclua/evidence/v1\r\n" }, { "software", "Software" },
		{ "software", "tpm3" }, { "report: ", "report:  " }, { "worker: enclua1", "worker: ENCLUA1" }, { "provider: software\n", "" },
		{ "measurement: ", "Measurement: " }, { "signature: ", "signature:" }, { "report: ", "\nreport: " },
		{ "signature: ", "extra: AAAA\nsignature: " }, { "==\n", "\n" }, { "==\n", "== \n" },
	};
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct err e = { .code = ERR_NONE };
		struct buf text = BUF_INIT(ATTEST_BYTES);
		const char *all = buf_text(&s->evidence), *at = strstr(all, changes[i].from);
		assert_non_null(at);
		assert_int_equal(buf_add(&text, all, (size_t)(at - all), &e), 0);
		assert_int_equal(buf_add_text(&text, changes[i].to, &e), 0);
		assert_int_equal(buf_add_text(&text, at + strlen(changes[i].from), &e), 0);
		assert_int_equal(verdict(s, text.data, text.len, &s->subject), ERR_INVALID);
		buf_done(&text);
	}
}

/* Signed by the right key, with all that is said being so, but said otherwise: the key in upper case, which bech32 allows; a provider's name with more behind a NUL. */
static void another_signed_spelling_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct buf text = BUF_INIT(ATTEST_BYTES);
	uint8_t signature[64];
	char base64[BASE64_LEN(64) + 1];
	const char *all = buf_text(&s->evidence), *report = strstr(all, "\nreport: "), *end = strstr(all, "signature: ");
	assert_true(report && end);
	for (unsigned way = 0; way < 3; way++) {
		buf_clear(&text);
		assert_int_equal(buf_add(&text, all, (size_t)(report - all), &e), 0);
		assert_int_equal(buf_add(&text, "\0more", way == 2 ? 5 : 0, &e), 0);
		assert_int_equal(buf_add(&text, report, (size_t)(end - report), &e), 0);
		char *key = memmem(text.data, text.len, "enclua1", 7);
		for (size_t i = 0; way == 1 && i < IDENTITY_TEXT - 1; i++)
			if (key[i] >= 'a' && key[i] <= 'z')
				key[i] = (char)(key[i] - 'a' + 'A');
		identity_sign(signature, s->worker, text.data, text.len);
		base64_encode(base64, signature, sizeof signature);
		assert_int_equal(buf_addf(&text, &e, "signature: %s\n", base64), 0);
		assert_int_equal(verdict(s, text.data, text.len, &s->subject), way ? ERR_INVALID : ERR_NONE);
	}
	buf_done(&text);
}

static void unaccepted_measurement_is_refused(void **state)
{
	struct scene *s = *state;
	char line[128], hex[HEX_LEN(32) + 1];
	for (unsigned bit = 0; bit < 256; bit += 17) {
		s->subject.measurement[bit / 8] ^= (uint8_t)(1u << bit % 8);
		hex_encode(hex, s->subject.measurement, 32);
		s->subject.measurement[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)snprintf(line, sizeof line, "measurement %s\n", hex);
		references_read(s, line);
		assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_DENIED);
	}
}

#define H "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define H48 H "00112233445566778899aabbccddeeff"

static void references_are_strict(void **state)
{
	struct scene *s = *state;
	static const char *const wrong[] = {
		"measurement", "measurement 00", "measurement " H "00", "measurement " H " " H, "Measurement " H, "measure " H, "tpm2", "tpm2 ak " H,
		"tpm2 ak " H " pcrs", "tpm2 ak " H " pcrs " H " real", "tpm2 ak " H " pcrs " H " simulated simulated", "tpm2 ek " H " pcrs " H,
		"cvm sgx " H48 " root root.pem", "cvm tdx " H " root root.pem", "cvm tdx " H48, "cvm tdx " H48 " root missing.pem",
		"measurement\t" H, "measurement " H "\r", "measurement 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
	};
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/references", s->dir);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct attest_references *r = NULL;
		struct err e = { .code = ERR_NONE };
		scratch_file(s->dir, "references", wrong[i], strlen(wrong[i]));
		if (attest_references_read(&r, path, &e) == 0 || r)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(strstr(e.msg, "references, line 1"));
	}
}

static void references_are_found_again(void **state)
{
	struct scene *s = *state;
	uint8_t h[ATTEST_PLATFORM], no[ATTEST_PLATFORM] = { 0 };
	assert_int_equal(hex_decode(h, sizeof h, H48, strlen(H48)), 0);
	scratch_file(s->dir, "root.pem", "certificate", 11);
	references_read(s, "tpm2 ak " H " pcrs " H " simulated\ncvm tdx " H48 " root root.pem\n measurement   " H "\n");
	assert_true(attest_measurement_accepted(s->references, h));
	assert_false(attest_measurement_accepted(s->references, no));
	assert_non_null(attest_ak_find(s->references, h));
	assert_true(attest_ak_find(s->references, h)->simulated);
	assert_null(attest_ak_find(s->references, no));
	const struct attest_root *root = attest_root_next(s->references, "tdx", NULL);
	assert_non_null(root);
	assert_string_equal(buf_text(&root->root), "certificate");
	assert_memory_equal(root->measurement, h, sizeof h);
	assert_null(attest_root_next(s->references, "tdx", root));
	assert_null(attest_root_next(s->references, "sev-snp", NULL));
}

/* Without a file, or without such a line, nothing is accepted but the program that this machine would run itself. */
static void without_references_only_our_own_enclave(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/none", s->dir);
	attest_references_free(s->references);
	s->references = NULL;
	assert_int_equal(attest_references_read(&s->references, path, &e), 0);
	assert_int_equal(verdict(s, s->evidence.data, s->evidence.len, &s->subject), ERR_DENIED);
}

static void emulators_and_debuggers_count_as_software(void **state)
{
	(void)state;
	for (int level = ATTEST_NONE; level <= ATTEST_CVM; level++)
		for (unsigned bits = 0; bits < 4; bits++) {
			struct attest_claims c = { .level = (enum attest_level)level, .debug = bits & 1, .simulated = bits & 2 };
			int least = level < ATTEST_SOFTWARE ? level : ATTEST_SOFTWARE;
			assert_int_equal(attest_claims_level(&c), bits ? least : level);
		}
}

/* Receipts and attestation say the same words. */
static void levels_are_one_list(void **state)
{
	(void)state;
	static const char *const names[] = { "none", "software", "tpm2", "cvm" };
	enum attest_level l;
	for (int i = ATTEST_NONE; i <= ATTEST_CVM; i++) {
		struct entry_text t = entry_text(names[i]);
		assert_string_equal(attest_level_text((enum attest_level)i), names[i]);
		assert_int_equal(assurance_level(&t), i);
		assert_string_equal(attest_level_sentence((enum attest_level)i), assurance_text(&t));
		assert_int_equal(attest_level_parse(&l, names[i], NULL), 0);
		assert_int_equal(l, i);
	}
	static const char *const wrong[] = { "", "tpm", "Software", "cvm ", "4" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(attest_level_parse(&l, wrong[i], NULL), -1);
}

static void software_is_always_offered(void **state)
{
	(void)state;
	struct attest_offer offers[8];
	size_t n = attest_offers(offers, 8), seen = 0;
	for (size_t i = 0; i < n; i++) {
		assert_true(offers[i].present || offers[i].why[0]);
		seen += strcmp(offers[i].provider, "software") == 0 && offers[i].present && offers[i].level == ATTEST_SOFTWARE;
	}
	assert_int_equal(seen, 1);
	assert_int_equal(attest_offers(offers, 0), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_drop)
	const struct CMUnitTest tests[] = {
		T(sound_evidence_is_accepted), T(report_data_is_what_trust_says), T(another_subject_is_refused), T(changed_evidence_is_refused),
		T(cut_or_longer_evidence_is_refused), T(another_worker_is_refused), T(lying_worker_is_refused), T(other_spellings_are_refused), T(another_signed_spelling_is_refused),
		T(unaccepted_measurement_is_refused), T(references_are_strict), T(references_are_found_again),
		T(without_references_only_our_own_enclave), T(emulators_and_debuggers_count_as_software), T(levels_are_one_list),
		T(software_is_always_offered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
