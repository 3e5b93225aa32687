/* 1 KiB of protected data as the store has it: a payload in a file, and the file key that the keeper would hold. Its header is made anew for each box, in this process. */
#ifndef ENCLUA_BENCH_SEALED_H
#define ENCLUA_BENCH_SEALED_H

#include <string.h>
#include <sys/mman.h>

#include "base/boxwire.h"
#include "base/os.h"
#include "form/pdata.h"
#include "seal/age.h"
#include "seal/crypto.h"

struct sealed { int fd; uint64_t len; uint8_t file_key[AGE_FILE_KEY]; };

static inline int sealed_to_file(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct sealed *s = ctx;
	s->len += n;
	return os_write(s->fd, bytes, n) < 0 ? err_set(e, ERR_INTERNAL, "cannot write") : 0;
}

static inline int sealed_to_writer(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return age_writer_add(ctx, bytes, n, e);
}

/* The one value `text` in it. */
static inline int sealed_make(struct sealed *s, struct err *e)
{
	char text[1025];
	struct pdata *d = NULL;
	struct age_writer *w = NULL;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	s->fd = memfd_create("sealed", MFD_CLOEXEC);
	crypto_random(s->file_key, sizeof s->file_key);
	int r = s->fd < 0 || pdata_new(&d, e) < 0 || pdata_add_value(d, "text", NULL, text, e) < 0 || age_writer_new_detached(&w, s->file_key, sealed_to_file, s, e) < 0 ||
		pdata_write(d, sealed_to_writer, w, e) < 0 || age_writer_end(w, e) < 0 ? -1 : 0;
	age_writer_free(w);
	pdata_free(d);
	return r;
}

/* For a box: the header for its key. ctx is the struct sealed. */
static inline int sealed_release(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	const struct sealed *s = ctx;
	struct age_recipient to = { .kind = AGE_X25519 };
	struct buf header = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	memcpy(to.public_key, box_key, 32);
	int r = age_header_make(&header, s->file_key, &to, 1, e);
	struct box_text text = { (const char *)header.data, header.len };
	if (r == 0)
		r = boxwire_release_encode(out, &(struct box_release){ .headers = &text, .n_headers = 1 }, e);
	buf_done(&header);
	return r;
}

/* A task's result, which nobody wants. */
static inline int sealed_result_drop(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)ctx, (void)bytes, (void)n, (void)e;
	return 0;
}

#endif
