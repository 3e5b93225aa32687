-- expect: deny error:E_TASK ~ no global \"os\" ~ no global \"math\" ~ no global \"coroutine\" ~ no global \"collectgarbage\" ~ no global \"pairs\" ~ no global \"next\" ~ no global \"utf8\" ~ no global \"string\" ~ no global \"table\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function rule(id, when) return permit { id = id, when = when } end
return policy { api = 1, id = "t",
    rule("a", function() return os.clock() > 0 end), rule("b", function() return math.random(2) == 1 end),
    rule("c", function() return coroutine.running() ~= nil end), rule("d", function() return collectgarbage("count") > 100 end),
    rule("e", function() return pairs({}) ~= nil end), rule("f", function() return next({ x = 1 }) == "x" end),
    rule("g", function() return utf8.char(65) == "A" end), rule("h", function() return string.len("") == 0 end),
    rule("i", function() return table.unpack({ true }) end) }
