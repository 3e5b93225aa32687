// PoCo's own contracts, as they are published, in an EVM of JavaScript: plays a scenario of market-replay's commands and prints a result for each line. A
// result is {"ok":true,…} or {"ok":false,"reason":…}; a dump has no "consumed". Commands of ours that PoCo does not know are left out by who made the
// scenario: lists, purposes, payers in a request, callbacks.
//
//	NODE_PATH=…/node_modules POCO=…/package node peer.mjs < SCENARIO.jsonl
//
// Identities are contracts by ERC-1271: the signature of one is its own address. So who signed is exactly what the scenario says.
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { artifact, dispatcher, facetFile, facetNames, linked, registryFiles } from "./contracts.mjs";

const require = createRequire(path.resolve(process.env.NODE_PATH, "none.js"));
const { VM } = require("@ethereumjs/vm");
const { Block } = require("@ethereumjs/block");
const { Common, Hardfork } = require("@ethereumjs/common");
const { Account, Address, bytesToHex, hexToBytes } = require("@ethereumjs/util");
const { AbiCoder, Interface, concat, keccak256, toBeHex, toUtf8Bytes, zeroPadValue } = require("ethers");

const coder = AbiCoder.defaultAbiCoder();
const hash = (text) => keccak256(toUtf8Bytes(text));
const word = (n) => zeroPadValue(toBeHex(n), 32);
const nobody = "0x" + "0".repeat(40);
const zero = "0x" + "0".repeat(64);
const kitty = "0x99c2268479b93fDe36232351229815DF80837e23";
const store = 0x5862653c6982c162832160cf30593645e8487b257e44d77cdd6b51eee2651b00n; // PocoStorageLib: where its struct begins
const consensusAt = 16n, scoresAt = 18n; // members of that struct
const admin = "0x" + "ad".repeat(20), hub = "0x" + "b0".repeat(20);

const common = new Common({ chain: "mainnet", hardfork: Hardfork.Shanghai });
const vm = await VM.create({ common });
const state = vm.stateManager;
const at = (hex) => Address.fromString(hex);
let now = 1000n;

// A call or, with no `to`, a creation; all or nothing.
async function call(from, to, data, value = 0n) {
	const block = Block.fromBlockData({ header: { timestamp: now, gasLimit: 10n ** 12n, number: 20000000n } }, { common });
	await vm.evm.journal.checkpoint();
	const { createdAddress, execResult } = await vm.evm.runCall({ caller: at(from), origin: at(from), to: to ? at(to) : undefined, data: hexToBytes(data), value,
		gasLimit: 10n ** 11n, gasPrice: 0n, block });
	if (execResult.exceptionError) {
		await vm.evm.journal.revert();
		const returned = bytesToHex(execResult.returnValue);
		return { ok: false, reason: returned.startsWith("0x08c379a0") ? coder.decode(["string"], "0x" + returned.slice(10))[0] : "" };
	}
	await vm.evm.journal.commit();
	return { ok: true, returned: bytesToHex(execResult.returnValue), created: createdAddress?.toString() };
}

async function must(promise, what) {
	const r = await promise;
	if (!r.ok) throw new Error(`${what}: ${r.reason}`);
	return r;
}

async function deploy(file, libraries) {
	return (await must(call(admin, null, linked(file, libraries)), "deploy " + file)).created;
}

// isValidSignature(hash, signature): is the signature my address? Any other question: no.
const personCode = hexToBytes("0x6064353014631626ba7e60e01b0260005260206000f3");
const people = new Map();
async function person(name) {
	if (!people.has(name)) {
		people.set(name, "0x" + hash("who:" + name).slice(26));
		await state.putAccount(at(people.get(name)), Account.fromAccountData({ balance: 10n ** 40n }));
		await state.putContractCode(at(people.get(name)), personCode);
	}
	return people.get(name);
}
const signatureOf = (address) => zeroPadValue(address, 32);

await state.putAccount(at(admin), Account.fromAccountData({ balance: 10n ** 40n }));
const orderLibrary = await deploy("libs/IexecLibOrders_v5.sol/IexecLibOrders_v5.json");
const selectors = new Map(), fragments = new Set();
for (const name of facetNames) {
	const file = facetFile(name), facet = await deploy(file, { IexecLibOrders_v5: orderLibrary });
	new Interface(artifact(file).abi).forEachFunction((f) => {
		if (f.name === "owner" || selectors.has(f.selector)) return;
		selectors.set(f.selector, facet);
		fragments.add(f.format("full"));
	});
}
const abi = new Interface([...fragments]);
await state.putAccount(at(hub), Account.fromAccountData({}));
await state.putContractCode(at(hub), hexToBytes(dispatcher([...selectors], admin)));

async function hubCall(from, name, args, value) {
	const r = await call(from, hub, abi.encodeFunctionData(name, args), value);
	if (r.ok) [r.value] = [...abi.decodeFunctionResult(name, r.returned), undefined];
	return r;
}
const view = async (name, ...args) => (await must(hubCall(admin, name, args), name)).value;

