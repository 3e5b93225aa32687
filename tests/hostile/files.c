/* Lua for the hostile files: the interpreter, the primitives that a forger has (hashes, signatures, sealed chunks) and a way to run a program without a shell,
 * so that any byte may be an argument and any stream may be closed. It owns no rule: what is built and what is expected stands in family.lua, make.lua and
 * the cases.
 *
 *     files SCRIPT ARG…
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/minisign.h"

#define OUTPUT_MAX (1u << 24)

static const uint8_t *bytes(lua_State *L, int at, size_t *n)
{
	return (const uint8_t *)luaL_checklstring(L, at, n);
}

static const uint8_t *exactly(lua_State *L, int at, size_t n)
{
	size_t is;
	const uint8_t *p = bytes(L, at, &is);
	luaL_argcheck(L, is == n, at, "wrong length");
	return p;
}

static int give(lua_State *L, const void *p, size_t n)
{
	lua_pushlstring(L, p, n);
	return 1;
}

/* What a forger has */

static int f_sha256(lua_State *L)
{
	uint8_t out[32];
	size_t n;
	const uint8_t *p = bytes(L, 1, &n);
	sha256(out, p, n);
	return give(L, out, sizeof out);
}

static int f_blake2b(lua_State *L)
{
	uint8_t out[64];
	size_t n;
	const uint8_t *p = bytes(L, 1, &n);
	(void)blake2b(out, sizeof out, p, n, NULL, 0);
	return give(L, out, sizeof out);
}

static int f_hmac(lua_State *L)
{
	uint8_t out[32];
	size_t n, m;
	const uint8_t *key = bytes(L, 1, &n), *text = bytes(L, 2, &m);
	hmac256(out, key, n, text, m);
	return give(L, out, sizeof out);
}

static int f_hkdf(lua_State *L)
{
	uint8_t out[32];
	size_t n, m, k;
	const uint8_t *key = bytes(L, 1, &n), *salt = bytes(L, 2, &m), *info = bytes(L, 3, &k);
	hkdf256(out, sizeof out, key, n, salt, m, info, k);
	return give(L, out, sizeof out);
}

static int f_public(lua_State *L)
{
	uint8_t out[32];
	ed25519_public(out, exactly(L, 1, 32));
	return give(L, out, sizeof out);
}

static int f_sign(lua_State *L)
{
	uint8_t out[64];
	size_t n;
	const uint8_t *text = bytes(L, 2, &n);
	ed25519_sign(out, text, n, exactly(L, 1, 32));
	return give(L, out, sizeof out);
}

static int f_number(lua_State *L)
{
	struct minisign_key key;
	minisign_key_of(&key, exactly(L, 1, 32));
	return give(L, key.number, sizeof key.number);
}

/* age_header(file key, work, passphrase or age secret key): a header for one recipient */
static int f_age_header(lua_State *L)
{
	struct buf out = BUF_INIT(1u << 20);
	struct age_recipient to = { .kind = AGE_X25519 };
	const uint8_t *file_key = exactly(L, 1, AGE_FILE_KEY);
	to.work = (unsigned)luaL_checkinteger(L, 2);
	if (to.work) {
		to.kind = AGE_SCRYPT;
		to.passphrase = luaL_checkstring(L, 3);
	} else {
		x25519_public(to.public_key, exactly(L, 3, 32));
	}
	if (age_header_make(&out, file_key, &to, 1, NULL) < 0)
		return luaL_error(L, "no header");
	give(L, out.data, out.len);
	buf_done(&out);
	return 1;
}

/* age_chunk(file key, nonce, plain, index, last) */
static int f_age_chunk(lua_State *L)
{
	struct age_payload p;
	size_t n;
	const uint8_t *plain = bytes(L, 3, &n);
	age_payload_init(&p, exactly(L, 1, AGE_FILE_KEY), exactly(L, 2, AGE_NONCE));
	bool last = lua_toboolean(L, 5);
	uint8_t *out = lua_newuserdatauv(L, n + AGE_TAG, 0);
	age_chunk_seal(&p, out, plain, n, (uint64_t)luaL_checkinteger(L, 4), last);
	return give(L, out, n + AGE_TAG);
}

static int f_hex(lua_State *L)
{
	size_t n;
	const uint8_t *p = bytes(L, 1, &n);
	char *out = lua_newuserdatauv(L, HEX_LEN(n) + 1, 0);
	hex_encode(out, p, n);
	return give(L, out, HEX_LEN(n));
}

