-- The request of a policy, which can be read and not changed, and what else a policy's files have: globals and the
-- methods of strings.

local host = require "policy_host"	-- decode(text) of JSON, require of the policy's files
local shared = require "policy_shared"

local DEPTH_MAX <const> = 8

local keys_sorted, one_of, plain = shared.keys_sorted, shared.one_of, shared.plain
local refuse, show = shared.refuse, shared.show
local find, format, sub = string.find, string.format, string.sub

-- 0 and 1 in the question, and 0 is true in Lua.
local FLAGS <const> = { ["app.deterministic"] = true, ["app.outputs_raw"] = true, ["grant.bulk"] = true }
local behind = {}	-- what the caller holds → the table of values

local frozen = {
    __newindex = function(_, key)
        error(format("the request cannot be changed (%s)", show(key)), 2)
    end,
    __len = function(t)
        return #behind[t].values
    end,
    __index = function(t, key)
        local b = behind[t]
        local value = b.values[key]
        if value == nil and not (b.list and math.type(key) == "integer") then
            local name = type(key) == "string" and plain(key, 40) or show(key)
            error(format("the request has no %s%s%s", b.path, b.path == "" and "" or ".", name), 2)
        end
        return value
    end,
    __metatable = false,
}

-- An empty list keeps the mark that the decoder gives it.
local function is_list(t)
    return t[1] ~= nil or getmetatable(t) ~= nil
end

local function freeze(value, path, depth)
    if FLAGS[path] then
        if value ~= 0 and value ~= 1 then
            refuse("%s of the question must be 0 or 1", path)
        end
        return value == 1
    elseif type(value) == "string" or math.type(value) == "integer" then
        return value
    elseif type(value) ~= "table" or depth > DEPTH_MAX then
        refuse("the question holds what is neither text nor integer nor list nor object: %s", path)
    end
    local values = {}
    for k, v in next, value do
        values[k] = freeze(v, path == "" and k or path .. "." .. k, depth + 1)
    end
    local t = setmetatable({}, frozen)
    behind[t] = { values = values, path = path, list = is_list(value) }
    return t
end

-- And what a test leaves out of the policy ("mutate"), which the rules do not see.
local function request_make(text)
    local question = host.decode(text)
    if type(question) ~= "table" or is_list(question) then
        refuse("the question is no object")
    end
    local without = question.mutate
    question.mutate = nil
    if without ~= nil and (type(without) ~= "table" or is_list(without)) then
        refuse("mutate is no object")
    end
    return freeze(question, "", 0), without
end

-- ---- what a policy's files have beside require ----

local function text_check(value, what)
    if type(value) ~= "string" then
        error(format("%s needs texts, not %s", what, show(value)), 3)
    end
end

local function list_of(value, what)
    local b = behind[value]
    if type(value) ~= "table" or b and not b.list then
        error(format("%s needs a list, not %s", what, b and "an object" or show(value)), 3)
    end
    return b and b.values or value
end

local function truth(value, what)
    if type(value) ~= "boolean" then
        error(format("the function given to %s must return true or false", what), 3)
    end
    return value
end

local function integer(value, what)
    if math.type(value) ~= "integer" then
        error(format("%s needs integers, not %s", what, show(value)), 3)
    end
    return value
end

-- Integers given one by one, or as a list.
local function integers(what, ...)
    local list = ...
    if type(list) ~= "table" or select("#", ...) > 1 then
        list = { ... }
    end
    list = list_of(list, what)
    if #list == 0 then
        error(what .. " of nothing", 3)
    end
    for _, value in ipairs(list) do
        integer(value, what)
    end
    return list
end

local helpers = {}

function helpers.starts(text, begin)
    text_check(text, "starts")
    text_check(begin, "starts")
    return sub(text, 1, #begin) == begin
end

function helpers.ends(text, finish)
    text_check(text, "ends")
    text_check(finish, "ends")
    return finish == "" or #finish <= #text and sub(text, -#finish) == finish
end

function helpers.has(where, value)
    if type(where) == "string" then
        text_check(value, "has")
        return find(where, value, 1, true) ~= nil
    end
    return one_of(list_of(where, "has"), value)
end

function helpers.any(list, f)
    for _, value in ipairs(list_of(list, "any")) do
        if truth(f(value), "any") then
            return true
        end
    end
    return false
end

function helpers.all(list, f)
    for _, value in ipairs(list_of(list, "all")) do
        if not truth(f(value), "all") then
            return false
        end
    end
    return true
end

function helpers.count(list, f)
    local n = 0
    for _, value in ipairs(list_of(list, "count")) do
        if f == nil or truth(f(value), "count") then
            n = n + 1
        end
    end
    return n
end

function helpers.sum(list, f)
    local total = 0
    for _, value in ipairs(list_of(list, "sum")) do
        local v = integer(f and f(value) or not f and value, "sum")
        if v > 0 and total > math.maxinteger - v or v < 0 and total < math.mininteger - v then
            error("sum: the total is larger than an integer", 2)
        end
        total = total + v
    end
    return total
end

function helpers.min(...)
    local least = math.maxinteger
    for _, value in ipairs(integers("min", ...)) do
        least = value < least and value or least
    end
    return least
end

function helpers.max(...)
    local most = math.mininteger
    for _, value in ipairs(integers("max", ...)) do
        most = value > most and value or most
    end
    return most
end

-- As pairs, in the order of the keys.
function helpers.each(t)
    if type(t) ~= "table" then
        error("each needs a table, not " .. show(t), 2)
    end
    local values = behind[t] and behind[t].values or t
    local ok, keys = pcall(keys_sorted, values)
    if not ok then
        error(keys, 2)
    end
    local i = 0
    return function()
        i = i + 1
        if keys[i] ~= nil then
            return keys[i], values[keys[i]]
        end
    end
end

-- Texts of what has one; the name of a table or a function would be a number of its own.
function helpers.tostring(value)
    local kind = math.type(value) or type(value)
    if kind ~= "string" and kind ~= "integer" and kind ~= "boolean" and kind ~= "nil" then
        error("tostring: " .. show(value) .. " has no text here", 2)
    end
    return tostring(value)
end

local globals = {
    assert = assert, error = error, ipairs = ipairs, require = host.require, select = select, type = type
}
for name, f in next, helpers do
    globals[name] = f
end
setmetatable(globals, {
    __index = function(_, name)
        error(format("a policy has no global %s", show(name)), 2)
    end,
})

local environment = setmetatable({}, {
    __index = globals,
    __newindex = function(_, name)
        error(format("assignment to the global %s; write: local", show(name)), 2)
    end,
    __metatable = false,
})

local methods = { len = string.len, sub = string.sub, lower = string.lower, upper = string.upper }

return { make = request_make, globals = globals, environment = environment, methods = methods }
