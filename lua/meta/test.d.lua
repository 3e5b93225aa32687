---@meta test

-- What test.lua gets by `local t = require "test"`. It runs in a box of its own, which reaches nothing and has no task: `enclua iapp test` starts it.
-- Its text runs once more for each run that it asks for, and must take the same way each time; as a box has no clock and no chance, it does.
-- The examples here run in a project whose main.lua adds the lines of its data and says so in sum.txt.

---Tests of an iApp.
---```lua
---local t = require "test"
---t.case("two numbers", function()
---  local r = t.run { data = t.files { ["numbers.txt"] = "40\n2\n" } }
---  t.ok(r)
---  t.equal(r.files["sum.txt"], "42\n")
---end)
---```
---@class test
local test = {}

---One case: it fails when the function raises an error. Cases run in order, and not inside of each other.
---@param name string
---@param fn fun()
function test.case(name, fn) end

---What one run is given; each part may be left out.
---@class test.Spec
---@field args table<string|integer, string|number|boolean>? by declared name or by position
---@field data test.Data|test.Data[]? one, or several
---@field files table<string, string>? public input files: bytes by name
---@field secrets string[]? of the requester, from 1
---@field app_secret string? of the author
---@field seed string? changes what math.random gives
---@field purpose string? checked for its spelling; what it may be used for is up to a grant

---How a run ended. `log`, `files` and `error` are there as the requester would get them from data of one's own.
---@class test.Result
---@field status "ok"|"failed"|"limit"|"alarm"|"refused" refused: by what is asked before a box is started
---@field files table<string, string> bytes by path
---@field log string
---@field error { message: string, traceback: string }? nil when it is ok
---@field limit "memory"|"cpu"|"wall"|"output"|nil which one of iapp.yaml ended it
---@field callback string? the bytes of task.result:callback
---@field cpu_ms integer processor time
---@field memory integer most bytes that the script had alive

---Runs the iApp of the project, in the same enclave and under the limits of its iapp.yaml.
---```lua
---local t = require "test"
---t.case("lines that are no numbers", function()
---  local r = t.run { data = t.files { ["numbers.txt"] = "forty\n" } }
---  t.equal(r.status, "failed")
---  t.match(r.error.message, "main.lua:")
---end)
---```
---@param spec test.Spec?
---@return test.Result
function test.run(spec) end

---Protected data that exists for one test.
---@class test.Data

---Data of files: bytes by path. Their types are told by content and ending, as `enclua protect` does.
---@param files table<string, string>
---@return test.Data
function test.files(files) end

---Data of typed values: booleans are bool, integers i128, floats f64, strings string; tables are folders. `types` says otherwise, by path.
---```lua
---local t = require "test"
---t.case("values have types", function()
---  local r = t.run { data = t.values({ a = 40, deep = { b = 2 } }, { ["deep.b"] = "f64" }) }
---  t.equal(r.files["types.txt"], "a i128\ndeep/b f64\n")
---end)
---```
---@param values table<string, any>
---@param types table<string, "bool"|"i128"|"f64"|"string">?
---@return test.Data
function test.values(values, types) end

---Data of the project: the file or folder mock/<name>, which `enclua iapp mock` makes.
---```lua
---local t = require "test"
---t.case("the numbers of the mock", function()
---  t.equal(t.run { data = t.mock "numbers.txt" }.files["sum.txt"], "6\n")
---end)
---```
---@param name string
---@return test.Data
function test.mock(name) end

---Two values are the same: tables by what they hold, integers and floats apart.
---```lua
---local t = require "test"
---t.case("equal", function()
---  t.equal({ 1, { "a" } }, { 1, { "a" } })
---  t.fails(function() t.equal(1, 1.0) end, "expected 1.0, got 1")
---end)
---```
---@param got any
---@param expected any
---@param what string? in front of the message
function test.equal(got, expected, what) end

---```lua
---local t = require "test"
---t.case("near", function()
---  t.near(0.1 + 0.2, 0.3)
---  t.near(99, 100, 1)
---  t.fails(function() t.near(98, 100, 1) end, "expected 100 within 1, got 98")
---end)
---```
---@param got number
---@param expected number
---@param tolerance number? default 1e-9
function test.near(got, expected, tolerance) end

---`part` is in the text, as it stands: no pattern.
---```lua
---local t = require "test"
---t.case("match", function()
---  t.match("a.b", ".")
---  t.fails(function() t.match("ab", ".") end, 'expected "." in it, got "ab"')
---end)
---```
---@param got string
---@param part string
function test.match(got, part) end

---A function that must raise an error, or a run that must not end well; `part` is in its message.
---```lua
---local t = require "test"
---t.case("fails", function()
---  t.fails(t.run {}, "needs exactly one data")
---  t.fails(function() error("no") end, "no")
---end)
---```
---@param what fun()|test.Result
---@param part string?
function test.fails(what, part) end

---Something true; a run that ended well.
---```lua
---local t = require "test"
---t.case("ok", function()
---  t.equal(t.ok(7), 7)
---  t.fails(function() t.ok(t.run {}) end, "the run ended as refused")
---end)
---```
---@generic T
---@param value T
---@param what string? in front of the message
---@return T
function test.ok(value, what) end

return test
