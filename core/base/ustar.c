/* The header of canonical ustar: written from a path, a size and one bit; read back by writing it again and comparing.
 * Never touches the bytes of a file, never knows a file system.
 */
#include "base/ustar.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The fields are the whole block: the table names what differs when a header is refused. The checksum differs whenever another
 * field does, so it comes last. */
enum { NAME_SIZE = 100, PREFIX_SIZE = 155 };
static const struct field {
	const char *name;
	size_t at, size;
} fields[] = {
	{ "name", 0, NAME_SIZE }, { "mode", 100, 8 }, { "uid", 108, 8 }, { "gid", 116, 8 }, { "size", 124, 12 },
	{ "mtime", 136, 12 }, { "type", 156, 1 }, { "link name", 157, 100 },
	{ "magic", 257, 6 }, { "version", 263, 2 }, { "user name", 265, 32 }, { "group name", 297, 32 },
	{ "device major", 329, 8 }, { "device minor", 337, 8 }, { "prefix", 345, PREFIX_SIZE }, { "padding", 500, 12 }, { "checksum", 148, 8 }
};
enum { MODE_AT = 100, UID_AT = 108, GID_AT = 116, SIZE_AT = 124, MTIME_AT = 136, CHECKSUM_AT = 148, TYPE_AT = 156,
	MAGIC_AT = 257, MAJOR_AT = 329, MINOR_AT = 337, PREFIX_AT = 345 };

#define OCTAL_SIZE_END (1ull << 33)	/* 11 octal digits */
#define SIZE_END (1ull << 62)	/* far from what off_t or a sum of sizes could overflow at */

static const struct {
	char type;
	const char *what;
} refused[] = {
	{ '1', "a hard link" }, { '2', "a symbolic link" }, { '3', "a character device" }, { '4', "a block device" },
	{ '5', "a directory" }, { '6', "a fifo" }, { '7', "a contiguous file" }, { 'x', "a pax header" },
	{ 'g', "a global pax header" }, { 'L', "a GNU long name" }, { 'K', "a GNU long link" }, { 'S', "a sparse file" },
	{ '\0', "an entry of tar before POSIX" }
};

static void octal_put(uint8_t *field, size_t digits, uint64_t v)
{
	for (size_t i = digits; i-- > 0; v >>= 3)
		field[i] = (uint8_t)('0' + (v & 7));
	field[digits] = ' ';
}

static void size_put(uint8_t field[static 12], uint64_t size)
{
	if (size < OCTAL_SIZE_END) {
		octal_put(field, 11, size);
		return;
	}
	field[0] = 0x80;
	for (size_t i = 11; i > 0; i--, size >>= 8)
		field[i] = (uint8_t)size;
}

static unsigned checksum_of(const uint8_t block[USTAR_BLOCK])
{
	unsigned sum = 0;
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? ' ' : block[i];
	return sum;
}

static void checksum_put(uint8_t block[USTAR_BLOCK])
{
	octal_put(block + CHECKSUM_AT, 6, checksum_of(block));
	block[CHECKSUM_AT + 6] = '\0';
	block[CHECKSUM_AT + 7] = ' ';
}

/* Length of the prefix (0: all in the name), or -1 when no slash divides the path well. */
static int path_split(const char *path, size_t len)
{
	if (len <= NAME_SIZE)
		return 0;
	const char *slash = memchr(path + len - NAME_SIZE - 1, '/', NAME_SIZE + 1);
	if (!slash || slash == path || slash - path > PREFIX_SIZE || slash[1] == '\0')
		return -1;
	return (int)(slash - path);
}

static const char *part_problem(const char *part, size_t len)
{
	if (len == 0)
		return "an empty part";
	if (len == 1 && part[0] == '.')
		return "a part \".\"";
	if (len == 2 && part[0] == '.' && part[1] == '.')
		return "a part \"..\"";
	return NULL;
}

static const char *path_problem(const char *path, size_t len)
{
	if (len == 0)
		return "is empty";
	if (path[0] == '/')
		return "is not relative";
	if (len > LIMIT_PATH_BYTES)
		return "is longer than 255 bytes";
	if (path[len - 1] == '/')
		return "ends with a slash";
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t code;
		n = utf8_next(path + i, len - i, &code);
		if (n == 0)
			return "is not UTF-8";
		if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			return "contains a control character";
		if (code == '\\')
			return "contains a backslash";
	}
	return NULL;
}

/* A refused path is shown only when it cannot harm the terminal that it ends up on. */
static int path_refuse(const char *path, size_t len, const char *verb, const char *problem, struct err *e)
{
	bool plain = true;
	for (size_t i = 0; i < len && plain; i++)
		plain = path[i] >= 0x20 && path[i] < 0x7f;
	if (!plain)
		return err_set(e, ERR_INVALID, "a path %s%s", verb, problem);
	int shown = (int)(len > LIMIT_PATH_BYTES ? LIMIT_PATH_BYTES : len);
	return err_set(e, ERR_INVALID, "the path \"%.*s\" %s%s", shown, path, verb, problem);
}

