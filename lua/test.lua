-- For test.lua, which runs in a box of its own: cases, runs of the iApp, and what is expected of them.

local base64 = require "base64"
local inspect = require "inspect"
local shared = require "test_shared"

local DEPTH_MAX <const> = 50
local SHOWN_MAX <const> = 400

local test = {}

local data_marks = {}	-- tables that t.files, t.values and t.mock made

-- An error of whoever called the function of this module that calls this.
local function misuse(format, ...)
    error(format:format(...), 3)
end

local function show(value)
    local text = type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or inspect(value)
    return #text > SHOWN_MAX and text:sub(1, SHOWN_MAX) .. " …" or text
end

function test.case(name, fn)
    if type(name) ~= "string" or name == "" or type(fn) ~= "function" then
        misuse("t.case takes a name and a function")
    end
    shared.case(name, fn)
end

-- Data

local function marked(data)
    data_marks[data] = true
    return data
end

function test.files(files)
    if type(files) ~= "table" or next(files) == nil then
        misuse("t.files takes a table of bytes by path, with one file at least")
    end
    for path, bytes in pairs(files) do
        if type(path) ~= "string" or type(bytes) ~= "string" then
            misuse("t.files takes a table of bytes by path; %s is %s", show(path), show(bytes))
        end
    end
    return marked { files = shared.coded(files) }
end

local scalar_types = { boolean = "bool", string = "string", integer = "i128", float = "f64" }

local function scalar_text(value)
    if math.type(value) == "float" then
        return ("%.17g"):format(value)
    end
    return tostring(value)
end

