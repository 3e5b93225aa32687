/* Logs that a test makes, written as exports, and a folder with two exports of one log, for what is done to it afterwards. */
#ifndef ENCLUA_TESTS_EXPORT_MAKE_H
#define ENCLUA_TESTS_EXPORT_MAKE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "book/made_log.h"
#include "unit/scratch.h"

#define LOG 7	/* seeds of logs */
#define OTHER_LOG 8
#define SMALL 12	/* longest entry where every bit is tried: time goes with them */
#define FLIP_SIZE 264	/* a full tile, partial ones of two levels */
#define FLIP_OLDER 260

static inline int export_to(const struct made_log *m, const char *dir, struct export_count *count, struct err *e)
{
	return export_write(&m->source, dir, count, NULL, NULL, e);
}

static inline void write_ok(const struct made_log *m, const char *dir, struct export_count *count)
{
	struct err e = { 0 };
	if (export_to(m, dir, count, &e) < 0)
		fail_msg("%s", e.msg);
}

static inline void verify_ok(const char *dir, const struct tlog_policy *p, uint64_t size)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	if (export_verify(dir, p, &c, &v, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(c.size, size);
	assert_true(!p || (v.quorum && v.cosigned == 1 && v.newest == MADE_TIME));
}

static inline void file_get(const char *dir, const char *name, struct buf *out)
{
	char path[PATH_MAX + 256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	buf_clear(out);
	assert_int_equal(os_file_read(path, out, NULL), 0);
}

static inline void file_remove(const char *dir, const char *name)
{
	char path[PATH_MAX + 256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

struct flips {
	char dir[PATH_MAX];
	struct made_log m;
	struct tlog_policy *policy;
};

static inline int flips_setup(void **state)
{
	struct flips *f = calloc(1, sizeof *f);
	assert_non_null(f);
	scratch_make(f->dir);
	/* An older export first: its narrower tiles stay. */
	made_init(&f->m, FLIP_OLDER, SMALL, LOG);
	write_ok(&f->m, f->dir, NULL);
	made_done(&f->m);
	made_init(&f->m, FLIP_SIZE, SMALL, LOG);
	write_ok(&f->m, f->dir, NULL);
	f->policy = made_policy(&f->m);
	verify_ok(f->dir, f->policy, FLIP_SIZE);
	*state = f;
	return 0;
}

static inline int flips_teardown(void **state)
{
	struct flips *f = *state;
	scratch_remove(f->dir);
	tlog_policy_free(f->policy);
	made_done(&f->m);
	free(f);
	return 0;
}

#endif
