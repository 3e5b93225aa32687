-- expect: OK "ok"
-- with: files
local csv = require "csv"
local s = task.files["big.txt"]
pcall(function() for _ in csv.rows(s) do s:seek("set", 0) s:read(70000) break end end)
local opts = setmetatable({}, { __index = function() s:seek("end", 0) s:read("a") s:seek("set", 3) end })
pcall(csv.columns, s, nil, opts)
pcall(csv.columns, task.files["t.csv"], setmetatable({}, { __index = function() return "a" end, __len = function() return 1 << 40 end }))
return "ok"
