-- luacheck: globals forge, no max line length
-- Runs the hostile files of one folder and prints TAP: `files family.lua FAMILY [CASE]`. Two kinds of files make cases.
--
-- NAME.case: Lua. Its first line, a comment, says what is hostile in it. It makes files (write, and everything of make.lua: iapp, policy, tar, age, note …)
-- in an empty folder and says what has to happen:
--   refused(EXIT, WORDS, COMMAND…)   each command exits so, says these words on stderr, nothing on stdout, and leaves every file as it was
--   passes(WORDS, COMMAND…)          exits 0 with these words on stdout
-- A COMMAND is a line for enclua, or a list of its words. `home()` makes a home of the case's own; without it there is one that all may read.
--
-- NAME.table: a line "EXIT ¦ WORDS ¦ ARGUMENTS" for each case, in the same folder one after the other. EXIT may be "0|2". ARGUMENTS are words: '…' keeps spaces;
-- \xNN is a byte, \n a line break, {N*TEXT} is TEXT N times; <PATH is stdin, >PATH stdout, <& >& 2>& closed. "# …" is a comment, "$ …" a shell command before.
--
-- Of whatever runs: it ends by itself within 60 s and by no signal, no sanitizer speaks, and nothing on stdout or stderr could drive a terminal.
local here = arg[0]:match("^(.*)/")
package.path = here .. "/?.lua"
local make = require "make"
local build, top = os.getenv("BUILD"), here .. "/../.."
local family = arg[1]

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end
local function output(command)
    local f = assert(io.popen(command))
    local text = f:read("a")
    f:close()
    return text
end
local work = output("mktemp -d"):sub(1, -2)
local now, home    -- the folder of the case that runs, and the home it is run in

