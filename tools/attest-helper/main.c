/* attest-helper verify|tpm <which>: what Enclua starts when evidence has to be verified that needs OpenSSL, or when a TPM is to speak. It answers questions on standard
 * input (core/trust/attest_helper.h) until that ends. What it opens, it opens before the first question; then it shuts itself in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/os.h"
#include "base/text.h"
#include "helper.h"

#define LEN 4u

static const struct {
	enum helper_role role;
	size_t in;
	helper_verb *verb;
	tpm_verb *tpm;
} verbs[HELPER_OPS] = {
	[HELPER_QUOTE_VERIFY] = { HELPER_VERIFY, 4, quote_verify, NULL },
	[HELPER_CHALLENGE] = { HELPER_VERIFY, 5, challenge_make, NULL },
	[HELPER_TDX_VERIFY] = { HELPER_VERIFY, 5, tdx_verify, NULL },
	[HELPER_SNP_VERIFY] = { HELPER_VERIFY, 5, snp_verify, NULL },
	[HELPER_TPM_AK] = { HELPER_TPM, 0, NULL, tpm_ak },
	[HELPER_TPM_KEYS] = { HELPER_TPM, 0, NULL, tpm_keys },
	[HELPER_TPM_ACTIVATE] = { HELPER_TPM, 2, NULL, tpm_activate },
	[HELPER_TPM_KEEP] = { HELPER_TPM, 0, NULL, tpm_keep },
	[HELPER_TPM_QUOTE] = { HELPER_TPM, 1, NULL, tpm_quote },
};

static int verb_run(enum helper_role role, struct tpm *t, const struct buf *question, struct buf *out, struct err *e)
{
	struct helper_field f[HELPER_FIELDS + 1];
	ptrdiff_t n = helper_fields(question->data, question->len, f, HELPER_FIELDS + 1);
	if (n < 1 || f[0].len != 1 || f[0].at[0] >= HELPER_OPS || !(verbs[f[0].at[0]].verb || verbs[f[0].at[0]].tpm) || verbs[f[0].at[0]].role != role ||
		verbs[f[0].at[0]].in != (size_t)n - 1)
		return err_set(e, ERR_INVALID, "the question is malformed");
	// NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the row of a verb has the function of its role
	return role == HELPER_TPM ? verbs[f[0].at[0]].tpm(t, f + 1, out, e) : verbs[f[0].at[0]].verb(f + 1, out, e);
}

/* Whatever went wrong, there is an answer; only a lost pipe ends the process. */
static int answer_send(int failed, const struct err *e, const struct buf *fields)
{
	const uint8_t code = failed ? (uint8_t)e->code : 0;
	struct buf out = BUF_INIT(HELPER_BYTES);
	int r = -1;
	if (buf_add_zero(&out, LEN, NULL) == 0 && helper_field_add(&out, &code, 1, NULL) == 0 &&
		(failed ? helper_field_add(&out, e->msg, strnlen(e->msg, 255), NULL) : fields->len ? buf_add(&out, fields->data, fields->len, NULL) : 0) == 0) {
		for (size_t i = 0; i < LEN; i++)
			out.data[i] = (uint8_t)((out.len - LEN) >> 8 * i);
		r = os_write(1, out.data, out.len);
	}
	buf_done(&out);
	return r;
}

/* 1: answered; 0: the pipe ended; -1: it broke. */
static int question_serve(enum helper_role role, struct tpm *t)
{
	struct buf question = BUF_INIT(HELPER_BYTES), out = BUF_INIT(HELPER_BYTES - 16);
	struct err e = { .code = ERR_NONE };
	uint8_t len[LEN];
	int r = -1;
	ssize_t got = os_read(0, len, sizeof len);
	size_t n = len[0] | (size_t)len[1] << 8 | (size_t)len[2] << 16 | (size_t)len[3] << 24;
	if (got == 0)
		return 0;
	if (got == LEN && n <= HELPER_BYTES && buf_reserve(&question, n, NULL) == 0 && os_read(0, question.data, n) == (ssize_t)n) {
		question.len = n;
		int failed = verb_run(role, t, &question, &out, &e);
		r = answer_send(failed, &e, &out) < 0 ? -1 : 1;
	}
	buf_done(&question);
	buf_done(&out);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { .code = ERR_NONE };
	struct tpm *t = NULL;
	enum helper_role role = argc > 1 && strcmp(argv[1], "tpm") == 0 ? HELPER_TPM : HELPER_VERIFY;
	int r = -1;
	if (setenv("TZ", "UTC0", 1) == 0)
		tzset();	/* else the C library would look for a file of the zone at the first date that it takes apart */
	if (argc != (role == HELPER_TPM ? 3 : 2) || (role == HELPER_VERIFY && strcmp(argv[1], "verify") != 0)) {
		err_set(&e, ERR_USAGE, "usage: attest-helper verify | attest-helper tpm <which>, with questions on standard input");
	} else if (role == HELPER_VERIFY && !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL)) {
		err_set(&e, ERR_INTERNAL, "libcrypto does not start");
	} else if ((role == HELPER_VERIFY || tpm_open(&t, argv[2], &e) == 0) && sandbox_enter(&e) == 0) {
		while ((r = question_serve(role, t)) > 0)
			;
		if (t)
			tpm_keys_drop(t);
	}
	if (e.code)	/* before the first question: it is the answer to it */
		r = answer_send(-1, &e, NULL);
	_exit(r < 0);
}
