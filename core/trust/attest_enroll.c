/* Enrolment of this machine's TPM with this home's keeper. The keeper hides a random value so that only a TPM that holds the EK will give it back, and only if it holds the
 * AK, too: so the AK is a restricted key of that TPM, and what it signs as a quote was measured there. It trusts the EK because it stands on this machine, or because the
 * maker's root vouches for it.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"

#define FILE_BYTES KIB(64)
#define ROOTS_BYTES KIB(128)
#define FOLDER "keeper"
#define FILE_NAME "references"

enum { EK, CERTIFICATE, AK, MAKER, KEYS };
enum { IDENTITY, SECRET, ISSUER, CHALLENGE };

/* What TPMs that are programs say of themselves, and who certifies them. */
bool attest_maker_simulates(const char *maker)
{
	static const char *const programs[] = { "IBM", "SW TPM", "xCG fTPM", "swtpm" };
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		if (strstr(maker, programs[i]))
			return true;
	return false;
}

static void text_take(char *out, size_t size, const struct helper_field *f)
{
	(void)snprintf(out, size, "%.*s", (int)text_plain((const char *)f->at, f->len), (const char *)f->at);
}

/* The keeper's side: makes the challenge in a helper that has no TPM. identity and secret are for the TPM. */
static int challenge(const struct helper_field keys[static KEYS], const struct buf *roots, const uint8_t hidden[static 32], struct buf *identity, struct buf *secret,
	struct attest_enrolled *out, struct err *e)
{
	const struct helper_field in[] = { keys[EK], keys[CERTIFICATE], keys[AK], { hidden, 32 }, { roots->data, roots->len } };
	struct helper_field answer[HELPER_FIELDS];
	struct helper *h = NULL;
	int r = -1;
	if (helper_start(&h, HELPER_VERIFY, NULL, e) == 0 && helper_ask(h, HELPER_CHALLENGE, in, answer, e) == 0 &&
		buf_add(identity, answer[IDENTITY].at, answer[IDENTITY].len, e) == 0 && buf_add(secret, answer[SECRET].at, answer[SECRET].len, e) == 0) {
		text_take(out->issuer, sizeof out->issuer, &answer[ISSUER]);
		out->rooted = roots->len > 0;
		r = 0;
	}
	helper_end(h);
	return r;
}

/* Both sides of the challenge. tpm keeps the keys. */
static int keys_prove(struct helper *tpm, const struct buf *roots, struct attest_enrolled *out, struct err *e)
{
	struct helper_field keys[HELPER_FIELDS], answer[HELPER_FIELDS];
	struct buf identity = BUF_INIT(HELPER_BYTES), secret = BUF_INIT(HELPER_BYTES);
	uint8_t hidden[32], name[32];
	int r = -1;
	if (helper_ask(tpm, HELPER_TPM_KEYS, NULL, keys, e) < 0)
		return -1;
	sha256(name, keys[AK].at, keys[AK].len);
	hex_encode(out->ak, name, sizeof name);
	text_take(out->maker, sizeof out->maker, &keys[MAKER]);
	crypto_random(hidden, sizeof hidden);
	if (challenge(keys, roots, hidden, &identity, &secret, out, e) < 0)
		goto out;
	const struct helper_field in[] = { { identity.data, identity.len }, { secret.data, secret.len } };
	if (helper_ask(tpm, HELPER_TPM_ACTIVATE, in, answer, e) < 0)
		err_wrap(e, "the TPM does not answer the keeper's challenge");
	else if (answer[0].len != sizeof hidden || !crypto_equal(answer[0].at, hidden, sizeof hidden))
		err_set(e, ERR_DENIED, "the TPM's answer to the keeper's challenge is wrong");
	else
		r = 0;
out:
	crypto_wipe(hidden, sizeof hidden);
	buf_done(&identity);
	buf_done(&secret);
	return r;
}

