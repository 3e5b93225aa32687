/* enclua app deploy|offer|transfer: an iApp goes into the book, is offered there, and gets another owner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_market.h"
#include "archive.h"
#include "trade.h"
#include "verbs.h"

static struct entry_text restriction(const struct entry_text *t)
{
	return t->at ? *t : (struct entry_text){ "", 0 };
}

/* What an offer says, beside what is offered. */
struct offer {
	uint64_t price, volume, tag;
	char names[3][MARKET_NAME];
	struct entry_text data, pool, requester;
};

static int offer_read(struct trade *t, const struct args *a, struct offer *o, struct err *e)
{
	*o = (struct offer){ .volume = TRADE_VOLUME_ALL };
	if (trade_option_amount(a, "price", &o->price, e) < 0 || trade_option_number(a, "volume", 1, TRADE_VOLUME_ALL, &o->volume, e) < 0 ||
		trade_option_tag(a, &o->tag, e) < 0)
		return -1;
	return trade_option_only(t, a, TRADE_ONLY_DATA, o->names[0], &o->data, e) < 0 ||
		trade_option_only(t, a, TRADE_ONLY_POOL, o->names[1], &o->pool, e) < 0 ||
		trade_option_only(t, a, TRADE_ONLY_REQUESTER, o->names[2], &o->requester, e) < 0 ? -1 : 0;
}

static int offer_draft(struct trade *t, const struct offer *o, const char *app, struct entry *en, struct err *e)
{
	if (book_draft(t->b, en, ENTRY_ORDER_APP_TYPE, e) < 0)
		return -1;
	memcpy(en->order_app.app, app, ID_TEXT);
	en->order_app.price = o->price;
	en->order_app.volume = o->volume;
	en->order_app.tag = o->tag;
	en->order_app.only_data = restriction(&o->data);
	en->order_app.only_pool = restriction(&o->pool);
	en->order_app.only_requester = restriction(&o->requester);
	return 0;
}

static int offer_tell(struct trade *t, const struct offer *o, const char *order, struct err *e)
{
	struct cli *c = t->c;
	char volume[32], tag[96];
	trade_write(c, "order", order);
	trade_write_number(c, "price", o->price);
	trade_write_number(c, "volume", o->volume);
	trade_write_tag(c, o->tag);
	trade_tag_text(tag, o->tag);
	(void)snprintf(volume, sizeof volume, "%llu", (unsigned long long)o->volume);
	return cli_print(c, e, "order     %s\nprice     %s for each task\nvolume    %s\n", order, trade_amount(o->price).text,
		o->volume == TRADE_VOLUME_ALL ? "any number of tasks" : volume);
}

/* Who offers again at a higher price has not taken the lower one back. */
struct earlier { const struct market_order *than; char order[MARKET_NAME]; uint64_t price; };

static int earlier_one(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct earlier *x = ctx;
	const struct market_order *o = row;
	const struct market_restrict *only = &o->restrict_to;
	(void)made;
	(void)e;
	if (o->kind != MARKET_ORDER_APP || strcmp(o->signer, x->than->signer) != 0 || o->consumed >= o->volume || o->price >= x->price || o->tag != x->than->tag ||
		only->app[0] || only->data[0] || only->pool[0] || only->requester[0])
		return 0;
	x->price = o->price;
	memcpy(x->order, o->id, sizeof x->order);
	return 0;
}

static int earlier_note(struct trade *t, const char *app, const char *order, struct err *e)
{
	struct market_order made;
	struct earlier x = { .than = &made };
	if (host_get(t->b, MARKET_ROW_ORDER, order, "", &made, e) < 0)
		return -1;
	x.price = made.price;
	if (host_each(t->b, MARKET_ROW_ORDER, app, -1, earlier_one, &x, e) < 0)
		return -1;
	if (x.order[0])
		cli_note(t->c, "an earlier offer at %s is still open, and cheaper; to take it back: enclua order cancel %s", trade_amount(x.price).text, x.order);
	return 0;
}

/* deploy */

static int register_draft(struct trade *t, const struct iapp *app, struct entry *en, struct err *e)
{
	uint8_t blob[32];
	if (store_blob_add(book_store(t->b), app->bytes, app->len, blob, e) < 0 || book_draft(t->b, en, ENTRY_APP_REGISTER_TYPE, e) < 0)
		return -1;
	struct entry_app_register *f = &en->app_register;
	f->name = entry_text(app->manifest->name);
	f->version = entry_text(app->manifest->version);
	f->h1 = entry_text(app->h1);
	f->size = app->len;
	memcpy(f->blob, blob, 32);
	memcpy(f->author, app->signers[0].key.public_key, 32);
	return 0;
}

static int app_ensure(struct trade *t, const struct iapp *app, const struct identity *by, char id[static ID_TEXT], struct err *e)
{
	struct store_app known;
	struct entry *en = malloc(sizeof *en);
	int r = -1, is = store_app_find_h1(book_store(t->b), app->h1, identity_public(by), &known, e);
	if (!en)
		err_set(e, ERR_LIMIT, "out of memory");
	else if (is == 1) {
		memcpy(id, known.id, ID_TEXT);
		r = 0;
	} else if (is >= 0 && register_draft(t, app, en, e) == 0)
		r = trade_append(t, en, by, id, NULL, e);
	free(en);
	return r;
}

