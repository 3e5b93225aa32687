/* Test vectors of the age format: ours in tests/vectors/age, and the public collection (CCTV) when ../shared is there. A vector
 * says what is expected and, when plaintext comes out, its hash: also of what came out before a payload failure. Each is opened
 * as a stream, from a file and through a pipe, with one process and with three; and by random access where that applies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/os.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define FILE_MAX_BYTES MIB(64)
#define IDS 4u

struct vector {
	char expect[32], payload[65], identity[IDS][AGE_HYBRID_IDENTITY_TEXT], passphrase[IDS][64];
	size_t identities, passphrases;
	bool armored, deflated;
	const uint8_t *file;
	size_t len;
	struct age_identity ids[2 * IDS];
	size_t n_ids;
};

static void field(char *out, size_t max, const char *value, size_t len)
{
	assert_true(len < max);
	memcpy(out, value, len);
	out[len] = '\0';
}

static void vector_line(struct vector *v, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	assert_non_null(colon);
	size_t key = (size_t)(colon - line), value_len = len - key - 2;
	const char *value = colon + 2;
#define IS(name) (key == sizeof name - 1 && memcmp(line, name, key) == 0)
	if (IS("expect"))
		field(v->expect, sizeof v->expect, value, value_len);
	else if (IS("payload"))
		field(v->payload, sizeof v->payload, value, value_len);
	else if (IS("identity") && v->identities < IDS)
		field(v->identity[v->identities++], sizeof v->identity[0], value, value_len);
	else if (IS("passphrase") && v->passphrases < IDS)
		field(v->passphrase[v->passphrases++], sizeof v->passphrase[0], value, value_len);
	else if (IS("armored"))
		v->armored = true;
	else if (IS("compressed"))
		v->deflated = true;
	else if (!IS("comment") && !IS("file key"))
		fail_msg("unknown key %.*s", (int)key, line);
#undef IS
}

static void vector_parse(struct vector *v, const struct buf *b)
{
	const char *at = (const char *)b->data, *end = at + b->len, *lf;
	memset(v, 0, sizeof *v);
	while ((lf = memchr(at, '\n', (size_t)(end - at))) && lf != at) {
		vector_line(v, at, (size_t)(lf - at));
		at = lf + 1;
	}
	assert_non_null(lf);
	v->file = (const uint8_t *)lf + 1;
	v->len = (size_t)(end - lf - 1);
	for (size_t i = 0; i < v->identities; i++)
		assert_int_equal(age_identity_parse(&v->ids[v->n_ids++], v->identity[i], NULL), 0);
	for (size_t i = 0; i < v->passphrases; i++)
		v->ids[v->n_ids++] = (struct age_identity){ .kind = AGE_SCRYPT, .passphrase = v->passphrase[i] };
}

static uint8_t *inflate_all(const uint8_t *in, size_t len, size_t *out_len)
{
	uint8_t *out = malloc(FILE_MAX_BYTES);
	uLongf n = FILE_MAX_BYTES;
	assert_int_equal(uncompress(out, &n, in, len), Z_OK);
	*out_len = n;
	return out;
}

/* Does this outcome agree? "header", "armor" and "payload failure" are all ERR_INVALID; what tells the last is that the header was fine. */
static bool agrees(const struct vector *v, int r, const struct err *e, bool header_ok)
{
	static const struct { const char *expect; enum err_code code; const char *says; bool header_ok; } rows[] = {
		{ "success", ERR_NONE, "", true },
		{ "no match", ERR_DENIED, "", false },
		{ "HMAC failure", ERR_INVALID, "HMAC", false },
		{ "header failure", ERR_INVALID, "", false },
		{ "armor failure", ERR_INVALID, "armor", true },
		{ "payload failure", ERR_INVALID, "", true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(v->expect, rows[i].expect) == 0)
			return (r < 0 ? e->code : ERR_NONE) == rows[i].code && (r == 0 || strstr(e->msg, rows[i].says)) &&
				(v->armored || header_ok == rows[i].header_ok);
	fail_msg("unknown expectation \"%s\"", v->expect);
	return false;
}

static bool hash_is(const char *hex, const uint8_t *bytes, size_t n)
{
	uint8_t digest[32];
	char text[65];
	sha256(digest, bytes, n);
	hex_encode(text, digest, 32);
	return strcmp(text, hex) == 0;
}

/* Header right and a nonce after it? Asked apart, because in a stream both failures have one code. */
static bool header_good(const struct vector *v, const uint8_t *file, size_t len)
{
	uint8_t key[AGE_FILE_KEY];
	size_t header;
	return age_header_open(key, &header, file, len, v->ids, v->n_ids, NULL) == 0 && len - header >= AGE_NONCE;
}

static int file_with(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("vector", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(os_write(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static const char *stream_check(const struct vector *v, const uint8_t *file, size_t len, unsigned jobs, bool piped)
{
	struct err e = { 0 };
	struct age_stream_options o = { .jobs = jobs };
	int ends[2] = { -1, -1 }, in, out = memfd_create("out", MFD_CLOEXEC);
	pid_t feeder = -1;
	const char *wrong = NULL;
	if (piped) {
		assert_int_equal(pipe(ends), 0);
		if ((feeder = fork()) == 0) {
			close(ends[0]);
			(void)os_write(ends[1], file, len);
			_exit(0);
		}
		close(ends[1]);
		in = ends[0];
	} else {
		in = file_with(file, len);
	}
	int r = age_stream_open(in, out, v->ids, v->n_ids, &o, &e);
	close(in);
	if (piped)
		waitpid(feeder, NULL, 0);
	size_t n = (size_t)lseek(out, 0, SEEK_END);
	uint8_t *bytes = malloc(n + 1);
	assert_int_equal(os_pread(out, bytes, n, 0), n);
	close(out);
	if (!agrees(v, r, &e, header_good(v, file, len)))
		wrong = r < 0 ? "another outcome" : "accepted";
	else if (v->payload[0] ? !hash_is(v->payload, bytes, n) : n != 0)
		wrong = "another plaintext";
	if (wrong && r < 0)
		print_message("# %s: %s\n", err_name(e.code), e.msg);
	free(bytes);
	return wrong;
}

static int from_memory(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	(void)e;
	memcpy(out, (const uint8_t *)ctx + offset, n);
	return 0;
}

/* Random access gives all or nothing: it must open exactly the files that are whole. */
static const char *access_check(const struct vector *v, const uint8_t *file, size_t len)
{
	uint8_t key[AGE_FILE_KEY], *out = NULL;
	size_t header;
	struct age_file *f = NULL;
	const char *wrong = NULL;
	if (v->armored || age_header_open(key, &header, file, len, v->ids, v->n_ids, NULL) < 0)
		return NULL;
	union { const uint8_t *in; void *ctx; } payload = { .in = file + header };	/* the source only reads */
	int r = age_file_open(&f, key, len - header, from_memory, payload.ctx, NULL);
	size_t n = r == 0 ? (size_t)age_file_size(f) : 0;
	if (r == 0) {
		out = malloc(n + 1);
		r = age_file_read(f, out, n, 0, NULL);
	}
	if ((r == 0) != (strcmp(v->expect, "success") == 0))
		wrong = r == 0 ? "accepted by random access" : "refused by random access";
	else if (r == 0 && !hash_is(v->payload, out, n))
		wrong = "another plaintext by random access";
	free(out);
	age_file_free(f);
	return wrong;
}

static const char *vector_run(const struct buf *b)
{
	struct vector v;
	vector_parse(&v, b);
	uint8_t *inflated = v.deflated ? inflate_all(v.file, v.len, &v.len) : NULL;
	const uint8_t *file = inflated ? inflated : v.file;
	bool slow = v.passphrases > 0;	/* scrypt: once is enough */
	const char *wrong = stream_check(&v, file, v.len, 1, false);
	if (!wrong && !slow)
		wrong = stream_check(&v, file, v.len, 3, false);
	if (!wrong && !slow)
		wrong = stream_check(&v, file, v.len, 3, true);
	if (!wrong && !slow)
		wrong = access_check(&v, file, v.len);
	free(inflated);
	return wrong;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.' && strcmp(d->d_name, "README.md") != 0;
}

/* Returns how many ran. */
static size_t folder_run(const char *folder)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, visible, alphasort);
	size_t ran = 0, wrong = 0;
	for (int i = 0; i < n; i++) {
		char path[1024];
		struct buf b = BUF_INIT(FILE_MAX_BYTES);
		struct err e = { 0 };
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		if (os_file_read(path, &b, &e) < 0)
			fail_msg("%s", e.msg);
		const char *why = vector_run(&b);
		if (why)
			print_message("# %s: %s\n", names[i]->d_name, why);
		wrong += why != NULL;
		ran++;
		buf_done(&b);
		free(names[i]);
	}
	free(names);
	assert_int_equal(wrong, 0);
	return ran;
}

static void test_own_vectors(void **state)
{
	(void)state;
	assert_true(folder_run("tests/vectors/age") >= 30);
}

static void test_public_vectors(void **state)
{
	(void)state;
	char folder[900];
	const char *shared = getenv("SHARED");
	(void)snprintf(folder, sizeof folder, "%s/vectors/age", shared && *shared ? shared : "../shared");
	if (!os_exists(folder)) {
		print_message("# the public vectors are not in %s: only those of the tree were tried\n", folder);
		return;
	}
	size_t ran = folder_run(folder);
	print_message("# %zu public vectors\n", ran);
	assert_true(ran >= 79);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_vectors),
		cmocka_unit_test(test_public_vectors),
	};
	return cmocka_run_group_tests_name("age vectors", tests, setup, NULL);
}
