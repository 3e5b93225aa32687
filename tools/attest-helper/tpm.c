/* A TPM 2.0 as far as evidence needs it: ten commands, written by hand (TPM 2.0 Part 3), without sessions but the policy session of the EK. All authorisations are empty:
 * a TPM whose owner has set one is enrolled by them, not by us. What the TPM answers is parsed as strictly as what a stranger sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "helper.h"

#define RC_BYTES 10u	/* of every command and answer: tag, size, code */
#define ANSWER_BYTES 4096u	/* the most a TPM sends */
#define NO_SESSIONS 0x8001u
#define SESSIONS 0x8002u
#define RH_OWNER 0x40000001u
#define RH_NULL 0x40000007u
#define RS_PASSWORD 0x40000009u
#define RH_ENDORSEMENT 0x4000000bu
#define AK_HANDLE 0x8101ec1au	/* where our AK is kept */
#define ALG_NULL 0x0010u
#define ALG_SHA256 0x000bu
#define NV_EK_RSA 0x01c00002u
#define NV_EK_ECC 0x01c0000au
#define NV_STEP 512u	/* every TPM reads as much at once */
#define CERTIFICATE_BYTES 4096u
#define PUBLIC_BYTES 512u
#define CAP_PROPERTIES 6u
#define PT_MANUFACTURER 0x105u
#define PT_COUNT 5u	/* manufacturer, and the vendor's text in four parts */
#define RC_HANDLE 0x18bu	/* of a handle that there is none of; F: what it was the n-th of is masked out */
#define RC_HANDLE_MASK 0xf000u

enum command {
	CC_EVICT_CONTROL = 0x120, CC_CREATE_PRIMARY = 0x131, CC_ACTIVATE_CREDENTIAL = 0x147, CC_NV_READ = 0x14e, CC_POLICY_SECRET = 0x151, CC_QUOTE = 0x158,
	CC_FLUSH_CONTEXT = 0x165, CC_NV_READ_PUBLIC = 0x169, CC_READ_PUBLIC = 0x173, CC_START_AUTH_SESSION = 0x176, CC_GET_CAPABILITY = 0x17a,
};

struct tpm {
	int fd;
	uint32_t ek, ak;	/* 0: not made in this process */
	uint32_t code;	/* of the last answer */
	uint8_t answer[ANSWER_BYTES];
};

static int socket_open(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return err_set(e, ERR_USAGE, "the path of the TPM's socket is too long");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return err_set(e, ERR_UNAVAILABLE, "no TPM answers at the socket: %s", strerror(why));
	}
	return fd;
}

static int device_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(e, errno == EACCES ? ERR_DENIED : ERR_UNAVAILABLE, "cannot open the TPM: %s", strerror(errno));
}

static const struct { const char *prefix; int (*open)(const char *path, struct err *e); } transports[] = {
	{ "device:", device_open }, { "swtpm:path=", socket_open },
};

int tpm_open(struct tpm **out, const char *where, struct err *e)
{
	*out = NULL;
	for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
		size_t n = strlen(transports[i].prefix);
		if (strncmp(where, transports[i].prefix, n) != 0)
			continue;
		int fd = transports[i].open(where + n, e);
		struct tpm *t = fd >= 0 ? calloc(1, sizeof *t) : NULL;
		if (fd >= 0 && !t) {
			close(fd);
			err_set(e, ERR_LIMIT, "out of memory");
		}
		if (!t)
			return -1;
		t->fd = fd;
		*out = t;
		return 0;
	}
	return err_set(e, ERR_USAGE, "a TPM is device:<path> or swtpm:path=<socket>");
}

