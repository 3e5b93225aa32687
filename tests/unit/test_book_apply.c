/* core/book/book_apply.c: every rule and refusal of every type of entry as one row, and that a refusal changes nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/os.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

#define RLC UINT64_C(1000000000)

/* Bob is known and has nothing; Eve is unknown; Carl closed his account. Ada has data, an iApp, money. */
enum who { ADA, BOB, EVE, CARL, KEEPER, WORKER, OPERATOR, PEOPLE };

struct world {
	struct book_made m;
	struct identity *who[PEOPLE];
	struct book_made other;	/* another book */
	char data[ID_TEXT], once[ID_TEXT], bobs[ID_TEXT], app[ID_TEXT];
	char h1[IAPP_H1_TEXT];
};

static struct entry en;

static void introduce(struct world *w, enum who who, const char *name, const char *role)
{
	book_make_identity(w->m.b, &en, w->who[who], name, role);
	(void)book_make_append(w->m.b, &en, w->who[who], NULL);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err e;
	book_make_open(&w->m);
	book_make_open(&w->other);
	struct book *b = w->m.b;
	for (enum who i = EVE; i <= KEEPER; i++)
		BOOK_MUST(identity_new(&w->who[i], &e), &e);
	w->who[ADA] = w->m.ada;
	w->who[BOB] = w->m.bob;
	w->who[WORKER] = w->m.worker;
	w->who[OPERATOR] = w->m.operator;
	introduce(w, BOB, "bob", "");
	introduce(w, CARL, "carl", "");
	introduce(w, KEEPER, "keeper", "keeper");
	book_make_draft(b, &en, ENTRY_ACCOUNT_CLOSE_TYPE);
	(void)book_make_append(b, &en, w->who[CARL], NULL);
	book_make_money(b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->m.ada, 10 * RLC);
	(void)book_make_append(b, &en, w->m.operator, NULL);
	book_make_data(b, &en, "contacts", 100);
	(void)book_make_append(b, &en, w->m.ada, w->data);
	book_make_data(b, &en, "bobs", 100);
	(void)book_make_append(b, &en, w->m.bob, w->bobs);
	book_make_data(b, &en, "", 100);
	en.data_register.scope = entry_text("run");
	(void)book_make_append(b, &en, w->m.ada, w->once);
	book_make_app(b, &en, "hello", 1, w->m.ada, w->h1);
	(void)book_make_append(b, &en, w->m.ada, w->app);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	for (enum who i = EVE; i <= KEEPER; i++)
		identity_free(w->who[i]);
	book_make_close(&w->m);
	book_make_close(&w->other);
	free(w);
	return 0;
}

/* One function for a type: what the rules accept. A case then changes what it is about. */
static void open_again(struct world *w) { book_make_draft(w->m.b, &en, ENTRY_BOOK_OPEN_TYPE); en.book_open.rules = 1; }
static void identity(struct world *w) { book_make_identity(w->m.b, &en, w->who[EVE], "eve", ""); }
static void data(struct world *w) { book_make_data(w->m.b, &en, "new", 100); }
static void app(struct world *w) { book_make_app(w->m.b, &en, "other", 7, w->m.ada, w->h1); }
static void deposit(struct world *w) { book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->m.ada, 1); }
static void withdraw(struct world *w) { book_make_money(w->m.b, &en, ENTRY_ACCOUNT_WITHDRAW_TYPE, NULL, 1); }
static void transfer(struct world *w) { book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->m.bob, 1); }
static void close_account(struct world *w) { book_make_draft(w->m.b, &en, ENTRY_ACCOUNT_CLOSE_TYPE); }

