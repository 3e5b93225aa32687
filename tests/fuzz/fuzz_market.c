/* The market and the reader of its scenarios. The first byte chooses: the rest is lines as they come, or each three bytes choose a command and its words from a
 * small world in which everything meets everything. Whatever comes, the market itself never fails, and the books balance (a dump checks them).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_BYTES MIB(16)
#define DUMP_EVERY 8u

static void line_do(struct replay *r, const char *line, size_t len, struct buf *out)
{
	struct err e = { 0 };
	if (len == 0)
		return;
	r->line++;
	if (replay_line(r, line, len, true, out, &e) < 0) {
		fprintf(stderr, "the market failed at %.*s: %s\n", (int)len, line, e.msg);
		abort();
	}
	buf_clear(out);
}

static void dump_do(struct replay *r, struct buf *out)
{
	line_do(r, "{\"op\":\"dump\"}", 13, out);
}

/* %p a person, %w a worker, %n a number, %s a small one, %t now, %o an order for what comes before it, %i a task. */
static const char *const templates[] = {
	"{\"op\":\"deposit\",\"who\":\"%p\",\"amount\":%n}",
	"{\"op\":\"withdraw\",\"who\":\"%p\",\"amount\":%n}",
	"{\"op\":\"order\",\"id\":\"a%s\",\"kind\":\"app\",\"signer\":\"%p\",\"app\":\"app\",\"price\":%s,\"volume\":%s}",
	"{\"op\":\"order\",\"id\":\"d%s\",\"kind\":\"data\",\"signer\":\"%p\",\"data\":\"data\",\"price\":%s,\"volume\":%s,\"restrict\":{\"requester\":\"%p\"}}",
	"{\"op\":\"order\",\"id\":\"p%s\",\"kind\":\"pool\",\"signer\":\"%p\",\"pool\":\"pool\",\"price\":%n,\"trust\":%s,\"volume\":%n}",
	"{\"op\":\"order\",\"id\":\"r%s\",\"kind\":\"request\",\"signer\":\"%p\",\"app\":\"app\",\"maxAppPrice\":99,\"maxPoolPrice\":%n,\"trust\":%s,\"volume\":%n}",
	("{\"op\":\"order\",\"id\":\"r%s\",\"kind\":\"request\",\"signer\":\"%p\",\"app\":\"app\",\"data\":\"data\",\"maxAppPrice\":99,\"maxDataPrice\":99,"
		"\"maxPoolPrice\":%n,\"trust\":%s,\"payer\":\"%p\",\"callback\":true}"),
	"{\"op\":\"match\",\"app\":\"a%s\",\"pool\":\"p%s\",\"request\":\"r%s\",\"now\":%t,\"deal\":\"D%s\"}",
	"{\"op\":\"match\",\"app\":\"a%s\",\"data\":\"d%s\",\"pool\":\"p%s\",\"request\":\"r%s\",\"payer\":\"%p\",\"now\":%t,\"deal\":\"D%s\"}",
	"{\"op\":\"explain\",\"app\":\"a%s\",\"data\":\"d%s\",\"pool\":\"p%s\",\"request\":\"r%s\",\"now\":%t}",
	"{\"op\":\"initialize\",\"deal\":\"D%s\",\"index\":%s,\"now\":%t,\"task\":\"t%s\"}",
	"{\"op\":\"contribute\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"%x\",\"now\":%t}",
	"{\"op\":\"contribute\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"1\",\"now\":%t}",
	"{\"op\":\"contributeAndFinalize\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"1\",\"now\":%t}",
	"{\"op\":\"contributeAndFinalize\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"1\",\"callbackData\":\"1\",\"now\":%t}",
	"{\"op\":\"reveal\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"1\",\"now\":%t}",
	"{\"op\":\"reveal\",\"task\":\"t%s\",\"worker\":\"%w\",\"digest\":\"%x\",\"now\":%t}",
	"{\"op\":\"reopen\",\"task\":\"t%s\",\"by\":\"%p\",\"now\":%t}",
	"{\"op\":\"finalize\",\"task\":\"t%s\",\"by\":\"%p\",\"now\":%t}",
	"{\"op\":\"claim\",\"task\":\"t%s\",\"now\":%t}",
	"{\"op\":\"cancel\",\"order\":\"p%s\"}",
	"{\"op\":\"transfer\",\"asset\":\"pool\",\"to\":\"%p\"}",
	"{\"op\":\"policy\",\"pool\":\"pool\",\"workerStakeRatio\":%n,\"schedulerRatio\":%s}",
	"{\"op\":\"score\",\"who\":\"%w\",\"value\":%n}",
};
#define TEMPLATES (sizeof templates / sizeof *templates)

