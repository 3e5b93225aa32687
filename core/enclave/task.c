/* The story of one task: the request, a key, what is released to it, the iApp, the result. Runs after lock-down: reads and writes its
 * channel, reads its inputs, exits.
 */
#include "enclave/task.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "enclave/arena.h"
#include "enclave/data.h"
#include "enclave/heap.h"
#include "enclave/host.h"
#include "enclave/policy.h"
#include "enclave/seal.h"
#include "enclave/test.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define SCRIPT_AT 0x650000000000ul
#define SCRIPT_HALF (2 * LIMIT_BOX_MEMORY)	/* address space, not memory; luamem bounds what is used */
#define POLICY_AT 0x650800000000ul	/* behind the two halves of scripts, for the sake of page tables */
#define POLICY_HALF MIB(256)

/* What the zygote prepares and every fork finds: the only state that is not reached through a struct task. One for each kind of task, in a region of its
 * own: neither is worth a byte of the other's memory limit. */
static struct { struct luamem memory; lua_State *L; } pristine[2];

static const struct { uintptr_t at; size_t half; lua_State *(*make)(struct luamem *m); } states[2] = {
	[BOX_KIND_APP] = { SCRIPT_AT, SCRIPT_HALF, host_new },
	[BOX_KIND_POLICY] = { POLICY_AT, POLICY_HALF, policy_new },
};

static int state_map(enum box_kind kind)
{
	struct arena *script;
	if (arena_map(&script, states[kind].at, states[kind].half) < 0)
		return -1;
	luamem_init(&pristine[kind].memory, script);
	return 0;
}

/* The state is the same wherever it is made: its arena has seen nothing else. */
static int state_make(enum box_kind kind)
{
	if (!pristine[kind].L)
		pristine[kind].L = states[kind].make(&pristine[kind].memory);
	return pristine[kind].L ? 0 : -1;
}

int enclave_prepare(void)
{
	if (heap_map() < 0 || crypto_init(NULL) < 0 || state_map(BOX_KIND_APP) < 0 || state_map(BOX_KIND_POLICY) < 0)
		return -1;
	return state_make(BOX_KIND_APP);
}

int enclave_prepare_policy(void)
{
	return state_make(BOX_KIND_POLICY);
}

void enclave_own_policy(void)
{
	if (pristine[BOX_KIND_POLICY].L)
		arena_own(pristine[BOX_KIND_POLICY].memory.arena);
}

_Noreturn void task_limit(struct task *t, enum box_limit which)
{
	end_without_result(t, BOX_LIMIT, which);
}

_Noreturn void task_broken(struct task *t, int exit_status)
{
	channel_end(t->channel, exit_status);
}

static void memory_exhausted(void *ctx)
{
	task_limit(ctx, BOX_LIMIT_MEMORY);
}

static size_t data_count(const struct box_request *r)
{
	size_t n = 0;
	while (n < r->n_inputs && r->inputs[n].kind == BOX_INPUT_DATA)
		n++;
	return n;
}

/* One data that does not open ends a task that has one; of many, each speaks for itself. */
static void data_take(struct task *t, const struct box_release *release)
{
	if (release->n_headers != t->n_data)
		task_broken(t, BOX_EXIT_CHANNEL);
	t->data = calloc(t->n_data + 1, sizeof *t->data);
	if (!t->data)
		task_broken(t, BOX_EXIT_MEMORY);
	for (size_t i = 0; i < t->n_data; i++) {
		const struct box_input *input = &t->request.inputs[i];
		struct data *d = &t->data[i];
		struct err e = { .code = ERR_NONE };
		if (release->headers[i].len == 0)
			err_set(&e, ERR_DENIED, "its owner's rules do not let this run use it");
		else if (data_open(d, input, BOX_FIRST_INPUT_FD + (int)i, &release->headers[i], t->start->box_secret, &e) == 0)
			continue;
		if (!t->request.many)
			end_without_result(t, BOX_BAD_INPUT, BOX_LIMIT_NONE);
		*d = (struct data){ .input = input, .why = e };
	}
}

/* The secrets are an age file to the box. */
static int secrets_open(struct task *t, const struct box_text *in, struct err *e)
{
	struct age_identity me = { .kind = AGE_X25519 };
	struct buf plain = BUF_INIT(LIMIT_BOX_RELEASE_BYTES);
	const uint8_t *bytes = (const uint8_t *)in->text;
	uint8_t key[AGE_FILE_KEY];
	size_t header = 0;
	memcpy(me.secret_key, t->start->box_secret, sizeof me.secret_key);
	int r = age_header_open(key, &header, bytes, in->len, &me, 1, e);
	if (r == 0)
		r = age_small_open(key, bytes + header, in->len - header, &plain, e);
	if (r == 0)
		r = boxwire_secrets_decode(&t->secrets, &t->n_secrets, plain.data, plain.len, e);	/* they lie in plain's bytes, until the box ends */
	crypto_wipe(key, sizeof key);
	crypto_wipe(&me, sizeof me);
	return r;
}

