/* core/book/witness.c: what a witness signs, what it refuses and how it names that, and that it never signs two histories. The logs here are made by hand.
 * The asking side is test_witness_ask.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "base/text.h"
#include "book/witness.h"
#include "seal/crypto.h"
#include "unit/scratch.h"

#define LEAVES 64u

/* A log that its test can make say anything. */
struct log {
	struct identity *id;
	char origin[NOTE_NAME_BYTES + 1];
	struct merkle_hash hashes[7][LEAVES];	/* of complete subtrees, by level */
	struct merkle_range range;
};
struct home { char path[PATH_MAX]; struct store *s; struct identity *me; };

static int setup(void **state)
{
	struct home *h = calloc(1, sizeof *h);
	struct err e;
	assert_non_null(h);
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(h->path);
	if (store_open(&h->s, h->path, true, &e) < 0 || witness_open(h->path, &h->me, &e) < 0)
		fail_msg("%s", e.msg);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct home *h = *state;
	identity_free(h->me);
	store_close(h->s);
	scratch_remove(h->path);
	free(h);
	return 0;
}

static int hash_keep(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct log *l = ctx;
	(void)e;
	l->hashes[level][index] = *hash;
	return 0;
}

static int hash_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	struct log *l = ctx;
	(void)e;
	*out = l->hashes[level][index];
	return 0;
}

/* Entries `salt`-0 … up to size; the same salt gives the same entries. */
static void log_grow(struct log *l, uint64_t size, const char *salt)
{
	while (l->range.size < size) {
		char text[64];
		struct merkle_hash leaf;
		int n = snprintf(text, sizeof text, "%s-%llu", salt, (unsigned long long)l->range.size);
		merkle_leaf(&leaf, text, (size_t)n);
		assert_int_equal(merkle_range_add(&l->range, &leaf, hash_keep, l, NULL), 0);
	}
}

static struct log *log_new(uint8_t seed, const char *origin)
{
	struct log *l = calloc(1, sizeof *l);
	uint8_t bytes[32];
	assert_non_null(l);
	memset(bytes, seed, sizeof bytes);
	assert_int_equal(identity_from_seed(&l->id, bytes, NULL), 0);
	if (origin)
		(void)snprintf(l->origin, sizeof l->origin, "%s", origin);
	else
		checkpoint_origin_make(l->origin, identity_public(l->id));
	return l;
}

static void log_free(struct log *l)
{
	identity_free(l->id);
	free(l);
}

static void log_note(struct log *l, uint64_t size, struct buf *out)
{
	struct merkle_reader reader = { hash_read, l };
	struct checkpoint c = { .size = size };
	struct buf text = BUF_INIT(KIB(1));
	memcpy(c.origin, l->origin, sizeof c.origin);
	assert_int_equal(merkle_root(&reader, size, &c.root, NULL), 0);
	assert_int_equal(checkpoint_write(&c, &text, NULL), 0);
	assert_int_equal(note_sign(out, buf_text(&text), text.len, l->origin, l->id, NULL), 0);
	buf_done(&text);
}

/* The request of the log as it is, or as it was at a smaller size. */
static void log_request(struct log *l, uint64_t old, uint64_t size, struct buf *out)
{
	struct merkle_reader reader = { hash_read, l };
	struct merkle_proof p = { .n = 0 };
	char line[BASE64_LEN(MERKLE_HASH) + 1];
	*out = (struct buf)BUF_INIT(KIB(64));
	if (old > 0 && old <= size)
		assert_int_equal(merkle_consistency_prove(&reader, old, size, &p, NULL), 0);
	assert_int_equal(buf_addf(out, NULL, "old %llu\n", (unsigned long long)old), 0);
	for (size_t i = 0; i < p.n; i++) {
		base64_encode(line, p.hashes[i].b, MERKLE_HASH);
		assert_int_equal(buf_addf(out, NULL, "%s\n", line), 0);
	}
	assert_int_equal(buf_add(out, "\n", 1, NULL), 0);
	log_note(l, size, out);
}

/* The line must countersign exactly this log at this size, at this time. */
static void line_check(struct home *h, struct log *l, uint64_t size, const struct buf *line, int64_t time)
{
	struct buf note = BUF_INIT(KIB(64));
	struct note parsed;
	struct note_key key;
	char name[NOTE_NAME_BYTES + 1];
	size_t good = 0;
	uint64_t at = 0;
	checkpoint_witness_make(name, identity_public(h->me));
	assert_true(checkpoint_name_key(&key, name, NOTE_COSIGNATURE));
	log_note(l, size, &note);
	assert_int_equal(buf_add(&note, line->data, line->len, NULL), 0);
	assert_int_equal(note_parse(&parsed, buf_text(&note), note.len, NULL), 0);
	assert_int_equal(parsed.n_sigs, 2);
	assert_int_equal(note_verify(&parsed, &key, 1, &good, NULL), 0);
	assert_int_equal(good, 1);
	for (size_t i = 0; i < 8; i++)
		at = at << 8 | parsed.sigs[1].sig[i];
	assert_int_equal(at, time);
	buf_done(&note);
}

