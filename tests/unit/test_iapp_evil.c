/* Archives that iapp_open must refuse, each for its own reason: A, S: the project's list of hostile archives and signatures. They are made here, byte
 * by byte; those of a malicious author are signed well. While they are opened this process may open no file at all, so nothing can get to the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <zlib.h>

#include "unit/iapp_make.h"

static struct buf good_archive(void)
{
	struct buf b = BUF_INIT(MIB(200));
	archive_of(&b, demo_files);
	return b;
}

static void refused_by(const struct buf *b, const struct iapp_expect *x, enum err_code code, const char *words, const char *name)
{
	struct iapp *a = NULL;
	struct err e = { .code = ERR_NONE };
	if (iapp_open(&a, b->data, b->len, x, &e) == 0)
		fail_msg("%s: accepted; expected \"%s\"", name, words);
	assert_null(a);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s: %s \"%s\" instead of \"%s\"", name, err_name(e.code), e.msg, words);
}

static void refused(struct buf *b, const char *words, const char *name)
{
	refused_by(b, NULL, ERR_INVALID, words, name);
	buf_done(b);
}

/* A00: the archive that all others differ from, in one thing each. */
static void the_good_one_opens(void **state)
{
	(void)state;
	struct buf b = good_archive();
	struct iapp *a = NULL;
	struct err e;
	if (iapp_open(&a, b.data, b.len, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	iapp_free(a);
	buf_done(&b);
}

/* One field of one header changed, its checksum made good again. Header 2 is iapp.yaml, 3 lib/util.lua. */
static void headers(void **state)
{
	(void)state;
	static const struct { const char *name; unsigned header; size_t at; const char *bytes; size_t n; const char *words; } rows[] = {
		{ "A08 symbolic link", 2, 156, TEXT("2"), "a symbolic link" },
		{ "A10 hard link", 2, 156, TEXT("1"), "a hard link" },
		{ "character device", 2, 156, TEXT("3"), "a character device" },
		{ "A12 block device", 2, 156, TEXT("4"), "a block device" },
		{ "A14 directory", 2, 156, TEXT("5"), "a directory" },
		{ "fifo", 2, 156, TEXT("6"), "a fifo" },
		{ "contiguous", 2, 156, TEXT("7"), "a contiguous file" },
		{ "A20 GNU long name", 2, 156, TEXT("L"), "a GNU long name" },
		{ "GNU long link", 2, 156, TEXT("K"), "a GNU long link" },
		{ "A22 pax", 2, 156, TEXT("x"), "a pax header" },
		{ "A24 pax global", 2, 156, TEXT("g"), "a global pax header" },
		{ "GNU sparse", 2, 156, TEXT("S"), "a sparse file" },
		{ "old tar", 2, 156, TEXT("\0"), "before POSIX" },
		{ "volume label", 2, 156, TEXT("V"), "of an unknown type" },
		{ "Solaris extended header", 2, 156, TEXT("X"), "of an unknown type" },
		{ "a link's target", 2, 157, TEXT("main.lua"), "not canonical: link name" },
		{ "A02 traversal", 2, 0, TEXT("../iapp.yaml"), "a part \"..\"" },
		{ "traversal in the middle", 2, 0, TEXT("lib/../../evil.lua"), "a part \"..\"" },
		{ "absolute", 2, 0, TEXT("/iapp.yaml"), "is not relative" },
		{ "A04 ./", 2, 0, TEXT("./iapp.yaml"), "a part \".\"" },
		{ "A06 trailing slash", 2, 0, TEXT("iapp.yaml/"), "ends with a slash" },
		{ "empty part", 3, 0, TEXT("lib//til.lua"), "an empty part" },
		{ "backslash", 2, 0, TEXT("a\\b.yaml\0"), "a backslash" },
		{ "drive", 2, 0, TEXT("C:\\p.yaml"), "a backslash" },
		{ "newline", 2, 0, TEXT("iapp\nyaml"), "a control character" },
		{ "escape", 2, 0, TEXT("\x1b[2Jyaml."), "a control character" },
		{ "not UTF-8", 2, 0, TEXT("iapp\xffyaml"), "is not UTF-8" },
		{ "A26 NUL and more", 2, 0, TEXT("iapp.yaml\0evil"), "not canonical: name" },
		{ "A28 empty name", 2, 0, TEXT("\0\0\0\0\0\0\0\0\0"), "is empty" },
		{ "another name", 2, 0, TEXT("iapq.yaml"), "iapq.yaml is in the archive but not in its place" },
		{ "another case", 2, 0, TEXT("Iapp.yaml"), "not in its place" },
		{ "split path", 3, 0, TEXT("util.lua\0\0\0\0"), "not in its place" },
		{ "prefix", 2, 345, TEXT("lib"), "not canonical: name" },
		{ "prefix behind NUL", 2, 346, TEXT("x"), "not canonical: prefix" },
		{ "A52 mtime", 2, 136, TEXT("00000000001 "), "not canonical: mtime" },
		{ "A52 uid", 2, 108, TEXT("001750 "), "not canonical: uid" },
		{ "A52 gid", 2, 116, TEXT("001750 "), "not canonical: gid" },
		{ "A52 user name", 2, 265, TEXT("root"), "not canonical: user name" },
		{ "A52 group name", 2, 297, TEXT("root"), "not canonical: group name" },
		{ "executable", 2, 100, TEXT("000755 "), "marked executable" },
		{ "executable list", 0, 100, TEXT("000755 "), "the first entry is not MANIFEST" },
		{ "executable signature", 1, 100, TEXT("000755 "), "marked executable" },
		{ "mode 600", 2, 100, TEXT("000600 "), "not canonical: mode" },
		{ "set uid", 2, 100, TEXT("004755 "), "not canonical: mode" },
		{ "A52 GNU magic", 2, 257, TEXT("ustar  \0"), "not canonical: magic" },
		{ "no magic", 2, 257, TEXT("\0\0\0\0\0\0\0\0"), "not a ustar header" },
		{ "version", 2, 263, TEXT("01"), "not canonical: version" },
		{ "device number", 2, 329, TEXT("000001 "), "not canonical: device major" },
		{ "device number", 2, 337, TEXT("000001 "), "not canonical: device minor" },
		{ "behind the prefix", 2, 500, TEXT("x"), "not canonical: padding" },
		{ "GNU's size", 2, 124, TEXT("00000000061\0"), "not canonical: size" },
		{ "size with spaces", 2, 124, TEXT("         61 "), "not canonical: size" },
		{ "A36 negative size", 2, 124, TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), "is too large" },
		{ "A36 minus in octal", 2, 124, TEXT("-0000000061 "), "not canonical: size" },
		{ "small size in base 256", 2, 124, TEXT("\x80\0\0\0\0\0\0\0\0\0\0\x31"), "not canonical: size" },
		{ "A38 1 TiB", 2, 124, TEXT("\x80\0\0\0\0\0\x01\0\0\0\0\0"), "cut short inside iapp.yaml" },
		{ "8 GiB less one", 2, 124, TEXT("77777777777 "), "cut short inside iapp.yaml" },
		{ "size over 2^62", 2, 124, TEXT("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"), "is too large" },
		{ "S13 size one less", 2, 124, TEXT("00000000060 "), "padding after iapp.yaml" },
		{ "S13 size one more", 2, 124, TEXT("00000000062 "), "is not the file that was signed" },
		{ "list's size one less", 0, 124, TEXT("00000000345 "), "padding after MANIFEST" },
		{ "list's size one more", 0, 124, TEXT("00000000347 "), "not what the signer signed" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = good_archive();
		uint8_t *block = b.data + header_at(&b, rows[i].header);
		memcpy(block + rows[i].at, rows[i].bytes, rows[i].n);
		checksum_fix(block);
		refused_by(&b, NULL, ERR_INVALID, rows[i].words, rows[i].name);
		buf_done(&b);
	}
	struct buf b = good_archive();
	b.data[header_at(&b, 2) + 148] = '1';
	refused(&b, "checksum does not fit", "A34 checksum");
	b = good_archive();
	memcpy(b.data + header_at(&b, 2) + 154, "  ", 2);	/* the same number in GNU's older spelling */
	refused(&b, "not canonical: checksum", "checksum ended otherwise");
}

/* Extra entries put in before the n-th header, where a reader that honours them would take another name or content. */
static void entries_inserted(void **state)
{
	(void)state;
	static const struct { const char *name, *path; char type; const char *content; const char *words; } rows[] = {
		{ "A22 pax path", "PaxHeader/main.lua", 'x', "23 path=../../evil.lua\n", "a pax header" },
		{ "A24 pax global path", "pax_global_header", 'g', "17 path=main.lua\n", "a global pax header" },
		{ "A38 pax sparse", "GNUSparseFile.0/x", 'x', "22 GNU.sparse.major=1\n", "a pax header" },
		{ "A48 pax length", "PaxHeader/x", 'x', "9999999999 path=x\n", "a pax header" },
		{ "A20 GNU long name", "././@LongLink", 'L', "lib/../../evil.lua", "a GNU long name" },
		{ "S12 a file that is not listed", "extra.lua", '0', "return 1\n", "not in its place in MANIFEST" },
		{ "A14 a directory", "lib", '5', "", "a directory" },
		{ "a second list", "MANIFEST", '0', "x", "not in its place in MANIFEST" },
		{ "a second signature without name", "MANIFEST.minisig", '0', "x", "not in its place in MANIFEST" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned at = 2; at <= 5; at++) {
			struct buf good = good_archive(), b = BUF_INIT(MIB(1));
			size_t cut = header_at(&good, at), head = cut;
			must(buf_add(&b, good.data, cut, NULL));
			entry_put(&b, rows[i].path, rows[i].content, strlen(rows[i].content));
			b.data[head + 156] = (uint8_t)rows[i].type;
			checksum_fix(b.data + head);
			must(buf_add(&b, good.data + cut, good.len - cut, NULL));
			buf_done(&good);
			refused(&b, rows[i].words, rows[i].name);
		}
	for (unsigned n = 2; n <= 4; n++) {	/* A16: each file twice, side by side and at the end */
		struct buf good = good_archive(), b = BUF_INIT(MIB(1)), c = BUF_INIT(MIB(1));
		size_t at = header_at(&good, n), next = header_at(&good, n + 1), end = header_at(&good, 5);
		must(buf_add(&b, good.data, next, NULL));
		must(buf_add(&b, good.data + at, good.len - at, NULL));
		refused(&b, "not in its place in MANIFEST", "A16 twice, side by side");
		must(buf_add(&c, good.data, end, NULL));
		must(buf_add(&c, good.data + at, next - at, NULL));
		end_put(&c);
		refused(&c, "not in its place in MANIFEST", "A16 twice, at the end");
		buf_done(&good);
	}
}

static void entries_moved(void **state)
{
	(void)state;
	struct buf good = good_archive();
	for (unsigned n = 0; n <= 4; n++) {	/* each entry missing */
		static const char *const words[] = { "the first entry is not MANIFEST", "is not signed", "not in its place", "not in its place", "main.lua is in MANIFEST but not" };
		struct buf b = BUF_INIT(MIB(1));
		size_t at = header_at(&good, n), next = header_at(&good, n + 1);
		must(buf_add(&b, good.data, at, NULL));
		must(buf_add(&b, good.data + next, good.len - next, NULL));
		refused(&b, words[n], "an entry is missing");
	}
	for (unsigned n = 0; n < 4; n++) {	/* two neighbours change places */
		static const char *const words[] = { "the first entry is not MANIFEST", "is not signed", "not in its place", "not in its place" };
		struct buf b = BUF_INIT(MIB(1));
		size_t at = header_at(&good, n), second = header_at(&good, n + 1), third = header_at(&good, n + 2);
		must(buf_add(&b, good.data, at, NULL));
		must(buf_add(&b, good.data + second, third - second, NULL));
		must(buf_add(&b, good.data + at, second - at, NULL));
		must(buf_add(&b, good.data + third, good.len - third, NULL));
		refused(&b, words[n], "two entries change places");
	}
	struct buf b = BUF_INIT(MIB(1));	/* the signature behind the files */
	size_t sig = header_at(&good, 1), files = header_at(&good, 2), end = header_at(&good, 5);
	must(buf_add(&b, good.data, sig, NULL));
	must(buf_add(&b, good.data + files, end - files, NULL));
	must(buf_add(&b, good.data + sig, files - sig, NULL));
	end_put(&b);
	refused(&b, "is not signed", "the signature comes last");
	buf_done(&good);
}

static void ends(void **state)
{
	(void)state;
	static const char words[] = "does not end with two zero blocks and nothing after them";
	struct buf b = good_archive();
	b.len -= 512;
	refused(&b, words, "one zero block");
	b = good_archive();
	b.len -= 1024;
	refused(&b, "cut short at byte", "no zero block");
	b = good_archive();
	must(buf_add_zero(&b, 512, NULL));
	refused(&b, words, "three zero blocks");
	b = good_archive();
	must(buf_add_zero(&b, 8192, NULL));
	refused(&b, words, "a record of 10 KiB, as GNU tar fills it");
	b = good_archive();
	for (size_t i = 0; i < 1600 / 4; i++)
		must(buf_add(&b, "junk", 4, NULL));
	refused(&b, "no multiple of 512", "A32 1,600 bytes behind the end");
	b = good_archive();
	for (size_t i = 0; i < 1536 / 4; i++)
		must(buf_add(&b, "junk", 4, NULL));
	refused(&b, words, "A32 three blocks behind the end");
	b = good_archive();
	must(buf_add(&b, "\n", 1, NULL));
	refused(&b, "no multiple of 512", "one byte behind the end");
	b = good_archive();
	b.data[b.len - 1] = 1;
	refused(&b, words, "the last block is not zero");
	struct buf good = good_archive();
	b = good_archive();
	must(buf_add(&b, good.data, good.len, NULL));
	refused(&b, words, "two archives in one file");
	b = good_archive();
	b.len -= 1024;
	b.len -= 512;
	b.len += 100;
	refused(&b, "no multiple of 512", "A30 cut inside the last file");
	b = good_archive();
	memset(b.data + header_at(&b, 3), 0, 1024);
	refused(&b, "lib/util.lua is in MANIFEST but not in the archive", "an end in the middle");
	b = good_archive();
	b.data[header_at(&b, 3) - 1] = 1;
	refused(&b, "padding after iapp.yaml is not zero", "bytes in the padding");
	buf_done(&good);
}

static struct buf gzip(const struct buf *in)
{
	struct buf out = BUF_INIT(MIB(1));
	z_stream z = { .next_in = in->data, .avail_in = (unsigned)in->len };
	must(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY));
	must(buf_reserve(&out, KIB(64), NULL));
	z.next_out = out.data;
	z.avail_out = (unsigned)KIB(64);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out.len = z.total_out;
	must(deflateEnd(&z));
	return out;
}

static void block_fill(struct buf *b)
{
	must(buf_add_zero(b, USTAR_PAD(b->len), NULL));
	while (b->len < 2048)
		must(buf_add_zero(b, 512, NULL));
}

static void other_formats(void **state)
{
	(void)state;
	struct buf b = good_archive();
	for (int layer = 1; layer <= 6; layer++) {	/* A40 */
		struct buf packed = gzip(&b), padded = BUF_INIT(MIB(1));
		buf_done(&b);
		b = packed;
		must(buf_add(&padded, b.data, b.len, NULL));
		block_fill(&padded);
		refused(&padded, "not a ustar header", "A40 gzip");
	}
	buf_done(&b);
	static const struct { const char *name, *text; size_t n; } rows[] = {
		{ "A42 mtree", TEXT("#mtree\n./main.lua type=file contents=/etc/passwd\n") },
		{ "zip", TEXT("PK\3\4\24\0\0\0\0\0") }, { "cpio", TEXT("070701000000000000") }, { "ar", TEXT("!<arch>\n") }, { "xz", TEXT("\xfd" "7zXZ\0") },
		{ "zstd", TEXT("\x28\xb5\x2f\xfd") }, { "7zip", TEXT("7z\xbc\xaf\x27\x1c") }, { "a shell script", TEXT("#!/bin/sh\n") }, { "ELF", TEXT("\x7f" "ELF") },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf other = BUF_INIT(MIB(1));
		must(buf_add(&other, rows[i].text, rows[i].n, NULL));
		struct buf bare = BUF_INIT(KIB(1));
		must(buf_add(&bare, rows[i].text, rows[i].n, NULL));
		refused(&bare, "too short", rows[i].name);
		block_fill(&other);
		refused(&other, "not a ustar header", rows[i].name);
	}
	struct buf zero = BUF_INIT(MIB(1));
	must(buf_add_zero(&zero, 10240, NULL));
	refused(&zero, "the first entry is not MANIFEST", "A46 only zero blocks");
	struct buf none = BUF_INIT(1);
	refused(&none, "too short", "nothing");
}

static void sizes(void **state)
{
	(void)state;
	struct buf b = good_archive();
	size_t end = header_at(&b, 5);
	b.len = end;
	for (size_t i = 0; i < 100000; i++)
		head_put(&b, "x", 1, 0);
	end_put(&b);
	refused(&b, "x is in the archive but not in its place", "A44 100,000 empty entries");

	b = (struct buf)BUF_INIT(MIB(65));
	must(buf_add_zero(&b, LIMIT_IAPP_BYTES + 1, NULL));
	refused_by(&b, NULL, ERR_INVALID, "larger than 67108864 bytes", "over 64 MiB");
	b.len = LIMIT_IAPP_BYTES;
	refused(&b, "the first entry is not MANIFEST", "64 MiB of zeros");

	/* A50: most of the file is one pax header */
	struct buf good = good_archive();
	b = (struct buf)BUF_INIT(MIB(65));
	must(buf_add(&b, good.data, header_at(&good, 2), NULL));
	size_t at = b.len;
	head_put(&b, "PaxHeader/x", 11, MIB(60));
	b.data[at + 156] = 'x';
	checksum_fix(b.data + at);
	must(buf_add_zero(&b, MIB(60), NULL));
	end_put(&b);
	refused(&b, "a pax header", "A50 a pax header of 60 MiB");
	buf_done(&good);

	struct buf list = BUF_INIT(MIB(2));
	for (size_t i = 0; i <= LIMIT_IAPP_FILES; i++) {
		char path[32];
		(void)snprintf(path, sizeof path, "f%06zu", i);
		line_put(&list, path, "", 0);
	}
	b = (struct buf)BUF_INIT(MIB(4));
	signed_archive(&b, &list, demo_files);
	refused_by(&b, NULL, ERR_INVALID, "more than 4096 files", "a list of 4,097 files");
	buf_done(&b);
	while (list.len <= MIB(1))
		line_put(&list, "x", "", 0);
	b = (struct buf)BUF_INIT(MIB(4));
	signed_archive(&b, &list, demo_files);
	refused_by(&b, NULL, ERR_INVALID, "MANIFEST is larger than 1048576 bytes", "a list over 1 MiB");
	buf_done(&b);
	buf_done(&list);
}

/* What a malicious author signs: the signature is good, the content is not. */
static struct buf author(const char *path, const void *bytes, size_t len)
{
	struct piece files[5], extra = { path, bytes, len };
	size_t n = 0;
	bool placed = false;
	for (const struct piece *f = demo_files; f->path; f++) {
		int order = strcmp(path, f->path);
		if (!placed && order <= 0) {
			files[n++] = extra;
			placed = true;
		}
		if (order != 0)
			files[n++] = *f;
	}
	if (!placed)
		files[n++] = extra;
	files[n] = (struct piece){ NULL, NULL, 0 };
	struct buf b = BUF_INIT(MIB(1));
	archive_of(&b, files);
	return b;
}

static void names_signed(void **state)
{
	(void)state;
	static const struct { const char *path, *words; } rows[] = {
		{ "../evil.lua", "a part \"..\"" }, { "lib/../../evil.lua", "a part \"..\"" }, { "..", "a part \"..\"" }, { "/etc/cron.d/x", "is not relative" },
		{ "./evil.lua", "a part \".\"" }, { "lib/./x", "a part \".\"" }, { "x.lua/", "ends with a slash" }, { "lib//x", "an empty part" }, { "a\\b", "a backslash" },
		{ "a\tb", "a control character" }, { "a\x01", "a control character" }, { "a\r", "a control character" }, { "a\x7f", "a control character" },
		{ "caf\xc3\xa9.lua", "not ASCII" }, { "cafe\xcc\x81.lua", "not ASCII" }, { "\xe2\x80\xae" "aul", "not ASCII" }, { "z\xff", "not ASCII" },
		{ "z\xc0\xaf", "not ASCII" }, { "\xef\xbd\x8d" "ain.lua", "not ASCII" },
		{ "MAIN.LUA", "differ in case only" }, { "Main.lua", "differ in case only" }, { "LIB/other.lua", "differ in case only" }, { "Lib", "a file and a folder at once" },
		{ "lib", "a file and a folder at once" }, { "main.lua/x", "a file and a folder at once" }, { "MAIN.lua/x", "a file and a folder at once" },
		{ "MANIFEST", "is kept for the file list" }, { "manifest", "is kept for the file list" }, { "MANIFEST.minisig", "is kept for the file list" },
		{ "Manifest.x", "is kept for the file list" }, { "MANIFEST/x", "is kept for the file list" }, { "manifest/x/y", "is kept for the file list" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = author(rows[i].path, TEXT("return 1\n"));
		refused(&b, rows[i].words, rows[i].path);
	}
	static const struct piece both[] = { { "caf\xc3\xa9", TEXT("1") }, { "cafe\xcc\x81", TEXT("2") }, { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { NULL, NULL, 0 } };
	struct buf b = BUF_INIT(MIB(1));
	archive_of(&b, both);
	refused(&b, "not ASCII", "A18 NFC and NFD");
	char longest[260];
	memset(longest, 'a', 256);
	longest[256] = '\0';
	b = author(longest, TEXT("x"));
	refused(&b, "is not \"<sha256>  <path>\"", "256 bytes");
	longest[120] = '\0';
	b = author(longest, TEXT("x"));
	refused(&b, "cannot be divided", "120 bytes without a slash");
}

static void contents_signed(void **state)
{
	(void)state;
	static const struct { const char *path, *bytes; size_t n; const char *words; } rows[] = {
		{ "main.lua", "", 0, "main.lua is empty" },
		{ "main.lua", TEXT("\x1bLua\x54\0\x19\x93\r\n\x1a\n"), "main.lua is Lua bytecode" },
		{ "lib/util.lua", TEXT("\x1bLua"), "lib/util.lua is Lua bytecode" },
		{ "main.lua", TEXT("\xef\xbb\xbfreturn 1\n"), "byte order mark" },
		{ "main.lua", TEXT("\xef\xbb\xbf\x1bLua"), "byte order mark" },
		{ "main.lua", TEXT("return 1\r\n"), "carriage return" },
		{ "main.lua", TEXT("return 1 \0"), "NUL byte" },
		{ "main.lua", TEXT("#!/usr/bin/lua\nreturn 1\n"), "starts with \"#\"" },
		{ "main.lua", TEXT("#\n\x1bLua"), "starts with \"#\"" },
		{ "main.lua", TEXT("return '\xff'\n"), "is not UTF-8" },
		{ "iapp.yaml", TEXT(MANIFEST_TEXT "nam: x\n"), "iapp.yaml:5:1: unknown key \"nam\"" },
		{ "iapp.yaml", TEXT(""), "iapp.yaml:1:1: the file is empty" },
		{ "iapp.yaml", TEXT("api: 1\nname: demo\nversion: 1.0.0\nentry: other.lua\n"), "the entry other.lua is not in the archive" },
		{ "iapp.yaml", TEXT("api: 1\nname: demo2\nversion: 1.0.0\nentry: main.lua\n"), "a signer signed \"iapp=demo version=1.0.0 " },
		{ "iapp.yaml", TEXT("api: 1\nname: demo\nversion: 1.0.1\nentry: main.lua\n"), "but this is \"iapp=demo version=1.0.1 " },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = author(rows[i].path, rows[i].bytes, rows[i].n);
		refused(&b, rows[i].words, rows[i].words);
	}
	static const struct piece bare[] = { { "main.lua", TEXT(MAIN_TEXT) }, { NULL, NULL, 0 } };
	struct buf b = BUF_INIT(MIB(1));
	archive_of(&b, bare);
	refused(&b, "the archive has no iapp.yaml", "no manifest");
	b = good_archive();
	b.data[header_at(&b, 4) + 512] ^= 1;
	refused(&b, "main.lua is not the file that was signed", "another content");
}

static void listed(const struct buf *list, const char *words, const char *name)
{
	struct buf b = BUF_INIT(MIB(1));
	signed_archive(&b, list, demo_files);
	refused(&b, words, name);
}

static void lists_signed(void **state)
{
	(void)state;
	static const struct piece twice[] = { { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "main.lua", TEXT(MAIN_TEXT) }, { "main.lua", TEXT("return 2\n") }, { NULL, NULL, 0 } };
	static const struct piece wrong[] = { { "main.lua", TEXT(MAIN_TEXT) }, { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { NULL, NULL, 0 } };
	static const char shape[] = "is not \"<sha256>  <path>\"";
	struct buf list = BUF_INIT(KIB(4)), b = BUF_INIT(MIB(1));
	archive_of(&b, twice);
	refused(&b, "comes twice in MANIFEST, or out of order", "A16 twice in list and archive");
	b = (struct buf)BUF_INIT(MIB(1));
	archive_of(&b, wrong);
	refused(&b, "comes twice in MANIFEST, or out of order", "out of order");
	listed(&list, "MANIFEST is empty", "an empty list");
	list_put(&list, demo_files);
	size_t len = list.len;
	list.len--;
	listed(&list, "its last line has no end", "a line without end");
	list.len = len;
	must(buf_add(&list, "\n", 1, NULL));
	listed(&list, shape, "an empty line");
	list.len = len;
	static const struct { const char *name; size_t at; const char *bytes; size_t n; } rows[] = {
		{ "capital digits", 0, TEXT("A") }, { "no digit", 5, TEXT("g") }, { "binary mode", 65, TEXT("*") }, { "a tab", 64, TEXT("\t") }, { "an escaped line", 0, TEXT("\\") },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf bent = BUF_INIT(KIB(4));
		must(buf_add(&bent, list.data, list.len, NULL));
		memcpy(bent.data + rows[i].at, rows[i].bytes, rows[i].n);
		listed(&bent, shape, rows[i].name);
		buf_done(&bent);
	}
	list.data[70] = '\0';
	listed(&list, "holds a NUL byte", "a NUL");
	buf_clear(&list);
	list_put(&list, demo_files);
	line_put(&list, "zzz", "", 0);
	listed(&list, "zzz is in MANIFEST but not in the archive", "a line without a file");
	buf_done(&list);
}

/* The archive of demo_files with signatures of any kind: up to three, of which a NULL text ends the list. */
static struct buf with_signatures(const struct buf *list, const struct piece *signatures)
{
	struct buf b = BUF_INIT(MIB(1));
	entry_put(&b, "MANIFEST", list->data, list->len);
	for (const struct piece *s = signatures; s->path; s++)
		entry_put(&b, s->path, s->bytes, s->len);
	for (const struct piece *f = demo_files; f->path; f++)
		entry_put(&b, f->path, f->bytes, f->len);
	end_put(&b);
	return b;
}

struct signing { struct identity *id[3]; struct buf list, sig; };

static struct signing signing_make(void)
{
	struct signing s = { { signer_make(7), signer_make(8), signer_make(9) }, BUF_INIT(KIB(4)), BUF_INIT(KIB(8)) };
	list_put(&s.list, demo_files);
	return s;
}

static void signing_done(struct signing *s)
{
	for (size_t i = 0; i < 3; i++)
		identity_free(s->id[i]);
	buf_done(&s->list);
	buf_done(&s->sig);
}

static void signature_refused(const struct signing *s, const char *words, const char *name)
{
	struct buf b = with_signatures(&s->list, (const struct piece[]){ { "MANIFEST.minisig", s->sig.data, s->sig.len }, { NULL, NULL, 0 } });
	refused(&b, words, name);
}

static void signatures_forged(void **state)
{
	(void)state;
	struct signing s = signing_make();
	struct buf other = BUF_INIT(KIB(64)), tar = good_archive();
	char comment[MINISIGN_COMMENT], untrusted[256], line[MINISIGN_KEY_LINE];
	struct minisign_key key = signer_key(s.id[0]);
	minisign_key_line(line, &key);
	comment_make(comment, "iapp=demo version=1.0.0", &s.list);

	struct buf none = with_signatures(&s.list, (const struct piece[]){ { NULL, NULL, 0 } });
	refused(&none, "is not signed", "S01 no signature");
	line_put(&other, "main.lua", "evil", 4);
	struct { const char *name; const struct identity *by; const struct buf *over; struct forgery f; const char *words; } rows[] = {
		{ "another key under the first one's name", s.id[1], &s.list, { .carried = s.id[0] }, "signed by the key" },
		{ "the same, with the number too", s.id[1], &s.list, { .carried = s.id[0], .number = key.number }, "not what the signer signed" },
		{ "over another list", s.id[0], &other, { .trusted = comment }, "the content is not what the signer signed" },
		{ "S05 over the archive", s.id[0], &tar, { .trusted = comment }, "the content is not what the signer signed" },
		{ "prehashed", s.id[0], &s.list, { .algorithm = 'D' }, "over a hash of the list" },
		{ "an algorithm that is none", s.id[0], &s.list, { .algorithm = 'x' }, "no Ed or ED signature" },
		{ "S07 signed as a file", s.id[0], &s.list, { .trusted = "timestamp:1700000000\tfile:MANIFEST" }, "a signer signed \"timestamp" },
		{ "S07 signed as a policy", s.id[0], &s.list, { .trusted = "policy=demo version=1.0.0" }, "a signer signed \"policy=" },
		{ "an empty trusted comment", s.id[0], &s.list, { .trusted = "" }, "a signer signed \"\"" },
		{ "S19 another name", s.id[0], &s.list, { .trusted = "iapp=other version=1.0.0 h1=x" }, "a signer signed \"iapp=other" },
		{ "S09 no key in the comment", s.id[0], &s.list, { .untrusted = "signature from minisign secret key" }, "does not say which public key" },
		{ "half a key", s.id[0], &s.list, { .untrusted = "enclua iApp signature, public key RWQ" }, "not a minisign public key" },
		{ "no key at the end", s.id[0], &s.list, { .untrusted = "enclua iApp signature, public key " }, "does not say which public key" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&s.sig);
		minisig_put(&s.sig, rows[i].by, rows[i].over, &rows[i].f);
		signature_refused(&s, rows[i].words, rows[i].name);
	}
	/* S09: the first comment is under no signature, so it must have one spelling */
	static const char *const spellings[] = { "enclua iApp signature, public key %s ", "enclua iApp signature, public key  %s", "Enclua iApp signature, public key %s",
		"enclua iApp signature, public key %.55s", "enclua iApp signature, public key %s=", "enclua iApp signature, public key %s (a friend)" };
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(untrusted, sizeof untrusted, spellings[i], line);
#pragma GCC diagnostic pop
		buf_clear(&s.sig);
		minisig_put(&s.sig, s.id[0], &s.list, &(struct forgery){ .untrusted = untrusted });
		signature_refused(&s, "public key", untrusted);
	}
	signing_done(&s);
	buf_done(&tar);
	buf_done(&other);
}

static void signatures_bent(void **state)
{
	(void)state;
	struct signing s = signing_make();
	minisig_put(&s.sig, s.id[0], &s.list, &(struct forgery){ 0 });
	size_t len = s.sig.len;
	for (size_t cut = 0; cut < len; cut++) {	/* S02 */
		s.sig.len = cut;
		signature_refused(&s, "signature", "S02 truncated");
	}
	s.sig.len = len;
	static const char *const tails[] = { "\n", " ", "x", "\0", "untrusted comment: more\n" };
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		must(buf_add(&s.sig, tails[i], strlen(tails[i]) + !tails[i][0], NULL));
		signature_refused(&s, "something stands after line 4", "S02 extended");
		s.sig.len = len;
	}
	/* the same with carriage returns, as a friendly editor would have it */
	struct buf crlf = BUF_INIT(KIB(8));
	for (size_t i = 0; i < len; i++)
		must(buf_add(&crlf, s.sig.data[i] == '\n' ? "\r\n" : (const char *)s.sig.data + i, s.sig.data[i] == '\n' ? 2 : 1, NULL));
	struct buf b = with_signatures(&s.list, (const struct piece[]){ { "MANIFEST.minisig", crlf.data, crlf.len }, { NULL, NULL, 0 } });
	refused(&b, "not a minisign signature", "CRLF");
	buf_done(&crlf);
	static const char *const names[] = { "MANIFEST.minisig2", "MANIFEST.sig", "manifest.minisig", "MANIFEST.0000000000000000.minisig" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		b = with_signatures(&s.list, (const struct piece[]){ { names[i], s.sig.data, s.sig.len }, { NULL, NULL, 0 } });
		refused(&b, "is not signed", names[i]);
	}
	signing_done(&s);
}

/* Ed25519: the same signature with the order of the group added to S. A lax verifier takes both, and then the bytes are not unique. */
static void signature_malleable(void **state)
{
	(void)state;
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	struct signing s = signing_make();
	minisig_put(&s.sig, s.id[0], &s.list, &(struct forgery){ 0 });
	char *line = strchr((char *)s.sig.data, '\n') + 1;
	uint8_t raw[74];
	assert_int_equal(base64_decode(raw, sizeof raw, line, 100), 74);
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += raw[42 + i] + order[i];
		raw[42 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	char again[101];
	base64_encode(again, raw, sizeof raw);
	memcpy(line, again, 100);
	signature_refused(&s, "not what the signer signed", "S + L");
	signing_done(&s);
}

static void second_signatures(void **state)
{
	(void)state;
	struct signing s = signing_make();
	struct buf sig[3] = { BUF_INIT(KIB(8)), BUF_INIT(KIB(8)), BUF_INIT(KIB(8)) };
	char name[3][48];
	for (size_t i = 0; i < 3; i++) {	/* into the order of their numbers */
		for (size_t k = i + 1; k < 3; k++)
			if (memcmp(signer_key(s.id[k]).number, signer_key(s.id[i]).number, 8) < 0) {
				struct identity *other = s.id[i];
				s.id[i] = s.id[k];
				s.id[k] = other;
			}
	}
	for (size_t i = 0; i < 3; i++) {
		struct minisign_key key = signer_key(s.id[i]);
		char number[17];
		hex_encode(number, key.number, 8);
		(void)snprintf(name[i], sizeof name[i], "MANIFEST.%s.minisig", number);
		minisig_put(&sig[i], s.id[i], &s.list, &(struct forgery){ 0 });
	}
#define SIG(n, i) { n, sig[i].data, sig[i].len }
#define LIST(...) (const struct piece[]){ __VA_ARGS__, { NULL, NULL, 0 } }
	struct buf b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(name[1], 1), SIG(name[2], 2)));
	struct iapp *a = NULL;
	struct err e;
	if (iapp_open(&a, b.data, b.len, NULL, &e) < 0)	/* the control */
		fail_msg("%s", e.msg);
	iapp_free(a);
	struct minisign_key keys[2] = { signer_key(s.id[0]), signer_key(s.id[1]) };
	refused_by(&b, &(struct iapp_expect){ .keys = keys, .n_keys = 2 }, ERR_INVALID, "none of the expected ones", "a third, unexpected signer");
	buf_done(&b);

	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(name[2], 2), SIG(name[1], 1)));
	refused(&b, "not in the order of their key numbers", "second and third changed places");
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 1), SIG(name[0], 0)));
	refused(&b, "not in the order of their key numbers", "the lowest number comes second");
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(name[0], 0)));
	refused(&b, "the same key has signed twice", "the same key twice");
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(name[2], 1)));
	refused(&b, "does not fit its key number", "under the number of another");
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG("MANIFEST.minisig", 1)));
	refused(&b, "not in its place", "two of the first name");
	b = with_signatures(&s.list, LIST(SIG(name[0], 0), SIG(name[1], 1)));
	refused(&b, "is not signed", "none of the first name");
	char upper[48];
	(void)snprintf(upper, sizeof upper, "%s", name[1]);
	for (char *p = upper + 9; *p != '.'; p++)
		if (*p >= 'a')
			*p = (char)(*p - 32);
	if (strcmp(upper, name[1]) != 0) {
		b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(upper, 1)));
		refused(&b, "not in its place", "a number in capitals");
	}
	sig[1].data[40] ^= 1;	/* a good first one does not excuse a bad second */
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), SIG(name[1], 1)));
	refused(&b, "minisig", "the second is broken");

	/* the same key under a number of its choice */
	static const uint8_t high[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct buf renamed = BUF_INIT(KIB(8));
	minisig_put(&renamed, s.id[0], &s.list, &(struct forgery){ .number = high });
	b = with_signatures(&s.list, LIST(SIG("MANIFEST.minisig", 0), { "MANIFEST.ffffffffffffffff.minisig", renamed.data, renamed.len }));
	refused(&b, "the same key has signed twice", "one key, two numbers");

	/* a stranger's key that took the number of the trusted one */
	buf_clear(&renamed);
	minisig_put(&renamed, s.id[2], &s.list, &(struct forgery){ .number = keys[0].number });
	b = with_signatures(&s.list, LIST({ "MANIFEST.minisig", renamed.data, renamed.len }));
	refused_by(&b, &(struct iapp_expect){ .keys = keys, .n_keys = 1 }, ERR_INVALID, "none of the expected ones", "a number stolen");
	buf_done(&b);
	buf_done(&renamed);
	for (size_t i = 0; i < 3; i++)
		buf_done(&sig[i]);
	signing_done(&s);
}

