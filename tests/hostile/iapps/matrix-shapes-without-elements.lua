-- expect: OK "done"
-- Shapes with no rows or no columns, and with very many of the other, in every operation.
local matrix, vec = require "matrix", require "vec"
local shapes = { { 0, 0 }, { 0, 5 }, { 5, 0 }, { 0, 1 << 29 }, { 1 << 29, 0 }, { 1, 1 }, { 2, 3 } }
for _, a in ipairs(shapes) do
    local ok, m = pcall(matrix.new, a[1], a[2])
    if ok then
        for _, f in ipairs { "transpose", "inverse", "cholesky", "copy", "rows", "cols" } do pcall(m[f], m) end
        pcall(m.row, m, 1) pcall(m.col, m, 1) pcall(m.get, m, 1, 1) pcall(m.set, m, 1, 1, 1) pcall(m.fill, m, 1) pcall(m.map, m, math.abs) pcall(tostring, m)
        if a[1] < 10 then pcall(m.to_rows, m) end
        for _, b in ipairs(shapes) do
            local okay, n = pcall(matrix.new, b[1], b[2])
            if okay then pcall(m.mul, m, n) pcall(m.solve, m, n) pcall(function() return m + n, m - n, m == n, -m, m * 2, 2 * m end) end
        end
        pcall(m.mul, m, vec.new(0)) pcall(m.solve, m, vec.new(0)) pcall(m.mul, m, vec.new(5)) pcall(m.mul, m, 0 / 0)
    end
end
return "done"
