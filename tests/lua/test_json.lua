-- json: what is exact, what is refused, and that equal values are equal bytes. lua_json.c, lua_json_write.c, number.c and textbuf.c of the box.

local expect = require "expect"
local json = require "json"

local function round(text, want)
    expect.equal(json.encode(json.decode(text)), want or text)
end

return {
    needs = "json",
    { "scalars", function()
        expect.equal(json.decode("1"), 1)
        expect.equal(json.decode("1.0"), 1.0)
        expect.equal(json.decode("-0"), 0)
        expect.equal(json.decode(" true "), true)
        expect.equal(json.decode("null"), json.null)
        expect.equal(tostring(json.null), "null")
        expect.equal(json.decode('"a\\u00e9\\ud83d\\ude00\\n"'), "aé😀\n")
        for _, text in ipairs { "1", "-7", "1.5", "1e+300", "true", "null", '""', '"\\"\\\\\\n\\u0001"', "[]", "{}", "[[],{}]", '[1,2.5,"x"]' } do
            round(text)
        end
    end },
    { "integers are exact to 64 bits; longer ones only when a float is the same", function()
        expect.equal(json.decode("9223372036854775807"), math.maxinteger)
        expect.equal(json.decode("-9223372036854775808"), math.mininteger)
        expect.equal(json.decode("9223372036854775808"), 2.0 ^ 63)
        expect.raises("more digits than a Lua number", json.decode, "9223372036854775809")
        expect.raises("line 1, column 2", json.decode, "[123456789012345678901234567890]")
        expect.raises("too large", json.decode, "1e999")
    end },
    { "floats read back to themselves", function()
        for _, x in ipairs { 0.1, 1 / 3, 1e-300, 123456.789, 2 ^ 53 + 2.0, 5e-324, 1.7976931348623157e308, -0.0 } do
            expect.equal(json.decode(json.encode(x)), x)
        end
        expect.equal(json.encode(0.1), "0.1")
        expect.equal(json.encode(3.0), "3.0")
        expect.equal(json.encode(100), "100")
    end },
    { "every decimal of a short table is the nearest float", function()
        for e = -30, 30 do
            for _, m in ipairs { 1, 7, 12345, 9007199254740993, 99999999999999999 } do
                local text = m .. "e" .. e
                expect.equal(json.decode(text) + 0.0, tonumber(text) + 0.0)
            end
        end
    end },
    { "keys are sorted bytewise", function()
        expect.equal(json.encode { b = 1, a = 2, ["é"] = 3, B = 4, [""] = 5, ab = 6 }, '{"":5,"B":4,"a":2,"ab":6,"b":1,"é":3}')
        local t, want = {}, {}
        for i = 1, 500 do
            t[("k%03d"):format(i * 7 % 501)] = i
        end
        for k in json.encode(t):gmatch('"(k%d+)"') do
            want[#want + 1] = k
        end
        for i = 2, #want do
            assert(want[i - 1] < want[i])
        end
        expect.equal(#want, 500)
    end },
    { "arrays and objects", function()
        expect.equal(json.encode { 1, 2, json.null }, "[1,2,null]")
        expect.equal(json.encode(json.array()), "[]")
        expect.equal(json.encode(json.array {}), "[]")
        expect.equal(json.encode {}, "{}")
        expect.equal(json.encode { a = json.decode("[]") }, '{"a":[]}')
        expect.raises("elements and other keys", json.encode, { 1, x = 2 })
        expect.raises("number as key", json.encode, { [3] = 1 })
        expect.raises("boolean as key", json.encode, { [true] = 1 })
        local sparse = { 1, 2, 3 }
        sparse[2] = nil
        expect.equal(pcall(json.encode, sparse), pcall(json.encode, sparse))
    end },
    { "large arrays and objects pass the stack", function()
        local list, object = {}, {}
        for i = 1, 5000 do
            list[i] = i
            object["k" .. i] = i
        end
        local back = json.decode(json.encode(list))
        expect.list(back, list)
        back = json.decode(json.encode(object))
        for k, v in pairs(object) do
            expect.equal(back[k], v)
        end
    end },
    { "indentation", function()
        expect.equal(json.encode({ a = { 1, {} }, b = {} }, 2), '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {}\n}')
        expect.equal(json.encode({ 1 }, "\t"), "[\n\t1\n]")
        expect.raises("between 0 and 8", json.encode, 1, 9)
    end },
    { "refused when read", function()
        for text, words in pairs {
            ['{"a":1,"a":2}'] = "stands twice", ["[1,]"] = "line 1, column 4", ["{"] = "ends early", ["01"] = "leading zeros",
            ["NaN"] = "NaN", ["'x'"] = "double quotes", ["[1] x"] = "after the end", [""] = "ends early", ['"\\ud800"'] = "surrogate",
            ['"\1"'] = "control character", ['"\xff"'] = "UTF-8", ["[1\n2]"] = "line 2, column 1", ["-"] = "minus", ["tru"] = "expected",
            ['{1:2}'] = "key",
        } do
            expect.raises(words, json.decode, text)
        end
        expect.raises("nested too deeply", json.decode, ("["):rep(201))
        expect.equal(#json.decode(("["):rep(200) .. ("]"):rep(200)), 1)
    end },
    { "refused when written", function()
        expect.raises("nan", json.encode, 0 / 0)
        expect.raises("infinite", json.encode, { 1 / 0 })
        expect.raises("function", json.encode, print)
        expect.raises("UTF-8", json.encode, "\xff")
        local t = {}
        t.t = t
        expect.raises("contains itself", json.encode, t)
    end },
    { "duplicate keys in large objects are found across pieces", function()
        local parts = {}
        for i = 1, 3000 do
            parts[i] = ('"k%d":%d'):format(i, i)
        end
        parts[3001] = '"k1":0'
        expect.raises('"k1" stands twice', json.decode, "{" .. table.concat(parts, ",") .. "}")
    end },
    { "texts of RFC 8259 that are read", function()
        for text, want in pairs {
            ['"\\u0000"'] = "\0", ['"\\/\\b\\f\\r\\t"'] = "/\b\f\r\t", ['"\\uD834\\uDD1E"'] = "\u{1d11e}", ['"\x7f"'] = "\x7f", ["\t\r\n 7 "] = 7,
            ["-1e-2"] = -0.01, ["1E+2"] = 100.0, ["0e5"] = 0.0, ["123.456e-1"] = 12.3456, ["1e-400"] = 0.0, ["-9007199254740993"] = -9007199254740993,
        } do
            expect.equal(json.decode(text), want)
        end
        expect.equal(1 / json.decode("-0.0"), -math.huge)
        expect.equal(json.decode('{"":{"":0}}')[""][""], 0)
        expect.equal(json.decode('[null]')[1], json.null)
    end },
    { "texts that RFC 8259 has not are refused", function()
        for _, text in ipairs {
            "[1,,2]", "[,1]", "[1 2]", "[1", "]", "[1}", '{"a":1]', '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', "{a:1}", "+1", "1.", ".5", "1e",
            "1e+", "-01", "00", "0x1", "1_0", "Infinity", "-Infinity", "nan", "True", "nul", "nulll", "1 1", "{}{}", '"', '"a', '"\\x41"', '"\\u12"',
            '"\\u00g0"', '"\\ud800\\u0041"', '"\\udc00"', '"\\ud800\\ud800"', '"a\nb"', '"\t"', '"\0"', "[1]\0", "\0", "// x\n1", "/**/1", "\f1",
            "\xa01", '"\xc0\xaf"', '"\xed\xa0\x80"', '"\xf4\x90\x80\x80"', '"\xc3"', " ", "[\"\\", '{"\\u0061":1,"a":2}', '{"x":{"a":1,"a":1}}',
        } do
            if pcall(json.decode, text) then
                error(("%q is read"):format(text))
            end
        end
        expect.raises("nested too deeply", json.decode, ('{"a":'):rep(201))
    end },
    { "depth is the same for both ways, and a cycle of two ends as well", function()
        local deep = ("["):rep(200) .. ("]"):rep(200)
        expect.equal(json.encode(json.decode(deep)), deep)
        expect.raises("nested too deeply", json.encode, { json.decode(deep) })
        local a, b = {}, {}
        a[1], b[1] = b, a
        expect.raises("contains itself", json.encode, a)
        local twice = { 1 }
        expect.equal(json.encode { twice, twice }, "[[1],[1]]")
    end },
    { "numbers have their fewest digits", function()
        for text, x in pairs {
            ["0.1"] = 0.1, ["0.30000000000000004"] = 0.1 + 0.2, ["-0.0"] = -0.0, ["1e+22"] = 1e22, ["5e-324"] = 5e-324, ["100.0"] = 100.0,
            ["1.7976931348623157e+308"] = 1.7976931348623157e308, ["9007199254740992.0"] = 2.0 ^ 53, ["-9223372036854775808"] = math.mininteger,
        } do
            expect.equal(json.encode(x), text)
        end
        for _ = 1, 2000 do
            local x = string.unpack("d", string.pack("j", math.random(0)))
            if x == x and x ~= math.huge and x ~= -math.huge then
                local text, digits = json.encode(x), 17
                expect.equal(json.decode(text), x)
                while digits > 1 and tonumber(("%%.%dg"):format(digits - 1):format(x)) == x do
                    digits = digits - 1
                end
                local mantissa = text:gsub("e.*", ""):gsub("%D", ""):gsub("^0+", ""):gsub("0+$", "")
                assert(#mantissa <= digits, text)
            end
        end
    end },
    { "tables made by chance come back", function()
        local function made(depth)
            local kind = math.random(depth > 0 and 7 or 5)
            if kind == 1 then
                return math.random(0)
            elseif kind == 2 then
                return (math.random() - 0.5) * 10.0 ^ math.random(-30, 30)
            elseif kind == 3 then
                return math.random(2) == 1
            elseif kind == 4 then
                return json.null
            elseif kind == 5 then
                local points = {}
                for i = 1, math.random(0, 12) do
                    points[i] = math.random(2) == 1 and math.random(0, 0x7f) or math.random(0xe000, 0x10ffff)
                end
                return utf8.char(table.unpack(points))
            end
            local t = kind == 6 and json.array() or {}
            for i = 1, math.random(0, 6) do
                t[kind == 6 and i or made(0) == true and "same" or "k" .. math.random(99)] = made(depth - 1)
            end
            return t
        end
        local function same(a, b)
            if type(a) ~= "table" or type(b) ~= "table" then
                return expect.equal(b, a)
            end
            for k, v in pairs(a) do
                same(v, b[k])
            end
            for k in pairs(b) do
                assert(a[k] ~= nil, k)
            end
        end
        for _ = 1, 300 do
            local value = made(5)
            local text = json.encode(value)
            same(value, json.decode(text))
            same(value, json.decode(json.encode(value, 3)))
            expect.equal(json.encode(json.decode(text)), text)
        end
    end },
}
