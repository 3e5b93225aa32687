/* A worker that lies: the whole program with one function in between. Its runs are real, its digests are not. */
#include "node/work.h"

int __real_work_run(struct store *s, struct keeper_link *k, struct box_zygote *z, const struct work *w, const char *id, struct work_result *out, struct err *e);
int __wrap_work_run(struct store *s, struct keeper_link *k, struct box_zygote *z, const struct work *w, const char *id, struct work_result *out, struct err *e);

int __wrap_work_run(struct store *s, struct keeper_link *k, struct box_zygote *z, const struct work *w, const char *id, struct work_result *out, struct err *e)
{
	int r = __real_work_run(s, k, z, w, id, out, e);
	out->box.done.digest[0] ^= 1;
	return r;
}
