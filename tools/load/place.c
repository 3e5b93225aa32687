/* The home before the load: people with money, iApps, a pool with workers that its owner sends, what will be protected, and the first data and grants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/os.h"
#include "base/text.h"
#include "load.h"
#include "seal/crypto.h"

#define RICH "100000RLC"
#define FIRST_DATA 20u
#define SHORT_S 30u	/* a load that is shorter begins with half of them */
#define FIRST_USES 100u

static int file_write(const struct load *l, const char *path, const char *text, size_t n)
{
	char whole[PATH_MAX + 128];
	struct err e;
	(void)snprintf(whole, sizeof whole, "%s/%s", l->work, path);
	if (os_file_publish(whole, 0600, text, n, true, &e) == 0)
		return 0;
	(void)fprintf(stderr, "load: %s\n", e.msg);
	return -1;
}

static int folder_make(const struct load *l, const char *name, const char *manifest, const char *manifest_text, const char *program, const char *text)
{
	char path[PATH_MAX + 64], file[128];
	struct err e;
	(void)snprintf(path, sizeof path, "%s/%s", l->work, name);
	if (os_dir_make(path, 0700, &e) < 0)
		return -1;
	(void)snprintf(file, sizeof file, "%s/%s", name, manifest);
	if (file_write(l, file, manifest_text, strlen(manifest_text)) < 0)
		return -1;
	(void)snprintf(file, sizeof file, "%s/%s", name, program);
	return file_write(l, file, text, strlen(text));
}

#define HEAD(name) "api: 1\nname: " name "\nversion: 1.0.0\nsummary: made by the load generator\nentry: main.lua\n"
#define SMALL "limits: {memory: 16MiB, cpu: 20s, wall: 20s}\noutputs: {deterministic: true}\n"

static const struct { const char *name, *manifest, *text; } written[] = {
	{ "roll", HEAD("roll") "inputs: {data: bulk}\n" SMALL,
	  "return function(task)\n    local out = {}\n    for i, d in ipairs(task.datasets) do out[i] = d.id end\n    task.result:write(\"roll.txt\", table.concat(out, \"\\n\") .. \"\\n\")\nend\n" },
	{ "teller", HEAD("teller") "inputs: {secrets: [token], app_secret: true}\n" SMALL,
	  "return function(task)\n    task.result:write(\"told.txt\", task:secret(1) .. \" \" .. task:app_secret())\nend\n" },
	{ "fails", HEAD("fails") SMALL, "return function(task) error(\"no\", 0) end\n" },
	{ "greedy", HEAD("greedy") SMALL, "return function(task)\n    local t = {}\n    while true do t[#t + 1] = (\"x\"):rep(100000) .. #t end\nend\n" },
	{ "traveller", HEAD("traveller") SMALL, "return function(task) task.result:write(\"here.txt\", \"still the same\\n\") end\n" },
};

static int apps_write(const struct load *l)
{
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		if (folder_make(l, written[i].name, "iapp.yaml", written[i].manifest, "main.lua", written[i].text) < 0)
			return -1;
	return folder_make(l, "rules", "policy.yaml", "api: 1\nname: rules\nversion: 1.0.0\nsummary: made by the load generator\nentry: policy.lua\n", "policy.lua",
		"local policy = require \"policy\"\nreturn policy { api = 1, id = \"rules\", policy.permit { id = \"five\", oblige { max_uses = 5 } } }\n");
}

/* Words and lines, or a table; always the same of the same seed. */
static int source_write(struct load *l, struct source *s, enum source_kind kind, uint64_t size, uint64_t *random)
{
	struct buf text = BUF_INIT(MIB(16));
	uint8_t hash[32];
	char name[48];
	int r = kind == SOURCE_TABLE ? buf_add_text(&text, "age,weight\n", NULL) : 0;
	*s = (struct source){ .kind = kind };
	(void)snprintf(s->name, sizeof s->name, "s%llu.%s", (unsigned long long)size, kind == SOURCE_TABLE ? "csv" : "txt");
	while (r == 0 && text.len < size) {
		uint64_t n = load_random(random, 1000000);
		if (kind == SOURCE_TABLE) {
			r = buf_addf(&text, NULL, "%llu,%llu\n", (unsigned long long)(18 + n % 60), (unsigned long long)(40 + n % 77));
			s->rows++;
		} else {
			r = buf_addf(&text, NULL, "w%llu%c", (unsigned long long)(n % 5000), n % 11 ? ' ' : '\n');
			s->words++;
		}
	}
	s->size = text.len;
	sha256(hash, text.data, text.len);
	hex_encode(s->sha256, hash, sizeof hash);
	(void)snprintf(name, sizeof name, "sources/%s", s->name);
	(void)snprintf(s->path, sizeof s->path, "%.4000s/%s", l->work, name);
	r = r < 0 ? -1 : file_write(l, name, (const char *)text.data, text.len);
	buf_done(&text);
	return r;
}

