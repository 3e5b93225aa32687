-- expect: OK LIMIT
local json = require "json"
local s = ("\n"):rep(1e6) .. "x"
for i = 1, 1000 do pcall(json.decode, s) end
return "ok"
