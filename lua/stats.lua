-- Statistics on arrays of numbers. Every function leaves its arguments as they are (shuffle alone works in place) and
-- computes in one fixed order, so that equal input gives equal bytes. Wrong arguments raise; data that has no answer
-- (collinear features, one class only) gives nil and a reason.

local regression = require "stats_regression"
local shared = require "stats_shared"

local floor <const>, sqrt <const> = math.floor, math.sqrt
local check <const>, sum_of <const>, sum_raw <const> = shared.check, shared.sum_of, shared.sum

local stats = {
    linear = regression.linear,
    logistic = regression.logistic,
    predict_logistic = regression.predict_logistic,
}

-- Sums and moments

local function var_raw(t, n)
    local m = sum_raw(t, n) / n
    return sum_of(n, function(i)
        local d = t[i] - m
        return d * d
    end) / (n - 1), m
end

function stats.sum(t)
    return sum_raw(t, check.numbers(t, "sum"))
end

function stats.mean(t)
    local n = check.numbers(t, "mean")
    return sum_raw(t, n) / n
end

-- Sample variance: divided by n - 1.
function stats.var(t)
    return (var_raw(t, check.numbers(t, "var", 2)))
end

function stats.sd(t)
    return sqrt((var_raw(t, check.numbers(t, "sd", 2))))
end

function stats.min(t)
    check.numbers(t, "min")
    local least = t[1]
    for i = 2, #t do
        if t[i] < least then
            least = t[i]
        end
    end
    return least
end

function stats.max(t)
    check.numbers(t, "max")
    local most = t[1]
    for i = 2, #t do
        if t[i] > most then
            most = t[i]
        end
    end
    return most
end

local function covariance_raw(a, b, n)
    local ma, mb = sum_raw(a, n) / n, sum_raw(b, n) / n
    return sum_of(n, function(i)
        return (a[i] - ma) * (b[i] - mb)
    end) / (n - 1)
end

function stats.covariance(a, b)
    local n = check.same(check.numbers(a, "covariance", 2), check.numbers(b, "covariance"), "covariance")
    return covariance_raw(a, b, n)
end

-- Pearson's. Of ranks it is Spearman's.
function stats.correlation(a, b)
    local n = check.same(check.numbers(a, "correlation", 2), check.numbers(b, "correlation"), "correlation")
    local va, vb = var_raw(a, n), var_raw(b, n)
    if va == 0 or vb == 0 then
        return nil, "a constant correlates with nothing"
    end
    return covariance_raw(a, b, n) / (sqrt(va) * sqrt(vb))
end

-- Order

local function sorted(t, n)
    local copy = table.move(t, 1, n, 1, {})
    table.sort(copy)
    return copy
end

-- Type 7 of Hyndman and Fan (1996): what R and NumPy give.
local function quantile_raw(t, n, p)
    local s = sorted(t, n)
    local at = (n - 1) * p
    local low = floor(at)
    local from = s[low + 1]
    if low == at or low + 2 > n then
        return from
    end
    return from + (at - low) * (s[low + 2] - from)
end

function stats.quantile(t, p)
    local n = check.numbers(t, "quantile")
    if type(p) ~= "number" or not (p >= 0 and p <= 1) then
        error(("stats.quantile: p is %s; it lies between 0 and 1"):format(p), 2)
    end
    return quantile_raw(t, n, p)
end

function stats.median(t)
    return quantile_raw(t, check.numbers(t, "median"), 0.5)
end

-- Ranks from 1; equal values share the mean of their ranks.
local function rank_raw(t, n)
    local order, ranks = {}, {}
    for i = 1, n do
        order[i] = i
    end
    table.sort(order, function(a, b)
        if t[a] ~= t[b] then
            return t[a] < t[b]
        end
        return a < b
    end)
    local i = 1
    while i <= n do
        local j = i
        while j < n and t[order[j + 1]] == t[order[i]] do
            j = j + 1
        end
        for k = i, j do
            ranks[order[k]] = (i + j) / 2
        end
        i = j + 1
    end
    return ranks
end

function stats.rank(t)
    return rank_raw(t, check.numbers(t, "rank"))
end

local function edges_even(t, bins)
    local low, high = stats.min(t), stats.max(t)
    if low == high then
        low, high = low - 0.5, high + 0.5
    end
    local edges = {}
    for i = 0, bins do
        edges[i + 1] = low + (high - low) * (i / bins)
    end
    edges[bins + 1] = high
    return edges