/* What is wrong */
static void nothing(struct world *w) { (void)w; }
static void late(struct world *w) { (void)w; en.time = os_time() - 61; }
static void early(struct world *w) { (void)w; en.time = os_time() + 120; }
static void for_the_other(struct world *w) { en.book = entry_text(book_origin(w->other.b)); }
static void role_boss(struct world *w) { (void)w; en.identity_register.role = entry_text("boss"); }
static void name_like_id(struct world *w) { (void)w; en.identity_register.name = entry_text("data1qqqqqqqq"); }
static void blob_missing(struct world *w) { (void)w; en.data_register.blob[0] ^= 1; }
static void blob_longer(struct world *w) { (void)w; en.data_register.size++; }
static void payload_too_short(struct world *w) { (void)w; en.data_register.size = 31; }
static void name_taken(struct world *w) { (void)w; en.data_register.name = entry_text("contacts"); }
static void data_name_like_id(struct world *w) { (void)w; en.data_register.name = entry_text("data1qqqqqqqq"); }
static void scope_week(struct world *w) { (void)w; en.data_register.scope = entry_text("week"); }
static void schema_twice(struct world *w) { (void)w; memset(en.data_register.schema_blob, 1, 32); }
static void schema_is_no_json(struct world *w) { (void)w; en.data_register.schema = entry_text("},\"owner\":\"me\",{"); }
static void schema_is_no_schema(struct world *w) { (void)w; en.data_register.schema = entry_text("{\"a\":7}"); }
static void schema_missing(struct world *w) { schema_twice(w); en.data_register.schema.len = 0; }
static void schema_spoiled(struct world *w)
{
	struct err e;
	BOOK_MUST(store_blob_add(w->m.s, "no schema", 9, en.data_register.schema_blob, &e), &e);
	en.data_register.schema.len = 0;
}
static void app_same(struct world *w) { book_make_app(w->m.b, &en, "hello", 1, w->m.ada, w->h1); }
static void app_name_of_another(struct world *w) { book_make_app(w->m.b, &en, "hello", 2, w->m.bob, w->h1); }
static void app_name_like_id(struct world *w) { (void)w; en.app_register.name = entry_text("app1qqqqqqqqq"); }
static void app_h1_short(struct world *w) { (void)w; en.app_register.h1.len--; }
static void app_h1_no_base64(struct world *w) { w->h1[10] = '!'; }
static void app_h1_other(struct world *w) { w->h1[1] = '2'; }
static void app_blob_missing(struct world *w) { (void)w; en.app_register.blob[5] ^= 1; }
static void app_size_wrong(struct world *w) { (void)w; en.app_register.size--; }
static void app_author_another(struct world *w) { memcpy(en.app_register.author, identity_public(w->who[BOB]), 32); }
static void app_name_another(struct world *w) { (void)w; en.app_register.name = entry_text("another"); }
static void app_version_another(struct world *w) { (void)w; en.app_register.version = entry_text("1.0.1"); }
static void app_h1_another(struct world *w) { w->h1[10] = w->h1[10] == 'a' ? 'b' : 'a'; }
static void app_blob_random(struct world *w) { book_make_blob(w->m.b, (size_t)en.app_register.size, en.app_register.blob); }
/* The attack on who trusts a name: Bob's archive, as if Ada had made it. */
static void app_under_anothers_name(struct world *w)
{
	book_make_app(w->m.b, &en, "hello", 3, w->m.bob, w->h1);
	memcpy(en.app_register.author, identity_public(w->who[ADA]), 32);
}
static void app_size_none(struct world *w) { (void)w; en.app_register.size = 0; }
static void to_eve(struct world *w) { memcpy(en.account_transfer.to, identity_public(w->who[EVE]), 32); }
static void to_carl(struct world *w) { memcpy(en.account_transfer.to, identity_public(w->who[CARL]), 32); }
static void to_ada(struct world *w) { memcpy(en.account_transfer.to, identity_public(w->who[ADA]), 32); }
static void too_much(struct world *w) { (void)w; en.account_transfer.amount = 10 * RLC + 1; }
static void transfer_nothing(struct world *w) { (void)w; en.account_transfer.amount = 0; }
static void deposit_nothing(struct world *w) { (void)w; en.account_deposit.amount = 0; }
static void deposit_overflow(struct world *w) { (void)w; en.account_deposit.amount = LEDGER_AMOUNT_MAX; }
static void deposit_to_eve(struct world *w) { memcpy(en.account_deposit.to, identity_public(w->who[EVE]), 32); }
static void deposit_to_carl(struct world *w) { memcpy(en.account_deposit.to, identity_public(w->who[CARL]), 32); }
static void withdraw_nothing(struct world *w) { (void)w; en.account_withdraw.amount = 0; }
static void withdraw_too_much(struct world *w) { (void)w; en.account_withdraw.amount = 10 * RLC + 1; }

