/* A result on its way from the store to the person who may read it. */
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "host/host.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define RESULT_MAX (LIMIT_BOX_OUTPUT + LIMIT_BOX_OUTPUT / 4)	/* padding, chunk tags, tar headers */
#define LOCK_TRIES 20u
#define LOCK_PAUSE_US 5000u

static int sealed_read(struct store *s, const struct store_task *t, struct buf *out, struct err *e)
{
	static const uint8_t none[32];
	if (!memcmp(t->blob, none, 32)) {
		err_set(e, ERR_NOT_FOUND, "the task %s has no result: %s", t->id, t->reason[0] ? t->reason : t->status);
		return err_hint(e, "enclua task show %s", t->id);
	}
	if (store_blob_read(s, t->blob, out, e) < 0)
		return err_wrap(e, "the sealed result of %s", t->id);
	return 0;
}

static int buf_source(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct box_view { const uint8_t *bytes; size_t len; } *v = ctx;
	if (offset > v->len || n > v->len - offset)
		return err_set(e, ERR_INVALID, "the sealed result is cut short");
	memcpy(out, v->bytes + offset, n);
	return 0;
}

int result_open(struct store *s, const struct store_task *t, const struct identity *id, struct bundle **out, struct err *e)
{
	struct buf sealed = BUF_INIT(RESULT_MAX), plain = BUF_INIT(RESULT_MAX);
	struct age_identity key = { .kind = AGE_X25519 };
	struct age_file *file = NULL;
	struct { const uint8_t *bytes; size_t len; } payload;
	uint8_t file_key[AGE_FILE_KEY];
	size_t header = 0;
	int r = -1;
	memcpy(key.secret_key, identity_age_secret(id), 32);
	if (sealed_read(s, t, &sealed, e) < 0)
		goto out;
	if (age_header_open(file_key, &header, sealed.data, sealed.len, &key, 1, e) < 0) {
		if (e->code == ERR_DENIED) {
			err_set(e, ERR_DENIED, "the result of %s is sealed to somebody else", t->id);
			err_hint(e, "act as its beneficiary: enclua --as NAME task result %s", t->id);
		}
		goto out;
	}
	payload.bytes = sealed.data + header;
	payload.len = sealed.len - header;
	if (age_file_open(&file, file_key, payload.len, buf_source, &payload, e) < 0 || buf_reserve(&plain, age_file_size(file), e) < 0 ||
	    age_file_read(file, plain.data, age_file_size(file), 0, e) < 0)
		goto out;
	plain.len = age_file_size(file);
	r = bundle_parse(out, &plain, e);
out:
	age_file_free(file);
	crypto_wipe(&key, sizeof key);
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&sealed);
	buf_done(&plain);
	return r;
}

