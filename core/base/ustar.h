/* Canonical ustar (POSIX.1-1988 tar), one header at a time: the only spelling that iApps, protected data and results use.
 * mtime 0, uid and gid 0, no names, type '0', mode 0644 or 0755, magic "ustar\0" "00". The bytes are those of libarchive's ustar
 * writer: numbers are zero-padded octal ended by a space (and a NUL where the field is 8 bytes), the checksum by NUL, space; a path of
 * more than 100 bytes is split at its first slash that leaves at most 100 for the name.
 * Sizes of 8 GiB and more, which libarchive's ustar writer refuses, use base-256 (GNU) over all 12 bytes, because ustar has no
 * other way to hold them; GNU tar, bsdtar and libarchive read it. Smaller ones must be octal.
 * Decoding re-encodes and compares: a header that is not byte for byte what the encoder writes is refused.
 */
#ifndef ENCLUA_BASE_USTAR_H
#define ENCLUA_BASE_USTAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define USTAR_BLOCK 512u
#define USTAR_PAD(size) ((USTAR_BLOCK - ((size) % USTAR_BLOCK)) % USTAR_BLOCK)

struct ustar_entry {
	char path[LIMIT_PATH_BYTES + 2];
	uint64_t size;
	bool executable;	/* 0755 instead of 0644 */
};

int ustar_encode(uint8_t block[USTAR_BLOCK], const struct ustar_entry *in, struct err *e);
/* *end is set when the block is all zero (half of the end mark). */
int ustar_decode(struct ustar_entry *out, const uint8_t block[USTAR_BLOCK], bool *end, struct err *e);

/* Relative, no empty, "." or ".." part, no backslash, no control character, valid UTF-8, at most LIMIT_PATH_BYTES, no
 * trailing slash, and splittable into ustar's prefix and name. */
int ustar_path_check(const char *path, size_t len, struct err *e);

uint64_t padme(uint64_t len);	/* Padmé (Nikitin et al., PURBs, 2019): the padded length, at most 12 % more */

#endif
