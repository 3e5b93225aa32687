/* The helper's side: questions about quotes, TDX, SEV-SNP and challenges, byte by byte from a stranger; and a TPM that answers what it likes. An input's first byte says
 * which. Nothing random is accepted as signed, and what is answered has the fields that the table promises.
 */
#include <sys/socket.h>

#include "../../tools/attest-helper/tpm.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static const struct { helper_verb *verb; size_t in, out; } verbs[] = {
	{ quote_verify, 4, 1 }, { challenge_make, 5, 3 }, { tdx_verify, 5, 5 }, { snp_verify, 5, 5 },
};
#define VERBS (sizeof verbs / sizeof verbs[0])
static const struct { tpm_verb *verb; size_t in, out; } tpm_verbs[] = {
	{ tpm_ak, 0, 2 }, { tpm_keys, 0, 4 }, { tpm_activate, 2, 1 }, { tpm_keep, 0, 0 }, { tpm_quote, 1, 3 },
};
#define TPM_VERBS (sizeof tpm_verbs / sizeof tpm_verbs[0])

static void fields_check(int r, const struct buf *out, size_t n, const struct err *e)
{
	struct helper_field got[HELPER_FIELDS];
	if (r == 0)
		require(helper_fields(out->data, out->len, got, HELPER_FIELDS) == (ptrdiff_t)n);
	else
		require(e->code != ERR_NONE && e->msg[0]);
}

static void question(size_t which, const uint8_t *data, size_t size)
{
	struct helper_field f[HELPER_FIELDS];
	struct err e = { .code = ERR_NONE };
	struct buf out = BUF_INIT(HELPER_BYTES);
	if (helper_fields(data, size, f, HELPER_FIELDS) == (ptrdiff_t)verbs[which].in)
		fields_check(verbs[which].verb(f, &out, &e), &out, verbs[which].out, &e);
	buf_done(&out);
}

/* The input is all that the TPM will ever say. */
static void tpm_says(size_t which, const uint8_t *data, size_t size)
{
	static const uint8_t bytes[32];
	const struct helper_field in[] = { { bytes, sizeof bytes }, { bytes, sizeof bytes } };
	struct tpm t = { .ak = which == 2 || which == 3, .ek = which == 2 };
	struct err e = { .code = ERR_NONE };
	struct buf out = BUF_INIT(HELPER_BYTES);
	int pair[2];
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	if (size <= 65536 && write(pair[1], data, size) == (ssize_t)size && shutdown(pair[1], SHUT_WR) == 0) {
		t.fd = pair[0];
		fields_check(tpm_verbs[which].verb(&t, in, &out, &e), &out, tpm_verbs[which].out, &e);
	}
	close(pair[0]);
	close(pair[1]);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	size_t which = data[0] % (VERBS + TPM_VERBS);
	if (which < VERBS)
		question(which, data + 1, size - 1);
	else
		tpm_says(which - VERBS, data + 1, size - 1);
	return 0;
}
