---@meta vec

---A row of numbers, eight bytes each, without garbage. Elements are v[1] … v[#v]; reading outside gives nil, writing outside raises. Operators:
---v + w, v - w, -v, 2 * v, v == w. Lengths that differ raise. New objects come from every function but fill, apply, set and sort.
---@class vec
---@field [integer] number
---@operator add(vec): vec
---@operator sub(vec): vec
---@operator mul(number): vec
---@operator unm: vec
---@operator len: integer
local vec = {}

---```lua
---local vec = require "vec"
---assert(vec.new(3, 1):sum() == 3)
---```
---@param n integer
---@param fill number? default 0
---@return vec
function vec.new(n, fill) end

---```lua
---local vec = require "vec"
---local v = vec.from { 1, 2, 3 }
---assert(#v == 3 and v[2] == 2 and v[4] == nil)
---```
---@param t number[]
---@return vec
function vec.from(t) end

---y becomes a · x + y.
---```lua
---local vec = require "vec"
---local y = vec.from { 1, 1 }
---vec.axpy(2, vec.from { 10, 20 }, y)
---assert(y[1] == 21 and y[2] == 41)
---```
---@param a number
---@param x vec
---@param y vec
---@return vec y
function vec.axpy(a, x, y) end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2 }):add(vec.from { 10, 20 }) == vec.from { 11, 22 })
---```
---@param other vec
---@return vec
function vec:add(other) end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2 }):sub(vec.from { 10, 20 }) == vec.from { -9, -18 })
---```
---@param other vec
---@return vec
function vec:sub(other) end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2 }):scale(2) == vec.from { 2, 4 })
---```
---@param factor number
---@return vec
function vec:scale(factor) end

---```lua
---local vec = require "vec"
---assert(vec.new(2):fill(3) == vec.from { 3, 3 })
---```
---@param value number
---@return vec self
function vec:fill(value) end

---Each element becomes f of it.
---```lua
---local vec = require "vec"
---local v = vec.from { 1, 4 }
---v:apply(math.sqrt)
---assert(v == vec.from { 1, 2 })
---```
---@param f fun(x: number): number
---@return vec self
function vec:apply(f) end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, -2 }):map(math.abs) == vec.from { 1, 2 })
---```
---@param f fun(x: number): number
---@return vec
function vec:map(f) end

---```lua
---local vec = require "vec"
---local v = vec.from { 1 }
---local other = v:copy()
---other[1] = 2
---assert(v[1] == 1)
---```
---@return vec
function vec:copy() end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2 }):dot(vec.from { 10, 20 }) == 50)
---```
---@param other vec
---@return number
function vec:dot(other) end

---Compensated.
---```lua
---local vec = require "vec"
---assert(vec.from({ 1e16, 1, -1e16 }):sum() == 1)
---```
---@return number
function vec:sum() end

---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2 }):mean() == 1.5)
---```
---@return number
function vec:mean() end

---Euclidean.
---```lua
---local vec = require "vec"
---assert(vec.from({ 3, 4 }):norm() == 5)
---```
---@return number
function vec:norm() end

---As string.sub counts: both ends included, negative from the end.
---```lua
---local vec = require "vec"
---assert(vec.from({ 1, 2, 3 }):slice(-2) == vec.from { 2, 3 })
---```
---@param from integer
---@param to integer? default -1
---@return vec
function vec:slice(from, to) end

---Ascending, in place; NaN last.
---```lua
---local vec = require "vec"
---assert(vec.from({ 3, 1, 2 }):sort() == vec.from { 1, 2, 3 })
---```
---@return vec self
function vec:sort() end

---The first index of the largest element, and the element.
---```lua
---local vec = require "vec"
---local i, x = vec.from({ 1, 9, 9 }):argmax()
---assert(i == 2 and x == 9)
---```
---@return integer
---@return number
function vec:argmax() end

---```lua
---local vec = require "vec"
---local i, x = vec.from({ 4, 1, 1 }):argmin()
---assert(i == 2 and x == 1)
---```
---@return integer
---@return number
function vec:argmin() end

---```lua
---local vec = require "vec"
---assert(#vec.from({ 1, 2 }):to_table() == 2)
---```
---@return number[]
function vec:to_table() end

return vec