const registries = {};
for (const [kind, file] of registryFiles) {
	registries[kind] = { address: await deploy(file), abi: new Interface(artifact(file).abi) };
	await must(call(admin, registries[kind].address, registries[kind].abi.encodeFunctionData("initialize", [nobody])), file);
}
const poolAbi = new Interface(artifact("registries/workerpools/Workerpool.sol/Workerpool.json").abi);
await must(hubCall(admin, "configure", [nobody, "", "", 9, registries.app.address, registries.data.address, registries.pool.address, nobody]), "configure");

// What the scenario names.
const assets = new Map(), orders = new Map(), deals = new Map(), tasks = new Map();
const assetAddress = (id) => !id ? nobody : assets.get(id)?.address ?? "0x" + hash("asset:" + id).slice(26);
const refused = { ok: false, reason: "" };

async function register(c, create, args) {
	if (assets.has(c.id)) return refused;
	const r = await call(admin, registries[c.op].address, registries[c.op].abi.encodeFunctionData(create, [await person(c.owner), c.id, ...args]));
	if (r.ok) assets.set(c.id, { kind: c.op, owner: c.owner, address: "0x" + r.returned.slice(26) });
	return r;
}

async function changePolicy(pool, stake, ratio) {
	return call(await person(assets.get(pool).owner), assetAddress(pool), poolAbi.encodeFunctionData("changePolicy", [stake, ratio]));
}

async function orderOf(c) {
	const only = c.restrict ?? {};
	const all = { volume: c.volume ?? 1, tag: word(c.tag ?? 0), salt: hash(c.id), sign: signatureOf(await person(c.signer)) };
	const restricted = { apprestrict: assetAddress(only.app), datasetrestrict: assetAddress(only.data), workerpoolrestrict: assetAddress(only.pool),
		requesterrestrict: only.requester ? await person(only.requester) : nobody };
	const terms = { category: c.category ?? 0, trust: c.trust ?? 0 };
	switch (c.kind) {
	case "app": return { ...all, ...restricted, app: assetAddress(c.app), appprice: c.price ?? 0 };
	case "data": return { ...all, ...restricted, dataset: assetAddress(c.data), datasetprice: c.price ?? 0 };
	case "pool": return { ...all, ...restricted, ...terms, workerpool: assetAddress(c.pool), workerpoolprice: c.price ?? 0 };
	}
	const requester = await person(c.requester ?? c.signer);
	return { ...all, ...terms, app: assetAddress(c.app), appmaxprice: c.maxAppPrice ?? 0, dataset: assetAddress(c.data), datasetmaxprice: c.maxDataPrice ?? 0,
		workerpool: assetAddress(c.pool), workerpoolmaxprice: c.maxPoolPrice ?? 0, requester, beneficiary: requester, callback: nobody, params: "" };
}
const noData = { dataset: nobody, datasetprice: 0, volume: 0, tag: zero, apprestrict: nobody, workerpoolrestrict: nobody, requesterrestrict: nobody, salt: zero,
	sign: "0x" };

const manage = { app: "manageAppOrder", data: "manageDatasetOrder", pool: "manageWorkerpoolOrder", request: "manageRequestOrder" };

// Challenge of the enclave, its signature, and who authorized the worker.
async function workArgs(c, task) {
	const challenge = c.enclave ? await person("(enclave)") : nobody;
	return [challenge, c.enclave ? signatureOf(challenge) : "0x", signatureOf(await person(c.authorization ?? task.scheduler))];
}

async function onTask(c, from, name, ...args) {
	const task = tasks.get(c.task);
	return task ? hubCall(from, name, [task.id, ...args]) : refused;
}

