/* A scenario in progress: an empty market in memory, and one line after another with its result. Reads and writes no files. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "replay.h"
#include "seal/crypto.h"

#define LINE_MAX_BYTES KIB(64)	/* one command; its strings are bounded anyway */

/* Entries are never replayed twice and nothing is pending, so no transfer is ever looked up: a long scenario fits memory without them. */
static int transfer_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	(void)ctx, (void)id, (void)out, (void)e;
	return 0;
}

static int transfer_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	(void)ctx, (void)t, (void)e;
	return 0;
}

int replay_open(struct replay *r, struct err *e)
{
	if (crypto_init(e) < 0 || market_memory_new(&r->rows, e) < 0 || ledger_memory_new(&r->money, e) < 0)
		return -1;
	r->forgetful = *ledger_memory_backend(r->money);
	r->forgetful.transfer_get = transfer_get;
	r->forgetful.transfer_put = transfer_put;
	return market_init(&r->market, market_memory_backend(r->rows), &r->forgetful, e);
}

void replay_close(struct replay *r)
{
	market_memory_free(r->rows);
	ledger_memory_free(r->money);
}

static void refusal_write(struct json_writer *w, const char *code, const char *words)
{
	json_write_object(w);
	json_write_key(w, "ok");
	json_write_bool(w, false);
	json_write_key(w, "code");
	json_write_text(w, code);
	if (words) {
		json_write_key(w, "words");
		json_write_text(w, words);
	}
	json_write_object_end(w);
}

/* A dump is its object alone; all other results begin with "ok". */
static int command_run(struct replay *r, struct buf *out, bool words, struct err *e)
{
	const struct command *c = &r->command;
	json_write_init(&r->result, out, e);
	json_write_object(&r->result);
	if (c->op->run != replay_dump) {
		json_write_key(&r->result, "ok");
		json_write_bool(&r->result, true);
	}
	r->market.now = (int64_t)command_number(c, F_NOW, 0);
	r->market.entry = r->line;
	r->market.moved = 0;
	r->market.code[0] = '\0';
	if (c->op->run(r, c, e) == 0) {
		json_write_object_end(&r->result);
		return json_write_done(&r->result);
	}
	if (!market_code(&r->market)[0])
		return -1;
	buf_clear(out);
	json_write_init(&r->result, out, e);
	refusal_write(&r->result, market_code(&r->market), words ? e->msg : NULL);
	return json_write_done(&r->result);
}

/* 1: a command; 0: none, and the result says so. */
static int line_read(struct replay *r, const char *line, size_t len, struct buf *out, bool words, struct err *e)
{
	if (len > LINE_MAX_BYTES)
		err_set(e, ERR_LIMIT, "a command has at most %llu bytes", LINE_MAX_BYTES);
	else if (command_read(&r->command, line, len, e) == 0) {
		if (r->command.given & FIELD(NOW) && r->command.at[F_NOW].number > INT64_MAX)
			err_set(e, ERR_INVALID, "\"now\" is after the end of time");
		else if (r->command.given & FIELD(UNTIL) && r->command.at[F_UNTIL].number > INT64_MAX)
			err_set(e, ERR_INVALID, "\"until\" is after the end of time");
		else
			return 1;
	}
	struct err ignored;
	json_write_init(&r->result, out, &ignored);
	refusal_write(&r->result, "invalid", words ? e->msg : NULL);
	return json_write_done(&r->result) < 0 ? -1 : 0;
}

int replay_line(struct replay *r, const char *line, size_t len, bool words, struct buf *out, struct err *e)
{
	int command = line_read(r, line, len, out, words, e);
	if (command <= 0)
		return command;
	return command_run(r, out, words, e) < 0 ? -1 : 1;
}
