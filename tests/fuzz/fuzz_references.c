/* A keeper's reference values. What is accepted stands in the text: each measurement and key digit by digit, in a line of its kind; comments and empty lines change nothing. Roots are
 * read from a file beside it, which is not there: a line that names one is refused.
 */
#include "../../core/trust/attest_references.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool stands(const uint8_t *data, size_t size, const uint8_t *bytes, size_t n)
{
	char hex[HEX_LEN(48) + 1];
	hex_encode(hex, bytes, n);
	return memmem(data, size, hex, HEX_LEN(n)) != NULL;
}

static struct attest_references *read_all(const char *text, size_t len)
{
	struct err e = { .code = ERR_NONE };
	struct attest_references *r = references_new(NULL);
	require(r != NULL);
	r->path = "/nowhere/references";
	if (lines_read(r, text, len, &e) == 0)
		return r;
	require(e.code != ERR_NONE && strstr(e.msg, "line ") != NULL);
	attest_references_free(r);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf more = BUF_INIT(MIB(4));
	char *text = malloc(size ? size : 1);	/* exactly as long as the input, so that a sanitizer sees a byte too far */
	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	struct attest_references *r = read_all(text, size), *same = NULL;
	if (r) {
		require(r->n_roots == 0 && r->n_measurements < LINES_MAX && r->n_aks < LINES_MAX);
		for (size_t i = 0; i < r->n_measurements; i++)
			require(stands(data, size, r->measurements[i], 32) && attest_measurement_accepted(r, r->measurements[i]) && memmem(data, size, "measurement", 11));
		for (size_t i = 0; i < r->n_aks; i++)
			require(stands(data, size, r->aks[i].name, 32) && stands(data, size, r->aks[i].pcrs, 32) && attest_ak_find(r, r->aks[i].name));
		require(buf_add_text(&more, "# comment\n\n", NULL) == 0 && buf_add(&more, data, size, NULL) == 0 && buf_add_text(&more, "\n#\n\n", NULL) == 0);
		same = read_all(buf_text(&more), more.len);
		require(same && same->n_measurements == r->n_measurements && same->n_aks == r->n_aks);
	}
	attest_references_free(r);
	attest_references_free(same);
	free(text);
	buf_done(&more);
	return 0;
}
