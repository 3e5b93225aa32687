-- @summary@.
-- Whose data could not be read gets a row that says so, and the others go on.
--@if author
-- By @author@.
--@end

local csv = require "csv"

local function count_rows(data)
    local rows = 0
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            for _ in csv.rows(data:open(leaf.path)) do
                rows = rows + 1
            end
        end
    end
    return rows
end

---@param task enclua.Task
return function(task)
    local out <close> = task.result:open("rows.csv")
    out:write("data,rows,error\n")
    for i, data in ipairs(task.datasets) do
        local ok, rows = pcall(count_rows, data)
        out:write(("%d,%s,%s\n"):format(i, ok and rows or "", ok and "" or "unreadable"))
        task:progress(i / #task.datasets)
    end
end
