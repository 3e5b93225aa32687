---@meta matrix

---A dense matrix, row after row, eight bytes an element, in the memory of the script. Rows and columns count from 1; an index outside raises.
---Operators: a + b, a - b, -a, a * b, a * v (a vec), 2 * a, a == b. Sizes that do not fit raise. New objects come from every function but set, fill
---and apply.
---@class matrix
---@operator add(matrix): matrix
---@operator sub(matrix): matrix
---@operator mul(matrix): matrix
---@operator mul(vec): vec
---@operator mul(number): matrix
---@operator unm: matrix
local matrix = {}

---```lua
---local matrix = require "matrix"
---assert(matrix.new(2, 3, 1.5):get(2, 3) == 1.5)
---```
---@param rows integer
---@param cols integer
---@param fill number? default 0
---@return matrix
function matrix.new(rows, cols, fill) end

---```lua
---local matrix = require "matrix"
---local m = matrix.from_rows { { 1, 2 }, { 3, 4 } }
---assert(m:get(2, 1) == 3 and m:transpose():row(1)[2] == 3)
---```
---@param rows number[][]
---@return matrix
function matrix.from_rows(rows) end

---```lua
---local matrix = require "matrix"
---assert(matrix.identity(2) == matrix.from_rows { { 1, 0 }, { 0, 1 } })
---```
---@param n integer
---@return matrix
function matrix.identity(n) end

---```lua
---local matrix = require "matrix"
---assert(matrix.new(2, 3):rows() == 2)
---```
---@return integer
function matrix:rows() end

---```lua
---local matrix = require "matrix"
---assert(matrix.new(2, 3):cols() == 3)
---```
---@return integer
function matrix:cols() end

---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 1, 2 } }):get(1, 2) == 2)
---assert(not pcall(matrix.get, matrix.new(1, 1), 2, 1))
---```
---@param i integer
---@param j integer
---@return number
function matrix:get(i, j) end

---```lua
---local matrix = require "matrix"
---local m = matrix.new(1, 2)
---m:set(1, 2, 7)
---assert(m:get(1, 2) == 7)
---```
---@param i integer
---@param j integer
---@param value number
function matrix:set(i, j, value) end

---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 1, 2 }, { 3, 4 } }):row(2):sum() == 7)
---```
---@param i integer
---@return vec
function matrix:row(i) end

---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 1, 2 }, { 3, 4 } }):col(2):sum() == 6)
---```
---@param j integer
---@return vec
function matrix:col(j) end

---```lua
---local matrix = require "matrix"
---assert(matrix.identity(2):to_rows()[2][2] == 1)
---```
---@return number[][]
function matrix:to_rows() end

---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 1, 2 } }):transpose() == matrix.from_rows { { 1 }, { 2 } })
---```
---@return matrix
function matrix:transpose() end

---```lua
---local matrix = require "matrix"
---assert(matrix.identity(2):add(matrix.identity(2)) == 2 * matrix.identity(2))
---```
---@param other matrix
---@return matrix
function matrix:add(other) end

---```lua
---local matrix = require "matrix"
---assert(matrix.identity(2):sub(matrix.identity(2)) == matrix.new(2, 2))
---```
---@param other matrix
---@return matrix
function matrix:sub(other) end

---```lua
---local matrix = require "matrix"
---assert(matrix.identity(2):scale(3):get(1, 1) == 3)
---```
---@param factor number
---@return matrix
function matrix:scale(factor) end

---```lua
---local matrix = require "matrix"
---assert(matrix.new(2, 2):fill(5) == matrix.new(2, 2, 5))
---```
---@param value number
---@return matrix self
function matrix:fill(value) end

---```lua
---local matrix = require "matrix"
---local m = matrix.new(2, 2, 4)
---assert(m:apply(math.sqrt) == m and m:get(1, 1) == 2)
---```
---@param f fun(x: number): number
---@return matrix self
function matrix:apply(f) end

---```lua
---local matrix = require "matrix"
---local m = matrix.new(2, 2, 4)
---assert(m:map(math.sqrt):get(1, 1) == 2 and m:get(1, 1) == 4)
---```
---@param f fun(x: number): number
---@return matrix
function matrix:map(f) end

---```lua
---local matrix = require "matrix"
---local m = matrix.new(1, 1)
---local other = m:copy()
---other:set(1, 1, 9)
---assert(m:get(1, 1) == 0)
---```
---@return matrix
function matrix:copy() end

---The operator a * b.
---```lua
---local matrix, vec = require "matrix", require "vec"
---assert(matrix.identity(2):mul(vec.from { 3, 4 }) == vec.from { 3, 4 })
---```
---@overload fun(self: matrix, other: vec): vec
---@param other matrix|number
---@return matrix
function matrix:mul(other) end

---x with a · x = b, by LU decomposition with partial pivoting; nil and a reason when the matrix is singular.
---```lua
---local matrix, vec = require "matrix", require "vec"
---local a = matrix.from_rows { { 2, 0 }, { 0, 4 } }
---assert(a:solve(vec.from { 2, 8 }) == vec.from { 1, 2 })
---assert(matrix.new(2, 2):solve(vec.new(2)) == nil)
---```
---@overload fun(self: matrix, b: vec): vec?, string?
---@param b matrix
---@return matrix?
---@return string? reason
function matrix:solve(b) end

---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 2, 0 }, { 0, 4 } }):inverse() == matrix.from_rows { { 0.5, 0 }, { 0, 0.25 } })
---assert(matrix.new(2, 2):inverse() == nil)
---```
---@return matrix?
---@return string? reason
function matrix:inverse() end

---The lower triangle l with l · lᵀ = a; nil and a reason when the matrix is not symmetric and positive definite.
---```lua
---local matrix = require "matrix"
---assert(matrix.from_rows({ { 4, 0 }, { 0, 9 } }):cholesky() == matrix.from_rows { { 2, 0 }, { 0, 3 } })
---assert(matrix.from_rows({ { -1 } }):cholesky() == nil)
---```
---@return matrix?
---@return string? reason
function matrix:cholesky() end

return matrix
