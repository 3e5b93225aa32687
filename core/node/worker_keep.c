/* What a worker has committed to but not yet shown, in <home>/running: <task>.<worker>.reveal is the task.reveal it would sign, signed, so that nobody else can put one
 * there; <task>.<worker>.lock is held while it runs the task, so that processes of one worker do not run it twice, and so that the death of one shows at once: its
 * lock is there, and nobody holds it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "node/worker_inner.h"
#include "seal/crypto.h"

#define FOLDER "running"
#define REVEAL ".reveal"
#define LOCK ".lock"
#define WORKER_HEX HEX_LEN(8)

/* "<worker>.reveal": what the names of this worker's files end with, after the task and a dot. */
static void ending(const uint8_t who[static 32], const char *what, char out[static 40])
{
	char hex[WORKER_HEX + 1];
	hex_encode(hex, who, WORKER_HEX / 2);
	(void)snprintf(out, 40, ".%s%s", hex, what);
}

static int path_of(const struct worker *w, const uint8_t who[static 32], const char *task, const char *what, char out[static PATH_MAX], struct err *e)
{
	char end[40];
	ending(who, what, end);
	int n = snprintf(out, PATH_MAX, "%s/" FOLDER "/%s%s", book_home(w->book), task, end);
	return n > 0 && n < PATH_MAX ? 0 : err_set(e, ERR_INVALID, "the path of the home is too long");
}

static int folder_make(const struct worker *w, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/" FOLDER, book_home(w->book));
	return n > 0 && n < PATH_MAX ? os_dir_make(path, 0700, e) : err_set(e, ERR_INVALID, "the path of the home is too long");
}

/* A lock that is there: 1 when nobody held it and it is ours now, 0 when somebody does, or it is gone, −1 */
static int lock_take(const char *path, int *fd, struct err *e)
{
	struct stat ours, there;
	int at = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (at < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "cannot open %s", path);
	/* Who had it before removes it: a lock on a file without a name is worth nothing. */
	if (flock(at, LOCK_EX | LOCK_NB) < 0 || fstat(at, &ours) < 0 || stat(path, &there) < 0 || ours.st_ino != there.st_ino) {
		close(at);
		return 0;
	}
	*fd = at;
	return 1;
}

/* It gets its name when it is held: who looks in between would take it for that of a dead one. 1, 0 when there is one, −1 */
static int lock_make(const char *path, int *fd, struct err *e)
{
	uint8_t random[8];
	char hex[HEX_LEN(sizeof random) + 1], made[PATH_MAX + 64];
	crypto_random(random, sizeof random);
	hex_encode(hex, random, sizeof random);
	(void)snprintf(made, sizeof made, "%s.%s", path, hex);
	int at = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), is = 1;
	if (at < 0)
		return err_sys(e, errno, "cannot make %s", made);
	if (flock(at, LOCK_EX | LOCK_NB) < 0 || link(made, path) < 0)
		is = errno == EEXIST ? 0 : err_sys(e, errno, "cannot make %s", path);
	(void)unlink(made);
	if (is == 1)
		*fd = at;
	else
		close(at);
	return is;
}

int worker_keep_lock(const struct worker *w, const char *task, int *fd, struct err *e)
{
	char path[PATH_MAX];
	*fd = -1;
	if (folder_make(w, e) < 0 || path_of(w, identity_public(w->identity), task, LOCK, path, e) < 0)
		return -1;
	int is = lock_make(path, fd, e);
	return is ? is : lock_take(path, fd, e);
}

int worker_keep_abandoned(const struct worker *w, const uint8_t who[static 32], const char *task, int *fd, struct err *e)
{
	char path[PATH_MAX];
	*fd = -1;
	return path_of(w, who, task, LOCK, path, e) < 0 ? -1 : lock_take(path, fd, e);
}

void worker_keep_unlock(const struct worker *w, const uint8_t who[static 32], const char *task, int fd)
{
	char path[PATH_MAX];
	if (path_of(w, who, task, LOCK, path, NULL) == 0)
		(void)unlink(path);
	close(fd);
}

