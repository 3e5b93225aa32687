/* A book in a scratch folder, people who act in it, and entries of theirs: filled with what the rules accept, so that a test changes the one field it is about. */
#ifndef ENCLUA_TESTS_BOOK_MAKE_H
#define ENCLUA_TESTS_BOOK_MAKE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "book/book.h"
#include "form/entry.h"
#include "form/iapp.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "unit/scratch.h"

#define BOOK_MAKE_ENTRIES 3u	/* of a new one: its opening, its worker, and Ada */

struct book_made {
	char path[PATH_MAX];
	struct book *b;
	struct store *s;	/* of b */
	struct identity *ada, *bob, *operator, *worker;	/* Ada is known in the book, Bob is not */
};

/* What a test takes for granted. It ends the process, so that it can be used in a child too, from where a jump into the test runner would run the rest twice. */
static inline void book_make_must(int r, const struct err *e, const char *what)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, e->msg);
	abort();
}
#define BOOK_MUST(call, e) book_make_must(call, e, #call)

/* Signs, and tells the id of the thing that the entry makes (id may be NULL). */
static inline void book_make_sign(struct entry *en, const struct identity *by, struct buf *note, char *id)
{
	struct err e;
	enum id_kind kind;
	*note = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	BOOK_MUST(entry_sign(en, by, note, &e), &e);
	const char *end = memmem(note->data, note->len, "\n\n", 2);
	if (id && entry_id_kind(en->type, &kind))
		entry_id(id, kind, note->data, (size_t)(end + 1 - (const char *)note->data));
}

/* Signs and appends: may be refused. index and id may be NULL. */
static inline int book_make_try(struct book *b, struct entry *en, const struct identity *by, uint64_t *index, char *id, struct err *e)
{
	struct buf note;
	book_make_sign(en, by, &note, id);
	int r = book_append_one(b, &note, index, e);
	buf_done(&note);
	return r;
}

static inline uint64_t book_make_append(struct book *b, struct entry *en, const struct identity *by, char *id)
{
	struct err e;
	uint64_t index = 0;
	BOOK_MUST(book_make_try(b, en, by, &index, id, &e), &e);
	return index;
}

static inline void book_make_draft(struct book *b, struct entry *en, enum entry_type type)
{
	struct err e;
	BOOK_MUST(book_draft(b, en, type, &e), &e);
}

static inline void book_make_identity(struct book *b, struct entry *en, const struct identity *who, const char *name, const char *role)
{
	book_make_draft(b, en, ENTRY_IDENTITY_REGISTER_TYPE);
	en->identity_register.name = entry_text(name);
	en->identity_register.role = entry_text(role);
	memcpy(en->identity_register.age, identity_age_public(who), 32);
}

/* A blob of n random bytes that is as good as sealed: 32 and more, for a nonce and a tag. */
static inline void book_make_blob(struct book *b, size_t n, uint8_t hash[static 32])
{
	struct err e;
	uint8_t *bytes = malloc(n);
	crypto_random(bytes, n);
	BOOK_MUST(store_blob_add(book_store(b), bytes, n, hash, &e), &e);
	free(bytes);
}

/* The header of a file key that nobody has used; good until the next. */
static inline struct entry_text book_make_header(void)
{
	static char text[BASE64_LEN(9) + 1];
	uint8_t bytes[9];
	crypto_random(bytes, sizeof bytes);
	base64_encode(text, bytes, sizeof bytes);
	return entry_text(text);
}

static inline void book_make_data(struct book *b, struct entry *en, const char *name, size_t n)
{
	book_make_draft(b, en, ENTRY_DATA_REGISTER_TYPE);
	en->data_register.name = entry_text(name);
	en->data_register.size = n;
	en->data_register.header = book_make_header();
	en->data_register.schema = entry_text("{\"a\":\"string\"}");
	book_make_blob(b, n, en->data_register.blob);
}

