/* From words on a command line to the parts of a run: iApp, data, arguments, files, secrets, beneficiary. Paths and names both do. Nothing is
 * sealed or run here, so that every mistake is found before anything happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "base/os.h"
#include "base/text.h"
#include "host/host.h"
#include "run_task.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "trust/protect.h"

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* What a home knows by a name comes before a file that happens to be called so; a slash makes it a path. */
static bool path_meant(const char *which, bool known, const struct cli *c)
{
	if (known && !strchr(which, '/')) {
		if (os_exists(which))
			cli_note(c, "taking %s of this home, not the file here; write ./%s for that", which, which);
		return false;
	}
	return os_exists(which);
}

/* The book hears of it no earlier than that something is sealed: a dry run enters nothing. */
static int actor_take(struct cli *c, struct job *j, struct err *e)
{
	return j->actor ? 0 : cli_identity_open_named(c, j->me.name, &j->actor, e);
}

/* A folder is packed and signed by the acting identity; a file is an archive; anything else is a name or id of the home. */
static int app_bytes(struct cli *c, struct job *j, const char *which, struct buf *out, struct err *e)
{
	struct store_app found;
	struct err why = { .code = ERR_NONE };
	bool known = store_app_find(j->store, which, &found, &why) == 0;
	if (path_meant(which, known, c)) {
		if (!is_folder(which))
			return cli_archive_read(which, out, e);
		if (actor_take(c, j, e) < 0)
			return -1;
		const struct identity *signers[] = { j->actor };
		return iapp_pack(out, which, signers, 1, e);
	}
	if (known) {	/* this registration, whoever else has registered the same archive */
		memcpy(j->app_id, found.id, sizeof j->app_id);
		return store_blob_read(j->store, found.blob, out, e);
	}
	if (why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}
	err_set(e, ERR_NOT_FOUND, "there is no file or folder %s, and no iApp of that name", which);
	return err_hint(e, "give a folder with iapp.yaml, an .iapp file, or a name from: enclua app list");
}

static int app_take(struct cli *c, struct job *j, const char *which, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	int r = -1;
	if (app_bytes(c, j, which, &bytes, e) < 0)
		goto out;
	if (iapp_open(&j->app, bytes.data, bytes.len, NULL, e) < 0) {
		err_wrap(e, "%s", cli_safe(which, strlen(which), 0));
		goto out;
	}
	r = 0;
out:
	buf_done(&bytes);
	return r;
}

/* Data by path: the tree is looked at now, so that its schema can be held against the manifest, and sealed later. */
static int data_from_path(struct job *j, size_t i, const char *path, struct err *e)
{
	struct store_data *d = &j->data[i];
	if (pdata_new(&j->trees[i], e) < 0)
		return -1;
	int r = is_folder(path) ? pdata_add_folder(j->trees[i], path, e) : pdata_add_file(j->trees[i], path_base(path), path, e);
	if (r < 0)
		return -1;
	d->schema = (struct buf)BUF_INIT(LIMIT_SCHEMA_BYTES);
	d->header = (struct buf)BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	memcpy(d->owner, j->me.public_key, 32);
	(void)snprintf(d->name, sizeof d->name, "%.*s", (int)LIMIT_NAME_BYTES, path_base(path));
	d->ephemeral = true;
	return pdata_schema(j->trees[i], &d->schema, e);
}

/* Somebody else's data needs an offer of its owner, which is looked for when the run is priced; there can be one such in a deal. */
static int data_owned(struct cli *c, struct job *j, const struct store_data *d, bool alone, const char *which, struct err *e)
{
	char owner[IDENTITY_TEXT];
	if (!memcmp(d->owner, j->me.public_key, 32))
		return 0;
	j->others_data = true;
	identity_text(owner, d->owner);
	if (alone) {
		cli_note(c, "%s is %s, which belongs to %s", cli_safe(which, strlen(which), 0), d->id, owner);	/* a name may mean more than was thought of */
		return 0;
	}
	err_set(e, ERR_DENIED, "%s belongs to %s: with more than one data in a task, all must be your own", cli_safe(which, strlen(which), 0), owner);
	return err_hint(e, "--bulk takes many data of others, when they have granted them with --bulk; or act as the owner: --as NAME, --beneficiary WHO");
}

