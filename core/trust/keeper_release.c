/* Letting keys go: the five checks (keeper_serve.h) in their order, then an entry that says what is released to whom; and, when that stands in the book, the keys themselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "trust/keeper_decide.h"
#include "trust/keeper_task.h"

#define FIXED_ITEMS 8u	/* of a RELEASE: what is always there */
#define BUDGET_BYTES 161u

/* One release while it is judged. */
struct release {
	struct keeper_process *p;
	const struct keeper_message *m;
	struct keeper_task task;
	const uint8_t *worker, *box, *measurement;
	struct manifest *app;
	struct attest_claims claims;
	struct buf *decisions;	/* signed policy.decision notes */
	size_t n_decisions;
	struct obligations terms;	/* of all grants together */
	char (*refused)[129];	/* "<order1…> <code>" */
	size_t n_refused;
	bool *out;	/* beside task.data: refused */
	uint64_t *cohort;	/* beside task.data: how many data its owner wants in a task; 0: any */
	char (*budget)[BUDGET_BYTES];
	size_t n_budget;
	uint64_t output;	/* the most bytes that the iApp may write; 0: as its manifest says */
	struct entry *en;	/* the key.release */
	int64_t now;	/* its time */
};

/* 1: evidence */

static int evidence_check(struct release *r, struct err *e)
{
	struct keeper_process *p = r->p;
	struct attest_subject s;
	struct keeper_connection *c = p->at;
	const uint64_t given = c->nonce_us;
	memset(&s, 0, sizeof s);
	memcpy(s.nonce, c->nonce, sizeof s.nonce);
	c->nonce_us = 0;	/* once, whatever comes of it */
	crypto_wipe(c->nonce, sizeof c->nonce);
	if (!given || os_now_us() - given > KEEPER_NONCE_S * UINT64_C(1000000))
		return err_set(e, ERR_DENIED, "evidence-stale: the keeper gave no nonce for this evidence, or gave it more than %d s ago", KEEPER_NONCE_S);
	memcpy(s.worker, r->worker, 32);
	memcpy(s.box, r->box, 32);
	memcpy(s.measurement, r->measurement, 32);
	memcpy(s.checkpoint, c->root.b, 32);
	if (keeper_task_subject(&r->task, p->replica, &s, e) < 0)
		return -1;
	if (attest_verify(r->m->items[4].at, r->m->items[4].len, &s, p->references, os_time(), &r->claims, e) < 0)
		return err_wrap(e, "evidence-refused");
	return 0;
}

/* 4: policies */

static const struct keeper_item *archive_find(const struct release *r, const uint8_t blob[static 32])
{
	for (size_t i = FIXED_ITEMS; i < r->m->n; i++) {
		uint8_t hash[32];
		const struct keeper_item *it = &r->m->items[i];
		if (it->len == 0 || it->at[0] != 'p')
			continue;
		sha256(hash, it->at + 1, it->len - 1);
		if (memcmp(hash, blob, sizeof hash) == 0)
			return it;
	}
	return NULL;
}

static int budget_add(struct release *r, const char *grant, const char *unit, uint64_t amount, uint64_t max, struct err *e)
{
	if (amount == 0)
		return 0;
	if (r->n_budget == ENTRY_MANY_MAX)
		return err_set(e, ERR_DENIED, "budget-lines: the grants of this task keep more than %u budgets", ENTRY_MANY_MAX);
	(void)snprintf(r->budget[r->n_budget++], BUDGET_BYTES, "%s %s %" PRIu64 " %" PRIu64, grant, unit, amount, max);
	return 0;
}

