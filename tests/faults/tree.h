/* Folders: copied, removed, and described so that two of them can be held against each other although ids and keys in them are random. */
#ifndef ENCLUA_TESTS_FAULTS_TREE_H
#define ENCLUA_TESTS_FAULTS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int tree_copy(const char *from, const char *to);	/* `to` is made; what is in it already stays */
void tree_remove(const char *path);
uint64_t tree_print(const char *path);	/* the same while no file in it has been changed */

/* What is there, and how often: files by their names (ids in them are a *), entries of the book by their types. */
#define THINGS_MAX 600u
struct things {
	size_t n;
	struct thing { char name[120]; unsigned count; } at[THINGS_MAX];
};

void things_add(struct things *t, const char *name, size_t len);
unsigned things_count(const struct things *t, const char *name);
void things_files(struct things *t, const char *path);	/* adds all files below */

#endif
