/* enclua doctor: what this machine offers a box, and how fast it seals and commits. It tries things instead of asking for versions: each
 * layer is made once in a child, a zygote is started, bytes are sealed, a file is synced. It changes nothing and needs no home.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "box/box.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "trust/attest.h"
#include "verbs.h"

#define SPEED_US 100000u	/* how long each speed is measured */
#define OFFERS 8u
#define SYNC_BYTES 4096u
#define SYNC_MAX 200u

static void put_text(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text);
}

static void put_bool(struct cli *c, const char *key, bool v)
{
	json_write_key(&c->out, key);
	json_write_bool(&c->out, v);
}

/* The value of the first line "key : value" of /proc/cpuinfo. */
static void cpu_model(char *out, size_t size)
{
	char line[512];
	FILE *f = fopen("/proc/cpuinfo", "re");
	(void)snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof line, f)) {
		char *colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		(void)snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

static int machine_show(struct cli *c, struct err *e)
{
	struct utsname u;
	cpu_set_t set;
	char model[128];
	CPU_ZERO(&set);
	int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	if (uname(&u) < 0)
		return err_sys(e, errno, "cannot tell the kernel");
	cpu_model(model, sizeof model);
	put_text(c, "kernel", u.release);
	put_text(c, "machine", u.machine);
	put_text(c, "cpu", model);
	json_write_key(&c->out, "cores");
	json_write_int(&c->out, cores);
	return cli_print(c, e, "machine      %s, Linux %s, %d core%s, %s\n", u.machine, u.release, cores, cores == 1 ? "" : "s",
		cli_safe(model, strlen(model), 0));
}

static int layers_show(struct cli *c, struct err *e)
{
	uint32_t works = box_layers_probe();
	bool seccomp = box_seccomp_probe();
	json_write_key(&c->out, "layers");
	json_write_object(&c->out);
	put_bool(c, "seccomp", seccomp);
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		put_bool(c, box_layer_name(l), works >> l & 1);
	json_write_object_end(&c->out);
	if (cli_print(c, e, "layers       %-10s %-8s keeps an iApp from any system call but four; never optional\n", "seccomp",
		    seccomp ? "works" : "MISSING") < 0)
		return -1;
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (cli_print(c, e, "             %-10s %-8s keeps it from %s\n", box_layer_name(l), works >> l & 1 ? "works" : "MISSING",
			    box_layer_text(l)) < 0)
			return -1;
	return 0;
}

/* The one question that counts: does a box start here? */
static int box_show(struct cli *c, struct err *e)
{
	char path[4096] = "", hex[HEX_LEN(32) + 1] = "";
	struct box_zygote *z = NULL;
	struct box_options o = { .enclave = NULL };
	struct err why = { .code = ERR_NONE };
	uint64_t begun = os_now_us();
	bool ready = box_enclave_path(path, sizeof path, &why) == 0 && box_zygote_start(&z, &o, &why) == 0;
	uint64_t took = os_now_us() - begun;
	if (ready)
		hex_encode(hex, box_measurement(z), 32);
	box_zygote_stop(z);
	put_bool(c, "ready", ready);
	put_text(c, "enclave", path[0] ? path : NULL);
	put_text(c, "measurement", ready ? hex : NULL);
	put_text(c, "reason", ready ? NULL : why.msg);
	put_text(c, "hint", why.hint[0] ? why.hint : NULL);
	if (cli_print(c, e, "enclave      %s\n", path[0] ? cli_safe(path, strlen(path), 0) : "not found") < 0)
		return -1;
	if (ready)
		return cli_print(c, e, "measurement  %s\nbox          ready: a zygote starts in %.1f ms\n", hex, (double)took / 1000);
	return cli_print(c, e, "box          NOT READY: %s\n%s%s%s", cli_safe(why.msg, strlen(why.msg), 0), why.hint[0] ? "             try: " : "",
		why.hint, why.hint[0] ? "\n" : "");
}

/* What evidence this machine can give, from the strongest; what the best of it is worth, in the words of receipts. */
static int attestation_show(struct cli *c, struct err *e)
{
	struct attest_offer offers[OFFERS];
	size_t n = attest_offers(offers, OFFERS);
	enum attest_level best = ATTEST_SOFTWARE;
	json_write_key(&c->out, "attestation");
	json_write_array(&c->out);
	for (size_t i = 0; i < n; i++) {
		const char *why = !offers[i].present ? cli_safe(offers[i].why, strlen(offers[i].why), 0) : offers[i].simulated ? "an emulator, which counts as software" : "";
		json_write_object(&c->out);
		put_text(c, "provider", offers[i].provider);
		put_text(c, "level", attest_level_text(offers[i].level));
		put_bool(c, "present", offers[i].present);
		put_bool(c, "simulated", offers[i].simulated);
		put_text(c, "why", offers[i].present ? NULL : offers[i].why);
		json_write_object_end(&c->out);
		if (offers[i].present && !offers[i].simulated && offers[i].level > best)
			best = offers[i].level;
		if (cli_print(c, e, "%-12s %-10s %-*s%s\n", i ? "" : "attestation", offers[i].provider, *why ? 9 : 0, offers[i].present ? "present" : "absent", why) < 0)
			return -1;
	}
	json_write_array_end(&c->out);
	put_text(c, "assurance", attest_level_text(best));
	put_text(c, "assurance_sentence", attest_level_sentence(best));
	return cli_print(c, e, "assurance    %s: %s\n", attest_level_text(best), attest_level_sentence(best));
}

/* One round of each speed; returns how many bytes, or how many operations, it did. */
static size_t seal_round(uint8_t *block)
{
	static const uint8_t zero[AGE_NONCE];
	struct age_payload p;
	age_payload_init(&p, zero, zero);
	age_chunk_seal(&p, block + AGE_SEALED_CHUNK, block, AGE_CHUNK, 0, false);
	return AGE_CHUNK;
}

static size_t hash_round(uint8_t *block)
{
	uint8_t digest[32];
	sha256(digest, block, AGE_CHUNK);
	return AGE_CHUNK;
}

static size_t verify_round(uint8_t *block)
{
	uint8_t seed[32] = { 1 }, pub[32], sig[64];
	ed25519_public(pub, seed);
	ed25519_sign(sig, block, 256, seed);
	(void)ed25519_verify(sig, block, 256, pub);
	return 1;
}

static const struct { const char *key, *text, *unit; double scale; size_t (*round)(uint8_t *block); } speeds[] = {
	{ "seal_mb_s", "ChaCha20-Poly1305", "MB/s", 1e6, seal_round },
	{ "sha256_mb_s", "SHA-256", "MB/s", 1e6, hash_round },
	{ "sign_verify_s", "Ed25519 key, signature and check", "per second", 1, verify_round },
};

static int crypto_show(struct cli *c, struct err *e)
{
	uint8_t *block = calloc(1, 2 * (size_t)AGE_SEALED_CHUNK);
	int r = 0;
	if (!block)
		return err_set(e, ERR_LIMIT, "out of memory");
	json_write_key(&c->out, "crypto");
	json_write_object(&c->out);
	for (size_t i = 0; i < sizeof speeds / sizeof *speeds && r == 0; i++) {
		uint64_t begun = os_now_us(), took;
		size_t done = 0;
		do {
			done += speeds[i].round(block);
			took = os_now_us() - begun;
		} while (took < SPEED_US);
		double speed = (double)done / speeds[i].scale * 1e6 / (double)took;
		json_write_key(&c->out, speeds[i].key);
		json_write_uint(&c->out, (uint64_t)speed);
		r = cli_print(c, e, "%-12s %.0f %s, %s, one core\n", i ? "" : "crypto", speed, speeds[i].unit, speeds[i].text);
	}
	json_write_object_end(&c->out);
	free(block);
	return r;
}

static int u64_compare(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* Appends and syncs like a commit does, in an unnamed file of the home's file system. Returns the median in µs, or 0 when it cannot. */
static uint64_t sync_median(const char *dir)
{
	uint64_t took[SYNC_MAX], begun = os_now_us();
	uint8_t page[SYNC_BYTES] = { 0 };
	size_t n = 0;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return 0;
	while (n < SYNC_MAX && (n == 0 || os_now_us() - begun < 2 * SPEED_US)) {
		uint64_t start = os_now_us();
		if (os_write(fd, page, sizeof page) < 0 || fdatasync(fd) < 0) {
			n = 0;
			break;
		}
		took[n++] = os_now_us() - start;
	}
	close(fd);
	if (n)
		qsort(took, n, sizeof *took, u64_compare);
	return n ? took[n / 2] : 0;
}

static int disk_show(struct cli *c, struct err *e)
{
	char dir[sizeof c->home];
	memcpy(dir, c->home, sizeof dir);
	while (!os_exists(dir)) {	/* no home yet: the nearest folder above the place where it would be */
		char *slash = strrchr(dir, '/');
		if (!slash || slash == dir) {
			(void)snprintf(dir, sizeof dir, "%s", slash ? "/" : ".");
			break;
		}
		*slash = '\0';
	}
	uint64_t us = sync_median(dir);
	json_write_key(&c->out, "disk");
	json_write_object(&c->out);
	put_text(c, "path", dir);
	json_write_key(&c->out, "sync_us");
	if (us)
		json_write_uint(&c->out, us);
	else
		json_write_null(&c->out);
	json_write_object_end(&c->out);
	if (!us)
		return cli_print(c, e, "disk         cannot measure in %s\n", cli_safe(dir, strlen(dir), 0));
	return cli_print(c, e, "disk         4 KiB written and synced in %.3f ms (median) at %s\n", (double)us / 1000,
		cli_safe(dir, strlen(dir), 0));
}

static int run_doctor(struct cli *c, struct args *a, struct err *e)
{
	static int (*const steps[])(struct cli *c, struct err *e) = {
		machine_show, layers_show, box_show, attestation_show, crypto_show, disk_show,
	};
	(void)a;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i](c, e) < 0)
			return -1;
	return 0;
}

const struct command doctor_commands[] = {
	{ "doctor", "", "What this machine offers: isolation, attestation, speed of crypto and disk",
	  "Example: enclua doctor\n\nEach layer is tried, not looked up. The exit code is 0 also when a layer is missing; with --json the member \"ready\" says\n"
	  "whether a box starts here with all layers, and \"reason\" and \"hint\" why not and what to do.", NULL, 0, 0, run_doctor },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
