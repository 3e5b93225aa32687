/* The plaintext of a parcel, written and read. One spelling for each: what was read is written again for the small parts and compared. Files go through memory that
 * has no name and that nothing can change once it is filled.
 */
#include "node/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "base/ustar.h"
#include "seal/crypto.h"

#define ARGS "args.json"
#define SECRETS "secrets"
#define FILES "files/"
#define PIECE KIB(64)

/* args.json */

static int text_check(const char *what, const char *text, struct err *e)
{
	return utf8_valid(text, strlen(text)) ? 0 : err_set(e, ERR_INVALID, "%s is not UTF-8", what);
}

static int args_write(const struct parcel_for *to, const struct work *w, struct buf *out, struct err *e)
{
	struct json_writer j;
	if (text_check("the seed", w->seed ? w->seed : "", e) < 0)
		return -1;
	json_write_init(&j, out, e);
	json_write_object(&j);
	json_write_key(&j, "requester");
	json_write_text(&j, to->requester);
	json_write_key(&j, "app");
	json_write_text(&j, to->app);
	json_write_key(&j, "seed");
	json_write_text(&j, w->seed ? w->seed : "");
	json_write_key(&j, "args");
	json_write_array(&j);
	for (size_t i = 0; i < w->n_args; i++) {
		const struct work_arg *a = &w->args[i];
		if (text_check("the name of an argument", a->name ? a->name : "", e) < 0 || text_check("the value of an argument", a->value, e) < 0)
			return -1;
		json_write_object(&j);
		json_write_key(&j, "name");
		json_write_text(&j, a->name);
		json_write_key(&j, "value");
		json_write_text(&j, a->value);
		json_write_object_end(&j);
	}
	json_write_array_end(&j);
	json_write_object_end(&j);
	return json_write_done(&j);
}

/* A string without a NUL, or NULL. */
static const char *member(const struct json *j, const char *key)
{
	size_t len = 0;
	const struct json *v = json_get(j, key);
	const char *text = json_kind(v) == JSON_STRING ? json_text(v, &len) : NULL;
	return text && strlen(text) == len ? text : NULL;
}

static int name_copy(char *out, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : size;
	if (len >= size)
		return -1;
	memcpy(out, text, len + 1);
	return 0;
}

static int args_take(struct parcel *p, struct err *e)
{
	const struct json *list = json_get(p->args, "args");
	size_t n = json_count(list);
	struct work_arg *args = calloc(n + 1, sizeof *args);
	p->work.args = args;
	p->work.n_args = n;
	p->work.seed = member(p->args, "seed");
	if (!args)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (json_kind(list) != JSON_ARRAY || n > LIMIT_BOX_ARGS || !p->work.seed || name_copy(p->requester, sizeof p->requester, member(p->args, "requester")) < 0 ||
		name_copy(p->app, sizeof p->app, member(p->args, "app")) < 0)
		return err_set(e, ERR_INVALID, "its " ARGS " lacks something, or has too much");
	for (size_t i = 0; i < n; i++) {
		args[i] = (struct work_arg){ member(json_at(list, i), "name"), member(json_at(list, i), "value") };
		if (!args[i].value)
			return err_set(e, ERR_INVALID, "its " ARGS " has an argument without a value");
	}
	return 0;
}

static int args_read(struct parcel *p, const struct buf *text, struct err *e)
{
	const struct parcel_for to = { p->requester, p->app };
	struct buf again = BUF_INIT(LIMIT_PARCEL_ARGS_BYTES);
	int r = -1;
	if (json_parse(&p->args, buf_text(text), text->len, e) < 0 || args_take(p, e) < 0 || args_write(&to, &p->work, &again, e) < 0)
		goto out;
	r = again.len == text->len && memcmp(again.data, text->data, text->len) == 0 ? 0 : err_set(e, ERR_INVALID, "its " ARGS " is not canonical");
out:
	buf_done(&again);
	return r;
}

/* secrets */

static int secrets_read(struct parcel *p, struct err *e)
{
	struct box_secret *list = NULL;
	size_t n = 0;
	if (boxwire_secrets_decode(&list, &n, p->secrets.data, p->secrets.len, e) < 0)
		return -1;
	struct work_secret *secrets = calloc(n + 1, sizeof *secrets);
	p->work.secrets = secrets;
	for (size_t i = 0; secrets && i < n; i++)
		secrets[p->work.n_secrets++] = (struct work_secret){ list[i].index, list[i].value.text, list[i].value.len };
	free(list);
	if (!secrets)
		return err_set(e, ERR_LIMIT, "out of memory");
	return n ? 0 : err_set(e, ERR_INVALID, "it has an empty list of secrets");
}

/* Writing */

