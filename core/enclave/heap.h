/* malloc and its family for the whole static program, in a region of its own. */
#ifndef ENCLUA_ENCLAVE_HEAP_H
#define ENCLUA_ENCLAVE_HEAP_H

int heap_map(void);	/* before the first malloc; 0, or -1 with errno */

#endif
