/* Surroundings in which a command is to do its work or say why it cannot: few descriptors, little memory, a full disk, a home that may not be written, a clock that jumps. */
#ifndef ENCLUA_TESTS_FAULTS_HARDSHIP_H
#define ENCLUA_TESTS_FAULTS_HARDSHIP_H

#include "judge.h"

extern const size_t hardships_n;

const char *hardship_name(size_t which);
size_t hardship_values(size_t which);	/* how many there are of it */
int64_t hardship_value(size_t which, uint64_t n);	/* from 1 */
bool hardship_is_clock(const struct fault *f);
bool hardship_mute(const struct fault *f);	/* nothing can be said on stderr either */
void hardship_child(void *fault);	/* in the process that becomes the command */
bool hardship_place(struct place *p, const struct fault *f);	/* before the stage is there: the disk that it needs; false when this machine does not let us */
/* Around it: 0, or -1. */
int hardship_begin(struct place *p, const struct fault *f);
void hardship_end(struct place *p, const struct fault *f);
void hardship_place_done(struct place *p);	/* the folder is an ordinary one again */

#endif
