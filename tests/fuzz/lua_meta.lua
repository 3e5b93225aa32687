-- The annotations of lua/meta as a table for lua_api.lua: what each function takes. Run once, by fuzz_lua_api.c; gives the text of a chunk that returns
-- functions ("stats.sum", ":get" of objects) by name, each a list of lists of types (objects share names), and classes by name, each a list of { field, type }.
-- A type: "number" …, { "list", type }, { "one", type … }, { "text", literal }, { "record", { field, type } … }, { "class", name }
local text = ...

local function trim(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end

-- Up to the end of the type that begins at i: brackets count, and so does what stands around a bar.
local function type_end(s, i)
    local depth = 0
    while i <= #s do
        local c = s:sub(i, i)
        if c:find("[{(<]") or c == "[" then depth = depth + 1 end
        if c:find("[})>]") or c == "]" then depth = depth - 1 end
        if depth < 0 then return i - 1 end
        if depth == 0 and (c == " " and not s:find("^ *[|:]", i) and not s:find("[|:,]$", i - 1) or c == ",") then return i - 1 end
        i = i + 1
    end
    return #s
end

-- The parts of s between separators that stand in no bracket.
local function split(s, separator)
    local parts, depth, from = {}, 0, 1
    for i = 1, #s do
        local c = s:sub(i, i)
        if c:find("[%[{(<]") then depth = depth + 1 elseif c:find("[%]})>]") then depth = depth - 1 end
        if depth == 0 and c == separator then
            parts[#parts + 1] = s:sub(from, i - 1)
            from = i + 1
        end
    end
    parts[#parts + 1] = s:sub(from)
    return parts
end

local function read(s)
    s = trim(s)
    local parts = split(s, "|")
    if #parts > 1 then
        local out = { "one" }
        for _, p in ipairs(parts) do out[#out + 1] = read(p) end
        return out
    end
    if s:find("%?$") then return { "one", read(s:sub(1, -2)), "nil" } end
    if s:find("%[%]$") then return { "list", read(s:sub(1, -3)) } end
    if s:find("^%(.*%)$") then return read(s:sub(2, -2)) end
    if s:find("^fun") then return "fun" end
    if s:find('^".*"$') then return { "text", s:sub(2, -2) } end
    if s:find("^table<") then return "map" end
    if s:find("^{") then
        local out = { "record" }
        for _, p in ipairs(split(s:sub(2, -2), ",")) do
            local name, of = p:match("^%s*([%w_]+)%s*:%s*(.+)$")
            if name then out[#out + 1] = { name, read(of) } end
        end
        return out
    end
    if s:find("^[%l]+$") then return s end
    return { "class", s }
end

local function write(v)
    if type(v) == "string" then return ("%q"):format(v) end
    local out = {}
    for _, x in ipairs(v) do out[#out + 1] = write(x) end
    return "{" .. table.concat(out, ",") .. "}"
end

local functions, classes, params, class = {}, {}, {}, nil
for line in text:gmatch("[^\n]+") do
    local name, rest = line:match("^%-%-%-@param ([%w_]+)%?? (.+)$")
    if name then
        params[#params + 1] = read(rest:sub(1, type_end(rest, 1)))
    elseif line:find("^%-%-%-@class") then
        class = { "record" }
        classes[#classes + 1] = "[" .. ("%q"):format(line:match("@class ([%w_%.]+)")) .. "]="
        classes[#classes + 1] = class
    elseif line:find("^%-%-%-@field [%l_]+ ") and class then
        local field, of = line:match("@field ([%l_]+) (.+)$")
        class[#class + 1] = { field, read(of:sub(1, type_end(of, 1))) }
    else
        local object, sep, f = line:match("^function ([%w_]+)([.:])([%w_]+)%(")
        f = f or line:match("^local function ([%w_]+)%(")
        if f then
            local key = sep == ":" and ":" .. f or object and object .. "." .. f or f
            if not functions[key] then
                functions[key] = {}
                functions[#functions + 1] = key
            end
            functions[key][#functions[key] + 1] = params
        end
        if not line:find("^%-%-") then params = {} end
    end
end
for i = 2, #classes, 2 do classes[i - 1], classes[i] = classes[i - 1] .. write(classes[i]), "" end
local list = {}
for _, c in ipairs(classes) do
    if c ~= "" then list[#list + 1] = c end
end
for i, key in ipairs(functions) do functions[i] = ("[%q]=%s"):format(key, write(functions[key])) end
return "return {" .. table.concat(functions, ",\n") .. "},{" .. table.concat(list, ",\n") .. "}"
