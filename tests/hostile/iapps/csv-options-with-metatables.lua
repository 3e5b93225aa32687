-- expect: OK "done"
-- with: files
-- Options and lists that run code when they are read: they close the stream, change the list, raise, or lie.
local csv = require "csv"
local s = task.files["t.csv"]
local closing = setmetatable({}, { __index = function(_, k) s:close() return nil end })
pcall(csv.rows, s, closing) pcall(csv.columns, s, nil, closing) pcall(csv.records, s, closing)
local header = { "a", "b" }
local changing = setmetatable({}, { __index = function(_, k) header[1], header[2] = nil, nil if k == "header" then return header end end })
pcall(csv.rows, "1,2\n", changing)
local rows = csv.rows("1,2\n3,4\n", { header = header })
header[1], header[2], header[3] = nil, 0 / 0, "c"
pcall(rows) pcall(rows)
for _, bad in ipairs { { header = {} }, { header = { {}, print } }, { header = { "a", "a" } }, { header = { 0 / 0 } }, { only = { "zz" } }, { only = "a" }, { only = {} }, { only = { {} } }, { separator = "" }, { separator = "\0" }, { separator = 1 }, { separator = {} },
    { text = "a" }, { text = { nil, "a" } }, { header = setmetatable({}, { __len = error, __index = error }) } } do
    pcall(function() for _ in csv.rows("a,b\n1,2\n", bad) do end end)
    pcall(csv.columns, "a,b\n1,2\n", nil, bad)
    pcall(csv.columns, "a,b\n1,2\n", { "a" }, bad)
    pcall(csv.format, { { 1, 2 } }, bad)
end
return "done"