/* Refused: the type as it would be accepted, what is changed, who signs, the code, a word of the message. */
static const struct refusal { void (*type)(struct world *), (*wrong)(struct world *); enum who by; enum err_code code; const char *words; } refusals[] = {
	{ open_again, nothing, OPERATOR, ERR_CONFLICT, "opened once" },
	{ open_again, nothing, ADA, ERR_CONFLICT, "opened once" },

	{ identity, late, EVE, ERR_INVALID, "s away from the clock of this book" },
	{ identity, early, EVE, ERR_INVALID, "s away from the clock of this book" },
	{ identity, for_the_other, EVE, ERR_DENIED, "the entry is for the book" },
	{ identity, nothing, ADA, ERR_CONFLICT, "in this book already, as ada" },
	{ identity, nothing, WORKER, ERR_CONFLICT, "in this book already, as worker" },
	{ identity, nothing, CARL, ERR_CONFLICT, "in this book already, as carl" },
	{ identity, role_boss, EVE, ERR_INVALID, "worker, keeper" },
	{ identity, name_like_id, EVE, ERR_INVALID, "taken for an id" },

	{ data, nothing, EVE, ERR_NOT_FOUND, "is not known in this book" },
	{ data, late, ADA, ERR_INVALID, "clock" },
	{ data, for_the_other, ADA, ERR_DENIED, "the entry is for the book" },
	{ data, blob_missing, ADA, ERR_NOT_FOUND, "blob" },
	{ data, blob_longer, ADA, ERR_INVALID, "bytes" },
	{ data, payload_too_short, ADA, ERR_INVALID, "no age file has a payload of 31 bytes" },
	{ data, name_taken, ADA, ERR_CONFLICT, "contacts is taken" },
	{ data, data_name_like_id, ADA, ERR_INVALID, "taken for an id" },
	{ data, scope_week, ADA, ERR_INVALID, "run, or left out" },
	{ data, schema_twice, ADA, ERR_INVALID, "not in both" },
	{ data, schema_is_no_json, ADA, ERR_INVALID, "schema" },
	{ data, schema_is_no_schema, ADA, ERR_INVALID, "schema" },
	{ data, schema_missing, ADA, ERR_NOT_FOUND, "schema" },
	{ data, schema_spoiled, ADA, ERR_INVALID, "schema" },

	{ app, nothing, EVE, ERR_NOT_FOUND, "is not known in this book" },
	{ app, late, ADA, ERR_INVALID, "clock" },
	{ app, for_the_other, ADA, ERR_DENIED, "the entry is for the book" },
	{ app, app_same, ADA, ERR_CONFLICT, "registered by this owner already" },
	{ app, app_name_of_another, ADA, ERR_CONFLICT, "taken by an iApp of another author" },
	{ app, app_name_of_another, BOB, ERR_CONFLICT, "taken by an iApp of another author" },
	{ app, app_name_like_id, ADA, ERR_INVALID, "taken for an id" },
	{ app, app_h1_short, ADA, ERR_INVALID, "h1" },
	{ app, app_h1_no_base64, ADA, ERR_INVALID, "h1" },
	{ app, app_h1_other, ADA, ERR_INVALID, "h1" },
	{ app, app_blob_missing, ADA, ERR_NOT_FOUND, "blob" },
	{ app, app_size_wrong, ADA, ERR_INVALID, "bytes" },
	{ app, app_size_none, ADA, ERR_INVALID, "bytes" },
	{ app, app_author_another, ADA, ERR_INVALID, "signed first by the author" },
	{ app, app_under_anothers_name, BOB, ERR_INVALID, "signed first by the author" },
	{ app, app_name_another, ADA, ERR_INVALID, "the archive is of other 1.0.0" },
	{ app, app_version_another, ADA, ERR_INVALID, "and the entry says other 1.0.1" },
	{ app, app_h1_another, ADA, ERR_INVALID, "h1" },
	{ app, app_blob_random, ADA, ERR_INVALID, "iApp app1" },

	{ deposit, nothing, ADA, ERR_DENIED, "only the operator" },
	{ deposit, nothing, WORKER, ERR_DENIED, "only the operator" },
	{ deposit, nothing, EVE, ERR_DENIED, "only the operator" },
	{ deposit, late, OPERATOR, ERR_INVALID, "clock" },
	{ deposit, for_the_other, OPERATOR, ERR_DENIED, "the entry is for the book" },
	{ deposit, deposit_nothing, OPERATOR, ERR_INVALID, "is 0" },
	{ deposit, deposit_overflow, OPERATOR, ERR_LIMIT, "2^62" },
	{ deposit, deposit_to_eve, OPERATOR, ERR_NOT_FOUND, "has no account" },
	{ deposit, deposit_to_carl, OPERATOR, ERR_CONFLICT, "closed" },

	{ withdraw, withdraw_nothing, ADA, ERR_INVALID, "is 0" },
	{ withdraw, withdraw_too_much, ADA, ERR_FUNDS, "has" },
	{ withdraw, nothing, BOB, ERR_FUNDS, "has" },
	{ withdraw, nothing, EVE, ERR_NOT_FOUND, "no account" },
	{ withdraw, nothing, OPERATOR, ERR_NOT_FOUND, "no account" },	/* the bank's money is nobody's */
	{ withdraw, nothing, CARL, ERR_CONFLICT, "closed" },
	{ withdraw, late, ADA, ERR_INVALID, "clock" },
	{ withdraw, for_the_other, ADA, ERR_DENIED, "the entry is for the book" },

	{ transfer, transfer_nothing, ADA, ERR_INVALID, "is 0" },
	{ transfer, too_much, ADA, ERR_FUNDS, "has" },
	{ transfer, to_ada, ADA, ERR_CONFLICT, "to itself" },
	{ transfer, to_eve, ADA, ERR_NOT_FOUND, "has no account" },
	{ transfer, to_carl, ADA, ERR_CONFLICT, "closed" },
	{ transfer, nothing, EVE, ERR_NOT_FOUND, "no account" },
	{ transfer, nothing, CARL, ERR_CONFLICT, "closed" },
	{ transfer, nothing, OPERATOR, ERR_NOT_FOUND, "no account" },
	{ transfer, late, ADA, ERR_INVALID, "clock" },
	{ transfer, for_the_other, ADA, ERR_DENIED, "the entry is for the book" },

	{ close_account, nothing, ADA, ERR_CONFLICT, "cannot be closed" },
	{ close_account, nothing, CARL, ERR_CONFLICT, "closed already" },
	{ close_account, nothing, EVE, ERR_NOT_FOUND, "no account" },
	{ close_account, nothing, OPERATOR, ERR_NOT_FOUND, "no account" },
	{ close_account, late, BOB, ERR_INVALID, "clock" },
	{ close_account, for_the_other, BOB, ERR_DENIED, "the entry is for the book" },
};

