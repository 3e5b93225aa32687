/* What the shim in a program and the one who judges it share: a small file beside the program. */
#ifndef ENCLUA_TESTS_FAULTS_SHIM_H
#define ENCLUA_TESTS_FAULTS_SHIM_H

#include <stdatomic.h>
#include <stdint.h>

#define SHIM_PLACES 65536u	/* requests of one command that are told apart */
#define SHIM_STATE "faults.state"

struct shim_state {
	_Atomic uint64_t asked;	/* for memory, by all processes of the command */
	_Atomic uint64_t fail_at;	/* this one gets none; 0: none fails */
	_Atomic uint32_t fail_from;	/* nor does any after it */
	_Atomic uint32_t struck;
	_Atomic uint32_t trace;	/* each request leaves a number for the place in the program that it came from */
	_Atomic uint64_t times;	/* how often somebody looked at the clock */
	_Atomic uint64_t jump_at;	/* from then on the clock is off by */
	_Atomic int64_t jump_s;
	_Atomic uint64_t places[SHIM_PLACES];
};

#endif
