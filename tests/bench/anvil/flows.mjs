// Lives of tasks in PoCo's own contracts on anvil, an EVM in memory, on loopback: matchOrders, initialize, contributeAndFinalize, with orders signed by EIP-712 and a
// worker authorized by the scheduler's signature. All is signed before the clock starts. Two ways: one after another, each transaction waited for; and as fast as blocks
// go, where only the execution of three blocks (all matches, all initializations, all results) is timed, without what it costs to hand transactions in.
//
//	NODE_PATH=…/node_modules POCO=…/package node flows.mjs ANVIL LIVES flow|blocks
//
// Prints "LIVES_PER_S P50_MS". Each time on a fresh chain: anvil becomes slower the more blocks it has.
import { spawn } from "node:child_process";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { artifact, dispatcher, facetFile, facetNames, linked, registryFiles } from "../../market/poco/contracts.mjs";

const require = createRequire(path.resolve(process.env.NODE_PATH, "none.js"));
const { AbiCoder, HDNodeWallet, Interface, Mnemonic, concat, getBytes, keccak256, solidityPacked, toBeHex, toUtf8Bytes, TypedDataEncoder, zeroPadValue } = require("ethers");

const [binary, lives, way] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const coder = AbiCoder.defaultAbiCoder();
const nobody = "0x" + "0".repeat(40), zero = "0x" + "0".repeat(64), hub = "0x" + "b0".repeat(20);