struct out { parcel_sink *sink; void *ctx; uint64_t at; };

static int put(struct out *o, const void *bytes, size_t n, struct err *e)
{
	o->at += n;
	return n ? o->sink(o->ctx, bytes, n, e) : 0;
}

static int put_zeros(struct out *o, uint64_t n, struct err *e)
{
	static const uint8_t zeros[4096];
	while (n) {
		size_t step = n < sizeof zeros ? (size_t)n : sizeof zeros;
		if (put(o, zeros, step, e) < 0)
			return -1;
		n -= step;
	}
	return 0;
}

static int put_header(struct out *o, const char *folder, const char *name, uint64_t size, struct err *e)
{
	uint8_t block[USTAR_BLOCK];
	struct ustar_entry entry = { .size = size };
	size_t n = strlen(folder), len = strlen(name);
	if (n + len >= sizeof entry.path || strchr(name, '/'))
		return err_set(e, ERR_INVALID, "%.100s is no name for an input file", name);
	memcpy(entry.path, folder, n);
	memcpy(entry.path + n, name, len + 1);
	return ustar_encode(block, &entry, e) < 0 ? err_wrap(e, "%.100s", name) : put(o, block, sizeof block, e);
}

static int put_buf(struct out *o, const char *name, const struct buf *b, struct err *e)
{
	return put_header(o, "", name, b->len, e) < 0 || put(o, b->data, b->len, e) < 0 ? -1 : put_zeros(o, USTAR_PAD(b->len), e);
}

static int put_file(struct out *o, const struct work_file *f, struct err *e)
{
	uint8_t piece[PIECE];
	if (f->size > LIMIT_PARCEL_BYTES || o->at > LIMIT_PARCEL_BYTES - f->size)
		return err_set(e, ERR_LIMIT, "input files of one run have at most %llu bytes together", LIMIT_PARCEL_BYTES);
	if (put_header(o, FILES, f->name, f->size, e) < 0)
		return -1;
	for (uint64_t at = 0; at < f->size;) {
		size_t step = f->size - at < sizeof piece ? (size_t)(f->size - at) : sizeof piece;
		ssize_t n = os_pread(f->fd, piece, step, at);
		if (n < 0)
			return err_sys(e, errno, "cannot read %s", f->name);
		if ((size_t)n != step)
			return err_set(e, ERR_CONFLICT, "%s changed while it was read", f->name);
		if (put(o, piece, step, e) < 0)
			return -1;
		at += step;
	}
	return put_zeros(o, USTAR_PAD(f->size), e);
}

int parcel_write(const struct parcel_for *to, const struct work *w, parcel_sink *sink, void *ctx, struct err *e)
{
	struct out o = { sink, ctx, 0 };
	struct buf args = BUF_INIT(LIMIT_PARCEL_ARGS_BYTES), secrets = BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	int r = -1;
	if (w->n_args > LIMIT_BOX_ARGS || w->n_files > LIMIT_BOX_FILES) {
		err_set(e, ERR_LIMIT, "at most %u arguments and %u input files", LIMIT_BOX_ARGS, LIMIT_BOX_FILES);
		goto out;
	}
	if (args_write(to, w, &args, e) < 0 || put_buf(&o, ARGS, &args, e) < 0)
		goto out;
	if (work_secrets_here(w, &secrets, e) < 0 || (secrets.len && put_buf(&o, SECRETS, &secrets, e) < 0))
		goto out;
	for (size_t i = 0; i < w->n_files; i++)
		if (put_file(&o, &w->files[i], e) < 0)
			goto out;
	r = put_zeros(&o, padme(o.at + 2ull * USTAR_BLOCK) - o.at, e);
out:
	buf_done(&args);
	buf_done(&secrets);
	return r;
}

/* Reading */

struct in { parcel_source *source; void *ctx; uint64_t at, len; };

static int torn(struct err *e)
{
	return err_set(e, ERR_INVALID, "it is cut off, or has something after its end");
}

static int get(struct in *in, void *out, uint64_t n, struct err *e)
{
	if (n > in->len - in->at)
		return torn(e);
	uint64_t at = in->at;
	in->at += n;
	return n ? in->source(in->ctx, out, (size_t)n, at, e) : 0;
}

static int get_zeros(struct in *in, uint64_t n, struct err *e)
{
	uint8_t bytes[4096];
	while (n) {
		size_t step = n < sizeof bytes ? (size_t)n : sizeof bytes;
		if (get(in, bytes, step, e) < 0)
			return -1;
		for (size_t i = 0; i < step; i++)
			if (bytes[i])
				return err_set(e, ERR_INVALID, "it has bytes where zeros belong");
		n -= step;
	}
	return 0;
}

