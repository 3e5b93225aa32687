/* The projects that iapp-generator begins. They are files in tools/templates, compiled in: a folder for each template, with two files about it (`template`: what
 * it is; `run`: the options of a run), files that all have (common/) and rules for owners (rules/). In them @name@, @summary@, @author@ and @run@ stand for
 * what was asked, and lines between `@if FEATURE…` (one of them; !FEATURE: without it) and `@end` are there for those only.
 */
#ifndef ENCLUA_TOOLS_IAPP_TEMPLATE_H
#define ENCLUA_TOOLS_IAPP_TEMPLATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* What a project may use, as --with names them; the last is nothing that is asked for by --with. */
#define TEMPLATE_FEATURES(X) \
	X(args) X(data) X(bulk) X(files) X(secrets) X(app_secret) X(policy) X(lib) X(author)
enum template_feature {
#define X(name) TEMPLATE_##name,
	TEMPLATE_FEATURES(X)
#undef X
	TEMPLATE_FEATURE_COUNT,
};
#define TEMPLATE_ASKED TEMPLATE_author	/* features before this one can be asked for */

struct template_choice {
	char name[65], author[129], summary[257], run[512];	/* run: the options of a run of it */
	const char *of;	/* the template */
	bool with[TEMPLATE_FEATURE_COUNT];
};

const char *template_feature_name(enum template_feature f);	/* "app-secret" */
int template_feature_find(const char *name, size_t len);	/* one that can be asked for, or -1 */
const char *template_at(size_t i);	/* names, in the order in which they are offered; NULL after the last */
/* "about": one line about a template, or another key of its file `template`. */
int template_about(const char *name, const char *key, struct buf *out, struct err *e);
bool template_composed(const char *name);	/* made of what is asked for */
/* Fills summary and run, and adds the template's own features to `with`, unless it is composed. */
int template_settle(struct template_choice *c, struct err *e);
/* Writes the project into the folder, which is there; told is called for each file. */
int template_write(const struct template_choice *c, const char *dir, int (*told)(void *ctx, const char *path, struct err *e), void *ctx, struct err *e);
bool template_module(const char *name, size_t len);	/* does every box have a module of that name? */
int template_meta(const char *dir, struct err *e);	/* annotations of the library, for editors */

#endif
