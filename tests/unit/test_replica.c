/* core/host/replica.c: a book with a market in it is followed to the same rows; nothing else is believed: not a changed, missing, doubled, moved or foreign entry, not one that
 * the rules refuse whoever signed it, not another operator's checkpoint. What a replica does with its files is test_book_replica.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/replica_make.h"

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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		T(follows_to_the_same_rows), T(is_read_like_a_book), T(changed_bytes_are_refused), T(other_orders_are_refused), T(entries_of_another_book_are_refused),
		T(cheating_operator_is_refused), T(other_signers_are_refused),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
