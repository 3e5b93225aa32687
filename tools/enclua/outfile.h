/* An output file that appears whole or not at all: until it is kept it has no name, so whatever ends the program leaves nothing behind.
 * Things that are no plain files (a device, a FIFO) and "-" are written as they are.
 */
#ifndef ENCLUA_TOOLS_OUTFILE_H
#define ENCLUA_TOOLS_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct outfile {
	int fd;
	bool atomic;	/* the file gets its name at the end */
	char path[PATH_MAX], temporary[PATH_MAX];	/* temporary: "" while it has no name */
};

/* path NULL or "-": standard output. not_this, when it is not -1, is an open file that must not be the same one. */
int outfile_open(struct outfile *f, const char *path, mode_t mode, int not_this, struct err *e);
int outfile_keep(struct outfile *f, struct err *e);	/* gives it its name and closes */
void outfile_drop(struct outfile *f);	/* closes; the file never was. After keep it does nothing */

#endif
