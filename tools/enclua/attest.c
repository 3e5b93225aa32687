/* enclua attest: what this machine can say of itself, and making the keeper accept its TPM. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "box/box.h"
#include "seal/crypto.h"
#include "trust/attest.h"
#include "verbs.h"

#define EVIDENCE_BYTES KIB(32)
#define OFFERS 8u

static void put_text(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text);
}

static void put_bool(struct cli *c, const char *key, bool v)
{
	json_write_key(&c->out, key);
	json_write_bool(&c->out, v);
}

/* The machine's enclave and a worker's key of the moment; everything else is zero: evidence that opens nothing. */
static int subject_make(struct attest_subject *s, const struct identity *worker, struct err *e)
{
	char path[4096];
	struct buf program = BUF_INIT(LIMIT_ENCLAVE_BYTES);
	memset(s, 0, sizeof *s);
	memcpy(s->worker, identity_public(worker), sizeof s->worker);
	int r = box_enclave_path(path, sizeof path, e) < 0 ? -1 : os_file_read(path, &program, e);
	if (r == 0)
		sha256(s->measurement, program.data, program.len);
	buf_done(&program);
	return r;
}

static int claims_tell(struct cli *c, const struct attest_claims *claims, struct err *e)
{
	enum attest_level counts = attest_claims_level(claims);
	char measurement[HEX_LEN(32) + 1];
	hex_encode(measurement, claims->measurement, sizeof claims->measurement);
	put_text(c, "provider", claims->provider);
	put_text(c, "level", attest_level_text(claims->level));
	put_text(c, "counts_as", attest_level_text(counts));
	put_text(c, "sentence", attest_level_sentence(counts));
	put_bool(c, "simulated", claims->simulated);
	put_bool(c, "debug", claims->debug);
	put_text(c, "measurement", measurement);
	put_text(c, "signer", claims->signer);
	put_text(c, "tcb", claims->tcb[0] ? claims->tcb : NULL);
	return cli_print(c, e, "provider     %s\nlevel        %s%s%s\ncounts as    %s: %s\nmeasurement  %s\nsigner       %s\n%s%s%s", claims->provider,
		attest_level_text(claims->level), claims->simulated ? ", by an emulator" : "", claims->debug ? ", with debugging allowed" : "", attest_level_text(counts),
		attest_level_sentence(counts), measurement, claims->signer, claims->tcb[0] ? "TCB          " : "", claims->tcb, claims->tcb[0] ? "\n" : "");
}

static int offers_tell(struct cli *c, struct err *e)
{
	struct attest_offer offers[OFFERS];
	size_t n = attest_offers(offers, OFFERS);
	for (size_t i = 0; i < n; i++)
		if (!offers[i].present && cli_print(c, e, "absent       %s: %s\n", offers[i].provider, cli_safe(offers[i].why, strlen(offers[i].why), 0)) < 0)
			return -1;
	return 0;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	char path[4096];
	struct identity *worker = NULL;
	struct attest_references *r = NULL;
	struct attest_subject s;
	struct attest_claims claims;
	struct buf text = BUF_INIT(EVIDENCE_BYTES);
	struct err why = { .code = ERR_NONE };
	int result = -1;
	if (identity_new(&worker, e) < 0 || subject_make(&s, worker, e) < 0 || attest_evidence(args_get(a, "provider"), &s, worker, &text, e) < 0 ||
		cli_home_path(c, "keeper/references", path, sizeof path, e) < 0 || attest_references_read(&r, path, e) < 0)
		goto out;
	bool accepted = attest_verify(text.data, text.len, &s, r, os_time(), &claims, &why) == 0;
	put_bool(c, "accepted", accepted);
	put_text(c, "reason", accepted ? NULL : why.msg);
	put_text(c, "evidence", buf_text(&text));
	if (accepted ? claims_tell(c, &claims, e) < 0 : cli_print(c, e, "REFUSED      %s\n", cli_safe(why.msg, strlen(why.msg), 0)) < 0)
		goto out;
	if (offers_tell(c, e) == 0)
		result = cli_print(c, e, "\n%s", buf_text(&text));
out:
	buf_done(&text);
	attest_references_free(r);
	identity_free(worker);
	return result;
}

static int run_enroll(struct cli *c, struct args *a, struct err *e)
{
	struct attest_enrolled x;
	if (!cli_has_home(c)) {
		err_set(e, ERR_NOT_FOUND, "there is no home here, and so no keeper that could accept this machine");
		return err_hint(e, "enclua init");
	}
	if (attest_enroll(&x, c->home, args_get(a, "roots"), e) < 0)
		return -1;
	put_text(c, "ak", x.ak);
	put_text(c, "pcrs", x.pcrs);
	put_text(c, "maker", x.maker);
	put_text(c, "issuer", x.issuer[0] ? x.issuer : NULL);
	put_bool(c, "rooted", x.rooted);
	put_bool(c, "simulated", x.simulated);
	put_bool(c, "known", x.known);
	if (cli_print(c, e, "TPM          %s%s\nAK           %s\nPCR 0 to 9   %s\n", cli_safe(x.maker, strlen(x.maker), 0), x.simulated ? ", an emulator" : "", x.ak, x.pcrs) < 0)
		return -1;
	if (cli_print(c, e, "certified    %s%s\n", x.issuer[0] ? cli_safe(x.issuer, strlen(x.issuer), 0) : "by nobody: the keeper trusts that this TPM is this machine's",
		    x.issuer[0] && !x.rooted ? ", which no root of ours vouches for (--roots)" : "") < 0)
		return -1;
	return cli_print(c, e, "%s\nreferences   %s/keeper/references%s\n", x.simulated ? "counts as    software, but where a policy allows what is simulated" :
		"counts as    tpm2", cli_safe(c->home, strlen(c->home), 0), x.known ? ", as before" : "");
}

static const struct option_row show_options[] = {
	{ "provider", 0, "NAME", false, "software, tpm2, tdx or sev-snp instead of the strongest that is here" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row enroll_options[] = {
	{ "roots", 0, "FILE", false, "certificates of TPM makers (PEM): one of them must vouch for this TPM" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command attest_commands[] = {
	{ "attest show", "[--provider NAME]", "What this machine says of itself as evidence, and what a keeper makes of it",
	  "Example: enclua attest show\n\nThe evidence is made for a nonce of zeros and a worker's key of the moment, so it opens nothing. It is verified as the keeper of\n"
	  "this home would.", show_options, 0, 0, run_show },
	{ "attest enroll", "[--roots FILE]", "Make this machine's TPM one whose evidence the keeper of this home accepts",
	  "Example: enclua attest enroll\n\nThe keeper challenges the TPM; on success the TPM keeps an attestation key, and keeper/references gets its line, with the digest\n"
	  "of PCR 0 to 9 as they are now. After a change of firmware, boot loader or kernel: enroll again. $ENCLUA_TPM names another TPM than /dev/tpmrm0:\n"
	  "device:PATH or swtpm:path=SOCKET.", enroll_options, 0, 0, run_enroll },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
