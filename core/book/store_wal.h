/* SQLite writes its write-ahead log page by page, two calls of the system for each. Here they are gathered: what one transaction writes goes out in few pieces, at the latest when
 * SQLite asks for the wait for the disk that confirms it (synchronous=FULL). Nothing else of SQLite's files is changed, no byte and no order of what is on the disk.
 */
#ifndef ENCLUA_BOOK_STORE_WAL_H
#define ENCLUA_BOOK_STORE_WAL_H

#include <sqlite3.h>

/* A file system layer of one connection, over SQLite's own. It lies still for as long as the connection is open. */
struct store_wal { sqlite3_vfs vfs; char name[40]; };

/* sqlite3_open_v2 through it: SQLite's result; *db is as with that. */
int store_wal_open(struct store_wal *w, const char *path, sqlite3 **db);

#endif
