/* What a receipt says of keys: which keeper let the box of the run have them, on what evidence, and what the owners' policies said before. A keeper is one that the book's operator has
 * appointed; what it let go are the keys of this deal, to the worker that ran it, before it did; and the run claims no more of its machine than the keeper saw.
 *
 * That no keeper was passed by cannot be seen in a receipt that names none: a book may have none. The book's rules refuse such a run (run-no-release, core/host), and its host no receipt of it.
 */
#include <assert.h>
#include <string.h>

#include "form/receipt_inner.h"

static int wrong(const struct receipt_item *it, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "entry %llu, %s: %s", (unsigned long long)it->in.index, entry_info(it->en.type)->type, what);
}

int receipt_keeper_check(struct receipt *r, const struct receipt_item *from, struct err *e)
{
	struct receipt_item *open = receipt_item_by(r, ENTRY_BOOK_OPEN_TYPE, NULL), *appoint = NULL;
	for (size_t i = 0; i < r->n && !appoint; i++)
		if (r->items[i].en.type == ENTRY_KEEPER_APPOINT_TYPE && memcmp(r->items[i].en.keeper_appoint.keeper, from->en.by, 32) == 0)
			appoint = &r->items[i];
	if (receipt_need(appoint, from, "the keeper.appoint of who signed it", e) < 0)
		return -1;
	assert(appoint);
	if (!open || memcmp(appoint->en.by, open->en.by, 32) != 0)
		return wrong(appoint, "not by the operator of the book", e);
	struct receipt_item *who = receipt_item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, from->en.by);
	if (receipt_need(who, appoint, "the registration of the keeper", e) < 0)
		return -1;
	return memcmp(who->en.identity_register.age, appoint->en.keeper_appoint.age, 32) == 0 ? 0 :
		wrong(appoint, "with another age key than the keeper has introduced itself with", e);
}

/* Policies */

/* What was asked of a grant's policy: by whom is checked apart. worker NULL: whoever it was about. */
struct asked { const char *scope; struct receipt_item *grant; const struct receipt_item *before; const uint8_t *worker; };

static bool decision_is(const struct receipt *r, const struct receipt_item *it, const struct asked *q)
{
	static const uint8_t none[32];
	const struct entry_policy_decision *f = &it->en.policy_decision;
	return it->en.type == ENTRY_POLICY_DECISION_TYPE && entry_text_is(&f->scope, q->scope) && strcmp(f->grant, q->grant->id) == 0 &&
		strcmp(f->request, r->orders[RECEIPT_REQUEST]->id) == 0 && strcmp(f->task, strcmp(q->scope, "match") == 0 ? "" : r->task) == 0 &&
		(!q->worker || memcmp(f->worker, none, 32) == 0 || memcmp(f->worker, q->worker, 32) == 0);
}

/* The last one before the entry that rests on it. */
static struct receipt_item *decision_find(struct receipt *r, const struct asked *q)
{
	struct receipt_item *last = NULL;
	for (size_t i = 0; i < r->n && r->items[i].in.index < q->before->in.index; i++)
		if (decision_is(r, &r->items[i], q))
			last = &r->items[i];
	return last;
}

static int decision_check(struct receipt *r, struct receipt_item *it, const struct asked *q, struct err *e)
{
	const struct entry_policy_decision *f = &it->en.policy_decision;
	const char *policy = q->grant->en.order_data.policy;
	struct receipt_item *registered = receipt_item_made(r, policy);
	if (receipt_need(it, q->before, "", e) < 0 || receipt_need(q->grant, it, q->grant->id, e) < 0 || receipt_keeper_check(r, it, e) < 0)
		return -1;
	if (strcmp(f->policy, policy) != 0)
		return wrong(it, "about another policy than the grant's", e);
	if (!entry_text_is(&f->effect, "permit") && !entry_text_is(&f->effect, "deny"))
		return wrong(it, "a policy permits or denies", e);
	if (f->as_of > it->in.index)
		return wrong(it, "of a book with more entries than there were", e);
	if (receipt_need(registered, q->grant, policy, e) < 0)
		return -1;
	return registered->en.type == ENTRY_POLICY_REGISTER_TYPE ? 0 : wrong(registered, "the grant names it as its policy", e);
}

/* A grant under a policy is used when the policy permits it. */
static int permit_need(struct receipt *r, const struct asked *q, struct err *e)
{
	struct receipt_item *it;
	if (!q->grant->en.order_data.policy[0])
		return 0;
	it = decision_find(r, q);
	if (!it)
		return err_set(e, ERR_INVALID, "the policy.decision of %s, which entry %llu needs of the grant %s, is not in it", q->scope, (unsigned long long)q->before->in.index,
			q->grant->id);
	if (decision_check(r, it, q, e) < 0)
		return -1;
	return entry_text_is(&it->en.policy_decision.effect, "permit") ? 0 : wrong(it, "the policy denied it", e);
}

/* Whoever was refused may have been refused by the policy: that is told when it is there. */
static int denial_take(struct receipt *r, const struct asked *q, struct err *e)
{
	struct receipt_item *it = q->grant->en.order_data.policy[0] ? decision_find(r, q) : NULL;
	return it ? decision_check(r, it, q, e) : 0;
}

/* Releases */

static bool named(const struct entry_ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (strcmp(ids->at[i], id) == 0)
			return true;
	return false;
}

/* One of many: offered by who owned the data then. */
static int bulk_grant_check(struct receipt *r, struct receipt_item *release, struct receipt_item *grant, const char *id, struct err *e)
{
	if (!named(&r->orders[RECEIPT_REQUEST]->en.order_request.bulk, id))
		return wrong(release, "neither the deal nor the request names a grant of it", e);
	if (receipt_need(grant, release, id, e) < 0)
		return -1;
	if (grant->en.type != ENTRY_ORDER_DATA_TYPE)
		return wrong(grant, "the release names it as a grant of data", e);
	return receipt_owned(r, RECEIPT_ASSET_DATA, grant->en.order_data.data, grant->en.by, release, NULL, e);
}

