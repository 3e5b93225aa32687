-- From facts to a score and what explains it. What the numbers are is in weights.lua.

local weights = require "lib.weights"

local REASONS_MAX <const> = 3

local score = {}

local function most_points(factor)
    local most = 0
    for _, band in ipairs(factor.bands) do
        most = math.max(most, band[2])
    end
    return most
end

local function band_of(factor, value)
    for i, band in ipairs(factor.bands) do
        if value <= band[1] then
            return i
        end
    end
    error(("the factor %s has no last band"):format(factor.name))
end

-- The band beside this one that has more points, if one has: how many more, and what it takes.
local function better(factor, at)
    local bands = factor.bands
    local points = bands[at][2]
    if at > 1 and bands[at - 1][2] > points then
        return { points = bands[at - 1][2] - points, at_most = bands[at - 1][1] }
    elseif at < #bands and bands[at + 1][2] > points then
        return { points = bands[at + 1][2] - points, more_than = bands[at][1] }
    end
    return nil
end

-- What cost the most points, in words; of equals in the order of the table.
local function reasons(factors)
    local lost = {}
    for i, f in ipairs(factors) do
        if f.points < f.of then
            lost[#lost + 1] = { at = i, points = f.of - f.points, because = f.because }
        end
    end
    table.sort(lost, function(a, b)
        if a.points ~= b.points then
            return a.points > b.points
        end
        return a.at < b.at
    end)
    local words = {}
    for i = 1, math.min(REASONS_MAX, #lost) do
        words[i] = lost[i].because
    end
    return words
end

local function grade(total)
    for _, g in ipairs(weights.grades) do
        if total >= g[1] then
            return g[2]
        end
    end
    return nil
end

---@param facts table<string, number> as weights.lua names them
function score.explain(facts)
    local total, factors = weights.base, {}
    for i, factor in ipairs(weights.factors) do
        local at = band_of(factor, factor.value(facts))
        local _, points, because = table.unpack(factor.bands[at])
        total = total + points
        factors[i] = {
            factor = factor.name,
            points = points,
            of = most_points(factor),
            because = because,
            better = better(factor, at),
        }
    end
    return { score = total, grade = grade(total), factors = factors, reasons = reasons(factors) }
end

return score
