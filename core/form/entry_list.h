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
	F(TEXT, OPTIONAL, scope, 8, "run: sealed for one run and forgotten after it") \
	F(ID, OPTIONAL, policy, ID_POLICY, "grants of it go under this policy, unless they name another")

/* A signed archive: of an iApp, of a policy. */
#define ENTRY_ARCHIVE(F) \
	F(TEXT, REQUIRED, name, LIMIT_NAME_BYTES, "from its manifest") \
	F(TEXT, REQUIRED, version, 64, "from its manifest") \
	F(TEXT, REQUIRED, h1, 47, "h1: hash of its file list") \
	F(HASH, REQUIRED, blob, 0, "SHA-256 of the archive") \
	F(NUMBER, REQUIRED, size, 0, "bytes of the archive") \
	F(IDENTITY, REQUIRED, author, 0, "who signed the archive first")

#define ENTRY_APP_REGISTER(F) ENTRY_ARCHIVE(F)

/* Assets change hands. */
#define ENTRY_APP_TRANSFER(F) \
	F(ID, REQUIRED, app, ID_APP, "which") \
	F(IDENTITY, REQUIRED, to, 0, "its new owner")

#define ENTRY_DATA_TRANSFER(F) \
	F(ID, REQUIRED, data, ID_DATA, "which") \
	F(IDENTITY, REQUIRED, to, 0, "its new owner") \
	F(BYTES, REQUIRED, header, 4096, "age header to keeper and new owner")

#define ENTRY_POOL_CREATE(F) \
	F(TEXT, REQUIRED, name, LIMIT_NAME_BYTES, "what it is called") \
	F(NUMBER, OPTIONAL, stake_ratio, 0, "percent of the price of a task that a worker stakes") \
	F(NUMBER, OPTIONAL, scheduler_ratio, 0, "percent of the rewards that its owner keeps, at most 100")

#define ENTRY_POOL_POLICY(F) \
	F(ID, REQUIRED, pool, ID_POOL, "which") \
	F(NUMBER, OPTIONAL, stake_ratio, 0, "of deals from now on") \
	F(NUMBER, OPTIONAL, scheduler_ratio, 0, "of deals from now on")

#define ENTRY_POOL_TRANSFER(F) \
	F(ID, REQUIRED, pool, ID_POOL, "which") \
	F(IDENTITY, REQUIRED, to, 0, "its new owner")

#define ENTRY_POOL_ADMIT(F) \
	F(ID, REQUIRED, pool, ID_POOL, "which; its owner signs") \
	F(IDENTITY, REQUIRED, worker, 0, "who may work for it")

#define ENTRY_POOL_DISMISS(F) \
	F(ID, REQUIRED, pool, ID_POOL, "which; its owner signs") \
	F(IDENTITY, REQUIRED, worker, 0, "who may work for it no longer")

/* Orders (PROTOCOL). only_…: a restriction: one identity or asset, or the id of a list; left out: anybody. Prices are nRLC for each task. */
#define ENTRY_LIST_ADD(F) \
	F(ID, OPTIONAL, list, ID_LIST, "which; left out: a new one, whose id is this entry's") \
	F(TEXT, REQUIRED, member, 71, "an identity, or the id of an iApp, data or pool") \
	F(NUMBER, OPTIONAL, group, 0, "of a new one: 1, members may be removed; else never")

#define ENTRY_LIST_REMOVE(F) \
	F(ID, REQUIRED, list, ID_LIST, "a group") \
	F(TEXT, REQUIRED, member, 71, "who is no longer in it, for matches from now on")

/* The terms of every offer; volume: what one of it counts */
#define ENTRY_OFFER(F, what) \
	F(NUMBER, OPTIONAL, price, 0, "nRLC") \
	F(NUMBER, REQUIRED, volume, 0, what) \
	F(NUMBER, OPTIONAL, tag, 0, "bits of PROTOCOL's tags")

#define ENTRY_ORDER_APP(F) \
	F(ID, REQUIRED, app, ID_APP, "what is offered") \
	ENTRY_OFFER(F, "how many tasks it may ever serve") \
	F(TEXT, OPTIONAL, only_data, 71, "restriction") \
	F(TEXT, OPTIONAL, only_pool, 71, "restriction") \
	F(TEXT, OPTIONAL, only_requester, 71, "restriction")

