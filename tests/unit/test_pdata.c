/* Protected data: the types and their spellings, what the tree refuses, the container written and read back, and a container in which any
 * one bit was flipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "base/ustar.h"
#include "form/pdata.h"
#include "unit/scratch.h"

static struct pdata *tree(void)
{
	struct pdata *d;
	struct err e;
	assert_int_equal(pdata_new(&d, &e), 0);
	return d;
}

static void value(struct pdata *d, const char *path, const char *type, const char *text)
{
	struct err e;
	if (pdata_add_value(d, path, type, text, &e) < 0)
		fail_msg("%s: %s", path, e.msg);
}

static void json(struct pdata *d, const char *text)
{
	struct err e;
	if (pdata_add_json(d, text, strlen(text), &e) < 0)
		fail_msg("%s: %s", text, e.msg);
}

static void schema_is(const struct pdata *d, const char *want)
{
	struct buf got = BUF_INIT(LIMIT_SCHEMA_BYTES);
	struct err e;
	if (pdata_schema(d, &got, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_text(&got), want);
	buf_done(&got);
}

static int to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int from_buf(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct buf *b = ctx;
	(void)e;
	assert_true(offset <= b->len && n <= b->len - offset);	/* the reader never asks for more than there is */
	memcpy(out, b->data + offset, n);
	return 0;
}

