/* core/host/replica.c and core/book/book_replica.c: a book with a market in it is followed to the same rows; nothing else is believed: not a changed, missing, doubled,
 * moved or foreign entry, not one that the rules refuse whoever signed it, not another operator's checkpoint, not an older book and not another one; and a follower that is
 * killed at any moment, or whose files are damaged, goes on or begins anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/os.h"
#include "book/book.h"
#include "host/replica.h"
#include "unit/host_make.h"

#define SIZE 700u	/* entries of the book: more than two full tiles, so that their roots are kept */
#define KILLS 40u	/* times that a follower is killed */
#define DAMAGES 60u	/* bytes of its database that are changed */
#define STEP 50u	/* entries between two checkpoints of a follower */

struct grown {
	struct world *w;
	char dir[PATH_MAX];	/* of replicas */
	struct buf notes[SIZE];
	struct book_item items[SIZE];
	uint8_t digest[32];	/* of the book's tables */
};

/* The book */

/* A task of one worker, one of two who agree, one that nobody does. */
static void market_grow(struct world *w)
{
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	draft_complete(w, task, 3);
	(void)host_make_enter(w, W1, NULL);
	host_make_deal(w, 3, 1, deal, task);
	for (enum who i = W1; i <= W2; i++) {
		host_make_send(w, task, i);
		host_make_contribute(w, task, i, 4);
	}
	host_make_reveal(w, task, W1, 4);
	host_make_reveal(w, task, W2, 4);
	draft_finalize(w, task, W1);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_deal(w, 3, 1, deal, task);
	host_make_send(w, task, W3);
	host_make_contribute(w, task, W3, 5);
	clock_ahead += CATEGORY_TIME * 20;
	draft_claim(w, task);
	(void)host_make_enter(w, CARL, NULL);
}

static void money_grow(struct world *w)
{
	struct err e;
	uint64_t size;
	for (BOOK_MUST(book_size(w->m.b, &size, &e), &e); size < SIZE; size++) {
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[size % 2 ? ADA : BOB], size);
		(void)host_make_enter(w, OPERATOR, NULL);
	}
}

static int note_take(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct grown *g = ctx;
	g->notes[index] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (buf_add(&g->notes[index], bytes, len, e) < 0)
		return -1;
	g->items[index] = (struct book_item){ g->notes[index].data, g->notes[index].len };
	return 0;
}

static void digest_of_tables(struct book *b, uint8_t out[static 32])
{
	struct book_rebuilt r;
	struct err e;
	BOOK_MUST(book_rebuild(b, &r, NULL, NULL, &e), &e);
	assert_memory_equal(r.before, r.after, 32);
	memcpy(out, r.before, 32);
}

static int group_setup(void **state)
{
	struct grown *g = calloc(1, sizeof *g);
	struct err e;
	uint64_t size;
	void *w;
	if (host_make_setup(&w) < 0)
		return -1;
	g->w = w;
	market_grow(g->w);
	money_grow(g->w);
	BOOK_MUST(book_size(g->w->m.b, &size, &e), &e);
	assert_int_equal(size, SIZE);
	BOOK_MUST(book_entries(g->w->m.b, 0, SIZE, note_take, g, &e), &e);
	digest_of_tables(g->w->m.b, g->digest);
	*state = g;
	return 0;
}

static int group_teardown(void **state)
{
	struct grown *g = *state;
	void *w = g->w;
	for (size_t i = 0; i < SIZE; i++)
		buf_done(&g->notes[i]);
	free(g);
	return host_make_teardown(&w);
}

static int dir_setup(void **state)
{
	scratch_make(((struct grown *)*state)->dir);
	return 0;
}

static int dir_teardown(void **state)
{
	scratch_remove(((struct grown *)*state)->dir);
	return 0;
}

/* Following it */

static struct book *follower(struct grown *g, const char *dir)
{
	struct book *b;
	struct err e;
	BOOK_MUST(replica_open(&b, dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), &e);
	return b;
}

static void give(struct grown *g, struct book *b, uint64_t to)
{
	struct err e;
	uint64_t from = replica_size(b);
	assert_true(from <= to);
	BOOK_MUST(replica_add(b, g->items + from, (size_t)(to - from), &e), &e);
	assert_int_equal(replica_size(b), to);
}

