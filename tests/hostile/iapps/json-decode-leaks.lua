-- expect: OK LIMIT
local json = require "json"
local big = "[\"" .. ("\\n"):rep(200000) .. "\",1e999]"
for i = 1, 300 do pcall(json.decode, big) end
return "ok"
