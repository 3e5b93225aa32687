/* SHA-3 and SHAKE: FIPS 202's own examples (the empty message, "abc", 1600 bits, a million letters), and that pieces do not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "seal/keccak.h"

static void known_answers(void **state)
{
	(void)state;
	static const struct { void (*init)(struct keccak *); const char *word; size_t times, out_len; const char *hex; } rows[] = {
		{ sha3_256_init, "", 1, 32,
			"a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a" },
		{ sha3_256_init, "abc", 1, 32,
			"3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
		{ sha3_256_init, "\xa3", 200, 32,
			"79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787" },
		{ sha3_256_init, "a", 1000000, 32,
			"5c8875ae474a3634ba4fd55ec85bffd661f32aca75c6d699d0cdcb6c115891c1" },
		{ sha3_512_init, "", 1, 64,
			"a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
			"15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26" },
		{ sha3_512_init, "abc", 1, 64,
			"b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
			"10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
		{ sha3_512_init, "\xa3", 200, 64,
			"e76dfad22084a8b1467fcf2ffa58361bec7628edf5f3fdc0e4805dc48caeeca8"
			"1b7c13c30adf52a3659584739a2df46be589c51ca1a4a8416df6545a1ce8ba00" },
		{ sha3_512_init, "a", 1000000, 64,
			"3c3a876da14034ab60627c077bb98f7e120a2a5370212dffb3385a18d4f38859"
			"ed311d0a9d5141ce9cc5c66ee689b266a8aa18ace8282a0e0db596c90b0a7b87" },
		{ shake128_init, "", 1, 32,
			"7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26" },
		{ shake128_init, "abc", 1, 32,
			"5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8" },
		{ shake128_init, "\xa3", 200, 32,
			"131ab8d2b594946b9c81333f9bb6e0ce75c3b93104fa3469d3917457385da037" },
		{ shake128_init, "a", 1000000, 32,
			"9d222c79c4ff9d092cf6ca86143aa411e369973808ef97093255826c5572ef58" },
		{ shake256_init, "", 1, 64,
			"46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
			"d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be" },
		{ shake256_init, "abc", 1, 64,
			"483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
			"d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4" },
		{ shake256_init, "\xa3", 200, 64,
			"cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d"
			"2d700caae7396ece96604440577da4f3aa22aeb8857f961c4cd8e06f0ae6610b" },
		{ shake256_init, "a", 1000000, 64,
			"3578a7a4ca9137569cdf76ed617d31bb994fca9c1bbf8b184013de8234dfd13a"
			"3fd124d4df76c0a539ee7dd2f6e1ec346124c815d9410e145eb561bcd97b18ab" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct keccak k;
		uint8_t out[64];
		char hex[129];
		rows[i].init(&k);
		for (size_t n = 0; n < rows[i].times; n++)
			keccak_add(&k, rows[i].word, strlen(rows[i].word));
		keccak_end(&k);
		keccak_take(&k, out, rows[i].out_len);
		hex_encode(hex, out, rows[i].out_len);
		assert_string_equal(hex, rows[i].hex);
	}
}

/* Every split of the input around two blocks, and the output in pieces of every length. */
static void pieces(void **state)
{
	(void)state;
	uint8_t in[300], want[500], got[500];
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 7);
	shake256(want, sizeof want, in, sizeof in);
	for (size_t split = 0; split <= sizeof in; split++) {
		struct keccak k;
		shake256_init(&k);
		keccak_add(&k, in, split);
		keccak_add(&k, in + split, sizeof in - split);
		keccak_end(&k);
		for (size_t at = 0, n = 0; at < sizeof got; at += n) {
			n = sizeof got - at < split + 1 ? sizeof got - at : split + 1;
			keccak_take(&k, got + at, n);
		}
		assert_memory_equal(got, want, sizeof want);
	}
}

static void at_once(void **state)
{
	(void)state;
	uint8_t in[150], want[64], got[64];
	struct keccak k;
	memset(in, 0x5a, sizeof in);
	sha3_256_init(&k);
	keccak_add(&k, in, sizeof in);
	keccak_end(&k);
	keccak_take(&k, want, 32);
	sha3_256(got, in, sizeof in);
	assert_memory_equal(got, want, 32);
	sha3_512_init(&k);
	keccak_add(&k, in, sizeof in);
	keccak_end(&k);
	keccak_take(&k, want, 64);
	sha3_512(got, in, sizeof in);
	assert_memory_equal(got, want, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(pieces),
		cmocka_unit_test(at_once),
	};
	return cmocka_run_group_tests_name("keccak", tests, NULL, NULL);
}
