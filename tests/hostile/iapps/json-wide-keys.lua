-- expect: OK "100000"
local json = require "json"
local t = {}
for i = 1, 100000 do t["k" .. i] = i end
local n = 0
for _ in pairs(json.decode(json.encode(t))) do n = n + 1 end
return n