local function leaves_add(leaves, values, types, prefix, depth)
    if depth > DEPTH_MAX then
        error("t.values: the tables are nested too deep", 4)
    end
    for key, value in pairs(values) do
        local path = prefix .. tostring(key)
        if type(value) == "table" then
            leaves_add(leaves, value, types, path .. "/", depth + 1)
        else
            local kind = scalar_types[math.type(value) or type(value)]
            if type(key) ~= "string" or not kind then
                error(("t.values takes booleans, numbers and strings by name; %s is a %s"):format(path, type(value)), 4)
            end
            local wanted = types[path] or types[path:gsub("/", ".")] or kind
            local text = base64.encode(scalar_text(value))
            leaves[#leaves + 1] = { path = base64.encode(path), type = wanted, text = text }
        end
    end
end

function test.values(values, types)
    if type(values) ~= "table" or next(values) == nil or (types ~= nil and type(types) ~= "table") then
        misuse("t.values takes a table of values by name, with one at least, and perhaps their types by name")
    end
    local leaves = {}
    leaves_add(leaves, values, types or {}, "", 1)
    table.sort(leaves, function(a, b) return a.path < b.path end)
    return marked { values = leaves }
end

function test.mock(name)
    if type(name) ~= "string" then
        misuse("t.mock takes the name of something in mock/")
    end
    return marked { mock = base64.encode(name) }
end

-- Runs

local function arg_text(value)
    if math.type(value) == "float" and value == math.floor(value) and math.abs(value) < 2 ^ 53 then
        return ("%.1f"):format(value)
    end
    return scalar_text(value)
end

local takes = {}

function takes.args(args)
    local list = {}
    for name, value in pairs(args) do
        local named = type(name) == "string"
        if not scalar_types[math.type(value) or type(value)] or not (named or math.type(name) == "integer") then
            error(("t.run: the argument %s is a %s"):format(tostring(name), type(value)), 4)
        end
        list[#list + 1] = {
            name = named and base64.encode(name) or nil,
            at = not named and name or nil,
            value = base64.encode(arg_text(value)),
        }
    end
    table.sort(list, function(a, b)
        if a.at and b.at then
            return a.at < b.at
        elseif a.at or b.at then
            return a.at ~= nil
        end
        return a.name < b.name
    end)
    return list
end

function takes.data(data)
    local list = data_marks[data] and { data } or data
    local out = {}
    for i, one in ipairs(list) do
        if not data_marks[one] then
            error(("t.run: data %d is not made by t.files, t.values or t.mock"):format(i), 4)
        end
        out[i] = one
    end
    if #out == 0 then
        error("t.run: data is what t.files, t.values or t.mock makes, or a list of these", 4)
    end
    return out
end

function takes.files(files)
    for path, bytes in pairs(files) do
        if type(path) ~= "string" or type(bytes) ~= "string" then
            error("t.run: files is a table of bytes by name", 4)
        end
    end
    return shared.coded(files)
end

function takes.secrets(secrets)
    local list = {}
    for i, value in pairs(secrets) do
        if math.type(i) ~= "integer" or i < 1 or type(value) ~= "string" then
            error("t.run: secrets is a list of strings, numbered from 1", 4)
        end
        list[#list + 1] = { index = i, value = base64.encode(value) }
    end
    table.sort(list, function(a, b) return a.index < b.index end)
    return list
end

local function text(value)
    return base64.encode(value)
end

takes.app_secret, takes.seed, takes.purpose = text, text, text

local wants = {
    args = "table", data = "table", files = "table", secrets = "table",
    app_secret = "string", seed = "string", purpose = "string",
}
local WANTED <const> = "args, data, files, secrets, app_secret, seed, purpose"

function test.run(spec)
    if spec ~= nil and type(spec) ~= "table" then
        misuse("t.run takes a table: %s", WANTED)
    end
    local out = {}
    for name, value in pairs(spec or {}) do
        if not wants[name] then
            misuse("t.run does not know \"%s\"; it takes %s", tostring(name), WANTED)
        elseif type(value) ~= wants[name] then
            misuse("t.run: %s is a %s, not a %s", name, wants[name], type(value))
        end
        out[name] = takes[name](value)
    end
    return shared.run(out)
end

-- Expectations. Each raises at the line of the test that it stands in.

local function same(a, b, depth)
    if a == b then
        return math.type(a) == math.type(b)
    elseif type(a) ~= "table" or type(b) ~= "table" or depth > DEPTH_MAX then
        return false
    end
    for key, value in pairs(a) do
        if not same(value, b[key], depth + 1) then
            return false
        end
    end
    for key in pairs(b) do
        if a[key] == nil then
            return false
        end
    end
    return true
end

function test.equal(got, expected, what)
    if not same(got, expected, 1) then
        error(("%sexpected %s, got %s"):format(what and what .. ": " or "", show(expected), show(got)), 2)
    end
end

function test.near(got, expected, tolerance)
    tolerance = tolerance or 1e-9
    local off = type(got) == "number" and math.abs(got - expected)
    if not off or off ~= off or off > tolerance then
        error(("expected %s within %s, got %s"):format(show(expected), show(tolerance), show(got)), 2)
    end
end

function test.match(got, part)
    if type(got) ~= "string" or not got:find(part, 1, true) then
        error(("expected %s in it, got %s"):format(show(part), show(got)), 2)
    end
end

local function is_result(value)
    return type(value) == "table" and type(value.status) == "string" and type(value.files) == "table"
end

local function why_of(r)
    return r.error and r.error.message or r.limit and ("it passed its %s limit"):format(r.limit) or r.status
end

function test.ok(value, what)
    if is_result(value) and value.status ~= "ok" then
        error(("%sthe run ended as %s: %s"):format(what and what .. ": " or "", value.status, why_of(value)), 2)
    elseif not value then
        error(("%sexpected something true, got %s"):format(what and what .. ": " or "", show(value)), 2)
    end
    return value
end

function test.fails(what, part)
    local why
    if type(what) == "function" then
        local ok, err = pcall(what)
        if ok then
            error("expected an error, and there was none", 2)
        end
        why = type(err) == "string" and err or show(err)
    elseif is_result(what) then
        if what.status == "ok" then
            error("expected the run to fail, and it did not", 2)
        end
        why = why_of(what)
    else
        misuse("t.fails takes a function or the result of t.run")
    end
    if part and not why:find(part, 1, true) then
        error(("expected %s in the error, which is %s"):format(show(part), show(why)), 2)
    end
end

return test
