/* The type of a file: by what it begins with, as iExec's DataProtector tells its fifteen, then by the ending of its name for text, which
 * begins with nothing in particular. A label for readers: nothing is trusted because of it.
 */
#include "form/pdata.h"

#include <string.h>
#include <strings.h>

struct signature {
	const char *type;
	size_t at;
	const char *bytes;
	size_t n;
	size_t at2;	/* a second mark, for families of formats; none when bytes2 is NULL */
	const char *bytes2;
	size_t n2;
};
#define S(type, at, bytes) { type, at, bytes, sizeof(bytes) - 1, 0, NULL, 0 }
#define S2(type, at, bytes, at2, bytes2) { type, at, bytes, sizeof(bytes) - 1, at2, bytes2, sizeof(bytes2) - 1 }

static const struct signature signatures[] = {
	S("application/pdf", 0, "%PDF-"),
	S("application/xml", 0, "<?xml "),
	S("application/xml", 0, "\xef\xbb\xbf<?xml "),
	S("application/zip", 0, "PK\3\4"),
	S("application/zip", 0, "PK\5\6"),	/* an empty one */
	S("audio/midi", 0, "MThd"),
	S("audio/mpeg", 0, "ID3"),
	S("audio/mpeg", 0, "\xff\xfb"),
	S("audio/mpeg", 0, "\xff\xf3"),
	S("audio/mpeg", 0, "\xff\xf2"),
	S2("audio/x-wav", 0, "RIFF", 8, "WAVE"),
	S2("video/x-msvideo", 0, "RIFF", 8, "AVI "),
	S2("image/webp", 0, "RIFF", 8, "WEBP"),
	S2("image/bmp", 0, "BM", 6, "\0\0\0\0"),	/* two letters alone would catch text */
	S("image/gif", 0, "GIF87a"),
	S("image/gif", 0, "GIF89a"),
	S("image/jpeg", 0, "\xff\xd8\xff"),
	S("image/png", 0, "\x89PNG\r\n\x1a\n"),
	S("video/mp4", 4, "ftyp"),
	S("video/mpeg", 0, "\0\0\1\xba"),
	S("video/mpeg", 0, "\0\0\1\xb3"),
};

static const struct { const char *ending, *type; } endings[] = {
	{ ".csv", "text/csv" }, { ".json", "application/json" }, { ".ndjson", "application/x-ndjson" },
	{ ".jsonl", "application/x-ndjson" }, { ".txt", "text/plain" }, { ".text", "text/plain" }, { ".md", "text/plain" },
	{ ".log", "text/plain" }, { ".xml", "application/xml" },
};

static bool matches(const uint8_t *head, size_t n, size_t at, const char *bytes, size_t len)
{
	return n >= at + len && memcmp(head + at, bytes, len) == 0;
}

const char *pdata_mime(const uint8_t *head, size_t n, const char *name)
{
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		const struct signature *s = &signatures[i];
		if (matches(head, n, s->at, s->bytes, s->n) && (!s->bytes2 || matches(head, n, s->at2, s->bytes2, s->n2)))
			return s->type;
	}
	size_t len = strlen(name);
	bool binary = n && memchr(head, '\0', n);	/* whatever the name says */
	for (size_t i = 0; !binary && i < sizeof endings / sizeof *endings; i++) {
		size_t m = strlen(endings[i].ending);
		if (len > m && strcasecmp(name + len - m, endings[i].ending) == 0)
			return endings[i].type;
	}
	return "application/octet-stream";
}
