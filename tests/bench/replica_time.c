/* Times a replica that is given lives of tasks (request, match, initialize, assign, complete) as a keeper is: entries per second in batches of 8 and of 1000, beside what opening
 * the same entries costs alone (spelling and signature); then where the time goes, in the real path through a clock (--wrap), and what accepting a checkpoint costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "bench/lives.h"
#include "bench/sides.h"
#include "book/book_inner.h"
#include "host/replica.h"

#define CHAIN 200u	/* lives appended in one commit */
#define CHECKS 200u

static struct world *w;
static struct buf *notes;
static struct book_item *items;
static size_t count;
static unsigned rounds = 7;
static char dir[PATH_MAX];

/* ---- stages ---- */

#define STAGES(X) \
	X(OPEN, "spelling and signatures checked") \
	X(KNOWN, "looked up by id") \
	X(APPLY, "rules, money and rows") \
	X(INSERT, "entries and tree written") \
	X(COMMIT, "beginning and commit") \
	X(REST, "the rest")
enum stage {
#define X(id, what) STAGE_##id,
	STAGES(X)
#undef X
	STAGE_COUNT
};
#include "bench/stages.h"

CLOCKED(OPEN, entry_open, (struct entry *x, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e), (x, bytes, len, text_len, e))
CLOCKED(KNOWN, book_entry_known, (struct book *b, const uint8_t id[static ID_BYTES], uint64_t *at, struct err *e), (b, id, at, e))
CLOCKED(APPLY, book_apply, (struct book *b, const struct entry *x, const struct book_applied *at, struct err *e), (b, x, at, e))
CLOCKED(INSERT, book_entry_insert, (struct book *b, const uint8_t id[static ID_BYTES], const void *bytes, size_t len, struct err *e), (b, id, bytes, len, e))
CLOCKED(INSERT, book_head_store, (struct book *b, struct err *e), (b, e))
CLOCKED(COMMIT, store_begin, (struct store *s, struct err *e), (s, e))
CLOCKED(COMMIT, store_end, (struct store *s, int so_far, struct err *e), (s, so_far, e))

/* ---- the book ---- */

static void lives_append(size_t n, const uint8_t result[static 32])
{
	static struct buf chain[CHAIN * LIFE];
	static struct book_item list[CHAIN * LIFE];
	struct err e = { .code = ERR_NONE };
	for (size_t i = 0; i < n; i++)
		life_sign(w, chain + i * LIFE, result);
	for (size_t i = 0; i < n * LIFE; i++)
		list[i] = (struct book_item){ chain[i].data, chain[i].len };
	must(book_append(w->m.b, list, n * LIFE, NULL, &e) == 0, "append", &e);
	for (size_t i = 0; i < n * LIFE; i++)
		buf_done(&chain[i]);
}

static int note_take(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	(void)ctx;
	notes[index] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (buf_add(&notes[index], bytes, len, e) < 0)
		return -1;
	items[index] = (struct book_item){ notes[index].data, notes[index].len };
	return 0;
}

static void book_make(size_t lives)
{
	uint64_t size;
	uint8_t result[32];
	struct err e = { .code = ERR_NONE };
	w = lives_market(1000000 * RLC, result);
	for (size_t n; lives; lives -= n) {
		n = lives < CHAIN ? lives : CHAIN;
		lives_append(n, result);
	}
	must(book_size(w->m.b, &size, &e) == 0, "size", &e);
	count = (size_t)size;
	notes = calloc(count, sizeof *notes);
	items = calloc(count, sizeof *items);
	must(notes && items && book_entries(w->m.b, 0, size, note_take, NULL, &e) == 0, "read", &e);
}

/* ---- sides ---- */

struct work { bool follow, memory; size_t batch; };

static double follow(const struct work *x, struct book **kept)
{
	struct book *b;
	struct err e = { .code = ERR_NONE };
	scratch_remove(dir);
	must(replica_open(&b, x->memory ? NULL : dir, book_origin(w->m.b), book_operator(w->m.b), &e) == 0, "open", &e);
	double begun = now_ns();
	for (size_t i = 0; i < count; i += x->batch)
		must(replica_add(b, items + i, i + x->batch < count ? x->batch : count - i, &e) == 0, "add", &e);
	double took = now_ns() - begun;
	if (kept)
		*kept = b;
	else
		replica_close(b);
	return took;
}

