/* Evidence of confidential VMs (attest_cvm.c, attest_tsm.c of core/trust; tools/attest-helper's tdx.c and snp.c). No such machine stands here: a driver of configfs-tsm is
 * played behind mkdir, open and rmdir, as its ABI says, and answers with quotes and reports of our own chains. It prints TAP.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"
#include "trust/machine.h"
#include "unit/scratch.h"

#define NOW 1763722800

struct scene {
	char dir[PATH_MAX];
	struct machine tdx, snp;
	struct identity *worker;
	struct attest_subject subject;
	struct attest_references *references;
	uint8_t measured[2][48];	/* of the two machines */
};

/* The driver. */
static struct driver {
	const struct scene *s;
	const char *provider;
	enum lie lie;
	int refuses;	/* errno of mkdir, or 0 */
	unsigned disturbed;	/* how many of the next reports somebody else writes into */
	unsigned generation, reports, entries;
	size_t in_len;	/* of the last inblob */
	bool no_auxiliary;
} driver;

int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_open(const char *path, int flags, ...);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_open(const char *path, int flags, ...);

static void attribute_put(const char *entry, const char *name, const void *bytes, size_t n)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", entry, name);
	int fd = __real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(write(fd, bytes, n) == (ssize_t)n);
	close(fd);
}

static void generation_put(const char *entry)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%u\n", driver.generation);
	attribute_put(entry, "generation", text, (size_t)n);
}

static bool is_entry(const char *path)
{
	return driver.s && strncmp(path, driver.s->dir, strlen(driver.s->dir)) == 0 && strstr(path, "/report/enclua-");
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	if (!is_entry(path))
		return __real_mkdir(path, mode);
	if (driver.refuses) {
		errno = driver.refuses;
		return -1;
	}
	if (__real_mkdir(path, mode) < 0)
		return -1;
	char text[64];
	int n = snprintf(text, sizeof text, "%s\n", driver.provider);
	attribute_put(path, "provider", text, (size_t)n);
	attribute_put(path, "inblob", "", 0);
	driver.generation = 0;
	generation_put(path);
	driver.entries++;
	return 0;
}

int __wrap_rmdir(const char *path)
{
	static const char *const attributes[] = { "provider", "inblob", "outblob", "auxblob", "generation" };
	char name[PATH_MAX];
	for (size_t i = 0; is_entry(path) && i < sizeof attributes / sizeof attributes[0]; i++) {
		(void)snprintf(name, sizeof name, "%s/%s", path, attributes[i]);
		(void)unlink(name);
	}
	driver.entries -= is_entry(path);
	return __real_rmdir(path);
}

/* The report is made when it is read; what was written is counted when it is written. */
int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	const char *name = is_entry(path) ? strrchr(path, '/') : NULL;
	char entry[PATH_MAX] = "";
	if (name)
		(void)snprintf(entry, sizeof entry, "%.*s", (int)(name - path), path);
	if (name && strcmp(name, "/inblob") == 0 && (flags & O_ACCMODE) == O_WRONLY) {
		driver.generation++;
		generation_put(entry);
	}
	if (name && strcmp(name, "/outblob") == 0) {
		struct buf in = BUF_INIT(4096), out = BUF_INIT(65536);
		char blob[PATH_MAX];
		(void)snprintf(blob, sizeof blob, "%s/inblob", entry);
		assert_int_equal(os_file_read(blob, &in, NULL), 0);
		driver.in_len = in.len;
		assert_int_equal(in.len, 64);
		driver.reports++;
		if (strcmp(driver.provider, "tdx_guest") == 0)
			tdx_quote(&driver.s->tdx, in.data, driver.lie, &out);
		else
			snp_report(&driver.s->snp, in.data, driver.lie, &out);
		attribute_put(entry, "outblob", out.data, out.len);
		if (strcmp(driver.provider, "sev_guest") == 0 && !driver.no_auxiliary) {
			snp_table(&driver.s->snp, driver.lie, &out);
			attribute_put(entry, "auxblob", out.data, out.len);
		}
		if (driver.disturbed) {
			driver.disturbed--;
			driver.generation++;
			generation_put(entry);
		}
		buf_done(&in);
		buf_done(&out);
	}
	return __real_open(path, flags, mode);
}

