/* Lua of others that is to become a part of a project's lib/: what it is made of, whose it is, and what it needs that a box has not. */
#ifndef ENCLUA_TOOLS_IAPP_VENDOR_H
#define ENCLUA_TOOLS_IAPP_VENDOR_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define VENDOR_MODULES 256u
#define VENDOR_NAME 128u	/* of a module */
#define VENDOR_FILE_BYTES MIB(4)

struct vendor_module { char name[VENDOR_NAME], from[PATH_MAX]; struct buf text; };

struct vendor {
	char package[VENDOR_NAME];	/* of the rockspec, else the name of the file or folder */
	char version[64], license[256];	/* of the rockspec, or "" */
	char license_from[256];	/* which file the text is from, or "" */
	struct buf license_text, missing;	/* missing: a line for each thing */
	struct vendor_module *modules;
	size_t n;
};

/* A Lua file, or the folder of a rock. Refuses C and bytecode. name: of the module of a file, or NULL. */
int vendor_read(struct vendor *v, const char *path, const char *name, struct err *e);
void vendor_done(struct vendor *v);
/* requires between the modules get lib. in front; fills `missing` from what the sources name. */
int vendor_settle(struct vendor *v, struct err *e);
/* Adds a module; the text is read from the file. */
int vendor_module_add(struct vendor *v, const char *name, const char *file, struct err *e);
/* iapp_rock.c: modules of a folder, by its rockspec or by how its files lie. */
int vendor_rock(struct vendor *v, const char *dir, struct err *e);

#endif
