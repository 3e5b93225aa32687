/* Sealing a tree into the store. Two ways through the same formats: what is small is sealed in this process, because starting another
 * costs more than the work; what is large comes through a pipe from a child that packs it, and is sealed by as many processors as there are.
 */
#include "trust/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define SMALL MIB(12)	/* plaintext; below it one process is faster than several (measured: they meet between 8 and 16 MiB) */
#define SCHEMA_INLINE KIB(48)	/* as the list of entry fields says; a longer one is a blob */
#define PIPE_BYTES (1 << 20)	/* fewer turns between packer and sealer */

/* A blob on its way. */
struct job {
	const struct pdata *tree;
	const struct protect_terms *terms;
	uint64_t plain_len;
	uint8_t file_key[AGE_FILE_KEY];
	int fd;	/* of the temporary blob */
	uint8_t blob[32];
	uint64_t payload_len;
};

static void progress(const struct job *j, uint64_t done)
{
	if (j->terms->progress)
		j->terms->progress(j->terms->ctx, done, j->plain_len);
}

/* Small: pack → age writer → hash and file */

struct small { struct job *job; struct age_writer *writer; struct sha256 hash; uint64_t plain; };

static int small_sealed(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct small *s = ctx;
	sha256_add(&s->hash, bytes, n);
	s->job->payload_len += n;
	return os_write(s->job->fd, bytes, n) == 0 ? 0 : err_sys(e, errno, "cannot write the blob");
}

static int small_plain(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct small *s = ctx;
	if (age_writer_add(s->writer, bytes, n, e) < 0)
		return -1;
	s->plain += n;
	progress(s->job, s->plain);
	return 0;
}

static int seal_small(struct job *j, struct err *e)
{
	struct small s = { .job = j };
	sha256_init(&s.hash);
	if (age_writer_new_detached(&s.writer, j->file_key, small_sealed, &s, e) < 0)
		return -1;
	int r = pdata_write(j->tree, small_plain, &s, e) < 0 || age_writer_end(s.writer, e) < 0 ? -1 : 0;
	age_writer_free(s.writer);
	sha256_end(&s.hash, j->blob);
	return r;
}

/* Large: a child packs into a pipe, and says on a second one how it went */

static int pipe_write(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	const int *fd = ctx;
	return os_write(*fd, bytes, n) == 0 ? 0 : err_sys(e, errno, "cannot hand on what is packed");
}

_Noreturn static void packer(const struct pdata *tree, int plain, int report)
{
	struct err e = { .code = ERR_NONE };
	(void)signal(SIGPIPE, SIG_IGN);	/* a sealer that gave up is reported, not died of */
	if (pdata_write(tree, pipe_write, &plain, &e) == 0)
		e.code = ERR_NONE;
	close(plain);	/* the end of the plaintext, before the word that it was whole */
	_exit(os_write(report, &e, sizeof e) == 0 ? 0 : 1);
}

static void close_both(int p[2])
{
	for (int i = 0; i < 2; i++)
		if (p[i] >= 0)
			close(p[i]);
}

static void large_progress(void *ctx, uint64_t done)
{
	progress(ctx, done);
}

/* What the packer said; a packer that said nothing has been killed. */
static int packer_result(int report, struct err *e)
{
	struct err said;
	if (os_read(report, &said, sizeof said) != (ssize_t)sizeof said)
		return err_set(e, ERR_INTERNAL, "the process that packs the data ended early");
	if (said.code == ERR_NONE)
		return 0;
	if (e)
		*e = said;
	return -1;
}