static int get_buf(struct in *in, uint64_t size, struct buf *b, struct err *e)
{
	if (size > b->max)
		return err_set(e, ERR_LIMIT, "one of its parts is too large");
	if (size > in->len - in->at)
		return torn(e);
	if (buf_reserve(b, (size_t)size, e) < 0 || get(in, b->data + b->len, size, e) < 0)
		return -1;
	b->len += (size_t)size;
	b->data[b->len] = '\0';
	return get_zeros(in, USTAR_PAD(size), e);
}

static int file_fill(struct in *in, int fd, uint64_t size, struct err *e)
{
	uint8_t piece[PIECE];
	int r = 0;
	for (uint64_t left = size; r == 0 && left;) {
		size_t step = left < sizeof piece ? (size_t)left : sizeof piece;
		r = get(in, piece, step, e);
		if (r == 0 && os_write(fd, piece, step) < 0)
			r = err_sys(e, errno, "cannot hold an input file");
		left -= step;
	}
	crypto_wipe(piece, sizeof piece);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		r = err_sys(e, errno, "cannot hold an input file");
	return r < 0 ? -1 : get_zeros(in, USTAR_PAD(size), e);
}

static int file_read(struct parcel *p, struct in *in, const struct ustar_entry *entry, struct err *e)
{
	struct work_file *files = (struct work_file *)p->work.files;
	size_t n = p->work.n_files;
	const char *name = entry->path + sizeof FILES - 1;
	if (strncmp(entry->path, FILES, sizeof FILES - 1) != 0 || strchr(name, '/'))
		return err_set(e, ERR_INVALID, "there is no place in it for %s", entry->path);
	if (n == LIMIT_BOX_FILES)
		return err_set(e, ERR_LIMIT, "it has more than %u input files", LIMIT_BOX_FILES);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(files[i].name, name))
			return err_set(e, ERR_INVALID, "two of its files are called %s", name);
	if (entry->size > in->len - in->at)
		return torn(e);
	int fd = memfd_create("enclua-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, errno, "cannot hold an input file");
	memcpy(p->names[n], name, strlen(name) + 1);
	files[n] = (struct work_file){ p->names[n], fd, entry->size };
	p->work.n_files = n + 1;
	return file_fill(in, fd, entry->size, e);
}

/* One entry; *end at the first zero block. */
static int entry_read(struct parcel *p, struct in *in, size_t number, bool *end, struct err *e)
{
	struct buf args = BUF_INIT(LIMIT_PARCEL_ARGS_BYTES);
	struct ustar_entry entry;
	uint8_t block[USTAR_BLOCK];
	if (get(in, block, sizeof block, e) < 0 || ustar_decode(&entry, block, end, e) < 0)
		return -1;
	if (number == 0) {
		if (*end || strcmp(entry.path, ARGS) != 0 || entry.executable)
			return err_set(e, ERR_INVALID, "it does not begin with " ARGS);
		int r = get_buf(in, entry.size, &args, e) < 0 ? -1 : args_read(p, &args, e);
		buf_done(&args);
		return r;
	}
	if (*end)
		return 0;
	if (entry.executable)
		return err_set(e, ERR_INVALID, "%s is marked as a program", entry.path);
	if (number == 1 && !strcmp(entry.path, SECRETS))
		return get_buf(in, entry.size, &p->secrets, e) < 0 ? -1 : secrets_read(p, e);
	return file_read(p, in, &entry, e);
}

int parcel_read(struct parcel **out, parcel_source *source, void *ctx, uint64_t len, struct err *e)
{
	struct in in = { source, ctx, 0, len };
	struct parcel *p = calloc(1, sizeof *p);
	bool end = false;
	*out = NULL;
	if (!p)
		return err_set(e, ERR_LIMIT, "out of memory");
	p->secrets = (struct buf)BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	p->work.files = calloc(LIMIT_BOX_FILES, sizeof *p->work.files);
	p->names = calloc(LIMIT_BOX_FILES, sizeof *p->names);
	if (!p->work.files || !p->names) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	for (size_t number = 0; !end; number++)
		if (entry_read(p, &in, number, &end, e) < 0)
			goto out;
	if (get_zeros(&in, USTAR_BLOCK, e) < 0)
		goto out;
	if (padme(in.at) != len) {
		torn(e);
		goto out;
	}
	if (get_zeros(&in, len - in.at, e) < 0)
		goto out;
	*out = p;
	return 0;
out:
	parcel_free(p);
	return err_wrap(e, "the parcel");
}

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->work.n_files; i++)
		close(p->work.files[i].fd);
	json_free(p->args);
	buf_done(&p->secrets);
	free((void *)p->work.args);
	free((void *)p->work.files);
	free((void *)p->work.secrets);
	free(p->names);
	free(p);
}
