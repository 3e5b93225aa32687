-- What fuzz_lua_api.c runs in the box's Lua: the bytes of the input choose calls, and what they are called with. Functions are found in the live modules and in the metatables of
-- objects, so a new one is called without a line here. Whatever happens is kept among the values that later calls take.
local take, bytes, word, over, note, meta, names, samples, task, documented, classes = ...

-- The program may change every table that it can reach: what this driver needs of them it has before.
local pcall, type, next, select, tostring, setmetatable, rawset, rawget, error, require, load, ipairs, pairs, print =
    pcall, type, next, select, tostring, setmetatable, rawset, rawget, error, require, load, ipairs, pairs, print
local sort, rep, sub = table.sort, string.rep, string.sub
local create, resume, yield, wrap, close, running = coroutine.create, coroutine.resume, coroutine.yield, coroutine.wrap,
    coroutine.close, coroutine.isyieldable
local find, match, gmatch, gsub, move, tointeger, min = string.find, string.match, string.gmatch, string.gsub, table.move,
    math.tointeger, math.min
local tremove, tinsert = table.remove, table.insert
local own <const> = { _G, string, table, math, utf8, coroutine }

local R = {} -- what calls gave
local ROOM <const> = 12
local O = {} -- objects among it: they are not so soon forgotten
local depth = 0
local op

local integers <const> = { 0, 1, -1, 2, 3, 7, 8, 63, 64, 65, 127, 128, 255, 256, 1000, 4095, 65535, 65536, 1 << 20, (1 << 31) - 1, 1 << 31, -(1 << 31),
    1 << 32, (1 << 53) - 1, 1 << 53, 1 << 62, math.maxinteger, math.mininteger, math.maxinteger - 1, math.mininteger + 1 }
local floats <const> = { 0.0, -0.0, 0.5, 1.5, -2.5, 0.1, 1e-300, 5e-324, 1e300, 1.7976931348623157e308, math.huge, -math.huge, 0 / 0, 2.0 ^ 53, 2.0 ^ 63,
    -2.0 ^ 63, 1e15, 3.0, 0.999999, 1e-9 }

-- Lua's own patterns may take time without end: this is what the limit of processor time is for, not what is looked for here.
local slow = {}
for _, f in ipairs { find, match, gmatch, gsub } do
    slow[f] = function(s, p, ...)
        if type(s) == "string" then s = sub(s, 1, 48) end
        if type(p) == "string" then p = sub(p, 1, 10) end
        return f(s, p, ...)
    end
end
slow[move] = function(a, f, e, ...)
    local from, to = tointeger(f), tointeger(e)
    if from and to and to > from and (to - from > 2000 or to - from < 0) then e = from + 3 end
    return move(a, f, e, ...)
end
local function bounded(f)
    return function(t, ...)
        local m = type(t) == "table" and meta(t)
        if m and rawget(m, "__len") ~= nil then error("length") end
        return f(t, ...)
    end
end
slow[tremove], slow[tinsert] = bounded(tremove), bounded(tinsert)