static int by_number(const void *a, const void *b)
{
	struct minisign_key x = signer_key(*(struct identity *const *)a), y = signer_key(*(struct identity *const *)b);
	return memcmp(x.number, y.number, 8);
}

static void seventeen_signers(void **state)
{
	(void)state;
	struct identity *id[LIMIT_SIGNERS + 1];
	struct buf sig[LIMIT_SIGNERS + 1], list = BUF_INIT(KIB(4));
	struct piece pieces[LIMIT_SIGNERS + 2];
	char name[LIMIT_SIGNERS + 1][48];
	list_put(&list, demo_files);
	for (size_t i = 0; i <= LIMIT_SIGNERS; i++)
		id[i] = signer_make((uint8_t)(10 + i));
	qsort((void *)id, LIMIT_SIGNERS + 1, sizeof *id, by_number);
	for (size_t i = 0; i <= LIMIT_SIGNERS; i++) {
		char number[17];
		hex_encode(number, signer_key(id[i]).number, 8);
		(void)snprintf(name[i], sizeof name[i], i ? "MANIFEST.%s.minisig" : "MANIFEST.minisig", number);
		sig[i] = (struct buf)BUF_INIT(KIB(8));
		minisig_put(&sig[i], id[i], &list, &(struct forgery){ 0 });
		pieces[i] = (struct piece)SIG(name[i], i);
	}
	pieces[LIMIT_SIGNERS + 1] = (struct piece){ NULL, NULL, 0 };
	struct buf b = with_signatures(&list, pieces);
	refused_by(&b, NULL, ERR_INVALID, "more than 16 signatures", "17 signers");
	buf_done(&b);
	pieces[LIMIT_SIGNERS] = pieces[LIMIT_SIGNERS + 1];
	b = with_signatures(&list, pieces);
	struct iapp *a = NULL;
	struct err e;
	if (iapp_open(&a, b.data, b.len, NULL, &e) < 0)
		fail_msg("16 signers: %s", e.msg);
	iapp_free(a);
	for (size_t i = 0; i <= LIMIT_SIGNERS; i++) {
		identity_free(id[i]);
		buf_done(&sig[i]);
	}
	buf_done(&b);
	buf_done(&list);
}