static void release_take(struct task *t)
{
	const struct box_request *r = &t->request;
	struct box_release release;
	uint32_t len;
	if (t->n_data == 0 && r->n_secrets == 0 && !r->app_secret)
		return;
	uint8_t *payload = channel_take(t->channel, BOX_RELEASE, &len);
	if (boxwire_release_decode(&release, payload, len, NULL) < 0)
		task_broken(t, BOX_EXIT_CHANNEL);
	data_take(t, &release);
	if (release.output && release.output < t->result.limit)
		t->result.limit = release.output;
	t->request.logs &= !release.silent;
	if (release.secrets.len && secrets_open(t, &release.secrets, NULL) < 0)
		end_without_result(t, BOX_BAD_INPUT, BOX_LIMIT_NONE);
	boxwire_release_done(&release);
	crypto_wipe(payload, len);
	free(payload);
}

/* main.lua returns the function, or a table with `run`. */
static void entry_call(lua_State *L, struct task *t)
{
	const struct box_text *entry = &t->request.entry;
	lua_pushlstring(L, entry->text, entry->len);
	if (modules_load(L, lua_tostring(L, -1), entry->len) != LUA_OK)
		lua_error(L);
	lua_call(L, 0, 1);
	if (lua_istable(L, -1)) {
		lua_getfield(L, -1, "run");
		lua_remove(L, -2);
	}
	if (!lua_isfunction(L, -1))
		luaL_error(L, "%s must return a function, or a table with a function run; it returned a %s", lua_tostring(L, -2),
			luaL_typename(L, -1));
	task_table_push(L, t);
	lua_call(L, 1, 2);
}

/* nil (or false) and a message is how Lua functions say that the world did not allow it. */
static int run(lua_State *L)
{
	struct task *t = lua_touserdata(L, 1);
	lua_settop(L, 0);
	entry_call(L, t);
	if (!lua_toboolean(L, -2) && !lua_isnil(L, -1)) {
		(void)luaL_tolstring(L, -1, NULL);
		return lua_error(L);
	}
	return 0;
}

static _Noreturn void failed(struct task *t, int status)
{
	lua_State *L = t->L;
	struct failure f = { "", "" };
	if (status == LUA_ERRMEM && !t->memory->oversize)
		task_limit(t, BOX_LIMIT_MEMORY);
	if (t->corrupt_input)
		end_without_result(t, BOX_BAD_INPUT, BOX_LIMIT_NONE);
	t->memory->limit += MIB(1);	/* room for the words */
	if (lua_istable(L, -1)) {
		lua_getfield(L, -1, "message");
		lua_getfield(L, -2, "traceback");
		f.message = lua_tostring(L, -2);
		f.traceback = lua_tostring(L, -1);
	} else if (status == LUA_ERRMEM) {	/* one request that no limit of this iApp could have met: nothing was taken */
		f.message = "not enough memory: one value would be larger than limits.memory in iapp.yaml";
	} else if (lua_isstring(L, -1)) {
		f.message = lua_tostring(L, -1);
	}
	seal_and_end(t, BOX_FAILED, &f);
}

/* The host looks for the line at which a limit is reached by stopping ever closer to it. Nothing that the script does can hold this back. */
static void steps_over(lua_State *L, lua_Debug *ar)
{
	struct task *t = task_of(L);
	(void)ar;
	t->memory->limit += MIB(1);
	lua_sethook(L, NULL, 0, 0);
	lua_pushcfunction(L, trace_handler);
	lua_pushliteral(L, "stopped");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "message");
	lua_getfield(L, -2, "traceback");
	const struct failure f = { lua_tostring(L, -2), lua_tostring(L, -1) };
	seal_and_end(t, BOX_FAILED, &f);
}

static void begin(struct task *t, const struct task_start *s)
{
	struct box_request *r = &t->request;
	crypto_random_seed(s->entropy);
	t->start = s;
	if (boxwire_request_decode(r, s->request, s->request_len, NULL) < 0 || (r->kind == BOX_KIND_APP && r->n_recipients == 0))
		_exit(BOX_EXIT_CHANNEL);
	enum box_kind state = r->kind == BOX_KIND_POLICY ? BOX_KIND_POLICY : BOX_KIND_APP;	/* a test has what an iApp has, and a module more */
	if (state_make(state) < 0)
		_exit(BOX_EXIT_MEMORY);
	t->memory = &pristine[state].memory;
	t->L = pristine[state].L;
	t->n_data = data_count(r);
	t->result.limit = r->output;
}

_Noreturn void task_main(const struct task_start *s)
{
	struct task *t = calloc(1, sizeof *t);
	if (!t || !(t->channel = malloc(sizeof *t->channel)))
		_exit(BOX_EXIT_MEMORY);
	channel_init(t->channel, BOX_CHANNEL_FD);
	begin(t, s);
	channel_add(t->channel, BOX_KEY, s->box_public, sizeof s->box_public);
	if (t->request.kind == BOX_KIND_POLICY)
		policy_main(t);
	release_take(t);
	lua_State *L = t->L;
	luamem_limit(t->memory, t->request.memory, memory_exhausted, t);
	host_adopt(L, t, t->request.seed);
	if (t->request.kind == BOX_KIND_TEST)
		test_main(t);
	if (t->request.steps)
		lua_sethook(L, steps_over, LUA_MASKCOUNT, (int)t->request.steps);
	lua_pushcfunction(L, trace_handler);
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, t);
	int status = lua_pcall(L, 1, 0, 1);
	if (status != LUA_OK)
		failed(t, status);
	seal_and_end(t, BOX_OK, NULL);
}
