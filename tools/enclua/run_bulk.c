/* run-task --bulk: one question to many owners. The grants that let this run in are looked for, the data cut into slices, and each slice is a request, a deal and a task of its
 * own, which fails or succeeds for itself. The plan is kept in the results' folder (run_plan.h), so that a run that was interrupted goes on.
 *
 * What a grant allows is decided by the rules when the key is asked for, not here: data whose owner has changed his mind by then are refused one by one, and told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/os.h"
#include "grant.h"
#include "result.h"
#include "run_plan.h"
#include "seal/crypto.h"

#define GRANTS_STEP 64u	/* items are allocated in steps */

struct bulk {
	struct cli *c;
	const struct args *a;
	uint32_t allow_missing;
	const char *dir;	/* -o, or NULL: a dry run */
	struct run_plan plan;
	struct run_slice *now;	/* being run */
	size_t n_failed, n_refused;
	struct err last;	/* of the last slice that failed */
};

/* Which data */

struct choice { struct bulk *b; const struct job *j; const char *data; bool any; struct run_left left; };

static struct run_item *item_find(const struct run_plan *p, const char *data)
{
	for (size_t i = p->n_items; i-- > 0;)
		if (strcmp(p->items[i].data, data) == 0)
			return &p->items[i];
	return NULL;
}

static void *grown(void *at, size_t n, size_t size, struct err *e)
{
	if (n % GRANTS_STEP)
		return at;
	void *more = realloc(at, (n + GRANTS_STEP) * size);
	if (!more)
		err_set(e, ERR_LIMIT, "out of memory");
	return more;
}

static int item_add(struct run_plan *p, const struct grant *g, struct err *e)
{
	const struct run_item it = { .tag = g->row.tag, .policy = g->en.order_data.policy[0] != '\0' };
	struct run_item *old = item_find(p, g->row.asset);
	if (old && (!old->policy || it.policy))
		return 0;	/* the oldest, or one that asks no policy */
	if (!old) {
		struct run_item *items = grown(p->items, p->n_items, sizeof *items, e);
		if (!items)
			return -1;
		p->items = items;
		old = &p->items[p->n_items++];
	}
	*old = it;
	(void)snprintf(old->grant, sizeof old->grant, "%.*s", ID_TEXT - 1, g->row.id);
	(void)snprintf(old->data, sizeof old->data, "%.*s", ID_TEXT - 1, g->row.asset);
	return 0;
}

static int left_add(struct run_plan *p, const struct run_left *l, struct err *e)
{
	for (size_t i = 0; i < p->n_left; i++)
		if (strcmp(p->left[i].data, l->data) == 0) {
			p->left[i] = *l;	/* the newest tells why */
			return 0;
		}
	struct run_left *left = grown(p->left, p->n_left, sizeof *left, e);
	if (!left)
		return -1;
	p->left = left;
	p->left[p->n_left++] = *l;
	return 0;
}

/* Why a grant that holds or held is none for this run; NULL: it is one. */
static const char *unfit(const struct choice *x, const struct grant *g)
{
	static const char *const ended[] = {
		[GRANT_OPEN] = NULL, [GRANT_USED] = "used up", [GRANT_REVOKED] = "revoked", [GRANT_EXPIRED] = "expired", [GRANT_TRANSFERRED] = "signed by a former owner",
	};
	if (g->status == GRANT_OPEN && g->row.tag & ~x->j->deal.pool_order.tag)
		return "needs what the pool does not offer";
	return ended[g->status];
}

static int choose_one(void *ctx, const struct grant *g, struct err *e)
{
	struct choice *x = ctx;
	if (!g->row.bulk || !job_grant_fits(x->j, g))
		return 0;
	const char *why = unfit(x, g);
	if (!why)
		return item_add(&x->b->plan, g, e);
	x->left.why = why;
	memcpy(x->left.data, g->row.asset, ID_TEXT);
	memcpy(x->left.grant, g->row.id, ID_TEXT);
	return left_add(&x->b->plan, &x->left, e);
}

