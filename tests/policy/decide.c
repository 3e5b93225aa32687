/* decide HOME GRANT REQUEST[/TASK] N [LIE]: what the keeper of a home does at a match, or with TASK before it releases a key, N times: the question from the book, the policy of the grant in its box, obligations, and the decision
 * signed into the book. Prints how many permits. LIE: question, answer, effect, rule, reason, obligations or as_of is not what it was in the last one, as a keeper that
 * cheats, or whose machine is broken, would sign it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/question.h"
#include "seal/crypto.h"
#include "seal/machine_key.h"
#include "trust/policy.h"

#define AT_ONCE 50u	/* decisions about the same size of the book, entered together */

static struct err e;

static void must(int r)
{
	if (r == 0)
		return;
	(void)fprintf(stderr, "decide: %s\n", e.msg);
	exit(1);
}

static struct iapp *archive_of(struct book *b, const uint8_t blob[static 32], enum iapp_kind kind)
{
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *a = NULL;
	must(store_blob_read(book_store(b), blob, &bytes, &e));
	must(iapp_open(&a, bytes.data, bytes.len, &(struct iapp_expect){ .kind = kind }, &e));
	buf_done(&bytes);
	return a;
}

static struct iapp *app_of(struct book *b, const char *request)
{
	struct market_order o;
	struct store_app row;
	must(host_get(b, MARKET_ROW_ORDER, request, "", &o, &e) == 1 ? 0 : -1);
	must(store_app_find(book_store(b), o.asset, &row, &e));
	return archive_of(b, row.blob, IAPP_APP);
}

static void grant_policy(struct book *b, const char *grant, struct host_policy *out)
{
	static struct entry en;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	size_t text_len;
	must(host_entry_find(b, grant, &index, &e));
	must(book_entry(b, index, &bytes, &e));
	must(entry_decode(&en, bytes.data, bytes.len, &text_len, &e));
	must(host_policy_find(b, en.order_data.policy, out, &e));
	buf_done(&bytes);
}

static void texts_set(struct entry_texts *out, const char *at, size_t size, size_t n)
{
	out->n = n;
	for (size_t i = 0; i < n; i++)
		out->at[i] = entry_text(at + i * size);
}

static void lie_set(struct entry_policy_decision *f, const char *lie)
{
	if (!strcmp(lie, "question"))
		f->question[7] ^= 1;
	else if (!strcmp(lie, "answer"))
		f->answer[7] ^= 1;
	else if (!strcmp(lie, "effect"))
		f->effect = entry_text(entry_text_is(&f->effect, "permit") ? "deny" : "permit");
	else if (!strcmp(lie, "rule"))
		f->rule.at[f->rule.n++] = entry_text("another");
	else if (!strcmp(lie, "reason"))
		f->reason.at[f->reason.n++] = entry_text("no-permit");
	else if (!strcmp(lie, "obligations"))
		f->obligations = entry_text("{\"price\":1}");
	else if (!strcmp(lie, "as_of"))
		f->as_of--;
	else
		exit(2);
}

int main(int argc, char **argv)
{
	static struct entry en;
	struct book *b = NULL;
	struct identity *keeper = NULL;
	struct box_zygote *z = NULL;
	struct host_policy policy;
	char enclave[4096];
	const char *build = getenv("BUILD");
	const struct box_options options = { .enclave = enclave, .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	(void)snprintf(enclave, sizeof enclave, "%s/enclave", build ? build : "build");
	struct buf notes[AT_ONCE];
	struct book_item items[AT_ONCE];
	uint64_t permits = 0;
	if (argc < 5)
		return 2;
	uint64_t n = strtoull(argv[4], NULL, 10);
	char *request = argv[3], *slash = strchr(request, '/');
	const char *task = slash ? slash + 1 : "";
	if (slash)
		*slash = '\0';
	must(crypto_init(&e));
	must(host_open(&b, argv[1], false, &e));
	must(machine_key_open(argv[1], "keeper", &keeper, &e));
	must(box_zygote_start(&z, &options, &e));
	grant_policy(b, argv[2], &policy);
	struct iapp *app = app_of(b, request), *rules = archive_of(b, policy.blob, IAPP_POLICY);
	for (uint64_t i = 0; i < n;) {
		size_t k = 0;
		uint64_t size;
		must(book_size(b, &size, &e));
		for (; k < AT_ONCE && i < n; k++, i++) {
			struct buf question = BUF_INIT(MIB(1)), obligations = BUF_INIT(KIB(16));
			struct policy_decision d;
			const char *scope = *task ? "key_release" : i % 3 ? "match" : "offer", *assurance = i % 5 ? "software" : "tpm2";
			must(host_question(b, &(struct host_question){ .scope = scope, .grant = argv[2], .request = request, .task = task, .assurance = assurance, .app = app->manifest }, &question, &e));
			must(policy_ask(z, rules, buf_text(&question), question.len, &d, &e));
			must(policy_enforce(&d, buf_text(&question), question.len, &e));
			must(obligations_write(&d.obligations, &obligations, &e));
			must(book_draft(b, &en, ENTRY_POLICY_DECISION_TYPE, &e));
			struct entry_policy_decision *f = &en.policy_decision;
			f->scope = entry_text(scope);
			f->assurance = entry_text(assurance);
			(void)snprintf(f->grant, ID_TEXT, "%s", argv[2]);
			(void)snprintf(f->request, ID_TEXT, "%s", request);
			(void)snprintf(f->task, ID_TEXT, "%s", task);
			memcpy(f->policy, policy.id, ID_TEXT);
			memcpy(f->engine, box_measurement(z), 32);
			f->as_of = size;
			sha256(f->question, question.data, question.len);
			sha256(f->answer, d.answer.data ? d.answer.data : (const uint8_t *)"", d.answer.len);
			f->effect = entry_text(d.permit ? "permit" : "deny");
			texts_set(&f->rule, d.rules[0], sizeof d.rules[0], d.n_rules);
			texts_set(&f->reason, d.reasons[0], sizeof d.reasons[0], d.n_reasons);
			if (obligations.len)
				f->obligations = entry_text(buf_text(&obligations));
			if (argc > 5 && i + 1 == n)
				lie_set(f, argv[5]);
			notes[k] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
			must(entry_sign(&en, keeper, &notes[k], &e));
			items[k] = (struct book_item){ notes[k].data, notes[k].len };
			permits += d.permit;
			policy_decision_done(&d);
			buf_done(&question);
			buf_done(&obligations);
		}
		must(book_append(b, items, k, NULL, &e));
		for (size_t at = 0; at < k; at++)
			buf_done(&notes[at]);
	}
	(void)printf("%" PRIu64 "\n", permits);
	iapp_free(app);
	iapp_free(rules);
	box_zygote_stop(z);
	identity_free(keeper);
	book_close(b);
	return 0;
}
