/* A scenario while it is replayed: the market in memory, and one command, read from its line into a value for each field. */
#ifndef ENCLUA_TOOLS_REPLAY_H
#define ENCLUA_TOOLS_REPLAY_H

#include "base/json.h"
#include "base/text.h"
#include "market/market.h"

#define REPLAY_TEXT_MAX 8192u	/* all strings of one command */
#define REPLAY_LIST_MAX 256u	/* names in all lists of one command */

enum field_kind { NAME, NAMES, NAME_OR_NAMES, NUMBER, TIME, FLAG, TEXT, IGNORED };

/* F(ENUM, kind, "name", "other spellings"): all fields of all commands. NAMES is one name or an array of them; FLAG is true, false, or a name that stands for
 * true. The other spellings are PoCo's and those that people try. */
#define REPLAY_FIELDS(F) \
	F(ID, NAME, "id", "") \
	F(WHO, NAME, "who", "") \
	F(OWNER, NAME, "owner", "") \
	F(BY, NAME, "by", "") \
	F(TO, NAME, "to", "") \
	F(ASSET, NAME, "asset", "") \
	F(ORDER, NAME, "order", "") \
	F(KIND, NAME, "kind", "") \
	F(SIGNER, NAME, "signer", "") \
	F(APP, NAME, "app", "") \
	F(DATA, NAME, "data", "dataset") \
	F(POOL, NAME_OR_NAMES, "pool", "workerpool") \
	F(REQUEST, NAME, "request", "") \
	F(REQUESTER, NAME, "requester", "") \
	F(BENEFICIARY, NAME, "beneficiary", "") \
	F(PAYER, NAME, "payer", "sponsor") \
	F(PURPOSE, NAME, "purpose", "") \
	F(DEAL, NAME, "deal", "") \
	F(TASK, NAME, "task", "") \
	F(WORKER, NAME, "worker", "") \
	F(AUTHORIZATION, NAME, "authorization", "") \
	F(SEAL_OF, NAME, "sealOf", "") \
	F(AMOUNT, NUMBER, "amount", "") \
	F(CATEGORY_TIME, NUMBER, "time", "") \
	F(STAKE_RATIO, NUMBER, "workerStakeRatio", "worker_stake_ratio") \
	F(SCHEDULER_RATIO, NUMBER, "schedulerRatio", "scheduler_ratio schedulerRewardRatio") \
	F(PRICE, NUMBER, "price", "") \
	F(VOLUME, NUMBER, "volume", "") \
	F(TAG, NUMBER, "tag", "") \
	F(CATEGORY, NUMBER, "category", "") \
	F(TRUST, NUMBER, "trust", "") \
	F(APP_MAX, NUMBER, "maxAppPrice", "max_app_price appMaxPrice appmaxprice") \
	F(DATA_MAX, NUMBER, "maxDataPrice", "max_data_price dataMaxPrice datamaxprice datasetmaxprice") \
	F(POOL_MAX, NUMBER, "maxPoolPrice", "max_pool_price poolMaxPrice poolmaxprice workerpoolmaxprice") \
	F(INDEX, NUMBER, "index", "") \
	F(VALUE, NUMBER, "value", "") \
	F(NOW, TIME, "now", "") \
	F(UNTIL, TIME, "until", "") \
	F(POLICY, FLAG, "policy", "") \
	F(PERMITS, FLAG, "permits", "") \
	F(BULK, FLAG, "bulk", "") \
	F(GROUP, FLAG, "group", "") \
	F(CALLBACK, FLAG, "callback", "") \
	F(ENCLAVE, FLAG, "enclave", "") \
	F(DIGEST, TEXT, "digest", "") \
	F(CALLBACK_DATA, TEXT, "callbackData", "callback_data") \
	F(MEMBERS, NAMES, "members", "") \
	F(PURPOSES, NAMES, "purposes", "") \
	F(TO_APP, NAMES, "restrictApp", "apprestrict") \
	F(TO_DATA, NAMES, "restrictData", "datasetrestrict") \
	F(TO_POOL, NAMES, "restrictPool", "workerpoolrestrict") \
	F(TO_REQUESTER, NAMES, "restrictRequester", "requesterrestrict") \
	F(PARAMS, IGNORED, "params", "") \
	F(ASSURANCE, IGNORED, "min_assurance", "minAssurance") \
	F(NOTE, IGNORED, "note", "") \
	F(EXPECT, IGNORED, "expect", "")
enum field {
#define X(id, kind, name, other) F_##id,
	REPLAY_FIELDS(X)
#undef X
	FIELD_COUNT
};
#define FIELD(id) (UINT64_C(1) << F_##id)
_Static_assert(FIELD_COUNT <= 64, "a set of fields is a word");

struct value {
	const char *text;	/* NAME, TEXT; ended by NUL */
	size_t len;
	uint64_t number;
	bool flag;
	uint16_t first, count;	/* NAMES: in command.names */
};

struct command {
	const struct replay_op *op;
	uint64_t given;	/* set of fields */
	struct value at[FIELD_COUNT];
	const char *names[REPLAY_LIST_MAX];
	size_t n_names;
	char text[REPLAY_TEXT_MAX];
	size_t text_len;
};

struct replay {
	struct market market;
	struct market_memory *rows;
	struct ledger_memory *money;
	struct ledger_backend forgetful;	/* money, but for the history of transfers, which nobody asks for here */
	struct command command;
	struct json_writer result;	/* the line that is written: an object that is open */
	uint64_t line;
};

int replay_open(struct replay *r, struct err *e);	/* r is zero */
void replay_close(struct replay *r);
/* One line, which is not empty; its result goes to out, which is. 1; 0: no command, the result says so and e why; −1: the market failed. */
int replay_line(struct replay *r, const char *line, size_t len, bool words, struct buf *out, struct err *e);

struct replay_op {
	const char *name;
	int (*run)(struct replay *r, const struct command *c, struct err *e);	/* 0, or −1: a refusal when market_code says so */
	uint64_t needed, allowed;
};
const struct replay_op *replay_op_find(const char *name, size_t len);

int command_read(struct command *c, const char *line, size_t len, struct err *e);
const char *command_name(const struct command *c, enum field f);	/* "" when absent */
uint64_t command_number(const struct command *c, enum field f, uint64_t absent);

int replay_dump(struct replay *r, const struct command *c, struct err *e);

#endif
