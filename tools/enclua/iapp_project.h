/* A project of iapp-generator: a folder with iapp.yaml, and what the tools keep in its .enclua/. */
#ifndef ENCLUA_TOOLS_IAPP_PROJECT_H
#define ENCLUA_TOOLS_IAPP_PROJECT_H

#include <limits.h>

#include "cli.h"
#include "form/manifest.h"

#define PROJECT_STATE ".enclua"
#define PROJECT_OPTION { "project", 0, "DIR", false, "the project's folder (else the nearest one upwards that has iapp.yaml)" }

struct project {
	char dir[PATH_MAX];	/* whole path */
	struct manifest *manifest;
};

/* --project DIR, or the nearest folder upwards with iapp.yaml. ERR_NOT_FOUND says how to begin one. */
int project_open(struct project *p, const struct args *a, struct err *e);
void project_done(struct project *p);
int project_path(const struct project *p, const char *name, char *out, size_t size, struct err *e);	/* <dir>/<name> */
/* <dir>/.enclua/<name>; makes .enclua, with the annotations for editors that .luarc.json looks for there, when it is not there. */
int project_state(const struct project *p, const char *name, char *out, size_t size, struct err *e);
/* How iapp-generator is called here: "iapp-generator", or "enclua iapp". */
const char *project_program(const struct cli *c);

#endif
