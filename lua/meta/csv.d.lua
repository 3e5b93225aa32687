---@meta csv

---CSV as RFC 4180 has it, from a stream or a string, record by record. Lines that are wrong raise with their number.
---@class csv
local csv = {}

---@class csv.Options
---@field separator string? one character; default ","
---@field header string[]? names of the columns, when the first line is a record already

---@class csv.RowOptions : csv.Options
---@field only string[]? the columns that a row holds: the fewer, the faster

---Rows as tables by column name; and the header. Values are text.
---```lua
---local csv = require "csv"
---local rows, header = csv.rows("age,name\n40,\"Ann, the elder\"\n")
---for row in rows do
---  assert(row.age == "40" and row.name == "Ann, the elder")
---end
---assert(header[2] == "name")
---local row = csv.rows("age,name\n40,Ann\n", { only = { "name" } })()
---assert(row.name == "Ann" and row.age == nil)
---```
---@param source enclua.Stream|string
---@param options csv.RowOptions?
---@return fun(): table<string, string>?
---@return string[] header
function csv.rows(source, options) end

---Records as arrays of text; the first is one like the others.
---```lua
---local csv = require "csv"
---local records = csv.records("a;b\n", { separator = ";" })
---assert(records()[2] == "b" and records() == nil)
---```
---@param source enclua.Stream|string
---@param options csv.Options?
---@return fun(): string[]?
function csv.records(source, options) end

---@class csv.ColumnOptions : csv.Options
---@field text string[]? names of columns that hold text
---@field missing boolean? an empty field or NA is NaN, not an error
---@field vec boolean? numbers as a vec instead of an array: half the memory

---Whole columns, as arrays of numbers; and the header. Raises with the line for a value that is no number, without showing it.
---```lua
---local csv = require "csv"
---local columns = csv.columns("age,name\n40,Ann\n60,Bob\n", { "age", "name" }, { text = { "name" } })
---assert(columns.age[2] == 60.0 and columns.name[1] == "Ann")
---assert(csv.columns("x\n1\n2\n", nil, { vec = true }).x:sum() == 3.0)
---```
---@param source enclua.Stream|string
---@param names string[]? default: all
---@param options csv.ColumnOptions?
---@return table<string, number[]|string[]|vec>
---@return string[] header
function csv.columns(source, names, options) end

---The text of rows: arrays, or with options.header tables by name; the header is then the first line. Fields are quoted where needed.
---```lua
---local csv = require "csv"
---assert(csv.format({ { a = 1, b = "x,y" } }, { header = { "a", "b" } }) == 'a,b\n1,"x,y"\n')
---```
---@param rows table[]
---@param options csv.Options?
---@return string
function csv.format(rows, options) end

return csv
