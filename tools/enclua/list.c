/* enclua list: names that offers and grants can let in together. A list only grows: who was let in once can rely on it. Of a group members may be removed: they are let in
 * no longer, from the next match on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trade.h"
#include "verbs.h"

enum change { NEW, NEW_GROUP, ADD, REMOVE };

/* What is let in: an identity, an iApp, a pool or data, by its name or id. A name may be that of several kinds, so --kind says which; an id says it itself. */
static int member_find(struct trade *t, const struct args *a, const char *text, char out[static MARKET_NAME], struct err *e)
{
	static const struct { const char *kind, *prefix; int (*find)(struct trade *, const char *, char[static ID_TEXT], struct err *); } rows[] = {
		{ "app", "app1", trade_app }, { "pool", "pool1", trade_pool }, { "data", "data1", trade_data },
	};
	const char *kind = args_has(a, "kind") ? args_get(a, "kind") : "who";
	struct store_identity who;
	char id[ID_TEXT];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(kind, rows[i].kind) == 0 || strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
			if (rows[i].find(t, text, id, e) < 0)
				return -1;
			(void)snprintf(out, MARKET_NAME, "%s", id);
			return 0;
		}
	if (strcmp(kind, "who") != 0)
		return err_set(e, ERR_USAGE, "--kind takes app, data, pool or who");
	if (trade_who(t, text, &who, e) < 0)
		return -1;
	identity_text(out, who.key);
	return 0;
}

/* A member comes in or goes out by one entry each. */
static int member_draft(struct trade *t, struct entry *en, enum change how, const char *list, const char *member, struct err *e)
{
	if (book_draft(t->b, en, how == REMOVE ? ENTRY_LIST_REMOVE_TYPE : ENTRY_LIST_ADD_TYPE, e) < 0)
		return -1;
	memcpy(how == REMOVE ? en->list_remove.list : en->list_add.list, list, ID_TEXT);
	*(how == REMOVE ? &en->list_remove.member : &en->list_add.member) = entry_text(member);
	if (how == NEW_GROUP && !list[0])
		en->list_add.group = 1;
	return 0;
}

/* Every name is found before the first is entered. Of a new list the first member's entry makes it, and gives it its id. */
static int members_change(struct trade *t, const struct args *a, size_t from, enum change how, const struct identity *by, char list[static ID_TEXT],
	struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	char (*members)[MARKET_NAME] = calloc(a->n_words, sizeof *members);
	int r = en && members ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = from; r == 0 && i < a->n_words; i++)
		r = member_find(t, a, a->words[i], members[i], e);
	for (size_t i = from; r == 0 && i < a->n_words; i++) {
		r = member_draft(t, en, how, list, members[i], e);
		if (r == 0) {
			char made[ID_TEXT];
			r = trade_append(t, en, by, made, NULL, e);
			if (r == 0 && !list[0])
				memcpy(list, made, ID_TEXT);
		}
	}
	free(members);
	free(en);
	return r;
}

struct list { struct trade *t; const char *only; };

static int member_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct list *l = ctx;
	const struct market_member *m = row;
	char name[LIMIT_NAME_BYTES + 1];
	(void)made;
	if (strcmp(m->list, l->only) != 0 || m->removed)
		return 0;
	json_write_text(&l->t->c->out, m->who);
	const char *called = strncmp(m->who, "enclua1", 7) == 0 ? trade_call(l->t, m->who, name) : trade_asset_call(l->t, m->who, name);
	return cli_print(l->t->c, e, "  %s%s%s%s\n", m->who, called != m->who ? " (" : "", called != m->who ? called : "", called != m->who ? ")" : "");
}

static int list_tell(struct trade *t, const struct market_list *list, struct err *e)
{
	struct cli *c = t->c;
	struct list l = { t, list->id };
	char owner[LIMIT_NAME_BYTES + 1];
	trade_write(c, "list", list->id);
	trade_write(c, "owner", list->owner);
	json_write_key(&c->out, "group");
	json_write_bool(&c->out, list->group);
	if (cli_print(c, e, "%s  %sof %s, %" PRIu64 " member%s\n", list->id, list->group ? "group " : "", trade_call(t, list->owner, owner), list->members, list->members == 1 ? "" : "s") < 0)
		return -1;
	json_write_key(&c->out, "members");
	json_write_array(&c->out);
	int r = host_each(t->b, MARKET_ROW_MEMBER, NULL, -1, member_row, &l, e);
	json_write_array_end(&c->out);
	return r;
}

