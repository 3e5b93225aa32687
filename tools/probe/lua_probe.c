/* lua_probe: could this Lua library run hostile code, and give the same answer twice? Built against the machine's own Lua by `make LUA=system`.
 * Each row of the table is a defect that some release of Lua 5.4 has, or a source of difference between two runs. Each is tried in a fresh
 * process, because the answer of a bad library is often a crash. Prints a line per row; exit 0 only if all hold.
 *
 * Blocks are checked when they are freed and never used again, so that a defect shows on its first use and not by luck.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#define HEAP_BYTES (256u << 20)	/* of one row, dead blocks and all */
#define CPU_SECONDS 20
#define ANSWER_BYTES 4096
#define RUNS 6	/* of a row that has to give the same answer every time */

struct row {
	const char *wrong;	/* what is wrong with a library in which the row fails */
	const char *answer;	/* that the script returns; NULL: any, but the same in every run */
	const char *script;
};

static const struct row rows[] = {
	{ "concatenation with a metamethod reads freed memory", "id=x:B",
	  "local function d(n) if n == 0 then return 0 end return 1 + d(n - 1) end\n"
	  "local B = setmetatable({}, {__concat = function(l, r) d(200) return tostring(l) .. 'B' end})\n"
	  "return 'id=' .. 'x' .. ':' .. B" },
	{ "coroutines that close one another in a chain overflow the C stack", "false",
	  "local last\n"
	  "for i = 1, 5000 do\n"
	  "  local before = last\n"
	  "  last = coroutine.create(function()\n"
	  "    local c <close> = setmetatable({}, {__close = function() if before then assert(coroutine.close(before)) end end})\n"
	  "    coroutine.yield()\n"
	  "  end)\n"
	  "  coroutine.resume(last)\n"
	  "end\n"
	  "return tostring((coroutine.close(last)))" },
	{ "a bitwise operation on a constant is miscompiled in a function with many constants", "3",
	  "local t = {}\n"
	  "for i = 1, 257 do t[i] = i .. '.5' end\n"
	  "return tostring(load('local t = {' .. table.concat(t, ',') .. '} return 1 ~ (2 or 3)')())" },
	{ "an iterator of string.gmatch forgets its limit of depth after an error and overflows the C stack", "5",
	  "local step = string.gmatch(('a'):rep(100), ('.-'):rep(1000000) .. 'b')\n"
	  "local n = 0\n"
	  "for i = 1, 5 do if not pcall(step) then n = n + 1 end end\n"
	  "return tostring(n)" },
	{ "the hash seed comes from addresses or the clock: tables are walked in another order in every run", NULL,
	  "local t, out = {}, {}\n"
	  "for i = 1, 64 do t['key' .. i] = i end\n"
	  "for _, v in pairs(t) do out[#out + 1] = v end\n"
	  "return table.concat(out, ' ')" },
	{ "tostring shows addresses, which differ in every run", NULL,
	  "return tostring({}) .. tostring(print) .. string.format('%p', {})" },
	{ "the pivot of table.sort comes from the clock: the same sort takes other steps in every run", NULL,
	  /* It is asked for only when a partition is lopsided, so the order is made up as the sort goes (McIlroy, A killer adversary). */
	  "local t, value, gas, solid, candidate = {}, {}, 1e9, 0, 0\n"
	  "for i = 1, 2000 do t[i] = i value[i] = gas end\n"
	  "table.sort(t, function(a, b)\n"
	  "  if value[a] == gas and value[b] == gas then value[a == candidate and a or b] = solid solid = solid + 1 end\n"
	  "  if value[a] == gas then candidate = a elseif value[b] == gas then candidate = b end\n"
	  "  return value[a] < value[b]\n"
	  "end)\n"
	  "return table.concat(t, ' ', 1, 400)" },
};

#define ROWS (sizeof rows / sizeof *rows)
#define LIVE UINT64_C(0x6c69766562797465)
#define DEAD UINT64_C(0x6465616462797465)

struct head {
	uint64_t magic, size;
};