/* A checkpoint that an operator signs over any entries at all. */
static void checkpoint_make(struct buf *note, const char *origin, const struct identity *by, const struct book_item *items, size_t n)
{
	struct merkle_range range = { .size = 0 };
	struct merkle_hash leaf;
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	struct checkpoint c = { .size = n };
	struct err e;
	for (size_t i = 0; i < n; i++) {
		merkle_leaf(&leaf, items[i].bytes, items[i].len);
		BOOK_MUST(merkle_range_add(&range, &leaf, NULL, NULL, &e), &e);
	}
	merkle_range_root(&range, &c.root);
	(void)snprintf(c.origin, sizeof c.origin, "%s", origin);
	*note = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	BOOK_MUST(checkpoint_write(&c, &text, &e), &e);
	BOOK_MUST(note_sign(note, buf_text(&text), text.len, origin, by, &e), &e);
	buf_done(&text);
}

static int check_signed(struct grown *g, struct book *b, const struct book_item *items, size_t n, struct err *e)
{
	struct buf note;
	struct merkle_hash root;
	checkpoint_make(&note, book_origin(g->w->m.b), g->w->m.operator, items, n);
	int r = replica_check(b, note.data, note.len, &root, e);
	buf_done(&note);
	return r;
}

static void accept_signed(struct grown *g, struct book *b, size_t n)
{
	struct err e;
	BOOK_MUST(check_signed(g, b, g->items, n, &e), &e);
}

static void refused(int r, const struct err *e, enum err_code code, const char *words)
{
	if (r == 0)
		fail_msg("accepted, and not refused with “%s”", words);
	if (e->code != code || !strstr(e->msg, words))
		fail_msg("%s and not %s “%s”: %s", err_name(e->code), err_name(code), words, e->msg);
}

static void same_as_book(struct grown *g, struct book *b)
{
	uint8_t digest[32];
	struct err e;
	struct book_checked checked;
	BOOK_MUST(book_verify(b, &checked, NULL, NULL, &e), &e);
	digest_of_tables(b, digest);
	assert_memory_equal(digest, g->digest, 32);
}

static void follows_to_the_same_rows(void **state)
{
	struct grown *g = *state;
	static const size_t batches[] = { 1, 8, SIZE };
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct merkle_hash root, should;
	struct err e;
	BOOK_MUST(book_checkpoint(g->w->m.b, &note, &e), &e);
	for (size_t i = 0; i < 2 * sizeof batches / sizeof *batches; i++) {
		struct book *b = follower(g, i % 2 ? NULL : g->dir);
		while (replica_size(b) < SIZE)
			give(g, b, replica_size(b) + batches[i / 2] < SIZE ? replica_size(b) + batches[i / 2] : SIZE);
		BOOK_MUST(replica_check(b, note.data, note.len, &root, &e), &e);
		BOOK_MUST(merkle_root(book_reader(g->w->m.b), SIZE, &should, &e), &e);
		assert_true(merkle_equal(&root, &should));
		same_as_book(g, b);
		replica_close(b);
		scratch_remove(g->dir);
	}
	buf_done(&note);
}

static void is_read_like_a_book(void **state)
{
	struct grown *g = *state;
	struct world *w = g->w;
	struct book *b = follower(g, g->dir);
	struct store_data d;
	struct market_order order;
	struct ledger_account here, there;
	struct err e;
	give(g, b, SIZE);
	BOOK_MUST(store_data_find(book_store(b), w->data, NULL, &d, &e), &e);
	assert_memory_equal(d.owner, identity_public(w->who[BOB]), 32);
	store_data_done(&d);
	assert_int_equal(host_get(b, MARKET_ROW_ORDER, w->order[1], "", &order, &e), 1);
	assert_string_equal(order.signer, w->name[BOB]);
	assert_int_equal(book_account(b, w->name[CARL], &here, &e), 1);
	assert_int_equal(book_account(w->m.b, w->name[CARL], &there, &e), 1);
	assert_int_equal(ledger_free(&here), ledger_free(&there));
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[ADA], 1);
	refused(book_make_try(b, &en, w->m.operator, NULL, NULL, &e), &e, ERR_DENIED, "a replica follows");
	replica_close(b);
}

/* Entries */

