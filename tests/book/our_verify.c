/* Our own verifier as a program, for tests that show the same folders to it and to others: our_verify EXPORT POLICY PROOF-FILE...; exits as enclua does. */
#include <stdio.h>

#include "base/os.h"
#include "book/export.h"
#include "form/tlog_proof.h"
#include "seal/crypto.h"

static int proof_check(const char *path, const struct tlog_policy *policy, struct err *e)
{
	struct buf file = BUF_INIT(TLOG_PROOF_BYTES);
	struct tlog_proof p;
	struct checkpoint c;
	struct tlog_verdict v;
	int r = os_file_read(path, &file, e);
	if (r == 0)
		r = tlog_proof_parse(&p, buf_text(&file), file.len, e);
	if (r == 0) {
		r = tlog_proof_verify(&p, p.extra.data, p.extra.len, policy, &c, &v, e);
		tlog_proof_done(&p);
	}
	buf_done(&file);
	return r;
}

int main(int argc, char **argv)
{
	struct buf text = BUF_INIT(TLOG_POLICY_BYTES);
	struct tlog_policy *policy = NULL;
	struct checkpoint c;
	struct tlog_verdict v;
	struct err e = { 0 };
	if (argc < 3)
		return err_exit(ERR_USAGE);
	int r = crypto_init(&e);
	if (r == 0)
		r = os_file_read(argv[2], &text, &e);
	if (r == 0)
		r = tlog_policy_parse(&policy, buf_text(&text), text.len, &e);
	if (r == 0)
		r = export_verify(argv[1], policy, &c, &v, &e);
	for (int i = 3; i < argc && r == 0; i++)
		r = proof_check(argv[i], policy, &e);
	if (r < 0)
		(void)fprintf(stderr, "enclua: %s\n", e.msg);
	tlog_policy_free(policy);
	buf_done(&text);
	return r < 0 ? err_exit(e.code) : 0;
}
