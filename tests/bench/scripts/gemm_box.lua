-- Two matrices of 512 by 512, multiplied; what is printed is the trace.
local matrix = require "matrix"
local n, rows_a, rows_b = 512, {}, {}
for i = 1, n do
    local a, b = {}, {}
    for j = 1, n do
        a[j], b[j] = (i * 7 + j * 3) % 11 - 5, (i * 5 + j) % 13 - 6
    end
    rows_a[i], rows_b[i] = a, b
end
local c = matrix.from_rows(rows_a) * matrix.from_rows(rows_b)
local trace = 0.0
for i = 1, n do
    trace = trace + c:get(i, i)
end
return ("%.0f"):format(trace)