static int seal_large(struct job *j, struct err *e)
{
	int plain[2] = { -1, -1 }, report[2] = { -1, -1 };
	if (pipe2(plain, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
		err_sys(e, errno, "cannot make a pipe");
		close_both(plain);
		return -1;
	}
	(void)fcntl(plain[1], F_SETPIPE_SZ, PIPE_BYTES);
	pid_t child = fork();
	if (child == 0) {
		close(plain[0]);
		close(report[0]);
		packer(j->tree, plain[1], report[1]);
	}
	int r = child < 0 ? err_sys(e, errno, "cannot start the process that packs the data") : 0;
	close(plain[1]);
	close(report[1]);
	plain[1] = report[1] = -1;
	uint64_t plain_len = 0;
	struct err sealing = { .code = ERR_NONE };
	const struct age_stream_options options = { .jobs = 0, .progress = large_progress, .ctx = j };
	if (r == 0)
		r = age_stream_seal_detached(plain[0], j->fd, j->file_key, j->blob, &j->payload_len, &plain_len, &options, &sealing);
	close(plain[0]);	/* if sealing failed, the packer ends now */
	plain[0] = -1;
	/* The packer's own reason comes first: a file that changed also ends the stream early. */
	if (child > 0 && r == 0)
		r = packer_result(report[0], e);
	else if (child > 0 && e)
		*e = sealing;
	if (r == 0 && plain_len != j->plain_len)
		r = err_set(e, ERR_INTERNAL, "packed %llu bytes instead of %llu", (unsigned long long)plain_len,
			(unsigned long long)j->plain_len);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	close_both(report);
	return r;
}

/* The entry */

static int header_make(struct buf *out, const struct job *j, const uint8_t keeper[static 32], struct err *e)
{
	struct age_recipient to[2] = { { .kind = AGE_X25519 }, { .kind = AGE_X25519 } };
	memcpy(to[0].public_key, keeper, 32);
	memcpy(to[1].public_key, identity_age_public(j->terms->owner), 32);
	return age_header_make(out, j->file_key, to, 2, e);
}

/* A schema that no entry can hold goes beside it, as a blob. */
static int schema_place(struct book *b, struct store_data *d, struct entry_data_register *f, struct err *e)
{
	if (d->schema.len > SCHEMA_INLINE)
		return store_blob_add(book_store(b), d->schema.data, d->schema.len, f->schema_blob, e);
	f->schema = (struct entry_text){ (const char *)d->schema.data, d->schema.len };
	return 0;
}

static int entry_make(struct book *b, const struct job *j, struct store_data *d, struct buf *note, struct err *e)
{
	struct buf text = BUF_INIT(ENTRY_BYTES_MAX);
	char *header = malloc(BASE64_LEN(d->header.len) + 1);
	struct entry *en = malloc(sizeof *en);
	int r = -1;
	if (!header || !en) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (book_draft(b, en, ENTRY_DATA_REGISTER_TYPE, e) < 0 || schema_place(b, d, &en->data_register, e) < 0)
		goto out;
	struct entry_data_register *f = &en->data_register;
	if (j->terms->policy)
		(void)snprintf(f->policy, sizeof f->policy, "%s", j->terms->policy);
	base64_encode(header, d->header.data, d->header.len);
	f->header = entry_text(header);
	f->name = entry_text(d->name);
	f->scope = entry_text(d->ephemeral ? "run" : "");
	f->size = d->payload_len;
	memcpy(f->blob, d->blob, 32);
	memcpy(en->by, d->owner, 32);
	d->created = en->time;
	memcpy(d->schema_blob, f->schema_blob, 32);
	if (entry_encode(en, &text, e) < 0 || entry_sign(en, j->terms->owner, note, e) < 0)
		goto out;
	entry_id(d->id, ID_DATA, text.data, text.len);
	r = 0;
out:
	free(header);
	free(en);
	buf_done(&text);
	return r;
}

static int data_fill(struct store_data *out, const struct job *j, const uint8_t keeper[static 32], struct err *e)
{
	memcpy(out->name, j->terms->name, strlen(j->terms->name) + 1);
	memcpy(out->owner, identity_public(j->terms->owner), 32);
	memcpy(out->blob, j->blob, 32);
	out->payload_len = j->payload_len;
	out->plain_len = j->plain_len;
	out->ephemeral = j->terms->ephemeral;
	if (header_make(&out->header, j, keeper, e) < 0)
		return -1;
	return j->terms->hide_schema ? 0 : pdata_schema(j->tree, &out->schema, e);
}

int protect_policy(struct book *b, const struct store_data *d, char policy[static ID_TEXT], struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (book_entry(b, (uint64_t)d->seq, &bytes, e) == 0 && entry_decode(en, bytes.data, bytes.len, NULL, e) == 0) {
		memcpy(policy, en->data_register.policy, ID_TEXT);
		r = 0;
	}
	free(en);
	buf_done(&bytes);
	return r;
}

int protect_seal(struct book *b, const uint8_t keeper[static 32], const struct pdata *tree, const struct protect_terms *t, struct store_data *out, struct buf *entry,
	struct err *e)
{
	char tmp[PATH_MAX];
	struct store *s = book_store(b);
	struct job j = { .tree = tree, .terms = t, .fd = -1 };
	memset(out, 0, sizeof *out);
	out->header = (struct buf)BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	out->schema = (struct buf)BUF_INIT(LIMIT_SCHEMA_BYTES);
	if (strlen(t->name) > LIMIT_NAME_BYTES)
		return err_set(e, ERR_INVALID, "the name %.20s… is longer than %u characters", t->name, LIMIT_NAME_BYTES);
	/* asked again when the entry comes in; here, so that a gigabyte is not sealed in vain */
	if (!t->ephemeral && *t->name && store_data_name_free(s, t->name, identity_public(t->owner), e) < 0)
		return -1;
	if (pdata_plain_len(tree, &j.plain_len, e) < 0)
		return -1;
	crypto_random(j.file_key, sizeof j.file_key);
	int r = store_blob_begin(s, &j.fd, tmp, sizeof tmp, e);
	if (r < 0)
		goto out;
	r = j.plain_len <= SMALL ? seal_small(&j, e) : seal_large(&j, e);
	if (r == 0)
		r = data_fill(out, &j, keeper, e);
	if (r < 0) {
		store_blob_abort(j.fd, tmp);
		goto out;
	}
	r = store_blob_commit(s, j.fd, tmp, j.blob, e);
	if (r == 0 && entry_make(b, &j, out, entry, e) < 0) {
		(void)store_blob_remove(s, j.blob, NULL);
		r = -1;
	}
out:
	crypto_wipe(&j, sizeof j);
	if (r < 0)
		store_data_done(out);
	return r;
}

int protect_data(struct book *b, const uint8_t keeper[static 32], const struct pdata *tree, const struct protect_terms *t, struct store_data *out, struct err *e)
{
	struct buf entry = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t at = 0;
	int r = protect_seal(b, keeper, tree, t, out, &entry, e);
	if (r == 0 && book_append_one(b, &entry, &at, e) < 0) {
		(void)store_blob_remove(book_store(b), out->blob, NULL);
		store_data_done(out);
		r = -1;
	}
	if (r == 0)
		out->seq = (int64_t)at;
	buf_done(&entry);
	return r;
}

/* Reading back */

struct protect_reader { int fd; uint64_t size; struct age_file *file; };

static int blob_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct protect_reader *r = ctx;
	ssize_t got = os_pread(r->fd, out, n, offset);
	if (got < 0)
		return err_sys(e, errno, "cannot read the blob");
	return (size_t)got == n ? 0 : err_set(e, ERR_INVALID, "the blob is cut short");
}

