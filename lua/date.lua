-- Dates and times in UTC, by arithmetic alone: there is no clock in a box. A time is a number of
-- seconds since 1970-01-01T00:00:00Z; whole seconds are integers. The calendar is the Gregorian one,
-- years 0001 to 9999. Parsing returns nil and why.

local date = {}

local DAY <const> = 86400
local MONTHS <const> = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
local NAMES <const> = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" }

local function is_leap(year)
    return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function month_days(year, month)
    return month == 2 and is_leap(year) and 29 or MONTHS[month]
end

-- Days since 1970-01-01, and back. The year begins in March here, so that the day that comes and goes
-- is its last one.
local function days_of(year, month, day)
    local y = month <= 2 and year - 1 or year
    local era = y // 400
    local of_era = y - era * 400
    local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function day_of(days)
    local z = days + 719468
    local era = z // 146097
    local of_era = z - era * 146097
    local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    local of_year = of_era - (365 * year + year // 4 - year // 100)
    local m = (5 * of_year + 2) // 153
    local month = m < 10 and m + 3 or m - 9
    return year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * m + 2) // 5 + 1
end

local FIRST <const>, LAST <const> = days_of(1, 1, 1) * DAY, days_of(9999, 12, 31) * DAY + DAY - 1

local function check(time)
    if type(time) ~= "number" or not (time >= FIRST and time < LAST + 1) then
        error("a time is a number of seconds between the years 1 and 9999", 3)
    end
    return time
end

-- The same of what was computed from a time.
local function check_end(time)
    if not (time >= FIRST and time < LAST + 1) then
        error("outside the years 1 to 9999", 3)
    end
    return time
end

-- Year, month, day, hour, minute, second of a time.
local function fields(time)
    local whole = math.floor(time)
    local days = whole // DAY
    local year, month, day = day_of(days)
    local rest = whole - days * DAY
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60, days
end

-- date.table(time) → { year, month, day, hour, min, sec, wday (1 = Monday), yday }
function date.table(time)
    local year, month, day, hour, min, sec, days = fields(check(time))
    return {
        year = year, month = month, day = day, hour = hour, min = min, sec = sec,
        wday = (days + 3) % 7 + 1,
        yday = days - days_of(year, 1, 1) + 1,
    }
end

-- date.time{ year, month, day [, hour, min, sec] } → time; raises when there is no such day.
function date.time(t)
    local year, month, day = t.year, t.month, t.day
    local hour, min, sec = t.hour or 0, t.min or 0, t.sec or 0
    if math.type(year) ~= "integer" or math.type(month) ~= "integer" or math.type(day) ~= "integer" then
        error("year, month and day must be whole numbers", 2)
    end
    if year < 1 or year > 9999 or month < 1 or month > 12 or day < 1 or day > month_days(year, month) then
        error(("there is no %04d-%02d-%02d"):format(year, month, day), 2)
    end
    if hour < 0 or hour > 23 or min < 0 or min > 59 or sec < 0 or sec >= 60 then
        error(("there is no %s:%s:%s"):format(hour, min, sec), 2)
    end
    return days_of(year, month, day) * DAY + hour * 3600 + min * 60 + sec
end

-- date.new(2026, 11, 21 [, hour, min, sec])
function date.new(year, month, day, hour, min, sec)
    local ok, time = pcall(date.time, { year = year, month = month, day = day, hour = hour, min = min, sec = sec })
    if not ok then
        error(tostring(time):gsub("^[^:]+:%d+: ", ""), 2)
    end
    return time
end

function date.days_in_month(year, month)
    return date.table(date.add(date.time({ year = year, month = month, day = 1 }), { months = 1 }) - DAY).day
end

local function fraction_of(text)
    return text == "" and 0 or tonumber("0" .. text)
end

