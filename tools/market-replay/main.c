/* market-replay: one JSON command per line from standard input to an empty market in memory, one JSON result per line to standard output (PROTOCOL, "Replay
 * program"). The rules are the objects of the host, so that anyone can hold them against another implementation.
 *
 *	-w	a refusal also says why in words
 *
 * Exit status: 0; 5 when a line was no command; 1 when the market itself failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "replay.h"
#include "seal/crypto.h"

#define LINE_MAX_BYTES KIB(64)	/* one command; its strings are bounded anyway */
#define OUT_BYTES MIB(1024)	/* one result: a dump of some millions of rows */

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

/* 1: a command; 0: the line is empty; −1: no command, and the result says so. */
static int line_read(struct replay *r, const char *line, size_t len, struct buf *out, bool words, struct err *e)
{
	if (len == 0)
		return 0;
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
	fprintf(stderr, "market-replay: line %llu: %s\n", (unsigned long long)r->line, e->msg);
	json_write_init(&r->result, out, &ignored);
	refusal_write(&r->result, "invalid", words ? e->msg : NULL);
	return -1;
}

static int lines_run(struct replay *r, bool words, int *status, struct err *e)
{
	struct buf out = BUF_INIT(OUT_BYTES);
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int done = 0;
	while (done == 0 && (n = getline(&line, &size, stdin)) >= 0) {
		r->line++;
		while (n > 0 && strchr("\r\n\t ", line[n - 1]))
			n--;
		int command = line_read(r, line, (size_t)n, &out, words, e);
		if (command < 0)
			*status = err_exit(ERR_INVALID);
		if (command > 0)
			done = command_run(r, &out, words, e);
		if (command && done == 0)
			done = buf_add_text(&out, "\n", e) < 0 || fwrite(out.data, 1, out.len, stdout) < out.len ? -1 : 0;
		buf_clear(&out);
	}
	free(line);
	buf_done(&out);
	return done;
}

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

static int replay_open(struct replay *r, struct err *e)
{
	if (crypto_init(e) < 0 || market_memory_new(&r->rows, e) < 0 || ledger_memory_new(&r->money, e) < 0)
		return -1;
	r->forgetful = *ledger_memory_backend(r->money);
	r->forgetful.transfer_get = transfer_get;
	r->forgetful.transfer_put = transfer_put;
	return market_init(&r->market, market_memory_backend(r->rows), &r->forgetful, e);
}

int main(int argc, char **argv)
{
	struct replay *r = calloc(1, sizeof *r);
	struct err e = { 0 };
	bool words = argc == 2 && strcmp(argv[1], "-w") == 0;
	int status = 0;
	if (argc > 1 && !words) {
		fprintf(stderr, "usage: market-replay [-w] < SCENARIO.jsonl\n");
		free(r);
		return err_exit(ERR_USAGE);
	}
	if (!r || replay_open(r, &e) < 0 || lines_run(r, words, &status, &e) < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "market-replay: line %llu: %s\n", r ? (unsigned long long)r->line : 0, r && e.msg[0] ? e.msg : "out of memory or output gone");
		status = err_exit(ERR_INTERNAL);
	}
	if (r) {
		market_memory_free(r->rows);
		ledger_memory_free(r->money);
	}
	free(r);
	return status;
}