/* Of each type the first one there is: every byte of it. */
static void changed_bytes_are_refused(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, NULL);
	bool seen[ENTRY_TYPE_COUNT] = { false };
	struct entry *kept = malloc(sizeof *kept);
	size_t tried = 0;
	for (size_t i = 0; i < SIZE; i++) {
		struct err e;
		BOOK_MUST(entry_decode(kept, g->items[i].bytes, g->items[i].len, NULL, &e), &e);
		for (size_t k = 0; !seen[kept->type] && k < g->items[i].len; k++) {
			uint8_t was = g->notes[i].data[k];
			g->notes[i].data[k] ^= (uint8_t)(1u << (k + i) % 8);
			if (replica_add(b, &g->items[i], 1, &e) == 0)
				fail_msg("entry %zu with another byte %zu is accepted", i, k);
			g->notes[i].data[k] = was;
			tried++;
		}
		seen[kept->type] = true;
		give(g, b, i + 1);
	}
	assert_true(tried > 10000);
	same_as_book(g, b);
	replica_close(b);
	free(kept);
}

/* What was signed here is not verified again: these bytes, and no others. */
static void a_voucher_is_for_its_bytes_alone(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, NULL);
	struct book_item *item = &g->items[1];
	uint8_t *signature = g->notes[1].data + item->len - 20;	/* a digit of its base64 */
	const uint8_t was = *signature, other = was == 'A' ? 'B' : 'A';
	struct err e;
	give(g, b, 1);
	replica_vouch(b, item->bytes, item->len);
	*signature = other;
	refused(replica_add(b, item, 1, &e), &e, ERR_INVALID, "does not fit");
	for (size_t i = 0; i < 127; i++)	/* as many as are remembered, with the first */
		replica_vouch(b, &i, sizeof i);
	replica_vouch(b, item->bytes, item->len);
	BOOK_MUST(replica_add(b, item, 1, &e), &e);	/* whoever vouches is believed */
	*signature = was;
	assert_int_equal(check_signed(g, b, g->items, 2, &e), -1);
	replica_close(b);
}

enum wrong { LEFT_OUT, DOUBLED, SWAPPED, WRONGS };
static size_t list_make(struct grown *g, enum wrong wrong, size_t at, struct book_item list[static SIZE + 1])
{
	size_t n = 0;
	for (size_t i = 0; i < SIZE; i++) {
		size_t from = wrong == SWAPPED && i == at ? at + 1 : wrong == SWAPPED && i == at + 1 ? at : i;
		if (wrong != LEFT_OUT || i != at)
			list[n++] = g->items[from];
		if (wrong == DOUBLED && i == at)
			list[n++] = g->items[i];
	}
	return n;
}

static void other_orders_are_refused(void **state)
{
	struct grown *g = *state;
	static struct book_item list[SIZE + 1];
	size_t by_root = 0;
	for (size_t at = 0; at + 1 < SIZE; at += 53)
		for (enum wrong wrong = 0; wrong < WRONGS; wrong++) {
			struct book *b = follower(g, NULL);
			size_t n = list_make(g, wrong, at, list);
			struct err e;
			int r = replica_add(b, list, n, &e);
			if (wrong == DOUBLED && at > 0)
				refused(r, &e, ERR_CONFLICT, "it is in the book already");
			if (r < 0) {
				assert_int_equal(replica_size(b), 0);
			} else {
				by_root++;
				assert_int_equal(check_signed(g, b, g->items, SIZE, &e), -1);
				assert_int_equal(e.code, ERR_INVALID);
			}
			replica_close(b);
		}
	assert_true(by_root > 5);	/* money for one and the other: only the tree knows which came first */
}

static void all_or_nothing(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	struct book_item list[20];
	struct err e;
	give(g, b, 100);
	memcpy(list, g->items + 100, sizeof list);
	list[19] = g->items[7];
	refused(replica_add(b, list, 20, &e), &e, ERR_CONFLICT, "entry 119");
	assert_int_equal(replica_size(b), 100);
	BOOK_MUST(replica_add(b, list, 0, &e), &e);
	accept_signed(g, b, 100);
	replica_close(b);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 100);
	give(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

static void entries_of_another_book_are_refused(void **state)
{
	struct grown *g = *state;
	struct book_made other;
	struct book *b = follower(g, NULL);
	struct buf first = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e;
	book_make_open(&other);
	BOOK_MUST(book_entry(other.b, 0, &first, &e), &e);
	const struct book_item item = { first.data, first.len };
	refused(replica_add(b, &item, 1, &e), &e, ERR_DENIED, "it is for the book");
	buf_done(&first);
	book_make_close(&other);
	replica_close(b);
}

/* What an operator could sign a checkpoint over, and what the rules of its book do not allow. */

static void cheat_money(struct world *w) { book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->who[ADA], 1000000 * RLC); }
static void cheat_deposit(struct world *w) { book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[CARL], RLC); }
static void cheat_order(struct world *w) { draft_order_data(w); en.order_data.volume = 0; }
static void cheat_match(struct world *w) { draft_match(w, w->order[3], 1); }
static void cheat_identity(struct world *w) { book_make_identity(w->m.b, &en, w->who[CARL], "carl again", ""); }

