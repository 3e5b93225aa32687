-- Describes one column, whole or by group. Nothing is said about fewer rows than the minimum cohort: neither a mean,
-- nor a count.

local csv = require "csv"
local stats = require "stats"

local FLOOR <const> = 5 -- no argument lowers the minimum below this

local function first_csv(data)
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            return leaf.path
        end
    end
    error("the data holds no CSV", 0)
end

local function must_have(header, column)
    for _, name in ipairs(header) do
        if name == column then
            return
        end
    end
    error(('there is no column "%s"; the columns are: %s'):format(column, table.concat(header, ", ")), 0)
end

-- Values of `column` by the value of `by` ("" when there is none), and how many rows had no value.
local function collect(stream, column, by)
    local groups, missing = {}, 0
    local rows, header = csv.rows(stream)
    must_have(header, column)
    if by then
        must_have(header, by)
    end
    local line = 1
    for row in rows do
        line = line + 1
        local text = row[column]
        if text == "" or text == "NA" then
            missing = missing + 1
        else
            local value = tonumber(text)
            if not value or value ~= value then
                -- The line, not the value: an error may be read by people who may not read the data.
                error(('line %d: the value of "%s" is not a number'):format(line, column), 0)
            end
            local name = by and row[by] or ""
            local group = groups[name]
            if not group then
                group = {}
                groups[name] = group
            end
            group[#group + 1] = value
        end
    end
    return groups, missing
end

local function describe(values)
    return {
        count = #values,
        mean = stats.mean(values),
        sd = stats.sd(values),
        p25 = stats.quantile(values, 0.25),
        median = stats.quantile(values, 0.5),
        p75 = stats.quantile(values, 0.75),
    }
end

return function(task)
    local column, by = task.args.column, task.args.by
    local minimum = math.max(task.args.min_cohort, FLOOR)
    local groups, missing = collect(task.data:open(first_csv(task.data)), column, by)

    local all, described, hidden = {}, {}, 0
    for name, values in pairs(groups) do
        table.move(values, 1, #values, #all + 1, all)
        if by and #values >= minimum then
            described[name] = describe(values)
        elseif by then
            hidden = hidden + 1
        end
    end
    if #all < minimum then
        error(("the column has fewer values than the minimum cohort of %d"):format(minimum), 0)
    end
    -- One hidden group could be computed from the total and the others: then the total may not be told either.
    if hidden == 1 then
        error(('exactly one group of "%s" is under the minimum of %d, and the total would give it away; '
            .. "group by another column"):format(by, minimum), 0)
    end

    table.sort(all) -- pairs() order decides the order of summation otherwise
    local report = describe(all)
    report.column, report.minimum, report.missing = column, minimum, missing
    if by then
        report.by, report.groups, report.groups_hidden = by, described, hidden
    end
    task.result:write("average.txt", ("%.3f\n"):format(report.mean))
    task.result:json("statistics.json", report)
end
