-- What the files of the policy library share: texts that may be shown, refusals, tables in one order.

local host = require "policy_host"	-- plain(text)

local shared = {}

local find, format, sub = string.find, string.format, string.sub

shared.RULES_MAX = 64
shared.TEXT_MAX = 128

-- A text that may be shown: no control or hidden characters, valid UTF-8, at most so many bytes, cut at a whole
-- character.
function shared.plain(text, most)
    text = host.plain(text)
    if #text <= most then
        return text
    end
    local n = most
    while n > 0 and find(text, "^[\128-\191]", n + 1) do
        n = n - 1
    end
    return sub(text, 1, n)
end

function shared.refuse(...)
    error(format(...), 0)
end

function shared.show(value)
    local kind = math.type(value) or type(value)
    if kind == "string" then
        return '"' .. shared.plain(value, 40) .. '"'
    elseif kind == "integer" or kind == "boolean" or kind == "nil" then
        return tostring(value)
    end
    return "a " .. kind
end

-- Keys of any table in one order: integers first, then strings by their bytes.
function shared.keys_sorted(t)
    local keys = {}
    for k in next, t do
        if type(k) ~= "string" and math.type(k) ~= "integer" then
            shared.refuse("a key of a table here is a string or an integer, not %s", shared.show(k))
        end
        keys[#keys + 1] = k
    end
    table.sort(keys, function(a, b)
        local x, y = type(a) == "string", type(b) == "string"
        if x ~= y then
            return y
        end
        return a < b
    end)
    return keys
end

-- A list is 1 … n and nothing else.
function shared.list_check(t, what, most)
    if type(t) ~= "table" then
        shared.refuse("%s must be a list, not %s", what, shared.show(t))
    end
    local n = 0
    for _ in next, t do
        n = n + 1
    end
    for i = 1, n do
        if rawget(t, i) == nil then
            shared.refuse("%s must be a list: it has a key that is not a place in it", what)
        end
    end
    if n > most then
        shared.refuse("%s has more than %d entries", what, most)
    end
    return n
end

-- Is any of the values in the list?
function shared.one_of(list, ...)
    for _, value in ipairs(list) do
        for i = 1, select("#", ...) do
            if value == (select(i, ...)) then
                return true
            end
        end
    end
    return false
end

return shared
