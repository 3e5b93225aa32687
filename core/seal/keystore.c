/* The keys of a home as files. A key exists when its .key does: .pub is written before it, so that a process that dies between
 * the two leaves no key without its public half. Writers hold a lock on the folder and never overwrite a key. Never prints, never
 * asks: the passphrase comes from the caller and is borrowed.
 */
#include "seal/keystore.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/minisign.h"

#define KEY_FILE_BYTES KIB(8)	/* a sealed key has some 400 */
#define SEALED_BEGIN "age-encryption.org/v1\n"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789"

struct path { char text[PATH_MAX]; };

static int path_make(struct path *p, const char *dir, const char *name, const char *suffix, struct err *e)
{
	int n = snprintf(p->text, sizeof p->text, "%s/%s%s", dir, name, suffix);
	if (n < 0 || (size_t)n >= sizeof p->text)
		return err_set(e, ERR_INVALID, "the path of the keys is too long");
	return 0;
}

/* What the user may have meant: lower case, and "-" for what cannot stand in a name. Needs one character that can. */
static void name_hint(const char *name, struct err *e)
{
	char near[LIMIT_NAME_BYTES + 1];
	size_t n = 0;
	for (const char *s = name; *s && n < LIMIT_NAME_BYTES; s++) {
		char c = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
		if (strchr(NAME_CHARS "._-", c))
			near[n++] = c;
		else if (n && near[n - 1] != '-')
			near[n++] = '-';
		if (n == 1 && !strchr(NAME_CHARS, near[0]))
			n = 0;
	}
	while (n && near[n - 1] == '-')
		n--;
	near[n] = '\0';
	if (n && strcmp(near, name) != 0)
		err_hint(e, "use the name %s", near);
}

int keystore_name_check(const char *name, struct err *e)
{
	size_t n = strlen(name);
	if (n >= 1 && n <= LIMIT_NAME_BYTES && strchr(NAME_CHARS, name[0]) && strspn(name, NAME_CHARS "._-") == n)
		return 0;
	err_set(e, ERR_INVALID, "a name is 1 to %u characters a-z 0-9 . _ - and begins with a letter or digit", LIMIT_NAME_BYTES);
	name_hint(name, e);
	return -1;
}

/* ---- the public half ---- */

/* A recipients file that `age -R` takes as it stands; what age does not know is in its comments. */
static int pub_render(struct buf *out, const uint8_t public_key[static 32], const uint8_t age_public[static 32], bool sealed,
	struct err *e)
{
	char identity[IDENTITY_TEXT], age[AGE_RECIPIENT_TEXT], line[57];
	struct minisign_key key;
	identity_text(identity, public_key);
	age_recipient_text(age, age_public);
	minisign_key_of(&key, public_key);
	minisign_key_line(line, &key);
	return buf_addf(out, e, "# identity: %s\n# minisign: %s\n# sealed: %s\n%s\n", identity, line, sealed ? "yes" : "no", age);
}

/* Takes the fields by position and then demands that writing them again gives the same bytes. */
static int pub_parse(struct keystore_item *out, const struct buf *file, struct err *e)
{
	const char *text = buf_text(file);
	char identity[IDENTITY_TEXT], age[AGE_RECIPIENT_TEXT], sealed[4];
	struct age_recipient recipient;
	struct buf again = BUF_INIT(KIB(1));
	struct err why = { .code = ERR_NONE };
	int r = -1;
	static_assert(IDENTITY_TEXT == 66 && AGE_RECIPIENT_TEXT == 63, "the widths below");
	if (sscanf(text, "# identity: %65s\n# minisign: %*56s\n# sealed: %3s\n%62s", identity, sealed, age) == 3 &&
		identity_parse(out->public_key, identity, &why) == 0 && age_recipient_parse(&recipient, age, &why) == 0) {
		memcpy(out->age_public, recipient.public_key, 32);
		out->sealed = strcmp(sealed, "yes") == 0;
		if (pub_render(&again, out->public_key, out->age_public, out->sealed, &why) == 0 && again.len == file->len && memcmp(again.data, text, again.len) == 0)
			r = 0;
	}
	buf_done(&again);
	if (r < 0 && why.code == ERR_LIMIT && e)	/* nothing is known of the file */
		*e = why;
	else if (r < 0)
		err_set(e, ERR_INVALID, "it is not as it was written");
	return r;
}

