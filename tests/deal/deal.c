/* What the tests of real processes ask a market for, one call each:
 *	deal HOME setup			money, an iApp on offer, the pool `local` on offer
 *	deal HOME admit NAME…		identities of the home work for the pool, with 100 RLC each
 *	deal HOME ask TRUST N WHAT TURNS	a deal of N tasks (unit/market_make.h); prints its id and the ids of its tasks
 *	deal HOME status TASK		active, revealing, completed or failed; contributors, reveals
 *	deal HOME assigned TASK NAME	ends well when that worker was sent
 *	deal HOME entries TYPE		how many of a type are in the book
 *	deal HOME supply		all the money that anybody has or that is locked
 */
#include "seal/keystore.h"
#include "unit/market_make.h"

static struct identity *key_of(const struct market_made *m, const char *name)
{
	struct identity *id;
	char keys[PATH_MAX + 8];
	struct err e;
	(void)snprintf(keys, sizeof keys, "%s/keys", m->home);
	BOOK_MUST(keystore_open(keys, name, NULL, &id, &e), &e);
	return id;
}

static int do_setup(struct market_made *m, char **words)
{
	(void)m;
	(void)words;
	return 0;
}

static int do_admit(struct market_made *m, char **words)
{
	for (; *words; words++) {
		struct store_identity known;
		struct identity *id = key_of(m, *words);
		struct err e;
		int is = store_identity_find(book_store(m->b), identity_public(id), &known, &e);
		BOOK_MUST(is, &e);
		market_make_worker(m, id, *words, is == 1);
		identity_free(id);
	}
	return 0;
}

static int do_ask(struct market_made *m, char **words)
{
	char deal[MARKET_NAME], task[MARKET_NAME];
	uint64_t n = strtoull(words[1], NULL, 10);
	market_make_deal(m, strtoull(words[0], NULL, 10), n, words[2], words[3], deal);
	(void)printf("%s\n", deal);
	for (uint64_t i = 0; i < n; i++) {
		market_task_id(task, deal, i);
		(void)printf("%s\n", task);
	}
	return 0;
}

static int do_status(struct market_made *m, char **words)
{
	const struct market_task t = market_make_task(m->b, words[0]);
	(void)printf("%s %llu %llu\n", market_status_text(t.status), (unsigned long long)t.contributors, (unsigned long long)t.reveals);
	return 0;
}

static int do_assigned(struct market_made *m, char **words)
{
	struct identity *id = key_of(m, words[1]);
	char name[IDENTITY_TEXT];
	struct err e;
	bool is;
	identity_text(name, identity_public(id));
	identity_free(id);
	BOOK_MUST(host_assigned(m->b, words[0], name, &is, &e), &e);
	return is ? 0 : 1;
}

struct counting { char head[64]; uint64_t n; };
static int count(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct counting *x = ctx;
	(void)index;
	(void)e;
	x->n += len > strlen(x->head) && memcmp(bytes, x->head, strlen(x->head)) == 0;
	return 0;
}

static int do_entries(struct market_made *m, char **words)
{
	struct counting x = { .n = 0 };
	uint64_t size;
	struct err e;
	(void)snprintf(x.head, sizeof x.head, "enclua/%s/v1\n", words[0]);
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	BOOK_MUST(book_entries(m->b, 0, size, count, &x, &e), &e);
	(void)printf("%llu\n", (unsigned long long)x.n);
	return 0;
}

static int add(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)e;
	if (a->limited)
		*(uint64_t *)ctx += ledger_balance(a);
	return 0;
}

static int do_supply(struct market_made *m, char **words)
{
	uint64_t sum = 0;
	struct err e;
	(void)words;
	BOOK_MUST(book_accounts(m->b, add, &sum, &e), &e);
	(void)printf("%llu\n", (unsigned long long)sum);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int words; int (*run)(struct market_made *m, char **words); } commands[] = {
		{ "setup", 0, do_setup }, { "admit", 1, do_admit }, { "ask", 4, do_ask }, { "status", 1, do_status }, { "assigned", 2, do_assigned },
		{ "entries", 1, do_entries }, { "supply", 0, do_supply },
	};
	static struct market_made m;
	for (size_t i = 0; argc > 2 && i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(argv[2], commands[i].name) && argc - 3 >= commands[i].words) {
			market_make_open(&m, argv[1]);
			int r = commands[i].run(&m, argv + 3);
			market_make_close(&m);
			return r;
		}
	(void)fprintf(stderr, "deal: see the comment in tests/deal/deal.c\n");
	return 2;
}
