/* Entries: the codec of form/entry.h, its files entry_codec.c, entry_value.c, entry_time.c and entry_json.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "form/entry.h"
#include "seal/crypto.h"

static void sign_and_open(void **state)
{
	(void)state;
	struct identity *id = NULL;
	uint8_t seed[32] = { 7 };
	struct entry in = { .type = ENTRY_ACCOUNT_TRANSFER_TYPE, .time = 1795256430, .book = entry_text("enclua.local/x") }, out;
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	in.account_transfer.to[0] = 1;
	in.account_transfer.amount = 5;
	assert_int_equal(entry_sign(&in, id, &note, NULL), 0);
	assert_int_equal(entry_open(&out, note.data, note.len, NULL, NULL), 0);
	assert_int_equal(out.account_transfer.amount, 5);
	assert_memory_equal(out.by, identity_public(id), 32);
	note.data[30] ^= 1;
	assert_int_equal(entry_open(&out, note.data, note.len, NULL, NULL), -1);
	buf_done(&note);
	identity_free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sign_and_open) };
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
