/* Times a warm task on 1 KiB of sealed data whose key the keeper process releases: evidence, checks, a key.release in the book, and only then the header; once under a plain grant,
 * once under a policy. Held against the same task in the same zygote with the key made anew in this process, which is what a box costs without a keeper (bench box). Each
 * round does every side once; "again" is the first side a second time.
 *
 *	keeper_time HOME ROUNDS		HOME has open tasks on data called `plain` and `ruled`, ROUNDS of each and one more (the script makes them)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/sealed.h"
#include "bench/sides.h"
#include "host/host.h"
#include "node/work.h"
#include "seal/crypto.h"
#include "trust/attest.h"
#include "trust/keeper_wire.h"

#define TASKS_MAX (2 * ROUNDS_MAX + 2)

enum side_of { HERE, HERE_AGAIN, PLAIN, RULED, SIDES };
static const char *const names[SIDES] = { "warm task, its key released in this process", "the same, again (A/A)", "warm task, through the keeper", "the same, under a policy" };

/* ---- stages of a release, as the asker sees them ---- */

#define STAGES(X) \
	X(CHECKPOINT, "checkpoints signed, for two looks at the book") \
	X(SHOW, "wait for the keeper: entries and checkpoint taken up, nonce") \
	X(EVIDENCE, "evidence signed") \
	X(JUDGE, "wait: evidence, grant, policy box, entry signed") \
	X(COMMIT, "commit: key.release in the book") \
	X(TAKE, "wait: that entry taken up, and the header for the box") \
	X(OTHER, "else")
enum stage {
#define X(id, what) STAGE_##id,
	STAGES(X)
#undef X
	STAGE_COUNT
};
static const char *const stage_names[] = {
#define X(id, what) what,
	STAGES(X)
#undef X
};
static double stage_us[STAGE_COUNT];
static enum stage asked;	/* what the keeper is being asked */

#define CLOCKED(stage, name, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		uint64_t begun = os_now_us(); \
		int r = __real_##name arguments; \
		stage_us[stage] += (double)(os_now_us() - begun); \
		return r; \
	}
CLOCKED(STAGE_CHECKPOINT, book_checkpoint_passing, (struct book *b, struct buf *note, struct err *e), (b, note, e))
CLOCKED(asked, keeper_message_receive, (int socket, struct keeper_message *m, bool *end, struct err *e), (socket, m, end, e))
CLOCKED(STAGE_COMMIT, book_append, (struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e), (b, items, n, indices, e))
CLOCKED(STAGE_EVIDENCE, attest_evidence, (const char *provider, const struct attest_subject *x, const struct identity *worker, struct buf *out, struct err *e),
	(provider, x, worker, out, e))

int __real_keeper_message_begin(struct buf *out, enum keeper_kind kind, struct err *e);
int __wrap_keeper_message_begin(struct buf *out, enum keeper_kind kind, struct err *e);
int __wrap_keeper_message_begin(struct buf *out, enum keeper_kind kind, struct err *e)
{
	asked = kind == KEEPER_FOLLOW || kind == KEEPER_CHECK || kind == KEEPER_NONCE ? STAGE_SHOW : kind == KEEPER_RELEASE ? STAGE_JUDGE :
		kind == KEEPER_TAKE ? STAGE_TAKE : STAGE_OTHER;
	return __real_keeper_message_begin(out, kind, e);
}

/* ---- the task ---- */

struct bench {
	struct book *book;
	struct box_zygote *z;
	struct keeper_link *keeper;
	struct identity *worker, *manager;
	struct iapp *app;
	struct store_data data[2];
	char tasks[2][TASKS_MAX][ID_TEXT];
	size_t n[2], done[2];
	struct sealed sealed;	/* of the side without a keeper */
};

static void here(struct bench *b)
{
	const struct iapp_file *main_lua = NULL;
	for (size_t i = 0; i < b->app->n_files; i++)
		if (!strcmp(b->app->files[i].path, "main.lua"))
			main_lua = &b->app->files[i];
	must(main_lua != NULL, "main.lua", NULL);
	struct box_file files[] = { { { "main.lua", 8 }, { (const char *)main_lua->bytes, main_lua->len } } };
	struct box_input inputs[] = { { BOX_INPUT_DATA, { "d", 1 }, { "d", 1 }, b->sealed.len } };
	struct box_request q = { .task = { "t", 1 }, .app_name = { "reader", 6 }, .app_version = { "1.0.0", 5 }, .entry = { "main.lua", 8 }, .memory = MIB(64), .output = MIB(1),
		.cpu_ms = 5000, .n_recipients = 1, .files = files, .n_files = 1, .inputs = inputs, .n_inputs = 1 };
	const struct box_task t = { .request = &q, .wall_ms = 10000, .result = sealed_result_drop, .input_fds = &b->sealed.fd, .release = sealed_release, .ctx = &b->sealed };
	struct box_outcome out;
	struct err e = { .code = ERR_NONE };
	x25519_public(q.recipients[0], (const uint8_t[32]){ 1 });
	must(box_run(b->z, &t, &out, &e) == 0 && out.done.status == BOX_OK, "a task without a keeper", &e);
}

