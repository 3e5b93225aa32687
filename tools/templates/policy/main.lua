-- @summary@.
-- The rules are in policy/, for owners to use or to change.
--@if author
-- By @author@.
--@end

local csv = require "csv"

---@param task enclua.Task
return function(task)
    local rows = 0
    for _, leaf in ipairs(task.data:list()) do
        if leaf.type == "text/csv" then
            for _ in csv.rows(task.data:open(leaf.path)) do
                rows = rows + 1
            end
        end
    end
    task.result:json("rows.json", { rows = rows })
end