/* A command grows in a buf: head, handles, authorisations, parameters. */
static int command_begin(struct buf *b, enum command cc, bool sessions, const uint32_t *handles, size_t n, struct err *e)
{
	if (put_int(b, sessions ? SESSIONS : NO_SESSIONS, 2, e) < 0 || put_int(b, 0, 4, e) < 0 || put_int(b, cc, 4, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put_int(b, handles[i], 4, e) < 0)
			return -1;
	return 0;
}

/* Sessions without nonce and HMAC: passwords, which are empty, and policies that ask for no more. */
static int sessions_put(struct buf *b, const uint32_t *sessions, size_t n, struct err *e)
{
	if (put_int(b, 9 * n, 4, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put_int(b, sessions[i], 4, e) < 0 || put_int(b, 0, 2, e) < 0 || put_int(b, 0, 1, e) < 0 || put_int(b, 0, 2, e) < 0)
			return -1;
	return 0;
}

static int password_begin(struct buf *b, enum command cc, const uint32_t *handles, size_t n, struct err *e)
{
	static const uint32_t password[] = { RS_PASSWORD };
	return command_begin(b, cc, true, handles, n, e) < 0 ? -1 : sessions_put(b, password, 1, e);
}

/* A socket gives an answer in pieces, a device the whole at once: its size is in its head. */
static int answer_read(struct tpm *t, size_t *len, struct err *e)
{
	size_t want = RC_BYTES;
	for (*len = 0; *len < want;) {
		ssize_t n = read(t->fd, t->answer + *len, sizeof t->answer - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the TPM does not answer");
		*len += (size_t)n;
		if (*len >= RC_BYTES) {
			struct cursor c = { t->answer + 2, 4, false };
			want = (size_t)cursor_int(&c, 4);
		}
		if (want < RC_BYTES || want > sizeof t->answer || *len > want)
			return err_set(e, ERR_INVALID, "the TPM answers nonsense");
	}
	return 0;
}

/* Sends the command; c is then at what follows the head: handles, with sessions the size of the parameters, parameters. */
static int tpm_call(struct tpm *t, struct buf *b, struct cursor *c, struct err *e)
{
	size_t len;
	for (size_t i = 0; i < 4; i++)
		b->data[2 + i] = (uint8_t)(b->len >> 8 * (3 - i));
	struct cursor head = { b->data + 6, 4, false };
	uint32_t cc = (uint32_t)cursor_int(&head, 4);
	if (os_write(t->fd, b->data, b->len) < 0)
		return err_set(e, ERR_UNAVAILABLE, "the TPM does not listen");
	if (answer_read(t, &len, e) < 0)
		return -1;
	*c = (struct cursor){ t->answer, len, false };
	(void)cursor_int(c, 2);
	(void)cursor_int(c, 4);
	t->code = (uint32_t)cursor_int(c, 4);
	return t->code ? err_set(e, ERR_UNAVAILABLE, "the TPM refuses command 0x%x: 0x%x", cc, t->code) : 0;
}

static int wrong(struct err *e)
{
	return err_set(e, ERR_INVALID, "the TPM answers what was not asked");
}

/* A primary key of the endorsement hierarchy: the same one whenever it is made of the same template. */
static int primary_make(struct tpm *t, const struct buf *template, uint32_t *handle, struct buf *public, struct err *e)
{
	static const uint32_t hierarchy[] = { RH_ENDORSEMENT };
	static const uint8_t nothing[4];	/* no authorisation, no data */
	struct buf b = BUF_INIT(2048);
	struct cursor c;
	int r = -1;
	if (password_begin(&b, CC_CREATE_PRIMARY, hierarchy, 1, e) < 0 || put_sized(&b, nothing, sizeof nothing, e) < 0 ||
		put_sized(&b, template->data, template->len, e) < 0 || put_sized(&b, NULL, 0, e) < 0 || put_int(&b, 0, 4, e) < 0 || tpm_call(t, &b, &c, e) < 0)
		goto out;
	*handle = (uint32_t)cursor_int(&c, 4);
	(void)cursor_int(&c, 4);	/* size of the parameters */
	struct helper_field area = cursor_sized(&c, PUBLIC_BYTES);
	r = c.bad || !area.len ? wrong(e) : buf_add(public, area.at, area.len, e);
out:
	buf_done(&b);
	return r;
}

static int public_read(struct tpm *t, uint32_t handle, struct buf *public, struct err *e)
{
	struct buf b = BUF_INIT(64);
	struct cursor c;
	int r = -1;
	if (command_begin(&b, CC_READ_PUBLIC, false, &handle, 1, e) == 0 && tpm_call(t, &b, &c, e) == 0) {
		struct helper_field area = cursor_sized(&c, PUBLIC_BYTES);
		r = c.bad || !area.len ? wrong(e) : buf_add(public, area.at, area.len, e);
	}
	buf_done(&b);
	return r;
}

static int handle_flush(struct tpm *t, uint32_t handle, struct err *e)
{
	struct buf b = BUF_INIT(64);
	struct cursor c;
	int r = command_begin(&b, CC_FLUSH_CONTEXT, false, &handle, 1, e) < 0 ? -1 : tpm_call(t, &b, &c, e);
	buf_done(&b);
	return r;
}

/* The handle holds the AK kept earlier, and it is one of ours. */
static int kept_read(struct tpm *t, struct buf *public, struct err *e)
{
	struct tpm_public key;
	if (public_read(t, AK_HANDLE, public, e) < 0) {
		if ((t->code & ~RC_HANDLE_MASK & 0xfffu) == RC_HANDLE || (t->code & 0xffu) == (RC_HANDLE & 0xffu))
			err_set(e, ERR_NOT_FOUND, "the TPM holds no attestation key of ours: it is not enrolled");
		return -1;
	}
	const struct helper_field area = { public->data, public->len };
	return ak_parse(&key, &area, e);
}

static int nv_size(struct tpm *t, uint32_t index, size_t *size, struct err *e)
{
	struct buf b = BUF_INIT(64);
	struct cursor c;
	int r = command_begin(&b, CC_NV_READ_PUBLIC, false, &index, 1, e) < 0 ? -1 : tpm_call(t, &b, &c, e);
	buf_done(&b);
	if (r < 0)
		return -1;
	struct helper_field area = cursor_sized(&c, 256);
	struct cursor in = { area.at, area.len, c.bad };
	(void)cursor_bytes(&in, 10);	/* index, hash, attributes */
	(void)cursor_sized(&in, 64);	/* policy */
	*size = (size_t)cursor_int(&in, 2);
	return cursor_done(&in) && *size <= CERTIFICATE_BYTES ? 0 : wrong(e);
}

static int nv_read(struct tpm *t, uint32_t index, struct buf *to, struct err *e)
{
	const uint32_t handles[] = { index, index };
	size_t size;
	if (nv_size(t, index, &size, e) < 0)
		return -1;
	while (to->len < size) {
		size_t step = size - to->len < NV_STEP ? size - to->len : NV_STEP;
		struct buf b = BUF_INIT(64);
		struct cursor c;
		int r = password_begin(&b, CC_NV_READ, handles, 2, e) < 0 || put_int(&b, step, 2, e) < 0 || put_int(&b, to->len, 2, e) < 0 ? -1 :
			tpm_call(t, &b, &c, e);
		buf_done(&b);
		if (r < 0)
			return -1;
		(void)cursor_int(&c, 4);
		struct helper_field piece = cursor_sized(&c, step);
		if (c.bad || piece.len != step)
			return wrong(e);
		if (buf_add(to, piece.at, piece.len, e) < 0)
			return -1;
	}
	return 0;
}

/* "IBM SW TPM": the manufacturer's four letters and the vendor's text, without what is no letter. */
static int maker_read(struct tpm *t, char out[static 32], struct err *e)
{
	struct buf b = BUF_INIT(64);
	struct cursor c;
	int r = command_begin(&b, CC_GET_CAPABILITY, false, NULL, 0, e) < 0 || put_int(&b, CAP_PROPERTIES, 4, e) < 0 || put_int(&b, PT_MANUFACTURER, 4, e) < 0 ||
		put_int(&b, PT_COUNT, 4, e) < 0 ? -1 : tpm_call(t, &b, &c, e);
	buf_done(&b);
	if (r < 0)
		return -1;
	(void)cursor_int(&c, 1);
	(void)cursor_int(&c, 4);
	size_t n = (size_t)cursor_int(&c, 4), len = 0;
	for (size_t i = 0; i < n && i < PT_COUNT; i++) {
		(void)cursor_int(&c, 4);
		const uint8_t *four = cursor_bytes(&c, 4);
		for (size_t k = 0; four && k < 4; k++)
			if ((four[k] > ' ' && four[k] < 0x7f) || (four[k] == ' ' && len && out[len - 1] != ' '))
				out[len++] = (char)four[k];
		if (i == 0)
			out[len++] = ' ';
	}
	while (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return c.bad ? wrong(e) : 0;
}

int tpm_ak(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e)
{
	struct buf public = BUF_INIT(PUBLIC_BYTES);
	char maker[32];
	int r = -1;
	(void)in;
	if (kept_read(t, &public, e) == 0 && maker_read(t, maker, e) == 0 && helper_field_add(out, public.data, public.len, e) == 0)
		r = helper_field_add(out, maker, strlen(maker), e);
	buf_done(&public);
	return r;
}

void tpm_keys_drop(struct tpm *t)
{
	uint32_t *const keys[] = { &t->ek, &t->ak };
	for (size_t i = 0; i < 2; i++) {
		if (*keys[i])
			(void)handle_flush(t, *keys[i], NULL);
		*keys[i] = 0;
	}
}

static const struct { bool rsa; uint32_t nv; } ek_kinds[] = { { false, NV_EK_ECC }, { true, NV_EK_RSA } };
#define EK_KINDS (sizeof ek_kinds / sizeof ek_kinds[0])

/* The EK that its maker certified, if there is one; else one on P-256, or of RSA where that is all the TPM can. */
static int ek_make(struct tpm *t, struct buf *public, struct buf *certificate, struct err *e)
{
	size_t first = 0;
	int r = -1;
	for (size_t i = EK_KINDS; i--;) {
		buf_clear(certificate);
		if (nv_read(t, ek_kinds[i].nv, certificate, NULL) == 0 && certificate->len)
			first = i;
	}
	for (size_t i = 0; i < EK_KINDS && r < 0; i++) {
		struct buf template = BUF_INIT(1024);
		size_t kind = (first + i) % EK_KINDS;
		buf_clear(public);
		buf_clear(certificate);
		r = ek_template(&template, ek_kinds[kind].rsa, e) < 0 ? -1 : primary_make(t, &template, &t->ek, public, e);
		buf_done(&template);
		if (r == 0 && nv_read(t, ek_kinds[kind].nv, certificate, NULL) < 0)
			buf_clear(certificate);
	}
	return r;
}

int tpm_keys(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e)
{
	struct buf ek = BUF_INIT(PUBLIC_BYTES), ak = BUF_INIT(PUBLIC_BYTES), certificate = BUF_INIT(CERTIFICATE_BYTES), template = BUF_INIT(1024);
	char maker[32];
	int r = -1;
	(void)in;
	tpm_keys_drop(t);
	if (ek_make(t, &ek, &certificate, e) == 0 && ak_template(&template, e) == 0 && primary_make(t, &template, &t->ak, &ak, e) == 0 && maker_read(t, maker, e) == 0 &&
		helper_field_add(out, ek.data, ek.len, e) == 0 && helper_field_add(out, certificate.data, certificate.len, e) == 0 &&
		helper_field_add(out, ak.data, ak.len, e) == 0)
		r = helper_field_add(out, maker, strlen(maker), e);
	if (r < 0)
		tpm_keys_drop(t);
	buf_done(&ek);
	buf_done(&ak);
	buf_done(&certificate);
	buf_done(&template);
	return r;
}

/* A policy session that is allowed to use the EK. */
static int session_start(struct tpm *t, uint32_t *session, struct err *e)
{
	static const uint32_t unbound[] = { RH_NULL, RH_NULL };
	static const uint8_t nonce[16];	/* guards HMACs only, and there are none */
	struct buf b = BUF_INIT(256);
	struct cursor c;
	int r = command_begin(&b, CC_START_AUTH_SESSION, false, unbound, 2, e) < 0 || put_sized(&b, nonce, sizeof nonce, e) < 0 || put_sized(&b, NULL, 0, e) < 0 ||
		put_int(&b, 1, 1, e) < 0 || put_int(&b, ALG_NULL, 2, e) < 0 || put_int(&b, ALG_SHA256, 2, e) < 0 ? -1 : tpm_call(t, &b, &c, e);
	if (r == 0) {
		*session = (uint32_t)cursor_int(&c, 4);
		const uint32_t handles[] = { RH_ENDORSEMENT, *session };
		buf_clear(&b);
		r = c.bad ? wrong(e) : password_begin(&b, CC_POLICY_SECRET, handles, 2, e) < 0 || put_sized(&b, NULL, 0, e) < 0 || put_sized(&b, NULL, 0, e) < 0 ||
			put_sized(&b, NULL, 0, e) < 0 || put_int(&b, 0, 4, e) < 0 ? -1 : tpm_call(t, &b, &c, e);
		if (r < 0)
			(void)handle_flush(t, *session, NULL);
	}
	buf_done(&b);
	return r;
}

int tpm_activate(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e)
{
	struct buf b = BUF_INIT(2048);
	struct cursor c;
	uint32_t session = 0;
	int r = -1;
	if (!t->ak)
		return err_set(e, ERR_CONFLICT, "no keys were made yet");
	if (session_start(t, &session, e) < 0)
		goto out;
	const uint32_t handles[] = { t->ak, t->ek }, sessions[] = { RS_PASSWORD, session };
	if (command_begin(&b, CC_ACTIVATE_CREDENTIAL, true, handles, 2, e) == 0 && sessions_put(&b, sessions, 2, e) == 0 &&
		put_sized(&b, in[0].at, in[0].len, e) == 0 && put_sized(&b, in[1].at, in[1].len, e) == 0)
		r = tpm_call(t, &b, &c, e);
	if (r < 0) {
		(void)handle_flush(t, session, NULL);	/* after success it is gone */
		goto out;
	}
	(void)cursor_int(&c, 4);
	struct helper_field hidden = cursor_sized(&c, 64);
	r = c.bad ? wrong(e) : helper_field_add(out, hidden.at, hidden.len, e);
out:
	buf_done(&b);
	return r;
}

int tpm_keep(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e)
{
	struct buf kept = BUF_INIT(PUBLIC_BYTES), new = BUF_INIT(PUBLIC_BYTES), b = BUF_INIT(256);
	struct cursor c;
	int r = -1;
	(void)in;
	(void)out;
	if (!t->ak) {
		err_set(e, ERR_CONFLICT, "no keys were made yet");
		goto out;
	}
	if (public_read(t, t->ak, &new, e) < 0)
		goto out;
	if (public_read(t, AK_HANDLE, &kept, NULL) == 0) {
		bool same = kept.len == new.len && memcmp(kept.data, new.data, new.len) == 0;
		r = same ? 0 : err_set(e, ERR_CONFLICT, "the TPM holds another key at 0x%x; it is to be removed first (tpm2_evictcontrol -c 0x%x)", AK_HANDLE, AK_HANDLE);
		goto out;
	}
	const uint32_t handles[] = { RH_OWNER, t->ak };
	if (password_begin(&b, CC_EVICT_CONTROL, handles, 2, e) == 0 && put_int(&b, AK_HANDLE, 4, e) == 0)
		r = tpm_call(t, &b, &c, e);
out:
	buf_done(&kept);
	buf_done(&new);
	buf_done(&b);
	return r;
}

int tpm_quote(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e)
{
	static const uint8_t selection[] = PCR_SELECTION;
	const uint32_t handle = t->ak ? t->ak : AK_HANDLE;
	struct buf public = BUF_INIT(PUBLIC_BYTES), b = BUF_INIT(256);
	struct cursor c;
	int r = -1;
	if (in[0].len != 32) {
		err_set(e, ERR_INVALID, "a quote is asked for with 32 bytes");
		goto out;
	}
	if ((t->ak ? public_read(t, t->ak, &public, e) : kept_read(t, &public, e)) < 0 || password_begin(&b, CC_QUOTE, &handle, 1, e) < 0 ||
		put_sized(&b, in[0].at, in[0].len, e) < 0 || put_int(&b, ALG_NULL, 2, e) < 0 || buf_add(&b, selection, sizeof selection, e) < 0 || tpm_call(t, &b, &c, e) < 0)
		goto out;
	size_t size = (size_t)cursor_int(&c, 4);
	const uint8_t *at = cursor_bytes(&c, size);
	struct cursor parameters = { at, at ? size : 0, !at };
	struct helper_field quote = cursor_sized(&parameters, 1024);
	if (parameters.bad || !parameters.len) {
		wrong(e);
		goto out;
	}
	if (helper_field_add(out, public.data, public.len, e) == 0 && helper_field_add(out, quote.at, quote.len, e) == 0)
		r = helper_field_add(out, parameters.at, parameters.len, e);
out:
	buf_done(&public);
	buf_done(&b);
	return r;
}
