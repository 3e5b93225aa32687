# From what sbom found to a document of SPDX 2.3.
def rows($text): $text | split("\n") | map(select(length > 0) | split("\t"));
def id($kind): "SPDXRef-\($kind)-" + gsub("[^A-Za-z0-9.]+"; "-");
def file_id: ltrimstr("./") | id("File");

rows($files) as $files
| (rows($debian) | map((.[1] | split(" ")) as $d | { package: .[0], source: $d[0], version: $d[1], arch: $d[2], licence: .[2], relation: .[3], of: .[4], supplier: .[5] })) as $debian
| ("enclua" | id("Package")) as $ours
| ("lua" | id("Package")) as $lua_id
| {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "enclua-\($version)",
    documentNamespace: $namespace,
    creationInfo: { created: $created, creators: ["Tool: enclua-tools-package-sbom"] },
    packages: ([
        {
            SPDXID: $ours, name: "enclua", versionInfo: $version, sourceInfo: "commit \($commit)",
            downloadLocation: "NOASSERTION", filesAnalyzed: true,
            packageVerificationCode: { packageVerificationCodeValue: $verification },
            primaryPackagePurpose: "APPLICATION", licenseConcluded: "NOASSERTION", licenseInfoFromFiles: ["NOASSERTION"], licenseDeclared: $declared,
            copyrightText: "NOASSERTION"
        },
        {
            SPDXID: $lua_id, name: "lua", versionInfo: $lua, packageFileName: "lua5.4_\($lua).orig.tar.gz",
            downloadLocation: "NOASSERTION", filesAnalyzed: false,
            checksums: [{ algorithm: "SHA256", checksumValue: $lua_sum }],
            primaryPackagePurpose: "LIBRARY", licenseConcluded: "MIT", licenseDeclared: "MIT", copyrightText: $lua_notice,
            externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: "pkg:generic/lua@\($lua)?checksum=sha256:\($lua_sum)" }]
        }
    ] + ($debian | unique_by(.package) | map({
        SPDXID: (.package | id("Package-deb")), name: .package, versionInfo: .version, supplier: .supplier,
        sourceInfo: "source package \(.source)", downloadLocation: "NOASSERTION", filesAnalyzed: false,
        licenseConcluded: "NOASSERTION", licenseDeclared: .licence, copyrightText: "NOASSERTION",
        externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
            referenceLocator: "pkg:deb/debian/\(.package)@\(.version | @uri)?arch=\(.arch)" }]
    }))),
    files: ($files | map({
        SPDXID: (.[0] | file_id), fileName: .[0],
        fileTypes: [if .[0] | test("/(bin|libexec)/") then "BINARY" elif .[0] | test("\\.(lua|fish)$|completions/") then "SOURCE" elif .[0] | test("/(doc|man)/") then "DOCUMENTATION" else "TEXT" end],
        checksums: [{ algorithm: "SHA1", checksumValue: .[1] }, { algorithm: "SHA256", checksumValue: .[2] }],
        licenseConcluded: "NOASSERTION", licenseInfoInFiles: ["NOASSERTION"], copyrightText: "NOASSERTION"
    })),
    relationships: ([{ spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: $ours }]
        + ($files | map({ spdxElementId: $ours, relationshipType: "CONTAINS", relatedSpdxElement: (.[0] | file_id) }))
        + [{ spdxElementId: ($enclave | file_id), relationshipType: "STATIC_LINK", relatedSpdxElement: $lua_id }]
        + ($debian | map(if .of == "enclua"
            then { spdxElementId: (.package | id("Package-deb")), relationshipType: .relation, relatedSpdxElement: $ours }
            else { spdxElementId: (.of | file_id), relationshipType: .relation, relatedSpdxElement: (.package | id("Package-deb")) } end)))
  }