/* In the order in which they were named; a name that comes again is the same data. */
static int choose_named(struct bulk *b, struct job *j, const char *which, struct err *e)
{
	struct store_data d = { .id = "" };
	struct choice x = { .b = b, .j = j };
	int r = store_data_find(j->store, which, j->me.public_key, &d, e);
	if (r == 0)
		r = grant_each(j->book, d.id, choose_one, &x, e);
	if (r == 0 && !x.left.data[0] && !item_find(&b->plan, d.id)) {
		x.left.why = "no grant with bulk lets this run in";
		memcpy(x.left.data, d.id, ID_TEXT);
		r = left_add(&b->plan, &x.left, e);
	}
	store_data_done(&d);
	return r;
}

static int choose(struct bulk *b, struct job *j, struct err *e)
{
	struct choice x = { .b = b, .j = j };
	struct run_plan *p = &b->plan;
	size_t kept = 0;
	for (size_t i = 1; i < b->a->n_words; i++)
		if (choose_named(b, j, b->a->words[i], e) < 0)
			return -1;
	if (args_has(b->a, "all") && grant_each(j->book, NULL, choose_one, &x, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n_left; i++)	/* another grant of the same data may hold */
		if (!item_find(p, p->left[i].data))
			p->left[kept++] = p->left[i];
	p->n_left = kept;
	return 0;
}

/* Telling */

static void pair(struct json_writer *w, const char *key, const char *value)
{
	json_write_key(w, key);
	json_write_text(w, value);
}

static int left_tell(struct bulk *b, struct err *e)
{
	const struct run_plan *p = &b->plan;
	struct json_writer *w = &b->c->out;
	json_write_key(w, "left_out");
	json_write_array(w);
	for (size_t i = 0; i < p->n_left; i++) {
		const struct run_left *l = &p->left[i];
		json_write_object(w);
		pair(w, "data", l->data);
		pair(w, "grant", l->grant[0] ? l->grant : NULL);
		pair(w, "why", l->why);
		json_write_object_end(w);
		if (cli_print(b->c, e, "left out  %s: %s\n", l->data, l->why) < 0)
			return -1;
	}
	json_write_array_end(w);
	return 0;
}

/* The codes of the task's key.release entries, one for each worker that asked. */
struct refusals { struct book *book; const char *task; struct entry *en; char (*code)[49]; const struct run_item *items; size_t n; };

static int refusals_of(void *ctx, const struct book_record *row, struct err *e)
{
	const struct refusals *x = ctx;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int is = host_release(x->book, x->task, row->b, x->en, &bytes, e);
	for (size_t i = 0; is == 1 && i < x->en->key_release.refused.n; i++) {
		const struct entry_text *line = &x->en->key_release.refused.at[i];
		for (size_t k = 0; k < x->n; k++) {
			const size_t n = strlen(x->items[k].grant);
			if (line->len > n && memcmp(line->at, x->items[k].grant, n) == 0 && line->at[n] == ' ')
				(void)snprintf(x->code[k], sizeof *x->code, "%.*s", (int)(line->len - n - 1), line->at + n + 1);
		}
	}
	buf_done(&bytes);
	return is < 0 ? -1 : 0;
}

static int items_tell(struct bulk *b, struct book *book, struct err *e)
{
	struct refusals x = { book, b->now->task, malloc(sizeof *x.en), calloc(b->now->n, sizeof *x.code), b->plan.items + b->now->first, b->now->n };
	struct json_writer *w = &b->c->out;
	int r = x.en && x.code ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && x.task[0])
		r = book_records(book, HOST_RELEASE, x.task, -1, refusals_of, &x, e) < 0 ? -1 : 0;
	json_write_key(w, "data");
	json_write_array(w);
	for (size_t i = 0; r == 0 && i < x.n; i++) {
		json_write_object(w);
		pair(w, "data", x.items[i].data);
		pair(w, "grant", x.items[i].grant);
		pair(w, "refused", x.code[i][0] ? x.code[i] : NULL);
		json_write_object_end(w);
		if (!x.code[i][0])
			continue;
		b->n_refused++;
		r = cli_print(b->c, e, "refused   %s: %s\n", x.items[i].data, x.code[i]);
	}
	json_write_array_end(w);
	free(x.en);
	free(x.code);
	return r;
}

/* What a slice that failed has said so far is forgotten: why it failed takes its place. */
struct said { struct json_writer w; size_t object, text; };

static struct said said_now(const struct cli *c)
{
	return (struct said){ c->out, c->object.len, c->text.len };
}

static void unsay(struct cli *c, const struct said *s)
{
	c->out = s->w;
	c->object.len = s->object;
	c->text.len = s->text;
}

