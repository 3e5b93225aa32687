-- expect: FAIL OK "false"
local t = { 5, 4, 3, 2, 1 }
local function cmp(a, b) table.sort({ 3, 2, 1 }, cmp) return a < b end
return (pcall(table.sort, t, cmp))
