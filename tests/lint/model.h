/* What the analyzers of tests/lint/run are told about the code, because they look at one file at a time: that the functions of base/err.h return -1
 * and nothing else. Included in front of every file but base/err.c; no program is built with it.
 */
#ifndef ENCLUA_LINT_MODEL_H
#define ENCLUA_LINT_MODEL_H

#include "base/err.h"

static inline int model_minus_one(int rc)
{
	(void)rc;
	return -1;
}

#define err_set(...) model_minus_one((err_set)(__VA_ARGS__))
#define err_hint(...) model_minus_one((err_hint)(__VA_ARGS__))
#define err_wrap(...) model_minus_one((err_wrap)(__VA_ARGS__))
#define err_sys(...) model_minus_one((err_sys)(__VA_ARGS__))

#endif
