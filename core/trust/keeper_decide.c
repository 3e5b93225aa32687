/* The keeper asks an owner's policy: the question is made from its own replica, the policy runs in a box of its own, the obligations are held against the question, and what came of it is
 * an entry that anybody can check again (`enclua policy replay`).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form/iapp_list.h"
#include "host/question.h"
#include "seal/crypto.h"
#include "trust/keeper_decide.h"

/* The manifest of a registered iApp from its list and its bytes: the list hashes to the h1, the manifest to its line in the list. */
int keeper_manifest(struct keeper_process *p, const char *app, const struct keeper_item *list, const struct keeper_item *yaml, struct manifest **out, struct err *e)
{
	char h1[IAPP_H1_TEXT];
	struct store_app row;
	struct iapp_line *lines = NULL;
	size_t n = 0;
	uint8_t hash[32];
	bool listed = false;
	*out = NULL;
	if (store_app_find(book_store(p->replica), app, &row, e) < 0)
		return -1;
	iapp_h1(h1, list->at, list->len);
	if (strcmp(h1, row.h1) != 0)
		return err_set(e, ERR_INVALID, "the list of files is not the one of the iApp %s", row.id);
	if (iapp_list_parse(&lines, &n, (const char *)list->at, list->len, e) < 0)
		return -1;
	sha256(hash, yaml->at, yaml->len);
	for (size_t i = 0; i < n; i++)
		listed |= !strcmp(lines[i].path, MANIFEST_FILE) && memcmp(lines[i].sha256, hash, sizeof hash) == 0;
	free(lines);
	if (!listed)
		return err_set(e, ERR_INVALID, "the manifest is not the one of the iApp %s", row.id);
	return manifest_parse(out, MANIFEST_FILE, (const char *)yaml->at, yaml->len, e);
}

int keeper_sign(struct keeper_process *p, struct entry *en, struct buf *note, struct err *e)
{
	const size_t from = note->len;
	if (entry_sign(en, keeper_identity(p->keys), note, e) < 0)
		return -1;
	replica_vouch(p->replica, note->data + from, note->len - from);
	return 0;
}

/* The one that was asked last stays open: a bulk, and whoever comes again, asks the same. It is the same when all its bytes are. */
static int policy_open(struct keeper_process *p, const struct host_policy *policy, const struct keeper_item *archive, const struct iapp **out, struct err *e)
{
	const struct iapp_expect expect = { .kind = IAPP_POLICY, .sha256 = policy->blob, .h1 = policy->h1 };
	const struct iapp *had = p->policy;
	*out = had;
	if (had && had->len == archive->len && memcmp(had->bytes, archive->at, had->len) == 0 && memcmp(p->policy_blob, policy->blob, 32) == 0 && !strcmp(had->h1, policy->h1))
		return 0;
	iapp_free(p->policy);
	p->policy = NULL;
	if (iapp_open(&p->policy, archive->at, archive->len, &expect, e) < 0)
		return err_wrap(e, "the policy %s", policy->id);
	memcpy(p->policy_blob, policy->blob, 32);
	*out = p->policy;
	return 0;
}

static int decision_fill(struct keeper_process *p, const struct keeper_question *q, const struct buf *question, const struct policy_decision *d,
	const struct buf *obligations, struct err *e)
{
	if (book_draft(p->replica, p->en, ENTRY_POLICY_DECISION_TYPE, e) < 0)
		return -1;
	struct entry_policy_decision *f = &p->en->policy_decision;
	f->scope = entry_text(q->scope);
	(void)snprintf(f->grant, sizeof f->grant, "%s", q->grant);
	(void)snprintf(f->request, sizeof f->request, "%s", q->request);
	(void)snprintf(f->task, sizeof f->task, "%s", q->task);
	(void)snprintf(f->policy, sizeof f->policy, "%s", q->policy->id);
	memcpy(f->engine, box_measurement(p->o->policies), 32);
	f->as_of = replica_size(p->replica);
	f->assurance = entry_text(q->assurance);
	if (q->worker)
		memcpy(f->worker, q->worker, 32);
	sha256(f->question, question->data, question->len);
	sha256(f->answer, d->answer.data, d->answer.len);
	f->effect = entry_text(d->permit ? "permit" : "deny");
	for (; f->rule.n < d->n_rules; f->rule.n++)
		f->rule.at[f->rule.n] = entry_text(d->rules[f->rule.n]);
	for (; f->reason.n < d->n_reasons; f->reason.n++)
		f->reason.at[f->reason.n] = entry_text(d->reasons[f->reason.n]);
	f->obligations = (struct entry_text){ buf_text(obligations), obligations->len };
	return 0;
}

/* The zygote can be ended by the machine while everything else lives. */
static int policy_judge(struct keeper_process *p, const struct iapp *policy, const struct buf *question, struct policy_decision *out, struct err *e)
{
	int r = policy_ask(p->o->policies, policy, buf_text(question), question->len, out, e);
	p->over |= r < 0 && !box_zygote_lives(p->o->policies);
	return r;
}