static void every_refusal(void **state)
{
	struct world *w = *state;
	uint8_t before[32], after[32];
	book_rows_digest(w->m.path, before);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *x = &refusals[i];
		struct err e = { .code = ERR_NONE };
		x->type(w);
		x->wrong(w);
		if (book_make_try(w->m.b, &en, w->who[x->by], NULL, NULL, &e) == 0)
			fail_msg("row %zu (%s by %d, “%s”) was accepted", i, entry_info(en.type)->type, x->by, x->words);
		if (e.code != x->code || !strstr(e.msg, x->words))
			fail_msg("row %zu (%s by %d): %s and not %s “%s”: %s", i, entry_info(en.type)->type, x->by, err_name(e.code), err_name(x->code), x->words, e.msg);
		if (x->code != ERR_INVALID && x->wrong != for_the_other && x->wrong != late && !strstr(e.msg, entry_info(en.type)->type))
			fail_msg("row %zu does not name the type of the entry: %s", i, e.msg);
		book_rows_digest(w->m.path, after);
		if (memcmp(before, after, 32) != 0)
			fail_msg("row %zu was refused and has changed the book", i);
	}
}

/* What the rows above change was all that was wrong: each type as it stands is accepted, by the one who may. */
static void every_type_is_accepted(void **state)
{
	struct world *w = *state;
	static const struct { void (*type)(struct world *), (*change)(struct world *); enum who by; } rows[] = {
		{ identity, nothing, EVE }, { data, nothing, ADA }, { app, nothing, ADA },
		{ deposit, nothing, OPERATOR }, { withdraw, nothing, ADA }, { transfer, nothing, ADA }, { transfer, to_eve, ADA }, { close_account, nothing, KEEPER },
		{ data, name_taken, BOB }, { app, app_same, BOB },	/* another's name, another's archive */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t size, at;
		struct err e;
		rows[i].type(w);
		rows[i].change(w);
		BOOK_MUST(book_size(w->m.b, &size, &e), &e);
		if (book_make_try(w->m.b, &en, w->who[rows[i].by], &at, NULL, &e) < 0)
			fail_msg("row %zu: %s", i, e.msg);
		assert_int_equal(at, size);
	}
	struct err e;
	struct book_checked checked;
	BOOK_MUST(book_verify(w->m.b, &checked, NULL, NULL, &e), &e);
}

