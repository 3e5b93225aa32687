-- expect: OK FAIL
-- with: files
local csv = require "csv"
local s = task.files["t.csv"]
local it = csv.rows(s)
s:close()
local ok = pcall(it)
return "ok"
