-- luacheck: globals forge, no max line length
-- Hostile files, described by what is wrong with them. Each maker begins with what our own programs would write and changes what its options name; without
-- options the result is good, and the cases check that too. Nothing here judges: family.lua runs the programs.
--
-- tar { ENTRY…, stop = BYTES, after = function(bytes) }      an archive of these entries; stop: the end, else two zero blocks
--   ENTRY = { NAME, DATA, type = "0", size = NUMBER or the 12 bytes, at = { [OFFSET] = BYTES }, sum = "right" | BYTES, pad = BYTES }
-- iapp { … }, policy { … }: a signed archive
--   files = { [PATH] = BYTES or false }     beside or instead of the demo's
--   list = function(text)                   of MANIFEST, before it is signed; listed = function(text): after
--   order = { PATH… }                       of the entries in the archive
--   before = { [PATH] = { ENTRY… } }        entries put in there; "end" is a place, too
--   at = { [PATH] = { [OFFSET] = BYTES } }  bytes of that entry's header, whose checksum is made good again; also sum, size, type, pad by path
--   signers = { SEED… }, sig = { … }        what minisig takes
--   sigs = function(list)                   of { name, text }, one for each signer
--   stop, after                             as of tar
-- minisig(SEED, MESSAGE, { algorithm, number, key, untrusted, trusted, over, signature, global, text })
-- age { … }: key, stanza = { LINE… }, header = function(lines), mac, plain, chunks = function(list), nonce, after
-- pdata { ENTRY…, padded = NUMBER }: what is sealed as protected data
-- note(TEXT, { SIGNER… }): a signed note; signer = { name, seed, type = 1, id, time, signature }
local make = {}
local ZERO = string.rep("\0", 512)

local function octal(n, digits) return string.format("%0" .. digits .. "o ", n) end

