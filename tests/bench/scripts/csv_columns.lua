-- Sum of one column of a CSV, by columns.
local csv = require "csv"
local columns = csv.columns(files["big.csv"], { "total" })
local sum = 0
for _, v in ipairs(columns.total) do
    sum = sum + v
end
return ("%.2f"):format(sum)
