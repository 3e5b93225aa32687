-- expect: OK /ok
-- manifest: limits: {memory: 64MiB, cpu: 10s, wall: 20s, output: 1MiB}
-- Each function of each library, with every pair of numbers that is at some edge. None may end the process, and none may loop.
local numbers = { math.maxinteger, math.mininteger, math.maxinteger - 1, -1, 0, 1, 2, 3, 1 << 53, 1 << 62, (1 << 61) + 1, 1 << 60, (1 << 31) - 1, 1 << 31, 1 << 32, -(1 << 31), 0.5, -0.0, 1e308, 2.0 ^ 63, 0 / 0, 1 / 0, -1 / 0 }
local skip = { ["table.move"] = 1, ["string.rep"] = 1, ["_G.print"] = 1, ["coroutine.yield"] = 1, ["coroutine.close"] = 1, ["stats.split"] = 1 }
local names = { "string", "table", "math", "utf8", "coroutine", "json", "csv", "base64", "hash", "vec", "matrix", "stats", "date", "template", "inspect", "mime", "dp" }
local calls, good = 0, 0
local function try(f, ...)
    calls = calls + 1
    if pcall(f, ...) then good = good + 1 end
end
local function small(n) return n == nil or math.abs(n) < 100 end
for _, library in ipairs(names) do
    local t, keys = require(library), {}
    if type(t) == "function" then t = { f = t } end
    for k, v in pairs(t) do if type(v) == "function" and not skip[library .. "." .. k] then keys[#keys + 1] = k end end
    table.sort(keys)
    for _, k in ipairs(keys) do
        for _, a in ipairs(numbers) do
            try(t[k], a)
            try(t[k], "abc", a)
            try(t[k], { 3, 1, 2 }, a)
            for _, b in ipairs(numbers) do
                try(t[k], "abc", a, b)
                try(t[k], { 3, 1, 2 }, a, b)
                try(t[k], a, b)
            end
        end
    end
end
return "ok " .. calls .. " " .. (calls > 10000 and good > 1000 and "many" or "few")