static int failure_tell(struct bulk *b, const struct store_task *t, struct err *e)
{
	pair(&b->c->out, "task", b->now->task);
	pair(&b->c->out, "status", t->status);
	pair(&b->c->out, "reason", t->reason);
	pair(&b->c->out, "error", b->last.msg);
	return cli_print(b->c, e, "task      %s\nfailed    %s\n", b->now->task, cli_safe(b->last.msg, strlen(b->last.msg), 0));
}

/* Running */

static int announce(void *ctx, const char *task, struct err *e)
{
	struct bulk *b = ctx;
	(void)snprintf(b->now->task, sizeof b->now->task, "%.*s", ID_TEXT - 1, task);
	return run_plan_write(&b->plan, b->dir, e);
}

static struct job *job_begin(struct bulk *b, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	if (!j) {
		err_set(e, ERR_LIMIT, "out of memory");
		return NULL;
	}
	j->allow_missing = b->allow_missing;
	j->announce = announce;
	j->announce_ctx = b;
	return j;
}

static void job_end(struct job *j)
{
	if (j)
		job_free(j);
	free(j);
}

/* As it was cut short: one that is there and waits for workers is waited for, one that was run by a command that is gone is run again. */
static int slice_again(struct bulk *b, struct job *j, struct store_task *t, const char *dir, struct err *e)
{
	static const uint8_t none[32];
	struct market_task row;
	struct market_deal d;
	struct entry *request = malloc(sizeof *request);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	bool given = false;
	int r = -1;
	memcpy(j->deal.task, b->now->task, ID_TEXT);
	if (!request)
		err_set(e, ERR_LIMIT, "out of memory");
	else if (host_get(j->book, MARKET_ROW_TASK, t->id, "", &row, e) == 1 && host_get(j->book, MARKET_ROW_DEAL, row.deal, "", &d, e) == 1 &&
		host_request(j->book, d.request, request, &bytes, e) == 0) {
		given = memcmp(request->order_request.parcel, none, 32) != 0;
		(void)snprintf(j->deal.id, ID_TEXT, "%.*s", ID_TEXT - 1, d.id);
		j->deal.app_order.price = d.app_price;
		j->deal.pool_order.price = d.pool_price;
		j->deal.total = d.app_price + d.data_price + d.pool_price;
		r = 0;
	}
	if (r == 0 && strcmp(t->status, "RUNNING") == 0 && !given)
		r = job_run(b->c, b->a, j, dir, e);
	else if (r == 0)
		r = job_seal(b->c, j, e) < 0 || job_wait(b->c, j, t, e) < 0 ? -1 : job_deliver(b->c, j, t, dir, e);	/* nothing is sealed: who opens the result is asked for */
	free(request);
	buf_done(&bytes);
	return r;
}

static int slice_run(struct bulk *b, struct job *j, const char *dir, struct err *e)
{
	struct store_task t = { .id = "" };
	int r = -1;
	j->bulk = b->plan.items + b->now->first;
	j->n_bulk = b->now->n;
	const bool quiet = b->c->quiet;
	b->c->quiet = true;	/* what there is to remark was said when the plan was made */
	r = job_gather(b->c, b->a, j, e);
	b->c->quiet = quiet;
	if (r < 0 || job_terms_read(b->a, j, e) < 0 || job_price(j, e) < 0)
		return -1;
	/* A task that was written down and never came into the book is none. */
	if (b->now->task[0] && store_task_find(j->store, b->now->task, &t, NULL) == 0)
		r = slice_again(b, j, &t, dir, e);
	else
		r = job_run(b->c, b->a, j, dir, e);
	store_task_done(&t);
	return r;
}

/* The task ended without a result: that is this slice's own affair. Anything else ends the command, and the slice is taken up the next time. */
static int slice_failed(struct bulk *b, const struct job *j, const struct said *before, struct err *e)
{
	struct store_task t = { .id = "" };
	int r = -1;
	b->last = *e;
	if (b->now->task[0] && j->store && store_task_find(j->store, b->now->task, &t, NULL) == 0 && strcmp(t.status, "RUNNING") != 0 && strcmp(t.status, "COMPLETED") != 0) {
		unsay(b->c, before);
		cli_progress_end(b->c);
		b->n_failed++;
		r = failure_tell(b, &t, e);
	}
	store_task_done(&t);
	if (r < 0 && !e->hint[0])
		err_hint(e, "the same command goes on with this slice");
	return r;
}

