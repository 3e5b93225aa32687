/* The door to libarchive, which writes the archives of iApps and policies. It is loaded when one is written and not before: with the eleven libraries that it brings along,
 * the loader would take two thirds of the time that a command needs to start (tests/bench/command).
 */
#include "form/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libarchive.so.13"	/* of all releases 3.x */
#define TRIES 3u	/* the loader gives up when a signal interrupts it */
#define FUNCTIONS(X) \
	X(archive_write_new) X(archive_write_set_format_ustar) X(archive_write_set_bytes_per_block) X(archive_write_set_bytes_in_last_block) \
	X(archive_write_open) X(archive_write_header) X(archive_write_data) X(archive_write_close) X(archive_write_free) \
	X(archive_set_error) X(archive_error_string) \
	X(archive_entry_new) X(archive_entry_free) X(archive_entry_copy_pathname) X(archive_entry_set_size) X(archive_entry_set_filetype) \
	X(archive_entry_set_perm) X(archive_entry_set_mtime)

struct library {
#define X(name) __typeof__(&name) name;
	FUNCTIONS(X)
#undef X
};

struct tar_writer { struct library lib; struct archive *archive; struct buf *to; };

static int library_load(struct library *lib, struct err *e)
{
	static const struct { const char *name; size_t at; } functions[] = {
#define X(f) { #f, offsetof(struct library, f) },
		FUNCTIONS(X)
#undef X
	};
	void *handle = NULL;
	for (unsigned i = 0; !handle && i < TRIES; i++)
		handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle) {
		err_set(e, ERR_UNAVAILABLE, "cannot load libarchive, which writes archives: %s", dlerror());
		return err_hint(e, "install it: apt-get install libarchive13");
	}
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof functions / sizeof *functions; i++) {
		void *f = dlsym(handle, functions[i].name);
		if (f)
			memcpy((char *)lib + functions[i].at, &f, sizeof f);
		else
			r = err_set(e, ERR_UNAVAILABLE, "this libarchive has no %s", functions[i].name);
	}
	dlclose(handle);	/* it stays loaded */
	return r;
}

static la_ssize_t sink(struct archive *a, void *ctx, const void *bytes, size_t n)
{
	struct tar_writer *w = ctx;
	struct err e;
	if (buf_add(w->to, bytes, n, &e) < 0) {
		w->lib.archive_set_error(a, ENOSPC, "%s", e.msg);
		return -1;
	}
	return (la_ssize_t)n;
}

int tar_writer_new(struct tar_writer **out, struct buf *to, struct err *e)
{
	struct tar_writer *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, ERR_LIMIT, "out of memory");
	w->to = to;
	if (library_load(&w->lib, e) < 0) {
		free(w);
		return -1;
	}
	const struct library *lib = &w->lib;
	struct archive *a = w->archive = lib->archive_write_new();
	if (!a || lib->archive_write_set_format_ustar(a) != ARCHIVE_OK || lib->archive_write_set_bytes_per_block(a, 65536) != ARCHIVE_OK ||
		lib->archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK || lib->archive_write_open(a, w, NULL, sink, NULL) != ARCHIVE_OK) {
		tar_writer_free(w);
		return err_set(e, ERR_LIMIT, "cannot start an archive");
	}
	*out = w;
	return 0;
}

int tar_writer_add(struct tar_writer *w, const char *path, const void *bytes, size_t n, struct err *e)
{
	const struct library *lib = &w->lib;
	struct archive_entry *entry = lib->archive_entry_new();
	if (!entry)
		return err_set(e, ERR_LIMIT, "out of memory");
	lib->archive_entry_copy_pathname(entry, path);
	lib->archive_entry_set_size(entry, (la_int64_t)n);
	lib->archive_entry_set_filetype(entry, AE_IFREG);
	lib->archive_entry_set_perm(entry, 0644);
	lib->archive_entry_set_mtime(entry, 0, 0);
	int r = 0;
	if (lib->archive_write_header(w->archive, entry) != ARCHIVE_OK || (n && lib->archive_write_data(w->archive, bytes, n) != (la_ssize_t)n))
		r = err_set(e, ERR_LIMIT, "cannot archive %s: %s", path, lib->archive_error_string(w->archive));
	lib->archive_entry_free(entry);
	return r;
}

int tar_writer_end(struct tar_writer *w, struct err *e)
{
	return w->lib.archive_write_close(w->archive) == ARCHIVE_OK ? 0
		: err_set(e, ERR_LIMIT, "cannot finish the archive: %s", w->lib.archive_error_string(w->archive));
}

void tar_writer_free(struct tar_writer *w)
{
	if (w)
		w->lib.archive_write_free(w->archive);
	free(w);
}