/* What this grant still has of bytes bounds what may be written. */
static int budgets(struct release *r, const char *grant, const struct obligations *o, struct err *e)
{
	uint64_t used = 0, max = 0, bytes = r->app->output;
	if (o->has_output_bytes) {
		if (host_budget(r->p->replica, grant, LEDGER_BYTES, &used, &max, e) < 0)
			return -1;
		uint64_t left = o->output_bytes > used ? o->output_bytes - used : 0;
		bytes = left < bytes ? left : bytes;
		if (bytes == 0)
			return err_set(e, ERR_DENIED, "budget-bytes: nothing is left of the bytes of results that the grant %s allows", grant);
		r->output = r->output && r->output < bytes ? r->output : bytes;
	}
	if (budget_add(r, grant, ledger_unit_text(LEDGER_USES), o->has_max_uses ? 1 : 0, o->max_uses, e) < 0 ||
		budget_add(r, grant, ledger_unit_text(LEDGER_BYTES), o->has_output_bytes ? bytes : 0, o->output_bytes, e) < 0)
		return -1;
	return budget_add(r, grant, ledger_unit_text(LEDGER_EPSILON), o->has_epsilon_u6 ? r->app->epsilon_u6 : 0, o->epsilon_u6, e);
}

static int policy_check(struct release *r, const struct keeper_data *d, uint64_t *cohort, struct err *e)
{
	const size_t budgeted = r->n_budget;
	struct keeper_decision decision = KEEPER_DECISION_INIT;
	struct keeper_item archive;
	struct host_policy policy;
	char why[600];
	int result = -1;
	if (host_policy_find(r->p->replica, d->policy, &policy, e) < 0)
		return -1;
	const struct keeper_item *tagged = archive_find(r, policy.blob);
	if (!tagged)
		return err_set(e, ERR_NOT_FOUND, "policy-missing: the archive of the policy %s did not come with the question", policy.id);
	archive = (struct keeper_item){ tagged->at + 1, tagged->len - 1 };
	const struct keeper_question q = { .scope = "key_release", .grant = d->grant, .request = r->task.deal.request, .task = r->task.task.id,
		.assurance = attest_level_text(attest_claims_level(&r->claims)), .worker = r->worker, .app = r->app, .policy = &policy, .archive = &archive };
	if (keeper_decide(r->p, &q, &decision, e) < 0)
		goto out;
	struct buf *note = &r->decisions[r->n_decisions++];
	*note = decision.note;
	decision.note = (struct buf)BUF_INIT(0);	/* taken */
	keeper_reasons(&decision.decision, why, sizeof why);
	if (!decision.decision.permit) {
		err_set(e, ERR_DENIED, "policy-denied: the owner's policy does not let this run have the key: %s", why);
		err_hint(e, "enclua policy explain %s says what it would take", r->task.task.id);
		goto out;
	}
	result = budgets(r, d->grant, &decision.decision.obligations, e);
	if (result == 0)
		obligations_merge(&r->terms, &decision.decision.obligations);
	else
		r->n_budget = budgeted;	/* all lines of a grant, or none */
	if (decision.decision.obligations.has_min_cohort)
		*cohort = decision.decision.obligations.min_cohort;
out:
	keeper_decision_done(&decision);
	return result;
}

/* 2, 3, 4, 5: one data after the other. Of a bulk, a bad item is reported and left out; anything else ends it. */

static int data_check(struct release *r, const struct keeper_data *d, uint64_t *cohort, struct err *e)
{
	if (d->grant[0] && host_release_item(r->p->replica, r->en, d->grant, r->now, e) < 0)
		return -1;
	return d->policy[0] ? policy_check(r, d, cohort, e) : 0;
}

static void code_of(const struct err *why, char *out, size_t size)
{
	size_t n = strcspn(why->msg, ": ");
	(void)snprintf(out, size, "%.*s", (int)(n < 48 ? n : 48), why->msg);
}

static void item_refuse(struct release *r, size_t i, const char *code)
{
	r->out[i] = true;
	(void)snprintf(r->refused[r->n_refused++], sizeof *r->refused, "%s %s", r->task.data[i].grant, code);
}

static void budgets_drop(struct release *r, const char *grant)
{
	const size_t n = strlen(grant), had = r->n_budget;
	r->n_budget = 0;
	for (size_t i = 0; i < had; i++) {
		if (strncmp(r->budget[i], grant, n) == 0 && r->budget[i][n] == ' ')
			continue;
		if (r->n_budget < i)
			memcpy(r->budget[r->n_budget], r->budget[i], sizeof *r->budget);
		r->n_budget++;
	}
}

/* A policy was asked about as many data as the request names. What was refused since makes the cohort smaller, and an owner for whom it is too small by now is left out as
 * well, which makes it smaller still. */
