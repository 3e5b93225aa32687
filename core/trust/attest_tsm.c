/* Reports through configfs-tsm (Documentation/ABI/testing/configfs-tsm of the kernel, 6.7): a folder is made, what the report is for is written into it, the report is
 * read out, the folder is removed. Whoever else writes to the folder moves its generation, and then the report is not believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "trust/attest_inner.h"

#define FOLDER "/sys/kernel/config/tsm/report"
#define PATH_BYTES 512u
#define NUMBER_BYTES 32u
#define TRIES 3u	/* a neighbour who disturbs once is an accident */

static const char *tsm_folder(void)
{
	const char *named = getenv("ENCLUA_TSM");
	return named && *named ? named : FOLDER;
}

static int entry_path(char out[static PATH_BYTES], const char *entry, const char *name, struct err *e)
{
	int n = snprintf(out, PATH_BYTES, "%s/%s", entry, name);
	return n > 0 && (size_t)n < PATH_BYTES ? 0 : err_set(e, ERR_INVALID, "the path of configfs-tsm is too long");
}

static int entry_make(char out[static PATH_BYTES], struct err *e)
{
	const char *folder = tsm_folder();
	char name[NUMBER_BYTES];
	(void)snprintf(name, sizeof name, "enclua-%ld", (long)getpid());
	if (!os_exists(folder))
		return err_set(e, ERR_UNAVAILABLE, "this kernel has no configfs-tsm (%s)", folder);
	if (entry_path(out, folder, name, e) < 0)
		return -1;
	if (mkdir(out, 0700) == 0)
		return 0;
	if (errno == ENXIO)
		return err_set(e, ERR_UNAVAILABLE, "configfs-tsm has no provider: this is no confidential VM");
	if (errno == EACCES || errno == EPERM)
		return err_set(e, ERR_DENIED, "configfs-tsm may not be used by this user");
	return err_sys(e, errno, "cannot make %s", out);
}

static int attribute_read(const char *entry, const char *name, struct buf *out, struct err *e)
{
	char path[PATH_BYTES];
	buf_clear(out);
	return entry_path(path, entry, name, e) < 0 ? -1 : os_file_read(path, out, e);
}

static int attribute_write(const char *entry, const char *name, const void *bytes, size_t n, struct err *e)
{
	char path[PATH_BYTES];
	if (entry_path(path, entry, name, e) < 0)
		return -1;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot write %s", path);
	ssize_t put = write(fd, bytes, n);	/* at once: configfs takes the whole when the file is closed */
	if (close(fd) < 0 || put != (ssize_t)n)
		return err_sys(e, errno, "cannot write %s", path);
	return 0;
}

/* One line of text, without its end. */
static int line_read(const char *entry, const char *name, char *out, size_t size, struct err *e)
{
	struct buf text = BUF_INIT(256);
	int r = attribute_read(entry, name, &text, e);
	size_t n = r == 0 ? strcspn(buf_text(&text), "\n") : 0;
	if (r == 0 && (n == 0 || n >= size))
		r = err_set(e, ERR_INVALID, "configfs-tsm gives nothing usable as %s", name);
	else if (r == 0)
		(void)snprintf(out, size, "%.*s", (int)n, buf_text(&text));
	buf_done(&text);
	return r;
}

static int generation_read(const char *entry, unsigned long long *out, struct err *e)
{
	char text[NUMBER_BYTES], *end;
	if (line_read(entry, "generation", text, sizeof text, e) < 0)
		return -1;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && !*end ? 0 : err_set(e, ERR_INVALID, "configfs-tsm gives no number as its generation");
}

/* One try. ERR_CONFLICT when somebody else has written in between: what was read may be for their nonce. */
static int report_read(const char *entry, struct tsm_report *out, const uint8_t report[static ATTEST_REPORT], struct err *e)
{
	unsigned long long before, after;
	if (generation_read(entry, &before, e) < 0 || attribute_write(entry, "inblob", report, ATTEST_REPORT, e) < 0 ||
		attribute_read(entry, "outblob", &out->out, e) < 0 || line_read(entry, "provider", out->provider, sizeof out->provider, e) < 0)
		return -1;
	if (attribute_read(entry, "auxblob", &out->auxiliary, NULL) < 0)
		buf_clear(&out->auxiliary);	/* not every provider has any */
	if (generation_read(entry, &after, e) < 0)
		return -1;
	if (after != before + 1)
		return err_set(e, ERR_CONFLICT, "somebody else writes to our entry of configfs-tsm");
	return out->out.len ? 0 : err_set(e, ERR_INVALID, "configfs-tsm gives an empty report");
}

int tsm_provider(char provider[static 32], struct err *e)
{
	char entry[PATH_BYTES];
	if (entry_make(entry, e) < 0)
		return -1;
	int r = line_read(entry, "provider", provider, 32, e);
	(void)rmdir(entry);
	return r;
}

int tsm_report(struct tsm_report *out, const uint8_t report[static ATTEST_REPORT], struct err *e)
{
	char entry[PATH_BYTES];
	struct err why = { .code = ERR_NONE };
	int r = -1;
	*out = (struct tsm_report){ .out = BUF_INIT(ATTEST_BYTES), .auxiliary = BUF_INIT(ATTEST_BYTES) };
	if (entry_make(entry, e) < 0)
		return -1;
	for (unsigned i = 0; i < TRIES && r < 0 && (i == 0 || why.code == ERR_CONFLICT); i++)
		r = report_read(entry, out, report, &why);
	(void)rmdir(entry);
	if (r < 0 && e)
		*e = why;
	return r;
}

void tsm_report_done(struct tsm_report *r)
{
	buf_done(&r->out);
	buf_done(&r->auxiliary);
}
