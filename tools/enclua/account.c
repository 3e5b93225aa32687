/* enclua account: what an account has, its history, and the entries that move money. What may be done is decided where the book applies an entry; here words
 * become entries and rows become words. Amounts are whole nRLC.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "book/book.h"
#include "host/host.h"
#include "trade.h"
#include "verbs.h"

static void json_pair(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text);
}

static void json_number(struct cli *c, const char *key, uint64_t n)
{
	json_write_key(&c->out, key);
	json_write_uint(&c->out, n);
}

/* Money as people write it, all else with its unit. */
struct shown { char text[64]; };
static struct shown shown(uint64_t v, enum ledger_unit unit)
{
	struct shown s;
	if (unit == LEDGER_NRLC)
		text_amount_write(s.text, v);
	else
		(void)snprintf(s.text, sizeof s.text, "%" PRIu64 " %s", v, ledger_unit_text(unit));
	return s;
}

/* Amounts of an entry are at least 1. */
static int amount_parse(const char *text, uint64_t *amount, struct err *e)
{
	if (text_amount(text, amount, e) < 0)
		return -1;
	return *amount ? 0 : err_set(e, ERR_INVALID, "an amount of 0 moves nothing");
}

/* WHO is an identity (a petname of this home, enclua1…) or, when it is none, an account of the book by its own name. NULL: the acting identity. */
static int account_name(struct cli *c, const char *who, char name[static LEDGER_NAME], bool *is_identity, struct err *e)
{
	uint8_t key[32], age[32];
	struct keystore_item me;
	struct err why;
	bool age_known;
	char text[IDENTITY_TEXT];
	*is_identity = true;
	if (!who) {
		if (cli_identity_public(c, &me, e) < 0)
			return -1;
		memcpy(key, me.public_key, 32);
	} else if (cli_who(c, who, key, age, &age_known, &why) < 0) {
		/* "deal1…/escrow" is no petname at all, and a good name of an account */
		bool other = strncmp(who, "enclua1", 7) != 0 && (why.code == ERR_NOT_FOUND || why.code == ERR_INVALID || why.code == ERR_USAGE);
		if (!other || strlen(who) >= LEDGER_NAME) {
			*e = why;
			return -1;
		}
		*is_identity = false;
		memcpy(name, who, strlen(who) + 1);
		return 0;
	}
	identity_text(text, key);
	(void)snprintf(name, LEDGER_NAME, "%s", text);
	return 0;
}

/* An identity that never had money has an account with nothing in it. */
static int account_get(struct book *b, const char *name, bool is_identity, struct ledger_account *a, struct err *e)
{
	int r = book_account(b, name, a, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (!is_identity) {
		err_set(e, ERR_NOT_FOUND, "there is no identity here and no account in the book that is called %s", cli_safe(name, strlen(name), 0));
		return err_hint(e, "enclua key list shows the identities; an account is named enclua1…, bank, kitty, or after its deal or task");
	}
	*a = (struct ledger_account){ .unit = LEDGER_NRLC, .limited = true };
	memcpy(a->name, name, strlen(name));
	return 0;
}

static int account_show(struct cli *c, const struct ledger_account *a, struct err *e)
{
	bool owes = !a->limited && a->debits_posted > a->credits_posted;
	uint64_t has = owes ? a->debits_posted - a->credits_posted : a->credits_posted - a->debits_posted;
	json_pair(c, "account", a->name);
	json_pair(c, "unit", ledger_unit_text(a->unit));
	json_write_key(&c->out, "limited");
	json_write_bool(&c->out, a->limited);
	json_write_key(&c->out, "closed");
	json_write_bool(&c->out, a->closed);
	json_number(c, owes ? "owes" : "balance", has);
	if (a->limited)
		json_number(c, "free", ledger_free(a));
	json_number(c, "debits_pending", a->debits_pending);
	json_number(c, "debits_posted", a->debits_posted);
	json_number(c, "credits_pending", a->credits_pending);
	json_number(c, "credits_posted", a->credits_posted);
	if (cli_print(c, e, "account   %s%s\n%s   %s\n", a->name, a->closed ? " (closed)" : "", owes ? "owes   " : "balance", shown(has, a->unit).text) < 0)
		return -1;
	if (a->limited && cli_print(c, e, "free      %s\n", shown(ledger_free(a), a->unit).text) < 0)
		return -1;
	if (a->debits_pending && cli_print(c, e, "reserved  %s\n", shown(a->debits_pending, a->unit).text) < 0)
		return -1;
	return a->credits_pending ? cli_print(c, e, "awaited   %s\n", shown(a->credits_pending, a->unit).text) : 0;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct ledger_account account;
	char name[LEDGER_NAME];
	bool is_identity;
	if (host_open(&b, c->home, false, e) < 0)
		return -1;
	int r = account_name(c, a->n_words ? a->words[0] : NULL, name, &is_identity, e);
	if (r == 0)
		r = account_get(b, name, is_identity, &account, e);
	if (r == 0)
		r = account_show(c, &account, e);
	book_close(b);
	return r;
}

/* History */

struct list {
	struct cli *c;
	struct book *b;
	const struct ledger_account *of;
	struct buf bytes;	/* of the entry that was read last */
	struct entry en;
	uint64_t entry;
	bool read;
};

/* The entry that caused a transfer: several transfers of one follow one another. */
static int cause_read(struct list *l, uint64_t index, struct err *e)
{
	if (l->read && l->entry == index)
		return 0;
	l->read = false;
	buf_done(&l->bytes);
	l->bytes = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (book_entry(l->b, index, &l->bytes, e) < 0 || entry_decode(&l->en, l->bytes.data, l->bytes.len, NULL, e) < 0)
		return err_wrap(e, "entry %" PRIu64, index);
	l->entry = index;
	l->read = true;
	return 0;
}

/* Which sign the amount has for this account: only what is posted has moved. */
static int history_row(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	struct list *l = ctx;
	struct cli *c = l->c;
	static const char *const kinds[] = {
#define X(id, text) text,
		LEDGER_KINDS(X)
#undef X
	};
	bool out = strcmp(t->debit, l->of->name) == 0;
	const char *other = out ? t->credit : t->debit;
	char time[24];
	if (cause_read(l, t->entry, e) < 0)
		return -1;
	entry_time_text(time, l->en.time);
	struct entry_text memo = l->en.type == ENTRY_ACCOUNT_TRANSFER_TYPE ? l->en.account_transfer.memo : (struct entry_text){ "", 0 };
	const char *said = memo.len ? cli_safe(memo.at, memo.len, 0) : "";
	json_write_object(&c->out);
	json_number(c, "entry", t->entry);
	json_pair(c, "time", time);
	json_pair(c, "kind", kinds[t->kind]);
	json_pair(c, "cause", t->cause);
	json_write_key(&c->out, "amount");
	json_write_int(&c->out, out ? -(int64_t)t->amount : (int64_t)t->amount);
	json_pair(c, "counterparty", other);
	json_write_key(&c->out, "memo");
	if (memo.len)
		json_write_string(&c->out, memo.at, memo.len);
	else
		json_write_null(&c->out);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  #%-6" PRIu64 " %s%-22s %s%s%-12s %s %s%s%s\n", time, t->entry, t->amount == 0 ? " " : out ? "-" : "+",
		shown(t->amount, l->of->unit).text, t->kind == LEDGER_POSTED ? "" : kinds[t->kind], t->kind == LEDGER_POSTED ? "" : " ", t->cause,
		out ? "to" : "from", other, *said ? "  " : "", said);
}

