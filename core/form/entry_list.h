/* Every type of entry and its fields, in the order in which they are written: the one list from which follow the structs, the codec, the names in JSON
 * and the tables of core/form/ENTRIES.md.
 *
 * F(kind, need, name, arg, doc). kind: see ENTRY_KINDS in entry.h. need: REQUIRED, OPTIONAL (left out when it is zero or empty; a written zero is
 * refused, so that there is one spelling), MANY (the key repeats, up to ENTRY_MANY_MAX, none is fine). arg: TEXT, BYTES: most bytes of the value;
 * ID: the kind of id; else 0.
 * X(ENUM, name, "type", fields, doc). A new type needs its fields, a row in ENTRY_TYPES and, when it makes a thing, one in ENTRY_MAKES.
 */
#ifndef ENCLUA_FORM_ENTRY_LIST_H
#define ENCLUA_FORM_ENTRY_LIST_H

#define ENTRY_BOOK_OPEN(F) \
	F(NUMBER, REQUIRED, rules, 0, "version of the rules by which this book is kept: 1") \
	F(TEXT, OPTIONAL, name, LIMIT_NAME_BYTES, "what its operator calls it")

#define ENTRY_IDENTITY_REGISTER(F) \
	F(TEXT, REQUIRED, name, LIMIT_NAME_BYTES, "what it calls itself; names need not be unique, keys are") \
	F(AGE, REQUIRED, age, 0, "the age recipient that results are sealed to") \
	F(TEXT, OPTIONAL, role, 16, "what a machine's key is for: worker, keeper")

#define ENTRY_DATA_REGISTER(F) \
	F(TEXT, OPTIONAL, name, LIMIT_NAME_BYTES, "petname; unique among the lasting data of an owner") \
	F(HASH, REQUIRED, blob, 0, "SHA-256 of the payload: nonce and chunks of the age file") \
	F(NUMBER, REQUIRED, size, 0, "bytes of the payload") \
	F(BYTES, REQUIRED, header, 4096, "age header to keeper and owner") \
	F(TEXT, OPTIONAL, schema, 49152, "paths and types as one line of JSON, unless hidden or too long for an entry") \
	F(HASH, OPTIONAL, schema_blob, 0, "SHA-256 of a schema that is too long for an entry") \
	F(TEXT, OPTIONAL, scope, 8, "run: sealed for one run and forgotten after it")

#define ENTRY_APP_REGISTER(F) \
	F(TEXT, REQUIRED, name, LIMIT_NAME_BYTES, "from its manifest") \
	F(TEXT, REQUIRED, version, 64, "from its manifest") \
	F(TEXT, REQUIRED, h1, 47, "h1: hash of its file list") \
	F(HASH, REQUIRED, blob, 0, "SHA-256 of the archive") \
	F(NUMBER, REQUIRED, size, 0, "bytes of the archive") \
	F(IDENTITY, REQUIRED, author, 0, "who signed the archive first")

#define ENTRY_TASK_REQUEST(F) \
	F(ID, REQUIRED, app, ID_APP, "what to run") \
	F(ID, MANY, data, ID_DATA, "on which data, in the order given") \
	F(IDENTITY, OPTIONAL, beneficiary, 0, "who may open the result, when it is an identity") \
	F(AGE, REQUIRED, recipient, 0, "the age recipient that the result is sealed to") \
	F(HASH, REQUIRED, params, 0, "SHA-256 of a salt and arguments, files and secrets; the salt stays out of the book")

/* Nothing here may measure the run: time and memory that an iApp uses are words it could speak about the data. They are in the sealed result. */
#define ENTRY_TASK_FINISH(F) \
	F(ID, REQUIRED, task, ID_TASK, "the id of its task.request") \
	F(TEXT, REQUIRED, status, 16, "COMPLETED, FAILED or LIMIT") \
	F(TEXT, OPTIONAL, reason, 128, "which limit, or what kind of failure; never words of the iApp") \
	F(HASH, REQUIRED, measurement, 0, "SHA-256 of the enclave program") \
	F(HASH, OPTIONAL, digest, 0, "salted hash of the digest of the deterministic files; the salt stays out of the book") \
	F(HASH, OPTIONAL, result, 0, "SHA-256 of the sealed result") \
	F(NUMBER, OPTIONAL, size, 0, "bytes of the sealed result") \
	F(TEXT, MANY, missing_layer, 32, "isolation layers that this machine lacks") \
	F(TEXT, REQUIRED, assurance, 16, "none, software, tpm2 or cvm (TRUST)")

#define ENTRY_ACCOUNT_DEPOSIT(F) \
	F(IDENTITY, REQUIRED, to, 0, "whose account; the operator of the book signs, as its bank") \
	F(NUMBER, REQUIRED, amount, 0, "nRLC, 1 or more")

#define ENTRY_ACCOUNT_WITHDRAW(F) \
	F(NUMBER, REQUIRED, amount, 0, "nRLC, 1 or more")

#define ENTRY_ACCOUNT_TRANSFER(F) \
	F(IDENTITY, REQUIRED, to, 0, "whose account") \
	F(NUMBER, REQUIRED, amount, 0, "nRLC, 1 or more") \
	F(TEXT, OPTIONAL, memo, 200, "a word to the receiver; everybody can read it")

#define ENTRY_ACCOUNT_CLOSE(F)

#define ENTRY_TYPES(X) \
	X(BOOK_OPEN, book_open, "book.open", ENTRY_BOOK_OPEN, "the first entry of every book, by its operator") \
	X(IDENTITY_REGISTER, identity_register, "identity.register", ENTRY_IDENTITY_REGISTER, "an identity introduces itself") \
	X(DATA_REGISTER, data_register, "data.register", ENTRY_DATA_REGISTER, "protected data, by its owner") \
	X(APP_REGISTER, app_register, "app.register", ENTRY_APP_REGISTER, "an iApp, by its owner") \
	X(TASK_REQUEST, task_request, "task.request", ENTRY_TASK_REQUEST, "a run is asked for, by the requester") \
	X(TASK_FINISH, task_finish, "task.finish", ENTRY_TASK_FINISH, "a run has ended, by the worker that ran it") \
	X(ACCOUNT_DEPOSIT, account_deposit, "account.deposit", ENTRY_ACCOUNT_DEPOSIT, "the bank puts money into an account") \
	X(ACCOUNT_WITHDRAW, account_withdraw, "account.withdraw", ENTRY_ACCOUNT_WITHDRAW, "money leaves the book") \
	X(ACCOUNT_TRANSFER, account_transfer, "account.transfer", ENTRY_ACCOUNT_TRANSFER, "from the signer to another") \
	X(ACCOUNT_CLOSE, account_close, "account.close", ENTRY_ACCOUNT_CLOSE, "the signer's account, when it is empty, for good")

/* X(ENUM, kind of id): types that make a thing; its id is of this kind, over the entry's text. */
#define ENTRY_MAKES(X) X(DATA_REGISTER, DATA) X(APP_REGISTER, APP) X(TASK_REQUEST, TASK)

#endif
