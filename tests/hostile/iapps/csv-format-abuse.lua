-- expect: OK "ok"
local csv = require "csv"
local rows = { { 1 } }
pcall(csv.format, { setmetatable({ 1 }, { __tostring = function() error("x") end }) })
pcall(csv.format, { { setmetatable({}, { __tostring = function() rows[1] = nil error("x") end }) } })
pcall(csv.format, { { {} }, 5 })
pcall(csv.format, {}, { separator = "ab" })
pcall(csv.format, {}, { separator = "\n" })
pcall(csv.format, {}, { separator = "\"" })
pcall(csv.format, {}, { header = { {} } })
return "ok"
