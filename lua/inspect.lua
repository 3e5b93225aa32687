-- Shows any value as text that a person can read and two runs agree on: keys in order, no addresses, cycles by name.

local KEYWORDS <const> = {
    ["and"] = true, ["break"] = true, ["do"] = true, ["else"] = true, ["elseif"] = true, ["end"] = true,
    ["false"] = true, ["for"] = true, ["function"] = true, ["goto"] = true, ["if"] = true, ["in"] = true,
    ["local"] = true, ["nil"] = true, ["not"] = true, ["or"] = true, ["repeat"] = true, ["return"] = true,
    ["then"] = true, ["true"] = true, ["until"] = true, ["while"] = true,
}
local ORDER <const> = { number = 1, string = 2, boolean = 3 } -- other keys come last, as they were met
local DEPTH <const> = 100

local function is_name(s)
    return type(s) == "string" and s:find("^[%a_][%w_]*$") and not KEYWORDS[s]
end

local function quoted(s)
    return (("%q"):format(s):gsub("\\\n", "\\n"):gsub("[\1-\31\127]", function(c)
        return ("\\x%02X"):format(c:byte())
    end))
end

local function sorted_keys(t, length)
    local keys, place = {}, {}
    for k in next, t do
        if not (math.type(k) == "integer" and k >= 1 and k <= length) then
            keys[#keys + 1] = k
            place[k] = #keys
        end
    end
    table.sort(keys, function(a, b)
        local x, y = ORDER[type(a)] or 4, ORDER[type(b)] or 4
        if x ~= y then
            return x < y
        elseif x <= 2 then
            return a < b
        elseif x == 3 then
            return a and not b
        end
        return place[a] < place[b]
    end)
    return keys
end

-- Tables that are met more than once get a number.
local function count(t, seen, depth)
    seen[t] = (seen[t] or 0) + 1
    if seen[t] > 1 or depth > DEPTH then
        return
    end
    for k, v in next, t do
        if type(k) == "table" then
            count(k, seen, depth + 1)
        end
        if type(v) == "table" then
            count(v, seen, depth + 1)
        end
    end
end

local show

local function show_table(t, state, depth)
    if state.names[t] then
        return ("<table %d>"):format(state.names[t])
    elseif depth > state.depth then
        return "{…}"
    end
    local head = ""
    if state.seen[t] > 1 then
        state.last = state.last + 1
        state.names[t] = state.last
        head = ("<%d>"):format(state.last)
    end
    local parts, length = {}, rawlen(t)
    for i = 1, length do
        parts[i] = show(rawget(t, i), state, depth + 1)
    end
    for _, k in ipairs(sorted_keys(t, length)) do
        local key = is_name(k) and k or "[" .. show(k, state, depth + 1) .. "]"
        parts[#parts + 1] = key .. " = " .. show(rawget(t, k), state, depth + 1)
    end
    if #parts == 0 then
        return head .. "{}"
    end
    local inside = (state.indent or ""):rep(depth + 1)
    local one_line = head .. "{ " .. table.concat(parts, ", ") .. " }"
    if not state.indent or (#inside + #one_line <= 80 and not one_line:find("\n", 1, true)) then
        return one_line
    end
    return head .. "{\n" .. inside .. table.concat(parts, ",\n" .. inside) .. "\n" .. state.indent:rep(depth) .. "}"
end

function show(v, state, depth)
    local kind = type(v)
    if kind == "string" then
        return quoted(v)
    elseif kind == "table" then
        return show_table(v, state, depth)
    elseif kind == "function" or kind == "thread" or (kind == "userdata" and tostring(v):find("^userdata")) then
        return "<" .. kind .. ">"
    end
    return tostring(v)
end

-- inspect(value [, opts]): opts.indent (default two spaces; false: one line), opts.depth.
return function(value, opts)
    opts = opts or {}
    local state = { seen = {}, names = {}, last = 0, depth = opts.depth or DEPTH, indent = opts.indent }
    if state.indent == nil then
        state.indent = "  "
    end
    if type(value) == "table" then
        count(value, state.seen, 0)
    end
    return show(value, state, 0)
end