static int data_one(struct cli *c, struct job *j, size_t i, bool alone, const char *which, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	bool known = store_data_find(j->store, which, j->me.public_key, &j->data[i], &why) == 0;
	if (path_meant(which, known, c)) {
		store_data_done(&j->data[i]);
		j->data[i] = (struct store_data){ .id = "" };
		return data_from_path(j, i, which, e);
	}
	if (known)
		return data_owned(c, j, &j->data[i], alone, which, e);
	if (why.code != ERR_NOT_FOUND) {
		*e = why;
		return -1;
	}
	err_set(e, ERR_NOT_FOUND, "there is no file or folder %s, and no data of that name", which);
	return err_hint(e, "give a path, or a name from: enclua data list");
}

/* Of a bulk the grants are chosen already, one for each data. */
static int bulk_take(struct job *j, struct err *e)
{
	for (; j->n_data < j->n_bulk; j->n_data++) {
		struct store_data *d = &j->data[j->n_data];
		if (store_data_find(j->store, j->bulk[j->n_data].data, NULL, d, e) < 0)
			return -1;
		j->others_data |= memcmp(d->owner, j->me.public_key, 32) != 0;
	}
	return 0;
}

static int data_take(struct cli *c, struct job *j, const struct args *a, struct err *e)
{
	if (j->bulk)
		return bulk_take(j, e);
	size_t n = args_count(a, "data");
	if (n > LIMIT_BOX_DATASETS)
		return err_set(e, ERR_LIMIT, "at most %u data in one task", LIMIT_BOX_DATASETS);
	for (size_t i = 0; i < n; i++) {
		j->n_data++;
		if (data_one(c, j, i, n == 1, args_at(a, "data", i), e) < 0)
			return -1;
	}
	return 0;
}

static int args_take(struct job *j, const struct args *a, struct err *e)
{
	size_t n = args_count(a, "arg");
	if (n > LIMIT_BOX_ARGS)
		return err_set(e, ERR_LIMIT, "at most %u arguments", LIMIT_BOX_ARGS);
	for (size_t i = 0; i < n; i++) {
		const char *text = args_at(a, "arg", i), *eq = strchr(text, '=');
		size_t len = eq ? (size_t)(eq - text) : 0;
		j->work.n_args = i + 1;
		if (len) {
			j->texts[i] = strndup(text, len);
			if (!j->texts[i])
				return err_set(e, ERR_LIMIT, "out of memory");
		}
		j->args[i] = (struct work_arg){ .name = j->texts[i], .value = len ? eq + 1 : text };
	}
	return 0;
}

static int files_take(struct job *j, const struct args *a, struct err *e)
{
	size_t n = args_count(a, "file");
	if (n > LIMIT_BOX_FILES)
		return err_set(e, ERR_LIMIT, "at most %u input files", LIMIT_BOX_FILES);
	for (size_t i = 0; i < n; i++) {
		const char *path = args_at(a, "file", i);
		struct stat st;
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* a pipe is refused, not waited for */
		if (fd < 0)
			return err_sys(e, errno, "cannot read %s", path);
		j->files[i] = (struct work_file){ .name = path_base(path), .fd = fd };
		j->work.n_files = i + 1;
		if (fstat(fd, &st) < 0)
			return err_sys(e, errno, "cannot look at %s", path);
		if (!S_ISREG(st.st_mode))
			return err_set(e, ERR_INVALID, "%s is not a plain file", path);
		j->files[i].size = (uint64_t)st.st_size;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(j->files[k].name, j->files[i].name))
				return err_set(e, ERR_USAGE, "two input files are called %s", j->files[i].name);
	}
	return 0;
}

static int secrets_take(struct job *j, const struct args *a, struct err *e)
{
	size_t n = args_count(a, "secret");
	if (n > LIMIT_BOX_SECRETS)
		return err_set(e, ERR_LIMIT, "at most %u secrets", LIMIT_BOX_SECRETS);
	for (size_t i = 0; i < n; i++) {
		const char *text = args_at(a, "secret", i);
		char *end = NULL;
		unsigned long index = strtoul(text, &end, 10);
		if (end == text || *end != '=' || text[0] < '0' || text[0] > '9' || index > LIMIT_BOX_SECRETS) {
			err_set(e, ERR_USAGE, "a secret is written N=VALUE or N=@FILE, with N from 1");
			return err_hint(e, "--secret 1=@token.txt keeps it out of the list of processes");
		}
		const char *value = end + 1;
		j->secrets[i] = (struct work_secret){ .index = (unsigned)index, .value = value, .len = strlen(value) };
		j->work.n_secrets = i + 1;
		if (value[0] != '@')
			continue;
		if (os_file_read(value + 1, &j->secret_files[i], e) < 0)
			return err_wrap(e, "secret %lu", index);
		j->secrets[i].value = buf_text(&j->secret_files[i]);
		j->secrets[i].len = j->secret_files[i].len;
	}
	return 0;
}