/* ---- the folder ---- */

/* Writers of one folder come one after the other. The lock goes with the descriptor. */
static int dir_lock(const char *dir, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot open the keys in %s", dir);
	if (os_lock(fd) < 0) {
		err_sys(e, errno, "cannot lock the keys in %s", dir);
		close(fd);
		return -1;
	}
	return fd;
}

/* What os_file_replace calls its temporary files: ".tmp-" and six of mkstemp's letters and digits. A key's own
 * file never looks so, whatever its name, because the six would have to hold the "." of its ending. */
static bool is_leftover(const char *file)
{
	size_t len = strlen(file);
	const char *tail = len > 11 ? file + len - 11 : "";
	return !strncmp(tail, ".tmp-", 5) && strspn(tail + 5, NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 6;
}

/* A writer that was killed leaves a temporary file, perhaps with a secret. Only the holder of the lock may call this. */
static void leftovers_remove(const char *dir)
{
	DIR *d = opendir(dir);
	if (!d)
		return;
	for (struct dirent *entry; (entry = readdir(d));)
		if (is_leftover(entry->d_name))
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
}

struct names { char (*at)[LIMIT_NAME_BYTES + 1]; size_t n, cap; };

static int name_add(struct names *names, const char *file, size_t len, struct err *e)
{
	if (names->n == LIMIT_KEYS)
		return err_set(e, ERR_LIMIT, "more than %u keys in one place", LIMIT_KEYS);
	if (names->n == names->cap) {
		size_t cap = names->cap ? 2 * names->cap : 16;
		void *more = realloc(names->at, cap * sizeof *names->at);
		if (!more)
			return err_set(e, ERR_LIMIT, "out of memory");
		names->at = more;
		names->cap = cap;
	}
	memcpy(names->at[names->n], file, len);
	names->at[names->n++][len] = '\0';
	return 0;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of all keys, sorted; no folder is no keys. */
static int names_read(const char *dir, struct names *names, struct err *e)
{
	DIR *d = opendir(dir);
	int r = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, errno, "cannot read the keys in %s", dir);
	struct dirent *entry;
	int more = 0;
	while (r == 0 && (more = os_dir_next(d, &entry)) > 0) {
		size_t len = strlen(entry->d_name);
		if (len <= 4 || len - 4 > LIMIT_NAME_BYTES || strcmp(entry->d_name + len - 4, ".key") != 0)
			continue;
		char name[LIMIT_NAME_BYTES + 1];
		memcpy(name, entry->d_name, len - 4);
		name[len - 4] = '\0';
		if (keystore_name_check(name, NULL) == 0)
			r = name_add(names, name, len - 4, e);
	}
	if (r == 0 && more < 0)
		r = err_sys(e, errno, "cannot read the keys in %s", dir);
	closedir(d);
	if (r == 0 && names->n)
		qsort(names->at, names->n, sizeof *names->at, name_compare);
	return r;
}

static int not_found(const char *dir, const char *name, struct err *e)
{
	struct names names = { 0 };
	const char *near = NULL;
	if (names_read(dir, &names, NULL) == 0 && names.n) {
		const char **list = calloc(names.n + 1, sizeof *list);
		for (size_t i = 0; list && i < names.n; i++)
			list[i] = names.at[i];
		near = list ? text_nearest(name, list) : NULL;
		free(list);
	}
	err_set(e, ERR_NOT_FOUND, "no key is called %s", name);
	if (near)
		err_hint(e, "did you mean %s? All of them: enclua key list", near);
	else if (names.n)
		err_hint(e, "enclua key list");
	else
		err_hint(e, "enclua key new %s", name);
	free(names.at);
	return -1;
}

/* 1, 0: none, or nothing that is a name; -1: there is one, and this machine cannot read it now. */
static int default_read(const char *dir, char name[static LIMIT_NAME_BYTES + 1], struct err *e)
{
	struct buf file = BUF_INIT(LIMIT_NAME_BYTES + 1);
	struct path path;
	struct err why = { .code = ERR_NONE };
	int is = 0;
	if (path_make(&path, dir, "default", "", e) < 0)
		return -1;
	const bool there = os_exists(path.text);
	if (there && os_plain_read(path.text, &file, &why) < 0 && why.code != ERR_CONFLICT && why.code != ERR_INVALID) {
		if (e)
			*e = why;
		is = -1;
	} else if (there && file.len > 1 && file.data[file.len - 1] == '\n') {
		file.data[--file.len] = '\0';
		is = strlen(buf_text(&file)) == file.len && keystore_name_check(buf_text(&file), NULL) == 0;
		if (is)
			memcpy(name, buf_text(&file), file.len + 1);
	}
	buf_done(&file);
	return is;
}

int keystore_find(const char *dir, const char *name, struct keystore_item *out, struct err *e)
{
	struct buf file = BUF_INIT(KEY_FILE_BYTES);
	struct path key, pub;
	char chosen[LIMIT_NAME_BYTES + 1];
	struct err why = { 0 };
	int r = -1;
	if (keystore_name_check(name, e) < 0)
		return -1;
	if (path_make(&key, dir, name, ".key", e) < 0 || path_make(&pub, dir, name, ".pub", e) < 0)
		return -1;
	const int is = os_look(key.text);
	if (is <= 0)
		return is < 0 ? err_sys(e, errno, "cannot look at the key %s", key.text) : not_found(dir, name, e);
	/* Whoever can put another .pub there reads what is sealed to that name. */
	if (os_dir_guard(dir, e) < 0)
		return -1;
	memset(out, 0, sizeof *out);
	int r_pub = os_plain_read(pub.text, &file, &why) < 0 ? -1 : pub_parse(out, &file, &why);
	if (r_pub < 0 && why.code != ERR_NOT_FOUND && why.code != ERR_INVALID && why.code != ERR_CONFLICT) {	/* about this machine, and not about the file */
		if (e)
			*e = why;
		goto out;
	}
	if (r_pub < 0) {
		err_set(e, ERR_INVALID, "the public half of the key %s, %s, is lost or damaged: %s", name, pub.text, why.msg);
		err_hint(e, "the secret is in %s.key (open it with age -d if it is sealed): enclua key import NEWNAME FILE", name);
		goto out;
	}
	memcpy(out->name, name, strlen(name) + 1);
	out->is_default = default_read(dir, chosen, NULL) == 1 && strcmp(chosen, name) == 0;
	r = 0;
out:
	buf_done(&file);
	return r;
}

int keystore_list(const char *dir, struct keystore_item **out, size_t *n, struct err *e)
{
	struct names names = { 0 };
	struct keystore_item *items = NULL;
	int r = -1;
	if (names_read(dir, &names, e) < 0)
		goto out;
	items = calloc(names.n + 1, sizeof *items);
	if (!items) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < names.n; i++)
		if (keystore_find(dir, names.at[i], &items[i], e) < 0)
			goto out;
	*out = items;
	*n = names.n;
	items = NULL;	/* taken */
	r = 0;
out:
	free(items);
	free(names.at);
	return r;
}