static int sources_write(struct load *l)
{
	static const struct { enum source_kind kind; uint64_t size; } rows[SOURCES] = {
		{ SOURCE_TEXT, KIB(1) }, { SOURCE_TEXT, KIB(4) }, { SOURCE_TEXT, KIB(16) }, { SOURCE_TEXT, KIB(64) }, { SOURCE_TEXT, KIB(256) }, { SOURCE_TEXT, MIB(1) },
		{ SOURCE_TEXT, MIB(10) }, { SOURCE_TABLE, KIB(1) }, { SOURCE_TABLE, KIB(64) }, { SOURCE_TABLE, MIB(1) },
	};
	char path[PATH_MAX + 64];
	struct err e;
	uint64_t random = l->seed;
	(void)snprintf(path, sizeof path, "%s/sources", l->work);
	if (os_dir_make(path, 0700, &e) < 0)
		return -1;
	for (size_t i = 0; i < SOURCES; i++)
		if (source_write(l, &l->sources[i], rows[i].kind, rows[i].size, &random) < 0)
			return -1;
	return file_write(l, "pass", "open it\n", 8) < 0 || file_write(l, "token", "a token", 7) < 0 || file_write(l, "own", "its own", 7) < 0 ? -1 : 0;
}

/* One command, whose answer is asked for one member. */
static int done(struct load *l, struct call *c, const char *member, char *out)
{
	struct json *j = NULL;
	int r = call_run(l, c, "place", &j);
	const char *text = member ? json_text(json_get(j, member), NULL) : NULL;
	if (r == 0 && member && (!text || strlen(text) >= ID_TEXT))
		r = -1;
	if (r == 0 && member)
		(void)snprintf(out, ID_TEXT, "%s", text);
	json_free(j);
	return r;
}

static int person(struct load *l, const char *name, const char *money, bool sealed)
{
	struct call c;
	call_begin(l, &c, NULL);
	if (sealed) {
		call_add(&c, "--passphrase-file");
		call_add(&c, "%s/pass", l->work);
	}
	call_add(&c, "key");
	call_add(&c, "new");
	call_add(&c, "%s", name);
	if (!sealed)
		call_add(&c, "--no-passphrase");
	if (done(l, &c, NULL, NULL) < 0)
		return -1;
	if (!money)
		return 0;
	call_begin(l, &c, NULL);
	call_add(&c, "account");
	call_add(&c, "deposit");
	call_add(&c, "%s", money);
	call_add(&c, "--to");
	call_add(&c, "%s", name);
	return done(l, &c, NULL, NULL);
}

static int people(struct load *l)
{
	char name[16];
	for (unsigned i = 0; i < OWNERS; i++) {
		(void)snprintf(name, sizeof name, "owner%u", i);
		if (person(l, name, NULL, false) < 0)
			return -1;
	}
	for (unsigned i = 0; i < l->n_lanes; i++) {
		(void)snprintf(name, sizeof name, "r%u", i);
		if (person(l, name, RICH, false) < 0)
			return -1;
	}
	return person(l, "author", NULL, false) < 0 || person(l, "poor", "1", false) < 0 || person(l, "boss", RICH, true) < 0 ? -1 : 0;
}

static void boss_begin(struct load *l, struct call *c)
{
	call_begin(l, c, "boss");
	call_add(c, "--passphrase-file");
	call_add(c, "%s/pass", l->work);
	call_add(c, "pool");
}