static int grants_check(struct receipt *r, struct receipt_item *release, struct err *e)
{
	const struct entry_ids *grants = &release->en.key_release.grant;
	for (size_t i = 0; i < grants->n; i++) {
		struct receipt_item *grant = receipt_item_made(r, grants->at[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(grants->at[k], grants->at[i]) == 0)
				return wrong(release, "a grant stands twice in it", e);
		if (!(grant && grant == r->orders[RECEIPT_DATA]) && bulk_grant_check(r, release, grant, grants->at[i], e) < 0)
			return -1;
		const struct asked q = { "key_release", grant, release, release->en.key_release.worker };
		if (permit_need(r, &q, e) < 0)
			return -1;
	}
	return r->orders[RECEIPT_DATA] && !named(grants, r->orders[RECEIPT_DATA]->id) ? wrong(release, "the key of the deal's data is not in it", e) : 0;
}

/* Each of the many is released or refused, and not both. */
static int bulk_check(const struct receipt *r, const struct receipt_item *release, struct err *e)
{
	const struct entry_key_release *f = &release->en.key_release;
	const struct entry_ids *bulk = &r->orders[RECEIPT_REQUEST]->en.order_request.bulk;
	const struct receipt_item *data = r->orders[RECEIPT_DATA];
	size_t wanted = 0, given = f->grant.n - (data != NULL);
	for (size_t i = 0; i < bulk->n; i++)
		wanted += !data || strcmp(bulk->at[i], data->id) != 0;
	for (size_t i = 0; i < f->refused.n; i++) {
		char id[ID_TEXT] = "";
		const char *space = memchr(f->refused.at[i].at, ' ', f->refused.at[i].len);
		size_t n = space ? (size_t)(space - f->refused.at[i].at) : 0;
		if (n && n < ID_TEXT)
			memcpy(id, f->refused.at[i].at, n);
		if (!id[0] || !named(bulk, id) || named(&f->grant, id))
			return wrong(release, "what is refused is none of the request's many, or its key is released", e);
	}
	return given + f->refused.n == wanted ? 0 : wrong(release, "not each of the request's many is released or refused", e);
}

/* The run is of the machine that the keeper saw. */
static int machine_check(const struct receipt *r, const struct receipt_item *release, struct err *e)
{
	const struct entry_key_release *f = &release->en.key_release;
	int seen = assurance_level(&f->assurance), claimed = assurance_level(&r->end.assurance);
	if (memcmp(f->measurement, r->end.measurement, 32) != 0)
		return wrong(release, "the keeper saw another enclave than the one that the run says it was in", e);
	if (seen < 1)
		return wrong(release, "evidence is worth software, tpm2 or cvm", e);
	if (claimed > seen)
		return err_set(e, ERR_INVALID, "the keeper saw evidence for %.*s, and the run claims %.*s", (int)f->assurance.len, f->assurance.at, (int)r->end.assurance.len,
			r->end.assurance.at);
	return f->as_of > release->in.index ? wrong(release, "of a book with more entries than there were", e) : 0;
}

static int release_check(struct receipt *r, struct receipt_item *release, struct err *e)
{
	struct receipt_item *assign = receipt_item_of(r, ENTRY_TASK_ASSIGN_TYPE, offsetof(struct entry, task_assign.task), r->task,
		offsetof(struct entry, task_assign.worker), r->run->en.by);
	if (receipt_need(release, r->run, "the key.release", e) < 0 || receipt_need(assign, release, "the task.assign of its worker", e) < 0 ||
		receipt_keeper_check(r, release, e) < 0 || machine_check(r, release, e) < 0 || grants_check(r, release, e) < 0)
		return -1;
	return bulk_check(r, release, e);
}

/* Does the run need keys, as far as the request says? That an iApp has a secret of its own is not said in it. */
static bool keys_needed(const struct receipt *r)
{
	const struct entry_order_request *q = &r->orders[RECEIPT_REQUEST]->en.order_request;
	return r->orders[RECEIPT_DATA] || q->own_data.n || q->bulk.n || q->secret.n;
}

static int nothing_released(struct receipt *r, struct err *e)
{
	for (size_t i = 0; r->run && i < r->n; i++)
		if (r->items[i].en.type == ENTRY_KEEPER_APPOINT_TYPE && r->items[i].in.index < r->run->in.index && keys_needed(r))
			return err_set(e, ERR_INVALID, "the book had a keeper before the run, and no key.release for its worker is in it");
	return 0;
}

int receipt_keys_check(struct receipt *r, struct err *e)
{
	struct receipt_item *data = r->orders[RECEIPT_DATA];
	const struct asked match = { "match", data, r->match, NULL }, key = { "key_release", data, r->last, NULL };
	if (data && permit_need(r, &match, e) < 0)
		return -1;
	if (!r->run)
		return data && r->last->en.type == ENTRY_TASK_REFUSE_TYPE ? denial_take(r, &key, e) : 0;
	r->release = receipt_item_of(r, ENTRY_KEY_RELEASE_TYPE, offsetof(struct entry, key_release.task), r->task, offsetof(struct entry, key_release.worker),
		r->run->en.by);
	if (r->release)
		return release_check(r, r->release, e);
	if (data && data->en.order_data.policy[0])
		return err_set(e, ERR_INVALID, "the data are granted under a policy, and no key.release for the run's worker is in it");
	return nothing_released(r, e);
}
