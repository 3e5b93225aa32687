/* Evidence of a TPM, end to end with swtpm: enrolled, quoted, accepted; then every way to pass off something else is tried against the real TPM and the real helper.
 * Covers attest_tpm2.c, attest_enroll.c, attest_helper.c and attest_wire.c of core/trust, and tools/attest-helper. It prints TAP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"
#include "trust/chain.h"
#include "trust/swtpm.h"

#define NOW 1763722800
#define AK 0
#define QUOTE 1
#define SIGNATURE 2

struct scene {
	struct swtpm tpm;
	char home[PATH_MAX];
	struct identity *worker;
	struct attest_subject subject;
	struct attest_references *references;
	struct buf evidence;
	struct attest_enrolled enrolled;
};

static void references_load(struct scene *s)
{
	struct err e = { .code = ERR_NONE };
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/keeper/references", s->home);
	attest_references_free(s->references);
	if (attest_references_read(&s->references, path, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The line of the enclave that the subject names, and that of the TPM, marked or not. */
static void references_put(struct scene *s, const char *ak, const char *pcrs, const char *mark)
{
	char text[512], hex[HEX_LEN(32) + 1], path[PATH_MAX + 16];
	hex_encode(hex, s->subject.measurement, 32);
	int n = snprintf(text, sizeof text, "measurement %s\ntpm2 ak %s pcrs %s%s\n", hex, ak, pcrs, mark);
	(void)snprintf(path, sizeof path, "%s/keeper", s->home);
	(void)mkdir(path, 0700);
	scratch_file(path, "references", text, (size_t)n);
	references_load(s);
}

static void evidence_make(struct scene *s)
{
	struct err e = { .code = ERR_NONE };
	buf_clear(&s->evidence);
	if (attest_evidence("tpm2", &s->subject, s->worker, &s->evidence, &e) < 0)
		fail_msg("%s", e.msg);
}