static int f_base64(lua_State *L)
{
	size_t n;
	const uint8_t *p = bytes(L, 1, &n);
	bool raw = lua_toboolean(L, 2);
	char *out = lua_newuserdatauv(L, BASE64_LEN(n) + 1, 0);
	(raw ? base64_raw_encode : base64_encode)(out, p, n);
	return give(L, out, strlen(out));
}

static int f_unbase64(lua_State *L)
{
	size_t n;
	const char *p = luaL_checklstring(L, 1, &n);
	bool raw = lua_toboolean(L, 2);
	uint8_t *out = lua_newuserdatauv(L, n + 1, 0);
	ptrdiff_t len = (raw ? base64_raw_decode : base64_decode)(out, n, p, n);
	return len < 0 ? luaL_error(L, "not base64: %s", p) : give(L, out, (size_t)len);
}

static int f_bech32(lua_State *L)
{
	size_t n, m;
	const char *hrp = luaL_checklstring(L, 1, &m);
	const uint8_t *p = bytes(L, 2, &n);
	char *out = lua_newuserdatauv(L, BECH32_LEN(m, n) + 1, 0);
	bech32_encode(out, hrp, p, n);
	return give(L, out, strlen(out));
}

/* Running programs */

struct child { pid_t pid; int in, out[2]; };	/* in: a file's descriptor */

/* What a stream of the program is: "closed", a path, or a pipe of ours. */
static void stream_set(const char *is, int fd, int pipe_end)
{
	if (is && strcmp(is, "closed") == 0) {
		(void)close(fd);
		return;
	}
	int from = is ? open(is, fd ? O_WRONLY | O_CLOEXEC : O_RDONLY | O_CLOEXEC) : pipe_end;
	if (from < 0 || dup2(from, fd) < 0)
		_exit(126);
}

static const char *option(lua_State *L, const char *name)
{
	lua_getfield(L, 1, name);
	const char *s = lua_tostring(L, -1);
	lua_pop(L, 1);	/* the table keeps it */
	return s;
}

/* A list of strings as execve wants it; the table keeps the strings. */
static char **words(lua_State *L, const char *name)
{
	lua_getfield(L, 1, name);
	luaL_checktype(L, -1, LUA_TTABLE);
	size_t n = (size_t)lua_rawlen(L, -1);
	char **out = calloc(n + 1, sizeof *out);
	if (!out)
		abort();
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		if (!(out[i] = strdup(luaL_checkstring(L, -1))))
			abort();
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return out;
}

static void words_free(char **list)
{
	for (char **w = list; *w; w++)
		free(*w);
	free(list);
}