/* What the PCRs are now, by a quote that is verified like any other. */
static int pcrs_read(struct helper *tpm, struct attest_enrolled *out, struct err *e)
{
	struct helper_field quote[HELPER_FIELDS];
	uint8_t report[32], pcrs[32], name[32];
	char ak[HEX_LEN(32) + 1];
	crypto_random(report, sizeof report);
	const struct helper_field in[] = { { report, sizeof report } };
	if (helper_ask(tpm, HELPER_TPM_QUOTE, in, quote, e) < 0 || attest_quote_check(-1, quote, report, pcrs, e) < 0)
		return -1;
	sha256(name, quote[0].at, quote[0].len);
	hex_encode(ak, name, sizeof name);
	if (strcmp(ak, out->ak) != 0)
		return err_set(e, ERR_DENIED, "the TPM quotes with another key than the one that it proved");
	hex_encode(out->pcrs, pcrs, sizeof pcrs);
	return 0;
}

/* The references with this AK's line instead of the one that it had. */
static int references_write(const char *home, struct attest_enrolled *out, struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX + sizeof FILE_NAME], line[256], mine[96];
	struct buf old = BUF_INIT(FILE_BYTES), new = BUF_INIT(FILE_BYTES);
	struct err why = { .code = ERR_NONE };
	int r = -1;
	(void)snprintf(mine, sizeof mine, "tpm2 ak %s ", out->ak);
	(void)snprintf(line, sizeof line, "%spcrs %s%s\n", mine, out->pcrs, out->simulated ? " simulated" : "");
	if ((size_t)snprintf(dir, sizeof dir, "%s/" FOLDER, home) >= sizeof dir)
		return err_set(e, ERR_INVALID, "the home's path is too long");
	(void)snprintf(path, sizeof path, "%s/" FILE_NAME, dir);
	if (os_dir_make(dir, 0700, e) < 0)
		goto out;
	if (os_plain_read(path, &old, &why) < 0 && why.code != ERR_NOT_FOUND) {
		if (e)
			*e = why;
		goto out;
	}
	for (size_t at = 0; at < old.len;) {
		const char *text = (const char *)old.data + at, *end = memchr(text, '\n', old.len - at);
		size_t n = end ? (size_t)(end - text) + 1 : old.len - at;
		bool ours = n > strlen(mine) && memcmp(text, mine, strlen(mine)) == 0;
		out->known = out->known || (n == strlen(line) && memcmp(text, line, n) == 0);
		if (!ours && (buf_add(&new, text, n, e) < 0 || (!end && buf_add_text(&new, "\n", e) < 0)))
			goto out;
		at += n;
	}
	if (buf_add_text(&new, line, e) == 0)
		r = os_file_replace(path, 0600, new.data, new.len, e);
out:
	buf_done(&old);
	buf_done(&new);
	return r;
}

int attest_enroll(struct attest_enrolled *out, const char *home, const char *roots, struct err *e)
{
	struct buf vouching = BUF_INIT(ROOTS_BYTES);
	struct helper_field nothing[HELPER_FIELDS];
	struct helper *tpm = NULL;
	char why[96];
	int r = -1;
	memset(out, 0, sizeof *out);
	const char *where = attest_tpm(why, sizeof why);
	if (!where) {
		err_set(e, ERR_UNAVAILABLE, "this machine has no TPM that could be enrolled: %s", why);
		goto out;
	}
	if ((roots && os_file_read(roots, &vouching, e) < 0) || helper_start(&tpm, HELPER_TPM, where, e) < 0 || keys_prove(tpm, &vouching, out, e) < 0)
		goto out;
	out->simulated = attest_maker_simulates(out->maker) || attest_maker_simulates(out->issuer);
	if (pcrs_read(tpm, out, e) == 0 && helper_ask(tpm, HELPER_TPM_KEEP, NULL, nothing, e) == 0)
		r = references_write(home, out, e);
out:
	helper_end(tpm);
	buf_done(&vouching);
	return r;
}
