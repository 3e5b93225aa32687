/* Inside the iApp archive: its file list MANIFEST, its hash h1, and what a file of an iApp may be. Shared by packing and opening.
 */
#ifndef ENCLUA_FORM_IAPP_LIST_H
#define ENCLUA_FORM_IAPP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "form/iapp.h"

#define IAPP_LIST "MANIFEST"
#define IAPP_SIGNATURE "MANIFEST.minisig"	/* of the signer with the lowest key number; the others follow as
	MANIFEST.<16 hex digits of the key number>.minisig, in the order of these numbers */

/* In what the kinds of archive differ; by enum iapp_kind. */
struct iapp_words {
	const char *one, *word;	/* "an iApp", "iApp" */
	const char *manifest;
	int (*parse)(struct manifest **out, const char *file, const char *text, size_t len, struct err *e);
	const char *untrusted;	/* "untrusted comment: …", then the key, as minisign writes it */
	const char *comment;	/* the first word of what a signer says: no signature over one kind stands for the other */
	const char *left_out;	/* at the top of the folder: tests, beside what all kinds leave out; or NULL */
	const char *contents;	/* for a hint: what a folder must hold */
};
#define IAPP_KINDS 2u
extern const struct iapp_words iapp_words[IAPP_KINDS];

struct iapp_line { uint8_t sha256[32]; char path[LIMIT_PATH_BYTES + 2]; };

/* Lines "<64 hex>  <path>\n", sorted bytewise by path; no path or folder twice, not even in another case; none a file and a folder.
 * free(*out). */
int iapp_list_parse(struct iapp_line **out, size_t *n, const char *text, size_t len, struct err *e);
int iapp_list_add(struct buf *out, const uint8_t sha256_of[static 32], const char *path, struct err *e);
void iapp_h1(char out[static IAPP_H1_TEXT], const void *list, size_t len);

/* The rules of ustar_path_check, in ASCII, and not MANIFEST or MANIFEST.*, in any case. */
int iapp_path_check(const char *path, size_t len, struct err *e);
/* Lua is text: not empty, no bytecode, no byte order mark, NUL, carriage return or "#!", valid UTF-8. */
int iapp_file_check(const char *path, const uint8_t *bytes, size_t len, struct err *e);
int iapp_path_compare(const void *a, const void *b);	/* of struct iapp_line, bytewise by path */

/* "iapp=<name> version=<version> h1=<h1>", or policy=…: what a signer says, and no other kind of message */
int iapp_comment(char *out, size_t size, enum iapp_kind kind, const char *name, const char *version, const char *h1, struct err *e);

#endif
