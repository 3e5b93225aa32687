/* What a policy's box may say: the answer before the first zero byte, a question behind it. A permit has rules and no reasons; obligations that were read are written and read again
 * as the same; and holding them against any question never makes a permit of a denial.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/trust/policy.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void obligations_again(const struct obligations *o)
{
	struct buf text = BUF_INIT(KIB(16)), again = BUF_INIT(KIB(16));
	struct obligations back;
	struct json *tree = NULL;
	require(obligations_write(o, &text, NULL) == 0);
	if (text.len) {
		require(json_parse(&tree, buf_text(&text), text.len, NULL) == 0 && obligations_read(&back, tree, NULL) == 0);
		require(obligations_write(&back, &again, NULL) == 0 && again.len == text.len && memcmp(again.data, text.data, text.len) == 0);
		obligations_merge(&back, o);
		buf_clear(&again);
		require(obligations_write(&back, &again, NULL) == 0 && again.len == text.len && memcmp(again.data, text.data, text.len) == 0);
	}
	json_free(tree);
	buf_done(&text);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	size_t len = end ? (size_t)(end - data) : size, rest = end ? size - len - 1 : 0;
	struct policy_decision *d = calloc(1, sizeof *d);
	if (len > POLICY_ANSWER_BYTES || !d) {
		free(d);
		return 0;
	}
	d->answer = (struct buf)BUF_INIT(POLICY_ANSWER_BYTES);
	require(buf_add(&d->answer, data, len, NULL) == 0);
	if (answer_read(d, false)) {
		bool permit = d->permit;
		require(permit ? d->n_rules > 0 && d->n_reasons == 0 : d->n_reasons > 0);
		obligations_again(&d->obligations);
		int r = policy_enforce(d, end ? (const char *)end + 1 : "", rest, NULL);
		require(!d->permit || (permit && r == 0));
	} else {
		deny(d, "error:E_INVALID");
		require(!d->permit && d->n_reasons == 1 && d->answer.len == 0 && !d->tree);
	}
	policy_decision_done(d);
	free(d);
	return 0;
}