int keystore_find_public(const char *dir, const uint8_t public_key[static 32], struct keystore_item *out, struct err *e)
{
	struct keystore_item *items = NULL;
	size_t n = 0;
	if (keystore_list(dir, &items, &n, e) < 0)
		return -1;
	int r = -1;
	for (size_t i = 0; i < n && r < 0; i++)
		if (memcmp(items[i].public_key, public_key, 32) == 0) {
			*out = items[i];
			r = 0;
		}
	free(items);
	if (r < 0) {
		char text[IDENTITY_TEXT];
		identity_text(text, public_key);
		err_set(e, ERR_NOT_FOUND, "the key of %s is not here", text);
		err_hint(e, "enclua key list");
	}
	return r;
}

int keystore_default_set(const char *dir, const char *name, struct err *e)
{
	struct keystore_item item;
	struct path path;
	char line[LIMIT_NAME_BYTES + 2];
	if (keystore_find(dir, name, &item, e) < 0 || path_make(&path, dir, "default", "", e) < 0)
		return -1;
	int lock = dir_lock(dir, e);
	if (lock < 0)
		return -1;
	int n = snprintf(line, sizeof line, "%s\n", name);
	int r = os_file_replace(path.text, 0600, line, (size_t)n, e);
	close(lock);
	return r;
}