#define ENTRY_ORDER_DATA(F) \
	F(ID, REQUIRED, data, ID_DATA, "what is granted") \
	ENTRY_OFFER(F, "uses") \
	F(TEXT, OPTIONAL, only_app, 71, "restriction") \
	F(TEXT, OPTIONAL, only_pool, 71, "restriction") \
	F(TEXT, OPTIONAL, only_requester, 71, "restriction") \
	F(NUMBER, OPTIONAL, until, 0, "book time, in seconds since 1970, from which it no longer holds") \
	F(TEXT, MANY, purpose, 71, "what it may be used for: DUO:… or a word; a broader one includes narrower ones; none: anything") \
	F(ID, OPTIONAL, policy, ID_POLICY, "must permit each use") \
	F(TEXT, OPTIONAL, min_assurance, 16, "the least level of the machine: software, tpm2, cvm") \
	F(NUMBER, OPTIONAL, bulk, 0, "1: may be one of many in a task; its price is 0")

#define ENTRY_ORDER_POOL(F) \
	F(ID, REQUIRED, pool, ID_POOL, "what is offered") \
	ENTRY_OFFER(F, "how many tasks it may ever serve") \
	F(NUMBER, OPTIONAL, category, 0, "0 XS, 1 S, 2 M, 3 L, 4 XL") \
	F(NUMBER, OPTIONAL, trust, 0, "the highest it offers") \
	F(TEXT, OPTIONAL, only_app, 71, "restriction") \
	F(TEXT, OPTIONAL, only_data, 71, "restriction") \
	F(TEXT, OPTIONAL, only_requester, 71, "restriction")

#define ENTRY_ORDER_REQUEST(F) \
	F(ID, REQUIRED, app, ID_APP, "what to run") \
	F(NUMBER, OPTIONAL, app_price, 0, "the most for it") \
	F(ID, OPTIONAL, data, ID_DATA, "on which data") \
	F(NUMBER, OPTIONAL, data_price, 0, "the most for it") \
	F(ID, MANY, own_data, ID_DATA, "more data, of the requester's own, in the order given") \
	F(TEXT, OPTIONAL, only_pool, 71, "restriction") \
	F(NUMBER, OPTIONAL, pool_price, 0, "the most for it") \
	F(NUMBER, REQUIRED, volume, 0, "how many tasks") \
	F(NUMBER, OPTIONAL, tag, 0, "bits of PROTOCOL's tags") \
	F(NUMBER, OPTIONAL, category, 0, "0 XS, 1 S, 2 M, 3 L, 4 XL") \
	F(NUMBER, OPTIONAL, trust, 0, "demanded; 0 and 1: one worker is enough") \
	F(IDENTITY, OPTIONAL, beneficiary, 0, "who may open the result, when it is an identity") \
	F(AGE, REQUIRED, recipient, 0, "the age recipient that the result is sealed to") \
	F(IDENTITY, OPTIONAL, payer, 0, "who pays, instead of the requester; must sign deal.sponsor") \
	F(TEXT, OPTIONAL, purpose, 71, "what for") \
	F(TEXT, OPTIONAL, min_assurance, 16, "the least level: none, software, tpm2, cvm") \
	F(HASH, REQUIRED, params, 0, "SHA-256 of a salt and arguments, files and secrets; the salt stays out of the book") \
	F(HASH, OPTIONAL, parcel, 0, "SHA-256 of what is sealed for the workers: arguments, files, secrets") \
	F(ID, MANY, bulk, ID_ORDER, "grants with bulk: one data each, all in one task, in this order") \
	F(TEXT, MANY, secret, 80, "<number> <secret1…>: the version of a secret of the requester's that the iApp gets under this number") \
	F(TEXT, OPTIONAL, callback, 64, "the result is a value for everybody, under this name: letters, digits, . _ - /")

#define ENTRY_ORDER_CANCEL(F) \
	F(ID, REQUIRED, order, ID_ORDER, "for good; deals that it made go on")

/* Deals */
#define ENTRY_DEAL_SPONSOR(F) \
	F(ID, REQUIRED, request, ID_ORDER, "the request that the signer will pay for")

#define ENTRY_DEAL_MATCH(F) \
	F(ID, REQUIRED, app, ID_ORDER, "the app order") \
	F(ID, OPTIONAL, data, ID_ORDER, "the data order") \
	F(ID, REQUIRED, pool, ID_ORDER, "the pool order") \
	F(ID, REQUIRED, request, ID_ORDER, "the request order") \
	F(NUMBER, OPTIONAL, first, 0, "tasks of the request that deals had before this one") \
	F(ID, REQUIRED, deal, ID_DEAL, "its id: it follows from request and first")