const commands = {
	category: (c) => hubCall(admin, "createCategory", ["", "", c.time]),
	deposit: async (c) => hubCall(await person(c.who), "deposit", [], BigInt(c.amount) * 10n ** 9n),
	withdraw: async (c) => hubCall(await person(c.who), "withdraw", [c.amount]),
	app: (c) => register(c, "createApp", ["DOCKER", "0x", zero, "0x"]),
	data: (c) => register(c, "createDataset", ["0x", zero]),
	async pool(c) {
		const r = await register(c, "createWorkerpool", []);
		return r.ok ? changePolicy(c.id, c.workerStakeRatio ?? 30, c.schedulerRatio ?? 1) : r;
	},
	policy: (c) => changePolicy(c.pool, c.workerStakeRatio, c.schedulerRatio),
	async transfer(c) {
		const a = assets.get(c.asset), { address, abi: registry } = registries[a.kind];
		const r = await call(await person(c.by ?? a.owner), address, registry.encodeFunctionData("transferFrom", [await person(c.by ?? a.owner), await person(c.to),
			BigInt(a.address)]));
		if (r.ok) a.owner = c.to;
		return r;
	},
	async score(c) {
		const slot = keccak256(coder.encode(["address", "uint256"], [await person(c.who), store + scoresAt]));
		await state.putContractStorage(at(hub), hexToBytes(slot), hexToBytes(word(c.value)));
		return { ok: true };
	},
	async order(c) {
		orders.set(c.id, { ...c, signed: await orderOf(c) });
		return { ok: true };
	},
	async cancel(c) {
		const o = orders.get(c.order);
		const owner = o.kind === "request" ? o.requester ?? o.signer : assets.get(o[o.kind]).owner;
		return hubCall(await person(c.by ?? owner), manage[o.kind], [{ order: o.signed, operation: 1, sign: "0x" }]);
	},
	async match(c) {
		const four = [c.app, c.data, c.pool, c.request].map((id) => id ? orders.get(id).signed : noData);
		const scheduler = assets.get(orders.get(c.pool).pool)?.owner;
		const r = await hubCall(c.payer ? await person(c.payer) : admin, c.payer ? "sponsorMatchOrders" : "matchOrders", four);
		if (!r.ok) return r;
		deals.set(c.deal, { id: r.value, scheduler });
		return { ok: true, more: `,"deal":"${c.deal}","volume":${(await view("viewDeal", r.value)).botSize}` };
	},
	async initialize(c) {
		const deal = deals.get(c.deal);
		if (!deal || tasks.has(c.task)) return refused;
		const r = await hubCall(admin, "initialize", [deal.id, c.index]);
		if (r.ok) tasks.set(c.task, { id: r.value, scheduler: deal.scheduler });
		return r;
	},
	async contribute(c) {
		const task = tasks.get(c.task);
		if (!task) return refused;
		const digest = hash(c.digest), sealer = await person(c.sealOf ?? c.worker);
		const r = await onTask(c, await person(c.worker), "contribute", keccak256(concat([task.id, digest])), keccak256(concat([sealer, task.id, digest])),
			...await workArgs(c, task));
		return r.ok ? { ok: true, more: `,"consensus":${(await view("viewTask", task.id)).status === 2n}` } : r;
	},
	async contributeAndFinalize(c) {
		const task = tasks.get(c.task);
		if (!task) return refused;
		const r = await onTask(c, await person(c.worker), "contributeAndFinalize", hash(c.digest), "0x", "0x", ...await workArgs(c, task));
		return r.ok ? { ok: true, more: ',"consensus":true' } : r;
	},
	reveal: async (c) => onTask(c, await person(c.worker), "reveal", hash(c.digest)),
	reopen: async (c) => onTask(c, await person(c.by), "reopen"),
	finalize: async (c) => onTask(c, await person(c.by), "finalize", "0x", "0x"),
	claim: (c) => onTask(c, admin, "claim"),
};

// Consensus has a mapping of groups, then the total, which no function tells.
async function totalOf(task) {
	const slot = BigInt(keccak256(coder.encode(["bytes32", "uint256"], [task, store + consensusAt]))) + 1n;
	return Number(BigInt(bytesToHex(await state.getContractStorage(at(hub), hexToBytes(word(slot)))).padEnd(3, "0")));
}

async function dump() {
	const out = { accounts: {}, kitty: Number(await view("frozenOf", kitty)), scores: {}, tasks: {} };
	out.supply = out.kitty;
	for (const [name, address] of people) {
		const free = Number(await view("balanceOf", address)), locked = Number(await view("frozenOf", address)), score = Number(await view("viewScore", address));
		out.accounts[name] = { free, locked };
		out.supply += free + locked;
		if (score) out.scores[name] = score;
	}
	for (const [name, task] of tasks) {
		const t = await view("viewTask", task.id);
		out.tasks[name] = { status: ["unset", "active", "revealing", "completed", "failed"][Number(t.status)], deadline: { contribution: Number(t.contributionDeadline),
			reveal: Number(t.revealDeadline), final: Number(t.finalDeadline) }, total: await totalOf(task.id), winners: Number(t.winnerCounter),
			reveals: Number(t.revealCounter) };
	}
	return out;
}

// A command of the peer alone: {"op":"reset"} begins an empty market again: the state as it is here.
await state.checkpoint();
async function reset() {
	await state.revert();
	await state.checkpoint();
	for (const map of [people, assets, orders, deals, tasks]) map.clear();
	now = 1000n;
	return { ok: true };
}
commands.reset = reset;

for await (const line of createInterface({ input: process.stdin })) {
	const c = JSON.parse(line);
	if (c.now !== undefined) now = BigInt(c.now);
	if (c.op === "dump") {
		console.log(JSON.stringify(await dump()));
		continue;
	}
	const r = await commands[c.op](c);
	console.log(r.ok ? `{"ok":true${r.more ?? ""}}` : JSON.stringify({ ok: false, reason: r.reason }));
}