int keystore_default(const char *dir, char name[static LIMIT_NAME_BYTES + 1], struct err *e)
{
	struct path key;
	const int is = default_read(dir, name, e);
	if (is < 0)
		return -1;
	if (is == 0) {
		err_set(e, ERR_NOT_FOUND, "no key is the default one");
		return err_hint(e, "enclua key default NAME");
	}
	if (path_make(&key, dir, name, ".key", e) < 0)
		return -1;
	if (!os_exists(key.text)) {
		err_set(e, ERR_NOT_FOUND, "the default key %s is gone", name);
		return err_hint(e, "enclua key default NAME");
	}
	return 0;
}

/* ---- the secret half ---- */

static int sink_to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

/* The bytes of a .key file: the text of the secret, or an age file of that text. */
static int key_render(struct buf *out, const struct identity *id, const char *passphrase, struct err *e)
{
	char secret[IDENTITY_SECRET_TEXT], public_text[IDENTITY_TEXT];
	struct buf plain = BUF_INIT(KIB(1));
	struct age_recipient to = { .kind = AGE_SCRYPT, .passphrase = passphrase };
	struct age_writer *w = NULL;
	int r = -1;
	identity_secret_text(secret, id);
	identity_text(public_text, identity_public(id));
	if (buf_addf(&plain, e, "# Secret key of %s. Whoever has it signs and reads in its owner's place.\n%s\n", public_text,
		secret) < 0)
		goto out;
	if (!passphrase) {
		r = buf_add(out, plain.data, plain.len, e);
		goto out;
	}
	if (age_writer_new(&w, &to, 1, sink_to_buf, out, e) < 0 || age_writer_add(w, plain.data, plain.len, e) < 0 ||
		age_writer_end(w, e) < 0)
		goto out;
	r = 0;
out:
	age_writer_free(w);
	buf_done(&plain);
	os_wipe(secret, sizeof secret);
	return r;
}

struct span { const uint8_t *bytes; size_t len; };

static int source_from_span(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct span *s = ctx;
	if (offset > s->len || n > s->len - offset)
		return err_set(e, ERR_INVALID, "the file is cut off");
	memcpy(out, s->bytes + offset, n);
	return 0;
}

static int key_unseal(struct buf *plain, const struct buf *file, const char *passphrase, struct err *e)
{
	struct age_identity with = { .kind = AGE_SCRYPT, .passphrase = passphrase };
	uint8_t file_key[AGE_FILE_KEY];
	struct age_file *opened = NULL;
	size_t header = 0;
	int r = -1;
	if (age_header_open(file_key, &header, file->data, file->len, &with, 1, e) < 0)
		goto out;
	struct span payload = { file->data + header, file->len - header };
	if (age_file_open(&opened, file_key, payload.len, source_from_span, &payload, e) < 0)
		goto out;
	size_t n = (size_t)age_file_size(opened);
	if (buf_reserve(plain, n, e) < 0 || age_file_read(opened, plain->data, n, 0, e) < 0)
		goto out;
	plain->len = n;
	plain->data[n] = '\0';
	r = 0;
out:
	age_file_free(opened);
	os_wipe(file_key, sizeof file_key);
	return r;
}