-- What a program finds in its environment. o: NAME = text, or false for a name that is not there.
local function env(o)
    local of = { PATH = build .. ":" .. os.getenv("PATH"), HOME = now, ENCLUA_HOME = home, LANG = "C.UTF-8", TMPDIR = work }
    for _, name in ipairs { "ASAN_OPTIONS", "UBSAN_OPTIONS", "ENCLUA_ALLOW_MISSING_LAYER" } do of[name] = os.getenv(name) end
    for name, value in pairs(o or {}) do of[name] = value end
    local list = {}
    for name, value in pairs(of) do if value then list[#list + 1] = name .. "=" .. value end end
    return list
end

local function read(path)
    local f <close> = assert(io.open(path, "rb"))
    return f:read("a")
end

local function write(name, bytes)
    local path = name:sub(1, 1) == "/" and name or now .. "/" .. name
    local f <close> = assert(io.open(path, "wb"))
    assert(f:write(bytes))
    return path
end

local function sh(script)
    local code, out = forge.run { argv = { "/bin/sh", "-euc", script }, env = env(), cwd = now }
    if code ~= 0 then error("sh: " .. tostring(code) .. " " .. out, 2) end
    return out
end

-- Every file with its size and time, every folder. SQLite's own files come and go, and so do locks and a keeper's socket.
local function tree()
    local lines = {}
    for _, root in ipairs { now, home } do
        for _, line in ipairs(forge.tree(root)) do
            if not (line:find("/store%.db") or line:find("/keeper[/ ]") or line:find("lock [%d. ]+$") or line:find("/%.swept ")) then lines[#lines + 1] = line end
        end
    end
    table.sort(lines)
    return lines
end

-- What is in one of them and not in the other, or nil.
local function tree_change(before, after)
    local was, is, out = {}, {}, {}
    for _, line in ipairs(before) do was[line] = true end
    for _, line in ipairs(after) do is[line] = true end
    for _, line in ipairs(after) do if not was[line] then out[#out + 1] = "new: " .. line end end
    for _, line in ipairs(before) do if not is[line] then out[#out + 1] = "gone: " .. line end end
    return out[1] and table.concat(out, "\n")
end

-- What must not reach a terminal: control characters but line breaks and tabs, C1, bidirectional overrides, what is not UTF-8.
local function unsafe(text)
    if not utf8.len(text) then return "is not UTF-8" end
    for _, code in utf8.codes(text) do
        if (code < 0x20 and code ~= 10 and code ~= 9) or (code >= 0x7f and code < 0xa0) or (code >= 0x202a and code <= 0x202e) or (code >= 0x2066 and code <= 0x2069) then
            return string.format("has U+%04X", code)
        end
    end
end

local function shown(text) return (text:sub(1, 600):gsub("[^\n\t -~]", function(c) return string.format("\\x%02x", c:byte()) end)) end

local function split(command)
    local words = {}
    for word in command:gmatch("%S+") do words[#words + 1] = word end
    return words
end

-- One command: its exit status and both streams, with what must hold of whatever runs.
local function run(command, o)
    local words = { build .. "/enclua" }
    for _, word in ipairs(type(command) == "table" and command or split(command)) do words[#words + 1] = word end
    o = o or {}
    write(work .. "/out", "")
    local code, err = forge.run { argv = words, env = env(o.env), cwd = now, stdin = o.stdin or (not o.input and "/dev/null" or nil), input = o.input,
        stdout = o.stdout or work .. "/out", stderr = o.stderr, limit = 60000 }
    local out = read(work .. "/out")
    local title = shown(table.concat(words, " ", 2))
    local function fail(what) error(title .. ": " .. what .. "\n" .. shown(err) .. shown(out), 0) end
    if type(code) ~= "number" then fail(code) end
    if code >= 126 then fail("exit " .. code) end
    if err:find("Sanitizer", 1, true) or err:find("runtime error: ", 1, true) then fail("a sanitizer speaks:\n" .. err:sub(1, 3000)) end
    if unsafe(err) then fail("stderr " .. unsafe(err)) end
    if not o.binary and unsafe(out) then fail("stdout " .. unsafe(out)) end
    return code, out, err, fail
end

local function each(first, ...)
    return ipairs(type(first) == "table" and type(first[1]) == "table" and first or { first, ... })
end

-- The shared home, read by all and written by none; a folder may add to it in a file called `world`.
local function world()
    now, home = work, work .. "/home"
    for _, path in ipairs { here .. "/world", here .. "/" .. family .. "/world" } do
        local f <close> = io.open(path, "r")
        if f then sh("PATH=" .. quote(build) .. ":$PATH BUILD=" .. quote(build) .. " TOP=" .. quote(top) .. "\n" .. f:read("a")) end
    end
end

local count, failed = 0, 0
local function report(ok, name, message)
    count = count + 1
    failed = failed + (ok and 0 or 1)
    io.write(ok and "ok " or "not ok ", count, " - ", (name:gsub("#", "\\#")), "\n")
    if not ok then io.write((tostring(message):gsub("[^\n]+", "# %0")), "\n") end
    io.flush()
end

local function check(code, text, want, words, out, fail)
    local right = false
    for one in tostring(want):gmatch("%d+") do right = right or tonumber(one) == code end
    if not right then fail("exit " .. code .. ", not " .. want) end
    if code ~= 0 and out ~= "" then fail("something on stdout") end
    for one in words:gmatch("[^|]+") do
        if text:find(one, 1, true) then return end
    end
    if words ~= "" then fail('no "' .. words .. '"') end
end

-- The words that a case has.
local case = setmetatable({ make = make, forge = forge, write = write, read = read, sh = sh, run = run, split = split, work = work, build = build, top = top }, { __index = _G })
for name, f in pairs(make) do case[name] = f end

function case.refused(want, words, ...)
    local before, fail = tree(), nil
    for _, command in each(...) do
        local code, out, err
        code, out, err, fail = run(command, type(command) == "table" and command or nil)
        check(code, err, want, words, out, fail)
    end
    local change = tree_change(before, tree())
    if change then fail("something was left, or changed:\n" .. change) end
end

-- x.age does not open; not on standard output, where the whole chunks before a broken one may stand, and not into a file, of which nothing is left.
function case.opened(want, words, command)
    command = command or "unseal -i key x.age"
    local code, out, err, fail = run(command)
    check(code, err, want, words, "", fail)
    if not ("x"):rep(150000):find(out, 1, true) then fail("what came out was not sealed there") end
    case.refused(want, words, command .. " -o out")
end

-- The same archive as an iApp and as a policy: where a case speaks of iapp.yaml and main.lua, a policy has policy.yaml and policy.lua.
local function as_policy(v)
    if type(v) == "string" then return (v:gsub("iapp%.yaml", "policy.yaml"):gsub("main%.lua", "policy.lua")) end
    if type(v) ~= "table" then return v end
    local t = {}
    for key, value in pairs(v) do t[as_policy(key)] = type(value) == "table" and as_policy(value) or type(key) == "number" and as_policy(value) or value end
    return t
end

-- hostile(WORDS, BYTES or options of iapp): refused by everything that takes such an archive
function case.hostile(words, o)
    write("x.iapp", type(o) == "string" and o or make.iapp(o))
    case.refused(5, words, "app verify x.iapp", "app deploy x.iapp", "run-task x.iapp -o out")
    write("x.policy", type(o) == "string" and o or make.policy(as_policy(o)))
    case.refused(5, as_policy(words), "policy verify x.policy", "policy deploy x.policy")
end

function case.passes(words, ...)
    for _, command in each(...) do
        local code, out, _, fail = run(command, type(command) == "table" and command or nil)
        check(code, out, 0, words, "", fail)
    end
end

function case.home(name)
    home = now .. "/" .. (name or "home")
    sh("cp -a " .. quote(work) .. "/home " .. quote(home))
    return home
end

local function folder(name)
    now, home = work .. "/" .. name, work .. "/home"
    assert(forge.mkdir(now))
end

local function case_run(name, path)
    local text = read(path)
    local what = text:match("^%-%- ([^\n]*)") or error(path .. " does not say what is hostile in it")
    folder(name)
    local checks = 0
    local function counted(f) return function(...) checks = checks + 1; return f(...) end end
    write("key", forge.bech32("age-secret-key-", make.seed(42)):upper() .. "\n")
    local own = setmetatable({ hostile = counted(case.hostile), opened = counted(case.opened), refused = counted(case.refused), passes = counted(case.passes), checked = counted(function(ok, message) if not ok then error(message, 2) end end) },
        { __index = case })
    local ok, message = pcall(assert(load(text, "@" .. name, "t", own)))
    if ok and checks == 0 then ok, message = false, "nothing was checked" end
    forge.remove(now)
    collectgarbage()    -- a fork copies what is mapped
    report(ok, name .. ": " .. what, message)
end

-- A line of a table, as words and streams.
local function arguments(text)
    local words, o, i = {}, {}, 1
    local function unescape(s)
        s = s:gsub("{(%d+)%*(.-)}", function(n, what) return what:rep(tonumber(n)) end)
        return (s:gsub("\\x(%x%x)", function(h) return string.char(tonumber(h, 16)) end):gsub("\\n", "\n"))
    end
    while true do
        i = text:find("%S", i)
        if not i then break end
        local word, quoted, at = "", false, i
        while at <= #text and not text:find("^%s", at) do
            if text:sub(at, at) == "'" then
                local stop = assert(text:find("'", at + 1, true), "a quote without end: " .. text)
                word, quoted, at = word .. unescape(text:sub(at + 1, stop - 1)), true, stop + 1
            else
                local stop = text:find("[%s']", at) or #text + 1
                word, at = word .. unescape(text:sub(at, stop - 1)), stop
            end
        end
        i = at
        local stream, path = word:match("^(2?[<>])(.+)$")
        if quoted or not stream then
            words[#words + 1] = word
        else
            o[({ ["<"] = "stdin", [">"] = "stdout", ["2>"] = "stderr" })[stream]] = path == "&" and "closed" or path:sub(1, 1) == "/" and path or now .. "/" .. path
        end
    end
    return words, o
end

local function table_run(name, path)
    folder(name)
    local n = 0
    for line in read(path):gmatch("[^\n]+") do
        n = n + 1
        local want, words, text = line:match("^([%d|]+) ¦ (.-) ?¦ ?(.*)$")
        if line:sub(1, 2) == "$ " then
            sh(line:sub(3))
        elseif want then
            local ok, message = pcall(function()
                local argv, o = arguments(text)
                local before = tree()
                local code, out, err, fail = run(argv, o)
                check(code, code == 0 and out .. err or err, want, words, out, fail)
                local change = code ~= 0 and tree_change(before, tree())
                if change then fail("something was left, or changed:\n" .. change) end
            end)
            report(ok, name .. " " .. n .. ": " .. shown(text):sub(1, 120), message)
        elseif line:sub(1, 1) ~= "#" then
            report(false, name .. " " .. n, "no line of a table: " .. line)
        end
    end
    forge.remove(now)
end

local ok, message = pcall(function()
    world()
    for path in output("ls " .. quote(here .. "/" .. family) .. "/*.case " .. quote(here .. "/" .. family) .. "/*.table 2>/dev/null"):gmatch("[^\n]+") do
        local name, kind = path:match("([^/]*)%.(%w+)$")
        if not arg[2] or name:find(arg[2], 1, true) then (kind == "case" and case_run or table_run)(name, path) end
    end
end)
os.execute("chmod -R u+rwX " .. quote(work) .. "; rm -rf " .. quote(work))
if not ok then report(false, family, message) end
print("1.." .. count)
os.exit(failed == 0 and count > 0)