static void assign(struct bench *b, const char *task)
{
	struct entry *en = malloc(sizeof *en);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e = { .code = ERR_NONE };
	must(en && book_draft(b->book, en, ENTRY_TASK_ASSIGN_TYPE, &e) == 0, "draft", &e);
	(void)snprintf(en->task_assign.task, ID_TEXT, "%s", task);
	memcpy(en->task_assign.worker, identity_public(b->worker), 32);
	en->task_assign.until = (uint64_t)en->time + 200;
	must(entry_sign(en, b->manager, &note, &e) == 0 && book_append_one(b->book, &note, NULL, &e) == 0, "task.assign", &e);
	free(en);
	buf_done(&note);
}

/* Returns how long it took; the worker was sent before. */
static double kept(struct bench *b, size_t which)
{
	const struct store_data *list[] = { &b->data[which] };
	struct work w = { .app = b->app, .data = list, .n_data = 1, .seed = "", .has_salt = true, .worker = b->worker };
	const char *task = b->tasks[which][b->done[which]++];
	struct work_result out;
	struct err e = { .code = ERR_NONE };
	x25519_public(w.beneficiary, (const uint8_t[32]){ 1 });
	assign(b, task);
	memset(stage_us, 0, sizeof stage_us);
	uint64_t begun = os_now_us();
	must(work_run(book_store(b->book), b->keeper, b->z, &w, task, &out, &e) == 0, "a task", &e);
	double us = (double)(os_now_us() - begun);
	must(out.box.done.status == BOX_OK, "the box", NULL);
	return us;
}

static int task_take(void *ctx, const struct store_task *t, struct err *e)
{
	struct bench *b = ctx;
	(void)e;
	for (size_t i = 0; i < 2; i++)
		if (!strcmp(t->status, "RUNNING") && !strcmp(buf_text(&t->data), b->data[i].id) && b->n[i] < TASKS_MAX)
			(void)snprintf(b->tasks[i][b->n[i]++], ID_TEXT, "%s", t->id);
	return 0;
}

static void open_all(struct bench *b, const char *home)
{
	struct err e = { .code = ERR_NONE };
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct store_app row;
	const struct keeper_link_options keeper = { .home = home, .program = getenv("KEEPER"), .enclave = getenv("ENCLAVE") };
	const struct box_options box = { .enclave = getenv("ENCLAVE") };
	must(crypto_init(&e) == 0 && host_open(&b->book, home, false, &e) == 0, "the home", &e);
	struct store *s = book_store(b->book);
	must(book_worker_open(b->book, &b->worker, &e) == 0 && host_manager_open(b->book, &b->manager, &e) == 0, "keys", &e);
	must(store_data_find(s, "plain", NULL, &b->data[0], &e) == 0 && store_data_find(s, "ruled", NULL, &b->data[1], &e) == 0, "data", &e);
	must(store_app_find(s, "reader", &row, &e) == 0 && store_blob_read(s, row.blob, &bytes, &e) == 0 && iapp_open(&b->app, bytes.data, bytes.len, NULL, &e) == 0, "iApp", &e);
	must(store_task_each(s, task_take, b, &e) == 0, "tasks", &e);
	must(box_zygote_start(&b->z, &box, &e) == 0 && keeper_link_new(&b->keeper, &keeper, b->book, &e) == 0, "keeper", &e);
	must(sealed_make(&b->sealed, &e) == 0, "data", &e);
	buf_done(&bytes);
}

static void stages_print(double all[STAGE_COUNT][ROUNDS_MAX], const char *name, unsigned rounds)
{
	printf("  of a release, %s, medians:\n", name);
	for (size_t s = 0; s < STAGE_COUNT; s++)
		printf("    %-52s %7.0f us\n", stage_names[s], middle(all[s], rounds));
}

int main(int argc, char **argv)
{
	static struct bench b;
	static struct side sides[SIDES];
	static double stages[2][STAGE_COUNT][ROUNDS_MAX];
	unsigned rounds = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	must(rounds > 0 && rounds <= ROUNDS_MAX, "keeper_time HOME ROUNDS", NULL);
	open_all(&b, argv[1]);
	must(b.n[0] > rounds && b.n[1] > rounds, "as many open tasks as rounds, and one more", NULL);
	for (size_t i = 0; i < SIDES; i++)
		sides[i].name = names[i];
	here(&b);	/* warm: zygote, keeper, its boxes for policies */
	(void)kept(&b, 0);
	(void)kept(&b, 1);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < SIDES; i++) {
			uint64_t begun = os_now_us();
			if (i < PLAIN) {
				here(&b);
				sides[i].per_s[r] = (double)(os_now_us() - begun);
				continue;
			}
			sides[i].per_s[r] = kept(&b, i - PLAIN);
			for (size_t s = 0; s < STAGE_COUNT; s++)
				stages[i - PLAIN][s][r] = stage_us[s];
		}
	sides_print(sides, SIDES, HERE, rounds, "us");
	stages_print(stages[0], "plain grant", rounds);
	stages_print(stages[1], "policy", rounds);
	keeper_link_free(b.keeper);
	box_zygote_stop(b.z);
	book_close(b.book);
	return 0;
}
