---@meta stats

---Statistics on arrays of numbers. Wrong arguments, empty arrays and NaN raise; data without an answer gives nil and a reason. Arguments stay
---as they are (shuffle alone works in place).
---@class stats
local stats = {}

---Compensated: the error does not grow with the length.
---```lua
---local stats = require "stats"
---assert(stats.sum { 1e100, 1, -1e100 } == 1)
---```
---@param t number[]
---@return number
function stats.sum(t) end

---```lua
---local stats = require "stats"
---assert(stats.mean { 1, 2, 3 } == 2)
---assert(not pcall(stats.mean, {}))
---```
---@param t number[]
---@return number
function stats.mean(t) end

---Sample variance: divided by n - 1.
---```lua
---local stats = require "stats"
---assert(stats.var { 1, 2, 3 } == 1)
---```
---@param t number[] at least two
---@return number
function stats.var(t) end

---```lua
---local stats = require "stats"
---assert(stats.sd { 1, 3, 5 } == 2)
---```
---@param t number[] at least two
---@return number
function stats.sd(t) end

---```lua
---local stats = require "stats"
---assert(stats.min { 3, 1, 2 } == 1)
---```
---@param t number[]
---@return number
function stats.min(t) end

---```lua
---local stats = require "stats"
---assert(stats.max { 3, 1, 2 } == 3)
---```
---@param t number[]
---@return number
function stats.max(t) end

---```lua
---local stats = require "stats"
---assert(stats.median { 4, 1, 3, 2 } == 2.5)
---```
---@param t number[]
---@return number
function stats.median(t) end

---Type 7, as R and NumPy have it.
---```lua
---local stats = require "stats"
---assert(stats.quantile({ 4, 1, 3, 2 }, 0.5) == 2.5)
---```
---@param t number[]
---@param p number 0 to 1
---@return number
function stats.quantile(t, p) end

---Ranks from 1; equal values share the mean of theirs.
---```lua
---local stats = require "stats"
---assert(stats.rank({ 10, 20, 10 })[1] == 1.5)
---```
---@param t number[]
---@return number[]
function stats.rank(t) end

---@class stats.Histogram
---@field edges number[] one more than counts
---@field counts integer[] edges[i] <= x < edges[i + 1]; the last bin has its upper edge too
---@field below integer under the first edge
---@field above integer over the last edge

---```lua
---local stats = require "stats"
---local h = stats.histogram({ 1, 2, 2, 9 }, { 0, 2, 4 })
---assert(h.counts[1] == 1 and h.counts[2] == 2 and h.above == 1)
---```
---@param t number[]
---@param bins integer|number[] how many of equal width, or their edges
---@return stats.Histogram
function stats.histogram(t, bins) end

---```lua
---local stats = require "stats"
---assert(stats.covariance({ 1, 2, 3 }, { 2, 4, 6 }) == 2)
---```
---@param a number[] at least two
---@param b number[]
---@return number
function stats.covariance(a, b) end

---Pearson's; nil and a reason when one is constant. Of ranks it is Spearman's.
---```lua
---local stats = require "stats"
---assert(math.abs(stats.correlation({ 1, 2, 3 }, { 2, 4, 6 }) - 1) < 1e-12)
---assert(stats.correlation({ 1, 2 }, { 5, 5 }) == nil)
---```
---@param a number[] at least two
---@param b number[]
---@return number?
---@return string? reason
function stats.correlation(a, b) end

---@class stats.Linear
---@field intercept number
---@field weights number[]
---@field r2 number? nil when y is constant

---Least squares. nil and a reason when features depend on one another or rows are too few.
---```lua
---local stats = require "stats"
---local model = stats.linear({ { 0 }, { 1 }, { 2 } }, { 1, 3, 5 })
---assert(math.abs(model.weights[1] - 2) < 1e-12 and math.abs(model.intercept - 1) < 1e-12)
---```
---@param rows number[][] features of each row
---@param y number[]
---@return stats.Linear?
---@return string? reason
function stats.linear(rows, y) end

---@class stats.Logistic
---@field intercept number
---@field weights number[]
---@field iterations integer
---@field converged boolean
---@field log_likelihood number less the penalty

---Logistic regression by Newton's method, with the penalty ridge / 2 · |weights|². nil and a reason for one class only, or features that
---depend on one another.
---```lua
---local stats = require "stats"
---local model = stats.logistic({ { 1 }, { 2 }, { 3 }, { 4 } }, { 0, 1, 0, 1 }, { ridge = 0.01 })
---assert(model.converged and stats.predict_logistic(model, { 4 }) > 0.5)
---```
---@param rows number[][]
---@param y integer[] 0 or 1
---@param options { ridge: number?, iterations: integer? }? defaults 1e-6 and 100
---@return stats.Logistic?
---@return string? reason
function stats.logistic(rows, y, options) end

---```lua
---local stats = require "stats"
---assert(stats.predict_logistic({ intercept = 0, weights = { 1 } }, { 0 }) == 0.5)
---```
---@param model stats.Logistic|{ intercept: number, weights: number[] }
---@param row number[]
---@return number probability of class 1
function stats.predict_logistic(model, row) end

---The chance that a row of class 1 scores above one of class 0; nil and a reason when there is one class only.
---```lua
---local stats = require "stats"
---assert(stats.auc({ 0.1, 0.4, 0.35, 0.8 }, { 0, 0, 1, 1 }) == 0.75)
---```
---@param scores number[]
---@param labels integer[] 0 or 1
---@return number?
---@return string? reason
function stats.auc(scores, labels) end

---The share of equal elements.
---```lua
---local stats = require "stats"
---assert(stats.accuracy({ "a", "b", "b", "a" }, { "a", "b", "a", "a" }) == 0.75)
---```
---@param predicted any[]
---@param actual any[]
---@return number
function stats.accuracy(predicted, actual) end

---Columns to mean 0 and deviation 1. A constant column becomes zeros, and its deviation is given as 1.
---```lua
---local stats = require "stats"
---local means, sds, columns = stats.standardise { { 1, 2, 3 } }
---assert(means[1] == 2 and sds[1] == 1 and columns[1][3] == 1)
---```
---@param columns number[][]
---@return number[] means
---@return number[] sds
---@return number[][] standardised
function stats.standardise(columns) end

---In place. The order follows from the task's seed.
---```lua
---local stats = require "stats"
---local t = stats.shuffle { 1, 2, 3 }
---assert(#t == 3 and stats.sum(t) == 6)
---```
---@generic T
---@param t T[]
---@return T[] t
function stats.shuffle(t) end

---The numbers 1 … n in two shuffled arrays; the first holds this share of them.
---```lua
---local stats = require "stats"
---local test, training = stats.split(10, 0.2)
---assert(#test == 2 and #training == 8)
---```
---@param n integer
---@param share number 0 to 1
---@return integer[]
---@return integer[]
function stats.split(n, share) end

return stats