static int run_history(struct cli *c, struct args *a, struct err *e)
{
	struct list l = { .c = c };
	struct ledger_account account;
	char name[LEDGER_NAME];
	bool is_identity;
	int r = -1;
	if (host_open(&l.b, c->home, false, e) < 0)
		return -1;
	if (account_name(c, a->n_words ? a->words[0] : NULL, name, &is_identity, e) < 0 || account_get(l.b, name, is_identity, &account, e) < 0)
		goto out;
	l.of = &account;
	json_pair(c, "account", name);
	json_pair(c, "unit", ledger_unit_text(account.unit));
	json_write_key(&c->out, "transfers");
	json_write_array(&c->out);
	r = book_history(l.b, name, history_row, &l, e);
	json_write_array_end(&c->out);
out:
	buf_done(&l.bytes);
	book_close(l.b);
	return r;
}

/* Entries that move money */

struct order {
	enum entry_type type;
	bool by_operator;	/* else by the acting identity */
	uint8_t to[32];
	uint64_t amount;
	const char *memo;	/* or NULL */
	const char *said;	/* "deposited" */
};

static void order_fill(const struct order *o, struct entry *en)
{
	switch (o->type) {
	case ENTRY_ACCOUNT_DEPOSIT_TYPE:
		memcpy(en->account_deposit.to, o->to, 32);
		en->account_deposit.amount = o->amount;
		break;
	case ENTRY_ACCOUNT_WITHDRAW_TYPE:
		en->account_withdraw.amount = o->amount;
		break;
	case ENTRY_ACCOUNT_TRANSFER_TYPE:
		memcpy(en->account_transfer.to, o->to, 32);
		en->account_transfer.amount = o->amount;
		if (o->memo)
			en->account_transfer.memo = entry_text(o->memo);
		break;
	default:	/* closing says it all */
		break;
	}
}

/* The account that the person at the keyboard asks about: the receiver of a deposit, else the signer's. */
static int order_report(struct cli *c, struct book *b, const struct order *o, const struct entry *en, uint64_t index, struct err *e)
{
	struct ledger_account account;
	char name[IDENTITY_TEXT], to[IDENTITY_TEXT];
	identity_text(name, o->by_operator ? o->to : en->by);
	identity_text(to, o->to);
	if (account_get(b, name, true, &account, e) < 0)
		return -1;
	json_number(c, "entry", index);
	json_pair(c, "account", name);
	if (o->amount)
		json_number(c, "amount", o->amount);
	if (o->type == ENTRY_ACCOUNT_TRANSFER_TYPE)
		json_pair(c, "to", to);
	json_number(c, "free", ledger_free(&account));
	if (!o->amount)
		return cli_print(c, e, "%s %s by entry %" PRIu64 "\n", o->said, name, index);
	bool names_other = o->type != ENTRY_ACCOUNT_WITHDRAW_TYPE;
	if (cli_print(c, e, "%s %s%s%s by entry %" PRIu64 "\n", o->said, shown(o->amount, LEDGER_NRLC).text, names_other ? " to " : "", names_other ? to : "",
			index) < 0)
		return -1;
	return cli_print(c, e, "free now %s\n", shown(ledger_free(&account), LEDGER_NRLC).text);
}

