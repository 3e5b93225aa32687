---@meta

-- What the function of an iApp gets. In main.lua, above it: ---@param task enclua.Task
-- The examples here run with data { "patients.csv": "age,name\n40,Ann\n60,Bob\n" }, a file notes.txt of two lines, and the argument column=age.

---One run of an iApp.
---```lua
---local csv = require "csv"
---local sum, n = 0, 0
---for row in csv.rows(task.data:open("patients.csv")) do
---  sum, n = sum + tonumber(row[task.args.column]), n + 1
---end
---task.result:write("average.txt", ("%.3f\n"):format(sum / n))
---assert(sum / n == 50)
---```
---@class enclua.Task
---@field id string task1…
---@field deal string the deal that the task belongs to; "" outside one
---@field args table<string|integer, string|number|boolean> by declared name and by position, of the types that iapp.yaml declares
---@field data enclua.Data? the protected data, where iapp.yaml says `data: one`; nil when none was given
---@field datasets enclua.Data[] all protected data, in the order given
---@field files enclua.Files public input files
---@field result enclua.Result
local task = {}

---A secret of the requester, numbered from 1; nil when there is none. It never appears in a log or an error.
---```lua
---assert(task:secret(1) == nil)
---```
---@param i integer
---@return string?
function task:secret(i) end

---The secret that the author of the iApp deposited; nil when there is none.
---```lua
---assert(task:app_secret() == nil)
---```
---@return string?
function task:app_secret() end

---Writes a line to the log, as string.format does; `print` does the same. The log is sealed and counts as output. It reaches the requester only
---where every owner of the data allows it.
---```lua
---task:log("%d of %d", 1, 2)
---print("a line", 1, nil)
---```
---@param format any
---@param ... any
function task:log(format, ...) end

---Reports progress, in steps of a thousandth; the number is public, the text goes to the log.
---```lua
---task:progress(0.5, "half of it")
---```
---@param share number 0 to 1
---@param text string?
function task:progress(share, text) end

---One protected data: leaves by path, each of a type.
---@class enclua.Data
---@field id string data1…
---@field name string as the requester calls it
---@field error string? why it could not be opened; every method then raises that
local data = {}

---The value of a leaf. Raises when there is no such leaf, or when it is stored as another type.
---```lua
---assert(task.data:get("patients.csv", "text/csv"):sub(1, 3) == "age")
---assert(not pcall(task.data.get, task.data, "patients.csv", "i128"))
---```
---@param path string
---@param type "bool"|"i128"|"f64"|"string"|"bytes"|string|nil the type expected; "bytes" for any MIME type; nil: as it is stored
---@return boolean|integer|number|string
function data:get(path, type) end

---Opens a leaf as a stream of its bytes. They are decrypted chunk by chunk: a leaf may be larger than memory.
---```lua
---assert(task.data:open("patients.csv"):read("l") == "age,name")
---```
---@param path string
---@return enclua.Stream
function data:open(path) end

---The leaves, sorted by path.
---```lua
---local leaf = task.data:list()[1]
---assert(leaf.path == "patients.csv" and leaf.type == "text/csv" and leaf.size == 23)
---```
---@return { path: string, type: string, size: integer }[]
function data:list() end

---The schema, as nested tables of type names.
---```lua
---assert(task.data:schema()["patients.csv"] == "text/csv")
---```
---@return table
function data:schema() end

---Input files by name. Each use of a name opens a stream of its own; `pairs` gives name and stream.
---```lua
---assert(task.files["notes.txt"]:read("l") == "first line")
---for name, stream in pairs(task.files) do
---  assert(name == "notes.txt" and stream:size() == 23)
---end
---assert(task.files.nothing == nil)
---```
---@class enclua.Files
---@field [string] enclua.Stream

---Bytes of a file or of a leaf.
---@class enclua.Stream
local stream = {}

---Up to n bytes, the rest ("a"), a line ("l"), or a line with its end ("L"). nil at the end; "" for "a".
---```lua
---local stream = task.files["notes.txt"]
---assert(stream:read(5) == "first" and stream:read("l") == " line" and stream:read("a") == "second line\n")
---assert(stream:read("l") == nil and stream:read("a") == "")
---```
---@param format integer|"a"|"l"|"L"|nil default "l"
---@return string?
function stream:read(format) end

---```lua
---local n = 0
---for line in task.files["notes.txt"]:lines() do
---  n = n + #line
---end
---assert(n == 21)
---```
---@param format integer|"l"|"L"|nil default "l"
---@return fun(): string?
function stream:lines(format) end

---Moves the place of reading, and returns it. Raises when that is outside the stream.
---```lua
---local stream = task.files["notes.txt"]
---assert(stream:seek("set", 6) == 6 and stream:read(4) == "line" and stream:seek() == 10)
---assert(stream:seek("end", -5) == 18)
---```
---@param whence "set"|"cur"|"end"|nil default "cur"
---@param offset integer? default 0
---@return integer
function stream:seek(whence, offset) end

---```lua
---assert(task.files["notes.txt"]:size() == 23)
---```
---@return integer bytes
function stream:size() end

---Reading from a closed stream is an error. `local s <close> = …` closes it at the end of the block.
---```lua
---local stream = task.files["notes.txt"]
---stream:close()
---assert(not pcall(stream.read, stream))
---```
function stream:close() end

---What the requester gets: files, sealed to the requester's key. Every byte counts as output; the limit ends the task.
---@class enclua.Result
local result = {}

---Writes a whole file. A path is written once; folders come from slashes. result.json, result.age, task.receipt and log.txt are taken.
---```lua
---task.result:write("notes/a.txt", "text\n")
---```
---@param path string
---@param bytes string
function result:write(path, bytes) end

---Opens a file to write in pieces.
---```lua
---local out <close> = task.result:open("table.csv")
---out:write("row,value\n"):write("1,", "2\n")
---```
---@param path string
---@return enclua.ResultFile
function result:open(path) end

---Writes a value as JSON, keys sorted: equal values are equal bytes.
---```lua
---task.result:json("summary.json", { mean = 50.0, n = 2 })
---```
---@param path string
---@param value any
function result:json(path, value) end

---Sets the bytes of the callback, once. When the request asks for one (`enclua run-task --callback NAME`) they are for everybody: 1 to 4096 bytes that stand in the book as
---they are, and the task fails if there are none. Else they are part of the sealed result.
---```lua
---task.result:callback("42")
---```
---@param bytes string
function result:callback(bytes) end

---Keeps a file that was written out of the digest: one that two honest runs may write differently.
---```lua
---task.result:write("timing.txt", "about a second\n")
---task.result:volatile("timing.txt")
---```
---@param path string
function result:volatile(path) end

---A result file that is being written.
---@class enclua.ResultFile
local file = {}

---```lua
---local out <close> = task.result:open("numbers.txt")
---out:write("one", 1, "\n"):write("two", 2, "\n")
---```
---@param ... string|number
---@return enclua.ResultFile self
function file:write(...) end

---```lua
---local out = task.result:open("closed.txt")
---out:close()
---assert(not pcall(out.write, out, "more"))
---```
function file:close() end