int worker_keep(const struct worker *w, const char *task, const struct buf *note, struct err *e)
{
	char path[PATH_MAX];
	if (path_of(w, identity_public(w->identity), task, REVEAL, path, e) < 0)
		return -1;
	return os_file_replace(path, 0600, note->data, note->len, e) < 0 ? err_wrap(e, "what this worker will reveal") : 0;
}

int worker_kept(const struct worker *w, const char *task, struct entry *en, struct buf *note, struct err *e)
{
	char path[PATH_MAX];
	if (path_of(w, identity_public(w->identity), task, REVEAL, path, e) < 0)
		return -1;
	if (!os_exists(path))
		return 0;
	if (os_plain_read(path, note, e) < 0)
		return -1;
	if (entry_open(en, note->data, note->len, NULL, NULL) < 0 || en->type != ENTRY_TASK_REVEAL_TYPE || strcmp(en->task_reveal.task, task) != 0 ||
		memcmp(en->by, identity_public(w->identity), 32) != 0)
		return 0;	/* damaged: as good as lost */
	return 1;
}

/* 1 when the task will need nothing of ours any more, 0, -1 */
static int over(const struct worker *w, const char *task, struct err *e)
{
	struct market_task t;
	int is = host_get(w->book, MARKET_ROW_TASK, task, "", &t, e);
	return is < 0 ? -1 : is == 0 || t.status == MARKET_COMPLETED || t.status == MARKET_FAILED;
}

static int forget(const struct worker *w, const char *task, struct err *e)
{
	static const uint8_t none[32];
	struct entry *en = malloc(sizeof *en);
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	struct store_task row = { .id = "" };
	char path[PATH_MAX];
	int r = -1, fd = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	int mine = worker_keep_lock(w, task, &fd, e);
	if (mine <= 0) {
		r = mine;
		goto out;
	}
	int is = worker_kept(w, task, en, &note, e);
	if (is < 0 || path_of(w, identity_public(w->identity), task, REVEAL, path, e) < 0)
		goto out;
	if (is == 1 && memcmp(en->task_reveal.result, none, 32) != 0 && store_task_find(book_store(w->book), task, &row, NULL) == 0 &&
		memcmp(row.blob, en->task_reveal.result, 32) != 0)
		(void)store_blob_remove(book_store(w->book), en->task_reveal.result, NULL);
	(void)unlink(path);
	r = 0;
out:
	if (fd >= 0)
		worker_keep_unlock(w, identity_public(w->identity), task, fd);
	store_task_done(&row);
	buf_done(&note);
	free(en);
	return r;
}

/* "<task>.<worker>.reveal" or …".lock" of this worker: its task. */
static bool own_file(const struct worker *w, const char *name, char task[static MARKET_NAME])
{
	static const char *const whats[] = { REVEAL, LOCK };
	const size_t len = strlen(name);
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
		char end[40];
		ending(identity_public(w->identity), whats[i], end);
		const size_t tail = strlen(end);
		if (len <= tail || len - tail >= MARKET_NAME || strcmp(name + len - tail, end) != 0)
			continue;
		memcpy(task, name, len - tail);
		task[len - tail] = '\0';
		return true;
	}
	return false;
}

/* What it kept, and the locks of its processes that were killed. */
int worker_keep_sweep(const struct worker *w, struct err *e)
{
	char path[PATH_MAX], task[MARKET_NAME];
	int r = 0;
	if (snprintf(path, sizeof path, "%s/" FOLDER, book_home(w->book)) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	DIR *d = opendir(path);
	if (!d)
		return 0;
	for (struct dirent *f; r == 0 && (f = readdir(d));) {
		if (!own_file(w, f->d_name, task))
			continue;
		int is = over(w, task, e);
		r = is < 0 ? -1 : is ? forget(w, task, e) : 0;
	}
	closedir(d);
	return r;
}