static int scene_make(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct err e = { .code = ERR_NONE };
	const uint8_t seed[32] = { 7 };
	assert_non_null(s);
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(s->home);
	swtpm_make(&s->tpm);
	assert_int_equal(setenv("ENCLUA_TPM", s->tpm.name, 1), 0);
	assert_int_equal(identity_from_seed(&s->worker, seed, &e), 0);
	for (size_t i = 0; i < sizeof s->subject; i++)
		((uint8_t *)&s->subject)[i] = (uint8_t)(i * 7 + 1);
	memcpy(s->subject.worker, identity_public(s->worker), 32);
	s->evidence = (struct buf)BUF_INIT(ATTEST_BYTES);
	if (attest_enroll(&s->enrolled, s->home, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	references_put(s, s->enrolled.ak, s->enrolled.pcrs, " simulated");
	evidence_make(s);
	*state = s;
	return 0;
}

static int scene_drop(void **state)
{
	struct scene *s = *state;
	swtpm_drop(&s->tpm);
	buf_done(&s->evidence);
	attest_references_free(s->references);
	identity_free(s->worker);
	scratch_remove(s->home);
	free(s);
	return 0;
}

static enum err_code verdict(const struct scene *s, const struct buf *evidence, const struct attest_subject *about, const char *word)
{
	struct err e = { .code = ERR_NONE };
	struct attest_claims c;
	if (attest_verify(evidence->data, evidence->len, about, s->references, NOW, &c, &e) == 0)
		return ERR_NONE;
	assert_int_equal(c.level, ATTEST_NONE);
	if (word && !strstr(e.msg, word))
		fail_msg("refused for another reason: %s", e.msg);
	return e.code;
}

/* The evidence apart. */
static void parts_take(const struct scene *s, struct attest_text *t)
{
	struct err e = { .code = ERR_NONE };
	attest_text_init(t);
	assert_int_equal(attest_text_read(t, s->evidence.data, s->evidence.len, &e), 0);
}

/* Changed evidence that the worker has signed again: what the worker's own signature cannot stop. */
static enum err_code verdict_signed(const struct scene *s, const struct attest_text *t, const struct attest_subject *about, const char *word)
{
	struct err e = { .code = ERR_NONE };
	struct buf text = BUF_INIT(ATTEST_BYTES);
	assert_int_equal(attest_text_sign(t, s->worker, &text, &e), 0);
	enum err_code code = verdict(s, &text, about, word);
	buf_done(&text);
	return code;
}

static void an_emulator_is_accepted_as_one(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_claims c;
	char signer[96];
	assert_int_equal(attest_verify(s->evidence.data, s->evidence.len, &s->subject, s->references, NOW, &c, &e), 0);
	assert_int_equal(c.level, ATTEST_TPM2);
	assert_true(c.simulated);
	assert_false(c.debug);
	assert_int_equal(attest_claims_level(&c), ATTEST_SOFTWARE);
	assert_string_equal(c.provider, "tpm2");
	assert_memory_equal(c.measurement, s->subject.measurement, 32);
	(void)snprintf(signer, sizeof signer, "tpm2 ak %s", s->enrolled.ak);
	assert_string_equal(c.signer, signer);
	assert_true(s->enrolled.simulated);
	assert_string_equal(s->enrolled.maker, "IBM SW TPM");
}

/* Only the word in the references tells a TPM from an emulator: without it the same quote counts in full. */
static void a_real_one_counts_in_full(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_claims c;
	references_put(s, s->enrolled.ak, s->enrolled.pcrs, "");
	assert_int_equal(attest_verify(s->evidence.data, s->evidence.len, &s->subject, s->references, NOW, &c, &e), 0);
	assert_false(c.simulated);
	assert_int_equal(attest_claims_level(&c), ATTEST_TPM2);
}

/* The strongest is taken where nobody names one, once the TPM is enrolled. */
static void the_strongest_is_taken(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_offer offers[8];
	struct swtpm fresh;
	static const char *const expected[] = { "provider: tpm2\n", "provider: software\n" };
	for (unsigned i = 0; i < 2; i++) {
		if (i) {
			swtpm_make(&fresh);
			assert_int_equal(setenv("ENCLUA_TPM", fresh.name, 1), 0);
		}
		buf_clear(&s->evidence);
		assert_int_equal(attest_evidence(NULL, &s->subject, s->worker, &s->evidence, &e), 0);
		assert_non_null(strstr(buf_text(&s->evidence), expected[i]));
		size_t n = attest_offers(offers, 8), found = 0;
		for (size_t k = 0; k < n; k++)
			if (strcmp(offers[k].provider, "tpm2") == 0) {
				found++;
				assert_int_equal(offers[k].present, !i);
				assert_true(!i || strstr(offers[k].why, "not enrolled"));
			}
		assert_int_equal(found, 1);
	}
	assert_int_equal(attest_evidence("tpm2", &s->subject, s->worker, &s->evidence, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	swtpm_drop(&fresh);
}

/* The nonce, the task, the box …: one bit of each; then with the report that goes with it, so that only the TPM's own signature tells. */
static void a_quote_for_something_else_is_refused(void **state)
{
	struct scene *s = *state;
	for (size_t field = 0; field < sizeof s->subject / 32; field++) {
		struct attest_subject other = s->subject;
		struct attest_text t;
		((uint8_t *)&other)[32 * field] ^= 1;
		assert_int_equal(verdict(s, &s->evidence, &other, NULL), ERR_DENIED);
		if (32 * field == offsetof(struct attest_subject, worker) || 32 * field == offsetof(struct attest_subject, measurement))
			continue;	/* the text says these itself */
		parts_take(s, &t);
		attest_report_data(&other, t.report);
		assert_int_equal(verdict_signed(s, &t, &other, "quoted for another"), ERR_DENIED);
		attest_text_done(&t);
	}
	assert_int_equal(verdict(s, &s->evidence, &s->subject, NULL), ERR_NONE);
}

static void another_boot_chain_is_refused(void **state)
{
	struct scene *s = *state;
	static const char extend[] = "80020000000000000182%08x0000000940000009000000000000000001000b%064x";
	char command[256];
	(void)snprintf(command, sizeof command, extend, 16u, 1u);	/* PCR 16 is anybody's */
	assert_int_equal(swtpm_say(&s->tpm, command, NULL, NULL), 0);
	evidence_make(s);
	assert_int_equal(verdict(s, &s->evidence, &s->subject, NULL), ERR_NONE);
	static const unsigned chain[] = { 0, 4, 7, 9 };
	for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++) {
		(void)snprintf(command, sizeof command, extend, chain[i], 1u);
		assert_int_equal(swtpm_say(&s->tpm, command, NULL, NULL), 0);
		evidence_make(s);
		assert_int_equal(verdict(s, &s->evidence, &s->subject, "PCR 0 to 9"), ERR_DENIED);
		swtpm_stop(&s->tpm, true);
		swtpm_start(&s->tpm);
		evidence_make(s);
		assert_int_equal(verdict(s, &s->evidence, &s->subject, NULL), ERR_NONE);
	}
}

/* Another TPM: its evidence as it is, its quote under our AK, our AK's line for its evidence. */
static void another_ak_is_refused(void **state)
{
	struct scene *s = *state, *other = NULL;
	struct attest_text ours, theirs;
	void *made = NULL;
	assert_int_equal(scene_make(&made), 0);
	other = made;
	assert_string_not_equal(s->enrolled.ak, other->enrolled.ak);
	assert_int_equal(verdict(s, &other->evidence, &s->subject, "attestation key"), ERR_DENIED);
	parts_take(s, &ours);
	parts_take(other, &theirs);
	for (unsigned mixed = 1; mixed < 7; mixed++) {	/* bit i: part i is theirs */
		struct attest_text t = ours;
		for (unsigned i = 0; i < 3; i++)
			if (mixed >> i & 1)
				t.parts[i] = theirs.parts[i];
		enum err_code code = verdict_signed(s, &t, &s->subject, NULL);
		assert_int_equal(code, mixed & 1 ? ERR_DENIED : ERR_INVALID);
		references_put(s, other->enrolled.ak, s->enrolled.pcrs, "");
		assert_int_not_equal(verdict_signed(s, &t, &s->subject, NULL), ERR_NONE);
		references_put(s, s->enrolled.ak, s->enrolled.pcrs, "");
	}
	attest_text_done(&ours);
	attest_text_done(&theirs);
	scene_drop(&made);
}

/* One helper for all of it: every bit of every part turned, every length that is too short, one byte too many. */
static void every_change_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_text t;
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS], in[4];
	uint8_t report[32];
	parts_take(s, &t);
	attest_report_data_tpm(&s->subject, report);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(buf_add(&t.parts[i], "", 1, &e), 0);	/* one more, to be shown or not */
		in[i] = (struct helper_field){ t.parts[i].data, t.parts[i].len - 1 };
	}
	in[3] = (struct helper_field){ report, sizeof report };
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	if (helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *bytes = i < 3 ? t.parts[i].data : report;
		const size_t len = in[i].len;
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e) == 0)
				fail_msg("bit %zu of part %zu may be turned", bit, i);
			assert_true(e.code == ERR_INVALID || e.code == ERR_DENIED);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (in[i].len = 0; in[i].len <= len + (i < 3); in[i].len++)
			assert_int_equal(helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e), in[i].len == len ? 0 : -1);
		in[i].len = len;
	}
	assert_int_equal(helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e), 0);
	helper_end(h);
	attest_text_done(&t);
}