static void *heap_resize(void *ctx, void *old, size_t old_size, size_t size)
{
	size_t *used = ctx;
	struct head *was = old ? (struct head *)old - 1 : NULL, *is = NULL;
	(void)old_size;	/* not to be believed */
	if (was && was->magic != LIVE)
		abort();	/* freed twice */
	if (size) {
		if (size > HEAP_BYTES - *used || !(is = malloc(sizeof *is + size)))
			return NULL;
		*is = (struct head){ .magic = LIVE, .size = size };
		*used += size;
		if (was)
			memcpy(is + 1, old, was->size < size ? was->size : size);
	}
	if (was) {
		memset(old, 0xdd, was->size);
		was->magic = DEAD;
	}
	return is ? is + 1 : NULL;
}

/* In a process of its own: the script's answer on stdout. */
static int script_run(const struct row *r)
{
	static const struct { const char *name; lua_CFunction open; } libs[] = {
		{ LUA_GNAME, luaopen_base }, { LUA_COLIBNAME, luaopen_coroutine }, { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string },
	};
	size_t used = 0;
	lua_State *L = lua_newstate(heap_resize, &used);
	if (!L)
		return 1;
	for (size_t i = 0; i < sizeof libs / sizeof *libs; i++) {
		luaL_requiref(L, libs[i].name, libs[i].open, 1);
		lua_pop(L, 1);
	}
	bool good = luaL_loadstring(L, r->script) == LUA_OK && lua_pcall(L, 0, 1, 0) == LUA_OK && lua_isstring(L, -1);
	if (good)
		good = fputs(lua_tostring(L, -1), stdout) >= 0 && fflush(stdout) == 0;
	lua_close(L);
	return good ? 0 : 1;
}

static void row_become(size_t i, int out)
{
	char number[24];
	(void)snprintf(number, sizeof number, "%zu", i);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	(void)setrlimit(RLIMIT_CPU, &(struct rlimit){ CPU_SECONDS, CPU_SECONDS });
	if (dup2(out, STDOUT_FILENO) >= 0)
		(void)execl("/proc/self/exe", "lua_probe", number, (char *)NULL);
	_exit(127);
}

/* False when the child crashed or failed. A program that starts anew gets new addresses and another time. */
static bool row_try(size_t i, char answer[static ANSWER_BYTES])
{
	int p[2], status = 0;
	size_t got = 0;
	if (pipe(p) < 0)
		return false;
	pid_t child = fork();
	if (child == 0)
		row_become(i, p[1]);
	close(p[1]);
	for (ssize_t n; got < ANSWER_BYTES - 1 && (n = read(p[0], answer + got, ANSWER_BYTES - 1 - got)) > 0;)
		got += (size_t)n;
	answer[got] = '\0';
	close(p[0]);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool row_holds(size_t i)
{
	char first[ANSWER_BYTES], again[ANSWER_BYTES];
	if (!row_try(i, first))
		return false;
	if (rows[i].answer)
		return strcmp(first, rows[i].answer) == 0;
	for (int run = 1; run < RUNS; run++)
		if (!row_try(i, again) || strcmp(first, again) != 0)
			return false;
	return true;
}

/* The same table for another host of Lua: the tests run it in a box. */
static int rows_print(void)
{
	printf("return {\n");
	for (size_t i = 0; i < ROWS; i++) {
		printf("{ wrong = [==[%s]==], script = [==[%s]==]", rows[i].wrong, rows[i].script);
		printf(rows[i].answer ? ", answer = [==[%s]==] },\n" : " },\n", rows[i].answer);
	}
	return printf("}\n") < 0 || fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--rows"))
		return rows_print();
	size_t failed = 0, i = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (argc > 1)
		return i < ROWS ? script_run(&rows[i]) : 2;
	for (i = 0; i < ROWS; i++) {
		bool holds = row_holds(i);
		printf("  %-8s %s\n", holds ? "not so:" : "so:", rows[i].wrong);
		failed += !holds;
	}
	printf("%s: %zu of %zu reasons to refuse it\n", LUA_RELEASE, failed, ROWS);
	return failed ? 1 : 0;
}
