/* The enclave program. Runs as the zygote: first process of its namespaces, with an empty root, an empty
 * environment and one descriptor. */
#include "enclave/lockdown.h"
#include "enclave/serve.h"

int main(void)
{
	return serve(lock_zygote_steps, lock_task_steps);
}
