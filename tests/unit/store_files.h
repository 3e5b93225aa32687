/* The files in a folder of a home, counted. */
#ifndef ENCLUA_TESTS_STORE_FILES_H
#define ENCLUA_TESTS_STORE_FILES_H

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static inline int store_files(const char *home, const char *sub)
{
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/%s", home, sub);
	DIR *d = opendir(path);
	assert_non_null(d);
	int n = 0;
	for (struct dirent *f; (f = readdir(d));)
		n += f->d_type == DT_REG;
	closedir(d);
	return n;
}

#endif