static int pool(struct load *l)
{
	static const char *const categories[] = { "XS", "S" };
	struct call c;
	boss_begin(l, &c);
	call_add(&c, "create");
	call_add(&c, "mill");
	if (done(l, &c, NULL, NULL) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		boss_begin(l, &c);
		call_add(&c, "offer");
		call_add(&c, "mill");
		call_add(&c, "--price");
		call_add(&c, "1RLC");
		call_add(&c, "--trust");
		call_add(&c, "5");
		call_add(&c, "--category");
		call_add(&c, "%s", categories[i]);
		if (done(l, &c, NULL, NULL) < 0)
			return -1;
	}
	for (unsigned i = 0; i < l->n_workers; i++) {
		struct worker_process *w = &l->workers[l->n_processes++];
		(void)snprintf(w->name, sizeof w->name, "w%u", i);
		if (person(l, w->name, RICH, false) < 0)
			return -1;
		boss_begin(l, &c);
		call_add(&c, "worker");
		call_add(&c, "add");
		call_add(&c, "mill");
		call_add(&c, "%s", w->name);
		if (done(l, &c, NULL, NULL) < 0)
			return -1;
	}
	(void)snprintf(l->workers[l->n_processes++].name, sizeof l->workers[0].name, "boss");
	return 0;
}

static int deploy(struct load *l)
{
	static const struct { const char *name, *owner; unsigned price; } rows[] = {
#define X(id, name, owner, price) { name, owner, price },
		LOAD_APPS(X)
#undef X
	};
	struct call c;
	for (size_t i = 0; i < APP_COUNT; i++) {
		bool own = false;
		for (size_t j = 0; j < sizeof written / sizeof *written; j++)
			own |= !strcmp(written[j].name, rows[i].name);
		call_begin(l, &c, rows[i].owner);
		call_add(&c, "app");
		call_add(&c, "deploy");
		call_add(&c, "%s/%s", own ? l->work : l->iapps, rows[i].name);
		if (rows[i].price) {
			call_add(&c, "--price");
			call_add(&c, "%u", rows[i].price);
		}
		if (done(l, &c, "app", l->apps[i]) < 0)
			return -1;
	}
	call_begin(l, &c, "author");
	call_add(&c, "app");
	call_add(&c, "secret");
	call_add(&c, "set");
	call_add(&c, "teller");
	call_add(&c, "%s/own", l->work);
	return done(l, &c, NULL, NULL);
}

static void owner_begin(struct load *l, struct call *c, unsigned owner)
{
	char name[16];
	(void)snprintf(name, sizeof name, "owner%u", owner);
	call_begin(l, c, name);
}

/* So that there is something to run on from the first moment. */
static int first_grant(struct load *l, size_t d)
{
	const struct data *data = &l->data[d];
	struct grant g = { .data = d, .user = ANYBODY, .owner = data->owner, .uses = FIRST_USES, .app = l->sources[data->source].kind == SOURCE_TABLE ? APP_COHORT : APP_WORDS };
	char id[ID_TEXT];
	struct call c;
	owner_begin(l, &c, data->owner);
	call_add(&c, "grant");
	call_add(&c, "%s", data->id);
	call_add(&c, "--app");
	call_add(&c, "%s", l->apps[g.app]);
	call_add(&c, "--user");
	call_add(&c, "any");
	call_add(&c, "--uses");
	call_add(&c, "%u", FIRST_USES);
	if (done(l, &c, "grant", id) < 0)
		return -1;
	g.made = os_now_us();
	(void)grant_add(l, id, &g);
	return 0;
}

static int first_data(struct load *l)
{
	char id[ID_TEXT];
	struct call c;
	for (unsigned i = 0; i < (l->seconds < SHORT_S ? FIRST_DATA / 2 : FIRST_DATA); i++) {
		size_t source = i % SOURCES;
		owner_begin(l, &c, i % OWNERS);
		call_add(&c, "protect");
		call_add(&c, "%s", l->sources[source].path);
		call_add(&c, "--name");
		call_add(&c, "first%u", i);
		if (done(l, &c, "data", id) < 0)
			return -1;
		if (first_grant(l, data_add(l, id, source, i % OWNERS)) < 0)
			return -1;
	}
	return 0;
}

int place_make(struct load *l)
{
	struct call c;
	call_begin(l, &c, NULL);
	call_add(&c, "init");
	call_add(&c, "--no-passphrase");
	if (apps_write(l) < 0 || sources_write(l) < 0 || done(l, &c, NULL, NULL) < 0)
		return -1;
	return people(l) < 0 || pool(l) < 0 || deploy(l) < 0 || first_data(l) < 0 ? -1 : 0;
}
