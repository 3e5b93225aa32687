-- expect: OK LIMIT
local json = require "json"
for i = 1, 300000 do pcall(json.decode, "1e999") end
return "ok"