static void signs(struct home *h, struct log *l, const struct note_key *key, uint64_t old, uint64_t size, int64_t now, int64_t time)
{
	struct buf request, line = BUF_INIT(KIB(1));
	struct book_seen seen;
	struct err e;
	log_request(l, old, size, &request);
	if (witness_sign(h->s, h->me, key, buf_text(&request), request.len, now, &line, &seen, &e) < 0)
		fail_msg("%s", e.msg);
	line_check(h, l, size, &line, time);
	assert_int_equal(seen.size, size);
	assert_string_equal(seen.origin, l->origin);
	buf_done(&request);
	buf_done(&line);
}

/* Refused with this code, words in message and hint, no line, and nothing remembered. */
static void refuses_bytes(struct home *h, const char *origin, const struct note_key *key, const char *bytes, size_t len, enum err_code code, const char *words,
	const char *hint)
{
	struct buf line = BUF_INIT(KIB(1));
	struct book_seen before = { .size = 0 }, after = { .size = 0 };
	struct err e = { .code = ERR_NONE };
	int had = book_seen_get(h->s, origin, &before, NULL);
	if (witness_sign(h->s, h->me, key, bytes, len, 2000, &line, NULL, &e) == 0)
		fail_msg("signed, and should have said: %s", words);
	if (e.code != code || !strstr(e.msg, words) || !strstr(e.hint, hint))
		fail_msg("%d %s (%s), not %d %s (%s)", e.code, e.msg, e.hint, code, words, hint);
	assert_int_equal(line.len, 0);
	assert_int_equal(book_seen_get(h->s, origin, &after, NULL), had);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(&before.root, &after.root, sizeof before.root);
	buf_done(&line);
}

static void refuses(struct home *h, struct log *l, const struct note_key *key, uint64_t old, uint64_t size, enum err_code code, const char *words, const char *hint)
{
	struct buf request;
	log_request(l, old, size, &request);
	refuses_bytes(h, l->origin, key, buf_text(&request), request.len, code, words, hint);
	buf_done(&request);
}

static void grows(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL);
	log_grow(l, 33, "a");
	signs(h, l, NULL, 0, 1, 1000, 1000);
	signs(h, l, NULL, 1, 2, 1001, 1001);
	signs(h, l, NULL, 2, 7, 1002, 1002);
	signs(h, l, NULL, 7, 7, 1003, 1003);	/* the same again, with a new time */
	signs(h, l, NULL, 7, 32, 1004, 1004);
	signs(h, l, NULL, 32, 33, 900, 1004);	/* a clock that was set back */
	log_free(l);
}

static void asks_again(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL);
	log_grow(l, 20, "a");
	refuses(h, l, NULL, 3, 9, ERR_CONFLICT, "countersigned 0 of", "ask again with: enclua book witness request --from 0");
	signs(h, l, NULL, 0, 9, 1000, 1000);
	refuses(h, l, NULL, 0, 12, ERR_CONFLICT, "countersigned 9 of", "ask again with: enclua book witness request --from 9");
	refuses(h, l, NULL, 10, 12, ERR_CONFLICT, "starts from 10", "--from 9");
	refuses(h, l, NULL, 0, 9, ERR_CONFLICT, "starts from 0", "--from 9");
	refuses(h, l, NULL, 15, 12, ERR_INVALID, "starts from 15 entries, and its checkpoint has only 12", "");
	signs(h, l, NULL, 9, 12, 1000, 1000);
	log_free(l);
}

static void names_fork_and_rollback(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL), *other = log_new(1, NULL);
	struct merkle_reader reader = { hash_read, l };
	struct merkle_hash root;
	char text[BASE64_LEN(MERKLE_HASH) + 1], words[600];
	log_grow(l, 30, "a");
	log_grow(other, 9, "a");	/* a copy that went another way */
	log_grow(other, 30, "b");
	signs(h, l, NULL, 0, 12, 1000, 1000);
	assert_int_equal(merkle_root(&reader, 12, &root, NULL), 0);
	base64_encode(text, root.b, sizeof root.b);
	(void)snprintf(words, sizeof words, "size 12 and root %s, countersigned at 1970-01-01T00:16:40Z", text);
	refuses(h, other, NULL, 12, 12, ERR_INVALID, "fork: ", "keep both as evidence");
	refuses(h, other, NULL, 12, 12, ERR_INVALID, words, "enclua book witness seen enclua.local/enclua1");
	refuses(h, other, NULL, 0, 12, ERR_INVALID, "fork: ", "");	/* wherever it says to start */
	refuses(h, other, NULL, 12, 13, ERR_INVALID, "fork: ", "keep both as evidence");
	refuses(h, other, NULL, 12, 30, ERR_INVALID, words, "keep both as evidence");
	refuses(h, l, NULL, 0, 11, ERR_INVALID, "rollback: ", "--from 12");
	refuses(h, l, NULL, 9, 9, ERR_INVALID, "now has 9 entries", "enclua book witness seen");
	refuses(h, l, NULL, 12, 11, ERR_INVALID, "rollback: ", "");
	refuses(h, other, NULL, 0, 9, ERR_INVALID, "rollback: ", "");
	signs(h, l, NULL, 12, 30, 1000, 1000);	/* and the honest one goes on */
	log_free(l);
	log_free(other);
}