static int slice_do(struct bulk *b, size_t i, struct err *e)
{
	struct json_writer *w = &b->c->out;
	struct job *j = job_begin(b, e);
	char dir[4400], name[32];
	int r = -1;
	(void)snprintf(name, sizeof name, "slice-%zu", i + 1);
	result_path(dir, sizeof dir, b->dir, name);
	b->now = &b->plan.slices[i];
	json_write_object(w);
	json_write_key(w, "slice");
	json_write_uint(w, i + 1);
	if (j && cli_print(b->c, e, "slice     %zu of %zu, %zu data\n", i + 1, b->plan.n_slices, b->now->n) == 0) {
		const struct said before = said_now(b->c);
		r = slice_run(b, j, dir, e);
		if (r < 0)
			r = slice_failed(b, j, &before, e);
	}
	if (r == 0)
		r = items_tell(b, j->book, e);
	json_write_object_end(w);
	job_end(j);
	return r;
}

/* The command */

/* What makes two commands the same bulk. Secrets that are typed are left out: their hash would tell them. */
static void asked_hash(struct bulk *b, const struct job *j)
{
	static const char *const options[] = { "all", "per-task", "arg", "file", "secret-name", "beneficiary", "pool", "category", "trust", "purpose", "seed", "min-assurance", "callback",
		"payer" };
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, j->app->h1, strlen(j->app->h1) + 1);
	sha256_add(&h, j->me.public_key, 32);
	for (size_t i = 1; i < b->a->n_words; i++)
		sha256_add(&h, b->a->words[i], strlen(b->a->words[i]) + 1);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		for (size_t k = 0; k < args_count(b->a, options[i]); k++) {
			const char *value = args_at(b->a, options[i], k);
			sha256_add(&h, options[i], strlen(options[i]) + 1);
			sha256_add(&h, value ? value : "", value ? strlen(value) + 1 : 1);
		}
	sha256_end(&h, b->plan.asked);
}

static int per_task(const struct args *a, size_t *out, struct err *e)
{
	uint64_t n = LIMIT_BOX_DATASETS;
	if (trade_option_number(a, "per-task", 1, LIMIT_BOX_DATASETS, &n, e) < 0)
		return -1;
	*out = n;
	return 0;
}

/* What is there already, or what the book has now. */
static int plan(struct bulk *b, struct err *e)
{
	struct job *j = job_begin(b, e);
	size_t most;
	int r = -1;
	if (!j)
		return -1;
	j->scouting = true;
	if (per_task(b->a, &most, e) < 0 || job_gather(b->c, b->a, j, e) < 0 || job_terms_read(b->a, j, e) < 0 || job_price(j, e) < 0)
		goto out;
	if (j->app->manifest->data != MANIFEST_DATA_BULK && j->app->manifest->data != MANIFEST_DATA_MANY) {
		err_set(e, ERR_USAGE, "%s does not take many data", j->app->manifest->name);
		err_hint(e, "its iapp.yaml would say: data: bulk");
		goto out;
	}
	asked_hash(b, j);
	r = b->dir ? run_plan_read(&b->plan, b->dir, e) : 0;
	if (r == 0)
		r = choose(b, j, e) < 0 ? -1 : run_plan_cut(&b->plan, most, e);
	else if (r == 1)
		cli_note(b->c, "going on with the bulk that was begun in %s", b->dir);
	r = r < 0 ? -1 : 0;
	if (r == 0 && !b->plan.n_items) {
		r = err_set(e, ERR_DENIED, "no-grant: no data is granted with bulk to this run%s%s", b->plan.n_left ? "; the first that was left out is " : "",
			b->plan.n_left ? b->plan.left[0].why : "");
		err_hint(e, "enclua grants --bulk --all; its owner lets you: enclua grant DATA --app %s --user %s --bulk", j->app_id[0] ? j->app_id : "APP", j->deal.requester);
	}
out:
	job_end(j);
	return r;
}

