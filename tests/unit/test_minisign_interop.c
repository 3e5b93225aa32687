/* Our signatures under the stock verifiers, and the stock signer's under ours. Needs minisign and signify-openbsd (tools/deps has them);
 * a missing tool is a failure that names it, not a skipped test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/os.h"
#include "seal/crypto.h"
#include "seal/minisign.h"
#include "unit/run_quiet.h"
#include "unit/scratch.h"

#define SIGNIFY "signify-openbsd"
#define COMMENT "iapp=demo version=1.0.0 h1=h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static char dir[PATH_MAX];

struct path { char text[PATH_MAX + 64]; };
static struct path in_dir(const char *name)
{
	struct path p;
	(void)snprintf(p.text, sizeof p.text, "%s/%s", dir, name);
	return p;
}
#define FILE_IN(name) in_dir(name).text

static struct identity *signer(void)
{
	struct identity *id = NULL;
	assert_int_equal(identity_new(&id, NULL), 0);
	return id;
}

/* Writes m, m.minisig and k.pub as `id` makes them. */
static void write_signed(const struct identity *id, const void *msg, size_t n)
{
	struct buf sig = BUF_INIT(KIB(8)), pub = BUF_INIT(KIB(1));
	struct minisign_key key;
	char line[57];
	minisign_key_of(&key, identity_public(id));
	minisign_key_line(line, &key);
	assert_int_equal(buf_addf(&pub, NULL, "untrusted comment: made by a test\n%s\n", line), 0);
	assert_int_equal(minisign_sign(&sig, id, msg, n, "signature from a test", COMMENT, NULL), 0);
	scratch_file(dir, "m", msg, n);
	scratch_file(dir, "m.minisig", sig.data, sig.len);
	scratch_file(dir, "k.pub", pub.data, pub.len);
	buf_done(&sig);
	buf_done(&pub);
}

static void stock_tools_accept_ours(void **state)
{
	(void)state;
	static uint8_t big[100000];
	crypto_random(big, sizeof big);
	const struct { const void *bytes; size_t n; } messages[] = { { "hello\n", 6 }, { "", 0 }, { big, sizeof big } };
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		struct identity *id = signer();
		struct minisign_key key;
		char line[57];
		write_signed(id, messages[i].bytes, messages[i].n);
		minisign_key_of(&key, identity_public(id));
		minisign_key_line(line, &key);
		assert_int_equal(RUN("minisign", "-V", "-q", "-p", FILE_IN("k.pub"), "-m", FILE_IN("m"), "-x", FILE_IN("m.minisig")), 0);
		assert_int_equal(RUN("minisign", "-V", "-q", "-P", line, "-m", FILE_IN("m"), "-x", FILE_IN("m.minisig")), 0);
		assert_int_equal(RUN(SIGNIFY, "-V", "-q", "-p", FILE_IN("k.pub"), "-m", FILE_IN("m"), "-x", FILE_IN("m.minisig")), 0);
		identity_free(id);
	}
}

/* The control for the test above: it is the signature that the tools look at. */
static void stock_tools_refuse_forgeries(void **state)
{
	(void)state;
	struct identity *id = signer();
	write_signed(id, "hello\n", 6);
	scratch_file(dir, "m", "Hello\n", 6);
	assert_int_not_equal(RUN("minisign", "-V", "-q", "-p", FILE_IN("k.pub"), "-m", FILE_IN("m"), "-x", FILE_IN("m.minisig")), 0);
	assert_int_not_equal(RUN(SIGNIFY, "-V", "-q", "-p", FILE_IN("k.pub"), "-m", FILE_IN("m"), "-x", FILE_IN("m.minisig")), 0);
	identity_free(id);
}

static void slurp(struct buf *out, const char *name)
{
	struct err e = { 0 };
	if (os_file_read(FILE_IN(name), out, &e) < 0)
		fail_msg("%s", e.msg);
}

static void we_accept_stock_minisign(void **state)
{
	(void)state;
	const char *const modes[] = { "-l", "-H" };	/* legacy, prehashed */
	scratch_file(dir, "theirs", "hello\n", 6);
	assert_int_equal(RUN("minisign", "-G", "-W", "-f", "-p", FILE_IN("their.pub"), "-s", FILE_IN("their.key")), 0);
	for (int i = 0; i < 2; i++) {
		struct buf sig = BUF_INIT(KIB(8)), pub = BUF_INIT(KIB(8));
		struct minisign_key key;
		struct minisign_sig parsed;
		assert_int_equal(RUN("minisign", "-S", modes[i], "-t", COMMENT, "-s", FILE_IN("their.key"), "-m", FILE_IN("theirs")), 0);
		slurp(&sig, "theirs.minisig");
		slurp(&pub, "their.pub");
		assert_int_equal(minisign_key_parse(&key, buf_text(&pub), NULL), 0);
		assert_int_equal(minisign_parse(&parsed, buf_text(&sig), sig.len, NULL), 0);
		assert_int_equal(parsed.prehashed, i);
		assert_string_equal(parsed.trusted_comment, COMMENT);
		assert_int_equal(minisign_verify(&parsed, &key, "hello\n", 6, NULL), 0);
		assert_int_equal(minisign_verify(&parsed, &key, "Hello\n", 6, NULL), -1);
		buf_done(&sig);
		buf_done(&pub);
	}
}

/* signify has no trusted comment, so its signatures carry no domain: they are refused, and its keys are read. */
static void signify_signatures_lack_a_domain(void **state)
{
	(void)state;
	struct buf sig = BUF_INIT(KIB(8)), pub = BUF_INIT(KIB(8));
	struct minisign_key key;
	struct minisign_sig parsed;
	scratch_file(dir, "s", "hello\n", 6);
	assert_int_equal(RUN(SIGNIFY, "-G", "-n", "-p", FILE_IN("s.pub"), "-s", FILE_IN("s.sec")), 0);
	assert_int_equal(RUN(SIGNIFY, "-S", "-s", FILE_IN("s.sec"), "-m", FILE_IN("s"), "-x", FILE_IN("s.sig")), 0);
	slurp(&sig, "s.sig");
	slurp(&pub, "s.pub");
	assert_int_equal(minisign_key_parse(&key, buf_text(&pub), NULL), 0);
	assert_int_equal(minisign_parse(&parsed, buf_text(&sig), sig.len, NULL), -1);
	buf_done(&sig);
	buf_done(&pub);
}

static int setup(void **state)
{
	(void)state;
	scratch_make(dir);
	return crypto_init(NULL);
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stock_tools_accept_ours),
		cmocka_unit_test(stock_tools_refuse_forgeries),
		cmocka_unit_test(we_accept_stock_minisign),
		cmocka_unit_test(signify_signatures_lack_a_domain),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
