/* Questions to a keeper that follows a small book with people, data, grants and tasks in it, by an asker who owns the machine: any kinds in any order, items that name what is there
 * and items that are bytes. Evidence counts as good here (attest_verify is wrapped), so that the rules behind it are reached. Whatever is asked: an answer or a refusal that is a
 * message; entries that nobody signed change nothing; a key is promised to the worker who was sent, for tasks whose grants hold, and for no other; nothing is handed over that
 * the book does not say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../core/trust/keeper.c"
#include "../../core/trust/keeper_serve.c"
#include "../../core/trust/keeper_wire.c"
#include "form/iapp_list.h"
#include "unit/release_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int __wrap_attest_verify(const uint8_t *evidence, size_t len, const struct attest_subject *s, const struct attest_references *r, int64_t now, struct attest_claims *out,
	struct err *e);

static void require(int condition)
{
	if (!condition)
		abort();
}

int __wrap_attest_verify(const uint8_t *evidence, size_t len, const struct attest_subject *s, const struct attest_references *r, int64_t now, struct attest_claims *out,
	struct err *e)
{
	(void)r;
	(void)now;
	if (len > 0 && evidence[0] == 'x')
		return err_set(e, ERR_DENIED, "not accepted");
	*out = (struct attest_claims){ .level = ATTEST_SOFTWARE, .provider = "software" };
	memcpy(out->measurement, s->measurement, 32);
	return 0;
}

static struct world *world;
static struct keeper_process keeper_process;
static struct buf checkpoint_note = BUF_INIT(CHECKPOINT_NOTE_MAX), list = BUF_INIT(KIB(4)), some_entry = BUF_INIT(ENTRY_BYTES_MAX);
static const char yaml[] = "api: 1\nname: hello\nversion: 1.0.0\nentry: main.lua\n", lua[] = "-- 1\nreturn function(task) end\n";
static uint8_t zero[8], index_last[8], measurement[32] = { 7 }, box[32] = { 9 };

struct named { const void *at; size_t len; };
#define NAMES_MAX 64u
static struct named names[NAMES_MAX];
static size_t n_names;

static void name_add(const void *at, size_t len)
{
	require(n_names < NAMES_MAX);
	names[n_names++] = (struct named){ at, len };
}

static void names_make(void)
{
	const struct trial *trials[] = { &x.plain, &x.done, &x.strict, &x.revoked, &x.given, &x.ruled, &x.twice, &x.bulk };
	for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
		name_add(trials[i]->task, strlen(trials[i]->task));
		name_add(trials[i]->grant, strlen(trials[i]->grant));
		name_add(trials[i]->request, strlen(trials[i]->request));
	}
	name_add(identity_public(world->who[W1]), 32);
	name_add(identity_public(world->who[W2]), 32);
	name_add(box, 32);
	name_add(measurement, 32);
	name_add(list.data, list.len);
	name_add(yaml, sizeof yaml - 1);
	name_add(checkpoint_note.data, checkpoint_note.len);
	name_add(some_entry.data, some_entry.len);
	name_add(zero, 8);
	name_add(index_last, 8);
	name_add(book_origin(world->m.b), strlen(book_origin(world->m.b)));
	name_add(book_operator(world->m.b), 32);
	name_add("match", 5);
	name_add("run", 3);
	name_add("key_release", 11);
	name_add("", 0);
}

static int given(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	const struct book_item item = { bytes, len };
	(void)ctx;
	if (index == 5)
		require(buf_add(&some_entry, bytes, len, e) == 0);
	return replica_add(keeper_process.replica, &item, 1, e);
}

static void world_end(void)
{
	void *state = world;
	replica_close(keeper_process.replica);
	(void)host_make_teardown(&state);
}

static void connection_make(struct keeper_connection *c)
{
	memset(c, 0, sizeof *c);
	c->fd = -1;
	c->told = true;
	keeper_process.at = c;
}

/* A question by the input: its kind, how many items, and each: a name, or bytes. */
static const uint8_t *question_make(struct buf *out, const uint8_t *at, const uint8_t *end)
{
	const enum keeper_kind kind = (enum keeper_kind)(at[0] % 11);
	unsigned n = at[1] % 9;
	at += 2;
	require(keeper_message_begin(out, kind, NULL) == 0);
	for (; n && at < end; n--) {
		unsigned what = *at++;
		if (what < 200) {
			const struct named *name = &names[what % n_names];
			require(keeper_message_add(out, name->at, name->len, NULL) == 0);
		} else {
			size_t len = what - 200 < (size_t)(end - at) ? what - 200 : (size_t)(end - at);
			require(keeper_message_add(out, at, len, NULL) == 0);
			at += len;
		}
	}
	return at;
}

