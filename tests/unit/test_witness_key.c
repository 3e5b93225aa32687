/* core/book/witness_key.c: the key with which a home countersigns is made once, is its own, and is read only while it is private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book/witness.h"
#include "seal/crypto.h"
#include "seal/machine_key.h"
#include "unit/scratch.h"

static int setup(void **state)
{
	char *home = malloc(PATH_MAX);
	struct err e;
	assert_non_null(home);
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(home);
	*state = home;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void key_is_made_once(void **state)
{
	const char *home = *state;
	struct identity *first = NULL, *again = NULL;
	struct err e;
	char path[PATH_MAX + 16];
	struct stat st;
	assert_int_equal(witness_open(home, &first, &e), 0);
	assert_int_equal(witness_open(home, &again, &e), 0);
	assert_memory_equal(identity_public(again), identity_public(first), 32);
	identity_free(again);
	identity_free(first);
	(void)snprintf(path, sizeof path, "%s/witness.key", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(witness_open(home, &again, &e), -1);
	assert_null(again);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.hint, "chmod 600"));
}

/* It signs nothing else: neither the operator's key of the same home nor another home's. */
static void it_is_nobody_elses(void **state)
{
	const char *home = *state;
	char other[PATH_MAX];
	struct identity *mine, *theirs, *operator;
	struct err e;
	assert_int_equal(machine_key_make(home, "operator", &e), 0);
	assert_int_equal(machine_key_open(home, "operator", &operator, &e), 0);
	scratch_make(other);
	assert_int_equal(witness_open(home, &mine, &e), 0);
	assert_int_equal(witness_open(other, &theirs, &e), 0);
	assert_memory_not_equal(identity_public(mine), identity_public(operator), 32);
	assert_memory_not_equal(identity_public(mine), identity_public(theirs), 32);
	identity_free(mine);
	identity_free(theirs);
	identity_free(operator);
	scratch_remove(other);
}

/* A damaged key is not made anew in silence: its witness would have another name. */
static void a_damaged_key_is_no_new_one(void **state)
{
	const char *home = *state;
	struct identity *key = NULL;
	struct err e;
	assert_int_equal(witness_open(home, &key, &e), 0);
	identity_free(key);
	scratch_file(home, "witness.key", "x", 1);
	assert_int_equal(witness_open(home, &key, &e), -1);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(key_is_made_once), T(it_is_nobody_elses), T(a_damaged_key_is_no_new_one),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
