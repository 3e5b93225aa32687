// What is known of PoCo's published contracts, for whoever runs them: peer.mjs in an EVM of JavaScript, tests/bench/anvil in another.
//
//	POCO=…/package
import { readFileSync } from "node:fs";
import path from "node:path";

export const artifact = (file) => JSON.parse(readFileSync(path.join(process.env.POCO, "artifacts/contracts", file)));

export const facetNames = ["IexecConfigurationFacet", "IexecCategoryManagerFacet", "IexecEscrowNativeFacet", "IexecERC20Facet", "IexecOrderManagementFacet",
	"IexecPoco1Facet", "IexecPoco2Facet", "IexecPocoAccessorsFacet"];
export const facetFile = (name) => `facets/${name}.sol/${name}.json`;
export const registryFiles = [["app", "apps", "AppRegistry"], ["data", "datasets", "DatasetRegistry"], ["pool", "workerpools", "WorkerpoolRegistry"]]
	.map(([kind, folder, name]) => [kind, `registries/${folder}/${name}.sol/${name}.json`]);

// Libraries are linked by their addresses in the code.
export function linked(file, libraries = {}) {
	const { bytecode, linkReferences = {} } = artifact(file);
	let code = bytecode;
	for (const names of Object.values(linkReferences))
		for (const [name, places] of Object.entries(names))
			for (const { start, length } of places)
				code = code.slice(0, 2 + start * 2) + libraries[name].slice(2) + code.slice(2 + (start + length) * 2);
	return code;
}

// In the place of the diamond: code that sends each selector on to its facet by delegatecall, and answers owner() itself.
export function dispatcher(facets, admin) {
	const hex = (n) => n.toString(16).padStart(4, "0");
	const targets = [["0x8da5cb5b", null], ...facets];
	const bodies = [];
	let table = "60003560e01c", where = table.length / 2 + targets.length * 11 + 4;
	for (const [selector, facet] of targets) {
		let body = "5b73" + admin.slice(2) + "60005260206000f3";
		if (facet) {
			body = "5b3660006000376000600036600073" + facet.slice(2) + "5af43d600060003e";
			body += "61" + hex(where + body.length / 2 + 8) + "573d6000fd5b3d6000f3";
		}
		table += "8063" + selector.slice(2) + "1461" + hex(where) + "57";
		bodies.push(body);
		where += body.length / 2;
	}
	return "0x" + table + "600080fd" + bodies.join("");
}
