-- expect: OK "ok"
local base64, hash = require "base64", require "hash"
for name, f in pairs(base64) do pcall(f, "\0") pcall(f, {}) pcall(f, "===") pcall(f, ("A"):rep(99999)) pcall(f) end
for name, f in pairs(hash) do pcall(f, "") pcall(f, {}, {}) pcall(f, ("x"):rep(5e6), ("k"):rep(1e5)) pcall(f) end
return "ok"