static void cohorts_keep(struct release *r, size_t first_bulk, size_t *good)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = first_bulk; i < r->task.n_data; i++) {
			if (r->out[i] || r->cohort[i] <= *good - first_bulk)
				continue;
			item_refuse(r, i, "cohort-small");
			budgets_drop(r, r->task.data[i].grant);
			(*good)--;
			again = true;
		}
	}
}

static int all_data_check(struct release *r, struct err *e)
{
	const size_t first_bulk = r->task.n_data - r->task.request->order_request.bulk.n;
	size_t good = 0;
	for (size_t i = 0; i < r->task.n_data; i++) {
		struct err why = { .code = ERR_NONE };
		char code[49];
		if (data_check(r, &r->task.data[i], &r->cohort[i], &why) == 0) {
			good++;
			continue;
		}
		if (i < first_bulk || why.code == ERR_UNAVAILABLE || why.code == ERR_INTERNAL) {
			if (e)
				*e = why;
			return -1;
		}
		code_of(&why, code, sizeof code);
		item_refuse(r, i, code);
	}
	cohorts_keep(r, first_bulk, &good);
	for (size_t i = 0; first_bulk < r->task.n_data && i < first_bulk; i++)
		if (r->cohort[i] > good - first_bulk)
			return err_set(e, ERR_DENIED, "cohort-small: of the bulk %zu data are left, too few for the owner of %s", good - first_bulk, r->task.data[i].data);
	if (first_bulk < r->task.n_data && good == first_bulk)
		return err_set(e, ERR_DENIED, "release-none: none of the %zu grants of the bulk lets this run have its key", r->task.n_data - first_bulk);
	return 0;
}

/* The entry: first what is asked, then what is let go */

static int entry_begin(struct release *r, struct err *e)
{
	struct keeper_process *p = r->p;
	if (book_draft(p->replica, r->en, ENTRY_KEY_RELEASE_TYPE, e) < 0)
		return -1;
	struct entry_key_release *f = &r->en->key_release;
	r->now = r->en->time;
	memcpy(r->en->by, identity_public(keeper_identity(p->keys)), 32);
	(void)snprintf(f->task, sizeof f->task, "%.*s", ID_TEXT - 1, r->task.task.id);
	memcpy(f->worker, r->worker, 32);
	memcpy(f->box, r->box, 32);
	sha256(f->evidence, r->m->items[4].at, r->m->items[4].len);
	f->assurance = entry_text(attest_level_text(attest_claims_level(&r->claims)));
	memcpy(f->measurement, r->claims.measurement, 32);
	f->as_of = replica_size(p->replica);
	return 0;
}

static int entry_make(struct release *r, struct buf *note, struct err *e)
{
	struct entry_key_release *f = &r->en->key_release;
	for (size_t i = 0; i < r->task.n_data; i++)
		if (r->task.data[i].grant[0] && !r->out[i])
			memcpy(f->grant.at[f->grant.n++], r->task.data[i].grant, ID_TEXT);
	for (; f->refused.n < r->n_refused; f->refused.n++)
		f->refused.at[f->refused.n] = entry_text(r->refused[f->refused.n]);
	for (; f->budget.n < r->n_budget; f->budget.n++)
		f->budget.at[f->budget.n] = entry_text(r->budget[f->budget.n]);
	f->output = r->output ? box_sealed_max(r->output) : 0;
	f->log = entry_text(r->terms.log == OBLIGATION_LOG_ANY ? "" : "none");
	if (host_release_check(r->p->replica, r->en, true, f->as_of, r->now, e) < 0)
		return -1;
	return keeper_sign(r->p, r->en, note, e);
}

/* Secrets */

static int secret_open(struct release *r, const uint8_t blob[static 32], struct buf *out, struct err *e)
{
	for (size_t i = FIXED_ITEMS; i < r->m->n; i++) {
		uint8_t hash[32];
		const struct keeper_item *it = &r->m->items[i];
		if (it->len == 0 || it->at[0] != 's')
			continue;
		sha256(hash, it->at + 1, it->len - 1);
		if (memcmp(hash, blob, sizeof hash) == 0)
			return keeper_secret_open(r->p->keys, it->at + 1, it->len - 1, out, e);
	}
	return err_set(e, ERR_NOT_FOUND, "secret-missing: a sealed secret did not come with the question");
}

