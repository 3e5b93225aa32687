/* The error table and the three ways to fill an error. Allocates nothing, so that it works when memory is gone. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit, http;
	const char *text;
} table[ERR_COUNT] = {
	[ERR_NONE] = { "E_NONE", 0, 200, "done" },
#define X(name, exit, http, text) [ERR_##name] = { "E_" #name, exit, http, text },
	ERR_TABLE(X)
#undef X
};

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	e->code = code;
	e->hint[0] = '\0';
	(void)vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -1;
	char inner[sizeof e->msg];
	memcpy(inner, e->msg, sizeof inner);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->msg)
		(void)snprintf(e->msg + n, sizeof e->msg - (size_t)n, ": %s", inner);
	return -1;
}

static enum err_code code_from_errno(int errnum)
{
	switch (errnum) {
	case ENOENT: case ENOTDIR: return ERR_NOT_FOUND;
	case EACCES: case EPERM: case EROFS: return ERR_DENIED;
	case EEXIST: case EISDIR: case ENOTEMPTY: return ERR_CONFLICT;
	case ENOMEM: case EFBIG: case ENOSPC: case EDQUOT: case EMFILE: case ENFILE: return ERR_LIMIT;
	case ELOOP: case ENAMETOOLONG: case EILSEQ: return ERR_INVALID;
	case EAGAIN: case ECONNREFUSED: case ETIMEDOUT: case EPIPE: return ERR_UNAVAILABLE;
	default: return ERR_INTERNAL;
	}
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	e->code = code_from_errno(errnum);
	e->hint[0] = '\0';
	int n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->msg)
		(void)snprintf(e->msg + n, sizeof e->msg - (size_t)n, ": %s", strerror(errnum));
	return -1;
}

const char *err_name(enum err_code code)
{
	return table[code < ERR_COUNT ? code : ERR_INTERNAL].name;
}

const char *err_text(enum err_code code)
{
	return table[code < ERR_COUNT ? code : ERR_INTERNAL].text;
}

int err_exit(enum err_code code)
{
	return table[code < ERR_COUNT ? code : ERR_INTERNAL].exit;
}

int err_http(enum err_code code)
{
	return table[code < ERR_COUNT ? code : ERR_INTERNAL].http;
}