/* The evidence: what was countersigned can be shown as its log signed it. */
static void keeps_what_it_saw(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL);
	struct book_seen seen;
	struct buf note = BUF_INIT(KIB(4)), made = BUF_INIT(KIB(4));
	log_grow(l, 12, "a");
	signs(h, l, NULL, 0, 12, 1000, 1000);
	assert_int_equal(book_seen_get(h->s, l->origin, &seen, NULL), 1);
	assert_int_equal(witness_seen_note(&seen, &made, NULL), 0);
	log_note(l, 12, &note);
	assert_int_equal(made.len, note.len);
	assert_memory_equal(made.data, note.data, note.len);
	buf_done(&note);
	buf_done(&made);
	log_free(l);
}

static void key_of(struct log *l, struct note_key *out)
{
	assert_int_equal(note_key_make(out, l->origin, NOTE_ED25519, identity_public(l->id), NULL), 0);
}

static void foreign_logs_need_a_key_once(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, "example.com/behind-the-sofa"), *thief = log_new(2, "example.com/behind-the-sofa"), *own = log_new(3, NULL);
	struct note_key key, stolen, wrong_name, wrong;
	log_grow(l, 9, "a");
	log_grow(thief, 9, "a");
	log_grow(own, 9, "a");
	key_of(l, &key);
	key_of(thief, &stolen);
	key_of(own, &wrong_name);
	refuses(h, l, NULL, 0, 5, ERR_DENIED, "is not known here", "--log KEY");
	refuses(h, l, &stolen, 0, 5, ERR_DENIED, "", "");	/* the key that was given has not signed */
	refuses(h, l, &wrong_name, 0, 5, ERR_DENIED, "the key that was given is of", "");
	signs(h, l, &key, 0, 5, 1000, 1000);
	signs(h, l, NULL, 5, 6, 1000, 1000);
	signs(h, l, &key, 6, 7, 1000, 1000);
	refuses(h, thief, &stolen, 7, 8, ERR_DENIED, "not the one that this witness remembers", "");
	refuses(h, thief, NULL, 7, 8, ERR_DENIED, "", "");
	/* An origin that carries its key takes no other. */
	assert_int_equal(note_key_make(&wrong, own->origin, NOTE_ED25519, identity_public(thief->id), NULL), 0);
	refuses(h, own, &wrong, 0, 5, ERR_DENIED, "not the one that the origin carries", "");
	signs(h, own, &wrong_name, 0, 5, 1000, 1000);
	log_free(l);
	log_free(thief);
	log_free(own);
}

/* Whoever cannot sign as the log gets nothing, whatever name stands in the checkpoint. */
static void forged(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL), *thief = log_new(2, NULL);
	char origin[NOTE_NAME_BYTES + 1];
	struct buf request;
	memcpy(origin, l->origin, sizeof origin);
	memcpy(thief->origin, origin, sizeof origin);
	log_grow(thief, 9, "a");
	log_request(thief, 0, 9, &request);
	struct buf line = BUF_INIT(KIB(1));
	struct err e = { .code = ERR_NONE };
	assert_int_equal(witness_sign(h->s, h->me, NULL, buf_text(&request), request.len, 1000, &line, NULL, &e), -1);
	assert_true(e.code == ERR_INVALID || e.code == ERR_DENIED);
	assert_int_equal(line.len, 0);
	buf_done(&line);
	buf_done(&request);
	log_free(l);
	log_free(thief);
}

static void every_flipped_bit(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL);
	struct buf request;
	size_t refused = 0;
	log_grow(l, 13, "a");
	signs(h, l, NULL, 0, 6, 1000, 1000);
	log_request(l, 6, 13, &request);
	for (size_t bit = 0; bit < request.len * 8; bit++) {
		struct buf line = BUF_INIT(KIB(1));
		struct err e = { .code = ERR_NONE };
		request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (witness_sign(h->s, h->me, NULL, buf_text(&request), request.len, 1000, &line, NULL, &e) == 0)
			fail_msg("signed with bit %zu of byte %zu changed", bit % 8, bit / 8);
		assert_int_equal(line.len, 0);
		refused += e.code == ERR_INVALID || e.code == ERR_DENIED || e.code == ERR_CONFLICT;
		request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		buf_done(&line);
	}
	assert_int_equal(refused, request.len * 8);
	buf_done(&request);
	signs(h, l, NULL, 6, 13, 1000, 1000);
	log_free(l);
}

