/* enclua worker run|status: this machine, or one of its identities, works for pools; and who is at what. What a worker does is core/node/worker.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "base/os.h"
#include "layers.h"
#include "seal/keystore.h"
#include "verbs.h"
#include "worker_slots.h"

/* run */

static int number_take(const struct args *a, const char *option, uint64_t most, uint64_t *out, struct err *e)
{
	const char *text = args_get(a, option);
	char *end = NULL;
	if (!text)
		return 0;
	unsigned long long n = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
	if (!end || *end || n == 0 || n > most)
		return err_set(e, ERR_USAGE, "--%s is a number from 1 to %llu, not %s", option, (unsigned long long)most, text);
	*out = n;
	return 0;
}

static int owner_add(struct slots *s, struct identity *id)
{
	for (size_t i = 0; i < s->n_owners; i++)
		if (memcmp(identity_public(s->owners[i]), identity_public(id), 32) == 0)
			return 0;
	if (s->n_owners == WORKER_OWNERS)
		return 0;
	s->owners[s->n_owners++] = id;
	return 1;
}

/* That a key is not here, or cannot be opened, is one thing; that the machine could not look is another. */
static int not_here(const struct err *why, struct err *e)
{
	if (why->code != ERR_LIMIT && why->code != ERR_UNAVAILABLE && why->code != ERR_INTERNAL)
		return 0;
	if (e)
		*e = *why;
	return -1;
}

/* The key of a pool's owner, when it is the machine's own manager or lies here without a passphrase. */
static int owner_find(struct cli *c, struct book *b, struct slots *s, const char *pool, struct err *e)
{
	struct identity *id = NULL;
	struct keystore_item item;
	struct market_asset a;
	struct err why;
	uint8_t owner[32];
	char keys[4200];
	int is = host_get(b, MARKET_ROW_ASSET, pool, "", &a, e);
	if (is <= 0 || identity_parse(owner, a.owner, e) < 0 || cli_keys_dir(c, keys, sizeof keys, e) < 0)
		return is == 0 ? 0 : -1;
	if (host_manager_open(b, &id, &why) < 0 && not_here(&why, e) < 0)
		return -1;
	if (id && memcmp(identity_public(id), owner, 32) == 0 && owner_add(s, id))
		return 0;
	identity_free(id);
	id = NULL;
	if (keystore_find_public(keys, owner, &item, &why) < 0)
		return not_here(&why, e);
	if (!item.sealed && keystore_open(keys, item.name, NULL, &id, &why) < 0)
		return not_here(&why, e);
	if (!id || !owner_add(s, id))
		identity_free(id);
	return 0;
}

struct pools { char (*at)[MARKET_NAME]; size_t n; };
static int pool_add(void *ctx, const struct book_record *r, struct err *e)
{
	struct pools *x = ctx;
	char (*more)[MARKET_NAME] = realloc(x->at, (x->n + 1) * sizeof *more);
	if (!more)
		return err_set(e, ERR_LIMIT, "out of memory");
	x->at = more;
	(void)snprintf(x->at[x->n++], MARKET_NAME, "%s", r->a);
	return 0;
}

/* Who works: --as, or else the machine's own worker. The acting identity may own pools too. */
static int identity_take(struct cli *c, struct book *b, struct slots *s, struct err *e)
{
	if (!c->as)
		return book_worker_open(b, &s->identity, e);
	return actor_open(c, b, &s->identity, e);
}

/* Without work in any pool it may still be a scheduler; else there is nothing to start. */
static int pools_take(struct cli *c, struct book *b, struct slots *s, struct err *e)
{
	struct pools pools = { .n = 0 };
	char me[IDENTITY_TEXT];
	bool works = false, owns = false;
	int r = -1;
	identity_text(me, identity_public(s->identity));
	if (s->pool[0] ? 0 : book_records(b, HOST_POOL, NULL, -1, pool_add, &pools, e) < 0)
		goto out;
	if (s->pool[0] && pool_add(&pools, &(struct book_record){ .a = s->pool }, e) < 0)
		goto out;
	for (size_t i = 0; i < pools.n; i++) {
		struct market_asset a;
		if (owner_find(c, b, s, pools.at[i], e) < 0 || host_get(b, MARKET_ROW_ASSET, pools.at[i], "", &a, e) < 0)
			goto out;
		int is = host_admitted(b, pools.at[i], me, e);
		if (is < 0)
			goto out;
		works |= is == 1;
		owns |= c->as && !strcmp(a.owner, me);
	}
	struct identity *self = NULL;
	if (owns && identity_from_seed(&self, identity_seed(s->identity), e) < 0)
		goto out;
	if (self && !owner_add(s, self))
		identity_free(self);
	if (!works && !owns) {
		err_set(e, ERR_DENIED, "%s works for %s", me, s->pool[0] ? "another pool, or none" : "no pool of this book");
		err_hint(e, "the pool's owner lets it in: enclua pool worker add POOL %s", me);
		goto out;
	}
	if (!works) {
		identity_free(s->identity);
		s->identity = NULL;
		cli_note(c, "%s owns a pool and works for none: it schedules, and runs nothing", me);
	}
	r = 0;
out:
	free(pools.at);
	return r;
}

