-- Differential privacy: numbers with noise, under the budget limits.epsilon of iapp.yaml.
--
-- What is added is drawn from whole numbers by exact coin tosses (Canonne, Kamath and Steinke 2020, algorithms 1 to 3),
-- never from a formula over floats: the last bits of log(u) give the value away that the noise should hide (Mironov
-- 2012). Fractions are put on a grid of a power of two first, and the grid's own share is counted in the sensitivity.
--
-- Two tables of data are neighbours when one has a row more. Epsilon counts in millionths; each call spends before it
-- draws. Losses add up, over all data of a run.

local source = require "dp_source"

local below <const>, abs <const>, ceil <const>, floor <const> = source.below, math.abs, math.ceil, math.floor
local log <const>, sqrt <const> = math.log, math.sqrt
local tointeger <const> = math.tointeger
local MILLION <const> = 1000000
local SENSITIVITY_MAX <const> = 1 << 36 -- of whole numbers: times a million, times any row of coins, is below 2^63
local VALUE_MAX <const> = 1 << 50 -- of whole numbers, and of places on a grid: halves are exact
local GRID_BITS <const> = 20 -- a sensitivity is about a million steps of its grid
local SIGMA_MAX <const> = 1 << 45 -- of Gaussian noise, in steps

local dp = {}

local delta_spent = 0.0

local function fail(...)
    error("dp: " .. string.format(...), 0)
end

local function check_finite(x, what)
    if type(x) ~= "number" or x ~= x or x - x ~= 0 then
        fail("%s must be a finite number", what)
    end
    return x
end

local function check_positive(x, what)
    if check_finite(x, what) <= 0 then
        fail("%s must be above 0", what)
    end
    return x
end

local function check_bounds(low, high)
    if check_finite(low, "the lower bound") >= check_finite(high, "the upper bound") then
        fail("the lower bound must be below the upper one")
    end
    check_finite(high - low, "the distance of the bounds")
end

local function check_integer(x, what, max)
    local n = type(x) == "number" and tointeger(x)
    if not n or abs(n) > max then
        fail("%s must be a whole number, and no larger than 2^%d", what, tointeger(log(max, 2)))
    end
    return n
end

-- Down to the millionth: what is charged is what is used. The addend is for 0.29 * 1e6, a little below 290000.
local function millionths(epsilon)
    local u6 = floor(check_positive(epsilon, "epsilon") * MILLION + 1e-4)
    if math.type(u6) ~= "integer" or u6 < 1 then
        fail("epsilon must be at least 0.000001")
    end
    return u6
end

local function decimal(u6)
    return (("%.6f"):format(u6 / MILLION):gsub("0+$", ""):gsub("%.$", ""))
end

local function spend(u6)
    if not source.spend(u6) then
        local limit, spent = source.budget()
        if limit == 0 then
            fail("iapp.yaml has no limits.epsilon: it says how much privacy one run may cost")
        end
        fail("epsilon %s is more than what is left, %s of limits.epsilon %s in iapp.yaml", decimal(u6),
            decimal(limit - spent), decimal(limit))
    end
end

-- Coins

local function coin(a, b)
    return a >= b or below(b) < a
end

-- True with probability exp(-a/b), for 0 <= a <= b.
local function coin_exp(a, b)
    local k = 1
    while coin(a, b) and coin(1, k) do
        k = k + 1
    end
    return k % 2 == 1
end

-- P(x) proportional to exp(-|x| s / t), s and t whole.
local function discrete_laplace(s, t)
    while true do
        local u = below(t)
        if coin_exp(u, t) then
            local v = 0
            while coin_exp(1, 1) do
                v = v + 1
            end
            local size, minus = (u + t * v) // s, coin(1, 2)
            if not (minus and size == 0) then
                return minus and -size or size
            end
        end
    end
end

local UNIT <const> = 1 << 53