/* Reads the file only when nobody else could have: a key that others may read is no secret any more, and saying so late is too late. */
static int key_read(struct buf *out, const char *path, struct err *e)
{
	struct stat st;
	int r = -1;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot read the key %s", path);
	if (fstat(fd, &st) < 0) {
		err_sys(e, errno, "cannot look at the key %s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_INVALID, "the key %s is not a regular file", path);
		goto out;
	}
	if (st.st_mode & 077) {
		err_set(e, ERR_DENIED, "the key %s may be read or changed by others (mode %04o)", path, (unsigned)st.st_mode & 07777);
		err_hint(e, "chmod 600 %s   and if others may have read it: enclua key new", path);
		goto out;
	}
	if (buf_reserve(out, KEY_FILE_BYTES, e) < 0)
		goto out;
	ssize_t n = os_read(fd, out->data, KEY_FILE_BYTES);
	if (n < 0) {
		err_sys(e, errno, "cannot read the key %s", path);
		goto out;
	}
	out->len = (size_t)n;
	out->data[n] = '\0';
	r = 0;
out:
	close(fd);
	return r;
}

/* A secret is text; the file that it is sealed in has any bytes, zeros too. */
static int secret_parse(struct identity **out, const struct buf *text, struct err *e)
{
	if (strlen(buf_text(text)) != text->len)
		return err_set(e, ERR_INVALID, "it holds a zero byte");
	return identity_secret_parse(out, buf_text(text), e);
}

static int key_parse(struct identity **out, const struct buf *file, const char *name, const char *passphrase, struct err *e)
{
	struct buf plain = BUF_INIT(KEY_FILE_BYTES);
	int r = -1;
	if (strncmp(buf_text(file), SEALED_BEGIN, strlen(SEALED_BEGIN)) != 0) {
		r = secret_parse(out, file, e);
	} else if (!passphrase) {
		err_set(e, ERR_DENIED, "the key %s is under a passphrase, and none was given", name);
		err_hint(e, "add --passphrase-file FILE, or set ENCLUA_PASSPHRASE_FILE");
		goto out;
	} else if (key_unseal(&plain, file, passphrase, e) < 0) {
		if (e && e->code == ERR_DENIED)
			err_set(e, ERR_DENIED, "wrong passphrase for the key %s", name);
		goto out;
	} else {
		r = secret_parse(out, &plain, e);
	}
	if (r < 0)	/* anything else is about this machine */
		err_wrap(e, e && e->code == ERR_INVALID ? "the key %s is damaged" : "the key %s", name);
out:
	buf_done(&plain);
	return r;
}

int keystore_open(const char *dir, const char *name, const char *passphrase, struct identity **out, struct err *e)
{
	struct buf file = BUF_INIT(KEY_FILE_BYTES);
	struct keystore_item item;
	struct path path;
	struct identity *id = NULL;
	int r = -1;
	if (keystore_find(dir, name, &item, e) < 0 || path_make(&path, dir, name, ".key", e) < 0)
		goto out;
	if (key_read(&file, path.text, e) < 0 || key_parse(&id, &file, name, passphrase, e) < 0)
		goto out;
	/* Others seal to what .pub says: it may not say anything else than the secret does. */
	if (memcmp(item.public_key, identity_public(id), 32) != 0 || memcmp(item.age_public, identity_age_public(id), 32) != 0) {
		err_set(e, ERR_INVALID, "%s.pub and %s.key in %s belong to different keys", name, name, dir);
		err_hint(e, "what was sealed to %s.pub may be readable for somebody else; put back the right file from a backup", name);
		goto out;
	}
	*out = id;
	id = NULL;	/* taken */
	r = 0;
out:
	identity_free(id);
	buf_done(&file);
	return r;
}

int keystore_add(const char *dir, const char *name, const struct identity *id, const char *passphrase, struct err *e)
{
	struct buf key = BUF_INIT(KEY_FILE_BYTES), pub = BUF_INIT(KIB(1));
	struct path key_path, pub_path;
	int lock = -1, r = -1;
	if (keystore_name_check(name, e) < 0 || path_make(&key_path, dir, name, ".key", e) < 0 ||
		path_make(&pub_path, dir, name, ".pub", e) < 0)
		return -1;
	if (passphrase && !*passphrase)
		return err_set(e, ERR_INVALID, "an empty passphrase protects nothing");
	if (os_dir_make(dir, 0700, e) < 0 || os_dir_guard(dir, e) < 0)
		return -1;
	/* scrypt takes a second: before the lock. */
	if (key_render(&key, id, passphrase, e) < 0 ||
		pub_render(&pub, identity_public(id), identity_age_public(id), passphrase != NULL, e) < 0)
		goto out;
	lock = dir_lock(dir, e);
	if (lock < 0)
		goto out;
	leftovers_remove(dir);
	const int is = os_look(key_path.text);
	if (is < 0) {
		err_sys(e, errno, "cannot look at %s", key_path.text);
		goto out;
	}
	if (is) {
		err_set(e, ERR_CONFLICT, "there is a key called %s already", name);
		err_hint(e, "choose another name; all that are taken: enclua key list");
		goto out;
	}
	if (os_file_replace(pub_path.text, 0644, pub.data, pub.len, e) < 0 ||
		os_file_replace(key_path.text, 0600, key.data, key.len, e) < 0)
		goto out;
	r = 0;
out:
	if (lock >= 0)
		close(lock);
	buf_done(&key);
	buf_done(&pub);
	return r;
}