static int blob_hash_check(const struct protect_reader *r, const struct store_data *d, struct err *e)
{
	struct sha256 hash;
	uint8_t is[32], *piece = malloc(MIB(1));
	if (!piece)
		return err_set(e, ERR_LIMIT, "out of memory");
	int result = 0;
	sha256_init(&hash);
	for (uint64_t at = 0; result == 0 && at < r->size;) {
		size_t step = r->size - at < MIB(1) ? (size_t)(r->size - at) : (size_t)MIB(1);
		result = blob_read((void *)r, piece, step, at, e);
		if (result == 0)
			sha256_add(&hash, piece, step);
		at += step;
	}
	free(piece);
	sha256_end(&hash, is);
	if (result == 0 && (r->size != d->payload_len || memcmp(is, d->blob, 32) != 0)) {
		result = err_set(e, ERR_INVALID, "the sealed bytes of %s are not those that were protected: the file was changed or damaged", d->id);
		err_hint(e, "restore blobs/ of the home from a copy");
	}
	return result;
}

int protect_reader_open(struct protect_reader **out, struct store *s, const struct store_data *d, const uint8_t owner_age_secret[static 32],
	struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	struct age_identity id = { .kind = AGE_X25519 };
	size_t header_len = 0;
	*out = NULL;
	struct protect_reader *r = calloc(1, sizeof *r);
	if (!r)
		return err_set(e, ERR_LIMIT, "out of memory");
	r->fd = -1;
	int result = store_blob_open(s, d->blob, &r->fd, &r->size, e);
	if (result == 0)
		result = blob_hash_check(r, d, e);
	memcpy(id.secret_key, owner_age_secret, 32);
	if (result == 0)
		result = age_header_open(file_key, &header_len, d->header.data, d->header.len, &id, 1, e);
	crypto_wipe(&id, sizeof id);
	if (result == 0)
		result = age_file_open(&r->file, file_key, r->size, blob_read, r, e);
	crypto_wipe(file_key, sizeof file_key);
	if (result < 0) {
		protect_reader_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

int protect_read(void *reader, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct protect_reader *r = reader;
	return age_file_read(r->file, out, n, offset, e);
}

void protect_reader_close(struct protect_reader *r)
{
	if (!r)
		return;
	age_file_free(r->file);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}
