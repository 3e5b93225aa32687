/* What the verbs of the market share: whose key signs, how things are named, how orders are told, and which command helps after a refusal.
 */
#ifndef ENCLUA_TOOLS_TRADE_H
#define ENCLUA_TOOLS_TRADE_H

#include "base/text.h"
#include "book/book.h"
#include "cli.h"
#include "host/host.h"

#define TRADE_VOLUME_ALL ((UINT64_C(1) << 53) - 1)	/* "without end" */

/* A verb at work: the home's book, and who acts. */
struct trade { struct cli *c; struct book *b; struct keystore_item me; };
int trade_open(struct trade *t, struct cli *c, struct err *e);	/* also when it fails: trade_done */
void trade_done(struct trade *t);

/* Money is missing: also how it comes in, where this home has the key of the book's bank. Always -1. */
int trade_funds_hint(struct book *b, struct err *e);
/* Signs and appends. id: of the thing that it makes, index: of the entry; either may be NULL. A refusal gets its hint. enter also tells the result its "entry". */
int trade_append(struct trade *t, struct entry *en, const struct identity *by, char *id, uint64_t *index, struct err *e);
int trade_enter(struct trade *t, struct entry *en, const struct identity *by, char *id, struct err *e);
/* The acting identity, known to the book; or the key of this machine's manager, when that is who owns the pool and the acting identity does not. */
int trade_actor(struct trade *t, struct identity **out, struct err *e);
int trade_pool_actor(struct trade *t, const char *pool, struct identity **out, struct err *e);
/* Before an offer that could never hold: does the asset belong to who signs? ERR_DENIED names both. */
int trade_owner_check(struct trade *t, const char *asset, const struct identity *by, struct err *e);
int trade_transfer_tell(struct trade *t, const char *key, const char *asset, const struct store_identity *to, struct err *e);
/* A refusal's code says which command helps; a hint that is there stays. -1, as err_hint. */
int trade_hint(struct err *e);

/* Names in: a name, an id, a unique prefix of one; of an iApp also the h1:… of its archive. People are named as everywhere (cli_who), for anybody can call itself anything in the
 * book. */
int trade_app(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e);
int trade_data(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e);
int trade_pool(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e);
int trade_who(struct trade *t, const char *who, struct store_identity *out, struct err *e);	/* known to the book */
/* Names out: how people here call an identity (its petname, its name in the book), an asset (its name, or the id). */
const char *trade_call(struct trade *t, const char *identity, char out[static LIMIT_NAME_BYTES + 1]);
const char *trade_asset_call(struct trade *t, const char *id, char out[static LIMIT_NAME_BYTES + 1]);

/* Options, by the names that all verbs have: --price --volume --tag --category --trust, and restrictions. What is not given keeps its value. */
int trade_option_amount(const struct args *a, const char *option, uint64_t *amount, struct err *e);
int trade_option_number(const struct args *a, const char *option, uint64_t min, uint64_t max, uint64_t *n, struct err *e);
int trade_option_tag(const struct args *a, uint64_t *tag, struct err *e);	/* words: tee, gpu … */
int trade_option_category(const struct args *a, uint64_t *category, struct err *e);
enum trade_restriction { TRADE_ONLY_APP, TRADE_ONLY_DATA, TRADE_ONLY_POOL, TRADE_ONLY_REQUESTER };
bool trade_is_list(const char *text);	/* spelled as the id of a list */
/* The id that is meant by a name; of a list that is there its own. */
int trade_restriction(struct trade *t, enum trade_restriction kind, const char *text, char name[static MARKET_NAME], struct err *e);
/* name keeps what out borrows. */
int trade_option_only(struct trade *t, const struct args *a, enum trade_restriction kind, char name[static MARKET_NAME], struct entry_text *out,
	struct err *e);
#define TRADE_OPTION_PRICE { "price", 0, "N", false, "for each task: 12, 12nRLC or 1.5RLC; without it, nothing" }
#define TRADE_OPTION_VOLUME { "volume", 0, "N", false, "how many tasks it may ever serve; without it, any number" }
#define TRADE_OPTION_TAG { "tag", 0, "WORD", true, "what is needed or offered: tee, scone, gramine, tdx, gpu, tpm2, egress" }
#define TRADE_OPTIONS_END { NULL, 0, NULL, false, NULL }

/* JSON and text */
void trade_write(struct cli *c, const char *key, const char *text);	/* null for "" */
void trade_write_number(struct cli *c, const char *key, uint64_t n);
void trade_write_time(struct cli *c, const char *key, int64_t at);	/* null for 0 */
void trade_write_tag(struct cli *c, uint64_t tag);	/* "tag":["tee"] */
void trade_tag_text(char out[static 96], uint64_t tag);	/* "tee gpu", or "-" */
const char *trade_category_text(uint64_t category);	/* "XS" … "XL"; "?" past them */
struct trade_amount { char text[TEXT_AMOUNT]; };
struct trade_amount trade_amount(uint64_t nrlc);

/* Tasks: all of task show (task.c), and the market's part of it, "market":{…} or null (task_market.c). */
int task_tell(struct cli *c, struct book *b, const struct store_task *t, struct err *e);
int trade_task_tell(struct cli *c, struct book *b, const char *task, struct err *e);

#endif
