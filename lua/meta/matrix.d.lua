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

---@param n integer
---@return matrix
function matrix.identity(n) end

---@return integer
function matrix:rows() end

---@return integer
function matrix:cols() end

---@param i integer
---@param j integer
---@return number
function matrix:get(i, j) end

---@param i integer
---@param j integer
---@param value number
function matrix:set(i, j, value) end

---@param i integer
---@return vec
function matrix:row(i) end

---@param j integer
---@return vec
function matrix:col(j) end

---@return number[][]
function matrix:to_rows() end

---@return matrix
function matrix:transpose() end

---@param other matrix
---@return matrix
function matrix:add(other) end

---@param other matrix
---@return matrix
function matrix:sub(other) end

---@param factor number
---@return matrix
function matrix:scale(factor) end

---@param value number
---@return matrix self
function matrix:fill(value) end

---@param f fun(x: number): number
---@return matrix self
function matrix:apply(f) end

---@param f fun(x: number): number
---@return matrix
function matrix:map(f) end

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

---@return matrix?
---@return string? reason
function matrix:inverse() end

---The lower triangle l with l · lᵀ = a; nil and a reason when the matrix is not symmetric and positive definite.
---@return matrix?
---@return string? reason
function matrix:cholesky() end

return matrix