/* The n-th archive of an iApp, always 1.0.0, as its author packs it. */
static inline void book_make_archive(struct buf *out, const char *name, unsigned n, const struct identity *author)
{
	char dir[PATH_MAX], text[256];
	struct err e;
	*out = (struct buf)BUF_INIT(MIB(1));
	scratch_make(dir);
	scratch_file(dir, "iapp.yaml", text, (size_t)snprintf(text, sizeof text, "api: 1\nname: %s\nversion: 1.0.0\nentry: main.lua\n", name));
	scratch_file(dir, "main.lua", text, (size_t)snprintf(text, sizeof text, "-- %u\nreturn function(task) end\n", n));
	BOOK_MUST(iapp_pack(out, dir, &author, 1, &e), &e);
	scratch_remove(dir);
}

/* Its registration; h1 holds its hash for as long as en is used. */
static inline void book_make_app(struct book *b, struct entry *en, const char *name, unsigned n, const struct identity *author, char h1[static IAPP_H1_TEXT])
{
	struct buf archive;
	struct iapp *app;
	struct err e;
	book_make_archive(&archive, name, n, author);
	BOOK_MUST(iapp_open(&app, archive.data, archive.len, NULL, &e), &e);
	book_make_draft(b, en, ENTRY_APP_REGISTER_TYPE);
	memcpy(h1, app->h1, IAPP_H1_TEXT);
	en->app_register.name = entry_text(name);
	en->app_register.version = entry_text("1.0.0");
	en->app_register.h1 = entry_text(h1);
	en->app_register.size = archive.len;
	memcpy(en->app_register.author, identity_public(author), 32);
	BOOK_MUST(store_blob_add(book_store(b), archive.data, archive.len, en->app_register.blob, &e), &e);
	iapp_free(app);
	buf_done(&archive);
}

/* amount: of a deposit or a transfer to somebody, or of a withdrawal. */
static inline void book_make_money(struct book *b, struct entry *en, enum entry_type type, const struct identity *to, uint64_t amount)
{
	book_make_draft(b, en, type);
	if (type == ENTRY_ACCOUNT_WITHDRAW_TYPE) {
		en->account_withdraw.amount = amount;
		return;
	}
	uint8_t *key = type == ENTRY_ACCOUNT_DEPOSIT_TYPE ? en->account_deposit.to : en->account_transfer.to;
	*(type == ENTRY_ACCOUNT_DEPOSIT_TYPE ? &en->account_deposit.amount : &en->account_transfer.amount) = amount;
	memcpy(key, identity_public(to), 32);
}

static inline void book_make_open(struct book_made *m)
{
	static struct entry en;
	struct err e;
	BOOK_MUST(crypto_init(&e), &e);
	scratch_make(m->path);
	BOOK_MUST(book_open(&m->b, m->path, true, &e), &e);
	m->s = book_store(m->b);
	BOOK_MUST(identity_new(&m->ada, &e), &e);
	BOOK_MUST(identity_new(&m->bob, &e), &e);
	BOOK_MUST(book_operator_open(m->b, &m->operator, &e), &e);
	BOOK_MUST(book_worker_open(m->b, &m->worker, &e), &e);
	book_make_identity(m->b, &en, m->ada, "ada", "");
	(void)book_make_append(m->b, &en, m->ada, NULL);
}

static inline void book_make_close(struct book_made *m)
{
	book_close(m->b);
	identity_free(m->ada);
	identity_free(m->bob);
	identity_free(m->operator);
	identity_free(m->worker);
	scratch_remove(m->path);
}

/* A second view of the same book, as another process has it. */
static inline struct book *book_make_again(const struct book_made *m)
{
	struct book *b;
	struct err e;
	BOOK_MUST(book_open(&b, m->path, false, &e), &e);
	return b;
}

/* For cmocka. */
static inline int book_make_setup(void **state)
{
	struct book_made *m = calloc(1, sizeof *m);
	book_make_open(m);
	*state = m;
	return 0;
}

static inline int book_make_teardown(void **state)
{
	book_make_close(*state);
	free(*state);
	return 0;
}

#endif