static int slots_open(struct cli *c, const struct args *a, struct slots *s, struct err *e)
{
	struct book *b = NULL;
	uint64_t slots = 1, idle = 0;
	int r = -1;
	if (number_take(a, "slots", SLOTS_MAX, &slots, e) < 0 || number_take(a, "idle-exit", 31536000, &idle, e) < 0 ||
		layers_allowed(a, &s->allow_missing, e) < 0 || host_open(&b, c->home, false, e) < 0)
		return -1;
	s->n = (unsigned)slots;
	s->idle_exit_us = idle * 1000000;
	s->once = args_has(a, "once");
	s->quiet = c->quiet;
	s->home = c->home;
	if (args_has(a, "pool") && host_find(b, MARKET_ROW_ASSET, args_get(a, "pool"), s->pool, e) < 0)
		goto out;
	if (identity_take(c, b, s, e) == 0)
		r = pools_take(c, b, s, e);
out:
	book_close(b);
	return r;
}

static int run_run(struct cli *c, struct args *a, struct err *e)
{
	struct slots s = { .n = 0 };
	uint64_t ran = 0;
	int r = slots_open(c, a, &s, e);
	if (r == 0)
		r = slots_run(&s, &ran, e);
	identity_free(s.identity);
	for (size_t i = 0; i < s.n_owners; i++)
		identity_free(s.owners[i]);
	if (r < 0)
		return -1;
	json_write_key(&c->out, "ran");
	json_write_uint(&c->out, ran);
	return cli_print(c, e, "%llu task%s run\n", (unsigned long long)ran, ran == 1 ? "" : "s");
}

/* status */

struct status { struct cli *c; struct book *b; const char *pool; struct market_task *tasks; size_t n; int64_t now; };

static int open_task(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct status *x = ctx;
	struct market_task *more = realloc(x->tasks, (x->n + 1) * sizeof *more);
	(void)made;
	if (!more)
		return err_set(e, ERR_LIMIT, "out of memory");
	x->tasks = more;
	memcpy(&x->tasks[x->n++], row, sizeof *x->tasks);
	return 0;
}

struct lease { const char *worker; int64_t until; };
static int lease_of(void *ctx, const struct book_record *r, struct err *e)
{
	struct lease *l = ctx;
	(void)e;
	if (!strcmp(r->b, l->worker))
		l->until = r->state;
	return 0;
}

/* What this worker is at with this task; NULL: nothing. */
static int doing(struct status *x, const struct market_task *t, const char *worker, const char **what, int64_t *until, struct err *e)
{
	struct market_contribution mine;
	struct lease lease = { worker, 0 };
	int is = host_get(x->b, MARKET_ROW_CONTRIBUTION, t->id, worker, &mine, e);
	*what = NULL;
	if (is < 0)
		return -1;
	if (is) {
		*until = t->status == MARKET_REVEALING ? t->reveal_deadline : t->contribution_deadline;
		*what = mine.status == MARKET_PROVED ? "revealed" : mine.status == MARKET_REJECTED ? "rejected" : t->status == MARKET_ACTIVE ? "contributed" :
			memcmp(mine.hash, t->winning, 32) == 0 ? "to reveal" : "outvoted";
		return 0;
	}
	if (t->status != MARKET_ACTIVE)
		return 0;
	if (book_records(x->b, HOST_ASSIGN, t->id, -1, lease_of, &lease, e) < 0)
		return -1;
	*until = lease.until;
	*what = lease.until == 0 ? NULL : lease.until > x->now ? "running" : "overdue";
	return 0;
}

static int tasks_write(struct status *x, const char *worker, struct err *e)
{
	struct json_writer *w = &x->c->out;
	json_write_key(w, "tasks");
	json_write_array(w);
	for (size_t i = 0; i < x->n; i++) {
		const char *what;
		char time[24];
		int64_t until = 0;
		if (doing(x, &x->tasks[i], worker, &what, &until, e) < 0)
			return -1;
		if (!what)
			continue;
		entry_time_text(time, until);
		json_write_object(w);
		json_write_key(w, "task");
		json_write_text(w, x->tasks[i].id);
		json_write_key(w, "doing");
		json_write_text(w, what);
		json_write_key(w, "until");
		json_write_text(w, time);
		json_write_object_end(w);
		if (cli_print(x->c, e, "  %-11s  %s  until %s\n", what, x->tasks[i].id, time) < 0)
			return -1;
	}
	json_write_array_end(w);
	return 0;
}