static const char *const numbers[] = { "0", "1", "2", "3", "10", "33", "100", "1000", "1000000000", "3333333334", "1000000000000", "4611686018427387903",
	"4611686018427387904", "9223372036854775807", "18446744073709551615", "7" };

/* A little of each byte for each place, so that one byte that changes changes little. */
static size_t template_fill(char *out, size_t max, const char *t, const uint8_t bytes[3], uint64_t now)
{
	static const char *const people[] = { "ann", "bob", "cay", "ann" }, *const workers[] = { "w1", "w2", "w3", "ann" };
	uint32_t rest = bytes[1] | (uint32_t)bytes[2] << 8;
	size_t n = 0;
	for (; *t && n + 24 < max; t++) {
		if (*t != '%') {
			out[n++] = *t;
			continue;
		}
		switch (*++t) {
		case 'p': n += (size_t)snprintf(out + n, max - n, "%s", people[rest % 4]); rest /= 4; break;
		case 'w': n += (size_t)snprintf(out + n, max - n, "%s", workers[rest % 4]); rest /= 4; break;
		case 'n': n += (size_t)snprintf(out + n, max - n, "%s", numbers[rest % 16]); rest /= 16; break;
		case 't': n += (size_t)snprintf(out + n, max - n, "%llu", (unsigned long long)now); break;
		default: n += (size_t)snprintf(out + n, max - n, "%u", rest % 4); rest /= 4; break;
		}
	}
	return n;
}

static void world_begin(struct replay *r, struct buf *out)
{
	static const char *const first[] = {
		"{\"op\":\"category\",\"time\":10}",
		"{\"op\":\"app\",\"id\":\"app\",\"owner\":\"ann\"}",
		"{\"op\":\"data\",\"id\":\"data\",\"owner\":\"bob\"}",
		"{\"op\":\"pool\",\"id\":\"pool\",\"owner\":\"cay\"}",
		"{\"op\":\"deposit\",\"who\":\"ann\",\"amount\":100000}",
		"{\"op\":\"deposit\",\"who\":\"cay\",\"amount\":100000}",
		"{\"op\":\"deposit\",\"who\":\"w1\",\"amount\":1000}",
		"{\"op\":\"deposit\",\"who\":\"w2\",\"amount\":1000}",
		"{\"op\":\"order\",\"id\":\"a0\",\"kind\":\"app\",\"signer\":\"ann\",\"app\":\"app\",\"price\":1,\"volume\":1000}",
		"{\"op\":\"order\",\"id\":\"d0\",\"kind\":\"data\",\"signer\":\"bob\",\"data\":\"data\",\"price\":2,\"volume\":1000}",
		"{\"op\":\"order\",\"id\":\"p0\",\"kind\":\"pool\",\"signer\":\"cay\",\"pool\":\"pool\",\"price\":100,\"volume\":1000,\"trust\":9}",
	};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		line_do(r, first[i], strlen(first[i]), out);
}

static void chosen(struct replay *r, const uint8_t *data, size_t size, struct buf *out)
{
	uint64_t now = 1000;
	char line[512];
	world_begin(r, out);
	for (size_t i = 0; i + 3 <= size; i += 3) {
		now += data[i] / TEMPLATES;
		line_do(r, line, template_fill(line, sizeof line, templates[data[i] % TEMPLATES], data + i, now), out);
		if (i / 3 % DUMP_EVERY == 0)
			dump_do(r, out);
	}
}

static void as_they_come(struct replay *r, const uint8_t *data, size_t size, struct buf *out)
{
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;
		line_do(r, (const char *)data, n, out);
		data += n + (end != NULL);
		size -= n + (end != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct replay r;	/* zero before and after: it is large for a stack */
	struct buf out = BUF_INIT(OUT_BYTES);
	struct err e;
	if (size == 0)
		return 0;
	if (replay_open(&r, &e) < 0)
		abort();
	(data[0] == '{' ? as_they_come : chosen)(&r, data + (data[0] != '{'), size - (data[0] != '{'), &out);
	dump_do(&r, &out);
	replay_close(&r);
	memset(&r, 0, sizeof r);
	buf_done(&out);
	return 0;
}