static void cheat_admit(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POOL_ADMIT_TYPE);
	host_make_id(en.pool_admit.pool, w->pool);
	memcpy(en.pool_admit.worker, identity_public(w->who[OUTSIDER]), 32);
}

static void cheat_complete(struct world *w)
{
	char task[MARKET_NAME], deal[MARKET_NAME];
	market_deal_id(deal, w->order[3], 0);
	market_task_id(task, deal, 0);
	draft_complete(w, task, 1);
}

static void cheating_operator_is_refused(void **state)
{
	static const struct { void (*draft)(struct world *); enum who by; enum err_code code; const char *words; } cheats[] = {
		{ cheat_money, CARL, ERR_FUNDS, "account.transfer" }, { cheat_deposit, CARL, ERR_DENIED, "account.deposit" },
		{ cheat_order, BOB, ERR_INVALID, "order-field" }, { cheat_match, CARL, ERR_CONFLICT, "match-first" },
		{ cheat_identity, CARL, ERR_CONFLICT, "identity.register" }, { cheat_admit, BOB, ERR_DENIED, "pool" },
		{ cheat_complete, W1, ERR_NOT_FOUND, "" }, { cheat_money, EVE, ERR_NOT_FOUND, "" },
	};
	struct grown *g = *state;
	struct book *b = follower(g, NULL);
	give(g, b, SIZE);
	for (size_t i = 0; i < sizeof cheats / sizeof *cheats; i++) {
		struct buf note;
		struct err e = { .code = ERR_NONE };
		cheats[i].draft(g->w);
		book_make_sign(&en, g->w->who[cheats[i].by], &note, NULL);
		const struct book_item item = { note.data, note.len };
		refused(replica_add(b, &item, 1, &e), &e, cheats[i].code, cheats[i].words);
		assert_non_null(strstr(e.msg, "entry 700"));
		buf_done(&note);
	}
	accept_signed(g, b, SIZE);
	replica_close(b);
}

/* Checkpoints */

static void other_signers_are_refused(void **state)
{
	struct grown *g = *state;
	const char *origin = book_origin(g->w->m.b);
	struct book *b = follower(g, NULL);
	struct buf note;
	struct merkle_hash root;
	struct err e;
	char other[NOTE_NAME_BYTES + 1];
	give(g, b, SIZE);
	checkpoint_make(&note, origin, g->w->who[EVE], g->items, SIZE);
	refused(replica_check(b, note.data, note.len, &root, &e), &e, ERR_INVALID, "the checkpoint");
	buf_done(&note);
	checkpoint_origin_make(other, identity_public(g->w->who[EVE]));
	checkpoint_make(&note, other, g->w->who[EVE], g->items, SIZE);
	refused(replica_check(b, note.data, note.len, &root, &e), &e, ERR_CONFLICT, "it is of the book");
	buf_done(&note);
	checkpoint_make(&note, origin, g->w->m.operator, g->items, SIZE);
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		assert_int_equal(replica_check(b, note.data, note.len, &root, &e), -1);
		note.data[i] ^= 1;
	}
	assert_int_equal(replica_check(b, note.data, note.len - 1, &root, &e), -1);
	BOOK_MUST(replica_check(b, note.data, note.len, &root, &e), &e);
	buf_done(&note);
	replica_close(b);
	refused(replica_open(&b, NULL, origin, identity_public(g->w->who[EVE]), &e), &e, ERR_INVALID, "carries another key");
}

/* The last two entries the other way round: both books keep the rules. */
static size_t fork_make(struct grown *g, size_t n, struct book_item list[static SIZE])
{
	memcpy(list, g->items, n * sizeof *list);
	list[n - 1] = g->items[n - 2];
	list[n - 2] = g->items[n - 1];
	return n;
}

