/* The keystore keeps them like any other key; what is added here is that two first commands may make one at once, and that a file which others can
 * read is refused.
 */
#include "seal/machine_key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/os.h"
#include "seal/keystore.h"

static int key_path(char out[static PATH_MAX], const char *home, const char *name, struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s.key", home, name) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return 0;
}

int machine_key_make(const char *home, const char *name, struct err *e)
{
	char path[PATH_MAX];
	if (key_path(path, home, name, e) < 0)
		return -1;
	const int is = os_look(path);
	if (is)
		return is < 0 ? err_sys(e, errno, "cannot look at the %s's key %s", name, path) : 0;
	struct identity *identity = NULL;
	if (identity_new(&identity, e) < 0)
		return -1;
	struct err why = { .code = ERR_NONE };
	int r = keystore_add(home, name, identity, NULL, &why);
	identity_free(identity);
	if (r < 0 && why.code == ERR_CONFLICT)	/* another process made it in this moment */
		return 0;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? err_wrap(e, "the %s's key", name) : 0;
}

/* Somebody else's right to read it is a mistake to be repaired, not to be worked with. */
static int private_check(const char *path, const char *name, struct err *e)
{
	struct stat st;
	if (lstat(path, &st) < 0) {
		err_sys(e, errno, "cannot open the %s's key %s", name, path);
		return errno == ENOENT ? err_hint(e, "enclua init makes the home and its keys") : -1;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "the %s's key %s is not a plain file", name, path);
	if ((st.st_mode & 077) == 0)
		return 0;
	err_set(e, ERR_DENIED, "the %s's key %s can be read or changed by others", name, path);
	return err_hint(e, "chmod 600 %s", path);
}

int machine_key_open(const char *home, const char *name, struct identity **out, struct err *e)
{
	char path[PATH_MAX];
	*out = NULL;
	if (key_path(path, home, name, e) < 0 || private_check(path, name, e) < 0)
		return -1;
	return keystore_open(home, name, NULL, out, e) < 0 ? err_wrap(e, "the %s's key", name) : 0;
}
