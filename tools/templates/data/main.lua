-- @summary@.
--@if author
-- By @author@.
--@end

local csv = require "csv"

local COHORT <const> = 5 -- a mean over fewer says too much about each of them

local function first_csv(data)
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            return data:open(leaf.path)
        end
    end
    error("the data holds no CSV", 0)
end

---@param task enclua.Task
return function(task)
    local column, sum, n = task.args.column, 0, 0
    for row in csv.rows(first_csv(task.data)) do
        local value = tonumber(row[column])
        if not value then
            error(("row %d has no number in the column"):format(n + 1), 0) -- which row, and not what stands there
        end
        sum, n = sum + value, n + 1
    end
    if n < COHORT then
        error(("fewer than %d rows"):format(COHORT), 0)
    end
    task.result:write("average.txt", ("%.3f\n"):format(sum / n))
end