static void one_spelling(void **state)
{
	struct home *h = *state;
	struct log *l = log_new(1, NULL);
	struct buf note = BUF_INIT(KIB(4)), long_proof = BUF_INIT(KIB(8)), bytes = BUF_INIT(KIB(64));
	static const char *const heads[] = { "", "\n", "old\n\n", "old \n\n", "old 00\n\n", "old 01\n\n", "old -1\n\n", "old +0\n\n", "old 0 \n\n", "Old 0\n\n", "old 0\r\n\n",
		"old 0x0\n\n", "old 9223372036854775808\n\n", "old 99999999999999999999\n\n", "old 0\n", "old 0\n\n\n", "old 0\nAAAA\n\n",
		"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n", "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n",
		"old 0\n AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" };
	log_grow(l, 9, "a");
	log_note(l, 9, &note);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		buf_clear(&bytes);
		assert_int_equal(buf_add_text(&bytes, heads[i], NULL), 0);
		assert_int_equal(buf_add(&bytes, note.data, note.len, NULL), 0);
		refuses_bytes(h, l->origin, NULL, buf_text(&bytes), bytes.len, ERR_INVALID, "", "");
	}
	assert_int_equal(buf_add_text(&long_proof, "old 3\n", NULL), 0);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(buf_add_text(&long_proof, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", NULL), 0);
	assert_int_equal(buf_add(&long_proof, "\n", 1, NULL), 0);
	assert_int_equal(buf_add(&long_proof, note.data, note.len, NULL), 0);
	refuses_bytes(h, l->origin, NULL, buf_text(&long_proof), long_proof.len, ERR_INVALID, "more than 63 lines", "");
	refuses_bytes(h, l->origin, NULL, "", 0, ERR_INVALID, "not a request", "");
	buf_clear(&bytes);
	assert_int_equal(buf_add_zero(&bytes, WITNESS_REQUEST_BYTES + 1, NULL), 0);
	refuses_bytes(h, l->origin, NULL, buf_text(&bytes), bytes.len, ERR_INVALID, "at most", "");
	buf_done(&note);
	buf_done(&long_proof);
	buf_done(&bytes);
	signs(h, l, NULL, 0, 9, 1000, 1000);
	log_free(l);
}

/* One process that asks for a countersignature of this history; its exit status says whether it got one. */
static pid_t racer(const struct home *h, const struct buf *request)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct store *s = NULL;
	struct buf line = BUF_INIT(KIB(1));
	int got = store_open(&s, h->path, false, NULL) == 0 && witness_sign(s, h->me, NULL, buf_text(request), request->len, 1000, &line, NULL, NULL) == 0;
	store_close(s);
	_exit(got ? 0 : 1);
}

static int race(const struct home *h, struct log *a, struct log *b)
{
	struct buf requests[2];
	pid_t pids[2];
	int got = 0;
	log_request(a, 5, 8, &requests[0]);
	log_request(b, 5, 8, &requests[1]);
	for (int i = 0; i < 2; i++)
		pids[i] = racer(h, &requests[i]);
	for (int i = 0; i < 2; i++) {
		int status = 0;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		got += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		buf_done(&requests[i]);
	}
	return got;
}

/* Both ends of a fork at the same moment: one is countersigned, and the other is named a fork from then on. */
static void two_histories_at_once(void **state)
{
	struct home *h = *state;
	for (uint8_t round = 1; round <= 20; round++) {
		struct log *a = log_new(round, NULL), *b = log_new(round, NULL);
		struct book_seen seen;
		struct merkle_hash root;
		struct merkle_reader reader = { hash_read, a };
		log_grow(a, 8, "a");
		log_grow(b, 5, "a");
		log_grow(b, 8, "b");
		signs(h, a, NULL, 0, 5, 1000, 1000);
		assert_int_equal(race(h, a, b), 1);
		assert_int_equal(book_seen_get(h->s, a->origin, &seen, NULL), 1);
		assert_int_equal(merkle_root(&reader, 8, &root, NULL), 0);
		refuses(h, merkle_equal(&root, &seen.root) ? b : a, NULL, 8, 8, ERR_INVALID, "fork: ", "");
		log_free(a);
		log_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(grows), T(asks_again), T(names_fork_and_rollback), T(keeps_what_it_saw), T(foreign_logs_need_a_key_once), T(forged), T(every_flipped_bit),
		T(one_spelling), T(two_histories_at_once),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
