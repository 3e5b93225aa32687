/* Plain files as a ustar archive, written by libarchive: mode 0644, time 0, no owner, two blocks of zero at the end. */
#ifndef ENCLUA_FORM_TAR_H
#define ENCLUA_FORM_TAR_H

#include "base/buf.h"

struct tar_writer;

/* ERR_UNAVAILABLE: libarchive is not installed. */
int tar_writer_new(struct tar_writer **out, struct buf *to, struct err *e);
int tar_writer_add(struct tar_writer *w, const char *path, const void *bytes, size_t n, struct err *e);
int tar_writer_end(struct tar_writer *w, struct err *e);	/* what is missing goes to the buffer */
void tar_writer_free(struct tar_writer *w);

#endif