/* The versions of this deal, and only those of the requester and of the iApp. */
static int secrets_kept(struct release *r, struct box_secret *list, struct buf *plain, size_t *n, struct err *e)
{
	const struct entry_texts *named = &r->task.request->order_request.secret;
	struct host_secret secret;
	int is = r->app->app_secret ? host_app_secret(r->p->replica, r->task.deal.app, r->task.deal_index, &secret, e) : 0;
	if (is < 0)
		return -1;
	if (r->app->app_secret && !is) {
		err_set(e, ERR_NOT_FOUND, "secret-unset: the iApp needs its own secret, and its owner had set none when the deal was made");
		return err_hint(e, "its owner sets it: enclua app secret set %s", r->task.deal.app);
	}
	if (is && secret_open(r, secret.blob, &plain[*n], e) < 0)
		return -1;
	if (is) {
		list[*n] = (struct box_secret){ 0, { buf_text(&plain[*n]), plain[*n].len } };
		(*n)++;
	}
	for (size_t i = 0; i < named->n; i++) {
		char id[ID_TEXT];
		unsigned number;
		if (keeper_secret_named(&named->at[i], &number, id, e) < 0)
			return -1;
		is = host_secret(r->p->replica, id, &secret, e);
		if (is < 0)
			return -1;
		if (!is || memcmp(secret.owner, r->task.request->by, 32) != 0)
			return err_set(e, ERR_DENIED, "secret-other: %s is no secret of the requester's", id);
		if (secret_open(r, secret.blob, &plain[*n], e) < 0)
			return -1;
		list[*n] = (struct box_secret){ number, { buf_text(&plain[*n]), plain[*n].len } };
		(*n)++;
	}
	return 0;
}

/* What the asker has himself, and what is kept here, as one list. */
static int secrets_gather(struct release *r, struct buf *out, struct err *e)
{
	struct box_secret *given = NULL, list[LIMIT_BOX_SECRETS + 1 + ENTRY_MANY_MAX];
	struct buf plain[ENTRY_MANY_MAX + 1];
	const struct keeper_item *own = &r->m->items[7];
	size_t n_given = 0, n = 0;
	int result = -1;
	for (size_t i = 0; i <= ENTRY_MANY_MAX; i++)
		plain[i] = (struct buf)BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	if (own->len && boxwire_secrets_decode(&given, &n_given, own->at, own->len, e) < 0)
		goto out;
	if (secrets_kept(r, list, plain, &n, e) < 0)
		goto out;
	if (n + n_given > LIMIT_BOX_SECRETS + 1) {
		err_set(e, ERR_LIMIT, "a task has at most %u secrets", LIMIT_BOX_SECRETS);
		goto out;
	}
	for (size_t i = 0; i < n_given; i++)
		list[n++] = given[i];
	result = n ? boxwire_secrets_encode(out, list, n, e) : 0;
out:
	free(given);
	for (size_t i = 0; i <= ENTRY_MANY_MAX; i++)
		buf_done(&plain[i]);
	return result;
}

/* Judging */

static int promise_make(struct release *r, const struct buf *note, struct err *e)
{
	struct keeper_promise *k = &r->p->at->promise;
	keeper_promise_done(k);
	k->secrets = (struct buf)BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES + MIB(1));
	k->data = calloc(r->task.n_data + 1, sizeof *k->data);
	if (!k->data)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (secrets_gather(r, &k->secrets, e) < 0)
		return -1;
	for (; k->n_data < r->task.n_data; k->n_data++)
		if (!r->out[k->n_data])
			memcpy(k->data[k->n_data], r->task.data[k->n_data].data, ID_TEXT);
	sha256(k->entry, note->data, note->len);
	(void)snprintf(k->task, sizeof k->task, "%.*s", ID_TEXT - 1, r->task.task.id);
	identity_text(k->worker, r->worker);
	memcpy(k->box, r->box, 32);
	k->output = r->output;
	k->silent = r->terms.log != OBLIGATION_LOG_ANY;
	k->is = true;
	return 0;
}

