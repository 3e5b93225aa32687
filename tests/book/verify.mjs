// A stock verifier of exported books: @sigstore/verify, the library that npm itself judges provenance with, takes the checkpoint and the inclusion proof of
// a proof file. It knows no witnesses and refuses a checkpoint with a signature that it has no key for, so it is given the log's line alone.
//
//	NODE_PATH=…/node_modules node verify.mjs LOG-VKEY PROOF-FILE...
import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.resolve(process.env.NODE_PATH, "none.js"));
const inside = path.dirname(require.resolve("@sigstore/verify"));
const { verifyCheckpoint } = require(path.join(inside, "timestamp", "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(inside, "timestamp", "merkle.js"));

const fail = (why) => { throw new Error(why); };

// name+hash+key as the trusted log of @sigstore/verify, whose key id in notes is the first four bytes of logID.
function logOf(vkey) {
	const [name, hash] = vkey.split("+", 2);
	const raw = Buffer.from(vkey.slice(name.length + hash.length + 2), "base64");
	if (raw.length !== 33 || raw[0] !== 1) fail("not the key of a log: " + vkey);
	const id = createHash("sha256").update(name + "\n").update(raw).digest().subarray(0, 4);
	if (id.toString("hex") !== hash) fail("the hash in a key does not belong to it: " + vkey);
	const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]);
	return { name, logID: id, publicKey: createPublicKey({ key: der, format: "der", type: "spki" }),
		validFor: { start: new Date(0), end: new Date(8640000000000000) } };
}

function proofOf(file, log) {
	const text = readFileSync(file, "utf8");
	const at = text.indexOf("\n\n");
	const lines = text.slice(0, at).split("\n");
	if (!lines[1].startsWith("extra ")) lines.splice(1, 0, "extra "); // of an empty entry
	const [head, extra, index, ...hashes] = lines;
	if (head !== "c2sp.org/tlog-proof@v1" || !index.startsWith("index ")) fail("not a proof file");
	const note = text.slice(at + 2);
	const body = note.slice(0, note.indexOf("\n\n") + 1);
	const [origin, size, root] = body.split("\n");
	if (origin !== log.name) fail("a checkpoint of " + origin);
	const line = note.slice(body.length + 1).split("\n").filter((l) => l.startsWith("\u2014 " + log.name + " "));
	if (line.length !== 1) fail("the log has not signed once");
	return {
		integratedTime: "0",
		canonicalizedBody: Buffer.from(extra.slice(6), "base64"),
		inclusionProof: { logIndex: index.slice(6), treeSize: size, rootHash: Buffer.from(root, "base64"),
			hashes: hashes.map((h) => Buffer.from(h, "base64")), checkpoint: { envelope: body + "\n" + line[0] + "\n" } },
	};
}

try {
	const [vkey, ...files] = process.argv.slice(2);
	const log = logOf(vkey);
	if (files.length === 0) fail("no proof files");
	for (const file of files) {
		const entry = proofOf(file, log);
		verifyCheckpoint(entry, [log]);
		verifyMerkleInclusion(entry);
	}
	console.log(`sigstore: ${files.length} proof files`);
} catch (e) {
	console.error("sigstore: " + e.message);
	process.exit(1);
}
