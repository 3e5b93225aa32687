-- dp: the noise has the distribution that it claims (Kolmogorov's distance, at which a good sampler fails once in a million runs), one row is
-- hidden by as much as epsilon says, the low bits say nothing, and the budget holds. The cases spend less than 200 in all; the budget is 1000.

local dp = require "dp"
local expect = require "expect"

local DISTANCE <const> = 2.7 -- times 1 / sqrt(n): 2 exp(-2 * 2.7^2) is 1e-6

-- erfc by Numerical Recipes' series, good to 1.2e-7 of itself.
local function erfc(x)
    local z = math.abs(x)
    local t = 1 / (1 + z / 2)
    local series = { -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277 }
    local sum = 0.0
    for i = #series, 1, -1 do
        sum = sum * t + series[i]
    end
    local r = t * math.exp(-z * z + sum)
    return x >= 0 and r or 2 - r
end

local function normal(x)
    return erfc(-x / math.sqrt(2)) / 2
end

local function laplace(x)
    return x < 0 and math.exp(x) / 2 or 1 - math.exp(-x) / 2
end

-- The largest distance between the samples and a continuous distribution.
local function distance(samples, cdf)
    table.sort(samples)
    local most, n = 0.0, #samples
    for i, x in ipairs(samples) do
        local p = cdf(x)
        most = math.max(most, math.abs(p - (i - 1) / n), math.abs(p - i / n))
    end
    return most * math.sqrt(n)
end

local function expect_close(samples, cdf)
    local d = distance(samples, cdf)
    if d > DISTANCE then
        error(("the distance is %.2f"):format(d), 2)
    end
end

local function moments(samples)
    local sum, squares = 0.0, 0.0
    for _, x in ipairs(samples) do
        sum, squares = sum + x, squares + x * x
    end
    local mean = sum / #samples
    return mean, squares / #samples - mean * mean
end

local function draws(n, f)
    local out = {}
    for i = 1, n do
        out[i] = f()
    end
    return out
end

-- Many whole draws for one epsilon: the counts of bins that nothing is in.
local function whole_noise(n, epsilon)
    local bins, out = {}, {}
    for i = 1, n do
        bins[i] = i
    end
    local counts = dp.histogram({}, bins, epsilon)
    for i = 1, n do
        out[i] = counts[i]
    end
    return out
end

local tests = {}
local function test(name, f)
    tests[#tests + 1] = { name, f }
end

for _, epsilon in ipairs { 0.1, 0.5, 1, 3 } do
    test("whole noise is two-sided geometric, epsilon " .. epsilon, function()
        local n, a = 15000, math.exp(-epsilon)
        local samples = whole_noise(n, epsilon)
        local counts, least, most = {}, 0, 0
        for _, x in ipairs(samples) do
            expect.equal(math.type(x), "integer")
            counts[x], least, most = (counts[x] or 0) + 1, math.min(least, x), math.max(most, x)
        end
        local seen = 0
        for x = least, most do
            seen = seen + (counts[x] or 0)
            local cdf = x < 0 and a ^ -x / (1 + a) or 1 - a ^ (x + 1) / (1 + a)
            expect.near(seen / n, cdf, DISTANCE / math.sqrt(n))
        end
        local mean, var = moments(samples)
        local true_var = 2 * a / (1 - a) ^ 2
        expect.near(mean, 0, 5 * math.sqrt(true_var / n))
        expect.near(var / true_var, 1, 0.15)
    end)
end

test("one row more is hidden by epsilon", function()
    local counts = {}
    for _, x in ipairs(whole_noise(30000, 1)) do
        counts[x] = (counts[x] or 0) + 1
    end
    for x = -2, 2 do -- what a count of x and one of x + 1 would have given
        local ratio = math.abs(math.log(counts[x] / counts[x + 1]))
        assert(ratio < 1.25, ratio)
    end
end)

test("the sensitivity widens whole noise", function()
    local samples = draws(2000, function() return dp.geometric(7, 20, 0.01) - 7 end)
    expect_close(samples, function(x) return laplace((x + 0.5) / 2000) end)
end)

test("Laplace noise is Laplace's", function()
    local samples = draws(3000, function() return dp.laplace(12.5, 0.3, 0.01) - 12.5 end)
    expect_close(samples, function(x) return laplace(x / 30) end)
end)

test("Gaussian noise is Gauss', and as wide as epsilon and delta need", function()
    local epsilon, delta, s = 0.01, 1e-6, 2.0
    local samples = draws(3000, function() return dp.gaussian(-3.0, s, epsilon, delta) + 3.0 end)
    local _, var = moments(samples)
    local sigma = math.sqrt(var)
    expect_close(samples, function(x) return normal(x / sigma) end)
    -- Balle and Wang 2018: the exact delta of this width, with 5 % for the sample. It must not be far below what was asked either.
    local a = s / sigma / 2
    local exact = normal(a - epsilon / a / 2) - math.exp(epsilon) * normal(-a - epsilon / a / 2)
    assert(exact < delta * 2 and exact > delta / 1e6, exact)
    local _, deltas = dp.spent()
    assert(deltas >= 3000 * delta * 0.999, deltas)
end)

-- Mironov 2012: sums of floats leave holes in the noise, other ones for each value. Here every value has the same grid.
test("the grid is the same whatever the value", function()
    for _, value in ipairs { 0.0, 0.1, 1.0, 1 / 3, 12345.678 } do
        for _ = 1, 50 do
            local at = dp.laplace(value, 1, 0.1) * (1 << 20)
            expect.equal(at, math.floor(at) + 0.0)
        end
    end
end)

test("a sum of clamped values", function()
    local values = {}
    for i = 1, 1000 do
        values[i] = i % 10 / 10
    end
    values[1001], values[1002], values[1003] = 1e300, -1e300, 0 / 0
    local samples = draws(300, function() return dp.sum(values, 0, 1, 0.1) - 451 end)
    local mean, var = moments(samples)
    expect.near(mean, 0, 5 * math.sqrt(200 / 300))
    expect.near(var / 200, 1, 0.6)
end)

test("a mean of clamped values stays within the bounds", function()
    local values = {}
    for i = 1, 5000 do
        values[i] = 20 + i % 41
    end
    local samples = draws(60, function() return dp.mean(values, 0, 100, 0.1) end)
    local mean = moments(samples)
    expect.near(mean, 40, 0.02)
    for _ = 1, 30 do
        local m = dp.mean({}, 5, 6, 0.01)
        assert(m >= 5 and m <= 6, m)
    end
end)

test("histograms of values and of ranges", function()
    local counts = dp.histogram({ "a", "b", "a", "other" }, { "a", "b", "c" }, 10)
    assert(math.abs(counts.a - 2) + math.abs(counts.b - 1) + math.abs(counts.c) <= 12)
    expect.equal(counts.other, nil)
    local ages = {}
    for i = 0, 99 do
        ages[#ages + 1] = i
    end
    ages[#ages + 1], ages[#ages + 2], ages[#ages + 3] = 65, -1, "x"
    local list = dp.histogram(ages, { edges = { 0, 18, 40, 65 } }, 10)
    expect.equal(#list, 3)
    assert(math.abs(list[1] - 18) + math.abs(list[2] - 22) + math.abs(list[3] - 27) <= 15)
end)

test("each call is charged, and a histogram once", function()
    local before = dp.left()
    dp.count({ 1, 2, 3 }, 0.25)
    dp.count(3, 0.25)
    dp.histogram({}, { 1, 2, 3, 4 }, 0.5)
    dp.mean({}, 0, 1, 0.25)
    dp.spend(0.3)
    expect.near(before - dp.left(), 1.55)
    local whole = dp.left()
    dp.spend(0.1 / 3) -- down to the millionth
    expect.near(whole - dp.left(), 0.033333)
end)

test("what is not there is not given, and costs nothing", function()
    local before = dp.left()
    for _, f in ipairs {
        function() dp.spend(2000) end, function() dp.count(1, 2000) end, function() dp.laplace(1, 1, 2000) end,
        function() dp.gaussian(1, 1, 2000, 1e-6) end, function() dp.sum({}, 0, 1, 2000) end, function() dp.mean({}, 0, 1, 2000) end,
        function() dp.histogram({}, { 1 }, 2000) end
    } do
        expect.raises("epsilon 2000 is more than what is left", f)
        expect.raises("of limits.epsilon 1000 in iapp.yaml", f)
    end
    expect.equal(dp.left(), before)
end)

local nan <const>, inf <const> = 0 / 0, math.huge
local mistakes = { -- part of the message, function, arguments
    { "epsilon must be above 0", dp.spend, 0 },
    { "epsilon must be above 0", dp.count, 1, -1 },
    { "epsilon must be a finite number", dp.count, 1 },
    { "epsilon must be a finite number", dp.count, 1, nan },
    { "epsilon must be at least 0.000001", dp.spend, 1e-7 },
    { "epsilon must be at least 0.000002", dp.mean, {}, 0, 1, 1e-6 },
    { "the value must be a whole number", dp.geometric, 1.5, 1, 1 },
    { "the value must be a whole number", dp.geometric, 1 << 60, 1, 1 },
    { "the sensitivity must be a whole number", dp.geometric, 1, 1.5, 1 },
    { "the sensitivity must be above 0", dp.laplace, 1, 0, 1 },
    { "the sensitivity is too small", dp.laplace, 0.0, 1e-320, 1 },
    { "the value is too large for its sensitivity", dp.laplace, 1e12, 1, 1 },
    { "the value must be a finite number", dp.laplace, nan, 1, 1 },
    { "the value must be a finite number", dp.laplace, inf, 1, 1 },
    { "delta must be at most 0.01", dp.gaussian, 1, 1, 1, 0.5 },
    { "delta must be above 0", dp.gaussian, 1, 1, 1, 0 },
    { "the lower bound must be below", dp.clamp, 1, 2, 2 },
    { "the lower bound must be below", dp.sum, {}, 3, 2, 1 },
    { "the distance of the bounds must be a finite number", dp.sum, {}, -1.7e308, 1.7e308, 1 },
    { "a value is a string, not a number", dp.sum, { "1" }, 0, 2, 1 },
    { "bins must be a list", dp.histogram, {}, {}, 1 },
    { "edges must ascend", dp.histogram, {}, { edges = { 1, 1 } }, 1 },
    { "a bin stands twice", dp.histogram, {}, { "a", "a" }, 1 },
}
for i, mistake in ipairs(mistakes) do
    test(("refused %d: %s"):format(i, mistake[1]), function()
        local before = dp.left()
        expect.raises(mistake[1], table.unpack(mistake, 2))
        expect.equal(dp.left(), before)
    end)
end

test("clamp", function()
    expect.list({ dp.clamp(5, 0, 3), dp.clamp(-5, 0, 3), dp.clamp(2, 0, 3), dp.clamp(nan, 0, 3) }, { 3, 0, 2, 0 })
end)

return tests
