-- Hostile scripts of our own; hostile.c runs each as the body of a function in the real box. Expectations: OK, OK "text", FAIL (an error, or a
-- limit of its own making), LIMIT, LIMIT memory, LIMIT cpu, LIMIT output, SAME (twice the same, in two zygotes, to the byte and to the peak).

-- case: every name that reaches outside is nil
-- expect: OK "0"
local n = 0
for _, name in ipairs { "os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage", "warn", "loadstring", "arg" } do
    if _G[name] ~= nil or rawget(_G, name) ~= nil then n = n + 1 end
end
return n

-- case: no standard function that could reach outside hides anywhere below _G
-- expect: OK ""
local seen, found, bad = {}, {}, { execute = 1, popen = 1, getenv = 1, open = 1, loadlib = 1, getregistry = 1, sethook = 1, getinfo = 1,
    upvalueid = 1, setupvalue = 1, dump = 1, randomseed = 1, clock = 1, exit = 1 }
local function walk(t, path)
    if seen[t] then return end
    seen[t] = true
    for k, v in next, t do
        if bad[k] then found[#found + 1] = path .. k end
        if type(v) == "table" then walk(v, path .. tostring(k) .. ".") end
    end
end
walk(_G, "")
for _, m in ipairs { "json", "csv", "base64", "hash", "stats", "date", "template" } do walk(require(m), m .. ".") end
return table.concat(found, " ")

-- case: bytecode made by hand is refused under every mode and spelling
-- expect: OK "0"
local n = 0
for _, mode in ipairs { "b", "bt", "t", "tb", "", "B" } do
    if load("\27Lua\x54\0\x19\x93\r\n\x1a\n", "x", mode) then n = n + 1 end
    local sent
    if load(function() if not sent then sent = true return "\27Lua\x54" end end, "x", mode) then n = n + 1 end
end
return n

-- case: setmetatable's __gc comes back by assignment after the fact
-- expect: OK "0"
local n, m = 0, {}
for i = 1, 50000 do setmetatable({}, m) m.__gc = function() n = n + 1 end end
local t = setmetatable({}, { __gc = true })
getmetatable(t).__gc = function() n = n + 1 end
t = nil
for i = 1, 1e5 do local _ = { i } end
return n

-- case: metatables of the box's own objects cannot be had or replaced
-- expect: OK "false false false false"
local csv, json = require "csv", require "json"
local rows = csv.rows("a\n1\n")
return table.concat({ tostring(getmetatable(json.null)), tostring(getmetatable(json.decode("[]"))), tostring(getmetatable("")),
    tostring(pcall(setmetatable, json.decode("[]"), {})) }, " ")

-- case: tostring of library functions shows no address
-- expect: OK "nil"
local s = ""
for k, v in pairs(string) do s = s .. tostring(v) end
for k, v in pairs(_G) do s = s .. tostring(v) end
return tostring(s:find("0x"))

-- case: error messages show no address
-- expect: OK "nil"
local function msg(f, ...) return tostring(select(2, pcall(f, ...))) end
return tostring((msg(error, {}) .. msg(error, print) .. msg(function() return {} < {} end) .. msg(function() return #print end)
    .. msg(string.rep) .. msg(ipairs) .. msg(setmetatable, 1, 2) .. msg(load, {})):find("0x"))

-- case: %q and %a show numbers, not places
-- expect: OK "0x1p+0 0x1p-1"
return ("%a %q"):format(1.0, 0.5)

-- case: %s with width over an object
-- expect: OK "     table"
return ("%10s"):format({})

-- case: memory by one string, doubled
-- expect: FAIL
local s = "x" while true do s = s .. s end

-- case: memory by many small strings, each step protected
-- expect: LIMIT memory
local t = {} while true do pcall(function() t[#t + 1] = tostring(#t) .. ("y"):rep(100) end) end

-- case: memory inside a coroutine inside pcall inside a metamethod
-- expect: LIMIT memory
local t = setmetatable({}, { __index = function(_, k)
    return coroutine.wrap(function() pcall(function() local a = {} while true do a[#a + 1] = {} end end) return k end)() end })
while true do local _ = t.x end

-- case: memory in a __close handler after an error
-- expect: LIMIT memory
local function f() local c <close> = setmetatable({}, { __close = function() local t = {} while true do t[#t + 1] = {} end end }) error("x") end
while true do pcall(f) end

-- case: memory in xpcall's handler
-- expect: LIMIT memory
while true do xpcall(error, function() local t = {} while true do t[#t + 1] = {} end end) end

-- case: memory by a buffer that is caught again and again
-- expect: LIMIT memory
local keep = {}
for i = 1, 1000 do pcall(function() keep[i] = ("x"):rep(1000000) end) end

-- case: memory by gsub's buffer (its last request may be larger than the limit: then an error, again and again)
-- expect: LIMIT
local s = ("x"):rep(1000000) while true do pcall(string.gsub, s, "x", ("y"):rep(1000)) end

-- case: memory by table.concat
-- expect: LIMIT memory
local t = {} for i = 1, 100 do t[i] = ("x"):rep(1000000) end return #table.concat(t)

-- case: a table with a hole as large as a gap in the keys
-- expect: OK "3"
local t = { [1] = 1, [1 << 30] = 2, [math.maxinteger] = 3 } local n = 0 for _ in pairs(t) do n = n + 1 end return n

-- case: table.pack, unpack and select at their ends
-- expect: OK "falsefalsefalse"
return tostring(pcall(table.unpack, {}, 1, 1e8)) .. tostring(pcall(string.byte, ("x"):rep(2e6), 1, -1)) .. tostring(pcall(table.concat, {}, "", 1, 3))

-- case: table.insert far away
-- expect: FAIL
table.insert({}, 1 << 40, 1)

-- case: deep recursion of Lua functions
-- expect: FAIL
local function f(n) return 1 + f(n + 1) end return f(1)

-- case: deep recursion through pcall
-- expect: FAIL
local function f() return pcall(f) and error("x") end local function g() return g() + 1 end f() return g()

-- case: deep recursion through string.gsub
-- expect: FAIL
local function f(s) return (s:gsub(".", f)) end return f("x")

-- case: deep recursion through table.sort
-- expect: FAIL
local function f() local t = { 3, 2, 1 } table.sort(t, function(a, b) f() return a < b end) end f()

-- case: deep recursion through tostring and __tostring
-- expect: FAIL
local t = setmetatable({}, { __tostring = function(x) return tostring(x) end }) return tostring(t)

-- case: the entry file required by itself
-- expect: OK "function"
return type(require("main"))

-- case: deep recursion through coroutine.wrap
-- expect: FAIL
local function f(n) return coroutine.wrap(function() return f(n + 1) end)() end return f(1)

-- case: deep recursion through load
-- expect: FAIL
function again() return load("return again()")() + 1 end

-- case: deep recursion in the C stack by a pattern
-- expect: FAIL
return (("x"):rep(300000)):find((".-"):rep(250) .. "y")

-- case: a pattern of captures without end
-- expect: FAIL
return ("x"):find(("("):rep(100))

-- case: a pattern with a bad class at its end
-- expect: FAIL
return ("x"):find("[a")

-- case: gmatch with recursion on every match
-- expect: LIMIT
local function f(n) for w in (("a "):rep(50)):gmatch("%a") do f(n + 1) end end f(0)

-- case: string.format with a long item
-- expect: FAIL
return ("%" .. ("0"):rep(500) .. "d"):format(1)

-- case: string.pack with absurd sizes
-- expect: FAIL
return string.pack("s16", ("x"):rep(100)) .. string.pack("i17", 1)

-- case: string.unpack past the end
-- expect: FAIL
return string.unpack("s8", "\255\255\255\255\255\255\255\127")

-- case: utf8 at its ends
-- expect: OK "falsefalsefalse"
return tostring(pcall(utf8.char, -1)) .. tostring(pcall(utf8.codepoint, "\xff", 1)) .. tostring(pcall(utf8.offset, "abc", 1, 99))

-- case: comparison function that is no order
-- expect: OK
local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1009 end pcall(table.sort, t, function() return true end) return "x"

-- case: comparison function that yields
-- expect: FAIL
coroutine.wrap(function() table.sort({ 3, 2, 1 }, coroutine.yield) end)()

-- case: a coroutine that closes itself while it runs, and is resumed dead
-- expect: OK "false false"
local co co = coroutine.create(function() return pcall(coroutine.close, co) end)
local _, ok = coroutine.resume(co) return tostring(ok) .. " " .. tostring((coroutine.resume(co)))

-- case: closing a chain of suspended coroutines from __close
-- expect: OK
local function chain(n) local c = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() coroutine.yield(n) end })
    coroutine.yield() end) coroutine.resume(c) return c end
for i = 1, 1000 do pcall(coroutine.close, chain(i)) end return "x"

-- case: use after the collector: __concat that grows the stack
-- expect: OK "id=x:B"
local function d(n) if n == 0 then return 0 end return 1 + d(n - 1) end
local B = setmetatable({}, { __concat = function(l, r) d(200) return tostring(l) .. "B" end }) return "id=" .. "x" .. ":" .. B

-- case: next while the table grows
-- expect: LIMIT memory
local t = {} for i = 1, 100 do t[i] = i end pcall(function() for k in next, t do for i = 1, 50 do t[k .. i] = 1 end end end) return "x"

-- case: weak tables under memory pressure
-- expect: SAME
local w, n = setmetatable({}, { __mode = "k" }), 0
for i = 1, 20000 do w[{}] = i end for _ in pairs(w) do n = n + 1 end return n

-- case: ephemerons and resurrections
-- expect: SAME
local w = setmetatable({}, { __mode = "k" }) local keep = {}
for i = 1, 20000 do local k = {} w[k] = { k } if i % 1000 == 0 then keep[#keep + 1] = k end end
local n = 0 for _ in pairs(w) do n = n + 1 end return n .. " " .. #keep

-- case: order of table keys that are functions, tables, coroutines and booleans
-- expect: SAME
local t, names, s = {}, {}, {} for i = 1, 200 do local k = i % 3 == 0 and {} or i % 3 == 1 and function() return i end or coroutine.create(print)
    t[k] = i end for _, i in pairs(t) do s[#s + 1] = i end return table.concat(s, " ")

-- case: math in its last bit
-- expect: OK "1844441058223767"
local h = 0 for i = 1, 100000 do local x = i * 0.7310585
    h = h ~ string.unpack("<i8", string.pack("<d", math.sin(x) + math.exp(-x / 1e4) + x ^ 0.37)) end return h

-- case: random numbers follow the seed
-- expect: SAME
local t = {} for i = 1, 100 do t[i] = math.random(1000000) end return table.concat(t, " ")

-- case: text of odd numbers
-- expect: OK "-nan nan inf -inf -0.0 1e+300"
return table.concat({ tostring(0 / 0), tostring(-(0 / 0)), tostring(1 / 0), tostring(-1 / 0), tostring(-0.0), tostring(1e300) }, " ")

-- case: a loop that hides in a metamethod of comparison
-- expect: LIMIT cpu
local m = setmetatable({}, { __lt = function() while true do end end }) pcall(function() return m < m end)

-- case: a loop in a goto
-- expect: LIMIT cpu
::again:: goto again

-- case: a loop in table.concat over __index
-- expect: LIMIT cpu
while true do pcall(table.concat, setmetatable({}, { __len = function() return 1e6 end, __index = function() return "x" end })) end

-- case: a loop in string.rep and find without progress
-- expect: LIMIT cpu
while true do (("a"):rep(1000)):find((".-"):rep(15) .. "b") end

-- case: a loop in the main chunk's own function through require'd code
-- expect: LIMIT cpu
local inspect = require "inspect" while true do inspect({ 1, 2, { 3 } }) end

-- case: output by logs alone
-- expect: LIMIT output
while true do print(("x"):rep(10000)) end

-- case: output by empty files
-- expect: LIMIT output
for i = 1, 100000 do task.result:write("f" .. i, "") end

-- case: output after the limit was caught
-- expect: LIMIT output
for i = 1, 100 do pcall(task.result.write, task.result, "f" .. i, ("x"):rep(100000)) end return "never"

-- case: result paths that would escape
-- expect: OK "0"
local n = 0
for _, p in ipairs { "../x", "/etc/x", "a/../../x", "a//b", "./a", "a/.", "a\0b", "a\nb", "\27[31m", "a\\b", "C:\\x", "", ".", "..", "x/",
    "result.json", "log.txt", "result.json/x", ("a/"):rep(200) .. "x", "\xff\xfe", "\u{202e}\xc0\x80" } do
    if pcall(task.result.write, task.result, p, "") then n = n + 1 end
end
return n

-- case: a writer used after it was closed, and by a stranger
-- expect: OK "false false false"
local w = task.result:open("x") w:close()
return tostring(pcall(w.write, w, "x")) .. " " .. tostring(pcall(w.write, {}, "x")) .. " " .. tostring(pcall(w.write, task.files, "x"))

-- case: methods called on the wrong objects
-- expect: OK "0"
local n, json = 0, require "json"
local things = { {}, "x", 1, print, coroutine.create(print), json.null, task.result:open("y"), (require "csv").rows("a\n1\n") }
for _, name in ipairs { "write", "close" } do
    for _, thing in ipairs(things) do if thing ~= things[7] and pcall(things[7][name], thing, "z") then n = n + 1 end end
end
return n

-- case: the task's table rebuilt with other functions
-- expect: OK "x"
local r = task.result task.result = nil task.log = nil task.secret = function() end
task.result = setmetatable({}, { __index = r }) return "x"

-- case: string methods replaced before the wrapper uses them
-- expect: OK
string.format = nil string.rep = nil table.concat = nil tostring = tostring _G.print = nil return "x"

-- case: _G emptied
-- expect: FAIL
for k in pairs(_G) do rawset(_G, k, nil) end return "x"

-- case: the strict metatable of _G replaced
-- expect: OK "false"
return pcall(setmetatable, _G, {})

-- case: JSON: depth
-- expect: OK "false false"
local json = require "json"
local t = {} for i = 1, 300 do t = { t } end
return tostring(pcall(json.decode, ("["):rep(100000))) .. " " .. tostring(pcall(json.encode, t))

-- case: JSON: a value that contains itself
-- expect: FAIL
local json = require "json" local t = {} t[1] = t return json.encode(t)

-- case: JSON: memory by a small text of many empty tables
-- expect: LIMIT memory
local json = require "json" local s = "[" .. ("{},"):rep(3000000) .. "{}]" return #json.decode(s)

-- case: JSON: strings with every escape and broken surrogates
-- expect: OK "false false false"
local json = require "json"
return tostring(pcall(json.decode, '"\\ud800"')) .. " " .. tostring(pcall(json.decode, '"\\q"')) .. " " .. tostring(pcall(json.decode, '"\1"'))

-- case: CSV: an open quote over everything
-- expect: FAIL
for _ in (require "csv").rows('a,b\n"' .. ("x\n"):rep(1000000)) do end

-- case: CSV: one line of a million fields
-- expect: OK "1000000"
for r in (require "csv").records(("x,"):rep(999999) .. "x\n") do return #r end

-- case: CSV: the string changes hands while the iterator is alive
-- expect: OK "50000"
local f = (require "csv").records(("a,b\n"):rep(50000)) local n = 0
for _ in f do n = n + 1 local _ = ("x"):rep(100) .. n end return n

-- case: base64 and hash with absurd arguments
-- expect: OK "0"
local n, hash, base64 = 0, require "hash", require "base64"
for _, a in ipairs { -1, 0, 65, 1e9, math.mininteger } do if pcall(hash.blake2b, "x", a) then n = n + 1 end end
if base64.decode("====") or base64.decode("A") or base64.decode("AA=A") then n = n + 1 end
return n

-- case: date with absurd arguments
-- expect: OK "0"
local n, date = 0, require "date"
for _, t in ipairs { 1e300, -1e300, 0 / 0, 1 / 0, math.maxinteger, math.mininteger } do if pcall(date.format, t) then n = n + 1 end end
return n

-- case: template without end
-- expect: FAIL
return (require "template").render(("{{#a}}"):rep(1000), { a = true })

-- case: inspect on a cycle and a deep table
-- expect: OK
local t = {} for i = 1, 10000 do t = { t } end t[2] = t return #(require "inspect")(t) > 0 and "x"

-- case: a secret in the length of the result
-- expect: OK
return ("x"):rep(secret:byte(1))

-- case: the wall of errors: an error in every handler
-- expect: FAIL
local function f() error(setmetatable({}, { __tostring = function() error(setmetatable({}, { __tostring = f })) end })) end f()

-- case: an error object whose __tostring is not a string
-- expect: FAIL
error(setmetatable({}, { __tostring = function() return {} end }))

-- case: an error object whose __name is enormous
-- expect: FAIL
error(setmetatable({}, { __name = ("x"):rep(100000) }))
