/* Places that an iApp may reach: what manifests declare and obligations narrow down, spelled in one way so that equal places are equal texts. */
#ifndef ENCLUA_BASE_PLACE_H
#define ENCLUA_BASE_PLACE_H

#include <stdbool.h>

#define PLACE_SHAPE "smtp:mail.example.org:587 or https:api.example.org"	/* for messages */

bool place_valid(const char *text);	/* smtp:host:port or https:host[:port]; a DNS name in small letters, never an address; no leading zeros */

#endif