/* Data of one run has no name to defend. */
static void names_that_do_not_collide(void **state)
{
	struct world *w = *state;
	book_make_data(w->m.b, &en, "contacts", 100);
	en.data_register.scope = entry_text("run");
	(void)book_make_append(w->m.b, &en, w->m.ada, NULL);
}

static uint64_t free_of(struct world *w, enum who who)
{
	char name[IDENTITY_TEXT];
	struct ledger_account a;
	struct err e;
	identity_text(name, identity_public(w->who[who]));
	assert_int_equal(book_account(w->m.b, name, &a, &e), 1);
	return ledger_free(&a);
}

static int transfer_seen(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	uint64_t *sum = ctx;
	(void)e;
	*sum = *sum * 10 + (strcmp(t->debit, "bank") == 0 ? 1 : strcmp(t->credit, "bank") == 0 ? 2 : 3);
	return 0;
}

static void money_moves_as_the_entries_say(void **state)
{
	struct world *w = *state;
	struct err e;
	struct ledger_account bank;
	char name[IDENTITY_TEXT];
	uint64_t seen = 0, hers = free_of(w, ADA), his = free_of(w, BOB);
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->m.bob, 5);
	(void)book_make_append(w->m.b, &en, w->m.operator, NULL);
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->m.ada, 3);
	(void)book_make_append(w->m.b, &en, w->m.bob, NULL);
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_WITHDRAW_TYPE, NULL, 2);
	(void)book_make_append(w->m.b, &en, w->m.bob, NULL);
	assert_int_equal(free_of(w, ADA), hers + 3);
	assert_int_equal(free_of(w, BOB), his);
	assert_int_equal(book_account(w->m.b, "bank", &bank, &e), 1);
	assert_int_equal(bank.debits_posted - bank.credits_posted, hers + his + 3);	/* what the book owes is what people have */
	assert_int_equal(book_account(w->m.b, "nobody", &bank, &e), 0);
	identity_text(name, identity_public(w->m.bob));
	BOOK_MUST(book_history(w->m.b, name, transfer_seen, &seen, &e), &e);
	assert_int_equal(seen, 132);	/* oldest first: deposit, transfer, withdrawal */
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_refusal), TEST(every_type_is_accepted), TEST(names_that_do_not_collide), TEST(money_moves_as_the_entries_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