#define AUTH_ONE "00000009" "40000009" "0000" "00" "0000"
#define AUTH_TWO "00000012" "40000009" "0000" "00" "0000" "40000009" "0000" "00" "0000"
#define KEPT "8101ec1a"

/* What the kept AK signs at the worker's wish, with the right report: quote and signature of the answer are put into t. */
static void signed_by_ak(const struct scene *s, const char *command, struct attest_text *t)
{
	uint8_t answer[4096], report[32];
	size_t len = sizeof answer;
	char hex[HEX_LEN(32) + 1], whole[512];
	attest_report_data_tpm(&s->subject, report);
	hex_encode(hex, report, sizeof report);
	(void)snprintf(whole, sizeof whole, command, hex);
	assert_int_equal(swtpm_say(&s->tpm, whole, answer, &len), 0);
	size_t quote = (size_t)answer[14] << 8 | answer[15], size = (size_t)answer[12] << 8 | answer[13];
	buf_clear(&t->parts[QUOTE]);
	buf_clear(&t->parts[SIGNATURE]);
	assert_int_equal(buf_add(&t->parts[QUOTE], answer + 16, quote, NULL), 0);
	assert_int_equal(buf_add(&t->parts[SIGNATURE], answer + 16 + quote, size - 2 - quote, NULL), 0);
}