int ustar_path_check(const char *path, size_t len, struct err *e)
{
	const char *problem = path_problem(path, len);
	if (problem)
		return path_refuse(path, len, "", problem, e);
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - path) - at : len - at;
		problem = part_problem(path + at, n);
		if (problem)
			return path_refuse(path, len, "contains ", problem, e);
		at += n + 1;
	}
	if (path_split(path, len) < 0)
		return path_refuse(path, len, "", "cannot be divided into a folder of at most 155 bytes and a name of at most 100", e);
	return 0;
}

int ustar_encode(uint8_t block[USTAR_BLOCK], const struct ustar_entry *in, struct err *e)
{
	size_t len = strnlen(in->path, sizeof in->path);
	if (ustar_path_check(in->path, len, e) < 0)
		return -1;
	if (in->size >= SIZE_END)
		return err_set(e, ERR_LIMIT, "%s: a size of %llu bytes is too large", in->path, (unsigned long long)in->size);
	size_t prefix = (size_t)path_split(in->path, len);
	const char *name = in->path + (prefix ? prefix + 1 : 0);
	memset(block, 0, USTAR_BLOCK);
	memcpy(block, name, len - (size_t)(name - in->path));
	memcpy(block + PREFIX_AT, in->path, prefix);
	octal_put(block + MODE_AT, 6, in->executable ? 0755 : 0644);
	octal_put(block + UID_AT, 6, 0);
	octal_put(block + GID_AT, 6, 0);
	size_put(block + SIZE_AT, in->size);
	octal_put(block + MTIME_AT, 11, 0);
	block[TYPE_AT] = '0';
	memcpy(block + MAGIC_AT, "ustar\00000", 8);
	octal_put(block + MAJOR_AT, 6, 0);
	octal_put(block + MINOR_AT, 6, 0);
	checksum_put(block);
	return 0;
}

static bool block_is_zero(const uint8_t block[USTAR_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, USTAR_BLOCK - 1) == 0;
}

/* Lenient on purpose, as all of decoding: the comparison afterwards is what refuses. */
static uint64_t octal_get(const uint8_t *field, size_t digits)
{
	uint64_t v = 0;
	for (size_t i = 0; i < digits; i++)
		v = v << 3 | (field[i] & 7);
	return v;
}

static uint64_t size_get(const uint8_t field[static 12])
{
	if (!(field[0] & 0x80))
		return octal_get(field, 11);
	uint64_t v = 0;
	for (size_t i = 4; i < 12; i++)
		v = v << 8 | field[i];
	return v;
}

static int kind_check(const uint8_t block[USTAR_BLOCK], struct err *e)
{
	if (memcmp(block + MAGIC_AT, "ustar", 5) != 0)
		return err_set(e, ERR_INVALID, "not a ustar header");
	if (octal_get(block + CHECKSUM_AT, 6) != checksum_of(block))
		return err_set(e, ERR_INVALID, "a corrupt tar header: its checksum does not fit");
	if (block[TYPE_AT] == '0')
		return 0;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (block[TYPE_AT] == (uint8_t)refused[i].type)
			return err_set(e, ERR_INVALID, "only regular files may stand in the archive, and this is %s", refused[i].what);
	return err_set(e, ERR_INVALID, "only regular files may stand in the archive, and this is of an unknown type");
}

static int same_check(const uint8_t block[USTAR_BLOCK], const uint8_t again[USTAR_BLOCK], const char *path, struct err *e)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const struct field *f = &fields[i];
		if (memcmp(block + f->at, again + f->at, f->size) != 0)
			return err_set(e, ERR_INVALID, "%s: the tar header is not canonical: %s", path, f->name);
	}
	return 0;
}

int ustar_decode(struct ustar_entry *out, const uint8_t block[USTAR_BLOCK], bool *end, struct err *e)
{
	memset(out, 0, sizeof *out);
	*end = block_is_zero(block);
	if (*end)
		return 0;
	if (kind_check(block, e) < 0)
		return -1;
	const char *name = (const char *)block, *prefix = (const char *)block + PREFIX_AT;
	int prefix_len = (int)strnlen(prefix, PREFIX_SIZE), name_len = (int)strnlen(name, NAME_SIZE);
	(void)snprintf(out->path, sizeof out->path, "%.*s%s%.*s", prefix_len, prefix, prefix_len ? "/" : "", name_len, name);
	out->size = size_get(block + SIZE_AT);
	out->executable = (octal_get(block + MODE_AT, 6) & 0111) != 0;
	uint8_t again[USTAR_BLOCK];
	if (ustar_encode(again, out, e) < 0 || same_check(block, again, out->path, e) < 0) {
		memset(out, 0, sizeof *out);
		return -1;
	}
	return 0;
}
