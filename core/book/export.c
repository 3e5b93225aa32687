/* A book as the source of an export: its newest checkpoint, its entries, its tree. */
#include "book/export.h"

static int book_give(void *ctx, uint64_t from, uint64_t to, int (*f)(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e), void *f_ctx,
	struct err *e)
{
	return book_entries(ctx, from, to, f, f_ctx, e);
}

int book_export(struct book *b, const char *dir, struct export_count *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	int r = book_checkpoint(b, &note, e);
	if (r == 0) {
		struct export_source s = { .note = buf_text(&note), .note_len = note.len, .hashes = book_reader(b), .entries = book_give, .ctx = b };
		r = export_write(&s, dir, out, progress, ctx, e);
	}
	buf_done(&note);
	return r;
}
