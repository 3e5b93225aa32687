#!/usr/bin/env bats
# The list of parts: what SPDX 2.3 demands of a document, and that each thing it says is so.

load helper
setup() {
	setup_place
	[ -z "$SAN" ] || skip "not what is installed"
	sbom=$BATS_FILE_TMPDIR/enclua.spdx.json
	[ -f "$sbom" ] || { maker sbom PREFIX=/usr && cp "$(tail -1 said)" "$sbom"; }
}
teardown() { teardown_place; }

# What the specification's chapters 6 to 11 demand, as far as this document uses them. Prints what is wrong.
spdx_faults() {
	jq -r '
		def has_text($path): getpath($path) | type == "string" and length > 0;
		def fault($ok; $what): if $ok then empty else $what end;
		def sum($n): test("^[0-9a-f]{\($n)}$");
		def license: . == "NONE" or . == "NOASSERTION" or test("^[A-Za-z0-9.-]+( (OR|AND) [A-Za-z0-9.-]+)*$");
		([.SPDXID, .packages[].SPDXID, .files[].SPDXID]) as $ids
		| fault(.spdxVersion == "SPDX-2.3"; "spdxVersion"), fault(.dataLicense == "CC0-1.0"; "dataLicense"), fault(.SPDXID == "SPDXRef-DOCUMENT"; "SPDXID"),
		fault(has_text(["name"]); "name"), fault(.documentNamespace | test("^[a-z]+:[^#\\s]+$"); "documentNamespace"),
		fault(.creationInfo.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"); "created"),
		fault(.creationInfo.creators | length > 0 and all(test("^(Tool|Person|Organization): .")); "creators"),
		fault(($ids | length) == ($ids | unique | length); "an identifier twice"), fault($ids | all(test("^SPDXRef-[A-Za-z0-9.-]+$")); "an identifier"),
		(.packages[] | . as $p |
			fault(has_text(["name"]) and has_text(["downloadLocation"]) and has_text(["copyrightText"]); "package \(.SPDXID)"),
			fault(.licenseConcluded | license; "concluded licence of \(.SPDXID)"), fault(.licenseDeclared | license; "declared licence of \(.SPDXID)"),
			fault(.filesAnalyzed == has("packageVerificationCode"); "verification code of \(.SPDXID)"),
			fault((.supplier // "NOASSERTION") | test("^(NOASSERTION|(Person|Organization): .+)$"); "supplier of \(.SPDXID)"),
			((.externalRefs // [])[] | fault(.referenceCategory == "PACKAGE-MANAGER" and .referenceType == "purl"
				and (.referenceLocator | test("^pkg:[a-z]+/[^\\s]+@[^\\s@]+$")); "reference of \($p.SPDXID)"))),
		(.files[] | fault(.fileName | test("^\\./"); "name \(.fileName)"), fault(any(.checksums[]; .algorithm == "SHA1" and (.checksumValue | sum(40))); "SHA1 of \(.fileName)"),
			fault(any(.checksums[]; .algorithm == "SHA256" and (.checksumValue | sum(64))); "SHA256 of \(.fileName)"),
			fault(.fileTypes - ["SOURCE", "BINARY", "ARCHIVE", "TEXT", "DOCUMENTATION", "OTHER"] == []; "type of \(.fileName)"),
			fault(has_text(["copyrightText"]) and (.licenseConcluded | license) and (.licenseInfoInFiles | length > 0); "rights of \(.fileName)")),
		(.relationships[] | fault(([.spdxElementId, .relatedSpdxElement] - $ids) == []; "relationship \(.)"),
			fault([.relationshipType] - ["DESCRIBES", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK", "BUILD_DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "BUILD_TOOL_OF"] == []; "relationship \(.)")),
		fault([.relationships[] | select(.relationshipType == "DESCRIBES") | .spdxElementId] == ["SPDXRef-DOCUMENT"]; "it describes nothing")
	' "$1"
}

@test "it has what SPDX 2.3 demands; this check notices what is not" {
	[ -z "$(spdx_faults "$sbom")" ] || { spdx_faults "$sbom"; return 1; }
	for change in 'del(.dataLicense)' '.packages[1].licenseDeclared = "as is, mostly"' '.files[0].checksums |= .[1:]' '.relationships[1].relatedSpdxElement = "SPDXRef-Nothing"' \
		'.files[1].SPDXID = .files[0].SPDXID' 'del(.packages[0].packageVerificationCode)' '.documentNamespace = ""'; do
		jq "$change" "$sbom" > changed
		[ -n "$(spdx_faults changed)" ] || { echo "not noticed: $change"; return 1; }
	done
}

@test "its files are those that are installed, by their sums, and no others" {
	maker install-strip DESTDIR="$work/root" PREFIX=/usr
	rm root/usr/share/enclua/installed
	(cd root && find . -type f -exec sha256sum {} + | sort -k 2) > there
	jq -r '.files[] | [(.checksums[] | select(.algorithm == "SHA256") | .checksumValue), .fileName] | join("  ")' "$sbom" | sort -k 2 | cmp - there
	(cd root && find . -type f -exec sha1sum {} + | cut -d' ' -f1 | sort | tr -d '\n' | sha1sum | cut -d' ' -f1) > code
	[ "$(jq -r '.packages[] | select(.filesAnalyzed) | .packageVerificationCode.packageVerificationCodeValue' "$sbom")" = "$(cat code)" ]
	[ "$(jq -r '[.relationships[] | select(.relationshipType == "CONTAINS")] | length' "$sbom")" -eq "$(wc -l < there)" ]
}

@test "what is linked in stands in it, with the version that is here, a licence, and Lua's hash" {
	for package in libsodium23 libsqlite3-0 libarchive13 libyaml-0-2 libc6 libsodium-dev musl-dev libseccomp-dev; do
		jq -e --arg name "$package" --arg version "$(dpkg-query -W -f '${Version}\n' "$package" | head -1)" \
			'.packages[] | select(.name == $name) | .versionInfo == $version and .licenseDeclared != "NOASSERTION"' "$sbom" || { echo "$package"; return 1; }
	done
	jq -e --arg sum "$(sed -n 's/^LUA_SHA256 := //p' "$top/Makefile")" '.packages[] | select(.name == "lua") | .checksums[0].checksumValue == $sum and .licenseDeclared == "MIT"' "$sbom"
	objdump -p "$enclua" | awk '$1 == "NEEDED"' | wc -l > needed
	[ "$(jq '[.relationships[] | select(.relationshipType == "DYNAMIC_LINK" and .spdxElementId == "SPDXRef-File-usr-bin-enclua")] | length' "$sbom")" -eq "$(cat needed)" ]
	[ "$(jq -r '[.relationships[] | select(.relationshipType == "STATIC_LINK") | .spdxElementId] | unique | join(" ")' "$sbom")" = SPDXRef-File-usr-libexec-enclua-enclave ]
	if [ ! -f "$top/LICENSE" ]; then [ "$(jq -r '.packages[] | select(.name == "enclua") | .licenseDeclared' "$sbom")" = NONE ]; fi
}

@test "made twice it is the same file; of other files it is another, with another name" {
	(umask 077 && TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 maker sbom PREFIX=/usr)
	cmp "$sbom" "$(tail -1 said)"
	maker sbom PREFIX=/opt
	[ "$(jq -r .documentNamespace "$sbom")" != "$(jq -r .documentNamespace "$(tail -1 said)")" ]
	[[ "$(jq -r .documentNamespace "$sbom")" =~ ^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$ ]]
}
