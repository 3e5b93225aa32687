---@meta date

---Dates in UTC, as seconds since 1970-01-01T00:00:00Z; years 1 to 9999. There is no clock in a box. Times are numbers: compare them with <.
---@class date
local date = {}

---@class date.Fields
---@field year integer
---@field month integer
---@field day integer
---@field hour integer?
---@field min integer?
---@field sec number?
---@field wday integer? 1 is Monday; given by date.table
---@field yday integer? given by date.table

---Raises when there is no such day or hour.
---```lua
---local date = require "date"
---assert(date.new(2000, 3, 1) == 951868800 and not pcall(date.new, 2026, 2, 29))
---```
---@param year integer
---@param month integer
---@param day integer
---@param hour integer?
---@param min integer?
---@param sec number?
---@return number
function date.new(year, month, day, hour, min, sec) end

---```lua
---local date = require "date"
---assert(date.time { year = 2000, month = 3, day = 1, hour = 12 } == 951912000)
---```
---@param t date.Fields
---@return number
function date.time(t) end

---```lua
---local date = require "date"
---local t = date.table(951868800)
---assert(t.year == 2000 and t.month == 3 and t.day == 1 and t.wday == 3 and t.yday == 61)
---```
---@param time number
---@return date.Fields
function date.table(time) end

---RFC 3339: a date, or a date and a time with Z or an offset. nil and why.
---```lua
---local date = require "date"
---assert(date.parse("2026-11-21T12:20:30+02:00") == 1795256430)
---assert(date.parse("21.11.2026") == nil)
---```
---@param text string
---@return number?
---@return string? reason
function date.parse(text) end

---%Y %m %d %H %M %S %j %u (1 is Monday) %A %%; without a pattern RFC 3339.
---```lua
---local date = require "date"
---assert(date.format(0) == "1970-01-01T00:00:00Z" and date.format(0, "%A, %d.%m.") == "Thursday, 01.01.")
---```
---@param time number
---@param pattern string?
---@return string
function date.format(time, pattern) end

---The last day of a month stays within a shorter one.
---```lua
---local date = require "date"
---assert(date.add(date.new(2026, 1, 31), { months = 1 }) == date.new(2026, 2, 28))
---```
---@param time number
---@param amounts { years: integer?, months: integer?, weeks: number?, days: number?, hours: number?, minutes: number?, seconds: number? }
---@return number
function date.add(time, amounts) end

---b - a.
---```lua
---local date = require "date"
---assert(date.diff(date.new(2026, 1, 1), date.new(2026, 3, 1), "days") == 59)
---```
---@param a number
---@param b number
---@param unit "seconds"|"minutes"|"hours"|"days"|"weeks"|nil default seconds
---@return number
function date.diff(a, b, unit) end

---```lua
---local date = require "date"
---local day, name = date.weekday(date.new(2026, 11, 21))
---assert(day == 6 and name == "Saturday")
---```
---@param time number
---@return integer day 1 is Monday
---@return string name
function date.weekday(time) end

---ISO 8601.
---```lua
---local date = require "date"
---local year, week = date.isoweek(date.new(2021, 1, 3))
---assert(year == 2020 and week == 53)
---```
---@param time number
---@return integer year
---@return integer week
function date.isoweek(time) end

---```lua
---local date = require "date"
---assert(date.days_in_month(2024, 2) == 29)
---```
---@param year integer
---@param month integer
---@return integer
function date.days_in_month(year, month) end

return date
