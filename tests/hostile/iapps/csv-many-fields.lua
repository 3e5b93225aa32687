-- expect: OK FAIL LIMIT
local csv = require "csv"
for _ in csv.records((","):rep(2e6)) do end
return "ok"
