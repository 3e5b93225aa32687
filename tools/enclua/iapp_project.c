/* Where a project is, and what the tools keep in it: see iapp_project.h. */
#include "iapp_project.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "iapp_template.h"

static bool is_project(const char *dir)
{
	char path[PATH_MAX + sizeof MANIFEST_FILE + 1];
	(void)snprintf(path, sizeof path, "%s/" MANIFEST_FILE, dir);
	return os_exists(path);
}

/* Cuts dir until it is a project. */
static bool climb(char *dir)
{
	while (!is_project(dir)) {
		char *slash = strrchr(dir, '/');
		if (!slash || (slash == dir && !dir[1]))
			return false;
		slash[slash == dir] = '\0';
	}
	return true;
}

static int manifest_read(struct project *p, struct err *e)
{
	char path[PATH_MAX];
	struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
	int r = project_path(p, MANIFEST_FILE, path, sizeof path, e);
	if (r == 0)
		r = os_plain_read(path, &text, e);
	if (r == 0)
		r = manifest_parse(&p->manifest, MANIFEST_FILE, buf_text(&text), text.len, e);
	buf_done(&text);
	return r;
}

int project_open(struct project *p, const struct args *a, struct err *e)
{
	const char *given = args_get(a, "project");
	*p = (struct project){ .manifest = NULL };
	if (!realpath(given ? given : ".", p->dir)) {
		err_sys(e, errno, "cannot open the folder %s", given ? given : ".");
		e->code = errno == ENOENT ? ERR_NOT_FOUND : e->code;
		return -1;
	}
	if (given ? !is_project(p->dir) : !climb(p->dir)) {
		if (given)
			err_set(e, ERR_NOT_FOUND, "%s is not an iApp project: there is no " MANIFEST_FILE, given);
		else
			err_set(e, ERR_NOT_FOUND, "not in an iApp project: there is no " MANIFEST_FILE " here, nor in a folder above");
		return err_hint(e, "enclua iapp init NAME, or --project DIR");
	}
	return manifest_read(p, e);
}

void project_done(struct project *p)
{
	manifest_free(p->manifest);
	p->manifest = NULL;
}

int project_path(const struct project *p, const char *name, char *out, size_t size, struct err *e)
{
	int n = snprintf(out, size, "%s/%s", p->dir, name);
	return n < 0 || (size_t)n >= size ? err_set(e, ERR_LIMIT, "the path of the project is too long") : 0;
}

int project_state(const struct project *p, const char *name, char *out, size_t size, struct err *e)
{
	char path[PATH_MAX];
	if (project_path(p, PROJECT_STATE "/meta", path, sizeof path, e) < 0)
		return -1;
	if (!os_exists(path) && template_meta(path, e) < 0)
		return -1;
	return project_path(p, PROJECT_STATE, path, sizeof path, e) < 0 || snprintf(out, size, "%s/%s", path, name) >= (int)size ?
		err_set(e, ERR_LIMIT, "the path of the project is too long") : 0;
}

const char *project_program(const struct cli *c)
{
	return c->face->group[0] ? c->face->program : "enclua iapp";
}