local function put(block, at, bytes)
    return block:sub(1, at) .. bytes .. block:sub(at + #bytes + 1)
end

local function checksum(block)
    local sum = 0
    for _, b in ipairs { put(block, 148, "        "):byte(1, 512) } do sum = sum + b end
    return string.format("%06o\0 ", sum)
end

function make.entry(e)
    local name, data = e[1], e[2] or ""
    local block = put(ZERO, 0, name:sub(1, 100))
    local size = e.size or #data
    block = put(block, 100, "000644 \0" .. "000000 \0" .. "000000 \0")
    block = put(block, 124, type(size) == "string" and size or octal(size, 11))
    block = put(block, 136, octal(0, 11))
    block = put(block, 156, e.type or "0")
    block = put(block, 257, "ustar\0" .. "00")
    block = put(block, 329, "000000 \0" .. "000000 \0")
    for at, bytes in pairs(e.at or {}) do block = put(block, at, bytes) end
    assert(#block == 512, name)
    block = put(block, 148, e.sum or checksum(block))
    return block .. data .. (e.pad or string.rep("\0", -#data % 512))
end

function make.tar(t)
    local out = {}
    for i, e in ipairs(t) do out[i] = type(e) == "string" and e or make.entry(e) end
    local bytes = table.concat(out) .. (t.stop or ZERO .. ZERO)
    return t.after and t.after(bytes) or bytes
end

function make.seed(n) return string.rep(string.char(n), 32) end

function make.key_line(seed, number)
    local public = forge.public(seed)
    return forge.base64("Ed" .. (number or forge.number(public)) .. public)
end

function make.h1(list) return "h1:" .. forge.base64(forge.sha256(list)) end

function make.minisig(seed, message, o)
    o = o or {}
    if o.text then return o.text end
    local number = o.number or forge.number(forge.public(seed))
    local over = o.over or message
    local algorithm = o.algorithm or "Ed"
    local signature = o.signature or forge.sign(seed, algorithm == "ED" and forge.blake2b(over) or over)
    local trusted = o.trusted or ""
    local global = o.global or forge.sign(seed, signature .. trusted)
    return "untrusted comment: " .. (o.untrusted or ("enclua " .. (o.word or "iApp") .. " signature, public key " .. make.key_line(o.key or seed, number))) .. "\n" ..
        forge.base64(algorithm .. number .. signature) .. "\ntrusted comment: " .. trusted .. "\n" .. forge.base64(global) .. "\n"
end

local demo = {
    iapp = {
        ["iapp.yaml"] = "api: 1\nname: demo\nversion: 1.0.0\nentry: main.lua\n", ["lib/util.lua"] = "return {}\n",
        ["main.lua"] = "return function(task) task.result:write('r', '1') end\n",
    },
    policy = {
        ["lib/util.lua"] = "return {}\n", ["policy.yaml"] = "api: 1\nname: demo\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n",
        ["policy.lua"] = 'local policy = require "policy"\nreturn policy { api = 1, id = "demo", policy.permit { id = "all" } }\n',
    },
}
make.demo = demo

local function sorted(t)
    local names = {}
    for name, bytes in pairs(t) do if bytes then names[#names + 1] = name end end
    table.sort(names)
    return names
end

function make.list(files, names)
    local lines = {}
    for i, name in ipairs(names or sorted(files)) do lines[i] = forge.hex(forge.sha256(files[name])) .. "  " .. name .. "\n" end
    return table.concat(lines)
end

local function signatures(kind, list, o)
    local signers, out = o.signers or { make.seed(7) }, {}
    table.sort(signers, function(a, b) return forge.number(forge.public(a)) < forge.number(forge.public(b)) end)
    for i, seed in ipairs(signers) do
        local sig = { word = kind == "iapp" and "iApp" or "policy", trusted = kind .. "=demo version=1.0.0 h1=" .. make.h1(list) }
        for k, v in pairs(o.sig or {}) do sig[k] = v end
        local number = forge.hex(sig.number or forge.number(forge.public(seed)))
        out[i] = { i == 1 and "MANIFEST.minisig" or "MANIFEST." .. number .. ".minisig", make.minisig(seed, list, sig) }
    end
    return o.sigs and o.sigs(out, list) or out
end

local function archive(kind, o)
    local files = {}
    for name, bytes in pairs(demo[kind]) do files[name] = bytes end
    for name, bytes in pairs(o.files or {}) do files[name] = bytes end
    local list = make.list(files)
    if o.list then list = o.list(list, files) end
    local all = { MANIFEST = o.listed and o.listed(list) or list }
    local order = { "MANIFEST" }
    for i, s in ipairs(signatures(kind, list, o)) do
        order[i + 1] = s[1]
        all[s[1]] = s[2]
    end
    for _, name in ipairs(sorted(files)) do order[#order + 1] = name end
    for name, bytes in pairs(files) do if bytes then all[name] = bytes end end
    local t = { stop = o.stop, after = o.after }
    local function insert(place) for _, e in ipairs((o.before or {})[place] or {}) do t[#t + 1] = e end end
    for _, name in ipairs(o.order and o.order(order) or order) do
        insert(name)
        local e = { name, all[name] or "" }
        for _, what in ipairs { "at", "sum", "size", "type", "pad" } do e[what] = (o[what] or {})[name] end
        t[#t + 1] = e
    end
    insert("end")
    return make.tar(t)
end

function make.iapp(o) return archive("iapp", o or {}) end
function make.policy(o) return archive("policy", o or {}) end

-- Shorthands of the cases.
function make.pax(text) return { "PaxHeader/x", text, type = "x" } end

local FILE_KEY = "YELLOW SUBMARINE"

-- An age file whose header has its right MAC, whatever its lines are. stanza: instead of the one for `key` (an age secret key of 32 bytes).
function make.age(o)
    o = o or {}
    local good = forge.age_header(FILE_KEY, o.work or 0, o.passphrase or o.key or make.seed(42))
    local lines = {}
    for line in good:gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
    table.remove(lines)    -- the MAC
    if o.header then lines = o.header(lines) or lines end
    local text = table.concat(lines, "\n") .. "\n---"
    local mac = o.mac or forge.base64(forge.hmac(forge.hkdf(FILE_KEY, "", "header"), text), true)
    local nonce, plain, chunks = o.nonce or string.rep("n", 16), o.plain or "hello\n", {}
    for at = 1, math.max(#plain, 1), 65536 do
        chunks[#chunks + 1] = forge.age_chunk(FILE_KEY, nonce, plain:sub(at, at + 65535), #chunks, at + 65536 > #plain)
    end
    if o.chunks then chunks = o.chunks(chunks, function(bytes, index, last) return forge.age_chunk(FILE_KEY, nonce, bytes, index, last) end) end
    local bytes = text .. " " .. mac .. "\n" .. nonce .. table.concat(chunks)
    return o.after and o.after(bytes) or bytes
end

-- The plaintext of protected data: ENTRY… as of tar, of which the first is the schema; padded: how long in all, else its Padmé length.
function make.pdata(t)
    local bytes = make.tar(t)
    local e = math.floor(math.log(#bytes, 2))
    local mask = (1 << (e - math.floor(math.log(e, 2)) - 1)) - 1
    return bytes .. string.rep("\0", (t.padded or ((#bytes + mask) & ~mask)) - #bytes)
end

function make.note(text, signers)
    local out = { text, "\n" }
    for _, s in ipairs(signers) do
        local public, kind = forge.public(s.seed), s.type or 1
        local id = s.id or forge.sha256(s.name .. "\n" .. string.char(kind) .. public):sub(1, 4)
        local message = kind == 4 and "cosignature/v1\ntime " .. s.time .. "\n" .. text or text
        local body = id .. (kind == 4 and string.pack(">I8", s.time) or "") .. (s.signature or forge.sign(s.seed, message))
        out[#out + 1] = s.line or "\u{2014} " .. s.name .. " " .. forge.base64(body) .. "\n"
    end
    return table.concat(out)
end

function make.identity(seed) return forge.bech32("enclua", forge.public(seed)) end

return make
