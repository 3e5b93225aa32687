-- expect: OK LIMIT
local csv = require "csv"
local ok = pcall(function() for _ in csv.rows("a\n\"" .. ("x\n"):rep(3e6) .. "\"\n") do end end)
return "ok"
