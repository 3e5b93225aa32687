---@meta hash

---Digests, as hexadecimal text; as bytes when the last argument is true.
---@class hash
local hash = {}

---```lua
---local hash = require "hash"
---assert(hash.sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
---assert(#hash.sha256("", true) == 32)
---```
---@param bytes string
---@param raw boolean?
---@return string
function hash.sha256(bytes, raw) end

---```lua
---local hash = require "hash"
---assert(hash.sha512("abc"):sub(1, 16) == "ddaf35a193617aba" and #hash.sha512("", true) == 64)
---```
---@param bytes string
---@param raw boolean?
---@return string
function hash.sha512(bytes, raw) end

---```lua
---local hash = require "hash"
---assert(#hash.blake2b("text", 16) == 32)
---```
---@param bytes string
---@param size integer? of the digest in bytes, 16 to 64; default 32
---@param key string? 16 to 64 bytes
---@param raw boolean?
---@return string
function hash.blake2b(bytes, size, key, raw) end

---HMAC-SHA-256.
---```lua
---local hash = require "hash"
---assert(hash.hmac("key", "The quick brown fox jumps over the lazy dog")
---  == "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8")
---```
---@param key string
---@param bytes string
---@param raw boolean?
---@return string
function hash.hmac(key, bytes, raw) end

return hash