/* Tasks: the events of PROTOCOL's table. */
#define ENTRY_TASK_INITIALIZE(F) \
	F(ID, REQUIRED, deal, ID_DEAL, "whose task") \
	F(NUMBER, OPTIONAL, index, 0, "which one, counted over all deals of the request") \
	F(ID, REQUIRED, task, ID_TASK, "its id: it follows from deal and index")

#define ENTRY_TASK_ASSIGN(F) \
	F(ID, REQUIRED, task, ID_TASK, "the pool's owner …") \
	F(IDENTITY, REQUIRED, worker, 0, "… lets this worker contribute to it …") \
	F(NUMBER, REQUIRED, until, 0, "… and waits so long, in seconds since 1970, before another gets its place; a past time takes it back")

#define ENTRY_TASK_CONTRIBUTE(F) \
	F(ID, REQUIRED, task, ID_TASK, "by a worker that was assigned") \
	F(HASH, REQUIRED, hash, 0, "H(task, digest)") \
	F(HASH, REQUIRED, seal, 0, "H(worker, task, digest)")

#define ENTRY_TASK_REOPEN(F) \
	F(ID, REQUIRED, task, ID_TASK, "nobody revealed; the pool's owner signs")

#define ENTRY_TASK_CLAIM(F) \
	F(ID, REQUIRED, task, ID_TASK, "the last deadline has passed; anybody signs")

/* What is known of the run that gave the result. Nothing here may measure it: time and memory that an iApp uses are words it could speak about the data. They are in
 * the sealed result. */
#define ENTRY_RUN_FIELDS(F) \
	F(TEXT, REQUIRED, outcome, 16, "COMPLETED, FAILED (the iApp) or LIMIT") \
	F(TEXT, OPTIONAL, reason, 128, "which limit, or what kind of failure; never words of the iApp") \
	F(HASH, REQUIRED, measurement, 0, "SHA-256 of the enclave program") \
	F(HASH, OPTIONAL, result, 0, "SHA-256 of the sealed result") \
	F(NUMBER, OPTIONAL, size, 0, "bytes of the sealed result") \
	F(TEXT, MANY, missing_layer, 32, "isolation layers that this machine lacks") \
	F(TEXT, REQUIRED, assurance, 16, "none, software, tpm2 or cvm (TRUST)")

#define ENTRY_TASK_COMPLETE(F) \
	F(ID, REQUIRED, task, ID_TASK, "contributed and finalized at once, by a worker that was assigned; trust 1") \
	F(HASH, REQUIRED, digest, 0, "of the deterministic files, under the task's salt, which stays out of the book; or of the callback") \
	ENTRY_RUN_FIELDS(F) \
	F(BYTES, OPTIONAL, callback, 4096, "the value that the request asks for: its SHA-256 is the digest")

#define ENTRY_TASK_REVEAL(F) \
	F(ID, REQUIRED, task, ID_TASK, "by a worker that contributed with the winners") \
	F(HASH, REQUIRED, digest, 0, "what was hashed") \
	ENTRY_RUN_FIELDS(F) \
	F(BYTES, OPTIONAL, callback, 4096, "the value that the request asks for: its SHA-256 is the digest")

#define ENTRY_TASK_FINALIZE(F) \
	F(ID, REQUIRED, task, ID_TASK, "the winners have revealed; the pool's owner signs") \
	F(IDENTITY, REQUIRED, worker, 0, "whose sealed result the beneficiary gets: one of the winners that revealed")

/* Trust: who may release keys, what was decided, what was released (TRUST.md). Secrets and data are in the book by hash only. */
#define ENTRY_KEEPER_APPOINT(F) \
	F(IDENTITY, REQUIRED, keeper, 0, "whose decisions and releases this book takes; its operator signs") \
	F(AGE, REQUIRED, age, 0, "what data and secrets are sealed to")

#define ENTRY_POLICY_REGISTER(F) ENTRY_ARCHIVE(F)

#define ENTRY_POLICY_DECISION(F) \
	F(TEXT, REQUIRED, scope, 16, "offer, match, key_release, run, egress or settle") \
	F(ID, REQUIRED, grant, ID_ORDER, "the data order") \
	F(ID, REQUIRED, request, ID_ORDER, "the request order") \
	F(ID, OPTIONAL, task, ID_TASK, "from key_release on") \
	F(ID, REQUIRED, policy, ID_POLICY, "what was asked") \
	F(HASH, REQUIRED, engine, 0, "SHA-256 of the enclave program that ran it") \
	F(NUMBER, REQUIRED, as_of, 0, "entries of the book that the question was made from") \
	F(TEXT, OPTIONAL, assurance, 16, "of the machine that asks for the key") \
	F(IDENTITY, OPTIONAL, worker, 0, "who asks for the key") \
	F(HASH, REQUIRED, question, 0, "SHA-256 of the question, one line of JSON that follows from the book") \
	F(HASH, REQUIRED, answer, 0, "SHA-256 of the decision as the policy's box gave it") \
	F(TEXT, REQUIRED, effect, 8, "permit or deny, after the obligations were held against the question") \
	F(TEXT, MANY, rule, 64, "that decided") \
	F(TEXT, MANY, reason, 128, "codes; of a denial why") \
	F(TEXT, OPTIONAL, obligations, 4096, "one line of JSON")

