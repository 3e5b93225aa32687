-- date against tables of known days: ISO 8601's own examples, leap years of every kind, and a walk over four centuries.

local date = require "date"
local expect = require "expect"

local weeks = { -- the first and last days of years, where ISO's year is another one
    { "2004-12-31", 2004, 53, 5 }, { "2005-01-01", 2004, 53, 6 }, { "2005-01-02", 2004, 53, 7 }, { "2005-01-03", 2005, 1, 1 },
    { "2005-12-31", 2005, 52, 6 }, { "2006-01-01", 2005, 52, 7 }, { "2006-01-02", 2006, 1, 1 }, { "2007-01-01", 2007, 1, 1 },
    { "2007-12-30", 2007, 52, 7 }, { "2007-12-31", 2008, 1, 1 }, { "2008-12-28", 2008, 52, 7 }, { "2008-12-29", 2009, 1, 1 },
    { "2009-12-31", 2009, 53, 4 }, { "2010-01-03", 2009, 53, 7 }, { "2010-01-04", 2010, 1, 1 }, { "2000-01-01", 1999, 52, 6 },
    { "2020-12-31", 2020, 53, 4 }, { "2021-01-03", 2020, 53, 7 }, { "2024-12-30", 2025, 1, 1 }, { "2026-11-21", 2026, 47, 6 },
}

return {
    { "known seconds", function()
        expect.equal(date.new(1970, 1, 1), 0)
        expect.equal(date.new(2000, 3, 1), 951868800)
        expect.equal(date.new(2026, 11, 21, 10, 20, 30), 1795256430)
        expect.equal(date.new(1969, 12, 31, 23, 59, 59), -1)
        expect.equal(date.new(1, 1, 1), -62135596800)
        expect.equal(date.new(9999, 12, 31, 23, 59, 59), 253402300799)
    end },

    { "RFC 3339, both ways", function()
        expect.equal(date.parse("2026-11-21T10:20:30Z"), 1795256430)
        expect.equal(date.parse("2026-11-21t10:20:30z"), 1795256430)
        expect.equal(date.parse("2026-11-21T12:20:30+02:00"), 1795256430)
        expect.equal(date.parse("2026-11-20T22:50:30-11:30"), 1795256430)
        expect.equal(date.parse("2026-11-21T10:20:30.25Z"), 1795256430.25)
        expect.equal(date.parse("2026-11-21"), date.new(2026, 11, 21))
        expect.equal(date.format(1795256430), "2026-11-21T10:20:30Z")
        expect.equal(date.format(-1), "1969-12-31T23:59:59Z")
        expect.equal(date.format(1795256430.9), "2026-11-21T10:20:30Z")
        expect.equal(date.format(1795256430, "%d.%m.%Y, %A (%u), day %j, %H:%M:%S, 100%%"),
            "21.11.2026, Saturday (6), day 325, 10:20:30, 100%")
        expect.raises("no format %x", date.format, 0, "%x")
        expect.raises("no format %", date.format, 0, "ends with %")
    end },

    { "what is no date is refused", function()
        for _, text in ipairs({ "", "21.11.2026", "2026-11-21 ", "2026-11-21T10:20Z", "2026-11-21T10:20:30", "2026-13-01", "2026-00-01",
            "2026-04-31", "2026-02-29", "1900-02-29", "2100-02-29", "2026-01-00", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
            "2026-11-21T10:20:60Z", "2026-11-21T10:20:30.Z", "2026-11-21T10:20:30+2:00", "2026-11-21T10:20:30+24:00",
            "0000-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "2026-11-21\n" }) do
            local time, why = date.parse(text)
            expect.equal(time, nil)
            expect.equal(type(why), "string")
        end
        expect.raises("there is no 2026-02-29", date.new, 2026, 2, 29)
        expect.raises("whole numbers", date.new, 2026, 2.5, 1)
        expect.raises("there is no 25:0:0", date.new, 2026, 1, 1, 25)
        expect.raises("between the years", date.format, 1e15)
        expect.raises("between the years", date.format, 0 / 0)
        expect.raises("between the years", date.weekday, "today")
    end },

    { "leap years: 1900 and 2100 are none, 2000 and 2024 are", function()
        for year, days in pairs({ [1900] = 28, [2000] = 29, [2023] = 28, [2024] = 29, [2100] = 28, [2400] = 29 }) do
            expect.equal(date.days_in_month(year, 2), days)
            expect.equal(date.new(year, 3, 1) - date.new(year, 2, 28), (days - 27) * 86400)
        end
        expect.equal(date.days_in_month(2026, 12), 31)
        expect.equal(date.days_in_month(2026, 11), 30)
        expect.raises("there is no", date.days_in_month, 2026, 13)
    end },

    { "ISO weeks and weekdays at the edges of years", function()
        for _, row in ipairs(weeks) do
            local time = date.parse(row[1])
            local year, week = date.isoweek(time)
            expect.equal(year, row[2])
            expect.equal(week, row[3])
            expect.equal(date.weekday(time), row[4])
        end
        expect.equal(select(2, date.weekday(0)), "Thursday")
    end },

    { "every day of four centuries follows the one before", function()
        local year, month, day = 1900, 1, 1
        local time, length = date.new(1900, 1, 1), date.days_in_month(1900, 1)
        for _ = 1, 146097 do
            local t = date.table(time)
            if t.year ~= year or t.month ~= month or t.day ~= day then
                error(("%s is not %d-%d-%d"):format(date.format(time), year, month, day))
            end
            day, time = day + 1, time + 86400
            if day > length then
                day, month = 1, month + 1
                if month > 12 then
                    month, year = 1, year + 1
                end
                length = date.days_in_month(year, month)
            end
        end
        expect.equal(date.format(time), "2300-01-01T00:00:00Z")
    end },

    { "add: months end at their end, days are days", function()
        local function add(text, amounts)
            return date.format(date.add(date.parse(text), amounts), "%Y-%m-%d")
        end
        expect.equal(add("2026-01-31", { months = 1 }), "2026-02-28")
        expect.equal(add("2024-01-31", { months = 1 }), "2024-02-29")
        expect.equal(add("2024-02-29", { years = 1 }), "2025-02-28")
        expect.equal(add("2024-02-29", { years = -124 }), "1900-02-28")
        expect.equal(add("2026-03-31", { months = -1 }), "2026-02-28")
        expect.equal(add("2026-01-15", { months = -25 }), "2023-12-15")
        expect.equal(add("2026-12-31", { days = 1 }), "2027-01-01")
        expect.equal(add("2026-11-21", { weeks = 2, hours = 24 }), "2026-12-06")
        expect.equal(date.add(0.5, { months = 1 }), 31 * 86400 + 0.5)
        expect.raises("no unit is called day", date.add, 0, { day = 1 })
        expect.raises("whole number", date.add, 0, { months = 1.5 })
        expect.raises("outside the years", date.add, 0, { years = 9000 })
        expect.raises("outside the years", date.add, 0, { days = 1e9 })
    end },

    { "diff", function()
        local a, b = date.parse("2026-11-21"), date.parse("2026-11-22T12:00:00Z")
        expect.equal(date.diff(a, b), 129600)
        expect.equal(date.diff(a, b, "days"), 1.5)
        expect.equal(date.diff(b, a, "hours"), -36.0)
        expect.raises("no unit", date.diff, a, b, "months")
    end },
}