static int order_do(struct cli *c, const struct order *o, struct err *e)
{
	struct book *b = NULL;
	struct identity *by = NULL;
	struct entry en;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	int r = -1;
	if (host_open(&b, c->home, false, e) < 0)
		goto out;
	if ((o->by_operator ? book_operator_open(b, &by, e) : cli_identity_open(c, &by, e)) < 0 || book_draft(b, &en, o->type, e) < 0)
		goto out;
	order_fill(o, &en);
	if (entry_sign(&en, by, &note, e) < 0)
		goto out;
	if (book_append_one(b, &note, &index, e) < 0) {
		trade_funds_hint(b, e);
		goto out;
	}
	r = order_report(c, b, o, &en, index, e);
out:
	identity_free(by);
	buf_done(&note);
	book_close(b);
	return r;
}

/* The receiver's public key; who NULL: the acting identity. */
static int receiver(struct cli *c, const char *who, uint8_t key[static 32], struct err *e)
{
	uint8_t age[32];
	struct keystore_item me;
	bool age_known;
	if (who)
		return cli_who(c, who, key, age, &age_known, e);
	if (cli_identity_public(c, &me, e) < 0)
		return -1;
	memcpy(key, me.public_key, 32);
	return 0;
}

static int run_deposit(struct cli *c, struct args *a, struct err *e)
{
	struct order o = { .type = ENTRY_ACCOUNT_DEPOSIT_TYPE, .by_operator = true, .said = "deposited" };
	if (amount_parse(a->words[0], &o.amount, e) < 0 || receiver(c, args_get(a, "to"), o.to, e) < 0)
		return -1;
	return order_do(c, &o, e);
}

static int run_withdraw(struct cli *c, struct args *a, struct err *e)
{
	struct order o = { .type = ENTRY_ACCOUNT_WITHDRAW_TYPE, .said = "withdrew" };
	return amount_parse(a->words[0], &o.amount, e) < 0 ? -1 : order_do(c, &o, e);
}

static int run_transfer(struct cli *c, struct args *a, struct err *e)
{
	struct order o = { .type = ENTRY_ACCOUNT_TRANSFER_TYPE, .said = "transferred", .memo = args_get(a, "memo") };
	if (amount_parse(a->words[1], &o.amount, e) < 0 || receiver(c, a->words[0], o.to, e) < 0)
		return -1;
	return order_do(c, &o, e);
}

static int run_close(struct cli *c, struct args *a, struct err *e)
{
	(void)a;
	return order_do(c, &(struct order){ .type = ENTRY_ACCOUNT_CLOSE_TYPE, .said = "closed" }, e);
}

static const struct option_row deposit_options[] = {
	{ "to", 't', "WHO", false, "into whose account; without it, the acting identity's" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row transfer_options[] = {
	{ "memo", 'm', "TEXT", false, "a word to the receiver; it stands in the book, where everybody can read it" },
	{ NULL, 0, NULL, false, NULL },
};

#define AMOUNTS "N is in nRLC, the unit of the book (10^-9 RLC), or has a unit: 12, 12nRLC, 1.5RLC."

const struct command account_commands[] = {
	{ "account show", "[WHO]", "Show what an account has",
	  "Example: enclua account show\n\nWHO is a petname, enclua1…, worker or manager (this machine's own), or another account of the book: bank, kitty, or one named after its deal "
	  "or task. "
	  "Free is what can be spent: the balance without what is reserved.", NULL, 0, 1, run_show },
	{ "account deposit", "N [--to WHO]", "Put money into an account, as the operator of the book",
	  "Example: enclua account deposit 1.5RLC\n\n" AMOUNTS "\nThe operator of the book is its bank: the entry is signed with the operator's key of this home.",
	  deposit_options, 1, 1, run_deposit },
	{ "account withdraw", "N", "Take money out of the book", "Example: enclua account withdraw 500000nRLC\n\n" AMOUNTS, NULL, 1, 1, run_withdraw },
	{ "account transfer", "WHO N [--memo TEXT]", "Give money to another identity", "Example: enclua account transfer ben 0.25RLC --memo 'for the data'\n\n" AMOUNTS,
	  transfer_options, 2, 2, run_transfer },
	{ "account history", "[WHO]", "List what went in and out of an account, oldest first",
	  "Example: enclua account history\n\nEach line names the entry of the book that caused it; enclua book show NUMBER has the whole of it.", NULL, 0, 1, run_history },
	{ "account close", "", "Close the acting identity's account for good", "Example: enclua account close\n\nOnly an empty account can be closed, and nothing opens it again.",
	  NULL, 0, 0, run_close },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
