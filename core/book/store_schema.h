/* The tables of a home. user_version counts the layouts: a program reads only the one it knows.
 *
 * BOOK_SCHEMA is truth: the entries, the hashes of the tree over them, the checkpoints that were signed, and what this home saw of other books as a
 * witness. TABLES_SCHEMA follows from the entries: it can be dropped and made again (book_rebuild), byte for byte. In each of its tables seq is
 * the index of the entry that made the row.
 */
#ifndef ENCLUA_BOOK_STORE_SCHEMA_H
#define ENCLUA_BOOK_STORE_SCHEMA_H

#include "book/ledger_rows.h"

#define STORE_APPLICATION_ID 0x656e6375	/* "encu" */
#define STORE_REPLICA_ID 0x656e6372	/* "encr": of book_replica.c, in the same layout */
#define STORE_VERSION 5
#define STORE_OLDEST 3	/* from here on BOOK_SCHEMA is the same: the other tables are made again when the book is opened */

/* node keeps the root of each full tile: level 1 covers 256 entries, level 2 65,536 …; leaves lie with their entries. head: peaks are those of
 * merkle_range, one after another. */
#define BOOK_SCHEMA \
	"CREATE TABLE book (" \
	"	one INTEGER PRIMARY KEY CHECK (one = 1)," \
	"	origin TEXT NOT NULL," \
	"	operator BLOB NOT NULL CHECK (length(operator) = 32)" \
	") STRICT;" \
	"CREATE TABLE entry (" \
	"	seq INTEGER PRIMARY KEY CHECK (seq >= 0)," \
	"	id BLOB NOT NULL CHECK (length(id) = 20)," \
	"	leaf BLOB NOT NULL CHECK (length(leaf) = 32)," \
	"	bytes BLOB NOT NULL" \
	") STRICT;" \
	"CREATE UNIQUE INDEX entry_id ON entry (id);" \
	"CREATE TABLE node (" \
	"	level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7)," \
	"	at INTEGER NOT NULL CHECK (at >= 0)," \
	"	hash BLOB NOT NULL CHECK (length(hash) = 32)," \
	"	PRIMARY KEY (level, at)" \
	") STRICT, WITHOUT ROWID;" \
	"CREATE TABLE head (" \
	"	one INTEGER PRIMARY KEY CHECK (one = 1)," \
	"	size INTEGER NOT NULL CHECK (size >= 0)," \
	"	time INTEGER NOT NULL," \
	"	peaks BLOB NOT NULL" \
	") STRICT;" \
	"CREATE TABLE checkpoint (" \
	"	size INTEGER PRIMARY KEY CHECK (size > 0)," \
	"	note BLOB NOT NULL" \
	") STRICT;" \
	"CREATE TABLE seen (" \
	"	origin TEXT PRIMARY KEY," \
	"	log TEXT NOT NULL," \
	"	size INTEGER NOT NULL CHECK (size >= 0)," \
	"	root BLOB NOT NULL CHECK (length(root) = 32)," \
	"	time INTEGER NOT NULL," \
	"	signature BLOB NOT NULL CHECK (length(signature) = 64)" \
	") STRICT, WITHOUT ROWID;"

