-- expect: OK /ok
-- manifest: limits: {memory: 64MiB, cpu: 10s, wall: 20s, output: 1MiB}
-- with: data files secret
-- The same of the objects: streams, vecs, matrices, the task, its result and data.
local vec, matrix = require "vec", require "matrix"
local numbers = { math.maxinteger, math.mininteger, -1, 0, 1, 2, 3, 4, 1 << 53, (1 << 61) + 1, (1 << 31) - 1, 1 << 31, 1 << 32, 0.5, 2.0 ^ 63, 0 / 0, 1 / 0, -1 / 0 }
local calls = 0
local function try(f, ...) calls = calls + 1 pcall(f, ...) end
local objects = {
    { function() return vec.from { 1, 2, 3 } end, { "dot", "sum", "mean", "norm", "slice", "sort", "argmax", "argmin", "to_table", "add", "sub", "scale", "fill", "apply", "map", "copy", "nothing" } },
    { function() return matrix.from_rows { { 2, 1 }, { 1, 2 } } end, { "rows", "cols", "get", "set", "row", "col", "transpose", "mul", "solve", "inverse", "cholesky", "to_rows", "scale", "fill", "add" } },
    { function() return task.files["t.csv"] end, { "read", "lines", "seek", "size", "close" } },
    { function() return task end, { "secret", "app_secret", "progress", "log" } },
    { function() return task.data end, { "get", "open", "list", "schema" } },
    { function() return task.result end, { "volatile" } },
}
for _, o in ipairs(objects) do
    for _, name in ipairs(o[2]) do
        for _, a in ipairs(numbers) do
            local object = o[1]()
            try(object[name], object, a)
            for _, b in ipairs(numbers) do
                object = o[1]()
                try(object[name], object, a, b)
                try(object[name], object, a, b, 7)
                try(object[name], object, object, a)
            end
            for _, whence in ipairs { "set", "cur", "end" } do try(object[name], object, whence, a) end
        end
    end
end
return "ok " .. calls