/* The lines of both machines; change: a bit of each measurement is turned. snp_roots, or AMD's ARK alone. */
static void references_put(struct scene *s, unsigned change, const struct buf *snp_roots)
{
	char text[1024], enclave[HEX_LEN(32) + 1], hex[2][HEX_LEN(48) + 1], path[PATH_MAX + 32];
	struct err e = { .code = ERR_NONE };
	hex_encode(enclave, s->subject.measurement, 32);
	for (unsigned i = 0; i < 2; i++) {
		s->measured[i][47] ^= (uint8_t)change;
		hex_encode(hex[i], s->measured[i], 48);
		s->measured[i][47] ^= (uint8_t)change;
	}
	scratch_file(s->dir, "tdx.pem", s->tdx.roots.data, s->tdx.roots.len);
	const struct buf *roots = snp_roots ? snp_roots : &s->snp.roots;
	scratch_file(s->dir, "snp.pem", roots->data, roots->len);
	int n = snprintf(text, sizeof text, "measurement %s\ncvm tdx %s root tdx.pem\ncvm sev-snp %s root snp.pem\n", enclave, hex[0], hex[1]);
	scratch_file(s->dir, "references", text, (size_t)n);
	(void)snprintf(path, sizeof path, "%s/references", s->dir);
	attest_references_free(s->references);
	s->references = NULL;
	if (attest_references_read(&s->references, path, &e) < 0)
		fail_msg("%s", e.msg);
}

static int scene_make(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	const uint8_t seed[32] = { 7 };
	char folder[PATH_MAX + 16];
	uint8_t body[520];
	assert_non_null(s);
	assert_int_equal(crypto_init(NULL), 0);
	scratch_make(s->dir);
	(void)snprintf(folder, sizeof folder, "%s/report", s->dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(setenv("ENCLUA_TSM", folder, 1), 0);
	assert_int_equal(setenv("ENCLUA_TPM", "swtpm:path=/nonexistent", 1), 0);
	assert_int_equal(identity_from_seed(&s->worker, seed, NULL), 0);
	for (size_t i = 0; i < sizeof s->subject; i++)
		((uint8_t *)&s->subject)[i] = (uint8_t)(i * 7 + 1);
	memcpy(s->subject.worker, identity_public(s->worker), 32);
	tdx_machine(&s->tdx, NOW, TRUTH);
	snp_machine(&s->snp, NOW, TRUTH);
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)(i * 5 + 1);
	assert_true(EVP_Digest(body + 136, 384, s->measured[0], NULL, EVP_sha384(), NULL) == 1);
	for (size_t i = 0; i < 48; i++)
		s->measured[1][i] = (uint8_t)(i * 3 + 2);
	driver = (struct driver){ .s = s, .provider = "tdx_guest" };
	references_put(s, 0, NULL);
	*state = s;
	return 0;
}

static int scene_drop(void **state)
{
	struct scene *s = *state;
	assert_int_equal(driver.entries, 0);	/* nothing is left in configfs */
	driver.s = NULL;
	attest_references_free(s->references);
	identity_free(s->worker);
	machine_drop(&s->tdx);
	machine_drop(&s->snp);
	scratch_remove(s->dir);
	free(s);
	return 0;
}

/* Evidence of the machine that the driver plays, and what is made of it at that time. */
static enum err_code asked(const struct scene *s, const char *provider, int64_t now, struct attest_claims *c, const char *word)
{
	struct err e = { .code = ERR_NONE };
	struct buf text = BUF_INIT(ATTEST_BYTES);
	if (attest_evidence(provider, &s->subject, s->worker, &text, &e) == 0)
		(void)attest_verify(text.data, text.len, &s->subject, s->references, now, c, &e);
	buf_done(&text);
	if (e.code && word && !strstr(e.msg, word))
		fail_msg("refused for another reason: %s", e.msg);
	return e.code;
}

