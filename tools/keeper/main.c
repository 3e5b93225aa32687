/* The keeper's program: keeper HOME ENCLAVE MISSING-LAYERS, with its first asker's socket as descriptor 3 (core/trust/keeper_link.c starts it). It is not meant to be started by
 * hand: it holds keys and answers whoever has the other end.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measurement.h"
#include "seal/crypto.h"
#include "trust/keeper_serve.h"
#include "trust/keeper_wire.h"

#define SOCKET_FD 3

/* It could not begin: whoever asked first is told. */
static void failed(const struct err *why)
{
	struct buf out = BUF_INIT(KIB(8));
	const uint8_t code = (uint8_t)why->code;
	if (keeper_message_begin(&out, KEEPER_NO, NULL) == 0 && keeper_message_add(&out, &code, 1, NULL) == 0 &&
		keeper_message_add(&out, why->msg, strlen(why->msg), NULL) == 0 && keeper_message_add(&out, why->hint, strlen(why->hint), NULL) == 0)
		(void)keeper_message_send(SOCKET_FD, &out, -1, NULL);
	buf_done(&out);
}

int main(int argc, char **argv)
{
	static const uint8_t measurement[32] = ENCLAVE_MEASUREMENT;
	struct err e = { .code = ERR_NONE };
	struct box_zygote *policies = NULL;
	int r = -1;
	if (argc != 4)
		return 2;
	const struct box_options options = { .enclave = argv[2], .measurement = measurement, .allow_missing = (uint32_t)strtoul(argv[3], NULL, 10) };
	if (crypto_init(&e) == 0 && box_zygote_start(&policies, &options, &e) == 0) {
		const struct keeper_service service = { .home = argv[1], .measurement = measurement, .policies = policies,
			.bare = (options.allow_missing >> BOX_LAYER_landlock & 1) != 0 };
		r = keeper_serve(SOCKET_FD, &service, &e);
	}
	if (r < 0)
		failed(&e);
	box_zygote_stop(policies);
	return r < 0 ? 1 : 0;
}