static int judge(struct release *r, struct buf *note, struct err *e)
{
	struct keeper_process *p = r->p;
	if (evidence_check(r, e) < 0 || entry_begin(r, e) < 0 || host_release_task(p->replica, r->en, r->now, e) < 0)
		return -1;
	if (keeper_manifest(p, r->task.deal.app, &r->m->items[5], &r->m->items[6], &r->app, e) < 0 || all_data_check(r, e) < 0)
		return -1;
	return entry_make(r, note, e);
}

/* Refusals that will not heal end the task, so that the payer has the money back at once: the owners' word, not the machine's state. */
static bool final(const struct err *why)
{
	static const char *const codes[] = { "release-revoked", "release-transferred", "release-expired", "release-purpose", "release-none", "release-own", "policy-denied", "cohort-small",
		"budget-", "secret-unset", "secret-other" };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strncmp(why->msg, codes[i], strlen(codes[i])) == 0)
			return true;
	return false;
}

static int refuse(struct release *r, const struct err *why, struct err *e)
{
	struct keeper_process *p = r->p;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	char code[49];
	int result = book_draft(p->replica, p->en, ENTRY_TASK_REFUSE_TYPE, e);
	if (result == 0) {
		code_of(why, code, sizeof code);
		(void)snprintf(p->en->task_refuse.task, ID_TEXT, "%.*s", ID_TEXT - 1, r->task.task.id);
		p->en->task_refuse.code = entry_text(code);
		result = keeper_sign(p, p->en, &note, e);
	}
	if (result == 0)
		result = keeper_message_add(&p->entries, note.data, note.len, e);
	buf_done(&note);
	return result;
}

static int decisions_add(struct release *r, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < r->n_decisions; i++)
		if (keeper_message_add(out, r->decisions[i].data, r->decisions[i].len, e) < 0)
			return -1;
	return 0;
}

static int answer(struct release *r, struct err *e)
{
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	struct err why = { .code = ERR_NONE };
	int result = judge(r, &note, &why);
	if (result == 0)
		result = promise_make(r, &note, &why);
	if (result == 0)
		result = decisions_add(r, &r->p->out, e) < 0 ? -1 : keeper_message_add(&r->p->out, note.data, note.len, e);
	else if (decisions_add(r, &r->p->entries, e) == 0 && (!final(&why) || refuse(r, &why, e) == 0) && e)
		*e = why;
	buf_done(&note);
	return result;
}