/* The bytes are in a file without a name before the program starts, so that nobody waits for anybody. */
static int input_make(lua_State *L)
{
	size_t n = 0;
	lua_getfield(L, 1, "input");
	const char *p = lua_tolstring(L, -1, &n);
	if (!p) {
		lua_pop(L, 1);
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	FILE *f = tmpfile();
	if (!f || (n && fwrite(p, 1, n, f) != n) || fflush(f) != 0)
		abort();
	int fd = dup(fileno(f));
	(void)fclose(f);
	(void)lseek(fd, 0, SEEK_SET);
	lua_pop(L, 1);
	return fd;
}

static int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Both streams to their ends; false when the time is over first. A daemon that the program left behind may hold them: the end of the program is enough. */
static bool collect(struct child *c, luaL_Buffer *out, int64_t until, int *status)
{
	struct pollfd p = { .fd = c->out[0], .events = POLLIN };
	char piece[65536];
	bool ended = false, quiet = false;
	for (size_t total = 0; !quiet && total < OUTPUT_MAX;) {
		if (!ended && waitpid(c->pid, status, WNOHANG) == c->pid)
			ended = true;
		int ready = poll(&p, 1, ended ? 0 : 5);
		if (ready > 0) {
			ssize_t n = read(c->out[0], piece, sizeof piece);
			if (n > 0) {
				luaL_addlstring(out, piece, (size_t)n);
				total += (size_t)n;
			} else if (!ended) {
				ended = waitpid(c->pid, status, 0) == c->pid;
				quiet = true;
			}
			quiet = quiet || n <= 0;
		} else {
			quiet = ended;
		}
		if (now_ms() > until && !ended)
			return false;
	}
	if (!ended)
		(void)waitpid(c->pid, status, 0);
	return true;
}

/* run{argv=, env=, cwd=, input= or stdin=, stdout=, stderr=, limit=ms}: exit status, or "signal N", or "hang"; and what came out on the stream `keep`
 * ("out" or "err"; the other one goes to its path). */
static int f_run(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	char **argv = words(L, "argv"), **env = words(L, "env");
	const char *cwd = option(L, "cwd"), *in = option(L, "stdin"), *out = option(L, "stdout"), *err = option(L, "stderr");
	lua_getfield(L, 1, "limit");
	int64_t until = now_ms() + luaL_optinteger(L, -1, 60000);
	lua_pop(L, 1);
	struct child c = { .in = input_make(L) };
	int status = 0;
	if (pipe2(c.out, O_CLOEXEC) < 0 || (c.pid = fork()) < 0)
		abort();
	if (c.pid == 0) {
		(void)setpgid(0, 0);
		(void)signal(SIGPIPE, SIG_DFL);
		if (cwd && chdir(cwd) < 0)
			_exit(126);
		stream_set(in, 0, c.in);
		stream_set(err, 2, c.out[1]);	/* before stdout: a pipe end may be 1 where a test closed it */
		stream_set(out, 1, c.out[1]);
		(void)close(c.in);
		(void)execve(argv[0], argv, env);
		_exit(127);
	}
	(void)close(c.out[1]);
	(void)close(c.in);
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	bool ended = collect(&c, &b, until, &status);
	if (!ended) {
		(void)kill(-c.pid, SIGKILL);
		(void)waitpid(c.pid, &status, 0);
	}
	(void)close(c.out[0]);
	luaL_pushresult(&b);
	if (!ended)
		lua_pushliteral(L, "hang");
	else if (WIFSIGNALED(status))
		lua_pushfstring(L, "signal %d", WTERMSIG(status));
	else
		lua_pushinteger(L, WEXITSTATUS(status));
	lua_insert(L, -2);
	words_free(argv);
	words_free(env);
	return 2;
}

static int f_chmod(lua_State *L)
{
	lua_pushboolean(L, chmod(luaL_checkstring(L, 1), (mode_t)luaL_checkinteger(L, 2)) == 0);
	return 1;
}

/* Trees of files */

static lua_State *walking;	/* nftw has no argument for its caller */

static int line_of(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)at;
	char line[8192], to[4096];
	ssize_t n = kind == FTW_SL ? readlink(path, to, sizeof to - 1) : 0;
	to[n < 0 ? 0 : n] = '\0';
	if (S_ISDIR(st->st_mode))
		(void)snprintf(line, sizeof line, "%s %o", path, st->st_mode);
	else
		(void)snprintf(line, sizeof line, "%s %o %lld %lld.%09ld %s", path, st->st_mode, (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, to);
	lua_pushstring(walking, line);
	lua_rawseti(walking, -2, (lua_Integer)lua_rawlen(walking, -2) + 1);
	return 0;
}

/* tree(path): a line for each file in it */
static int f_tree(lua_State *L)
{
	walking = L;
	lua_newtable(L);
	(void)nftw(luaL_checkstring(L, 1), line_of, 16, FTW_PHYS | FTW_MOUNT);
	return 1;
}

static int one_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	(void)remove(path);
	return 0;
}

static int f_remove(lua_State *L)
{
	(void)nftw(luaL_checkstring(L, 1), one_remove, 16, FTW_PHYS | FTW_DEPTH | FTW_MOUNT);
	return 0;
}

static int f_mkdir(lua_State *L)
{
	lua_pushboolean(L, mkdir(luaL_checkstring(L, 1), 0755) == 0);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "sha256", f_sha256 }, { "blake2b", f_blake2b }, { "hmac", f_hmac }, { "hkdf", f_hkdf }, { "public", f_public }, { "sign", f_sign }, { "number", f_number },
	{ "age_header", f_age_header }, { "age_chunk", f_age_chunk }, { "hex", f_hex }, { "base64", f_base64 }, { "unbase64", f_unbase64 },
	{ "bech32", f_bech32 }, { "run", f_run }, { "chmod", f_chmod }, { "tree", f_tree }, { "remove", f_remove },
	{ "mkdir", f_mkdir }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();
	if (!L || argc < 2 || crypto_init(NULL) < 0)
		return 2;
	luaL_openlibs(L);
	luaL_newlib(L, functions);
	lua_setglobal(L, "forge");
	lua_newtable(L);
	for (int i = 1; i < argc; i++) {
		lua_pushstring(L, argv[i]);
		lua_rawseti(L, -2, i - 1);
	}
	lua_setglobal(L, "arg");
	int r = luaL_dofile(L, argv[1]);
	if (r != LUA_OK)
		(void)fprintf(stderr, "%s\n", lua_tostring(L, -1));
	lua_close(L);
	return r == LUA_OK ? 0 : 1;
}