/* The AK will sign other things of the TPM, too. The first of these is a quote as it should be. */
static void other_things_signed_by_the_ak_are_refused(void **state)
{
	struct scene *s = *state;
	static const struct { const char *what, *command, *word; enum err_code code; } cases[] = {
		{ "a quote", "80020000000000000158" KEPT AUTH_ONE "0020%s" "0010" "00000001" "000b" "03" "ff0300", NULL, ERR_NONE },
		{ "a quote of PCR 16", "80020000000000000158" KEPT AUTH_ONE "0020%s" "0010" "00000001" "000b" "03" "000001", "other PCRs", ERR_DENIED },
		{ "a quote of no PCR", "80020000000000000158" KEPT AUTH_ONE "0020%s" "0010" "00000000", "", ERR_INVALID },
		{ "a quote of PCR 0 to 7", "80020000000000000158" KEPT AUTH_ONE "0020%s" "0010" "00000001" "000b" "03" "ff0000", "other PCRs", ERR_DENIED },
		{ "a quote of SHA-1", "80020000000000000158" KEPT AUTH_ONE "0020%s" "0010" "00000001" "0004" "03" "ff0300", "", ERR_INVALID },
		{ "the time", "8002000000000000014c4000000b" KEPT AUTH_TWO "0020%s" "0010", "no quote", ERR_INVALID },
	};
	struct attest_text t;
	parts_take(s, &t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		signed_by_ak(s, cases[i].command, &t);
		enum err_code code = verdict_signed(s, &t, &s->subject, cases[i].word && *cases[i].word ? cases[i].word : NULL);
		if (cases[i].word && !*cases[i].word ? code == ERR_NONE : code != cases[i].code)
			fail_msg("%s: %d", cases[i].what, (int)code);
	}
	attest_text_done(&t);
}