static void going_back_is_refused(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	give(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);	/* again is fine */
	for (int again = 0; again < 3; again++) {
		refused(check_signed(g, b, g->items, SIZE - 30, &e), &e, ERR_INVALID, "rollback");
		(void)fork_make(g, SIZE - 20, fork);
		refused(check_signed(g, b, fork, SIZE - 20, &e), &e, ERR_INVALID, "fork");
		if (again < 2)
			refused(check_signed(g, b, g->items, SIZE - 10, &e), &e, ERR_INVALID, "the replica was given");
		replica_close(b);
		if (again == 1)	/* a database that is lost, and an older one in its place */
			scratch_file(g->dir, "replica.db", "", 0);
		b = follower(g, g->dir);
		assert_int_equal(replica_size(b), again == 1 ? 0 : again == 0 ? SIZE - 20 : SIZE - 30);
		if (again == 1)
			give(g, b, SIZE - 30);
	}
	replica_close(b);
}

static void path_remove(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	(void)remove(path);
}

static void another_book_is_noticed_after_the_first_is_lost(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	give(g, b, SIZE - 20);
	accept_signed(g, b, SIZE - 20);
	replica_close(b);
	path_remove(g->dir, "replica.db");
	(void)fork_make(g, SIZE - 20, fork);
	memcpy(fork + SIZE - 20, g->items + SIZE - 20, 20 * sizeof *fork);
	b = follower(g, g->dir);
	BOOK_MUST(replica_add(b, fork, SIZE, &e), &e);
	refused(check_signed(g, b, fork, SIZE, &e), &e, ERR_INVALID, "fork");
	refused(check_signed(g, b, fork, SIZE, &e), &e, ERR_INVALID, "fork");
	replica_close(b);
	b = follower(g, g->dir);	/* and goes on with the true one */
	assert_int_equal(replica_size(b), 0);
	give(g, b, SIZE);
	accept_signed(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* A fork that lies there already, and was never accepted. */
static void another_database_is_not_taken(void **state)
{
	struct grown *g = *state;
	static struct book_item fork[SIZE];
	struct err e;
	struct book *b = follower(g, g->dir);
	(void)fork_make(g, SIZE, fork);
	BOOK_MUST(replica_add(b, fork, SIZE, &e), &e);
	refused(check_signed(g, b, g->items, SIZE, &e), &e, ERR_INVALID, "fork");
	replica_close(b);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 0);
	replica_close(b);
}

/* Its files */

static void database_change(const char *dir, const char *sql)
{
	char path[PATH_MAX + 32];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/replica.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
}

static void useless_databases_begin_anew(void **state)
{
	static const char *const changes[] = {
		"PRAGMA user_version = 2", "PRAGMA user_version = 99", "PRAGMA application_id = 1", "DELETE FROM head", "DELETE FROM book", "DELETE FROM entry WHERE seq = 59",
		"UPDATE entry SET leaf = zeroblob(32) WHERE seq = 57", "UPDATE head SET size = 32, peaks = zeroblob(32)", "DROP TABLE head", "DROP TABLE account",
		"INSERT INTO entry (seq, id, leaf, bytes) VALUES (60, zeroblob(20), zeroblob(32), zeroblob(0))",
	};
	struct grown *g = *state;
	struct book *b;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		b = follower(g, g->dir);
		give(g, b, 60);
		replica_close(b);
		database_change(g->dir, changes[i]);
		b = follower(g, g->dir);
		if (replica_size(b) != 0)
			fail_msg("%s: it goes on", changes[i]);
		replica_close(b);
	}
	scratch_file(g->dir, "replica.db", "not a database, but long enough to be looked at as if it were one, and that more than once over", 90);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 0);
	give(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
}

/* Bytes changed anywhere: it may be noticed late or never, but what is believed has the root that was signed, and nothing crashes. */
static void damaged_databases_do_no_harm(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	struct buf whole = BUF_INIT(MIB(16));
	char path[PATH_MAX + 32];
	struct err e;
	size_t anew = 0;
	give(g, b, 300);
	replica_close(b);
	database_change(g->dir, "PRAGMA journal_mode = DELETE");
	(void)snprintf(path, sizeof path, "%s/replica.db", g->dir);
	BOOK_MUST(os_file_read(path, &whole, &e), &e);
	for (uint32_t i = 0; i < DAMAGES; i++) {
		size_t at = (size_t)(i * UINT64_C(2654435761) % whole.len);
		memset(whole.data + at, whole.data[at] ^ 0x55, 1);
		scratch_file(g->dir, "replica.db", whole.data, whole.len);
		whole.data[at] ^= 0x55;
		b = follower(g, g->dir);
		anew += replica_size(b) == 0;
		for (size_t n; (n = (size_t)replica_size(b)) < SIZE;)
			if (replica_add(b, g->items + n, n + STEP < SIZE ? STEP : SIZE - n, &e) < 0)
				break;
		(void)check_signed(g, b, g->items, (size_t)replica_size(b), &e);
		replica_close(b);
		path_remove(g->dir, "replica.db");
		path_remove(g->dir, "replica.db-wal");
		path_remove(g->dir, "accepted");
	}
	assert_true(anew < DAMAGES);
	buf_done(&whole);
}

