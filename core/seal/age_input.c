/* Reading for streams: whole, never further than it must for a pipe's sake, armor taken off on the way. */
#include "seal/age_input.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>


static_assert(sizeof((struct age_input *)0)->ready >= AGE_ARMOR_ROOM(AGE_INPUT_STEP), "decoded armor fits");

static const char magic[] = "age-encryption.org/";

void age_input_init(struct age_input *in, int fd)
{
	memset(in, 0, sizeof *in);
	in->fd = fd;
	age_armor_init(&in->armor);
}

static ssize_t read_some(int fd, uint8_t *p, size_t n)
{
	ssize_t got;
	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* More bytes to `ready`, which is empty; none at the end of the input. */
static int ready_fill(struct age_input *in, struct err *e)
{
	uint8_t raw[AGE_INPUT_STEP];
	in->at = in->len = 0;
	while (in->len == 0 && !in->ended) {
		ssize_t n = read_some(in->fd, in->armored ? raw : in->ready, AGE_INPUT_STEP);
		if (n < 0)
			return err_sys(e, errno, "cannot read the input");
		in->ended = n == 0;
		if (!in->armored)
			in->len = (size_t)n;
		else if (n == 0 ? age_armor_end(&in->armor, e) : age_armor_add(&in->armor, in->ready, &in->len, raw, (size_t)n, e))
			return -1;
	}
	return 0;
}

int age_input_sniff(struct age_input *in, struct err *e)
{
	uint8_t raw[AGE_INPUT_STEP];
	if (ready_fill(in, e) < 0)
		return -1;
	if (in->len == 0 || !age_armor_likely(in->ready[0]))
		return 0;
	size_t n = in->len;
	memcpy(raw, in->ready, n);
	in->armored = true;
	in->len = 0;
	return age_armor_add(&in->armor, in->ready, &in->len, raw, n, e);
}

int age_input_read(struct age_input *in, uint8_t *out, size_t n, size_t *got, struct err *e)
{
	*got = 0;
	while (*got < n) {
		if (in->at < in->len) {
			size_t take = in->len - in->at < n - *got ? in->len - in->at : n - *got;
			memcpy(out + *got, in->ready + in->at, take);
			in->at += take;
			*got += take;
		} else if (in->ended) {
			break;
		} else if (in->armored) {
			if (ready_fill(in, e) < 0)
				return -1;
		} else {
			ssize_t r = read_some(in->fd, out + *got, n - *got);
			if (r < 0)
				return err_sys(e, errno, "cannot read the input");
			in->ended = r == 0;
			*got += (size_t)r;
		}
	}
	return 0;
}

/* Something that cannot become an age file is refused at once, not after a MiB of it. */
static int magic_check(const struct buf *header, struct err *e)
{
	size_t n = header->len < sizeof magic - 1 ? header->len : sizeof magic - 1;
	if (memcmp(header->data, magic, n) != 0)
		return err_set(e, ERR_INVALID, "not an age file: it does not begin with \"%sv1\"", magic);
	return 0;
}

int age_input_header(struct age_input *in, struct buf *header, struct err *e)
{
	size_t line = 0;	/* where the line begins */
	for (;;) {
		if (in->at == in->len && ready_fill(in, e) < 0)
			return -1;
		if (in->at == in->len) {
			if (header->len == 0)
				return err_set(e, ERR_INVALID, "not an age file: the input is empty");
			return magic_check(header, e) < 0 ? -1 : err_set(e, ERR_INVALID, "the age header is cut short");
		}
		const uint8_t *from = in->ready + in->at, *lf = memchr(from, '\n', in->len - in->at);
		size_t take = lf ? (size_t)(lf - from) + 1 : in->len - in->at;
		if (buf_add(header, from, take, NULL) < 0)
			return err_set(e, ERR_INVALID, "the age header is longer than %zu bytes", header->max);
		in->at += take;
		if (magic_check(header, e) < 0)
			return -1;
		if (lf && header->len - line >= 3 && memcmp(header->data + line, "---", 3) == 0)
			return 0;
		if (lf)
			line = header->len;
	}
}
