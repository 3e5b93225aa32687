/* CSV as RFC 4180 has it, read record by record from a stream or a string: quotes, doubled quotes, line ends within quotes, LF or CR LF, an
 * optional byte order mark. Strict: a quote in the middle of a field, text after a closing quote, and an open quote at the end are errors
 * with their line.
 */
#ifndef ENCLUA_ENCLAVE_CSV_H
#define ENCLUA_ENCLAVE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

struct csv_field { const char *text; size_t len; };

struct csv;	/* a userdata */

/* Pushes a reader over the stream or string at idx. */
struct csv *csv_push(lua_State *L, int idx, char separator);
/* The next record, or false at the end. Its fields are valid until the next call, and until anybody reads the stream. A line with nothing
 * on it is skipped, unless `single`: then it is a record of one empty field. */
bool csv_next(lua_State *L, struct csv *c, bool single);
size_t csv_count(const struct csv *c);
const struct csv_field *csv_fields(const struct csv *c);
uint64_t csv_line(const struct csv *c);	/* of the record's first byte, from 1 */

void csv_setup(lua_State *L);	/* once per state */

#endif