static int list_find(struct trade *t, const char *which, struct market_list *list, struct err *e)
{
	int is = strlen(which) < MARKET_NAME ? host_get(t->b, MARKET_ROW_LIST, which, "", list, e) : 0;
	if (is)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_NOT_FOUND, "there is no list %s in this book", cli_safe(which, strlen(which), 0));
	return err_hint(e, "enclua list list shows what there is; enclua list new WHO… makes one");
}

static int change(struct cli *c, struct args *a, enum change how, struct err *e)
{
	const bool new = how == NEW || how == NEW_GROUP;
	struct trade t;
	struct market_list list;
	struct identity *by = NULL;
	char id[ID_TEXT] = "";
	int r = trade_open(&t, c, e);
	if (r == 0 && !new) {
		r = list_find(&t, a->words[0], &list, e);
		if (r == 0)
			(void)snprintf(id, sizeof id, "%.*s", (int)sizeof id - 1, list.id);
	}
	if (r == 0)
		r = trade_actor(&t, &by, e);
	if (r == 0)
		r = members_change(&t, a, new ? 0 : 1, how, by, id, e);
	if (r == 0)
		r = host_get(t.b, MARKET_ROW_LIST, id, "", &list, e) < 0 ? -1 : list_tell(&t, &list, e);
	identity_free(by);
	trade_done(&t);
	return r;
}

static int run_new(struct cli *c, struct args *a, struct err *e)
{
	return change(c, a, args_has(a, "group") ? NEW_GROUP : NEW, e);
}

static int run_add(struct cli *c, struct args *a, struct err *e)
{
	return change(c, a, ADD, e);
}

static int run_remove(struct cli *c, struct args *a, struct err *e)
{
	return change(c, a, REMOVE, e);
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct market_list list;
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = list_find(&t, a->words[0], &list, e) < 0 ? -1 : list_tell(&t, &list, e);
	trade_done(&t);
	return r;
}

static int list_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct trade *t = ctx;
	(void)made;
	json_write_object(&t->c->out);
	int r = list_tell(t, row, e);
	json_write_object_end(&t->c->out);
	return r;
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	(void)a;
	int r = trade_open(&t, c, e);
	json_write_key(&c->out, "lists");
	json_write_array(&c->out);
	if (r == 0)
		r = host_each(t.b, MARKET_ROW_LIST, NULL, -1, list_row, &t, e);
	json_write_array_end(&c->out);
	trade_done(&t);
	return r;
}

#define OPTION_KIND { "kind", 0, "who|app|data|pool", false, "what names mean (who, if nothing is said); ids say it themselves" }
static const struct option_row member_options[] = { OPTION_KIND, TRADE_OPTIONS_END };
static const struct option_row new_options[] = {
	OPTION_KIND, { "group", 0, NULL, false, "make it a group: members may be removed" }, TRADE_OPTIONS_END,
};

const struct command list_commands[] = {
	{ "list new", "MEMBER… [--kind KIND] [--group]", "Make a list, or a group, that offers and grants can name instead of one identity or asset",
	  "Examples:\n  enclua list new ben carl --group\n  enclua grant patients --app cohort-average --user list1…\n\nOf a list members are never removed, so whoever was let in can rely "
	  "on it; of a group they may be (enclua list remove).\n\nJSON: list, owner, group, members.", new_options, 1, 100, run_new },
	{ "list add", "LIST MEMBER… [--kind KIND]", "Let more in by a list or group of yours",
	  "Example: enclua list add list1qx7… dora\n\nOrders that name the list let them in from now on. What is in already stays. JSON: list, owner, group, members.", member_options, 2,
	  100, run_add },
	{ "list remove", "GROUP MEMBER… [--kind KIND]", "Let somebody in no longer, by a group of yours",
	  "Example: enclua list remove list1qx7… carl\n\nFrom the next match on; deals that were made go on. Only a group (enclua list new --group) loses members. JSON: list, owner, group, "
	  "members.", member_options, 2, 100, run_remove },
	{ "list show", "LIST", "Who or what is in a list", "Example: enclua list show list1qx7…\n\nJSON: list, owner, group, members.", NULL, 1, 1, run_show },
	{ "list list", "", "The lists of this book, and who or what is in them", "Example: enclua list list\n\nJSON: lists, each with list, owner, group, members.", NULL, 0, 0, run_list },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
