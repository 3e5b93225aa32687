-- expect: OK "false false false false"
-- A table whose border is the largest integer: its length times the size of a pointer is nothing.
local csv = require "csv"
local function lying(first)
    local t = { [math.maxinteger] = first }
    for bit = 62, 0, -1 do t[1 << bit] = first end
    assert(rawlen(t) == math.maxinteger)
    return t
end
local function all(...)
    local rows = csv.rows("a\n1\n", ...)
    return rows(), rows()
end
return table.concat({ tostring(pcall(all, { header = lying "a" })), tostring(pcall(all, { only = lying "a" })),
    tostring(pcall(all, { header = { "a" }, only = lying "a" })), tostring((pcall(csv.columns, "a\n1\n", lying "a", { header = lying "a" }))) }, " ")