#define ENTRY_KEY_RELEASE(F) \
	F(ID, REQUIRED, task, ID_TASK, "for which task …") \
	F(IDENTITY, REQUIRED, worker, 0, "… to whom …") \
	F(AGE, REQUIRED, box, 0, "… sealed to the key of its box") \
	F(HASH, REQUIRED, evidence, 0, "SHA-256 of the evidence that was verified") \
	F(TEXT, REQUIRED, assurance, 16, "what the evidence is worth: software, tpm2, cvm") \
	F(HASH, REQUIRED, measurement, 0, "SHA-256 of the enclave program") \
	F(NUMBER, REQUIRED, as_of, 0, "entries of the book that the keeper had checked") \
	F(ID, MANY, grant, ID_ORDER, "data orders under which keys of data were released") \
	F(TEXT, MANY, refused, 128, "of a bulk: <order1…> <code> of grants under which none was") \
	F(TEXT, MANY, budget, 160, "reserved: <order1…> uses|bytes|epsilon_u6 <amount> <of at most>") \
	F(NUMBER, OPTIONAL, output, 0, "the most bytes that the result may have, when owners limit it") \
	F(TEXT, OPTIONAL, log, 8, "none: the owners do not let the log out")

#define ENTRY_TASK_REFUSE(F) \
	F(ID, REQUIRED, task, ID_TASK, "ends without a run: no key was released; a keeper signs, the payer has the money back, stakes are free") \
	F(TEXT, REQUIRED, code, 64, "which check did not hold")

#define ENTRY_SEALED_SECRET(F) \
	F(HASH, REQUIRED, blob, 0, "SHA-256 of the secret, sealed to the keeper") \
	F(NUMBER, REQUIRED, size, 0, "bytes of that")

#define ENTRY_APP_SECRET(F) \
	F(ID, REQUIRED, app, ID_APP, "whose; its owner signs; deals made from now on get this version") \
	ENTRY_SEALED_SECRET(F)

#define ENTRY_SECRET_SET(F) \
	F(TEXT, REQUIRED, name, LIMIT_NAME_BYTES, "what its owner calls it; the same name again is a new version") \
	ENTRY_SEALED_SECRET(F)

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

/* What the book itself keeps the rules of … */
#define ENTRY_BOOK_TYPES(X) \
	X(BOOK_OPEN, book_open, "book.open", ENTRY_BOOK_OPEN, "the first entry of every book, by its operator") \
	X(IDENTITY_REGISTER, identity_register, "identity.register", ENTRY_IDENTITY_REGISTER, "an identity introduces itself") \
	X(DATA_REGISTER, data_register, "data.register", ENTRY_DATA_REGISTER, "protected data, by its owner") \
	X(APP_REGISTER, app_register, "app.register", ENTRY_APP_REGISTER, "an iApp, by its owner") \
	X(ACCOUNT_DEPOSIT, account_deposit, "account.deposit", ENTRY_ACCOUNT_DEPOSIT, "the bank puts money into an account") \
	X(ACCOUNT_WITHDRAW, account_withdraw, "account.withdraw", ENTRY_ACCOUNT_WITHDRAW, "money leaves the book") \
	X(ACCOUNT_TRANSFER, account_transfer, "account.transfer", ENTRY_ACCOUNT_TRANSFER, "from the signer to another") \
	X(ACCOUNT_CLOSE, account_close, "account.close", ENTRY_ACCOUNT_CLOSE, "the signer's account, when it is empty, for good")

