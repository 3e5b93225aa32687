-- expect: OK "true"
-- manifest: limits: {memory: 64MiB, cpu: 5s, wall: 20s, output: 1MiB}
-- The functions of ours with the largest frames, each called from within itself as deep as Lua lets C go.
local csv, json, vec = require "csv", require "json", require "vec"
local deepest = 0
local function nest(f)
    local depth = 0
    local function again() depth = depth + 1 deepest = math.max(deepest, depth) return f(again) end
    return pcall(again)
end
local names = {}
for i = 1, 200 do names[i] = "c" .. i end
local text = table.concat(names, ",") .. "\n" .. ("1.00000000000000000000000001,"):rep(199) .. "1\n"
local stopped = 0
for _, f in ipairs {
    function(again) return csv.columns(text, names, setmetatable({}, { __index = function(_, k) if k == "text" then again() end end })) end,
    function(again) return csv.columns(text, names, setmetatable({}, { __index = function(_, k) if k == "vec" then again() end end })) end,
    function(again) return csv.format { { setmetatable({}, { __tostring = function() again() return "x" end }) } } end,
    function(again) return vec.new(3):map(function() again() return json.decode("[1e5,1.5]")[1] end) end,
    function(again) return ("x"):gsub("x", function() again() return json.encode { 1.1 } end) end,
    function(again) return load(function() again() return nil end) end,
    function(again) return table.sort({ 3, 2, 1 }, function() again() return ("%99.99f"):format(1e300) == "" end) end,
    function(again) return task:log("%s", setmetatable({}, { __tostring = function() again() return "x" end })) end,
    function(again) return print(setmetatable({}, { __tostring = function() again() return "x" end })) end,
} do
    if not nest(f) then stopped = stopped + 1 end
end
return tostring(stopped >= 8 and deepest > 50)