int keeper_decide(struct keeper_process *p, const struct keeper_question *q, struct keeper_decision *out, struct err *e)
{
	const struct host_question ask = { .scope = q->scope, .grant = q->grant, .request = q->request, .task = q->task, .assurance = q->assurance, .worker = q->worker,
		.app = q->app };
	struct buf question = BUF_INIT(KIB(64)), obligations = BUF_INIT(KIB(8));
	const struct iapp *policy = NULL;
	int r = -1;
	if (!p->o->policies)
		return err_set(e, ERR_UNAVAILABLE, "this keeper was started without boxes for policies");
	if (host_question(p->replica, &ask, &question, e) < 0 || policy_open(p, q->policy, q->archive, &policy, e) < 0 ||
		policy_judge(p, policy, &question, &out->decision, e) < 0 ||
		policy_enforce(&out->decision, buf_text(&question), question.len, e) < 0 || obligations_write(&out->decision.obligations, &obligations, e) < 0)
		goto out;
	if (decision_fill(p, q, &question, &out->decision, &obligations, e) == 0)
		r = keeper_sign(p, p->en, &out->note, e);
out:
	buf_done(&question);
	buf_done(&obligations);
	return r;
}

void keeper_decision_done(struct keeper_decision *d)
{
	policy_decision_done(&d->decision);
	buf_done(&d->note);
}

/* "forbid:no-raw-copy, no-permit": the reasons of a denial as words. */
void keeper_reasons(const struct policy_decision *d, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < d->n_reasons && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : "", d->reasons[i]);
}

static int grant_policy(struct keeper_process *p, const char *grant, struct host_policy *out, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	int r = -1;
	if (host_entry_find(p->replica, grant, &index, e) == 0 && book_entry(p->replica, index, &bytes, e) == 0 &&
		entry_decode(p->en, bytes.data, bytes.len, NULL, e) == 0) {
		if (p->en->type != ENTRY_ORDER_DATA_TYPE || !p->en->order_data.policy[0])
			err_set(e, ERR_INVALID, "%s is no grant under a policy", grant);
		else
			r = host_policy_find(p->replica, p->en->order_data.policy, out, e);
	}
	buf_done(&bytes);
	return r;
}

/* The iApp that a request asks for, and the level that it will have at least: before there is a machine, that is what can be said of it. */
static int request_terms(struct keeper_process *p, const char *request, char app[static ID_TEXT], const char **level, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	enum attest_level least = ATTEST_SOFTWARE;
	int r = host_request(p->replica, request, p->en, &bytes, e);
	if (r == 0) {
		const struct entry_text *t = &p->en->order_request.min_assurance;
		memcpy(app, p->en->order_request.app, ID_TEXT);
		for (enum attest_level l = ATTEST_SOFTWARE; l <= ATTEST_CVM; l++)
			if (entry_text_is(t, attest_level_text(l)))
				least = l;
		*level = attest_level_text(least);
	}
	buf_done(&bytes);
	return r;
}

/* scope, grant, request, task, MANIFEST, iapp.yaml, archive. Only before a task: with one, RELEASE asks. */
int keeper_answer_decide(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	char scope[17], grant[ID_TEXT], request[ID_TEXT], app[ID_TEXT], why[1024];
	struct keeper_decision d = KEEPER_DECISION_INIT;
	struct manifest *manifest = NULL;
	struct host_policy policy;
	const char *level = "";
	int r = -1;
	if (m->n != 7 || m->items[3].len)
		return err_set(e, ERR_INVALID, "a question about a policy has seven items, and no task");
	if (keeper_item_text(m, 0, scope, sizeof scope, e) < 0 || keeper_item_text(m, 1, grant, sizeof grant, e) < 0 ||
		keeper_item_text(m, 2, request, sizeof request, e) < 0)
		return -1;
	if (strcmp(scope, "match") != 0 && strcmp(scope, "offer") != 0)
		return err_set(e, ERR_INVALID, "before there is a task, policies are asked at the scopes offer and match, not %s", scope);
	if (grant_policy(p, grant, &policy, e) < 0 || request_terms(p, request, app, &level, e) < 0 ||
		keeper_manifest(p, app, &m->items[4], &m->items[5], &manifest, e) < 0)
		goto out;
	const struct keeper_question q = { .scope = scope, .grant = grant, .request = request, .task = "", .assurance = level, .app = manifest, .policy = &policy,
		.archive = &m->items[6] };
	if (keeper_decide(p, &q, &d, e) < 0)
		goto out;
	const uint8_t permit = d.decision.permit;
	keeper_reasons(&d.decision, why, sizeof why);
	if (keeper_message_add(&p->out, &permit, 1, e) == 0 && keeper_message_add(&p->out, d.note.data, d.note.len, e) == 0)
		r = keeper_message_add(&p->out, why, strlen(why), e);
out:
	manifest_free(manifest);
	keeper_decision_done(&d);
	return r;
}