static int room_make(struct release *r, struct err *e)
{
	r->decisions = calloc(r->task.n_data + 1, sizeof *r->decisions);
	r->refused = calloc(r->task.n_data + 1, sizeof *r->refused);
	r->out = calloc(r->task.n_data + 1, sizeof *r->out);
	r->cohort = calloc(r->task.n_data + 1, sizeof *r->cohort);
	r->budget = calloc(ENTRY_MANY_MAX, sizeof *r->budget);
	r->en = malloc(sizeof *r->en);
	return r->en && r->decisions && r->refused && r->out && r->cohort && r->budget ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

int keeper_answer_release(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct release r = { .p = p, .m = m };
	char task[ID_TEXT];
	int result = -1;
	if (m->n < FIXED_ITEMS)
		return err_set(e, ERR_INVALID, "a question for keys has at least %u items", FIXED_ITEMS);
	if (keeper_item_text(m, 0, task, sizeof task, e) < 0 || keeper_item_bytes(m, 1, 32, &r.worker, e) < 0 || keeper_item_bytes(m, 2, 32, &r.box, e) < 0 ||
		keeper_item_bytes(m, 3, 32, &r.measurement, e) < 0)
		return -1;
	if (keeper_task_read(&r.task, p->replica, task, e) == 0 && room_make(&r, e) == 0)
		result = answer(&r, e);
	for (size_t i = 0; i < r.n_decisions; i++)
		buf_done(&r.decisions[i]);
	free(r.decisions);
	free(r.refused);
	free(r.out);
	free(r.cohort);
	free(r.budget);
	free(r.en);
	manifest_free(r.app);
	keeper_task_done(&r.task);
	return result;
}

/* Handing over */

static int header_seal(struct keeper_process *p, const char *data, struct buf *header, struct err *e)
{
	struct store_data d = { .id = "" };
	int r = store_data_find(book_store(p->replica), data, NULL, &d, e) < 0 || keeper_release(p->keys, d.header.data, d.header.len, p->at->promise.box, header, e) < 0 ? -1 : 0;
	store_data_done(&d);
	return r < 0 ? err_wrap(e, "the key of %s", data) : 0;
}

static void promise_unseal(struct keeper_promise *k)
{
	for (size_t i = 0; k->headers && i < k->n_data; i++)
		buf_done(&k->headers[i]);
	free(k->headers);
	buf_done(&k->age);
	k->headers = NULL;
	k->sealed = false;
}

static int promise_seal(struct keeper_process *p, struct err *e)
{
	struct keeper_promise *k = &p->at->promise;
	if (k->sealed)
		return 0;
	k->headers = calloc(k->n_data + 1, sizeof *k->headers);
	if (!k->headers)
		return err_set(e, ERR_LIMIT, "out of memory");
	k->age = (struct buf)BUF_INIT(LIMIT_BOX_RELEASE_BYTES);
	for (size_t i = 0; i < k->n_data; i++)
		k->headers[i] = (struct buf)BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	k->sealed = k->secrets.len == 0 || age_small_seal(k->box, k->secrets.data, k->secrets.len, &k->age, e) == 0;
	for (size_t i = 0; k->sealed && i < k->n_data; i++)
		k->sealed = !k->data[i][0] || header_seal(p, k->data[i], &k->headers[i], e) == 0;
	if (!k->sealed)
		promise_unseal(k);
	return k->sealed ? 0 : -1;
}

void keeper_promise_seal(struct keeper_process *p)
{
	(void)promise_seal(p, NULL);	/* TAKE tries again, and says why not */
}

static int promise_answer(struct keeper_process *p, struct err *e)
{
	const struct keeper_promise *k = &p->at->promise;
	const uint8_t silent = k->silent;
	if (keeper_message_add(&p->out, &k->output, sizeof k->output, e) < 0 || keeper_message_add(&p->out, &silent, 1, e) < 0 ||
		keeper_message_add(&p->out, k->age.data, k->age.len, e) < 0)
		return -1;
	for (size_t i = 0; i < k->n_data; i++)
		if (keeper_message_add(&p->out, k->headers[i].data, k->headers[i].len, e) < 0)
			return -1;
	return 0;
}

/* Nothing leaves before the book says so: the very entry that was signed, in the log as its operator has signed it. */
static int entered(struct keeper_process *p, struct err *e)
{
	const struct keeper_promise *k = &p->at->promise;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint8_t hash[32] = { 0 };
	int is = host_release(p->replica, k->task, k->worker, p->en, &bytes, e);
	if (is == 1)
		sha256(hash, bytes.data, bytes.len);
	buf_done(&bytes);
	if (is < 0)
		return -1;
	return is && memcmp(hash, k->entry, sizeof hash) == 0 ? 0 : err_set(e, ERR_DENIED, "release-unentered: the book does not have this key.release");
}

int keeper_answer_take(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct keeper_promise *k = &p->at->promise;
	const uint8_t *hash = NULL;
	if (keeper_item_bytes(m, 0, 32, &hash, e) < 0)
		return -1;
	/* A promise is in memory only: one that was started anew since has none of the other's. That is this machine's state, and no word of the owner's. */
	if (!k->is || memcmp(hash, k->entry, 32) != 0)
		return err_set(e, ERR_UNAVAILABLE, "release-unknown: the keeper has promised nothing under this entry");
	if (entered(p, e) < 0 || promise_seal(p, e) < 0 || promise_answer(p, e) < 0)
		return -1;
	keeper_promise_done(k);	/* once */
	return 0;
}

void keeper_promise_done(struct keeper_promise *k)
{
	promise_unseal(k);
	free(k->data);
	buf_done(&k->secrets);
	memset(k, 0, sizeof *k);
}