static double open_alone(void)
{
	struct err e = { .code = ERR_NONE };
	double begun = now_ns();
	for (size_t i = 0; i < count; i++)
		must(entry_open(&en, items[i].bytes, items[i].len, NULL, &e) == 0, "entry", &e);
	return now_ns() - begun;
}

static void sides_run(void)
{
	struct side sides[] = { { .name = "entries opened: spelling and signatures alone" }, { .name = "replica, batches of 8" }, { .name = "again (A/A)" },
		{ .name = "replica, batches of 1000" }, { .name = "replica in memory, batches of 1000" } };
	static const struct work works[] = { { false, false, 1 }, { true, false, 8 }, { true, false, 8 }, { true, false, 1000 }, { true, true, 1000 } };
	const size_t n = sizeof sides / sizeof *sides;
	for (unsigned round = 0; round < rounds; round++)
		for (size_t k = 0; k < n; k++) {
			size_t i = (k + round) % n;
			sides[i].per_s[round] = (double)count * 1e9 / (works[i].follow ? follow(&works[i], NULL) : open_alone());
		}
	printf("%zu entries of whole lives of tasks:\n", count);
	sides_print(sides, n, 0, rounds, "/s");
	for (size_t i = 1; i < n; i++)
		printf("  %s: %.1f us an entry beside its signature\n", sides[i].name, 1e6 / sides[i].per_s[rounds / 2] - 1e6 / sides[0].per_s[rounds / 2]);
}

static void stages(size_t batch)
{
	static const char *const what[] = {
#define X(id, text) text,
		STAGES(X)
#undef X
	};
	static double us[STAGE_COUNT][ROUNDS_MAX], whole[ROUNDS_MAX];
	const struct work x = { true, false, batch };
	for (unsigned round = 0; round < rounds; round++) {
		memset(stage_ns, 0, sizeof stage_ns);
		staged = true;
		double total = follow(&x, NULL), sum = 0;
		staged = false;
		for (size_t i = 0; i < STAGE_COUNT; i++)
			sum += stage_ns[i];
		stage_ns[STAGE_REST] = total - sum;
		whole[round] = total / (double)count / 1e3;
		for (size_t i = 0; i < STAGE_COUNT; i++)
			us[i][round] = stage_ns[i] / (double)count / 1e3;
	}
	printf("where the time of an entry goes, batches of %zu (n %u, median %.1f us, with the clock's own):\n", batch, rounds, middle(whole, rounds));
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		double m = middle(us[i], rounds);
		printf("  %-58s median %5.1f us  (%.1f–%.1f)\n", what[i], m, us[i][0], us[i][rounds - 1]);
	}
}

/* Each of an entry more, as it is when a task is begun. */
static void checks(void)
{
	static double accept[CHECKS];
	const struct work all = { true, false, 1000 };
	struct book *b;
	struct err e = { .code = ERR_NONE };
	(void)follow(&all, &b);
	for (size_t i = 0; i < CHECKS; i++) {
		struct buf note, checkpoint = BUF_INIT(CHECKPOINT_NOTE_MAX);
		struct merkle_hash root;
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[ADA], 1);
		book_make_sign(&en, w->m.operator, &note, NULL);
		const struct book_item item = { note.data, note.len };
		must(book_append_one(w->m.b, &note, NULL, &e) == 0 && book_checkpoint(w->m.b, &checkpoint, &e) == 0, "grow", &e);
		must(replica_add(b, &item, 1, &e) == 0, "add", &e);
		double begun = now_ns();
		must(replica_check(b, checkpoint.data, checkpoint.len, &root, &e) == 0, "check", &e);
		accept[i] = (now_ns() - begun) / 1e3;
		buf_done(&note);
		buf_done(&checkpoint);
	}
	double m = middle(accept, CHECKS);
	printf("a checkpoint accepted, on disk: n %u  median %.0f us  (%.0f–%.0f)\n", CHECKS, m, accept[0], accept[CHECKS - 1]);
	replica_close(b);
}

int main(int argc, char **argv)
{
	unsigned lives = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000;
	void *state;
	rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
	if (rounds == 0 || rounds > ROUNDS_MAX || lives == 0)
		return 2;
	scratch_make(dir);
	book_make(lives);
	sides_run();
	stages(8);
	stages(1000);
	checks();
	for (size_t i = 0; i < count; i++)
		buf_done(&notes[i]);
	free(notes);
	free(items);
	scratch_remove(dir);
	state = w;
	return host_make_teardown(&state);
}
