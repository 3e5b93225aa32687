/* Decisions per second of one warm zygote, one after another, against the empty iApp in the same kind of box; and what of it is the question, the rules, the answer. The
 * policy is LUA.md's, with some rules more. Sides in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "bench/sides.h"
#include "seal/crypto.h"
#include "trust/policy.h"

#define ROUNDS 21u
#define TASKS 200u	/* of a side in one round */

static const char least[] = "local policy = require \"policy\" return policy { api = 1, id = \"t\", policy.permit { id = \"a\" } }";

static const char usual[] =
	"local policy = require \"policy\"\n"
	"local permit, forbid = policy.permit, policy.forbid\n"
	"return policy { api = 1, id = \"cohort-2026\",\n"
	"  permit { id = \"research\", purposes = { \"DUO:0000006\" }, apps = { \"h1:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\" },\n"
	"    users = { \"enclua18d4z00xwk6jz6c4r4rgz5mcdwdjny9thrh3y8f36cpy2rz6emg5srukvxh\" }, min_assurance = \"software\", not_after = \"2027-01-01\",\n"
	"    when = function(r) return r.task.bulk_size <= 100 end,\n"
	"    oblige { max_uses = 10, min_cohort = 50, output_bytes = 65536, egress = {}, log = \"none\", epsilon_u6 = 500000, price = 25 } },\n"
	"  permit { id = \"teaching\", purposes = { \"teaching\" }, when = function(r) return ends(r.app.name, \"-demo\") end, oblige { max_uses = 1 } },\n"
	"  forbid { id = \"no-raw-copy\", when = function(r) return r.app.outputs_raw end, because = \"raw copies are not for sale\" },\n"
	"  forbid { id = \"no-network\", when = function(r) return any(r.app.egress, function(p) return starts(p, \"https:\") end) end },\n"
	"}\n";

static const char hello[] = "return function() end\n";

static struct box_zygote *zygote(void)
{
	char path[4096];
	const char *build = getenv("BUILD");
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	const struct box_options o = { .enclave = path, .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	must(box_zygote_start(&z, &o, &e) == 0, "a zygote", &e);
	return z;
}

static int result_drop(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)ctx, (void)bytes, (void)n, (void)e;
	return 0;
}

static void app_run(struct box_zygote *z)
{
	struct box_file file = { { "main.lua", 8 }, { hello, sizeof hello - 1 } };
	struct box_request q = { .task = { "t", 1 }, .app_name = { "hello", 5 }, .app_version = { "1.0.0", 5 }, .entry = { "main.lua", 8 }, .memory = POLICY_MEMORY,
		.output = MIB(1), .cpu_ms = 5000, .n_recipients = 1, .files = &file, .n_files = 1 };
	const struct box_task t = { .request = &q, .wall_ms = 10000, .result = result_drop };
	struct box_outcome out;
	struct err e = { .code = ERR_NONE };
	x25519_public(q.recipients[0], (const uint8_t[32]){ 1 });
	must(box_run(z, &t, &out, &e) == 0 && out.done.status == BOX_OK, "the empty iApp", &e);
}

static void policy_run(struct box_zygote *z, const char *text, const struct buf *question)
{
	struct manifest manifest = { .name = "test", .version = "1.0.0", .entry = "policy.lua" };
	struct iapp_file file = { .path = "policy.lua", .bytes = (const uint8_t *)text, .len = strlen(text) };
	const struct iapp policy = { .kind = IAPP_POLICY, .manifest = &manifest, .files = &file, .n_files = 1 };
	struct policy_decision d;
	struct err e = { .code = ERR_NONE };
	must(policy_ask(z, &policy, buf_text(question), question->len, &d, &e) == 0, "a policy", &e);
	must(d.permit && policy_enforce(&d, buf_text(question), question->len, &e) == 0 && d.permit, "a permit", &e);
	policy_decision_done(&d);
}

int main(void)
{
	struct side sides[] = { { .name = "the empty iApp, warm" }, { .name = "a policy of one rule" }, { .name = "a policy of four rules, ten conditions, obligations" } };
	static const char *const texts[] = { NULL, least, usual };
	struct buf question = BUF_INIT(KIB(64));
	struct err e = { .code = ERR_NONE };
	must(crypto_init(&e) == 0 && os_file_read("tests/policy/question.json", &question, &e) == 0, "the question", &e);
	struct box_zygote *z = zygote();
	printf("decisions, %u in each round, question of %zu bytes\n", TASKS, question.len);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++) {
			uint64_t begin = os_now_us();
			for (unsigned i = 0; i < TASKS; i++)
				if (texts[s])
					policy_run(z, texts[s], &question);
				else
					app_run(z);
			sides[s].per_s[round] = TASKS * 1e6 / (double)(os_now_us() - begin);
		}
	box_zygote_stop(z);
	buf_done(&question);
	sides_print(sides, sizeof sides / sizeof sides[0], 0, ROUNDS, "a second");
	return 0;
}
