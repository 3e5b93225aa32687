/* The keeper's salts: one for each task, the same whenever it is asked, another from another keeper. What it releases is tested with protect and the boxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "seal/crypto.h"
#include "trust/keeper.h"
#include "unit/scratch.h"

static void keeper_at(const char *home, uint8_t one[static 32], uint8_t two[static 32])
{
	struct err e = { .code = ERR_NONE };
	struct keeper *k = NULL;
	assert_int_equal(keeper_make(home, &e), 0);
	assert_int_equal(keeper_open(&k, home, &e), 0);
	keeper_task_salt(k, "task1aaaaaaaa", one);
	keeper_task_salt(k, "task1aaaaaaab", two);
	keeper_close(k);
}

static void salts_differ_by_task_and_keeper(void **state)
{
	(void)state;
	struct err e = { .code = ERR_NONE };
	uint8_t first[32], other[32], again[32], stranger[32];
	assert_int_equal(crypto_init(&e), 0);
	char a[PATH_MAX], b[PATH_MAX];
	scratch_make(a);
	scratch_make(b);
	keeper_at(a, first, other);
	assert_memory_not_equal(first, other, 32);
	keeper_at(a, again, other);
	assert_memory_equal(first, again, 32);
	keeper_at(b, stranger, other);
	assert_memory_not_equal(first, stranger, 32);
	scratch_remove(a);
	scratch_remove(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(salts_differ_by_task_and_keeper) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
