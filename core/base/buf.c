/* Growable buffers: doubling, a ceiling, and a wipe of every block that is given back. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"

/* realloc() would leave a copy of the old bytes behind, so growth copies and wipes itself. */
static int buf_grow(struct buf *b, size_t need, struct err *e)
{
	size_t cap = b->cap ? b->cap : 256;
	while (cap < need)
		cap *= 2;
	uint8_t *data = malloc(cap);
	if (!data)
		return err_set(e, ERR_LIMIT, "out of memory for %zu bytes", cap);
	if (b->data) {
		memcpy(data, b->data, b->len);
		os_wipe(b->data, b->len);
		free(b->data);
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_reserve(struct buf *b, size_t n, struct err *e)
{
	if (n > b->max || b->len > b->max - n)
		return err_set(e, ERR_LIMIT, "larger than the limit of %zu bytes", b->max);
	if (b->len + n + 1 > b->cap)
		return buf_grow(b, b->len + n + 1, e);
	return 0;
}

int buf_add(struct buf *b, const void *bytes, size_t n, struct err *e)
{
	if (buf_reserve(b, n, e) < 0)
		return -1;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add_text(struct buf *b, const char *text, struct err *e)
{
	return buf_add(b, text, strlen(text), e);
}

int buf_addf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	int r = -1;
	if (n < 0)
		err_set(e, ERR_INTERNAL, "cannot format \"%s\"", fmt);
	else if (buf_reserve(b, (size_t)n, e) == 0) {
		(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
		r = 0;
	}
	va_end(again);
	return r;
}

int buf_add_zero(struct buf *b, size_t n, struct err *e)
{
	if (buf_reserve(b, n, e) < 0)
		return -1;
	memset(b->data + b->len, 0, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

const char *buf_text(const struct buf *b)
{
	if (!b->data)
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}

void buf_clear(struct buf *b)
{
	if (b->data)
		os_wipe(b->data, b->len);
	b->len = 0;
}

void buf_done(struct buf *b)
{
	buf_clear(b);
	free(b->data);
	b->data = NULL;
	b->cap = 0;
}
