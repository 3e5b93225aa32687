/* The keys of a home: names, files, passphrases, and writers that are killed or run out of room. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <dirent.h>

#include <cmocka.h>

#include "base/os.h"
#include "seal/crypto.h"
#include "seal/keystore.h"
#include "unit/scratch.h"

#define PASSPHRASE "correct horse battery staple"

static char top[PATH_MAX], dir[PATH_MAX + 8];

static struct identity *fresh(void)
{
	struct identity *id = NULL;
	assert_int_equal(identity_new(&id, NULL), 0);
	return id;
}

/* A key of this name in the clear; the caller compares with it. */
static struct identity *added(const char *name)
{
	struct identity *id = fresh();
	struct err e = { 0 };
	if (keystore_add(dir, name, id, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	return id;
}

static void assert_opens_as(const char *name, const char *passphrase, const struct identity *want)
{
	struct identity *got = NULL;
	struct err e = { 0 };
	if (keystore_open(dir, name, passphrase, &got, &e) < 0)
		fail_msg("%s", e.msg);
	assert_memory_equal(identity_seed(got), identity_seed(want), 32);
	identity_free(got);
}

static mode_t mode_of(const char *file)
{
	char path[PATH_MAX + 300];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static size_t files_in_dir(void)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	if (!d)
		return 0;
	for (struct dirent *entry; (entry = readdir(d));)
		n += entry->d_name[0] != '.';
	closedir(d);
	return n;
}

static void names(void **state)
{
	(void)state;
	struct err e = { 0 };
	const char *good[] = { "a", "0", "alice", "a.b-c_d", "alice2", "0123456789012345678901234567890123456789012345678901234567890123" };
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(keystore_name_check(good[i], &e), 0);
	const struct { const char *name, *hint; } bad[] = {
		{ "", "" }, { ".", "" }, { "..", "" }, { "../me", "use the name me" }, { ".hidden", "use the name hidden" }, { "-x", "use the name x" },
		{ "Alice", "use the name alice" }, { "Alice Smith", "use the name alice-smith" }, { "a/b", "use the name a-b" }, { "a\nb", "use the name a-b" },
		{ "\xc3\xa9", "" }, { "01234567890123456789012345678901234567890123456789012345678901234",
			"use the name 0123456789012345678901234567890123456789012345678901234567890123" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e.hint[0] = '\0';
		assert_int_equal(keystore_name_check(bad[i].name, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.hint, bad[i].hint);
	}
	struct identity *id = fresh();
	struct keystore_item item;
	assert_int_equal(keystore_add(dir, "../me", id, NULL, &e), -1);
	assert_int_equal(keystore_find(dir, "../me", &item, &e), -1);
	assert_int_equal(keystore_default_set(dir, "../me", &e), -1);
	assert_int_equal(files_in_dir(), 0);
	identity_free(id);
}

static void in_the_clear(void **state)
{
	(void)state;
	struct identity *id = added("alice");
	struct keystore_item item;
	mode_t before = umask(0);
	umask(before);
	assert_int_equal(mode_of("alice.key"), 0600);
	assert_int_equal(mode_of("."), 0700 & ~before);
	assert_opens_as("alice", NULL, id);
	assert_opens_as("alice", "not needed", id);
	assert_int_equal(keystore_find(dir, "alice", &item, NULL), 0);
	assert_string_equal(item.name, "alice");
	assert_memory_equal(item.public_key, identity_public(id), 32);
	assert_memory_equal(item.age_public, identity_age_public(id), 32);
	assert_false(item.sealed || item.is_default);
	assert_int_equal(files_in_dir(), 2);
	identity_free(id);
}

/* One sealed key for all that is said about passphrases: each scrypt takes a second. */
static void under_a_passphrase(void **state)
{
	(void)state;
	struct identity *id = fresh(), *got = NULL;
	struct keystore_item item;
	struct err e = { 0 };
	struct buf file = BUF_INIT(KIB(8));
	char path[PATH_MAX + 32], secret[IDENTITY_SECRET_TEXT];

	assert_int_equal(keystore_add(dir, "alice", id, "", &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(keystore_add(dir, "alice", id, PASSPHRASE, &e), 0);
	assert_int_equal(mode_of("alice.key"), 0600);
	assert_int_equal(keystore_find(dir, "alice", &item, NULL), 0);
	assert_true(item.sealed);

	/* Nothing of the secret is on disk. */
	(void)snprintf(path, sizeof path, "%s/alice.key", dir);
	assert_int_equal(os_file_read(path, &file, NULL), 0);
	identity_secret_text(secret, id);
	assert_null(memmem(file.data, file.len, secret, strlen(secret)));
	assert_null(memmem(file.data, file.len, "ENCLUA-SECRET", 13));
	assert_null(memmem(file.data, file.len, identity_seed(id), 32));
	assert_memory_equal(file.data, "age-encryption.org/v1\n-> scrypt ", 32);

	assert_opens_as("alice", PASSPHRASE, id);
	assert_int_equal(keystore_open(dir, "alice", "correct horse battery stapl", &got, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.msg, "wrong passphrase"));
	assert_int_equal(keystore_open(dir, "alice", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.hint, "--passphrase-file"));
	assert_null(got);

	/* A flipped bit in the sealed text is damage, with the right passphrase too. */
	file.data[file.len - 1] ^= 1;
	scratch_file(dir, "alice.key", file.data, file.len);
	assert_int_equal(keystore_open(dir, "alice", PASSPHRASE, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&file);
	identity_free(id);
}

/* What is sealed is binary: most such files have a zero byte somewhere, and are none the worse. */
static void sealed_with_a_zero(void **state)
{
	(void)state;
	struct identity *id = fresh();
	struct buf file = BUF_INIT(KIB(8));
	char name[16], path[PATH_MAX + 32];
	for (unsigned i = 0; i == 0 || strlen(buf_text(&file)) == file.len; i++) {
		struct err e = { 0 };
		(void)snprintf(name, sizeof name, "zero%u", i);
		(void)snprintf(path, sizeof path, "%s/%s.key", dir, name);
		if (keystore_add(dir, name, id, PASSPHRASE, &e) < 0)
			fail_msg("%s", e.msg);
		buf_clear(&file);
		assert_int_equal(os_file_read(path, &file, NULL), 0);
	}
	assert_opens_as(name, PASSPHRASE, id);
	buf_done(&file);
	identity_free(id);
}

static void never_overwrites(void **state)
{
	(void)state;
	struct identity *first = added("alice"), *second = fresh();
	struct err e = { 0 };
	assert_int_equal(keystore_add(dir, "alice", second, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_opens_as("alice", NULL, first);
	identity_free(first);
	identity_free(second);
}

static void others_may_not_read(void **state)
{
	(void)state;
	struct identity *id = added("alice"), *got = NULL;
	struct err e = { 0 };
	char path[PATH_MAX + 32], target[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/alice.key", dir);
	const mode_t modes[] = { 0640, 0604, 0660, 0644, 0620, 0610, 0601 };
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(keystore_open(dir, "alice", NULL, &got, &e), -1);
		assert_int_equal(e.code, ERR_DENIED);
		assert_non_null(strstr(e.hint, "chmod 600 "));
	}
	assert_int_equal(chmod(path, 0400), 0);
	assert_opens_as("alice", NULL, id);

	/* A link, also to a good key, and a pipe are no key files. */
	(void)snprintf(target, sizeof target, "%s/elsewhere", dir);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(keystore_open(dir, "alice", NULL, &got, &e), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keystore_open(dir, "alice", NULL, &got, &e), -1);
	assert_null(got);
	identity_free(id);
}

/* The public half is what others seal to. Swapping it is found as soon as the secret is used. */
static void swapped_public_half(void **state)
{
	(void)state;
	struct identity *alice = added("alice"), *mallory = added("mallory"), *got = NULL;
	struct buf pub = BUF_INIT(KIB(4));
	struct err e = { 0 };
	struct keystore_item item;
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/mallory.pub", dir);
	assert_int_equal(os_file_read(path, &pub, NULL), 0);
	scratch_file(dir, "alice.pub", pub.data, pub.len);
	assert_int_equal(keystore_open(dir, "alice", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_null(got);

	/* Any change of a byte of the file is found at once. */
	for (size_t i = 0; i < pub.len; i++) {
		pub.data[i] ^= 1;
		scratch_file(dir, "mallory.pub", pub.data, pub.len);
		assert_int_equal(keystore_find(dir, "mallory", &item, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		pub.data[i] ^= 1;
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keystore_find(dir, "mallory", &item, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.hint, "mallory.key"));
	buf_done(&pub);
	identity_free(alice);
	identity_free(mallory);
}

static void lists(void **state)
{
	(void)state;
	const char *order[] = { "carol", "alice", "bob-2", "bob", "10", "9", "a.key.tmp-xy" };
	const char *sorted[] = { "10", "9", "a.key.tmp-xy", "alice", "bob", "bob-2", "carol" };
	struct keystore_item *items = NULL, item;
	struct identity *ids[7];
	size_t n = 99;
	struct err e = { 0 };
	assert_int_equal(keystore_list(dir, &items, &n, &e), 0);	/* no folder yet */
	assert_int_equal(n, 0);
	free(items);
	for (size_t i = 0; i < 7; i++)
		ids[i] = added(order[i]);
	scratch_file(dir, "notes.txt", "x", 1);
	scratch_file(dir, "Not A Name.key", "x", 1);
	assert_int_equal(keystore_default_set(dir, "bob", &e), 0);
	assert_int_equal(keystore_list(dir, &items, &n, &e), 0);
	assert_int_equal(n, 7);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(items[i].name, sorted[i]);
		assert_int_equal(items[i].is_default, !strcmp(sorted[i], "bob"));
	}
	free(items);
	assert_int_equal(keystore_find_public(dir, identity_public(ids[2]), &item, &e), 0);
	assert_string_equal(item.name, "bob-2");
	uint8_t unknown[32] = { 1 };
	assert_int_equal(keystore_find_public(dir, unknown, &item, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < 7; i++)
		identity_free(ids[i]);
}

static void nearly_right(void **state)
{
	(void)state;
	struct keystore_item item;
	struct err e = { 0 };
	assert_int_equal(keystore_find(dir, "alice", &item, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.hint, "enclua key new alice");
	identity_free(added("alice"));
	assert_int_equal(keystore_find(dir, "alcie", &item, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "did you mean alice?"));
	assert_int_equal(keystore_find(dir, "somebody-else", &item, &e), -1);
	assert_string_equal(e.hint, "enclua key list");
}

static void the_default(void **state)
{
	(void)state;
	char name[LIMIT_NAME_BYTES + 1], path[PATH_MAX + 32];
	struct err e = { 0 };
	assert_int_equal(keystore_default(dir, name, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	identity_free(added("alice"));
	identity_free(added("bob"));
	assert_int_equal(keystore_default(dir, name, &e), -1);	/* nothing is chosen silently */
	assert_int_equal(keystore_default_set(dir, "carol", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(keystore_default_set(dir, "alice", &e), 0);
	assert_int_equal(keystore_default_set(dir, "bob", &e), 0);
	assert_int_equal(keystore_default(dir, name, &e), 0);
	assert_string_equal(name, "bob");
	const char *broken[] = { "", "\n", "bob", "../x\n", "bob\nalice\n", "Bob\n" };
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		scratch_file(dir, "default", broken[i], strlen(broken[i]));
		assert_int_equal(keystore_default(dir, name, &e), -1);
	}
	scratch_file(dir, "default", "bob\n", 4);
	(void)snprintf(path, sizeof path, "%s/bob.key", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keystore_default(dir, name, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void damaged_keys(void **state)
{
	(void)state;
	struct identity *got = NULL;
	struct err e = { 0 };
	identity_free(added("alice"));
	const char *damaged[] = { "", "nonsense\n", "ENCLUA-SECRET-KEY-1QURS\n", "age-encryption.org/v1\n", "age-encryption.org/v1\n-> scrypt x\n" };
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
		scratch_file(dir, "alice.key", damaged[i], strlen(damaged[i]));
		assert_int_equal(keystore_open(dir, "alice", PASSPHRASE, &got, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_null(got);
	}
}

/* Text ends at a zero byte for C, and a file does not: what stands behind one was taken for part of a file that is as it was written. */
static void zero_bytes(void **state)
{
	(void)state;
	static const char *const files[] = { "alice.key", "alice.pub", "default" };
	struct identity *got = NULL;
	struct err e = { 0 };
	char path[PATH_MAX + 32], name[LIMIT_NAME_BYTES + 1];
	identity_free(added("alice"));
	assert_int_equal(identity_new(&got, &e), 0);
	assert_int_equal(keystore_add(dir, "plain", got, NULL, &e), 0);
	identity_free(got);
	assert_int_equal(keystore_default_set(dir, "alice", &e), 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf file = BUF_INIT(KIB(16));
		(void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		assert_int_equal(os_file_read(path, &file, &e), 0);
		size_t whole = file.len;
		assert_int_equal(buf_add(&file, "\0behind\n", 8, &e), 0);
		scratch_file(dir, files[i], file.data, file.len);
		if (i < 2) {
			assert_int_equal(keystore_open(dir, "alice", PASSPHRASE, &got, &e), -1);
			assert_int_equal(e.code, ERR_INVALID);
		} else {
			assert_int_equal(keystore_default(dir, name, &e), -1);
		}
		scratch_file(dir, files[i], file.data, whole);
		buf_done(&file);
	}
	(void)snprintf(path, sizeof path, "%s/plain.key", dir);
	struct buf file = BUF_INIT(KIB(16));
	assert_int_equal(os_file_read(path, &file, &e), 0);
	assert_int_equal(buf_add(&file, "\0", 1, &e), 0);
	scratch_file(dir, "plain.key", file.data, file.len);
	assert_int_equal(keystore_open(dir, "plain", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&file);
}

/* A child that runs f and then dies as told; its wait status. */
static int in_child(void (*f)(int), int arg)
{
	int status = -1;
	(void)fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		f(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Between 300 and 4095 bytes there is room for the public half but not for a sealed key. */
static void add_with_little_room(int bytes)
{
	const char *passphrase = bytes >= 300 && bytes < 4096 ? PASSPHRASE : NULL;
	struct rlimit room = { (rlim_t)bytes, (rlim_t)bytes };
	struct identity *id = NULL;
	(void)signal(SIGXFSZ, SIG_IGN);
	if (identity_new(&id, NULL) < 0 || setrlimit(RLIMIT_FSIZE, &room) < 0)
		_exit(9);
	_exit(keystore_add(dir, "bob", id, passphrase, NULL) < 0 ? 1 : 0);
}

/* The disk is full after n bytes: no key appears by halves, and those that are there stay. */
static void failing_writes(void **state)
{
	(void)state;
	struct identity *alice = added("alice");
	struct keystore_item item;
	struct err e;
	const int room[] = { 0, 1, 50, 150, 200, 300 };
	for (size_t i = 0; i < sizeof room / sizeof room[0]; i++) {
		int status = in_child(add_with_little_room, room[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		assert_int_equal(keystore_find(dir, "bob", &item, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
		assert_int_equal(files_in_dir(), room[i] < 300 ? 2 : 3);	/* bob.pub may stay: it is no key, and no secret */
	}
	int status = in_child(add_with_little_room, 4096);	/* the control: with room it works */
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(keystore_find(dir, "bob", &item, &e), 0);
	assert_opens_as("alice", NULL, alice);
	identity_free(alice);
}

/* Between .pub and .key: the name is free, and the next key gets a .pub of its own. */
static void stale_public_half(void **state)
{
	(void)state;
	struct keystore_item item;
	struct identity *id = added("bob");
	char from[PATH_MAX + 32], to[PATH_MAX + 32];
	(void)snprintf(from, sizeof from, "%s/bob.pub", dir);
	(void)snprintf(to, sizeof to, "%s/carol.pub", dir);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(keystore_find(dir, "carol", &item, NULL), -1);
	struct identity *carol = added("carol");
	assert_opens_as("carol", NULL, carol);
	identity_free(id);
	identity_free(carol);
}

static void add_forever(int arg)
{
	(void)arg;
	for (int i = 0;; i++) {
		struct identity *id = NULL;
		char name[32];
		(void)snprintf(name, sizeof name, "key-%d", i);
		if (identity_new(&id, NULL) < 0 || keystore_add(dir, name, id, NULL, NULL) < 0 || keystore_default_set(dir, name, NULL) < 0)
			_exit(1);
		identity_free(id);
	}
}

/* Killed at any moment: every key that is there is whole, there is a default, and the next writer clears what was left lying. */
static void killed_writers(void **state)
{
	(void)state;
	unsigned seed = 1;
	size_t keys_seen = 0;
	identity_free(added("first"));
	assert_int_equal(keystore_default_set(dir, "first", NULL), 0);
	for (int round = 0; round < 40; round++) {
		(void)fflush(NULL);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			add_forever(0);
		seed = seed * 1103515245u + 12345u;
		(void)usleep(200 + seed / 65536 % 8000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));

		struct keystore_item *items = NULL;
		struct err e = { 0 };
		size_t n = 0;
		char name[LIMIT_NAME_BYTES + 1];
		if (keystore_list(dir, &items, &n, &e) < 0 || keystore_default(dir, name, &e) < 0)
			fail_msg("round %d: %s", round, e.msg);
		for (size_t i = 0; i < n; i++) {
			struct identity *id = NULL;
			if (keystore_open(dir, items[i].name, NULL, &id, &e) < 0)
				fail_msg("round %d: %s", round, e.msg);
			identity_free(id);
		}
		keys_seen += n;
		free(items);
		/* Make room for the next round's names, but keep what a kill left lying for the next writer. */
		for (int i = 0; (size_t)i < n; i++) {
			char path[PATH_MAX + 64];
			(void)snprintf(path, sizeof path, "%s/key-%d.key", dir, i);
			(void)unlink(path);
		}
		assert_int_equal(keystore_default_set(dir, "first", NULL), 0);
	}
	assert_true(keys_seen > 40);	/* the children did write */
	identity_free(added("last"));
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d));)
		assert_null(strstr(entry->d_name, ".tmp-"));
	closedir(d);
}

static void add_one(int arg)
{
	struct identity *id = NULL;
	(void)arg;
	if (identity_new(&id, NULL) < 0)
		_exit(9);
	_exit(keystore_add(dir, "alice", id, NULL, NULL) < 0 ? 1 : 0);
}

/* Many want the same name at once: one gets it, and its two halves belong together. */
static void one_name_many_writers(void **state)
{
	(void)state;
	pid_t pids[8];
	int won = 0;
	(void)fflush(NULL);
	for (size_t i = 0; i < 8; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			add_one(0);
	}
	for (size_t i = 0; i < 8; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		won += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(won, 1);
	struct identity *id = NULL;
	assert_int_equal(keystore_open(dir, "alice", NULL, &id, NULL), 0);
	identity_free(id);
}

static int setup(void **state)
{
	(void)state;
	scratch_make(top);
	(void)snprintf(dir, sizeof dir, "%s/keys", top);
	return crypto_init(NULL);
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(top);
	return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(names), TEST(in_the_clear), TEST(under_a_passphrase), TEST(sealed_with_a_zero), TEST(never_overwrites), TEST(others_may_not_read),
		TEST(swapped_public_half), TEST(lists), TEST(nearly_right), TEST(the_default), TEST(damaged_keys), TEST(zero_bytes),
		TEST(failing_writes), TEST(stale_public_half), TEST(killed_writers), TEST(one_name_many_writers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