/* S18: all is well with the archive, but it is not the one that was asked for. */
static void not_the_expected(void **state)
{
	(void)state;
	struct buf b = good_archive();
	struct identity *stranger = signer_make(99);
	struct minisign_key key = signer_key(stranger);
	uint8_t whole[32];
	sha256(whole, b.data, b.len);
	whole[31] ^= 1;
	refused_by(&b, &(struct iapp_expect){ .sha256 = whole }, ERR_INVALID, "its SHA-256 differs", "S18 another hash");
	refused_by(&b, &(struct iapp_expect){ .h1 = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, ERR_INVALID, "this is the iApp h1:", "another h1");
	refused_by(&b, &(struct iapp_expect){ .h1 = "" }, ERR_INVALID, "this is the iApp h1:", "an empty h1");
	refused_by(&b, &(struct iapp_expect){ .keys = &key, .n_keys = 1 }, ERR_INVALID, "none of the expected ones", "another key");
	b.data[0] ^= 1;	/* the hash of the whole comes before anything is read */
	refused_by(&b, &(struct iapp_expect){ .sha256 = whole }, ERR_INVALID, "its SHA-256 differs", "S18 before the first header");
	identity_free(stranger);
	buf_done(&b);
}

static struct rlimit before;

/* From here on no file can be opened: whoever writes one fails, and so does the test. */
static int setup(void **state)
{
	(void)state;
	if (crypto_init(NULL) < 0 || getrlimit(RLIMIT_NOFILE, &before) < 0)
		return -1;
	struct buf warm = good_archive();
	buf_done(&warm);
	struct rlimit none = { 0, before.rlim_max };
	return setrlimit(RLIMIT_NOFILE, &none);
}

static int teardown(void **state)
{
	(void)state;
	bool closed = fopen("/dev/null", "r") == NULL;	/* it was so until the end */
	return setrlimit(RLIMIT_NOFILE, &before) < 0 || !closed ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_one_opens),
		cmocka_unit_test(headers),
		cmocka_unit_test(entries_inserted),
		cmocka_unit_test(entries_moved),
		cmocka_unit_test(ends),
		cmocka_unit_test(other_formats),
		cmocka_unit_test(sizes),
		cmocka_unit_test(names_signed),
		cmocka_unit_test(contents_signed),
		cmocka_unit_test(lists_signed),
		cmocka_unit_test(signatures_forged),
		cmocka_unit_test(signatures_bent),
		cmocka_unit_test(signature_malleable),
		cmocka_unit_test(second_signatures),
		cmocka_unit_test(seventeen_signers),
		cmocka_unit_test(not_the_expected),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
