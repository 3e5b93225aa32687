/* Signed archives of either kind, iApps and policies: packing a folder, checking a file, telling what is in it. */
#ifndef ENCLUA_TOOLS_ARCHIVE_H
#define ENCLUA_TOOLS_ARCHIVE_H

#include "cli.h"
#include "form/iapp.h"

/* The verbs `pack DIR [-o FILE] [--sign NAME]…` and `verify FILE [--key KEY]… [--h1 H1] [--sha256 HEX]`. */
/* to: where it is written when --output says nothing; NULL: NAME.iapp here */
int archive_pack(struct cli *c, const struct args *a, enum iapp_kind kind, const char *dir, const char *to, struct err *e);
int archive_verify(struct cli *c, const struct args *a, enum iapp_kind kind, struct err *e);
#define ARCHIVE_VERIFY_OPTIONS(what) \
	{ "key", 0, "KEY|FILE", true, "accept only signatures by this minisign public key" }, \
	{ "h1", 0, "H1", false, "accept only this " what }, \
	{ "sha256", 0, "HEX", false, "accept only an archive with this SHA-256" }

/* What is at a path: a folder is packed and signed by `by`, an archive is taken as it is. Appends. */
int archive_bytes(const char *path, enum iapp_kind kind, const struct identity *by, struct buf *out, struct err *e);
/* Name, version, h1, signers, size; and its files, each with its size. */
int archive_tell(struct cli *c, const struct iapp *a, struct err *e);
int archive_tell_files(struct cli *c, const struct iapp *a, struct err *e);

#endif