// The EVM: our own process, ended when we end.
const anvil = spawn(binary, ["--host", "127.0.0.1", "--port", "0", "--hardfork", "cancun", "--gas-limit", "1000000000000", "--balance", "1000000000", "--base-fee", "0",
	"--gas-price", "0", "--order", "fifo", "--chain-id", "31337"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => anvil.kill());
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
const port = await new Promise((done, fail) => {
	let said = "";
	const patience = setTimeout(() => fail(new Error("anvil does not listen")), 20000);
	anvil.on("exit", () => fail(new Error("anvil ended: " + said)));
	anvil.stdout.on("data", (text) => {
		said = (said + text).slice(-4000);
		const m = /Listening on 127\.0\.0\.1:(\d+)/.exec(said);
		if (m) done(clearTimeout(patience) ?? Number(m[1]));
	});
});
anvil.removeAllListeners("exit");

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const post = (body) => new Promise((done, fail) => {
	const q = http.request({ host: "127.0.0.1", port, method: "POST", agent, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, (a) => {
		const parts = [];
		a.on("data", (p) => parts.push(p)).on("end", () => done(JSON.parse(Buffer.concat(parts))));
	});
	q.on("error", fail).end(body);
});
const asked = (method, params) => ({ jsonrpc: "2.0", id: 1, method, params });
async function rpc(method, ...params) {
	const a = await post(JSON.stringify(asked(method, params)));
	if (a.error) throw new Error(`${method}: ${a.error.message}`);
	return a.result;
}

// People, each with a key and a count of transactions.
const seed = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const [admin, author, owner, scheduler, carl, worker] = [0, 1, 2, 3, 4, 5].map((i) => HDNodeWallet.fromMnemonic(seed, `m/44'/60'/0'/0/${i}`));
const nonces = new Map();
async function signed(who, to, data, value = 0n) {
	const nonce = nonces.get(who) ?? 0;
	nonces.set(who, nonce + 1);
	return who.signTransaction({ type: 2, chainId: 31337, nonce, to, data, value, gasLimit: 12000000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
}
async function receiptOf(hash) {
	for (let i = 0; i < 2000; i++) {
		const receipt = await rpc("eth_getTransactionReceipt", hash);
		if (receipt) {
			if (receipt.status !== "0x1") throw new Error("a transaction failed");
			return receipt;
		}
	}
	throw new Error("no receipt");
}
const enter = async (raw) => receiptOf(await rpc("eth_sendRawTransaction", raw));
const send = async (...tx) => enter(await signed(...tx));
const deploy = async (file, libraries) => (await send(admin, null, linked(file, libraries))).contractAddress;

const orderLibrary = await deploy("libs/IexecLibOrders_v5.sol/IexecLibOrders_v5.json");
const selectors = new Map(), fragments = new Set();
for (const name of facetNames) {
	const facet = await deploy(facetFile(name), { IexecLibOrders_v5: orderLibrary });
	new Interface(artifact(facetFile(name)).abi).forEachFunction((f) => {
		if (f.name === "owner" || selectors.has(f.selector)) return;
		selectors.set(f.selector, facet);
		fragments.add(f.format("full"));
	});
}
const abi = new Interface([...fragments]);
const encode = (name, ...args) => abi.encodeFunctionData(name, args);
const view = async (name, ...args) => abi.decodeFunctionResult(name, await rpc("eth_call", { to: hub, data: encode(name, ...args) }, "latest"))[0];
await rpc("anvil_setCode", hub, dispatcher([...selectors], admin.address));
const registries = {};
for (const [kind, file] of registryFiles) {
	registries[kind] = { address: await deploy(file), abi: new Interface(artifact(file).abi) };
	await send(admin, registries[kind].address, registries[kind].abi.encodeFunctionData("initialize", [nobody]));
}
await send(admin, hub, encode("configure", nobody, "", "", 9, registries.app.address, registries.data.address, registries.pool.address, nobody));
await send(admin, hub, encode("createCategory", "", "", 100000));
for (const who of [carl, scheduler, worker]) await send(who, hub, encode("deposit"), 10n ** 24n);

async function asset(kind, create, args) {
	const { address, abi: registry } = registries[kind], data = registry.encodeFunctionData(create, args);
	const made = await rpc("eth_call", { from: admin.address, to: address, data }, "latest");
	await send(admin, address, data);
	return "0x" + made.slice(26);
}
const app = await asset("app", "createApp", [author.address, "app", "DOCKER", "0x", zero, "0x"]);
const dataset = await asset("data", "createDataset", [owner.address, "data", "0x", zero]);
const workerpool = await asset("pool", "createWorkerpool", [scheduler.address, "pool"]);

// Orders
const { name, version, chainId, verifyingContract } = await view("domain");
const domain = { name, version, chainId, verifyingContract };
const fields = (text) => text.split(",").map((f) => ({ type: f.split(" ")[0], name: f.split(" ")[1] }));
const types = {
	app: { AppOrder: fields("address app,uint256 appprice,uint256 volume,bytes32 tag,address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt") },
	data: { DatasetOrder: fields("address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt") },
	pool: { WorkerpoolOrder: fields("address workerpool,uint256 workerpoolprice,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address apprestrict," +
		"address datasetrestrict,address requesterrestrict,bytes32 salt") },
	request: { RequestOrder: fields("address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,address workerpool,uint256 workerpoolmaxprice,address requester," +
		"uint256 volume,bytes32 tag,uint256 category,uint256 trust,address beneficiary,address callback,string params,bytes32 salt") },
};
const salt = (text) => keccak256(toUtf8Bytes(text));
const order = async (kind, who, o) => ({ ...o, sign: await who.signTypedData(domain, types[kind], o) });
const free = { datasetrestrict: nobody, workerpoolrestrict: nobody, requesterrestrict: nobody, apprestrict: nobody };
const offers = [
	await order("app", author, { ...free, app, appprice: 1000, volume: 10 ** 9, tag: zero, salt: salt("a") }),
	await order("data", owner, { ...free, dataset, datasetprice: 1000, volume: 10 ** 9, tag: zero, salt: salt("d") }),
	await order("pool", scheduler, { ...free, workerpool, workerpoolprice: 1000000, volume: 10 ** 9, tag: zero, category: 0, trust: 5, salt: salt("p") }),
];

// One life: its three transactions, and how its task is called.
let count = 0;
async function life() {
	const request = { app, appmaxprice: 1000, dataset, datasetmaxprice: 1000, workerpool, workerpoolmaxprice: 1000000, requester: carl.address, volume: 1, tag: zero,
		category: 0, trust: 1, beneficiary: carl.address, callback: nobody, params: "", salt: salt("r" + count++) };
	const hash = TypedDataEncoder.hash(domain, types.request, request);
	const deal = keccak256(coder.encode(["bytes32", "uint256"], [hash, 0])), task = keccak256(coder.encode(["bytes32", "uint256"], [deal, 0]));
	const sent = await scheduler.signMessage(getBytes(keccak256(solidityPacked(["address", "bytes32", "address"], [worker.address, task, nobody]))));
	return { task, raw: [await signed(carl, hub, encode("matchOrders", ...offers, await order("request", carl, request))),
		await signed(scheduler, hub, encode("initialize", deal, 0)),
		await signed(worker, hub, encode("contributeAndFinalize", task, salt("x"), "0x", "0x", nobody, "0x", sent))] };
}
const many = async () => {
	const all = [];
	for (let i = 0; i < lives; i++) all.push(await life());
	return all;
};
async function ended(all) {
	for (const { task } of [all[0], all.at(-1)]) if ((await view("viewTask", task)).status !== 3n) throw new Error("a task did not end");
}

async function flow() {
	const all = await many(), times = [];
	const begun = performance.now();
	for (const { raw } of all) {
		const from = performance.now();
		for (const tx of raw) await enter(tx);
		times.push(performance.now() - from);
	}
	const per_s = lives * 1000 / (performance.now() - begun);
	await ended(all);
	return [per_s, times.sort((a, b) => a - b)[lives >> 1]];
}

async function blocks() {
	const all = await many();
	let ms = 0;
	await rpc("evm_setAutomine", false);
	for (let step = 0; step < 3; step++) {
		for (const { raw } of all) await rpc("eth_sendRawTransaction", raw[step]);
		const from = performance.now();
		await rpc("evm_mine");
		ms += performance.now() - from;
	}
	await rpc("evm_setAutomine", true);
	await ended(all);
	return [lives * 1000 / ms, ms / lives];
}

const [per_s, ms] = await { flow, blocks }[way]();
console.log(per_s.toFixed(1), ms.toFixed(3));
const gone = new Promise((done) => anvil.on("exit", done));
anvil.kill();
await gone;
process.exit(0);