/* Its nearest folder that is there must take new names: what fails after the run costs the run. */
int result_dir_check(const char *dir, struct err *e)
{
	char path[4096];
	struct stat st;
	if (!dir[0] || snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
		return err_set(e, ERR_USAGE, dir[0] ? "the path after -o is too long" : "-o is empty");
	while (stat(path, &st) < 0) {
		if (errno != ENOENT || lstat(path, &st) == 0)
			return err_sys(e, errno == ENOENT ? ENOTDIR : errno, "cannot write into %s", dir);
		char *slash = strrchr(path, '/');
		if (slash == path)
			slash++;
		(void)snprintf(slash ? slash : path, 2, "%s", slash ? "" : ".");
	}
	if (!S_ISDIR(st.st_mode)) {
		err_set(e, ERR_CONFLICT, "%s exists and is no folder", path);
		return err_hint(e, "choose another place with -o");
	}
	return access(path, W_OK | X_OK) == 0 ? 0 : err_sys(e, errno, "cannot write into %s", path);
}

void result_path(char *out, size_t size, const char *dir, const char *name)
{
	size_t n = strlen(dir);
	(void)snprintf(out, size, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

static void extra_add(struct bundle *all, const char *name, const void *bytes, size_t len)
{
	struct bundle_file *f = &all->files[all->n_files++];
	(void)snprintf(f->path, sizeof f->path, "%s", name);
	f->bytes = bytes;
	f->len = len;
}

/* In one go with the iApp's files, so that a folder holds all of a result or nothing of it. */
int result_dir_write(struct store *s, const struct store_task *t, const struct bundle *b, const struct buf *receipt, const char *dir, struct err *e)
{
	struct buf sealed = BUF_INIT(RESULT_MAX);
	struct bundle all = { .n_files = b ? b->n_files : 0 };
	int r = -1;
	if (sealed_read(s, t, &sealed, e) < 0)
		goto out;
	all.files = calloc(all.n_files + 3, sizeof *all.files);
	if (!all.files) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (b)
		memcpy(all.files, b->files, b->n_files * sizeof *b->files);
	if (b && b->log_len)
		extra_add(&all, "log.txt", b->log, b->log_len);
	if (b) {
		all.json = b->json;
		all.json_len = b->json_len;
	}
	extra_add(&all, "result.age", sealed.data, sealed.len);
	extra_add(&all, RESULT_RECEIPT, receipt->data, receipt->len);
	r = bundle_write(&all, dir, e);
out:
	free(all.files);
	buf_done(&sealed);
	return r;
}

int result_list(struct cli *c, const struct bundle *b, struct err *e)
{
	json_write_key(&c->out, "files");
	json_write_array(&c->out);
	for (size_t i = 0; b && i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		char hex[HEX_LEN(32) + 1];
		hex_encode(hex, f->sha256, 32);
		json_write_object(&c->out);
		json_write_key(&c->out, "path");
		json_write_text(&c->out, f->path);
		json_write_key(&c->out, "size");
		json_write_uint(&c->out, f->len);
		json_write_key(&c->out, "sha256");
		json_write_text(&c->out, hex);
		json_write_object_end(&c->out);
		if (cli_print(c, e, "  %-32s %10zu bytes\n", cli_safe(f->path, strlen(f->path), 0), f->len) < 0)
			return -1;
	}
	json_write_array_end(&c->out);
	return 0;
}

static int lock_path(const struct cli *c, const char *id, char *out, size_t size, struct err *e)
{
	char name[64 + ID_TEXT];
	(void)snprintf(name, sizeof name, "running/%s", id);
	return cli_home_path(c, name, out, size, e);
}

/* Who asks how a task is holds its lock for a moment; who runs it, much longer. */
static int lock_wait(int fd)
{
	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || i == LOCK_TRIES)
			return -1;
		(void)usleep(LOCK_PAUSE_US);
	}
	return 0;
}

int task_lock(const struct cli *c, const char *id, struct err *e)
{
	char path[4400];
	if (cli_home_path(c, "running", path, sizeof path, e) < 0 || os_dir_make(path, 0700, e) < 0 ||
	    lock_path(c, id, path, sizeof path, e) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || lock_wait(fd) < 0) {
		err_sys(e, errno, "cannot lock %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void task_unlock(const struct cli *c, const char *id, int fd)
{
	char path[4400];
	if (fd < 0)
		return;
	if (lock_path(c, id, path, sizeof path, NULL) == 0)
		(void)unlink(path);
	close(fd);
}

/* One that nobody is at may have ended since its row was read; then it did not wait for anybody. */
static const char *status_by_now(struct book *b, const char *id, const char *is)
{
	static const char *const ends[] = { "COMPLETED", "FAILED", "LIMIT" };
	struct store_task now;
	if (store_task_find(book_store(b), id, &now, NULL) == 0)
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (strcmp(now.status, ends[i]) == 0)
				is = ends[i];
	store_task_done(&now);
	return is;
}

/* A command that runs a task itself leaves a file for it, locked as long as it lives. Else the task is left to workers, and the scheduler's leases say whether
 * one is at it. */
const char *task_status(const struct cli *c, struct book *b, const struct store_task *t)
{
	char path[4400], at_it[1][MARKET_NAME];
	size_t n = 0;
	if (strcmp(t->status, "RUNNING") != 0 || lock_path(c, t->id, path, sizeof path, NULL) < 0)
		return t->status;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool held = fd >= 0 ? flock(fd, LOCK_SH | LOCK_NB) < 0 : host_leases(b, t->id, os_time(), at_it, 1, &n, NULL) == 0 && n > 0;
	const char *is = held ? "RUNNING" : fd >= 0 ? "INTERRUPTED" : "WAITING";
	if (fd >= 0)
		close(fd);
	return held ? is : status_by_now(b, t->id, is);
}
