---@meta json

---JSON. Integers are exact, keys are sorted when written, numbers that JSON cannot say are errors.
---@class json
---@field null userdata what JSON's null is decoded to, and written as
local json = {}

---The value of a text. Raises with line and column.
---```lua
---local json = require "json"
---local v = json.decode('{"a": [1, 2.5, null], "b": {}}')
---assert(v.a[1] == 1 and math.type(v.a[1]) == "integer" and v.a[3] == json.null)
---assert(not pcall(json.decode, '{"a": 1, "a": 2}'))
---```
---@param text string
---@return any
function json.decode(text) end

---The text of a value. Tables with elements 1 … n are arrays, other tables objects; an empty table is an object unless it was made by
---json.array. Raises for functions, NaN, cycles, and keys that are no text.
---```lua
---local json = require "json"
---assert(json.encode { b = 1, a = { 1, 2 } } == '{"a":[1,2],"b":1}')
---assert(json.encode({ a = 1 }, 2) == '{\n  "a": 1\n}')
---```
---@param value any
---@param indent integer|string|nil spaces (0 to 8) or text for each level; nil: one line
---@return string
function json.encode(value, indent) end

---Marks a table as an array, also when it is empty.
---```lua
---local json = require "json"
---assert(json.encode { list = json.array() } == '{"list":[]}')
---```
---@param t table?
---@return table t
function json.array(t) end

return json