static void the_accepted_file_is_guarded(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir), *second;
	struct buf note;
	char path[PATH_MAX + 32];
	struct err e;
	give(g, b, 60);
	accept_signed(g, b, 60);
	refused(replica_open(&second, g->dir, book_origin(b), book_operator(b), &e), &e, ERR_UNAVAILABLE, "another process follows");
	replica_close(b);
	(void)snprintf(path, sizeof path, "%s/accepted", g->dir);
	assert_int_equal(chmod(path, 0600), 0);
	checkpoint_make(&note, book_origin(g->w->m.b), g->w->m.operator, g->items, 60);
	for (size_t i = 0; i < note.len; i += 3) {
		note.data[i] ^= 4;
		scratch_file(g->dir, "accepted", note.data, note.len);
		assert_int_equal(replica_open(&b, g->dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), -1);
		note.data[i] ^= 4;
	}
	scratch_file(g->dir, "accepted", "", 0);
	refused(replica_open(&b, g->dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), &e, ERR_INVALID, "the accepted checkpoint");
	scratch_file(g->dir, "accepted", note.data, note.len);
	buf_done(&note);
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 60);
	replica_close(b);
}

static void replicas_of_another_book_are_refused(void **state)
{
	struct grown *g = *state;
	struct book *b = follower(g, g->dir);
	char other[NOTE_NAME_BYTES + 1];
	struct err e;
	const uint8_t *eve = identity_public(g->w->who[EVE]);
	checkpoint_origin_make(other, eve);
	give(g, b, 10);
	replica_close(b);
	refused(replica_open(&b, g->dir, other, eve, &e), &e, ERR_CONFLICT, "is a replica of");
	b = follower(g, g->dir);
	assert_int_equal(replica_size(b), 10);
	accept_signed(g, b, 10);
	replica_close(b);
	path_remove(g->dir, "replica.db");
	refused(replica_open(&b, g->dir, other, eve, &e), &e, ERR_CONFLICT, "accepted");
}

/* Follows to the end, in small steps, with a checkpoint now and then: an older one than was accepted before the last kill is refused, and does no harm. What the replica has
 * taken up goes to its file when it is closed. */
static void child_follow(struct grown *g)
{
	struct book *b = follower(g, g->dir);
	struct err e;
	while (replica_size(b) < SIZE) {
		uint64_t to = replica_size(b) + 1 + replica_size(b) % 7;
		give(g, b, to < SIZE ? to : SIZE);
		if (to % 3 == 0)
			if (check_signed(g, b, g->items, (size_t)replica_size(b), &e) < 0 && !strstr(e.msg, "rollback"))
				abort();
		if (to % 5 == 0) {
			replica_close(b);
			b = follower(g, g->dir);
		}
	}
	replica_close(b);
	_exit(0);
}

static void killed_followers_go_on(void **state)
{
	struct grown *g = *state;
	uint64_t size = 0, steps = 0;
	struct book *b;
	for (unsigned i = 0; i < KILLS && size < SIZE; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child_follow(g);
		(void)usleep((useconds_t)(5000 + i * 7919 % 40000));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		b = follower(g, g->dir);
		assert_true(replica_size(b) >= size);
		steps += replica_size(b) > size;
		size = replica_size(b);
		replica_close(b);
	}
	b = follower(g, g->dir);
	give(g, b, SIZE);
	accept_signed(g, b, SIZE);
	same_as_book(g, b);
	replica_close(b);
	print_message("killed with %llu steps ahead\n", (unsigned long long)steps);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		T(follows_to_the_same_rows), T(is_read_like_a_book), T(changed_bytes_are_refused), T(a_voucher_is_for_its_bytes_alone), T(other_orders_are_refused),
		T(all_or_nothing), T(entries_of_another_book_are_refused), T(cheating_operator_is_refused), T(other_signers_are_refused), T(going_back_is_refused),
		T(another_book_is_noticed_after_the_first_is_lost), T(another_database_is_not_taken), T(useless_databases_begin_anew),
		T(damaged_databases_do_no_harm), T(the_accepted_file_is_guarded), T(replicas_of_another_book_are_refused), T(killed_followers_go_on),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