static bool item_is(const struct keeper_message *m, size_t i, const void *bytes, size_t len)
{
	return i < m->n && m->items[i].len == len && memcmp(m->items[i].at, bytes, len) == 0;
}

static void promise_check(const struct keeper_message *m)
{
	const struct trial *never[] = { &x.strict, &x.revoked, &x.given };
	require(item_is(m, 1, identity_public(world->who[W1]), 32));
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		require(!item_is(m, 0, never[i]->task, strlen(never[i]->task)));
}

static void ask(struct buf *question)
{
	struct keeper_message m = KEEPER_MESSAGE_INIT, back = KEEPER_MESSAGE_INIT;
	struct keeper_process *p = &keeper_process;
	struct err why = { .code = ERR_NONE };
	const uint64_t size = replica_size(p->replica);
	require(buf_add(&m.bytes, question->data + 4, question->len - 4, NULL) == 0 && items_split(&m, NULL) == 0);
	buf_clear(&p->entries);
	require(keeper_message_begin(&p->out, KEEPER_ANSWER, NULL) == 0);
	int r = answer(p, &m, &why);
	if (r < 0) {
		require(why.code != ERR_NONE && why.code != ERR_INTERNAL && why.msg[0]);
		require(no(p, &why, NULL) == 0);
	} else {
		require(m.kind != KEEPER_TAKE);	/* no key.release of the input's stands in the book */
		if (m.kind == KEEPER_RELEASE)
			promise_check(&m);
	}
	require(buf_add(&back.bytes, p->out.data + 4, p->out.len - 4, NULL) == 0 && items_split(&back, NULL) == 0);
	require(back.kind == (r < 0 ? KEEPER_NO : KEEPER_ANSWER));
	require(replica_size(p->replica) == size);
	keeper_message_done(&m);
	keeper_message_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf question = BUF_INIT(KEEPER_MESSAGE_BYTES);
	struct keeper_connection c;
	static const uint8_t entropy[32] = { 6 };
	const uint8_t *at = data, *end = data + size;
	struct buf first = BUF_INIT(KIB(64));
	crypto_random_seed(entropy);
	connection_make(&c);
	keeper_process.sound = false;
	for (unsigned n = 0; n < 16 && end - at >= 2; n++) {
		if (n == 0 && at[0] & 128) {	/* an asker who has shown the book, as nearly all do */
			require(keeper_message_begin(&first, KEEPER_CHECK, NULL) == 0 && keeper_message_add(&first, checkpoint_note.data, checkpoint_note.len, NULL) == 0);
			ask(&first);
			require(c.checked && keeper_process.sound);
		}
		at = question_make(&question, at, end);
		ask(&question);
	}
	keeper_promise_done(&c.promise);
	buf_done(&question);
	buf_done(&first);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct keeper keys;
	static const struct keeper_service service;
	uint8_t hash[32];
	uint64_t size;
	void *state = NULL;
	(void)argc;
	(void)argv;
	require(release_setup(&state) == 0);
	world = state;
	keys.identity = world->who[KEEPER];
	keeper_process = (struct keeper_process){ .o = &service, .listening = -1, .lock = -1, .keys = &keys, .out = BUF_INIT(KEEPER_MESSAGE_BYTES), .entries = BUF_INIT(MIB(8)) };
	keeper_process.en = malloc(sizeof *keeper_process.en);
	require(keeper_process.en && replica_open(&keeper_process.replica, NULL, book_origin(world->m.b), book_operator(world->m.b), NULL) == 0);
	require(book_size(world->m.b, &size, NULL) == 0 && book_entries(world->m.b, 0, size, given, NULL, NULL) == 0);
	require(book_checkpoint(world->m.b, &checkpoint_note, NULL) == 0);
	memcpy(index_last, &size, 8);
	sha256(hash, yaml, sizeof yaml - 1);
	require(iapp_list_add(&list, hash, "iapp.yaml", NULL) == 0);
	sha256(hash, lua, sizeof lua - 1);
	require(iapp_list_add(&list, hash, "main.lua", NULL) == 0);
	names_make();
	(void)atexit(world_end);
	return 0;
}
