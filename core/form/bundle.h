/* The result bundle (FORMATS 9) as its beneficiary reads it: result.json, log.txt where logs were allowed, and the files of the iApp, in a
 * canonical, padded ustar. The box writes it; this is the strict reader.
 */
#ifndef ENCLUA_FORM_BUNDLE_H
#define ENCLUA_FORM_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct bundle_file { char path[LIMIT_PATH_BYTES + 2]; const uint8_t *bytes; size_t len; uint8_t sha256[32]; bool deterministic; };

struct bundle {
	struct buf plain;	/* owned */
	struct bundle_file *files;	/* of the iApp; result.json and log.txt are apart */
	size_t n_files;
	char status[16];	/* "ok" or "failed" */
	char error[1024];	/* of a failed task: message with file and line; "" when the owners allow no logs */
	char traceback[4096];
	const uint8_t *log;
	size_t log_len;
	const uint8_t *json;	/* result.json as it stands */
	size_t json_len;
	uint8_t digest[32];	/* SHA-256 of the deterministic files' list, as sha256sum writes it: equal for equal results, whoever ran them */
};

#define BUNDLE_LIST "result.json"
#define BUNDLE_LIST_BYTES MIB(4)	/* 4096 files */

int bundle_parse(struct bundle **out, struct buf *plain, struct err *e);	/* takes the buffer over */
void bundle_free(struct bundle *b);
/* Writes the files below the folder dir_name, and result.json where there is one: the whole set or nothing. A plain file is replaced when it is as an earlier result left it by the
 * result.json that lies there; no other file of the user's, and never a folder or a link. log.txt, result.age and task.receipt are always replaced. */
int bundle_write(const struct bundle *files, const char *dir_name, struct err *e);

#endif