/* Each thing that must be so in what a TPM signs, alone: by a key of our own with an AK's public area, since no TPM would sign these. */
static void each_field_of_a_quote_counts(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS];
	struct attest_text t;
	uint8_t report[32] = { 3 }, quote[128], signature[4 + 2 * 34] = { 0, 0x18, 0, 0x0b }, rs[64];
	static const struct { const char *what; size_t at; uint8_t flip; ptrdiff_t longer; enum err_code code; } cases[] = {
		{ "nothing", 0, 0, 0, ERR_NONE }, { "magic", 0, 0x01, 0, ERR_INVALID }, { "type", 5, 0x01, 0, ERR_INVALID }, { "report", 10, 0x01, 0, ERR_DENIED },
		{ "safe", 58, 0x01, 0, ERR_DENIED }, { "safe beyond yes", 58, 0x02, 0, ERR_DENIED }, { "bank", 72, 0x01, 0, ERR_DENIED }, { "a PCR less", 74, 0x80, 0, ERR_DENIED },
		{ "a PCR more", 75, 0x04, 0, ERR_DENIED }, { "a byte more", 0, 0, 1, ERR_INVALID }, { "a byte less", 0, 0, -1, ERR_INVALID },
		{ "clock", 47, 0x01, 0, ERR_NONE }, { "digest", 80, 0x01, 0, ERR_NONE },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	parts_take(s, &t);
	chain_point(key, rs, 32);
	memcpy(t.parts[AK].data + t.parts[AK].len - 66, rs, 32);	/* x, then two bytes of length, then y */
	memcpy(t.parts[AK].data + t.parts[AK].len - 32, rs + 32, 32);
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		/* magic type | no name | 32 bytes | clock resets restarts safe | firmware | one bank, SHA-256, three bytes | 32 bytes */
		static const uint8_t head[] = { 0xff, 0x54, 0x43, 0x47, 0x80, 0x18, 0, 0, 0, 32 }, selection[] = { 0, 0, 0, 1, 0, 0x0b, 3, 0xff, 0x03, 0, 0, 32 };
		memset(quote, 0, sizeof quote);
		memcpy(quote, head, sizeof head);
		memcpy(quote + 10, report, 32);
		quote[58] = 1;
		memcpy(quote + 67, selection, sizeof selection);
		quote[cases[i].at] ^= cases[i].flip;
		size_t len = (size_t)((ptrdiff_t)(67 + sizeof selection + 32) + cases[i].longer);
		chain_ecdsa(key, EVP_sha256(), quote, len, rs, 32);
		signature[5] = signature[39] = 32;
		memcpy(signature + 6, rs, 32);
		memcpy(signature + 40, rs + 32, 32);
		const struct helper_field in[] = { { t.parts[AK].data, t.parts[AK].len }, { quote, len }, { signature, sizeof signature }, { report, 32 } };
		e.code = ERR_NONE;
		(void)helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e);
		if (e.code != cases[i].code)
			fail_msg("%s: %s", cases[i].what, e.code ? e.msg : "accepted");
	}
	helper_end(h);
	attest_text_done(&t);
	EVP_PKEY_free(key);
}

/* After a loss of power the TPM's clock may have gone back; it says so itself. */
static void an_unsafe_clock_is_refused(void **state)
{
	struct scene *s = *state;
	swtpm_stop(&s->tpm, false);
	swtpm_start(&s->tpm);
	evidence_make(s);
	assert_int_equal(verdict(s, &s->evidence, &s->subject, "clock"), ERR_DENIED);
}

/* The challenge: what it hides comes out of the TPM that holds both keys, and of no other, and for no other AK. */
static void a_challenge_binds_both_keys(void **state)
{
	struct scene *s = *state, *other = NULL;
	struct err e = { .code = ERR_NONE };
	struct helper *tpm[2] = { NULL, NULL }, *verify = NULL;
	struct helper_field keys[2][HELPER_FIELDS], made[HELPER_FIELDS], back[HELPER_FIELDS];
	static const uint8_t hidden[32] = { 1, 2, 3 };
	void *second = NULL;
	assert_int_equal(scene_make(&second), 0);
	other = second;
	assert_int_equal(helper_start(&tpm[0], HELPER_TPM, s->tpm.name, &e), 0);
	assert_int_equal(helper_start(&tpm[1], HELPER_TPM, other->tpm.name, &e), 0);
	assert_int_equal(helper_start(&verify, HELPER_VERIFY, NULL, &e), 0);
	struct buf ek[2] = { BUF_INIT(4096), BUF_INIT(4096) }, ak[2] = { BUF_INIT(4096), BUF_INIT(4096) };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(helper_ask(tpm[i], HELPER_TPM_KEYS, NULL, keys[i], &e), 0);
		assert_int_equal(buf_add(&ek[i], keys[i][0].at, keys[i][0].len, &e), 0);
		assert_int_equal(buf_add(&ak[i], keys[i][2].at, keys[i][2].len, &e), 0);
	}
	for (unsigned c = 0; c < 4; c++) {	/* EK of TPM c & 1, AK of TPM c >> 1; TPM 0 is asked */
		const struct helper_field in[] = { { ek[c & 1].data, ek[c & 1].len }, { NULL, 0 }, { ak[c >> 1].data, ak[c >> 1].len }, { hidden, 32 }, { NULL, 0 } };
		assert_int_equal(helper_ask(verify, HELPER_CHALLENGE, in, made, &e), 0);
		const struct helper_field answer[] = { made[0], made[1] };
		int r = helper_ask(tpm[0], HELPER_TPM_ACTIVATE, answer, back, &e);
		assert_int_equal(r, c ? -1 : 0);
		if (r == 0)
			assert_true(back[0].len == 32 && memcmp(back[0].at, hidden, 32) == 0);
	}
	/* One byte of the challenge changed. */
	const struct helper_field in[] = { { ek[0].data, ek[0].len }, { NULL, 0 }, { ak[0].data, ak[0].len }, { hidden, 32 }, { NULL, 0 } };
	assert_int_equal(helper_ask(verify, HELPER_CHALLENGE, in, made, &e), 0);
	for (size_t i = 0; i < made[0].len; i += 11) {
		uint8_t changed[256];
		memcpy(changed, made[0].at, made[0].len);
		changed[i] ^= 1;
		const struct helper_field answer[] = { { changed, made[0].len }, made[1] };
		assert_int_equal(helper_ask(tpm[0], HELPER_TPM_ACTIVATE, answer, back, &e), -1);
	}
	for (size_t i = 0; i < 2; i++) {
		helper_end(tpm[i]);
		buf_done(&ek[i]);
		buf_done(&ak[i]);
	}
	helper_end(verify);
	scene_drop(&second);
}