static int slices_show(struct bulk *b, struct err *e)
{
	const struct run_plan *p = &b->plan;
	struct json_writer *w = &b->c->out;
	int r = 0;
	json_write_key(w, "dry_run");
	json_write_bool(w, true);
	json_write_key(w, "slices");
	json_write_array(w);
	for (size_t i = 0; r == 0 && i < p->n_slices; i++) {
		const struct run_slice *s = &p->slices[i];
		json_write_object(w);
		json_write_key(w, "slice");
		json_write_uint(w, i + 1);
		json_write_key(w, "data");
		json_write_array(w);
		r = cli_print(b->c, e, "slice     %zu of %zu, %zu data\n", i + 1, p->n_slices, s->n);
		for (size_t k = s->first; r == 0 && k < s->first + s->n; k++) {
			json_write_object(w);
			pair(w, "data", p->items[k].data);
			pair(w, "grant", p->items[k].grant);
			json_write_object_end(w);
			r = cli_print(b->c, e, "  %s under %s\n", p->items[k].data, p->items[k].grant);
		}
		json_write_array_end(w);
		json_write_object_end(w);
	}
	json_write_array_end(w);
	return r;
}

static int slices_run(struct bulk *b, struct err *e)
{
	const struct run_plan *p = &b->plan;
	struct json_writer *w = &b->c->out;
	json_write_key(w, "slices");
	json_write_array(w);
	for (size_t i = 0; i < p->n_slices; i++)
		if (slice_do(b, i, e) < 0)
			return err_wrap(e, "slice %zu of %zu", i + 1, p->n_slices);
	json_write_array_end(w);
	json_write_key(w, "failed");
	json_write_uint(w, b->n_failed);
	json_write_key(w, "refused");
	json_write_uint(w, b->n_refused);
	if (b->n_failed == p->n_slices) {
		*e = b->last;
		return p->n_slices == 1 ? -1 : err_wrap(e, "all %zu slices failed, the last", p->n_slices);
	}
	return cli_print(b->c, e, "bulk      %zu data in %zu tasks: %zu failed; %zu data refused, %zu left out\n", p->n_items, p->n_slices, b->n_failed, b->n_refused, p->n_left);
}

/* Two that work in one folder would each run what the other has just begun. The folder itself is the lock. */
static int folder_lock(const char *dir, int *lock, struct err *e)
{
	if (*lock >= 0)
		return 0;
	*lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock < 0)
		return err_sys(e, errno, "cannot open %s", dir);
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err_set(e, ERR_CONFLICT, "another run-task works in %s", dir);
	return err_hint(e, "wait for it, then give the same command again; or choose another folder with -o");
}

/* A folder that came into being since nobody was there: whoever made it has begun a bulk of his own. */
static int folder_begin(struct bulk *b, int *lock, struct err *e)
{
	struct run_plan other = { .n_items = 0 };
	const bool held = *lock >= 0;
	memcpy(other.asked, b->plan.asked, sizeof other.asked);
	if (os_dir_make(b->dir, 0777, e) < 0 || folder_lock(b->dir, lock, e) < 0)
		return -1;
	int is = held ? 0 : run_plan_read(&other, b->dir, e);
	run_plan_done(&other);
	if (is > 0)
		err_set(e, ERR_CONFLICT, "another run-task has just worked in %s: the same command goes on with what it left", b->dir);
	return is ? -1 : run_plan_write(&b->plan, b->dir, e);
}

int run_bulk(struct cli *c, const struct args *a, uint32_t allow_missing, struct err *e)
{
	struct bulk b = { .c = c, .a = a, .allow_missing = allow_missing, .dir = args_get(a, "output") };
	int r = -1, lock = -1;
	if (args_has(a, "all") == (a->n_words > 1)) {
		err_set(e, ERR_USAGE, "--bulk needs the names of data after the iApp, or --all, and not both");
		return err_hint(e, "enclua run-task %s --bulk --all -o DIR", a->words[0]);
	}
	if (!b.dir && !args_has(a, "dry-run")) {
		err_set(e, ERR_USAGE, "--bulk needs -o DIR: results come into DIR/slice-1, DIR/slice-2, …, and a run that was interrupted goes on there");
		return err_hint(e, "--dry-run shows the slices without it");
	}
	const bool dry = args_has(a, "dry-run");
	if ((dry || !os_exists(b.dir) || folder_lock(b.dir, &lock, e) == 0) && plan(&b, e) == 0 && left_tell(&b, e) == 0) {
		if (dry)
			r = slices_show(&b, e);
		else
			r = folder_begin(&b, &lock, e) < 0 ? -1 : slices_run(&b, e);
	}
	if (lock >= 0)
		close(lock);
	run_plan_done(&b.plan);
	return r;
}
