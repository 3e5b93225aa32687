-- expect: OK "ffffffffff"
-- with: data files
local out = {}
local function try(v) out[#out + 1] = getmetatable(v) == false and "f" or type(getmetatable(v)) end
try("") try(_G) try(task.data) try(task.files) try(task.result:open("a")) try(task.files["t.csv"]) try(require("vec").new(1)) try(require("matrix").new(1, 1))
try(require("json").null) try(require("json").array())
return table.concat(out)
