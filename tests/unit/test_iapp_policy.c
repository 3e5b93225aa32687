/* Policies in the archive of iApps (core/form/iapp_*.c): what differs, and that neither kind passes for the other, however it is dressed. What is the same
 * for both kinds is in test_iapp.c and test_iapp_evil.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/os.h"
#include "unit/iapp_make.h"
#include "unit/scratch.h"

#define POLICY_YAML "api: 1\nname: demo\nversion: 1.0.0\nentry: policy.lua\n"
#define POLICY_LUA "return require 'policy' { api = 1, id = 'demo' }\n"

static char dir[PATH_MAX], top[PATH_MAX];

static const struct piece policy_files[] = { { "policy.lua", TEXT(POLICY_LUA) }, { "policy.yaml", TEXT(POLICY_YAML) }, { NULL, NULL, 0 } };
static const struct piece both_files[] = {
	{ "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "main.lua", TEXT(MAIN_TEXT) }, { "policy.lua", TEXT(POLICY_LUA) }, { "policy.yaml", TEXT(POLICY_YAML) }, { NULL, NULL, 0 }
};

/* Signed by identity 7; first line and last comment as those of `head` and `word`. */
static struct buf archive(const struct piece *files, const char *head, const char *word)
{
	struct buf out = BUF_INIT(MIB(1)), list = BUF_INIT(KIB(64)), sig = BUF_INIT(KIB(8));
	struct identity *id = signer_make(7);
	struct minisign_key key = signer_key(id);
	char line[MINISIGN_KEY_LINE], untrusted[256], who[64], trusted[MINISIGN_COMMENT];
	minisign_key_line(line, &key);
	(void)snprintf(untrusted, sizeof untrusted, "enclua %s signature, public key %s", head, line);
	(void)snprintf(who, sizeof who, "%s=demo version=1.0.0", word);
	list_put(&list, files);
	comment_make(trusted, who, &list);
	minisig_put(&sig, id, &list, &(struct forgery){ .untrusted = untrusted, .trusted = trusted });
	entry_put(&out, "MANIFEST", list.data, list.len);
	entry_put(&out, "MANIFEST.minisig", sig.data, sig.len);
	for (; files->path; files++)
		entry_put(&out, files->path, files->bytes, files->len);
	end_put(&out);
	identity_free(id);
	buf_done(&list);
	buf_done(&sig);
	return out;
}

static void folder_make(const char *folder, const struct piece *files)
{
	assert_int_equal(os_dir_make(folder, 0700, NULL), 0);
	for (; files->path; files++)
		scratch_file(folder, files->path, files->bytes, files->len);
}

static int pack(struct buf *out, enum iapp_kind kind, const char *folder, struct err *e)
{
	struct identity *id = signer_make(7);
	int r = iapp_pack_kind(out, kind, folder, (const struct identity *const []){ id }, 1, e);
	identity_free(id);
	return r;
}