static void tdx_is_accepted(void **state)
{
	struct scene *s = *state;
	struct attest_claims c;
	assert_int_equal(asked(s, "tdx", NOW, &c, ""), ERR_NONE);
	assert_int_equal(c.level, ATTEST_CVM);
	assert_int_equal(attest_claims_level(&c), ATTEST_CVM);
	assert_false(c.debug || c.simulated);
	assert_string_equal(c.provider, "tdx");
	assert_string_equal(c.tcb, "01060b10151a1f24");
	assert_int_equal(c.not_after, NOW + 31536000);
	assert_non_null(strstr(c.signer, "tdx pck "));
	assert_memory_equal(c.measurement, s->subject.measurement, 32);
	assert_int_equal(driver.in_len, 64);
}

static void sev_snp_is_accepted(void **state)
{
	struct scene *s = *state;
	struct attest_claims c;
	driver.provider = "sev_guest";
	assert_int_equal(asked(s, "sev-snp", NOW, &c, ""), ERR_NONE);
	assert_int_equal(attest_claims_level(&c), ATTEST_CVM);
	assert_string_equal(c.provider, "sev-snp");
	assert_string_equal(c.tcb, "030000000000000d");
	assert_int_equal(c.not_after, NOW + 31536000);
}

/* A host that hands over no certificates: the keeper has them all in its file. */
static void sev_snp_with_certificates_of_the_keeper(void **state)
{
	struct scene *s = *state;
	struct attest_claims c;
	struct buf all = BUF_INIT(65536);
	driver.provider = "sev_guest";
	driver.no_auxiliary = true;
	assert_int_equal(asked(s, "sev-snp", NOW, &c, "without the certificate"), ERR_DENIED);
	chain_pem(&s->snp.leaf, &all);
	chain_pem(&s->snp.middle, &all);
	assert_int_equal(buf_add(&all, s->snp.roots.data, s->snp.roots.len, NULL), 0);
	references_put(s, 0, &all);
	assert_int_equal(asked(s, "sev-snp", NOW, &c, ""), ERR_NONE);
	buf_done(&all);
}

static void the_strongest_is_taken(void **state)
{
	struct scene *s = *state;
	static const struct { const char *driver, *provider; } kinds[] = { { "tdx_guest", "tdx" }, { "sev_guest", "sev-snp" } };
	for (size_t i = 0; i < 2; i++) {
		struct attest_offer offers[8];
		struct attest_claims c;
		driver.provider = kinds[i].driver;
		assert_int_equal(asked(s, NULL, NOW, &c, ""), ERR_NONE);
		assert_string_equal(c.provider, kinds[i].provider);
		size_t n = attest_offers(offers, 8);
		for (size_t k = 0; k < n; k++)
			if (offers[k].level == ATTEST_CVM)
				assert_int_equal(offers[k].present, strcmp(offers[k].provider, kinds[i].provider) == 0);
		assert_int_not_equal(asked(s, kinds[!i].provider, NOW, &c, "provider"), ERR_NONE);
	}
}

