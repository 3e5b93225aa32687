/* Calls of the operating system that change a folder, taken over in this very program (and so in its libraries, SQLite among them): each is counted and written down in memory
 * that forked children share, and the N-th of them can be made to kill, to be torn, or to fail. Nothing here waits for a disk: what a disk
 * would hold at any moment is worked out from the record (disk.h).
 */
#ifndef ENCLUA_TESTS_FAULTS_H
#define ENCLUA_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum fault_op { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_SYNC_FAILED, OP_RENAME, OP_UNLINK, OP_MKDIR, OP_SAID, OP_COUNT };
extern const char *const fault_op_names[OP_COUNT];

/* One thing that happened. Paths are relative to the folder. ino: of the file or folder itself. */
struct fault_record {
	uint32_t op, len;	/* of data: bytes written; path(s), NUL ended; what was said */
	uint64_t ino, at;	/* WRITE: offset. TRUNCATE: new size. SAID: what the sayer likes */
	uint8_t data[];
};

enum fault_kind { FAULT_NONE, FAULT_KILL, FAULT_TORN, FAULT_EIO, FAULT_FULL };
#define FAULT_FULL_FOR 25u	/* calls for which a full disk stays full */

void faults_init(void);	/* once, before the first fork */
void faults_clock(time_t now);	/* what time() says from now on; 0: the truth */
/* From here on what happens in this folder is recorded, in this process and those that it forks. The N-th call, from 1, has the fault. */
void faults_begin(const char *dir, enum fault_kind kind, uint64_t n);
void faults_spare(const char *name);	/* after begin: FAULT_EIO passes by the syncs of this file */
void faults_end(void);
uint64_t faults_calls(void);	/* so far */
bool faults_struck(void);
void faults_say(uint64_t what, const void *data, size_t len);	/* into the record, in its place among the calls */
const struct fault_record *faults_next(const struct fault_record *r);	/* NULL: the first; returns NULL at the end */

#endif
