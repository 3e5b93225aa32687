/* Who waits for work in this home: <home>/running/here.<random>.<enclua1…>, one for each process that takes tasks, locked as long as it lives. Inside are the owners of
 * pools whose keys it has: for those it sends itself. To the others a process with the owner's key sends it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "node/worker_inner.h"
#include "seal/crypto.h"

#define HERE "here."
#define RANDOM 8u	/* bytes in a name */
#define OWNERS_BYTES KIB(2)

static int folder(const struct worker *w, char out[static PATH_MAX], struct err *e)
{
	int n = snprintf(out, PATH_MAX, "%s/running", book_home(w->book));
	return n > 0 && n < PATH_MAX ? 0 : err_set(e, ERR_INVALID, "the path of the home is too long");
}

static int owners_write(const struct worker *w, int fd, struct err *e)
{
	char name[IDENTITY_TEXT + 1];
	for (size_t i = 0; i < w->n_owners; i++) {
		identity_text(name, identity_public(w->owners[i]));
		size_t len = strlen(name);
		name[len++] = '\n';
		if (os_write(fd, name, len) < 0)
			return err_sys(e, errno, "cannot say that a worker is here");
	}
	return 0;
}

int presence_enter(struct presence *p, const struct worker *w, struct err *e)
{
	char dir[PATH_MAX], made[PATH_MAX + 64], hex[HEX_LEN(RANDOM) + 1], me[IDENTITY_TEXT];
	uint8_t random[RANDOM];
	p->fd = -1;
	if (folder(w, dir, e) < 0 || os_dir_make(dir, 0700, e) < 0)
		return -1;
	crypto_random(random, sizeof random);
	hex_encode(hex, random, sizeof random);
	identity_text(me, identity_public(w->identity));
	(void)snprintf(p->path, sizeof p->path, "%s/" HERE "%s.%s", dir, hex, me);
	(void)snprintf(made, sizeof made, "%s/new.%s", dir, hex);
	/* Under its name only when it is locked and whole: else one who looks now would take us for dead. */
	p->fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->fd < 0)
		return err_sys(e, errno, "cannot say that a worker is here");
	int r = flock(p->fd, LOCK_EX | LOCK_NB) < 0 ? err_sys(e, errno, "cannot say that a worker is here") : owners_write(w, p->fd, e);
	if (r == 0 && rename(made, p->path) < 0)
		r = err_sys(e, errno, "cannot say that a worker is here");
	if (r == 0)
		return 0;
	(void)unlink(made);
	close(p->fd);
	p->fd = -1;
	return -1;
}

void presence_leave(struct presence *p)
{
	if (p->fd < 0)
		return;
	(void)unlink(p->path);
	close(p->fd);
	p->fd = -1;
}

/* Lives, and has no key of this owner. A file that nobody holds is of a process that died. */
static bool waits(const char *path, const char *owner)
{
	struct buf owners = BUF_INIT(OWNERS_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool lives = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
	if (fd >= 0 && !lives)
		(void)unlink(path);
	if (fd >= 0)
		close(fd);
	bool is = lives && os_plain_read(path, &owners, NULL) == 0 && !strstr(buf_text(&owners), owner);
	buf_done(&owners);
	return is;
}

static int add(struct present **list, size_t *n, const char *worker, struct err *e)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*list)[i].worker, worker)) {
			(*list)[i].slots++;
			return 0;
		}
	struct present *more = realloc(*list, (*n + 1) * sizeof *more);
	if (!more)
		return err_set(e, ERR_LIMIT, "out of memory");
	*list = more;
	more[*n].slots = 1;
	(void)snprintf(more[(*n)++].worker, IDENTITY_TEXT, "%s", worker);
	return 0;
}

int presence_list(const struct worker *w, const char *owner, struct present **list, size_t *n, struct err *e)
{
	const size_t head = sizeof HERE - 1 + HEX_LEN(RANDOM) + 1;
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	int r = 0;
	*list = NULL;
	*n = 0;
	if (folder(w, dir, e) < 0)
		return -1;
	DIR *d = opendir(dir);
	for (struct dirent *f; d && r == 0 && (f = readdir(d));) {
		if (strncmp(f->d_name, HERE, sizeof HERE - 1) != 0 || strlen(f->d_name) != head + IDENTITY_TEXT - 1)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
		if (waits(path, owner))
			r = add(list, n, f->d_name + head, e);
	}
	if (d)
		closedir(d);
	return r;
}
