-- @summary@.
-- The callback is 32 bytes, a whole number of 10^-8 as contracts read it. Everything is counted in integers, so that
-- whoever runs it again comes to the same bytes.
--@if author
-- By @author@.
--@end

local csv = require "csv"

local DECIMALS <const> = 8

-- "12.5" → 1250000000, without a detour by floating point.
local function fixed(text)
    local whole, rest = text:match("^(%d+)%.?(%d*)$")
    if not whole or #whole > 9 or #rest > DECIMALS then
        error("a price is no number, or has more than 9 digits or 8 decimals", 0)
    end
    return math.tointeger(whole .. rest .. ("0"):rep(DECIMALS - #rest))
end

local function median(values)
    table.sort(values)
    local middle = (#values + 1) // 2
    return #values % 2 == 1 and values[middle] or (values[middle] + values[middle + 1]) // 2
end

---@param task enclua.Task
return function(task)
    local values = {}
    for row in csv.rows(task.files["quotes.csv"] or error("the input file quotes.csv is missing", 0)) do
        if row.symbol == task.args.symbol then
            values[#values + 1] = fixed(row.price)
        end
    end
    if #values == 0 then
        error(("no quotes of %s"):format(task.args.symbol), 0)
    end
    local value = median(values)
    task.result:callback(("\0"):rep(24) .. (">I8"):pack(value))
    task.result:json("value.json", { symbol = task.args.symbol, value = value, decimals = DECIMALS, quotes = #values })
end