/* No ABI, no provider behind it, no right to use it: each is said, and nothing is attested. */
static void absent_is_said(void **state)
{
	struct scene *s = *state;
	static const struct { int refuses; enum err_code code; const char *word; } cases[] = {
		{ 0, ERR_UNAVAILABLE, "this kernel has no configfs-tsm" }, { ENXIO, ERR_UNAVAILABLE, "no confidential VM" }, { EACCES, ERR_DENIED, "may not be used" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct attest_offer offers[8];
		struct attest_claims c;
		char folder[PATH_MAX + 16];
		(void)snprintf(folder, sizeof folder, "%s/%s", s->dir, cases[i].refuses ? "report" : "nothing");
		assert_int_equal(setenv("ENCLUA_TSM", folder, 1), 0);
		driver.refuses = cases[i].refuses;
		assert_int_equal(asked(s, "tdx", NOW, &c, cases[i].word), cases[i].code);
		assert_int_equal(asked(s, NULL, NOW, &c, ""), ERR_NONE);
		assert_string_equal(c.provider, "software");
		size_t n = attest_offers(offers, 8), seen = 0;
		for (size_t k = 0; k < n; k++)
			if (offers[k].level == ATTEST_CVM) {
				seen++;
				assert_false(offers[k].present);
				assert_non_null(strstr(offers[k].why, cases[i].word));
			}
		assert_int_equal(seen, 2);
	}
}

/* Somebody else asks through our entry in between: once is an accident, always is refused. */
static void a_disturbed_report_is_not_believed(void **state)
{
	struct scene *s = *state;
	struct attest_claims c;
	driver.disturbed = 1;
	assert_int_equal(asked(s, "tdx", NOW, &c, ""), ERR_NONE);
	assert_int_equal(driver.reports, 2);
	driver.disturbed = 1000;
	assert_int_equal(asked(s, "tdx", NOW, &c, "somebody else writes"), ERR_CONFLICT);
	assert_int_equal(driver.reports, 5);
}

static void lies_are_refused(void **state)
{
	struct scene *s = *state;
	static const struct { enum lie lie; enum err_code code; const char *word; } cases[] = {
		{ TDX_QE_SIGNER, ERR_DENIED, "not Intel's" }, { TDX_QE_PRODUCT, ERR_DENIED, "not Intel's" }, { TDX_QE_DEBUG, ERR_DENIED, "under debug" },
		{ TDX_KEY_UNBOUND, ERR_INVALID, "does not vouch" }, { TDX_QE_DATA_TAIL, ERR_INVALID, "does not vouch" }, { TDX_VERSION, ERR_INVALID, "version 4" },
		{ TDX_TEE, ERR_INVALID, "version 4" }, { TDX_KEY_TYPE, ERR_INVALID, "version 4" }, { TDX_VENDOR, ERR_INVALID, "version 4" },
		{ TDX_LEAF_OTHER, ERR_INVALID, "not signed by the platform" }, { TDX_EXPIRED, ERR_DENIED, "expired" },
		{ SNP_VMPL, ERR_DENIED, "VMPL" }, { SNP_VLEK, ERR_INVALID, "VCEK" }, { SNP_VERSION, ERR_INVALID, "VCEK" }, { SNP_ALGORITHM, ERR_INVALID, "VCEK" },
		{ SNP_CHIP, ERR_INVALID, "another chip" }, { SNP_NO_VCEK, ERR_DENIED, "without the certificate" }, { SNP_EXPIRED, ERR_DENIED, "expired" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct attest_claims c;
		bool snp = cases[i].lie >= SNP_DEBUG;
		machine_drop(snp ? &s->snp : &s->tdx);
		if (snp)
			snp_machine(&s->snp, NOW, cases[i].lie);
		else
			tdx_machine(&s->tdx, NOW, cases[i].lie);
		references_put(s, 0, NULL);
		driver.provider = snp ? "sev_guest" : "tdx_guest";
		driver.lie = cases[i].lie;
		enum err_code code = asked(s, snp ? "sev-snp" : "tdx", NOW, &c, cases[i].word);
		if (code != cases[i].code)
			fail_msg("lie %d: %d", (int)cases[i].lie, (int)code);
	}
}

static void debug_counts_as_software(void **state)
{
	struct scene *s = *state;
	static const struct { const char *driver, *provider; enum lie lie; } cases[] = { { "tdx_guest", "tdx", TDX_DEBUG }, { "sev_guest", "sev-snp", SNP_DEBUG } };
	for (size_t i = 0; i < 2; i++) {
		struct attest_claims c;
		driver.provider = cases[i].driver;
		driver.lie = cases[i].lie;
		assert_int_equal(asked(s, cases[i].provider, NOW, &c, ""), ERR_NONE);
		assert_int_equal(c.level, ATTEST_CVM);
		assert_true(c.debug);
		assert_int_equal(attest_claims_level(&c), ATTEST_SOFTWARE);
	}
}

static void other_measurements_roots_and_times_are_refused(void **state)
{
	struct scene *s = *state;
	static const struct { const char *driver, *provider; } kinds[] = { { "tdx_guest", "tdx" }, { "sev_guest", "sev-snp" } };
	for (size_t i = 0; i < 2; i++) {
		struct attest_claims c;
		driver.provider = kinds[i].driver;
		references_put(s, 1, NULL);
		assert_int_equal(asked(s, kinds[i].provider, NOW, &c, "measurement"), ERR_DENIED);
		references_put(s, 0, NULL);
		assert_int_equal(asked(s, kinds[i].provider, NOW + 2 * 31536000, &c, "expired"), ERR_DENIED);
		assert_int_equal(asked(s, kinds[i].provider, NOW - 2 * 31536000, &c, "not yet valid"), ERR_DENIED);
		/* The line's root is of another vendor, which made a chain with the same names. */
		struct machine ours = i ? s->snp : s->tdx, *there = i ? &s->snp : &s->tdx;
		(i ? snp_machine : tdx_machine)(there, NOW, OTHER_VENDOR);
		references_put(s, 0, NULL);
		struct machine theirs = *there;
		*there = ours;
		assert_int_equal(asked(s, kinds[i].provider, NOW, &c, "no accepted root"), ERR_DENIED);
		machine_drop(&theirs);
		references_put(s, 0, NULL);
		assert_int_equal(asked(s, kinds[i].provider, NOW, &c, ""), ERR_NONE);
	}
}

/* For another nonce, task, box …: the worker signs the changed text, the platform has not. */
static void evidence_of_something_else_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct buf text = BUF_INIT(ATTEST_BYTES);
	struct attest_claims c;
	struct attest_text t;
	struct attest_subject other = s->subject;
	assert_int_equal(attest_evidence("tdx", &s->subject, s->worker, &text, &e), 0);
	other.nonce[0] ^= 1;
	assert_int_equal(attest_verify(text.data, text.len, &other, s->references, NOW, &c, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	attest_text_init(&t);
	assert_int_equal(attest_text_read(&t, text.data, text.len, &e), 0);
	attest_report_data(&other, t.report);
	buf_clear(&text);
	assert_int_equal(attest_text_sign(&t, s->worker, &text, &e), 0);
	assert_int_equal(attest_verify(text.data, text.len, &other, s->references, NOW, &c, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.msg, "another task, box or nonce"));
	attest_text_done(&t);
	buf_done(&text);
}

/* Every byte before the certificates changed, every eleventh length. The certificates themselves are OpenSSL's to judge. */
static void every_change_is_refused(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS];
	uint8_t report[64] = { 9 }, time[8];
	struct buf bytes = BUF_INIT(65536), table = BUF_INIT(65536);
	put_little(time, NOW, 8);
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	for (unsigned snp = 0; snp < 2; snp++) {
		const struct machine *m = snp ? &s->snp : &s->tdx;
		enum helper_op op = snp ? HELPER_SNP_VERIFY : HELPER_TDX_VERIFY;
		if (snp) {
			snp_report(m, report, TRUTH, &bytes);
			snp_table(m, TRUTH, &table);
		} else {
			tdx_quote(m, report, TRUTH, &bytes);
		}
		struct helper_field in[] = { { bytes.data, bytes.len }, { table.data, table.len }, { report, 64 }, { m->roots.data, m->roots.len }, { time, 8 } };
		if (helper_ask(h, op, in, out, &e) < 0)
			fail_msg("%s", e.msg);
		for (size_t i = 0; i < (snp ? bytes.len : TDX_CHAIN_AT); i++) {
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
			if (helper_ask(h, op, in, out, &e) == 0)
				fail_msg("byte %zu may be changed", i);
			assert_true(e.code == ERR_INVALID || e.code == ERR_DENIED);
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
		}
		for (in[0].len = 0; in[0].len < bytes.len; in[0].len += 11)
			assert_int_equal(helper_ask(h, op, in, out, &e), -1);
		in[0].len = bytes.len;
		report[0] ^= 1;
		assert_int_equal(helper_ask(h, op, in, out, &e), -1);
		report[0] ^= 1;
		assert_int_equal(helper_ask(h, op, in, out, &e), 0);
	}
	helper_end(h);
	buf_done(&bytes);
	buf_done(&table);
}

/* A quote of a real machine, and Intel's own root: recorded, not made by us (tests/vectors/attest/README.md). Its measurement was computed by another program. */
static void a_recorded_quote_is_accepted(void **state)
{
	struct scene *s = *state;
	struct err e = { .code = ERR_NONE };
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS];
	struct buf quote = BUF_INIT(65536), root = BUF_INIT(65536);
	uint8_t time[8], expected[48], report[64];
	static const char measurement[] = "f557ca132d8e45eab625c237a4533c006f7a3ca7bcc7ffa7fbfc867228be0b716e42981598211b4b9464738584e030c4";
	assert_int_equal(os_file_read("tests/vectors/attest/tdx_quote", &quote, &e), 0);
	assert_int_equal(os_file_read("tests/vectors/attest/intel_root.pem", &root, &e), 0);
	assert_int_equal(hex_decode(expected, sizeof expected, measurement, strlen(measurement)), 0);
	memcpy(report, quote.data + 48 + 520, sizeof report);
	put_little(time, NOW, 8);
	struct helper_field in[] = { { quote.data, quote.len }, { NULL, 0 }, { report, 64 }, { root.data, root.len }, { time, 8 } };
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	if (helper_ask(h, HELPER_TDX_VERIFY, in, out, &e) < 0)
		fail_msg("%s", e.msg);
	assert_memory_equal(out[0].at, expected, sizeof expected);
	assert_int_equal(out[1].at[0], 0);
	assert_true(out[2].len == 16 && memcmp(out[2].at, "0701030000000000", 16) == 0);
	for (size_t i = 0; i < TDX_CHAIN_AT; i += 7) {
		quote.data[i] ^= 0x10;
		assert_int_equal(helper_ask(h, HELPER_TDX_VERIFY, in, out, &e), -1);
		quote.data[i] ^= 0x10;
	}
	put_little(time, 2000000000, 8);	/* in 2033 the PCK's certificate is over */
	assert_int_equal(helper_ask(h, HELPER_TDX_VERIFY, in, out, &e), -1);
	assert_non_null(strstr(e.msg, "expired"));
	put_little(time, NOW, 8);
	in[3] = (struct helper_field){ s->tdx.roots.data, s->tdx.roots.len };
	assert_int_equal(helper_ask(h, HELPER_TDX_VERIFY, in, out, &e), -1);
	assert_non_null(strstr(e.msg, "no accepted root"));
	helper_end(h);
	buf_done(&quote);
	buf_done(&root);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_drop)
	const struct CMUnitTest tests[] = {
		T(tdx_is_accepted), T(sev_snp_is_accepted), T(sev_snp_with_certificates_of_the_keeper), T(the_strongest_is_taken), T(absent_is_said),
		T(a_disturbed_report_is_not_believed), T(lies_are_refused), T(debug_counts_as_software), T(other_measurements_roots_and_times_are_refused),
		T(evidence_of_something_else_is_refused), T(every_change_is_refused), T(a_recorded_quote_is_accepted),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