/* The newest version of a name. */
struct newest { const char *name; char id[ID_TEXT]; };
static int newest_one(void *ctx, const struct host_secret *s, struct err *e)
{
	struct newest *x = ctx;
	(void)e;
	if (!strcmp(s->name, x->name))
		memcpy(x->id, s->id, sizeof x->id);
	return 0;
}

/* Secrets that the keeper has: the requester's by name, and the iApp's own. */
static int secrets_kept_take(struct job *j, const struct args *a, struct err *e)
{
	struct run_deal *d = &j->deal;
	char me[IDENTITY_TEXT];
	size_t *n = &j->work.n_secrets;
	identity_text(me, j->me.public_key);
	for (size_t i = 0; i < args_count(a, "secret-name"); i++) {
		const char *text = args_at(a, "secret-name", i);
		struct newest x = { .name = strchr(text, '=') };
		size_t digits = strspn(text, "0123456789");
		if (!x.name || digits != (size_t)(x.name - text) || digits == 0 || digits > 2 || text[0] == '0')
			return err_set(e, ERR_USAGE, "a kept secret is written N=NAME, with N from 1");
		x.name++;
		if (host_secrets(j->book, me, newest_one, &x, e) < 0)
			return -1;
		if (!x.id[0]) {
			err_set(e, ERR_NOT_FOUND, "%s keeps no secret called %s", j->me.name, x.name);
			return err_hint(e, "enclua secret list; enclua secret set %s FILE", x.name);
		}
		j->secrets[(*n)++] = (struct work_secret){ .index = (unsigned)strtoul(text, NULL, 10) };
		(void)snprintf(d->secrets[d->n_secrets++], sizeof *d->secrets, "%.*s %s", (int)digits, text, x.id);
	}
	if (j->app->manifest->app_secret)
		(*n)++;	/* index 0, without a value */
	return 0;
}

static int beneficiary_take(struct cli *c, struct job *j, const char *who, struct err *e)
{
	struct age_recipient plain;
	bool known = false;
	if (!who) {
		memcpy(j->beneficiary, j->me.public_key, 32);
		memcpy(j->work.beneficiary, j->me.age_public, 32);
		j->mine = true;
		return 0;
	}
	if (!strncmp(who, "age1", 4)) {
		if (age_recipient_parse(&plain, who, e) < 0)
			return err_wrap(e, "--beneficiary");
		if (plain.kind != AGE_X25519)
			return err_set(e, ERR_INVALID, "--beneficiary: results are sealed to X25519 recipients only (age1 and 58 characters)");
		memcpy(j->work.beneficiary, plain.public_key, 32);
		return 0;
	}
	if (cli_who(c, who, j->beneficiary, j->work.beneficiary, &known, e) < 0)
		return err_wrap(e, "--beneficiary");
	if (!known) {
		err_set(e, ERR_NOT_FOUND, "the age key of %s is not known in this home", who);
		return err_hint(e, "ask for it (enclua key export NAME --age) and give --beneficiary age1…");
	}
	j->mine = !memcmp(j->beneficiary, j->me.public_key, 32);
	return 0;
}

static int job_alloc(struct job *j, const struct args *a, struct err *e)
{
	size_t inline_secrets = args_count(a, "secret"), kept = args_count(a, "secret-name"), secrets = inline_secrets + kept + 1;
	if (secrets > LIMIT_BOX_SECRETS)
		return err_set(e, ERR_LIMIT, "at most %u secrets", LIMIT_BOX_SECRETS);
	const size_t data = j->bulk ? j->n_bulk : args_count(a, "data");
	j->deal.secrets = calloc(kept + 1, sizeof *j->deal.secrets);
	j->data = calloc(data + 1, sizeof *j->data);
	j->trees = calloc(data + 1, sizeof *j->trees);
	j->entries = calloc(data + 1, sizeof *j->entries);
	j->args = calloc(args_count(a, "arg") + 1, sizeof *j->args);
	j->texts = calloc(args_count(a, "arg") + 1, sizeof *j->texts);
	j->files = calloc(args_count(a, "file") + 1, sizeof *j->files);
	j->secrets = calloc(secrets + 1, sizeof *j->secrets);
	j->secret_files = calloc(secrets + 1, sizeof *j->secret_files);
	if (!j->data || !j->trees || !j->entries || !j->args || !j->texts || !j->files || !j->secrets || !j->secret_files || !j->deal.secrets)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < data; i++)
		j->entries[i] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	for (size_t i = 0; i < secrets; i++)
		j->secret_files[i] = (struct buf)BUF_INIT(KIB(64));
	j->work.args = j->args;
	j->work.files = j->files;
	j->work.secrets = j->secrets;
	return 0;
}

