/* The tables of the store. user_version counts the layouts: a program reads only the one it knows. */
#ifndef ENCLUA_BOOK_STORE_SCHEMA_H
#define ENCLUA_BOOK_STORE_SCHEMA_H

#define STORE_APPLICATION_ID 0x656e6375	/* "encu" */
#define STORE_VERSION 1

#define STORE_SCHEMA \
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
	"	created INTEGER NOT NULL," \
	"	ephemeral INTEGER NOT NULL CHECK (ephemeral IN (0, 1))" \
	") STRICT;" \
	"CREATE UNIQUE INDEX data_name ON data (name) WHERE name <> '' AND ephemeral = 0;" \
	"CREATE INDEX data_blob ON data (blob);" \
	"CREATE TABLE app (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id TEXT NOT NULL UNIQUE," \
	"	h1 TEXT NOT NULL UNIQUE," \
	"	name TEXT NOT NULL," \
	"	version TEXT NOT NULL," \
	"	author BLOB NOT NULL CHECK (length(author) = 32)," \
	"	blob BLOB NOT NULL CHECK (length(blob) = 32)," \
	"	size INTEGER NOT NULL CHECK (size > 0)," \
	"	created INTEGER NOT NULL" \
	") STRICT;" \
	"CREATE INDEX app_name ON app (name);" \
	"CREATE INDEX app_blob ON app (blob);" \
	"CREATE TABLE task (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id TEXT NOT NULL UNIQUE," \
	"	app TEXT NOT NULL REFERENCES app (id)," \
	"	app_name TEXT NOT NULL," \
	"	requester BLOB NOT NULL CHECK (length(requester) = 32)," \
	"	beneficiary BLOB NOT NULL CHECK (length(beneficiary) = 32)," \
	"	status TEXT NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'LIMIT'))," \
	"	reason TEXT NOT NULL," \
	"	digest BLOB NOT NULL CHECK (length(digest) = 32)," \
	"	measurement BLOB NOT NULL CHECK (length(measurement) = 32)," \
	"	blob BLOB NOT NULL CHECK (length(blob) = 32)," \
	"	result_size INTEGER NOT NULL CHECK (result_size >= 0)," \
	"	terms BLOB NOT NULL," \
	"	created INTEGER NOT NULL," \
	"	finished INTEGER NOT NULL" \
	") STRICT;" \
	"CREATE INDEX task_blob ON task (blob);"

#endif