-- True with probability exp(-x), x >= 0 a float. Rounding moves the probability by less than 2^-40 of itself.
local function coin_exp_float(x)
    local whole = floor(x)
    for _ = 1, whole do
        if not coin_exp(1, 1) then
            return false
        end
    end
    return coin_exp(tointeger(floor((x - whole) * UNIT)), UNIT)
end

-- P(x) proportional to exp(-x^2 / (2 sigma^2)), sigma a float.
local function discrete_gaussian(sigma)
    local t = floor(sigma) + 1
    local middle = sigma * (sigma / t)
    while true do
        local y = discrete_laplace(1, t)
        local d = (abs(y) - middle) / sigma
        if coin_exp_float(d * d / 2) then
            return y
        end
    end
end

-- sensitivity * 10^6 / u6 in lowest terms
local function reduced(s, t)
    local a, b = s, t
    while b ~= 0 do
        a, b = b, a % b
    end
    return s // a, t // a
end

local function laplace_steps(sensitivity, u6)
    local s, t = reduced(u6, sensitivity * MILLION)
    return discrete_laplace(s, t)
end

-- The step of the grid for values that one row changes by at most this much. Rounding to it adds one step at most.
local function grid_step(sensitivity)
    if sensitivity < 2.0 ^ -900 then
        fail("the sensitivity is too small")
    end
    local step = 1.0
    while step * (1 << GRID_BITS) > sensitivity do
        step = step / 2
    end
    while step * (1 << (GRID_BITS + 1)) <= sensitivity do
        step = step * 2
    end
    return step
end

local function to_grid(x, step)
    local at = x / step + 0.5
    if abs(at) > VALUE_MAX then
        fail("the value is too large for its sensitivity: more than 2^29 times as much")
    end
    return tointeger(floor(at))
end

-- The budget

-- Takes epsilon from the budget without adding noise: for a mechanism of one's own.
function dp.spend(epsilon)
    spend(millionths(epsilon))
end

-- What is left of limits.epsilon.
function dp.left()
    local limit, spent = source.budget()
    return (limit - spent) / MILLION
end

-- Epsilon spent so far, and the deltas of dp.gaussian.
function dp.spent()
    local _, spent = source.budget()
    return spent / MILLION, delta_spent
end

-- Mechanisms

function dp.clamp(x, low, high)
    check_bounds(low, high)
    if type(x) ~= "number" then
        fail("a value is a %s, not a number", type(x))
    end
    return x > high and high or x >= low and x or low -- what is not a number becomes low as well
end

-- A whole number of which one row changes at most `sensitivity`; whole noise.
function dp.geometric(n, sensitivity, epsilon)
    n = check_integer(n, "the value", VALUE_MAX)
    sensitivity = check_integer(check_positive(sensitivity, "the sensitivity"), "the sensitivity", SENSITIVITY_MAX)
    local u6 = millionths(epsilon)
    spend(u6)
    return n + laplace_steps(sensitivity, u6)
end

function dp.laplace(x, sensitivity, epsilon)
    check_finite(x, "the value")
    local step = grid_step(check_positive(sensitivity, "the sensitivity"))
    local at, u6 = to_grid(x, step), millionths(epsilon)
    spend(u6)
    return (at + laplace_steps(tointeger(ceil(sensitivity / step)) + 1, u6)) * step
end

-- Discrete Gaussian noise with rho = s^2 / (2 sigma^2) has epsilon = rho + 2 sqrt(rho log(1/delta)) for any delta;
-- sigma is what solves that.
function dp.gaussian(x, sensitivity, epsilon, delta)
    check_finite(x, "the value")
    local step = grid_step(check_positive(sensitivity, "the sensitivity"))
    if check_positive(delta, "delta") > 0.01 then
        fail("delta must be at most 0.01")
    end
    local at, u6 = to_grid(x, step), millionths(epsilon)
    local l = -log(delta)
    local root = u6 / MILLION / (sqrt(l + u6 / MILLION) + sqrt(l)) -- of rho
    local sigma = (ceil(sensitivity / step) + 1) / (sqrt(2) * root)
    if sigma > SIGMA_MAX then
        fail("the noise would be too large: epsilon is too small")
    end
    spend(u6)
    delta_spent = delta_spent + delta
    return (at + discrete_gaussian(sigma)) * step
