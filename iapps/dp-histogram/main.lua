-- Counts rows by bins and adds noise to each count. The bins are arguments, never taken from the data: a bin that is
-- there because a row is there would give the row away. For the same reason no value of the column is an error.

local csv = require "csv"
local dp = require "dp"

local BINS_MAX <const> = 1000
local OTHER <const> = "(other)" -- the bin of what is in no other

local function fail(format, ...)
    error(format:format(...), 0)
end

local function first_csv(data)
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            return leaf.path
        end
    end
    return fail("the data holds no CSV")
end

local function fields(line, what)
    local list = csv.records(line)() or fail("the argument %s is empty", what)
    if #list > BINS_MAX then
        fail("the argument %s lists %d values; at most %d are counted", what, #list, BINS_MAX)
    end
    return list
end

-- Names of the bins, and the function that finds a value's own.
local function category_bins(line)
    local names, known = fields(line, "categories"), {}
    for _, name in ipairs(names) do
        if known[name] or name == OTHER then
            fail('the category "%s" is listed twice, or is the one for all others', name)
        end
        known[name] = true
    end
    return names, function(text)
        return known[text] and text or OTHER
    end
end

local function range_bins(line)
    local edges, names = {}, {}
    local texts = fields(line, "edges")
    for i, text in ipairs(texts) do
        local edge = tonumber(text) or fail('the edge "%s" is not a number', text)
        if edge - edge ~= 0 or (i > 1 and edge <= edges[i - 1]) then
            fail('the edge "%s" is not finite, or not larger than the one before', text)
        end
        edges[i] = edge
        if i > 1 then
            names[i - 1] = texts[i - 1] .. " to " .. text
        end
    end
    if #edges < 2 then
        fail("one edge makes no range: give two or more")
    end
    return names, function(text)
        local value = tonumber(text)
        if not value or value ~= value then
            return OTHER
        end
        local low, high = 1, #edges - 1 -- the range is one of these; what is beyond the edges is clamped to them
        while low < high do
            local middle = (low + high + 1) // 2
            if value >= edges[middle] then
                low = middle
            else
                high = middle - 1
            end
        end
        return names[low]
    end
end

-- The least t for which noise is within -t to t 95 times out of 100: it has P(|noise| > t) = 2 a^(t + 1) / (1 + a).
local function error_95(epsilon)
    local a = math.exp(-epsilon)
    return math.max(0, math.ceil(math.log(0.025 * (1 + a)) / -epsilon - 1))
end

return function(task)
    local args = task.args
    if (args.categories == nil) == (args.edges == nil) then
        fail("give the argument categories, or the argument edges")
    end
    local names, bin_of
    if args.categories then
        names, bin_of = category_bins(args.categories)
    else
        names, bin_of = range_bins(args.edges)
    end
    names[#names + 1] = OTHER

    local column = args.column
    local values = csv.columns(task.data:open(first_csv(task.data)), { column }, { text = { column } })[column]
    for i, text in ipairs(values) do
        values[i] = bin_of(text)
    end
    local epsilon = dp.left() -- one question is all that a run is for
    local counts = dp.histogram(values, names, epsilon)

    local bins = {}
    for i, name in ipairs(names) do
        bins[i] = { bin = name, count = counts[name] }
    end
    task.result:json("histogram.json", {
        column = column,
        epsilon = epsilon,
        error_95 = error_95(epsilon),
        bins = bins,
    })
end
