/* The Lua library inside the enclave program: lua/NAME.lua, each as bytes; made by mklualib. Sorted by name; the last row is all NULL. */
#ifndef ENCLUA_ENCLAVE_LUALIB_H
#define ENCLUA_ENCLAVE_LUALIB_H

struct lualib_file { const char *name; const char *start, *end; };	/* *end is a NUL */
extern const struct lualib_file lualib_files[];

#endif
