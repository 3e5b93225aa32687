/* Questions to a policy that no book asked: the documented question of nothing in particular, with what a case or the command line says laid over it; and what a case expects
 * of the answer. */
#ifndef ENCLUA_TOOLS_POLICY_CASE_H
#define ENCLUA_TOOLS_POLICY_CASE_H

#include "base/json.h"
#include "trust/policy.h"

#define CASES_FILE "cases.json"
#define CASES_BYTES MIB(1)
#define CASES_MAX 4096u
#define CASE_LAYERS 4u

/* cases.json: a list of cases, or {"question":{…},"cases":[…]} where the question holds for all of them. */
struct cases { struct json *tree; const struct json *given, *list; size_t n; };
int cases_read(struct cases *out, const char *path, struct err *e);	/* ERR_INVALID names the case */
void cases_done(struct cases *c);
const char *case_name(const struct cases *c, size_t i);
bool case_must_deny(const struct cases *c, size_t i);
int case_question(const struct cases *c, size_t i, struct buf *out, struct err *e);	/* one line, appended */
/* Does the decision meet what the case expects? 1, or 0 with why in words; −1. */
int case_met(const struct cases *c, size_t i, const struct policy_decision *d, struct buf *why, struct err *e);

/* The members of host_question, in its order, each from the last layer that has it, else as question_defaults (policy_case.c) has it. A member that no question has is refused. */
int question_make(const struct json *const *layers, size_t n, struct buf *out, struct err *e);

#endif