/* … and the market's (core/market). */
#define ENTRY_MARKET_TYPES(X) \
	X(APP_TRANSFER, app_transfer, "app.transfer", ENTRY_APP_TRANSFER, "an iApp gets another owner") \
	X(DATA_TRANSFER, data_transfer, "data.transfer", ENTRY_DATA_TRANSFER, "data gets another owner") \
	X(POOL_CREATE, pool_create, "pool.create", ENTRY_POOL_CREATE, "a pool of workers, by its owner") \
	X(POOL_POLICY, pool_policy, "pool.policy", ENTRY_POOL_POLICY, "stakes and shares of a pool") \
	X(POOL_TRANSFER, pool_transfer, "pool.transfer", ENTRY_POOL_TRANSFER, "a pool gets another owner") \
	X(POOL_ADMIT, pool_admit, "pool.admit", ENTRY_POOL_ADMIT, "a worker joins a pool") \
	X(POOL_DISMISS, pool_dismiss, "pool.dismiss", ENTRY_POOL_DISMISS, "a worker leaves a pool") \
	X(LIST_ADD, list_add, "list.add", ENTRY_LIST_ADD, "a list that restrictions can name gets a member") \
	X(LIST_REMOVE, list_remove, "list.remove", ENTRY_LIST_REMOVE, "a group loses a member") \
	X(ORDER_APP, order_app, "order.app", ENTRY_ORDER_APP, "an iApp is offered") \
	X(ORDER_DATA, order_data, "order.data", ENTRY_ORDER_DATA, "data is granted") \
	X(ORDER_POOL, order_pool, "order.pool", ENTRY_ORDER_POOL, "a pool is offered") \
	X(ORDER_REQUEST, order_request, "order.request", ENTRY_ORDER_REQUEST, "a run is asked for") \
	X(ORDER_CANCEL, order_cancel, "order.cancel", ENTRY_ORDER_CANCEL, "an order is taken back") \
	X(DEAL_SPONSOR, deal_sponsor, "deal.sponsor", ENTRY_DEAL_SPONSOR, "somebody will pay for a request") \
	X(DEAL_MATCH, deal_match, "deal.match", ENTRY_DEAL_MATCH, "four orders make a deal; money is locked") \
	X(TASK_INITIALIZE, task_initialize, "task.initialize", ENTRY_TASK_INITIALIZE, "a task of a deal begins") \
	X(TASK_ASSIGN, task_assign, "task.assign", ENTRY_TASK_ASSIGN, "a worker is let at a task") \
	X(TASK_CONTRIBUTE, task_contribute, "task.contribute", ENTRY_TASK_CONTRIBUTE, "a worker commits to a result") \
	X(TASK_COMPLETE, task_complete, "task.complete", ENTRY_TASK_COMPLETE, "a worker's result ends the task; all are paid") \
	X(TASK_REVEAL, task_reveal, "task.reveal", ENTRY_TASK_REVEAL, "a winner shows what it committed to") \
	X(TASK_REOPEN, task_reopen, "task.reopen", ENTRY_TASK_REOPEN, "winners that kept silent are rejected") \
	X(TASK_FINALIZE, task_finalize, "task.finalize", ENTRY_TASK_FINALIZE, "the result of the consensus ends the task; all are paid") \
	X(TASK_CLAIM, task_claim, "task.claim", ENTRY_TASK_CLAIM, "a task failed; the payer has the money back") \
	X(KEEPER_APPOINT, keeper_appoint, "keeper.appoint", ENTRY_KEEPER_APPOINT, "a keeper serves this book") \
	X(POLICY_REGISTER, policy_register, "policy.register", ENTRY_POLICY_REGISTER, "rules of an owner, by whoever uses them") \
	X(POLICY_DECISION, policy_decision, "policy.decision", ENTRY_POLICY_DECISION, "a keeper asked a policy") \
	X(KEY_RELEASE, key_release, "key.release", ENTRY_KEY_RELEASE, "a keeper lets the box of a task have keys") \
	X(TASK_REFUSE, task_refuse, "task.refuse", ENTRY_TASK_REFUSE, "a keeper refuses the keys of a task; nobody is paid") \
	X(APP_SECRET, app_secret, "app.secret", ENTRY_APP_SECRET, "a new version of an iApp's own secret") \
	X(SECRET_SET, secret_set, "secret.set", ENTRY_SECRET_SET, "a new version of a secret of a requester's")

#define ENTRY_TYPES(X) ENTRY_BOOK_TYPES(X) ENTRY_MARKET_TYPES(X)

/* X(ENUM, kind of the id that follows from the entry's text) */
#define ENTRY_MAKES(X) X(DATA_REGISTER, DATA) X(APP_REGISTER, APP) X(POOL_CREATE, POOL) X(LIST_ADD, LIST) \
	X(ORDER_APP, ORDER) X(ORDER_DATA, ORDER) X(ORDER_POOL, ORDER) X(ORDER_REQUEST, ORDER) X(POLICY_REGISTER, POLICY) X(SECRET_SET, SECRET)

#endif