static void a_policy_is_packed_and_opens(void **state)
{
	(void)state;
	struct buf out = BUF_INIT(MIB(1)), by_hand = archive(policy_files, "policy", "policy"), again = BUF_INIT(MIB(1));
	struct iapp *a = NULL;
	struct err e;
	folder_make("policy", policy_files);
	if (pack(&out, IAPP_POLICY, "policy", &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(out.len, by_hand.len);
	assert_memory_equal(out.data, by_hand.data, out.len);
	if (iapp_open(&a, out.data, out.len, &(struct iapp_expect){ .kind = IAPP_POLICY }, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(a->kind, IAPP_POLICY);
	assert_string_equal(a->manifest->name, "demo");
	assert_string_equal(a->manifest->entry, "policy.lua");
	assert_int_equal(a->n_files, 2);
	assert_int_equal(strncmp(a->signers[0].comment, "policy=demo version=1.0.0 h1=h1:", 32), 0);
	iapp_free(a);

	scratch_file("policy", "cases.json", "[]", 2);	/* tests stay with the author: the same bytes come out */
	scratch_file("policy", "notes~", "x", 1);
	assert_int_equal(pack(&again, IAPP_POLICY, "policy", &e), 0);
	assert_int_equal(again.len, out.len);
	assert_memory_equal(again.data, out.data, out.len);
	buf_done(&again);
	buf_done(&by_hand);
	buf_done(&out);
}

/* cases.json means nothing to an iApp, and h1 of one that has such a file stays what it was. */
static void an_iapp_keeps_its_cases(void **state)
{
	(void)state;
	struct buf out = BUF_INIT(MIB(1));
	struct iapp *a = NULL;
	folder_make("iapp", demo_files + 2);
	scratch_file("iapp", "iapp.yaml", TEXT(MANIFEST_TEXT));
	scratch_file("iapp", "cases.json", "[]", 2);
	assert_int_equal(pack(&out, IAPP_APP, "iapp", NULL), 0);
	assert_int_equal(iapp_open(&a, out.data, out.len, NULL, NULL), 0);
	assert_string_equal(a->files[0].path, "cases.json");
	iapp_free(a);
	buf_done(&out);
}

static void neither_passes_for_the_other(void **state)
{
	(void)state;
	static const struct { const char *name; const struct piece *files; const char *head, *word; enum iapp_kind as; const char *words; } rows[] = {
		{ "a policy as an iApp", policy_files, "policy", "policy", IAPP_APP, "this is a policy, not an iApp" },
		{ "an iApp as a policy", demo_files, "iApp", "iapp", IAPP_POLICY, "this is an iApp, not a policy" },
		{ "an iApp in a policy's first line", demo_files, "policy", "iapp", IAPP_POLICY, "the archive has no policy.yaml" },
		{ "a policy in an iApp's first line", policy_files, "iApp", "policy", IAPP_APP, "the archive has no iapp.yaml" },
		{ "a policy whose signer spoke of an iApp", policy_files, "policy", "iapp", IAPP_POLICY, "a signer signed \"iapp=demo" },
		{ "an iApp whose signer spoke of a policy", demo_files, "iApp", "policy", IAPP_APP, "a signer signed \"policy=demo" },
		{ "both, as a policy", both_files, "policy", "policy", IAPP_POLICY, "has policy.yaml and iapp.yaml" },
		{ "both, as an iApp", both_files, "iApp", "iapp", IAPP_APP, "has iapp.yaml and policy.yaml" },
		{ "some other kind", policy_files, "thing", "policy", IAPP_POLICY, "its first line must be \"untrusted comment: enclua policy signature" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = archive(rows[i].files, rows[i].head, rows[i].word);
		struct iapp *a = NULL;
		struct err e = { .code = ERR_NONE };
		if (iapp_open(&a, b.data, b.len, &(struct iapp_expect){ .kind = rows[i].as }, &e) == 0)
			fail_msg("%s: accepted", rows[i].name);
		if (e.code != ERR_INVALID || !strstr(e.msg, rows[i].words))
			fail_msg("%s: %s \"%s\" instead of \"%s\"", rows[i].name, err_name(e.code), e.msg, rows[i].words);
		buf_done(&b);
	}
}

static void folders_of_the_other_kind(void **state)
{
	(void)state;
	struct buf out = BUF_INIT(MIB(1));
	struct err e;
	folder_make("is-policy", policy_files);
	assert_int_equal(pack(&out, IAPP_APP, "is-policy", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "has no iapp.yaml"));
	folder_make("is-both", both_files);
	assert_int_equal(pack(&out, IAPP_POLICY, "is-both", &e), -1);
	assert_non_null(strstr(e.msg, "either a policy or an iApp"));
	buf_done(&out);
}

/* Nothing but these keys: a policy that asked for data, egress or memory would be refused, not ignored. */
static void the_manifest_of_a_policy(void **state)
{
	(void)state;
	static const struct { const char *text, *words; } rows[] = {
		{ POLICY_YAML "summary: of a demo\n", NULL },
		{ POLICY_YAML "limits: { memory: 1GiB }\n", "5:1: unknown key \"limits\"" },
		{ POLICY_YAML "inputs: { data: one }\n", "unknown key \"inputs\"" },
		{ POLICY_YAML "egress: []\n", "unknown key \"egress\"" },
		{ POLICY_YAML "purposes: []\n", "unknown key \"purposes\"" },
		{ POLICY_YAML "outputs: { deterministic: true }\n", "unknown key \"outputs\"" },
		{ POLICY_YAML "sumary: x\n", "did you mean \"summary\"?" },
		{ POLICY_YAML "name: again\n", "name" },
		{ "api: 1\nname: demo\nversion: 1.0.0\n", "needs the key \"entry\"" },
		{ "api: 1\nname: demo\nentry: policy.lua\n", "needs the key \"version\"" },
		{ "api: 2\nname: demo\nversion: 1.0.0\nentry: policy.lua\n", "manifests of api 1" },
		{ "api: 1\nname: demo\nversion: 1.0.0\nentry: main.lua\n", "4:8: the entry of a policy is policy.lua" },
		{ "api: 1\nname: demo\nversion: 1.0.0\nentry: [policy.lua]\n", "the entry of a policy is policy.lua" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct manifest *m = NULL;
		struct err e = { .code = ERR_NONE };
		int r = manifest_policy_parse(&m, "t", rows[i].text, strlen(rows[i].text), &e);
		if ((r == 0) != !rows[i].words || (r < 0 && (e.code != ERR_INVALID || !strstr(e.msg, rows[i].words))))
			fail_msg("%zu: %d \"%s\"", i, r, r < 0 ? e.msg : "");
		manifest_free(m);
	}
}

static int begin(void **state)
{
	(void)state;
	struct err e;
	if (crypto_init(&e) < 0 || !getcwd(top, sizeof top))
		return -1;
	scratch_make(dir);
	return chdir(dir);
}

static int end(void **state)
{
	(void)state;
	int r = chdir(top);
	scratch_remove(dir);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_is_packed_and_opens),
		cmocka_unit_test(an_iapp_keeps_its_cases),
		cmocka_unit_test(neither_passes_for_the_other),
		cmocka_unit_test(folders_of_the_other_kind),
		cmocka_unit_test(the_manifest_of_a_policy),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
