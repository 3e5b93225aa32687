-- The same in plain Lua: three loops over tables, the second matrix turned so that both are read along their rows.
local n, a, b = 512, {}, {}
for i = 1, n do
    a[i] = {}
    for j = 1, n do
        a[i][j] = (i * 7 + j * 3) % 11 - 5.0
    end
end
for j = 1, n do
    b[j] = {}
    for i = 1, n do
        b[j][i] = (i * 5 + j) % 13 - 6.0
    end
end
local c = {}
for i = 1, n do
    local row, out = a[i], {}
    for j = 1, n do
        local col, sum = b[j], 0.0
        for k = 1, n do
            sum = sum + row[k] * col[k]
        end
        out[j] = sum
    end
    c[i] = out
end
local trace = 0.0
for i = 1, n do
    trace = trace + c[i][i]
end
io.write(("%.0f\n"):format(trace))
