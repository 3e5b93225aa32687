---@meta dp

---Differential privacy: numbers with noise, under the budget limits.epsilon of iapp.yaml. A call that would go past the budget raises, and
---nothing is given or charged. Epsilon counts in millionths (rounded down: what is charged is what is used); losses add up over all calls and
---all data of a run. Neighbours are tables of which one has a row more: a row must add to one value, or to one bin, only.
---
---The noise comes from the task's secret salt and from what was asked: replicas of a deal agree on it, and the requester, who knows the arguments
---and so math.random's seed, cannot work it out. A worker can: it is given the salt. `enclua run-task` makes the salt from the worker's own key,
---and `iapp-generator test` from what is asked, which is for tests only.
---
---Whole noise is drawn by exact coin tosses; fractions are put on a grid of a power of two first, a millionth of the sensitivity or finer.
---@class dp
local dp = {}

---A whole number with whole noise: the geometric mechanism (discrete Laplace). `sensitivity` is what one row changes at most.
---```lua
---local dp = require "dp"
---assert(math.type(dp.geometric(120, 1, 0.5)) == "integer")
---```
---@param n integer up to 2^50
---@param sensitivity integer up to 2^36
---@param epsilon number
---@return integer
function dp.geometric(n, sensitivity, epsilon) end

---A number with Laplace noise of scale sensitivity / epsilon.
---```lua
---local dp = require "dp"
---assert(math.type(dp.laplace(50.5, 2, 0.5)) == "float")
---```
---@param x number
---@param sensitivity number
---@param epsilon number
---@return number
function dp.laplace(x, sensitivity, epsilon) end

---A number with Gaussian noise, (epsilon, delta)-private. The budget counts epsilon; deltas are added up for `dp.spent`.
---```lua
---local dp = require "dp"
---assert(dp.gaussian(50.5, 2, 0.5, 1e-6) ~= 50.5)
---```
---@param x number
---@param sensitivity number
---@param epsilon number
---@param delta number up to 0.01; less than 1 / number of rows
---@return number
function dp.gaussian(x, sensitivity, epsilon, delta) end

---How many rows. May be below 0.
---```lua
---local dp = require "dp"
---assert(math.type(dp.count({ 40, 60 }, 0.5)) == "integer" and math.type(dp.count(2, 0.5)) == "integer")
---```
---@param list table|integer a list, or its length
---@param epsilon number
---@return integer
function dp.count(list, epsilon) end

---The sum of the values, each clamped to the bounds. Bounds belong to the iApp or its arguments: taken from the data, they give it away.
---```lua
---local dp = require "dp"
---assert(type(dp.sum({ 40, 60 }, 0, 100, 0.5)) == "number")
---```
---@param values number[]
---@param low number
---@param high number
---@param epsilon number
---@return number
function dp.sum(values, low, high, epsilon) end

---The mean of the values, each clamped to the bounds, and itself between them. Half of epsilon goes to the sum, half to the count.
---```lua
---local dp = require "dp"
---local mean = dp.mean({ 40, 60 }, 0, 100, 0.5)
---assert(mean >= 0 and mean <= 100)
---```
---@param values number[]
---@param low number
---@param high number
---@param epsilon number
---@return number
function dp.mean(values, low, high, epsilon) end

---How many rows are in each bin; all bins together cost epsilon once. Bins are values, or the ranges between edges: from one edge up to but not
---including the next, which the last range includes. What is in no bin is not counted.
---```lua
---local dp = require "dp"
---local cities = dp.histogram({ "Paris", "Lyon", "Paris" }, { "Paris", "Lyon", "Kyoto" }, 0.5)
---local ages = dp.histogram({ 40, 60 }, { edges = { 0, 18, 65, 120 } }, 0.5)
---assert(math.type(cities.Kyoto) == "integer" and #ages == 3)
---```
---@param values any[]
---@param bins any[]|{ edges: number[] }
---@param epsilon number
---@return table<any, integer> counts by value, or by the number of the range
function dp.histogram(values, bins, epsilon) end

---The value, or the bound that it is beyond; what is not a number (0/0) becomes the lower one.
---```lua
---local dp = require "dp"
---assert(dp.clamp(130, 0, 120) == 120 and dp.clamp(0 / 0, 0, 120) == 0)
---```
---@param x number
---@param low number
---@param high number
---@return number
function dp.clamp(x, low, high) end

---Takes epsilon from the budget without adding noise, for a mechanism of one's own.
---```lua
---local dp = require "dp"
---dp.spend(0.25)
---assert(not pcall(dp.spend, 1000))
---```
---@param epsilon number
function dp.spend(epsilon) end

---What is left of limits.epsilon.
---```lua
---local dp = require "dp"
---local before = dp.left()
---dp.spend(0.25)
---assert(before - dp.left() == 0.25)
---```
---@return number
function dp.left() end

---What was spent so far.
---```lua
---local dp = require "dp"
---local epsilon, delta = dp.spent()
---assert(epsilon >= 0 and delta >= 0)
---```
---@return number epsilon
---@return number delta
function dp.spent() end

return dp