int job_gather(struct cli *c, const struct args *a, struct job *j, struct err *e)
{
	uint64_t begun = os_now_us();
	j->cli = c;
	if (!cli_has_home(c)) {
		if (cli_home_make(c, NULL, e) < 0)
			return err_wrap(e, "no home yet, and making one failed");
		cli_note(c, "made a home at %s; the key of `me` is there without a passphrase", c->home);
	}
	if (job_alloc(j, a, e) < 0 || host_open(&j->book, c->home, false, e) < 0)
		return -1;
	j->store = book_store(j->book);
	const struct keeper_link_options keeper = { .home = c->home, .allow_missing = j->allow_missing };
	if (keeper_link_new(&j->keeper, &keeper, j->book, e) < 0 || cli_identity_public(c, &j->me, e) < 0 || app_take(c, j, a->words[0], e) < 0 || data_take(c, j, a, e) < 0 ||
	    args_take(j, a, e) < 0 || files_take(j, a, e) < 0 || secrets_take(j, a, e) < 0 || secrets_kept_take(j, a, e) < 0 ||
	    beneficiary_take(c, j, args_get(a, "beneficiary"), e) < 0)
		return -1;
	const struct store_data **list = calloc(j->n_data + 1, sizeof *list);
	if (!list)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < j->n_data; i++)
		list[i] = &j->data[i];
	j->work.app = j->app;
	j->work.data = list;
	j->work.n_data = j->n_data;
	j->work.seed = args_has(a, "seed") ? args_get(a, "seed") : "";
	/* A log made over data may go to its owner, and to nobody else unasked. */
	j->work.logs = (j->mine && !j->others_data) || !j->n_data;
	j->gather_us = os_now_us() - begun;
	return j->scouting ? 0 : work_check(&j->work, e);
}

static void seal_progress(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "sealing", done, total);
}

int job_seal(struct cli *c, struct job *j, struct err *e)
{
	uint64_t begun = os_now_us();
	uint8_t keeper[32];
	if (actor_take(c, j, e) < 0 || actor_register(j->book, j->me.name, j->actor, e) < 0 || keeper_of_book(j->book, keeper, e) < 0)
		return -1;
	for (size_t i = 0; i < j->n_data; i++) {
		if (!j->trees[i])
			continue;
		struct store_data sealed = { .id = "" };
		char name[LIMIT_NAME_BYTES + 1];
		(void)snprintf(name, sizeof name, "%s", j->data[i].name);
		struct protect_terms terms = {
			.name = "",
			.owner = j->actor,
			.ephemeral = true,
			.progress = seal_progress,
			.ctx = c,
		};
		if (protect_seal(j->book, keeper, j->trees[i], &terms, &sealed, &j->entries[i], e) < 0)
			return err_wrap(e, "sealing %s", name);
		store_data_done(&j->data[i]);
		j->data[i] = sealed;
		(void)snprintf(j->data[i].name, sizeof j->data[i].name, "%s", name);
	}
	cli_progress_end(c);
	j->seal_us = os_now_us() - begun;
	return 0;
}

void job_free(struct job *j)
{
	for (size_t i = 0; i < j->n_data; i++) {
		static const uint8_t none[32];
		if (j->data[i].ephemeral && !j->handed_over && memcmp(j->data[i].blob, none, 32) != 0)
			(void)store_blob_remove(j->store, j->data[i].blob, NULL);
		store_data_done(&j->data[i]);
		pdata_free(j->trees[i]);
		buf_done(&j->entries[i]);
	}
	for (size_t i = 0; i < j->work.n_files; i++)
		close(j->files[i].fd);
	for (size_t i = 0; i < j->work.n_args; i++)
		free(j->texts[i]);
	for (size_t i = 0; j->secret_files && i < j->work.n_secrets; i++)
		buf_done(&j->secret_files[i]);
	free((void *)j->work.data);
	free(j->data);
	free(j->trees);
	free(j->entries);
	free(j->args);
	free(j->texts);
	free(j->files);
	free(j->secrets);
	free(j->secret_files);
	free(j->deal.secrets);
	iapp_free(j->app);
	identity_free(j->actor);
	identity_free(j->deal.payer);
	keeper_link_free(j->keeper);
	identity_free(j->worker);
	book_close(j->book);
}
