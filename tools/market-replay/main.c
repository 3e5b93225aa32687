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

#include "base/limits.h"
#include "replay.h"

#define OUT_BYTES MIB(1024)	/* one result: a dump of some millions of rows */

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
		if (n == 0)
			continue;
		int command = replay_line(r, line, (size_t)n, words, &out, e);
		if (command == 0) {
			fprintf(stderr, "market-replay: line %llu: %s\n", (unsigned long long)r->line, e->msg);
			*status = err_exit(ERR_INVALID);
		}
		done = command < 0 || buf_add_text(&out, "\n", e) < 0 || fwrite(out.data, 1, out.len, stdout) < out.len ? -1 : 0;
		buf_clear(&out);
	}
	free(line);
	buf_done(&out);
	return done;
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
	if (r)
		replay_close(r);
	free(r);
	return status;
}