int app_deploy(struct cli *c, const struct args *a, const char *path, struct app_deployed *out, struct err *e)
{
	struct trade t;
	struct offer o;
	struct identity *by = NULL;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	struct entry *en = malloc(sizeof *en);
	char id[ID_TEXT] = "", order[ID_TEXT] = "";
	int r = trade_open(&t, c, e);
	if (!en)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r < 0 || offer_read(&t, a, &o, e) < 0 || trade_actor(&t, &by, e) < 0 || archive_bytes(path, IAPP_APP, by, &bytes, e) < 0) {
		r = -1;
		goto out;
	}
	r = iapp_open(&app, bytes.data, bytes.len, NULL, e);
	if (r < 0) {
		err_wrap(e, "%s", cli_safe(path, strlen(path), 0));
		goto out;
	}
	if ((r = app_ensure(&t, app, by, id, e)) < 0 || (r = offer_draft(&t, &o, id, en, e)) < 0 || (r = trade_enter(&t, en, by, order, e)) < 0)
		goto out;
	(void)snprintf(out->id, sizeof out->id, "%s", id);
	(void)snprintf(out->order, sizeof out->order, "%s", order);
	(void)snprintf(out->h1, sizeof out->h1, "%s", app->h1);
	(void)snprintf(out->book, sizeof out->book, "%s", book_origin(t.b));
	out->price = o.price;
	trade_write(c, "app", id);
	trade_write(c, "name", app->manifest->name);
	trade_write(c, "version", app->manifest->version);
	trade_write(c, "h1", app->h1);
	r = cli_print(c, e, "iApp      %s %s\nid        %s\n", app->manifest->name, app->manifest->version, id) < 0 || offer_tell(&t, &o, order, e) < 0 ? -1 :
		earlier_note(&t, id, order, e);
out:
	iapp_free(app);
	buf_done(&bytes);
	identity_free(by);
	free(en);
	trade_done(&t);
	return r;
}

static int run_deploy(struct cli *c, struct args *a, struct err *e)
{
	struct app_deployed done;
	return app_deploy(c, a, a->words[0], &done, e);
}

/* offer, transfer */

static int run_offer(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct offer o;
	struct identity *by = NULL;
	struct entry *en = malloc(sizeof *en);
	char id[ID_TEXT], order[ID_TEXT], name[LIMIT_NAME_BYTES + 1];
	int r = trade_open(&t, c, e);
	if (!en)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && (trade_app(&t, a->words[0], id, e) < 0 || offer_read(&t, a, &o, e) < 0 || trade_actor(&t, &by, e) < 0 ||
		trade_owner_check(&t, id, by, e) < 0 || offer_draft(&t, &o, id, en, e) < 0 || trade_enter(&t, en, by, order, e) < 0))
		r = -1;
	if (r == 0) {
		trade_write(c, "app", id);
		r = cli_print(c, e, "offered   %s %s\n", trade_asset_call(&t, id, name), id) < 0 || offer_tell(&t, &o, order, e) < 0 ? -1 :
			earlier_note(&t, id, order, e);
	}
	identity_free(by);
	free(en);
	trade_done(&t);
	return r;
}

static int run_transfer(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct store_identity to;
	struct identity *by = NULL;
	struct entry *en = malloc(sizeof *en);
	char id[ID_TEXT];
	int r = trade_open(&t, c, e);
	if (!en)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && (trade_app(&t, a->words[0], id, e) < 0 || trade_who(&t, a->words[1], &to, e) < 0 || trade_actor(&t, &by, e) < 0 ||
		book_draft(t.b, en, ENTRY_APP_TRANSFER_TYPE, e) < 0))
		r = -1;
	if (r == 0) {
		memcpy(en->app_transfer.app, id, ID_TEXT);
		memcpy(en->app_transfer.to, to.key, 32);
		r = trade_enter(&t, en, by, NULL, e);
	}
	if (r == 0)
		r = trade_transfer_tell(&t, "app", id, &to, e);
	identity_free(by);
	free(en);
	trade_done(&t);
	return r;
}

static const struct option_row deploy_options[] = { APP_DEPLOY_OPTIONS, TRADE_OPTIONS_END };
static const struct option_row offer_options[] = {
	TRADE_OPTION_PRICE, TRADE_OPTION_VOLUME, TRADE_OPTION_TAG,
	{ "only-data", 0, "DATA", false, "only together with this data, or one of a list" },
	{ "only-pool", 0, "POOL", false, "only in this pool, or one of a list" },
	{ "only-requester", 0, "WHO", false, "only for this identity, or one of a list" },
	TRADE_OPTIONS_END,
};

const struct command app_market_commands[] = {
	{ "app deploy", "FILE|DIR [--price N] [--volume N] [--tag WORD]…", "Put an iApp into the book and offer it to everybody",
	  "Example: enclua app deploy iapps/cohort-average --price 0.1RLC\n\nA folder is packed and signed by the acting identity. What is registered already is only "
	  "offered anew; older offers hold\nuntil they are cancelled.\n\nJSON: app, name, version, h1, order, price, volume, tag, entry.", deploy_options, 1, 1, run_deploy },
	{ "app offer", "APP [--price N] [--volume N] [--tag WORD]… [--only-data D] [--only-pool P] [--only-requester WHO]", "Offer an iApp of yours, under terms",
	  "Example: enclua app offer cohort-average --price 0.1RLC --only-requester ben\n\nAPP is a name, an id or a unique prefix of one. A restriction is one of its "
	  "kind, or the id of a list (list1…).\nAn offer holds until it is used up, cancelled (enclua order cancel), or the iApp gets another owner.\n\n"
	  "JSON: app, order, price, volume, tag, entry.", offer_options, 1, 1, run_offer },
	{ "app transfer", "APP WHO", "Give an iApp of yours to another identity",
	  "Example: enclua app transfer cohort-average ben\n\nEvery offer that you made of it ends with that; deals that were made go on.\n\nJSON: app, to, entry.", NULL, 2, 2,
	  run_transfer },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
