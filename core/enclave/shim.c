/* The one symbol that Debian's libsodium.a wants from glibc and musl does not have. */
#include <stddef.h>
#include <string.h>

// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): what libsodium calls
void __explicit_bzero_chk(void *p, size_t n, size_t room);

void __explicit_bzero_chk(void *p, size_t n, size_t room)
{
	if (n > room)
		__builtin_trap();
	explicit_bzero(p, n);
}