-- RFC 3339: "2026-11-21T10:20:30Z", with a fraction or an offset if it has one; or a date alone, which
-- is its midnight.
function date.parse(text)
    local year, month, day, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
    if not year then
        return nil, "not a date of the form 2026-11-21 or 2026-11-21T10:20:30Z"
    end
    local hour, min, sec, fraction, zone = "0", "0", "0", "", "Z"
    if rest ~= "" then
        hour, min, sec, fraction, zone = rest:match("^[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)([Zz+-].*)$")
        if not hour or fraction == "." then
            return nil, "not a time of the form 10:20:30Z behind the date"
        end
    end
    local offset = 0
    if zone:upper() ~= "Z" then
        local sign, oh, om = zone:match("^([+-])(%d%d):(%d%d)$")
        if not sign or tonumber(oh) > 23 or tonumber(om) > 59 then
            return nil, "not an offset of the form Z or +01:00"
        end
        offset = (tonumber(oh) * 3600 + tonumber(om) * 60) * (sign == "+" and 1 or -1)
    end
    local ok, time = pcall(date.time, {
        year = math.tointeger(year), month = math.tointeger(month), day = math.tointeger(day),
        hour = math.tointeger(hour), min = math.tointeger(min), sec = math.tointeger(sec),
    })
    if not ok then
        return nil, "no such day or time: " .. text
    end
    time = time + fraction_of(fraction) - offset
    if time < FIRST or time >= LAST + 1 then
        return nil, "outside the years 1 to 9999: " .. text
    end
    return time
end

local FORMATS <const> = {
    Y = function(t) return ("%04d"):format(t.year) end,
    m = function(t) return ("%02d"):format(t.month) end,
    d = function(t) return ("%02d"):format(t.day) end,
    H = function(t) return ("%02d"):format(t.hour) end,
    M = function(t) return ("%02d"):format(t.min) end,
    S = function(t) return ("%02d"):format(t.sec) end,
    j = function(t) return ("%03d"):format(t.yday) end,
    u = function(t) return tostring(t.wday) end,
    A = function(t) return NAMES[t.wday] end,
    ["%"] = function() return "%" end,
}

-- date.format(time [, pattern]): %Y %m %d %H %M %S %j %u (1 = Monday) %A %%; without a pattern RFC 3339.
function date.format(time, pattern)
    local t = date.table(check(time))
    return ((pattern or "%Y-%m-%dT%H:%M:%SZ"):gsub("%%(.?)", function(letter)
        local f = FORMATS[letter]
        if not f then
            error(("no format %%%s here"):format(letter), 3)
        end
        return f(t)
    end))
end

local UNITS <const> = { seconds = 1, minutes = 60, hours = 3600, days = DAY, weeks = 7 * DAY }

-- date.add(time, { years, months, weeks, days, hours, minutes, seconds }): the 31st of a short month is its last day.
function date.add(time, amounts)
    local t = date.table(check(time))
    for unit, amount in pairs(amounts) do
        local calendar = unit == "years" or unit == "months"
        if not UNITS[unit] and not calendar then
            error(("no unit is called %s"):format(tostring(unit)), 2)
        elseif calendar and math.type(amount) ~= "integer" then
            error(unit .. " must be a whole number", 2)
        end
    end
    local months = t.year * 12 + t.month - 1 + (amounts.years or 0) * 12 + (amounts.months or 0)
    t.year, t.month = months // 12, months % 12 + 1
    if t.year < 1 or t.year > 9999 then
        error("outside the years 1 to 9999", 2)
    end
    t.day = math.min(t.day, month_days(t.year, t.month))
    local fraction = time - math.floor(time)
    local sum = date.time(t) + (fraction > 0 and fraction or 0)
    for _, unit in ipairs { "weeks", "days", "hours", "minutes", "seconds" } do
        sum = sum + (amounts[unit] or 0) * UNITS[unit]
    end
    return check_end(sum)
end

-- date.diff(a, b [, unit]): b - a in seconds, minutes, hours, days or weeks.
function date.diff(a, b, unit)
    local size = UNITS[unit or "seconds"] or error(("no unit is called %s"):format(tostring(unit)), 2)
    local seconds = check(b) - check(a)
    return size == 1 and seconds or seconds / size
end

-- 1 (Monday) to 7, and the name.
function date.weekday(time)
    local day = (math.floor(check(time)) // DAY + 3) % 7 + 1
    return day, NAMES[day]
end

-- ISO 8601: week 1 holds the year's first Thursday. → year, week
function date.isoweek(time)
    local days = math.floor(check(time)) // DAY
    local thursday = days - (days + 3) % 7 + 3
    local year = day_of(thursday)
    return year, (thursday - days_of(year, 1, 1)) // 7 + 1
end

return date