static int worker_write(void *ctx, const struct book_record *r, struct err *e)
{
	struct status *x = ctx;
	struct json_writer *w = &x->c->out;
	struct market_score score = { .value = 0 };
	struct store_identity known = { .name = "" };
	char pool[LIMIT_NAME_BYTES + 1];
	uint8_t key[32];
	if (x->pool && strcmp(x->pool, r->a) != 0)
		return 0;
	if (identity_parse(key, r->b, e) < 0 || store_identity_find(book_store(x->b), key, &known, e) < 0 || host_pool_name(x->b, r->a, pool, e) < 0 ||
		host_get(x->b, MARKET_ROW_SCORE, r->b, "", &score, e) < 0)
		return -1;
	json_write_object(w);
	const struct { const char *key, *text; } rows[] = { { "worker", r->b }, { "name", known.name }, { "pool", r->a }, { "pool_name", pool } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_write_key(w, rows[i].key);
		json_write_text(w, rows[i].text);
	}
	json_write_key(w, "score");
	json_write_uint(w, score.value);
	if (cli_print(x->c, e, "%s  %s  pool %s  score %llu\n", r->b, cli_safe(known.name, strlen(known.name), 0), cli_safe(pool, strlen(pool), 1),
		(unsigned long long)score.value) < 0 || tasks_write(x, r->b, e) < 0)
		return -1;
	json_write_object_end(w);
	return 0;
}

static int run_status(struct cli *c, struct args *a, struct err *e)
{
	struct status x = { .c = c };
	char pool[MARKET_NAME];
	int r = -1;
	if (host_open(&x.b, c->home, false, e) < 0)
		return -1;
	if (args_has(a, "pool") && host_find(x.b, MARKET_ROW_ASSET, args_get(a, "pool"), pool, e) < 0)
		goto out;
	x.pool = args_has(a, "pool") ? pool : NULL;
	x.now = os_time();
	if (host_each(x.b, MARKET_ROW_TASK, NULL, MARKET_REVEALING, open_task, &x, e) < 0 || host_each(x.b, MARKET_ROW_TASK, NULL, MARKET_ACTIVE, open_task, &x, e) < 0)
		goto out;
	json_write_key(&c->out, "workers");
	json_write_array(&c->out);
	r = book_records(x.b, HOST_WORKER, NULL, 1, worker_write, &x, e);
	json_write_array_end(&c->out);
out:
	free(x.tasks);
	book_close(x.b);
	return r;
}

static const struct option_row run_options[] = {
	{ "pool", 0, "POOL", false, "work for this pool only" },
	{ "slots", 0, "N", false, "how many tasks at once, each in a process of its own (1)" },
	{ "once", 0, NULL, false, "do what there is to do now, and leave" },
	{ "idle-exit", 0, "SECONDS", false, "leave when there was nothing to do for so long" },
	{ "allow-missing-layer", 0, "NAME", true, "run although this machine lacks this isolation layer (see enclua doctor);\n"
	  "$ENCLUA_ALLOW_MISSING_LAYER may name some, with commas between" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row status_options[] = {
	{ "pool", 0, "POOL", false, "the workers of this pool only" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command worker_commands[] = {
	{ "worker run", "[--pool POOL] [--slots N]", "Work for pools: run tasks, contribute, reveal",
	  "Example: enclua worker run --slots 2\n\n"
	  "The worker is the machine's own, or the identity given by --as; a pool's owner lets it in. Where the key of that\n"
	  "owner is in this home without a passphrase, or acts, it is the scheduler too: it begins tasks, sends itself to those\n"
	  "that need somebody, ends them, and claims what is past its time. Any number of these may run on one home.\n"
	  "SIGTERM or Ctrl-C: what runs is finished first; a second one ends it.\n\nJSON: ran (how many boxes).", run_options, 0, 0, run_run },
	{ "worker status", "[--pool POOL]", "Who works for which pool, and what each is at, from the book",
	  "Example: enclua worker status --pool local\n\n"
	  "running: sent and within its time; overdue: past it, and another may be sent; contributed: waits for others to agree;\n"
	  "to reveal, revealed: it agreed with the consensus; outvoted; rejected: it did not reveal in time.\n\n"
	  "JSON: workers, each with worker, name, pool, pool_name, score, and tasks with task, doing, until.", status_options, 0, 0, run_status },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
