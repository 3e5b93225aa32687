/* An owner's policy.lua, whatever it is, asked in the box's own state for policies, and a question, up to the first zero byte of the input and behind it. Whatever the policy does,
 * the keeper's reader takes the answer; a text without "permit" never permits; the same policy asked twice in the real arena says the same, at the same cost.
 * fuzz-run: -max_len=2000 -len_control=0 -entropic=0
 */
#include "box/frames.h"
#include "enclave/policy.h"
#include "fuzz/lua_world.h"

#include "../../core/trust/policy.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* As hosts ask it; behind it in memory no zero byte. */
extern const char question[], question_end[];
__asm__(".pushsection .rodata\n.globl question, question_end\nquestion: .incbin \"tests/policy/question.json\"\nquestion_end: .byte 0\n.popsection\n");

/* The answer, or nothing. */
static void run_once(const char *policy, size_t len, const char *asked, size_t asked_len, struct buf *answer)
{
	static struct luamem m;
	static struct task t;
	static struct box_file file;
	static struct box_arg arg;
	static lua_State *L;
	static const uint8_t key[32];
	struct frames f;
	struct frame one;
	enum frames_verdict v;
	const char *why = "";
	size_t at = 0, used;
	world_begin();
	luamem_init(&m, real);
	L = policy_new(&m);
	require(L != NULL);
	file = (struct box_file){ .path = { "policy.lua", 10 }, .bytes = { policy, len } };
	arg = (struct box_arg){ .name = { BOX_POLICY_ARG, strlen(BOX_POLICY_ARG) }, .value = { asked, asked_len } };
	t = (struct task){ .memory = &m, .L = L };
	t.request = (struct box_request){ .kind = BOX_KIND_POLICY, .entry = file.path, .files = &file, .n_files = 1, .args = &arg, .n_args = 1, .memory = POLICY_MEMORY,
		.output = POLICY_ANSWER_BYTES };
	channel_add(NULL, BOX_KEY, key, sizeof key);
	lua_sethook(L, steps_over, HOOKS, STEPS);
	if (setjmp(run.out) == 0)
		policy_main(&t);
	if (run.ending != LIMITED) {
		frames_init(&f, t.request.output);
		while ((v = frames_next(&f, run.frames.data + at, run.frames.len - at, &one, &used, &why)) == FRAMES_ONE) {
			if (one.kind == BOX_RESULT)
				require(buf_add(answer, one.payload, one.len, NULL) == 0);
			at += used;
		}
		require(v == FRAMES_MORE && at == run.frames.len && f.stage == FRAMES_DONE);
		lua_close(L);
	}
	world_end(&t);
}

static void answer_check(const struct buf *answer, const char *policy, size_t len, bool test)
{
	struct policy_decision *d = calloc(1, sizeof *d);
	require(d != NULL);
	d->answer = (struct buf)BUF_INIT(POLICY_ANSWER_BYTES);
	require(buf_add(&d->answer, answer->data, answer->len, NULL) == 0);
	if (!test && !answer_read(d, false)) {
		fprintf(stderr, "the keeper does not take: %.*s\n", (int)answer->len, (const char *)answer->data);
		abort();
	}
	require(!d->permit || memmem(policy, len, "permit", 6));
	policy_decision_done(d);
	free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t len = zero ? (size_t)(zero - data) : size;
	const char *policy = (const char *)data, *asked = zero ? (const char *)zero + 1 : question;
	size_t asked_len = zero ? size - len - 1 : (size_t)(question_end - question);
	bool test = memmem(asked, asked_len, "mutate", 6) || memmem(asked, asked_len, "\\u", 2);
	struct buf answer = BUF_INIT(MIB(1)), again = BUF_INIT(MIB(1));
	run_once(policy, len, asked, asked_len, &answer);
	if (answer.len)
		answer_check(&answer, policy, len, test);
	if (len % 4 == 0) {
		uint64_t peak = 0;
		for (int i = 0; i < 2; i++) {
			enum ending before = run.ending;
			buf_clear(&again);
			world_real(true);
			run_once(policy, len, asked, asked_len, &again);
			world_real(false);
			require(i == 0 || (before == run.ending && peak == run.steps && again.len == answer.len));
			require(i == 0 || !again.len || memcmp(again.data, answer.data, again.len) == 0);
			peak = run.steps;
			buf_clear(&answer);
			require(!again.len || buf_add(&answer, again.data, again.len, NULL) == 0);
		}
	}
	buf_done(&answer);
	buf_done(&again);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	world_make();
	return 0;
}