end

-- Of tables. Bounds and bins are said by the iApp or its arguments, never taken from the data.

function dp.count(list, epsilon)
    return dp.geometric(type(list) == "table" and #list or list, 1, epsilon)
end

-- The clamped values as places on a grid, added up without rounding, and what one row can change.
local function sum_steps(values, low, high, middle)
    local half = math.max(abs(low - middle), abs(high - middle))
    local step, total = grid_step(half), 0
    for i = 1, #values do
        total = total + to_grid(dp.clamp(values[i], low, high) - middle, step)
    end
    return total, math.max(abs(to_grid(low - middle, step)), abs(to_grid(high - middle, step))), step
end

function dp.sum(values, low, high, epsilon)
    check_bounds(low, high)
    local total, sensitivity, step = sum_steps(values, low, high, 0.0)
    local u6 = millionths(epsilon)
    spend(u6)
    return (total + laplace_steps(sensitivity, u6)) * step
end

-- Half of epsilon for the sum of distances from the middle, half for the count. It lies between the bounds.
function dp.mean(values, low, high, epsilon)
    check_bounds(low, high)
    local middle = low / 2 + high / 2
    local total, sensitivity, step = sum_steps(values, low, high, middle)
    local u6 = millionths(epsilon)
    if u6 < 2 then
        fail("epsilon must be at least 0.000002 here")
    end
    spend(u6)
    local count = #values + laplace_steps(1, u6 // 2)
    local sum = (total + laplace_steps(sensitivity, u6 - u6 // 2)) * step
    return dp.clamp(middle + sum / math.max(count, 1), low, high)
end

-- Of the bin i of ascending edges: from edges[i] up to but not including edges[i + 1], which the last bin includes.
local function bin_of(edges, x)
    if type(x) ~= "number" or not (x >= edges[1] and x <= edges[#edges]) then
        return nil
    end
    local low, high = 1, #edges - 1
    while low < high do
        local mid = (low + high + 1) // 2
        if x >= edges[mid] then
            low = mid
        else
            high = mid - 1
        end
    end
    return low
end

local function edges_check(edges)
    if type(edges) ~= "table" or #edges < 2 then
        fail("edges must be a list of two or more numbers")
    end
    for i, edge in ipairs(edges) do
        check_finite(edge, "an edge")
        if i > 1 and edge <= edges[i - 1] then
            fail("edges must ascend")
        end
    end
end

-- A row is in one bin at most, so all counts together cost epsilon once. What is in no bin is not counted.
local function noisy_counts(counts, keys, epsilon)
    local u6 = millionths(epsilon)
    spend(u6)
    for _, key in ipairs(keys) do
        counts[key] = counts[key] + laplace_steps(1, u6)
    end
    return counts
end

function dp.histogram(values, bins, epsilon)
    if type(bins) ~= "table" or (not bins.edges and #bins == 0) then
        fail("bins must be a list of values, or { edges = { … } }")
    end
    local counts, keys = {}, {}
    if bins.edges then
        edges_check(bins.edges)
        for i = 1, #bins.edges - 1 do
            keys[i], counts[i] = i, 0
        end
    else
        for i, key in ipairs(bins) do
            if counts[key] then
                fail("a bin stands twice in the list")
            end
            keys[i], counts[key] = key, 0
        end
    end
    for i = 1, #values do
        local key = values[i]
        if bins.edges then
            key = bin_of(bins.edges, key)
        end
        if key ~= nil and counts[key] then
            counts[key] = counts[key] + 1
        end
    end
    return noisy_counts(counts, keys, epsilon)
end

return dp
