-- A test.lua as it is replayed. A box reaches nothing, so a run that test.lua asks for cannot happen while it waits:
-- the first run whose result the host has not given yet ends the box with an answer that says what to run, and the
-- host starts test.lua again with one result more. As a box knows no clock, no address and no chance, test.lua comes
-- to the same place again. To C: main. To lua/test.lua: run, case, coded.

local base64 = require "base64"
local host = require "test_host"	-- state(), finish(answer), load(), trace
local json = require "json"

local CASES_MAX <const> = 1000
local PRINTS_MAX <const> = 10000

local shared = {}

local state                 -- what the host gave: { filter = text or nil, runs = { result… } }
local asked = 0             -- runs that test.lua has asked for, this time
local cases = json.array()  -- { name, ok, message, traceback, runs }
local prints = json.array() -- lines that test.lua printed
local current               -- the case that runs, or nil

local function answer(kind, value)
    host.finish(json.encode { [kind] = value, cases = cases, prints = prints, current = current and current.name })
end

-- What is no UTF-8 is no JSON: its bytes are spelt out.
local function text(value)
    value = tostring(value)
    if utf8.len(value) then
        return value
    end
    return (value:gsub("[\x80-\xff]", function(byte) return ("\\x%02x"):format(byte:byte()) end))
end

-- Bytes may be anything; JSON is text. Keys as well.
local function coded(files)
    local list = json.array()
    for name, bytes in pairs(files) do
        list[#list + 1] = { name = base64.encode(name), bytes = base64.encode(bytes) }
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end
shared.coded = coded

local function decoded(list)
    local files = {}
    for _, f in ipairs(list or {}) do
        files[base64.decode(f.path)] = base64.decode(f.bytes)
    end
    return files
end

-- What t.run gives.
local function result_of(r)
    local e = r.error
    return {
        status = r.status,
        files = decoded(r.files),
        log = base64.decode(r.log or ""),
        error = e and { message = base64.decode(e.message), traceback = base64.decode(e.traceback) } or nil,
        limit = r.limit,
        callback = r.callback and base64.decode(r.callback) or nil,
        cpu_ms = r.cpu_ms,
        memory = r.memory,
    }
end

function shared.run(spec)
    asked = asked + 1
    local given = state.runs[asked]
    if not given then
        answer("run", spec)
    end
    return result_of(given)
end

function shared.case(name, fn)
    if current then
        error(("the case \"%s\" is inside of the case \"%s\"; put it behind"):format(name, current.name), 3)
    end
    if #cases >= CASES_MAX then
        error(("more than %d cases"):format(CASES_MAX), 3)
    end
    if state.filter and not name:find(state.filter, 1, true) then
        return
    end
    current = { name = text(name) }
    local ok, why = xpcall(fn, host.trace)
    current.ok, current.runs = ok, asked
    if not ok then
        current.message, current.traceback = text(why.message), text(why.traceback)
    end
    cases[#cases + 1] = current
    current = nil
end

local function print_kept(...)
    if #prints >= PRINTS_MAX then
        error(("test.lua prints more than %d lines"):format(PRINTS_MAX), 2)
    end
    local words = table.pack(...)
    for i = 1, words.n do
        words[i] = tostring(words[i])
    end
    prints[#prints + 1] = base64.encode(table.concat(words, "\t"))
end

function shared.main()
    state = json.decode(host.state())
    rawset(_G, "print", print_kept)
    local ok, why = xpcall(function() host.load()() end, host.trace)
    answer("done", {
        ok = ok,
        message = not ok and text(why.message) or nil,
        traceback = not ok and text(why.traceback) or nil,
    })
end

return shared
