/* The key with which this home countersigns other books: a file of its own, made at first use, because it signs nothing else. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/os.h"
#include "book/witness.h"
#include "seal/keystore.h"

#define WITNESS_NAME "witness"

static int key_make(const char *home, struct err *e)
{
	struct identity *id = NULL;
	struct err why = { .code = ERR_NONE };
	if (identity_new(&id, e) < 0)
		return -1;
	int r = keystore_add(home, WITNESS_NAME, id, NULL, &why);
	identity_free(id);
	if (r < 0 && why.code == ERR_CONFLICT)	/* another process made it in this moment */
		return 0;
	if (r < 0 && e)
		*e = why;
	return r;
}

/* Whoever can write it countersigns in our name. */
static int private_check(const char *path, struct err *e)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return err_sys(e, errno, "cannot open %s", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) == 0)
		return 0;
	err_set(e, ERR_DENIED, "%s can be read or changed by others", path);
	return err_hint(e, "chmod 600 %s", path);
}

int witness_open(const char *home, struct identity **out, struct err *e)
{
	char path[PATH_MAX];
	*out = NULL;
	if (snprintf(path, sizeof path, "%s/" WITNESS_NAME ".key", home) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	if ((!os_exists(path) && key_make(home, e) < 0) || private_check(path, e) < 0 || keystore_open(home, WITNESS_NAME, NULL, out, e) < 0)
		return err_wrap(e, "the witness's key");
	return 0;
}
