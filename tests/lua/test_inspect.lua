-- inspect: the same text for the same value, whatever order it was made in, and nothing of where it lies.

local expect = require "expect"
local inspect = require "inspect"

local function line(value, depth)
    return inspect(value, { indent = false, depth = depth })
end

return {
    { "simple values", function()
        expect.equal(line(nil), "nil")
        expect.equal(line(true), "true")
        expect.equal(line(42), "42")
        expect.equal(line(0.5), "0.5")
        expect.equal(line("text"), '"text"')
        expect.equal(line({}), "{}")
    end },

    { "strings show what they hold on one line", function()
        expect.equal(line('a"b\\c\nd'), [["a\"b\\c\nd"]])
        expect.equal(line("\27[31m\0\127"):find("[\0-\31\127]"), nil)
    end },

    { "lists and keys, in order", function()
        expect.equal(line({ 1, "a", { 2 } }), '{ 1, "a", { 2 } }')
        expect.equal(line({ b = 1, a = 2, [10] = 3, [-1.5] = 4, [true] = 5, ["end"] = 6, ["x y"] = 7 }),
            '{ [-1.5] = 4, [10] = 3, a = 2, b = 1, ["end"] = 6, ["x y"] = 7, [true] = 5 }')
        local one, two = {}, {}
        for i = 1, 50 do
            one["k" .. i], two["k" .. 51 - i] = i, 51 - i
        end
        expect.equal(line(one), line(two))
    end },

    { "cycles and shared tables have a number", function()
        local t = { name = "t" }
        t.self = t
        expect.equal(line(t), '<1>{ name = "t", self = <table 1> }')
        local shared = {}
        expect.equal(line({ shared, shared }), "{ <1>{}, <table 1> }")
    end },

    { "depth", function()
        expect.equal(line({ { { 1 } } }, 0), "{ {…} }")
        expect.equal(line({ { { 1 } } }, 1), "{ { {…} } }")
        local deep = {}
        for _ = 1, 100000 do
            deep = { deep }
        end
        expect.equal(#line(deep) < 1000, true)
    end },

    { "no addresses", function()
        local text = line({ print, function() end, coroutine.create(print) })
        expect.equal(text, "{ <function>, <function>, <thread> }")
        expect.equal(line({ [{}] = 1 }), "{ [{}] = 1 }")
    end },

    { "long values are broken and indented", function()
        local long = ("x"):rep(40)
        expect.equal(inspect({ a = long, b = { long, long } }), table.concat({
            "{", '  a = "' .. long .. '",', "  b = {", '    "' .. long .. '",', '    "' .. long .. '"', "  }", "}" }, "\n"))
    end },

    { "metamethods are not run", function()
        local shy = setmetatable({ x = 1 }, {
            __index = error, __pairs = error, __len = error, __eq = error, __lt = error,
        })
        expect.equal(line(shy), "{ x = 1 }")
    end },
}