-- Functions of a table by name, sorted.
local function functions_of(t)
    local list = {}
    for k, v in next, t do
        if type(k) == "string" and type(v) == "function" then list[#list + 1] = k end
    end
    sort(list)
    return list
end

local opened = {}
local function module_open(i)
    local m = opened[i]
    if m == nil then
        local name = names[i - #own]
        if i <= #own then
            m = own[i]
        else
            local ok, got = pcall(require, name)
            m = ok and type(got) == "table" and got or type(got) == "function" and { [name] = got } or false
        end
        local list = m and functions_of(m) or {}
        m = { m, list, name }
        opened[i] = m
    end
    return m
end

local function module_named(name)
    for i = 1, #names do
        if names[i] == name then return module_open(#own + i)[1] end
    end
end

local function module_any()
    return module_open(take(#own + #names) + 1)
end

local value

-- A function that is given to others: calls of it raise, yield, come back in, change what is being read.
local callbacks <const> = {
    function(...) return ... end,
    function() return nil end,
    function() return take(256) - 8 end,
    function() return value() end,
    function() error(value(), take(3)) end,
    function() error("raised") end,
    function(...)
        op()
        return ...
    end,
    function(...)
        if running() then return yield(...) end
    end,
    function(t, k)
        if type(t) == "table" then rawset(t, k == nil and 1 or k, nil) end
        return k
    end,
    function(...)
        local r = R[take(ROOM) + 1]
        if type(r) == "table" then rawset(r, take(8), select(1, ...)) end
        return r
    end,
    function(a, b) return a, b, a end,
    function(x) return type(x) == "number" and x * 2 or x end,
    function() return 0 / 0 end,
    function() return bytes(take(16)) end,
    function() return true end,
}
local function callback(i)
    local f = callbacks[i]
    return function(...)
        if depth > 6 then return nil end
        depth = depth + 1
        local a, b, c = f(...)
        depth = depth - 1
        return a, b, c
    end
end

local metas <const> = { "__index", "__newindex", "__len", "__call", "__tostring", "__concat", "__eq", "__lt", "__le", "__pairs", "__close", "__mode", "__name", "__unm",
    "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__idiv", "__band", "__bor", "__shl", "__bnot", "__gc", "__metatable" }

local function with_meta()
    local m = {}
    for _ = 0, take(4) do
        local name = metas[take(#metas) + 1]
        m[name] = take(4) > 0 and callback(take(#callbacks) + 1) or value()
    end
    local t = {}
    for i = 1, take(4) do t[i] = value() end
    return setmetatable(t, m)
end

local function record()
    local t = {}
    for _ = 1, take(5) do t[word()] = value() end
    return t
end

local makers <const> = {
    function() return take(256) - 8 end,
    function() return integers[take(#integers) + 1] end,
    function() return floats[take(#floats) + 1] end,
    function() return bytes(take(32)) end,
    function() return samples[take(#samples) + 1] end,
    function()
        local s = samples[take(#samples) + 1]
        return rep(s, min(1 << take(12), 40000 // (#s + 1)))
    end,
    function() return word() end,
    function() return take(2) == 0 end,
    function() return nil end,
    function() return callback(take(#callbacks) + 1) end,
    function()
        local t = {}
        for i = 1, take(6) do t[i] = value() end
        return t
    end,
    function()
        local t = {}
        for i = 1, take(20) do t[i] = take(2) == 0 and take(256) / 4 or take(256) end
        return t
    end,
    record,
    with_meta,
    function() return module_any()[1] end,
    function()
        local m = module_any()
        local f = #m[2] > 0 and m[1][m[2][take(#m[2]) + 1]]
        return slow[f] or f
    end,
    function() return create(callback(take(#callbacks) + 1)) end,
    function()
        local rows, columns = {}, take(5)
        for i = 1, take(5) do
            local row = {}
            for k = 1, columns do row[k] = take(256) / 8 end
            rows[i] = row
        end
        return rows
    end,
    function()
        local rows, a, b = {}, word(), word()
        for i = 1, take(5) do rows[i] = { [a] = samples[take(#samples) + 1], [b] = take(256) } end
        return rows
    end,
    function() return take(2) == 0 and task.files["in.csv"] or task.data:open(take(2) == 0 and "t.csv" or "contacts/age") end,
    function() return ({ task, task.result, task.data, task.files, task.datasets, task.args, task.files["in.csv"], samples })[take(8) + 1] end,
    function()
        local m = module_open(#own + take(#names) + 1)
        local f = m[1] and (m[1].new or m[1].from or m[1].records or m[1].identity)
        return f and select(2, pcall(f, value()))
    end,
}

-- Half of them are values that calls gave.
function value()
    if depth > 6 or take(2) == 0 then return R[take(ROOM) + 1] end
    if take(8) == 0 then return O[take(8) + 1] end
    depth = depth + 1
    local v = makers[take(#makers) + 1]()
    depth = depth - 1
    return v
end

-- What the documentation says that a function takes; one value in eight is another.
local typed
local length, width, inside -- of the lists of one call: most functions want them alike
local types <const> = {
    number = function() return take(2) == 0 and take(256) / 8 - 2 or take(3) == 0 and floats[take(#floats) + 1] or take(100) end,
    integer = function() return take(4) == 0 and integers[take(#integers) + 1] or take(32) - 2 end,
    string = function() return take(3) == 0 and bytes(take(24)) or take(2) == 0 and word() or samples[take(#samples) + 1] end,
    boolean = function() return take(2) == 0 end,
    fun = function() return callback(take(#callbacks) + 1) end,
    map = function()
        local t = {}
        for _ = 1, take(4) do t[word()] = samples[take(#samples) + 1] end
        return t
    end,
    vec = function()
        local m = module_named("vec")
        return m.new and select(2, pcall(m.new, take(12), take(16) - 4))
    end,
    matrix = function()
        local m = module_named("matrix")
        if take(2) == 0 then return select(2, pcall(m.identity, take(5))) end
        return select(2, pcall(m.new, take(5), take(5), take(9) - 4))
    end,
    any = function() return value() end,
    ["nil"] = function() return nil end,
    ["false"] = function() return false end,
}
types["table"] = record
local compound <const> = {
    list = function(of)
        local t, n = {}, inside and width or length
        if take(8) == 0 then n = take(12) end
        local outer = inside
        inside = true
        for i = 1, n do
            if of[2] == "integer" and take(8) > 0 then t[i] = take(2) else t[i] = typed(of[2]) end
        end
        inside = outer
        return t
    end,
    one = function(of) return typed(of[take(#of - 1) + 2]) end,
    text = function(of) return of[2] end,
    record = function(of)
        local t = {}
        for i = 2, #of do
            if take(4) > 0 then t[of[i][1]] = typed(of[i][2]) end
        end
        return t
    end,
    class = function(of)
        local c = classes[of[2]]
        if of[2] == "enclua.Stream" then return task.files["in.csv"] end
        if c then return typed(c) end
        return take(2) == 0 and "a@example.org" or value()
    end,
}

function typed(of)
    if depth > 8 or take(inside and 40 or 10) == 0 then return value() end
    depth = depth + 1
    local make = type(of) == "string" and (types[of] or types.any)
    local v
    if make then v = make() else v = compound[of[1]](of) end
    depth = depth - 1
    return v
end

local function shape()
    length, width, inside = take(12), take(5), false
end

local function documented_arguments(list, i)
    if not list[i] then return end
    return typed(list[i]), documented_arguments(list, i + 1)
end

local function keep(ok, a, b)
    note(ok)
    note(a)
    if a ~= nil then R[take(ROOM) + 1] = a end
    if type(a) == "userdata" and take(2) == 0 then O[take(8) + 1] = a end
    if b ~= nil then
        note(b)
        R[take(ROOM) + 1] = b
    end
end

local function arguments(n)
    if n == 0 then return end
    return value(), arguments(n - 1)
end

local function call_function()
    local m = module_any()
    if #m[2] == 0 then return end
    local name = m[2][take(#m[2]) + 1]
    local f = m[1][name]
    local how = documented[m[3] and m[3] ~= name and m[3] .. "." .. name or name]
    if how and take(8) > 0 then
        shape()
        keep(pcall(f, documented_arguments(how[take(#how) + 1], 1)))
    else
        keep(pcall(slow[f] or f, arguments(take(5))))
    end
end

-- The methods of an object: its own functions, or those behind its metatable, protected or not.
local last -- what was called last is often called next
local function call_method()
    local o
    if last ~= nil and take(2) == 0 then o = last elseif take(4) > 0 then o = O[take(8) + 1] else o = R[take(ROOM) + 1] end
    local index = type(o) == "table" and o or nil
    local m = meta(o)
    if m and not index or m and take(2) == 0 then
        index = type(rawget(m, "__index")) == "table" and rawget(m, "__index") or m
    end
    if not index then return end
    local list = functions_of(index)
    last = o
    if #list == 0 then
        keep(pcall(function() return o[word()] end))
        return
    end
    local name = list[take(#list) + 1]
    local f, how = index[name], documented[":" .. name]
    if how and take(8) > 0 then
        shape()
        keep(pcall(f, o, documented_arguments(how[take(#how) + 1], 1)))
    else
        keep(pcall(slow[f] or f, o, arguments(take(4))))
    end
end

local operators <const> = {
    function(a, b) return a + b end, function(a, b) return a - b end, function(a, b) return a * b end, function(a, b) return a / b end,
    function(a, b) return a // b end, function(a, b) return a % b end, function(a, b) return a ^ b end, function(a, b) return a .. b end,
    function(a, b) return a == b end, function(a, b) return a < b end, function(a, b) return a <= b end, function(a, b) return a & b end,
    function(a, b) return a >> b end, function(a) return -a end, function(a) return #a end, function(a) return ~a end,
    function(a, b) return a[b] end, function(a, b) return a(b) end, function(a) return tostring(a) end,
    function(a, b)
        a[b] = value()
        return a
    end,
    function(a)
        local c <close> = a
        return c
    end,
    function(a)
        local n = 0
        for k, v in pairs(a) do
            n = n + 1
            if n > 20 then return k, v end
        end
    end,
    function(a)
        for i, v in ipairs(a) do
            if i > 20 then return v end
        end
    end,
    function(a, b)
        local n = 0
        for x in a, b do
            n = n + 1
            if n > 20 then return x end
        end
    end,
    function(a) return a:size(), a.x end,
}

local operations <const> = {
    call_function, call_function, call_function, call_function, call_method, call_method, call_method, call_method, call_method, call_method,
    function() keep(pcall(operators[take(#operators) + 1], value(), value())) end,
    function() R[take(ROOM) + 1] = value() end,
    function() R[take(ROOM) + 1] = makers[take(#makers) + 1]() end,
    function()
        local co = create(op)
        keep(resume(co))
        R[take(ROOM) + 1] = co
    end,
    function() keep(pcall(wrap(callback(take(#callbacks) + 1)), value())) end,
    function()
        local co = R[take(ROOM) + 1]
        if type(co) == "thread" then keep(pcall(take(2) == 0 and close or resume, co, value())) end
    end,
    function()
        local t, k, v = R[take(ROOM) + 1], value(), value()
        if type(t) == "table" and t ~= R then keep(pcall(rawset, t, k, v)) end
    end,
    function() keep(pcall(load, samples[take(#samples) + 1] .. bytes(take(24)), value(), "t", value())) end,
    function() print(value()) end,
}

function op()
    depth = depth + 1
    if depth < 7 then
        operations[take(#operations) + 1]()
    end
    depth = depth - 1
end

-- What a program begins with.
O[1], O[2], O[3] = task.data:open("t.csv"), task.files["in.csv"], task.result:open("begun.txt")
O[4], O[5], O[6] = task, task.result, task.data
O[7], O[8] = module_named("vec").new(5, 1.5), module_named("matrix").identity(3)
R[1], R[2] = samples, "text"
local before
while not over() do
    depth = 0
    before = take(256)
    local ok, why = pcall(op)
    note(ok)
    if not ok then R[before % ROOM + 1] = why end
end
if before and before % 8 == 0 then error(R[1]) end
return R[1], R[2]