static void written(const struct pdata *d, struct buf *out)
{
	struct err e;
	uint64_t len = 0;
	*out = (struct buf)BUF_INIT(MIB(64));
	if (pdata_write(d, to_buf, out, &e) < 0 || pdata_plain_len(d, &len, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(out->len, len);
	assert_int_equal(out->len, padme(out->len));
}

/* Scalars: text given, canonical text or NULL when refused. */
static void scalars(void **state)
{
	(void)state;
	static const struct { const char *type, *text, *canon; } rows[] = {
		{ "bool", "true", "true" }, { "bool", "false", "false" }, { "bool", "TRUE", NULL }, { "bool", "1", NULL }, { "bool", "", NULL },
		{ "i128", "0", "0" }, { "i128", "42", "42" }, { "i128", "-1", "-1" },
		{ "i128", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727" },
		{ "i128", "170141183460469231731687303715884105728", NULL },
		{ "i128", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728" },
		{ "i128", "-170141183460469231731687303715884105729", NULL },
		{ "i128", "1000000000000000000000000000000000000000", NULL },
		{ "i128", "042", NULL }, { "i128", "-0", NULL }, { "i128", "+1", NULL }, { "i128", "", NULL }, { "i128", "-", NULL },
		{ "i128", "1.0", NULL }, { "i128", " 1", NULL }, { "i128", "0x10", NULL },
		{ "f64", "1", "1.0" }, { "f64", "1.0", "1.0" }, { "f64", "0.1", "0.1" }, { "f64", "0.10", "0.1" }, { "f64", "-0.0", "-0.0" },
		{ "f64", "1e3", "1e+03" }, { "f64", "1000", "1e+03" }, { "f64", "0.1000000000000000055511151231257827", "0.1" },
		{ "f64", "1234567.5", "1234567.5" }, { "f64", "0.30000000000000004", "0.30000000000000004" },
		{ "f64", "5e-324", "5e-324" }, { "f64", "1.7976931348623157e308", "1.7976931348623157e+308" },
		{ "f64", "1e309", NULL }, { "f64", "1e-999", NULL }, { "f64", "nan", NULL }, { "f64", "inf", NULL }, { "f64", "-Infinity", NULL },
		{ "f64", "0x1p3", NULL }, { "f64", ".5", NULL }, { "f64", "5.", NULL }, { "f64", "1e", NULL }, { "f64", "01.5", NULL },
		{ "f64", "1 ", NULL }, { "f64", "", NULL }, { "f64", "1,5", NULL },
		{ "string", "", "" }, { "string", "é@b.co", "é@b.co" }, { "string", "\xff", NULL }, { "string", "\xed\xa0\x80", NULL },
		{ "number", "1", NULL }, { "text/csv", "a,b", NULL }, { "", "1", NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pdata *d = tree();
		struct buf out;
		struct err e = { .code = ERR_NONE };
		int r = pdata_add_value(d, "v", rows[i].type, rows[i].text, &e);
		if (!rows[i].canon) {
			if (r == 0)
				fail_msg("%s %s was accepted", rows[i].type, rows[i].text);
			assert_int_equal(e.code, ERR_INVALID);
			assert_int_equal(pdata_scalar_check(rows[i].type, rows[i].text, strlen(rows[i].text), &e), -1);
		} else {
			if (r < 0)
				fail_msg("%s %s: %s", rows[i].type, rows[i].text, e.msg);
			written(d, &out);
			struct pdata_leaf *leaves;
			size_t n;
			assert_int_equal(pdata_leaves(&leaves, &n, from_buf, &out, out.len, &e), 0);
			assert_int_equal(n, 1);
			assert_int_equal(leaves[0].size, strlen(rows[i].canon));
			assert_memory_equal(out.data + leaves[0].offset, rows[i].canon, leaves[0].size);
			assert_string_equal(leaves[0].type, rows[i].type);
			free(leaves);
			buf_done(&out);
			assert_int_equal(pdata_scalar_check(rows[i].type, rows[i].canon, strlen(rows[i].canon), &e), 0);
			assert_int_equal(pdata_scalar_check(rows[i].type, rows[i].text, strlen(rows[i].text), &e),
				strcmp(rows[i].text, rows[i].canon) == 0 ? 0 : -1);
		}
		pdata_free(d);
	}
}

static void a_type_of_another_habit_gets_a_hint(void **state)
{
	(void)state;
	struct pdata *d = tree();
	struct err e;
	assert_int_equal(pdata_add_value(d, "v", "boolean", "true", &e), -1);
	assert_non_null(strstr(e.hint, "bool"));
	assert_int_equal(pdata_add_value(d, "v", "number", "1", &e), -1);
	assert_non_null(strstr(e.hint, "f64"));
	assert_int_equal(pdata_add_value(d, "age", "i128", "old", &e), -1);
	assert_non_null(strstr(e.msg, "age"));
	assert_null(strstr(e.msg, "old"));	/* a value is not repeated: it is a secret */
	pdata_free(d);
}

static void paths_of_values(void **state)
{
	(void)state;
	char deep[64] = "a", key[70];
	struct pdata *d = tree();
	struct err e;
	for (unsigned i = 1; i < LIMIT_DATA_DEPTH; i++)
		memcpy(deep + 2 * i - 1, ".a", 3);
	value(d, deep, NULL, "at the bottom");
	value(d, "b.c/d", NULL, "x");
	memset(key, 'k', 64);
	key[64] = '\0';
	value(d, key, NULL, "x");
	memcpy(deep + strlen(deep), ".a", 3);
	static const char *const bad[] = { "", ".", "a..b", ".a", "a.", "/a", "a b", "ä", "a\\b", "a\nb", "a:b", "schema.json", "b.c.d" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bool taken = strcmp(bad[i], "b.c.d") == 0, fine = strcmp(bad[i], "schema.json") == 0;	/* schema/json */
		assert_int_equal(pdata_add_value(d, bad[i], NULL, "x", &e), fine ? 0 : -1);
		if (!fine)
			assert_int_equal(e.code, taken ? ERR_CONFLICT : ERR_INVALID);
	}
	assert_int_equal(pdata_add_value(d, deep, NULL, "x", &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	memset(key, 'K', 65);
	key[65] = '\0';
	assert_int_equal(pdata_add_value(d, key, NULL, "x", &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(pdata_add_value(d, "b", NULL, "x", &e), -1);	/* a folder already */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(pdata_add_value(d, "b.c.d.e", NULL, "x", &e), -1);	/* a leaf already */
	assert_int_equal(e.code, ERR_CONFLICT);
	pdata_free(d);
}

static void schemas(void **state)
{
	(void)state;
	struct pdata *d = tree();
	struct err e;
	struct buf out = BUF_INIT(1000);
	assert_int_equal(pdata_schema(d, &out, &e), -1);	/* nothing to protect */
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&out);
	value(d, "z", "bool", "true");
	value(d, "a.x", "f64", "1");
	value(d, "a-b", NULL, "");	/* sorts before a/x as a path, after a as a key */
	value(d, "a.y.p", "i128", "1");
	value(d, "a.y.q", "i128", "2");
	value(d, "B", NULL, "");
	schema_is(d, "{\"B\":\"string\",\"a\":{\"x\":\"f64\",\"y\":{\"p\":\"i128\",\"q\":\"i128\"}},\"a-b\":\"string\",\"z\":\"bool\"}");
	pdata_free(d);
	bool has;
	static const char text[] = "{\"a\":{\"b\":\"string\"},\"p.csv\":\"text/csv\"}";
	static const struct { const char *path, *type; bool has; } rows[] = {
		{ "a/b", "string", true }, { "a/b", "f64", false }, { "a/b", NULL, true }, { "a", NULL, false }, { "p.csv", "text/csv", true },
		{ "p", NULL, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(pdata_schema_has(text, sizeof text - 1, rows[i].path, rows[i].type, &has, &e), 0);
		assert_int_equal(has, rows[i].has);
	}
	static const char *const bad[] = { "", "{}", "[]", "1", "\"string\"", "{\"a\":{}}", "{\"a\":1}", "{\"a\":[\"f64\"]}", "{\"a\":\"number\"}",
		"{\"b\":\"f64\",\"a\":\"f64\"}", "{\"a\":\"f64\",\"a\":\"f64\"}", "{\"a\":\"f64\",\"a\":{\"b\":\"f64\"}}", "{\"a/b\":\"f64\"}",
		"{\"\":\"f64\"}", "{\"..\":\"f64\"}", "{\"schema.json\":\"text/csv\"}", "{\"a\":null}", "{\"a\":\"f64\"", "{\"a\":\"f64\"}}" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (pdata_schema_has(bad[i], strlen(bad[i]), "a", NULL, &has, &e) == 0)
			fail_msg("the schema %s was accepted", bad[i]);
}

static void json_documents(void **state)
{
	(void)state;
	struct pdata *d = tree();
	json(d, "{\"n\":1,\"x\":1.0,\"y\":1e2,\"s\":\"a\\u0000b\",\"t\":true,\"o\":{\"big\":-170141183460469231731687303715884105728}}");
	schema_is(d, "{\"n\":\"i128\",\"o\":{\"big\":\"i128\"},\"s\":\"string\",\"t\":\"bool\",\"x\":\"f64\",\"y\":\"f64\"}");
	value(d, "o.more", NULL, "beside the document");
	pdata_free(d);
	static const struct { const char *text; const char *says; } bad[] = {
		{ "{\"a\":null}", "null" }, { "{\"a\":{\"b\":[1,2]}}", "a/b" }, { "{\"a\":[]}", "list" }, { "{}", "empty" }, { "{\"a\":{}}", "empty" },
		{ "[1]", "not an object" }, { "\"x\"", "not an object" }, { "{\"a\":1,\"a\":2}", "" }, { "{\"a\":{\"b\":1},\"a\":{\"c\":1}}", "" },
		{ "{\"a\":-0}", "-0" }, { "{\"a\":1e999}", "range" }, { "{\"a b\":1}", "a b" }, { "{\"\":1}", "empty key" }, { "{\"a.b\":1}", "a.b" },
		{ "{\"a\":170141183460469231731687303715884105728}", "i128" }, { "{\"a\":NaN}", "" }, { "{\"a\":1", "" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e;
		d = tree();
		if (pdata_add_json(d, bad[i].text, strlen(bad[i].text), &e) == 0)
			fail_msg("%s was accepted", bad[i].text);
		if (!strstr(e.msg, bad[i].says))
			fail_msg("%s: the message is %s", bad[i].text, e.msg);
		pdata_free(d);
	}
	char deep[256];
	size_t n = 0;
	for (int i = 0; i < 17; i++, n += 5)
		memcpy(deep + n, "{\"a\":", 5);
	deep[n++] = '1';
	memset(deep + n, '}', 17);
	deep[n + 17] = '\0';
	struct err e;
	d = tree();
	assert_int_equal(pdata_add_json(d, deep, strlen(deep), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	pdata_free(d);
}

static void mime_types(void **state)
{
	(void)state;
#define M(bytes, name, type) { bytes, sizeof(bytes) - 1, name, type }
	static const struct { const char *head; size_t n; const char *name, *type; } rows[] = {
		M("%PDF-1.7", "x", "application/pdf"), M("<?xml version", "x", "application/xml"), M("PK\3\4", "x.docx", "application/zip"),
		M("MThd", "x", "audio/midi"), M("ID3\3", "x", "audio/mpeg"), M("\xff\xfb\x90", "x", "audio/mpeg"),
		M("RIFF\1\2\3\4WAVEfmt ", "x", "audio/x-wav"), M("RIFF\1\2\3\4AVI LIST", "x", "video/x-msvideo"),
		M("RIFF\1\2\3\4WEBP", "x", "image/webp"), M("BM\1\2\3\4\0\0\0\0", "x", "image/bmp"), M("GIF89a", "x", "image/gif"),
		M("\xff\xd8\xff\xe0", "x", "image/jpeg"), M("\x89PNG\r\n\x1a\n", "x", "image/png"), M("\0\0\0\x18" "ftypmp42", "x", "video/mp4"),
		M("\0\0\1\xba", "x", "video/mpeg"), M("a,b\n1,2\n", "t.csv", "text/csv"), M("a,b\n1,2\n", "T.CSV", "text/csv"),
		M("{}", "t.json", "application/json"), M("{}\n", "t.ndjson", "application/x-ndjson"), M("hi", "t.txt", "text/plain"),
		M("BMI,height\n20,1.8\n", "t.csv", "text/csv"), M("RIFF", "x", "application/octet-stream"), M("", "x", "application/octet-stream"),
		M("\0\1\2", "t.csv", "application/octet-stream"), M("%PDF-1.7", "t.csv", "application/pdf"), M("", "t.csv", "text/csv"),
		M("a", ".csv", "application/octet-stream"),
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(pdata_mime((const uint8_t *)rows[i].head, rows[i].n, rows[i].name), rows[i].type);
}

static void files_and_folders(void **state)
{
	(void)state;
	char dir[PATH_MAX], path[PATH_MAX + 64];
	struct pdata *d = tree();
	struct err e;
	scratch_make(dir);
	scratch_file(dir, "patients.csv", "a,b\n1,2\n", 8);
	(void)snprintf(path, sizeof path, "%s/sub", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	scratch_file(dir, "sub/scan.pdf", "%PDF-1.4", 8);
	scratch_file(dir, "sub/schema.json", "{}", 2);	/* only at the top is the name taken */
	assert_int_equal(pdata_add_folder(d, dir, &e), 0);
	schema_is(d, "{\"patients.csv\":\"text/csv\",\"sub\":{\"scan.pdf\":\"application/pdf\",\"schema.json\":\"application/json\"}}");
	assert_int_equal(pdata_set_type(d, "patients.csv", "text/x-patients", &e), 0);
	assert_int_equal(pdata_set_type(d, "patients.csv", "f64", &e), -1);
	assert_int_equal(pdata_set_type(d, "patients", "text/csv", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	pdata_free(d);

	d = tree();
	(void)snprintf(path, sizeof path, "%s/patients.csv", dir);
	assert_int_equal(pdata_add_file(d, NULL, path, &e), 0);
	schema_is(d, "{\"patients.csv\":\"text/csv\"}");
	assert_int_equal(pdata_add_file(d, NULL, path, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(pdata_add_folder(d, path, &e), -1);
	assert_int_equal(pdata_add_file(d, NULL, dir, &e), -1);
	assert_int_equal(pdata_add_file(d, "../x", path, &e), -1);
	assert_int_equal(pdata_add_file(d, "schema.json", path, &e), -1);
	assert_int_equal(pdata_add_file(d, NULL, "/nonexistent", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	pdata_free(d);
	scratch_remove(dir);
}

/* Each of these in a folder is refused, and the message names it. */
static void what_is_no_file_is_refused_by_name(void **state)
{
	(void)state;
	enum { LINK, DANGLING, FIFO, EMPTY, SCHEMA, NEWLINE, CASES };
	static const char *const names[] = { "alink", "dangling", "afifo", "hollow", "schema.json", "a\nb" };
	for (int i = 0; i < CASES; i++) {
		char dir[PATH_MAX], path[PATH_MAX + 64];
		struct pdata *d = tree();
		struct err e = { .code = ERR_NONE };
		scratch_make(dir);
		scratch_file(dir, "fine", "x", 1);
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		int r = i == LINK ? symlink("fine", path) : i == DANGLING ? symlink("nowhere", path) : i == FIFO ? mkfifo(path, 0600)
			: i == EMPTY ? mkdir(path, 0700) : 0;
		assert_int_equal(r, 0);
		if (i >= SCHEMA)
			scratch_file(dir, names[i], "{}", 2);
		if (pdata_add_folder(d, dir, &e) == 0)
			fail_msg("%s was accepted", names[i]);
		if (i != NEWLINE && !strstr(e.msg, names[i]))
			fail_msg("%s is not named in: %s", names[i], e.msg);
		pdata_free(d);
		scratch_remove(dir);
	}
}

static void a_file_that_changes_is_refused(void **state)
{
	(void)state;
	enum { GROWN, CUT, REWRITTEN, REPLACED, LINKED, GONE, CASES };
	for (int i = 0; i < CASES; i++) {
		char dir[PATH_MAX], path[PATH_MAX + 64], other[PATH_MAX + 64];
		struct pdata *d = tree();
		struct buf out = BUF_INIT(MIB(1));
		struct err e = { .code = ERR_NONE };
		scratch_make(dir);
		scratch_file(dir, "f", "12345678", 8);
		(void)snprintf(path, sizeof path, "%s/f", dir);
		(void)snprintf(other, sizeof other, "%s/g", dir);
		const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
		assert_int_equal(pdata_add_file(d, NULL, path, &e), 0);
		if (i == GROWN)
			scratch_file(dir, "f", "123456789", 9);
		else if (i == CUT)
			assert_int_equal(truncate(path, 7), 0);
		else if (i == REWRITTEN)
			scratch_file(dir, "f", "87654321", 8);
		else
			assert_int_equal(rename(path, other), 0);
		if (i == REPLACED)
			scratch_file(dir, "f", "12345678", 8);
		else if (i == LINKED)
			assert_int_equal(symlink("g", path), 0);
		assert_int_equal(pdata_write(d, to_buf, &out, &e), -1);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_non_null(strstr(e.msg, "/f"));
		buf_done(&out);
		pdata_free(d);
		scratch_remove(dir);
	}
}

/* A file that is cut short while it is read: the sink does it after the first piece. */
struct cutter { const char *path; unsigned calls; };
static int cut_meanwhile(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct cutter *c = ctx;
	(void)bytes;
	(void)n;
	(void)e;
	if (c->calls++ == 0)
		assert_int_equal(truncate(c->path, 100), 0);
	return 0;
}

static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
	(void)state;
	char dir[PATH_MAX], path[PATH_MAX + 64];
	struct pdata *d = tree();
	struct err e;
	scratch_make(dir);
	scratch_file(dir, "f", "", 0);
	(void)snprintf(path, sizeof path, "%s/f", dir);
	assert_int_equal(truncate(path, 1 << 20), 0);
	assert_int_equal(pdata_add_file(d, NULL, path, &e), 0);
	struct cutter c = { path, 0 };
	assert_int_equal(pdata_write(d, cut_meanwhile, &c, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	pdata_free(d);
	scratch_remove(dir);
}

static int count_bytes(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)bytes;
	(void)e;
	*(uint64_t *)ctx += n;
	return 0;
}

static long peak_kib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void a_large_file_takes_little_memory(void **state)
{
	(void)state;
	char dir[PATH_MAX], path[PATH_MAX + 64];
	struct pdata *d = tree();
	struct err e;
	uint64_t sum = 0, len;
	scratch_make(dir);
	scratch_file(dir, "f", "", 0);
	(void)snprintf(path, sizeof path, "%s/f", dir);
	off_t size = getenv("LONG") ? (off_t)9 << 30 : (off_t)512 << 20;	/* past what octal holds, or quick */
	assert_int_equal(truncate(path, size), 0);
	assert_int_equal(pdata_add_file(d, NULL, path, &e), 0);
	long before = peak_kib();
	assert_int_equal(pdata_write(d, count_bytes, &sum, &e), 0);
	assert_true(peak_kib() - before < 8 * 1024);
	assert_int_equal(pdata_plain_len(d, &len, &e), 0);
	assert_int_equal(sum, len);
	assert_true(len > (uint64_t)size && len < (uint64_t)size + (uint64_t)size / 8);
	pdata_free(d);
	scratch_remove(dir);
}

static struct pdata *sample(void)
{
	struct pdata *d = tree();
	value(d, "name", NULL, "Ada");
	value(d, "contacts.email", NULL, "ada@example.org");
	value(d, "contacts.age", "i128", "36");
	value(d, "contacts-old", "bool", "false");
	return d;
}

static void written_and_read_back(void **state)
{
	(void)state;
	struct pdata *d = sample();
	struct buf out, again;
	struct pdata_leaf *leaves;
	struct err e;
	size_t n;
	written(d, &out);
	written(d, &again);
	assert_int_equal(out.len, again.len);
	assert_memory_equal(out.data, again.data, out.len);
	buf_done(&again);
	if (pdata_leaves(&leaves, &n, from_buf, &out, out.len, &e) < 0)
		fail_msg("%s", e.msg);
	static const struct { const char *path, *type, *text; } want[] = {
		{ "contacts-old", "bool", "false" }, { "contacts/age", "i128", "36" }, { "contacts/email", "string", "ada@example.org" },
		{ "name", "string", "Ada" },
	};
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(leaves[i].path, want[i].path);
		assert_string_equal(leaves[i].type, want[i].type);
		assert_int_equal(leaves[i].size, strlen(want[i].text));
		assert_memory_equal(out.data + leaves[i].offset, want[i].text, leaves[i].size);
	}
	free(leaves);
	buf_done(&out);
	pdata_free(d);
}

/* One flipped bit anywhere but in the bytes of a leaf, and one block too few or too many: refused. */
static void nothing_but_the_canonical_bytes_is_read(void **state)
{
	(void)state;
	struct pdata *d = sample();
	struct buf out;
	struct pdata_leaf *leaves, *none;
	struct err e;
	size_t n, m;
	written(d, &out);
	assert_int_equal(pdata_leaves(&leaves, &n, from_buf, &out, out.len, &e), 0);
	for (size_t at = 0; at < out.len; at++) {
		bool content = false;
		for (size_t i = 0; i < n; i++)
			content |= at >= leaves[i].offset && at < leaves[i].offset + leaves[i].size;
		for (int bit = 0; !content && bit < 8; bit++) {
			if ((out.data[at] ^ (1 << bit)) == '/' && at >= 512 && at < 1024)
				continue;	/* "bool" became "b/ol" in the schema: a MIME type like any other */
			out.data[at] ^= (uint8_t)(1 << bit);
			if (pdata_leaves(&none, &m, from_buf, &out, out.len, &e) == 0)
				fail_msg("bit %d of byte %zu was flipped, and the container is read", bit, at);
			out.data[at] ^= (uint8_t)(1 << bit);
		}
	}
	for (size_t len = 0; len < out.len; len += 256)
		if (pdata_leaves(&none, &m, from_buf, &out, len, &e) == 0)
			fail_msg("a container cut at %zu is read", len);
	assert_int_equal(buf_add_zero(&out, 512, &e), 0);
	assert_int_equal(pdata_leaves(&none, &m, from_buf, &out, out.len, &e), -1);
	free(leaves);
	buf_done(&out);
	pdata_free(d);
}

/* Unpacked and read back: the same schema, the same bytes. */
static void unpacked(void **state)
{
	(void)state;
	char dir[PATH_MAX], folder[PATH_MAX + 8];
	struct pdata *d = tree(), *again = tree();
	struct buf one, two;
	struct err e = { .code = ERR_NONE };
	scratch_make(dir);
	(void)snprintf(folder, sizeof folder, "%s/data", dir);
	value(d, "a.b", "i128", "-5");
	value(d, "a.text", "string", "line\n");
	value(d, "ok", "bool", "true");
	value(d, "x", "f64", "1");
	value(d, "empty", "string", "");
	assert_int_equal(pdata_add_bytes(d, "t/table.csv", NULL, "a,b\n", 4, &e), 0);
	assert_int_equal(pdata_add_bytes(d, "odd.csv", "application/x-odd", "\0\1", 2, &e), 0);
	assert_int_equal(pdata_unpack(d, folder, &e), 0);
	assert_int_equal(pdata_unpack(d, folder, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	if (pdata_add_folder(again, folder, &e) < 0)
		fail_msg("%s", e.msg);
	schema_is(again, "{\"a\":{\"b\":\"i128\",\"text\":\"string\"},\"empty\":\"string\",\"odd.csv\":\"application/x-odd\",\"ok\":\"bool\",\"t\":{\"table.csv\":\"text/csv\"},\"x\":\"f64\"}");
	written(d, &one);
	written(again, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	buf_done(&one);
	buf_done(&two);
	pdata_free(d);
	pdata_free(again);
	scratch_remove(dir);
}

/* A folder whose schema.json and files do not fit each other, or that is no schema; and data in memory that cannot be. */
static void unpacked_refused(void **state)
{
	(void)state;
	static const struct { const char *schema, *file, *text; enum err_code code; } rows[] = {
		{ "{\"a\":\"i128\"}", "a", "x", ERR_INVALID }, { "{\"a\":\"i128\"}", "b", "1", ERR_INVALID }, { "{\"a\":\"bool\",\"b\":\"bool\"}", "a", "true", ERR_INVALID },
		{ "{\"a.b\":\"string\"}", "a.b", "x", ERR_INVALID }, { "{\"a\":\"no type\"}", "a", "x", ERR_INVALID }, { "{\"a\":1}", "a", "x", ERR_INVALID }, { "[", "a", "x", ERR_INVALID },
		{ "{\"a\":\"i128\"}", "a", "1\n\n", ERR_INVALID }, { "{\"a\":\"i128\"}", "a", "1\n", ERR_NONE }, { "{\"a\":\"text/plain\"}", "a", "1", ERR_NONE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char dir[PATH_MAX];
		struct pdata *d = tree();
		struct err e = { .code = ERR_NONE };
		scratch_make(dir);
		scratch_file(dir, "schema.json", rows[i].schema, strlen(rows[i].schema));
		scratch_file(dir, rows[i].file, rows[i].text, strlen(rows[i].text));
		int r = pdata_add_folder(d, dir, &e);
		if (r != (rows[i].code ? -1 : 0) || e.code != rows[i].code)
			fail_msg("row %zu: %d, %s", i, r, e.msg);
		pdata_free(d);
		scratch_remove(dir);
	}
	struct pdata *d = tree();
	assert_int_equal(pdata_add_bytes(d, "../a", NULL, "", 0, NULL), -1);
	assert_int_equal(pdata_add_bytes(d, "schema.json", NULL, "", 0, NULL), -1);
	assert_int_equal(pdata_add_bytes(d, "a", "no type", "", 0, NULL), -1);
	assert_int_equal(pdata_add_bytes(d, "a", NULL, "", 0, NULL), 0);
	assert_int_equal(pdata_add_bytes(d, "a", NULL, "", 0, NULL), -1);
	pdata_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),
		cmocka_unit_test(a_type_of_another_habit_gets_a_hint),
		cmocka_unit_test(paths_of_values),
		cmocka_unit_test(schemas),
		cmocka_unit_test(json_documents),
		cmocka_unit_test(mime_types),
		cmocka_unit_test(files_and_folders),
		cmocka_unit_test(what_is_no_file_is_refused_by_name),
		cmocka_unit_test(a_file_that_changes_is_refused),
		cmocka_unit_test(a_file_that_changes_while_it_is_read_is_refused),
		cmocka_unit_test(a_large_file_takes_little_memory),
		cmocka_unit_test(written_and_read_back),
		cmocka_unit_test(nothing_but_the_canonical_bytes_is_read), cmocka_unit_test(unpacked), cmocka_unit_test(unpacked_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