#define TABLES_SCHEMA \
	"CREATE TABLE identity (" \
	"	seq INTEGER PRIMARY KEY," \
	"	key BLOB NOT NULL UNIQUE CHECK (length(key) = 32)," \
	"	age BLOB NOT NULL CHECK (length(age) = 32)," \
	"	name TEXT NOT NULL," \
	"	role TEXT NOT NULL" \
	") STRICT;" \
	"CREATE INDEX identity_name ON identity (name);" \
	"CREATE TABLE data (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id TEXT NOT NULL UNIQUE," \
	"	name TEXT NOT NULL," \
	"	owner BLOB NOT NULL CHECK (length(owner) = 32)," \
	"	blob BLOB NOT NULL CHECK (length(blob) = 32)," \
	"	payload_len INTEGER NOT NULL CHECK (payload_len > 0)," \
	"	plain_len INTEGER NOT NULL CHECK (plain_len >= 0)," \
	"	header BLOB NOT NULL," \
	"	schema BLOB NOT NULL," \
	"	schema_blob BLOB NOT NULL CHECK (length(schema_blob) = 32)," \
	"	created INTEGER NOT NULL," \
	"	ephemeral INTEGER NOT NULL CHECK (ephemeral IN (0, 1))" \
	") STRICT;" \
	"CREATE UNIQUE INDEX data_name ON data (name, owner) WHERE name <> '' AND ephemeral = 0;" \
	"CREATE INDEX data_blob ON data (blob);" \
	"CREATE INDEX data_schema ON data (schema_blob) WHERE schema_blob <> zeroblob(32);" \
	"CREATE TABLE app (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id TEXT NOT NULL UNIQUE," \
	"	h1 TEXT NOT NULL," \
	"	name TEXT NOT NULL," \
	"	version TEXT NOT NULL," \
	"	owner BLOB NOT NULL CHECK (length(owner) = 32)," \
	"	author BLOB NOT NULL CHECK (length(author) = 32)," \
	"	blob BLOB NOT NULL CHECK (length(blob) = 32)," \
	"	size INTEGER NOT NULL CHECK (size > 0)," \
	"	created INTEGER NOT NULL" \
	") STRICT;" \
	"CREATE UNIQUE INDEX app_h1 ON app (h1, owner);" \
	"CREATE INDEX app_name ON app (name, author);" \
	"CREATE INDEX app_blob ON app (blob);" \
	"CREATE TABLE task (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id TEXT NOT NULL UNIQUE," \
	"	app TEXT NOT NULL," \
	"	app_name TEXT NOT NULL," \
	"	requester BLOB NOT NULL CHECK (length(requester) = 32)," \
	"	beneficiary BLOB NOT NULL CHECK (length(beneficiary) = 32)," \
	"	recipient BLOB NOT NULL CHECK (length(recipient) = 32)," \
	"	data BLOB NOT NULL," \
	"	status TEXT NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'LIMIT'))," \
	"	reason TEXT NOT NULL," \
	"	worker BLOB NOT NULL CHECK (length(worker) = 32)," \
	"	digest BLOB NOT NULL CHECK (length(digest) = 32)," \
	"	measurement BLOB NOT NULL CHECK (length(measurement) = 32)," \
	"	blob BLOB NOT NULL CHECK (length(blob) = 32)," \
	"	result_size INTEGER NOT NULL CHECK (result_size >= 0)," \
	"	missing BLOB NOT NULL," \
	"	assurance TEXT NOT NULL," \
	"	created INTEGER NOT NULL," \
	"	finished INTEGER NOT NULL," \
	"	finish_seq INTEGER NOT NULL" \
	") STRICT;" \
	"CREATE INDEX task_blob ON task (blob) WHERE blob <> zeroblob(32);" \
	"CREATE TABLE record (" \
	"	no INTEGER PRIMARY KEY," \
	"	place INTEGER NOT NULL," \
	"	kind INTEGER NOT NULL," \
	"	a TEXT NOT NULL," \
	"	b TEXT NOT NULL," \
	"	grp TEXT NOT NULL," \
	"	state INTEGER NOT NULL," \
	"	made INTEGER NOT NULL," \
	"	bytes BLOB NOT NULL" \
	") STRICT;" \
	"CREATE UNIQUE INDEX record_name ON record (place, a, kind, b);" \
	"CREATE INDEX record_group ON record (kind, grp, state, made) WHERE grp <> '' AND grp <> a;" \
	"CREATE INDEX record_state ON record (kind, state, made) WHERE state > 0 AND state < 3;" \
	LEDGER_ROWS_SCHEMA

/* X(table, what orders its rows), in an order in which they can be dropped. */
#define BOOK_TABLES(X) X(record, "no") X(transfer, "seq") X(account, "no") X(task, "seq") X(app, "seq") X(data, "seq") X(identity, "seq")

#endif
