/* The primitives against the vectors of their RFCs. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "seal/crypto.h"

#define BYTES_MAX 256

/* A hex string as bytes; "" is nothing. Kept apart from base/text.h, which has a test of its own. */
struct bytes { uint8_t data[BYTES_MAX]; size_t len; };

static struct bytes hex(const char *text)
{
	struct bytes b = { .len = strlen(text) / 2 };
	assert_true(b.len <= BYTES_MAX && strlen(text) % 2 == 0);
	for (size_t i = 0; i < b.len; i++) {
		char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };
		b.data[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return b;
}

static struct bytes repeat(uint8_t byte, size_t n)
{
	struct bytes b = { .len = n };
	assert_true(n <= BYTES_MAX);
	memset(b.data, byte, n);
	return b;
}

static struct bytes text(const char *s)
{
	struct bytes b = { .len = strlen(s) };
	assert_true(b.len <= BYTES_MAX);
	memcpy(b.data, s, b.len);
	return b;
}

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
	struct bytes w = hex(want);
	assert_int_equal(w.len, n);
	assert_memory_equal(got, w.data, n);
}

/* FIPS 180-4 examples. */
static void sha_examples(void **state)
{
	(void)state;
	uint8_t out[64];
	sha256(out, "", 0);
	assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(out, NULL, 0);
	assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(out, "abc", 3);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha512(out, "abc", 3);
	assert_hex(out, 64, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void sha_in_pieces(void **state)
{
	(void)state;
	uint8_t msg[1000], whole[32], pieces[32];
	for (size_t i = 0; i < sizeof msg; i++)
		msg[i] = (uint8_t)(i * 7);
	sha256(whole, msg, sizeof msg);
	for (size_t step = 1; step < 130; step++) {
		struct sha256 h;
		sha256_init(&h);
		for (size_t at = 0; at < sizeof msg; at += step)
			sha256_add(&h, msg + at, sizeof msg - at < step ? sizeof msg - at : step);
		sha256_end(&h, pieces);
		assert_memory_equal(whole, pieces, 32);
	}
}

/* RFC 7693 appendix A, and the edges of the lengths. */
static void blake2b_examples(void **state)
{
	(void)state;
	uint8_t out[64];
	assert_int_equal(blake2b(out, 64, "abc", 3, NULL, 0), 0);
	assert_hex(out, 64, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
		"7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
	/* Keyed with 00…3f over nothing, as Python's hashlib has it. */
	uint8_t key[64];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	assert_int_equal(blake2b(out, 64, "", 0, key, 64), 0);
	assert_hex(out, 64, "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
		"b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
	assert_int_equal(blake2b(out, 1, "abc", 3, key, 1), 0);
	assert_int_equal(blake2b(out, 0, "abc", 3, NULL, 0), -1);
	assert_int_equal(blake2b(out, 65, "abc", 3, NULL, 0), -1);
	assert_int_equal(blake2b(out, 64, "abc", 3, key, 65), -1);
}

/* RFC 4231, HMAC-SHA-256 */
static void hmac_rfc4231(void **state)
{
	(void)state;
	const struct { struct bytes key, data; const char *want; size_t len; } cases[] = {
		{ repeat(0x0b, 20), text("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", 32 },
		{ text("Jefe"), text("what do ya want for nothing?"),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 32 },
		{ repeat(0xaa, 20), repeat(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", 32 },
		{ hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), repeat(0xcd, 50),
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", 32 },
		{ repeat(0x0c, 20), text("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b", 16 },
		{ repeat(0xaa, 131), text("Test Using Larger Than Block-Size Key - Hash Key First"),
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", 32 },
		{ repeat(0xaa, 131), text("This is a test using a larger than block-size key and a larger than block-size data. "
			"The key needs to be hashed before being used by the HMAC algorithm."),
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", 32 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t out[32];
		hmac256(out, cases[i].key.data, cases[i].key.len, cases[i].data.data, cases[i].data.len);
		assert_hex(out, cases[i].len, cases[i].want);
	}
}

/* RFC 5869 appendix A.1 to A.3 */
static void hkdf_rfc5869(void **state)
{
	(void)state;
	uint8_t long_key[80], long_salt[80], long_info[80], out[82];
	for (size_t i = 0; i < 80; i++) {
		long_key[i] = (uint8_t)i;
		long_salt[i] = (uint8_t)(0x60 + i);
		long_info[i] = (uint8_t)(0xb0 + i);
	}
	struct bytes key = repeat(0x0b, 22), salt = hex("000102030405060708090a0b0c"), info = hex("f0f1f2f3f4f5f6f7f8f9");
	hkdf256(out, 42, key.data, key.len, salt.data, salt.len, info.data, info.len);
	assert_hex(out, 42, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	hkdf256(out, 82, long_key, 80, long_salt, 80, long_info, 80);
	assert_hex(out, 82, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		"59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
	hkdf256(out, 42, key.data, key.len, NULL, 0, NULL, 0);
	assert_hex(out, 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

/* The counter is one byte: the longest output must not wrap into the beginning. */
static void hkdf_longest(void **state)
{
	(void)state;
	static uint8_t out[32 * 255];
	uint8_t prk[32], block[32];
	hkdf256(out, sizeof out, "k", 1, "s", 1, "i", 1);
	hmac256(prk, "s", 1, "k", 1);
	struct hmac256 h;
	hmac256_init(&h, prk, 32);
	hmac256_add(&h, out + sizeof out - 64, 32);
	hmac256_add(&h, "i\xff", 2);
	hmac256_end(&h, block);
	assert_memory_equal(out + sizeof out - 32, block, 32);
}

/* RFC 8032 §7.1 */
static const struct ed25519_case { const char *seed, *pub, *msg, *sig; } ed25519_cases[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void ed25519_rfc8032(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ed25519_cases / sizeof ed25519_cases[0]; i++) {
		struct bytes seed = hex(ed25519_cases[i].seed), msg = hex(ed25519_cases[i].msg);
		uint8_t pub[32], sig[64];
		ed25519_public(pub, seed.data);
		assert_hex(pub, 32, ed25519_cases[i].pub);
		ed25519_sign(sig, msg.data, msg.len, seed.data);
		assert_hex(sig, 64, ed25519_cases[i].sig);
		assert_true(ed25519_verify(sig, msg.data, msg.len, pub));
	}
}

static void ed25519_forgeries(void **state)
{
	(void)state;
	struct bytes pub = hex(ed25519_cases[2].pub), msg = hex(ed25519_cases[2].msg), sig = hex(ed25519_cases[2].sig);
	for (size_t bit = 0; bit < 8 * 64; bit++) {
		struct bytes bad = sig;
		bad.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(ed25519_verify(bad.data, msg.data, msg.len, pub.data));
	}
	for (size_t bit = 0; bit < 8 * 32; bit++) {
		struct bytes bad = pub;
		bad.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(ed25519_verify(sig.data, msg.data, msg.len, bad.data));
	}
	assert_false(ed25519_verify(sig.data, msg.data, 1, pub.data));

	/* S + L instead of S: the same equation holds, and RFC 8032 §5.1.7 wants it refused. */
	struct bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"), more = sig;
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)more.data[32 + i] + order.data[i];
		more.data[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(ed25519_verify(more.data, msg.data, msg.len, pub.data));

	/* The neutral element as key and R, S = 0, would sign everything. */
	struct bytes neutral = hex("0100000000000000000000000000000000000000000000000000000000000000");
	uint8_t universal[64] = { 1 };
	assert_false(ed25519_verify(universal, msg.data, msg.len, neutral.data));
}

/* RFC 7748 §6.1 */
static void x25519_rfc7748(void **state)
{
	(void)state;
	struct bytes alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	struct bytes bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	uint8_t pub[32];
	x25519_public(pub, alice.data);
	assert_hex(pub, 32, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	x25519_public(pub, bob.data);
	assert_hex(pub, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
}

static void equal_and_random(void **state)
{
	(void)state;
	uint8_t a[32], b[32];
	crypto_random(a, sizeof a);
	crypto_random(b, sizeof b);
	assert_false(crypto_equal(a, b, sizeof a));
	memcpy(b, a, sizeof a);
	assert_true(crypto_equal(a, b, sizeof a));
	b[31] ^= 1;
	assert_false(crypto_equal(a, b, sizeof a));
	assert_true(crypto_equal(a, b, 31));
	assert_true(crypto_equal(a, b, 0));
	crypto_wipe(a, sizeof a);
	memset(b, 0, sizeof b);
	assert_true(crypto_equal(a, b, sizeof a));
}

/* Secret memory holds what it is given, and its guard page stops a write past the end. */
static void secret_memory(void **state)
{
	(void)state;
	uint8_t *p = secret_alloc(32);
	assert_non_null(p);
	memset(p, 7, 32);
	assert_int_equal(p[31], 7);

	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit none = { 0, 0 };
		(void)setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);	/* cmocka and sanitizers have handlers that would speak */
		*(volatile uint8_t *)(p + 32) = 1;
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);

	secret_free(p);
	secret_free(NULL);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha_examples),
		cmocka_unit_test(sha_in_pieces),
		cmocka_unit_test(blake2b_examples),
		cmocka_unit_test(hmac_rfc4231),
		cmocka_unit_test(hkdf_rfc5869),
		cmocka_unit_test(hkdf_longest),
		cmocka_unit_test(ed25519_rfc8032),
		cmocka_unit_test(ed25519_forgeries),
		cmocka_unit_test(x25519_rfc7748),
		cmocka_unit_test(equal_and_random),
		cmocka_unit_test(secret_memory),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
