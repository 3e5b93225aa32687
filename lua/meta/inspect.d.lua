---@meta inspect

---A value as text: keys in order, tables met again by number, no addresses.
---```lua
---local inspect = require "inspect"
---assert(inspect { b = 1, a = { 2 } } == "{ a = { 2 }, b = 1 }")
---```
---@param value any
---@param options { indent: string|false|nil, depth: integer? }? indent default two spaces, false: one line; depth default 100
---@return string
local function inspect(value, options) end

return inspect
