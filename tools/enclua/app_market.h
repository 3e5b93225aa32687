/* An iApp goes into the book and is offered there: what `app deploy` and `iapp deploy` do alike. */
#ifndef ENCLUA_TOOLS_APP_MARKET_H
#define ENCLUA_TOOLS_APP_MARKET_H

#include "cli.h"
#include "form/iapp.h"
#include "form/id.h"
#include "form/note.h"
#include "trade.h"

struct app_deployed { char id[ID_TEXT], order[ID_TEXT], h1[IAPP_H1_TEXT], book[NOTE_NAME_BYTES + 1]; uint64_t price; };

#define APP_DEPLOY_OPTIONS TRADE_OPTION_PRICE, TRADE_OPTION_VOLUME, TRADE_OPTION_TAG

/* The folder or archive at path, under the options of deploy; tells the result. */
int app_deploy(struct cli *c, const struct args *a, const char *path, struct app_deployed *out, struct err *e);

#endif