/* A key that could sign anything must not pass for an AK: each bit of the template is told apart. */
static void other_keys_are_no_aks(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct attest_text t;
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS];
	static const uint8_t hidden[32];
	parts_take(s, &t);
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	for (size_t bit = 0; bit < 8 * 20; bit++) {	/* up to the point */
		t.parts[AK].data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		const struct helper_field in[] = { { t.parts[AK].data, t.parts[AK].len }, { NULL, 0 }, { t.parts[AK].data, t.parts[AK].len }, { hidden, 32 }, { NULL, 0 } };
		assert_int_equal(helper_ask(h, HELPER_CHALLENGE, in, out, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		t.parts[AK].data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	helper_end(h);
	attest_text_done(&t);
}

/* Enrolled again, the line is there once; after a change of the boot chain it is replaced; other lines stay. */
static void enrolling_again_replaces_the_line(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	char command[256], path[PATH_MAX + 32];
	struct attest_enrolled again;
	struct buf text = BUF_INIT(4096);
	assert_int_equal(attest_enroll(&again, s->home, NULL, &e), 0);
	assert_true(again.known);
	(void)snprintf(command, sizeof command, "80020000000000000182%08x" AUTH_ONE "00000001000b%064x", 7u, 1u);
	assert_int_equal(swtpm_say(&s->tpm, command, NULL, NULL), 0);
	assert_int_equal(attest_enroll(&again, s->home, NULL, &e), 0);
	assert_false(again.known);
	assert_string_equal(again.ak, s->enrolled.ak);
	assert_string_not_equal(again.pcrs, s->enrolled.pcrs);
	references_load(s);
	evidence_make(s);
	assert_int_equal(verdict(s, &s->evidence, &s->subject, NULL), ERR_NONE);
	(void)snprintf(path, sizeof path, "%s/keeper/references", s->home);
	assert_int_equal(os_file_read(path, &text, &e), 0);
	const char *first = strstr(buf_text(&text), "tpm2 ak");
	assert_non_null(first);
	assert_null(strstr(first + 1, "tpm2 ak"));
	assert_non_null(strstr(buf_text(&text), "measurement "));
	buf_done(&text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_drop)
	const struct CMUnitTest tests[] = {
		T(an_emulator_is_accepted_as_one), T(a_real_one_counts_in_full), T(the_strongest_is_taken), T(a_quote_for_something_else_is_refused),
		T(another_boot_chain_is_refused), T(another_ak_is_refused), T(every_change_is_refused), T(other_things_signed_by_the_ak_are_refused),
		T(each_field_of_a_quote_counts), T(an_unsafe_clock_is_refused), T(a_challenge_binds_both_keys), T(other_keys_are_no_aks), T(enrolling_again_replaces_the_line),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