end

local function edges_ascend(edges)
    for i = 2, #edges do
        if edges[i] <= edges[i - 1] then
            check.fail("histogram", "edge %d is not above edge %d", i, i - 1)
        end
    end
    return table.move(edges, 1, #edges, 1, {})
end

-- The bin of x, by halving: edges[i] <= x < edges[i + 1]; the last bin has its upper edge too.
local function bin_of(edges, x)
    local low, high = 1, #edges
    if x == edges[high] then
        return high - 1
    end
    while high - low > 1 do
        local middle = (low + high) // 2
        if x < edges[middle] then
            high = middle
        else
            low = middle
        end
    end
    return low
end

-- bins: how many of equal width, or their edges. Values outside given edges are counted in below and above.
function stats.histogram(t, bins)
    check.numbers(t, "histogram")
    local edges
    if type(bins) == "table" then
        check.numbers(bins, "histogram", 2)
        edges = edges_ascend(bins)
    elseif math.type(bins) == "integer" and bins >= 1 and bins <= 1000000 then
        edges = edges_even(t, bins)
    else
        error("stats.histogram: bins is a number from 1 to 1000000, or an array of edges", 2)
    end
    local h = { edges = edges, counts = {}, below = 0, above = 0 }
    for i = 1, #edges - 1 do
        h.counts[i] = 0
    end
    for i = 1, #t do
        local x = t[i]
        if x < edges[1] then
            h.below = h.below + 1
        elseif x > edges[#edges] then
            h.above = h.above + 1
        else
            local bin = bin_of(edges, x)
            h.counts[bin] = h.counts[bin] + 1
        end
    end
    return h
end

-- Samples

-- In place (Fisher and Yates). The order follows from the task's seed.
local function shuffle_raw(t, n)
    for i = n, 2, -1 do
        local j = math.random(i)
        t[i], t[j] = t[j], t[i]
    end
    return t
end

function stats.shuffle(t)
    if type(t) ~= "table" then
        error("stats.shuffle: an array is expected, not a " .. type(t), 2)
    end
    return shuffle_raw(t, #t)
end

-- The numbers 1 … n in two shuffled arrays; the first holds this share of them.
function stats.split(n, share)
    if math.type(n) ~= "integer" or n < 1 then
        error(("stats.split: n is %s; it is how many rows there are, at least 1"):format(n), 2)
    end
    if type(share) ~= "number" or not (share >= 0 and share <= 1) then
        error(("stats.split: share is %s; it lies between 0 and 1"):format(share), 2)
    end
    local all = {}
    for i = 1, n do
        all[i] = i
    end
    shuffle_raw(all, n)
    local cut = floor(n * share + 0.5)
    return table.move(all, 1, cut, 1, {}), table.move(all, cut + 1, n, 1, {})
end

-- Columns to mean 0 and deviation 1. A constant column becomes zeros; its deviation is given as 1, so that
-- (x - mean) / sd holds for every column.
function stats.standardise(columns)
    local means, sds, out = {}, {}, {}
    for j = 1, check.array(columns, "standardise") do
        local column = columns[j]
        local n = check.numbers(column, "standardise")
        local var, mean = 0, column[1]
        if n > 1 then
            var, mean = var_raw(column, n)
        end
        local sd = var > 0 and sqrt(var) or 1.0
        local z = {}
        for i = 1, n do
            z[i] = (column[i] - mean) / sd
        end
        means[j], sds[j], out[j] = mean, sd, z
    end
    return means, sds, out
end

-- How good predictions are

-- The chance that a row of class 1 scores above one of class 0; a tie is half a chance.
function stats.auc(scores, labels)
    local n = check.same(check.numbers(scores, "auc"), check.numbers(labels, "auc"), "auc")
    check.labels(labels, "auc")
    local ones = sum_raw(labels, n)
    if ones == 0 or ones == n then
        return nil, "both classes are needed"
    end
    local ranks, s = rank_raw(scores, n), 0.0
    for i = 1, n do
        if labels[i] == 1 then
            s = s + ranks[i]
        end
    end
    return (s - ones * (ones + 1) / 2) / (ones * (n - ones))
end

-- The share of equal elements.
function stats.accuracy(predicted, actual)
    local n = check.same(check.array(predicted, "accuracy"), check.array(actual, "accuracy"), "accuracy")
    local right = 0
    for i = 1, n do
        if predicted[i] == actual[i] then
            right = right + 1
        end
    end
    return right / n
end

return stats
