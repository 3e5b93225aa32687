/* What a disk holds after the power fails: a folder as it was, and the record of what happened to it since (faults.h), taken in one by one. Sure is only what was synced: of
 * a file its bytes and size, of a folder its names. What was not may be there, wholly, not at all, or some sectors of it and others not.
 */
#ifndef ENCLUA_TESTS_DISK_H
#define ENCLUA_TESTS_DISK_H

#include "faults.h"

struct disk;
enum disk_loss { DISK_ALL, DISK_NONE, DISK_SOME };	/* how much of what was not synced is there */

struct disk *disk_load(const char *dir);	/* all that is there is sure */
void disk_free(struct disk *d);
void disk_add(struct disk *d, const struct fault_record *r);
/* The folder after a failure at this moment, written to an empty one. seed: which sectors, which names; of DISK_SOME. */
void disk_write(const struct disk *d, const char *dir, enum disk_loss loss, uint32_t seed);
/* What a reader would see in a file now, before any failure. false: not there. The bytes are the caller's to free. */
bool disk_read(const struct disk *d, const char *path, uint8_t **bytes, size_t *len);

#endif
