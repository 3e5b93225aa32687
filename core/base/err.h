/* Errors are values. A function that can fail returns 0 or -1 and fills a struct err; the caller adds context on the
 * way up with err_wrap() and main prints it once. This table is the only place where a code meets its exit status
 * (CLI contract), its HTTP status and its one-line meaning.
 */
#ifndef ENCLUA_BASE_ERR_H
#define ENCLUA_BASE_ERR_H

#include <stdarg.h>

/* X(name, exit status, HTTP status, meaning) */
#define ERR_TABLE(X) \
	X(INTERNAL, 1, 500, "our mistake") \
	X(USAGE, 2, 400, "words off") \
	X(NOT_FOUND, 3, 404, "no such thing") \
	X(DENIED, 4, 403, "rules, rights, or revoked") \
	X(INVALID, 5, 422, "malformed, corrupt, forged, not verified") \
	X(CONFLICT, 6, 409, "exists already, or state does not allow it") \
	X(FUNDS, 7, 402, "not enough, or no matching order at that price") \
	X(TASK, 8, 424, "the iApp failed") \
	X(LIMIT, 9, 413, "memory, cpu, wall, output or size limit") \
	X(UNAVAILABLE, 10, 503, "host, worker or store not reachable or busy")

enum err_code {
	ERR_NONE = 0,
#define X(name, exit, http, text) ERR_##name,
	ERR_TABLE(X)
#undef X
	ERR_COUNT
};

struct err {
	enum err_code code;
	char msg[1536];	/* what, and why; UTF-8, no newline at the end */
	char hint[512];	/* the next command to try, or "" */
};

/* All three return -1, so that `return err_set(…)` reads well. A NULL e is allowed and ignored. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* replaces the hint */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* "context: " in front */
int err_sys(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));	/* code chosen from errno */

const char *err_name(enum err_code code);	/* "E_DENIED"; "E_NONE" for 0 */
const char *err_text(enum err_code code);
int err_exit(enum err_code code);
int err_http(enum err_code code);

#endif
