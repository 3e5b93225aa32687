-- csv: RFC 4180 from strings, and the way back; csv.c, lua_csv.c, number.c and textbuf.c of the box. Streams cut at every place are with
-- tests/fuzz/fuzz_lua_csv.c and tests/unit/test_enclave_library.c.

local csv = require "csv"
local expect = require "expect"

local function records(text, opts)
    local out = {}
    for r in csv.records(text, opts) do
        out[#out + 1] = table.concat(r, "|")
    end
    return table.concat(out, "\n")
end

return {
    needs = "csv",
    { "records", function()
        expect.equal(records("a,b\n1,2\n"), "a|b\n1|2")
        expect.equal(records("a,b\r\n1,2"), "a|b\n1|2")
        expect.equal(records("a,,\n,\n"), "a||\n|")
        expect.equal(records('"a,b","c""d","e\nf"\n"",x\n'), 'a,b|c"d|e\nf\n|x')
        expect.equal(records("\xef\xbb\xbfa;b\n", { separator = ";" }), "a|b")
        expect.equal(records(""), "")
        expect.equal(records("\n\na\n\n"), "a")
        expect.equal(records("a,"), "a|")
        expect.equal(records('"a"'), "a")
        expect.equal(records('"""",""""""\r\n'), '"|""')
        expect.equal(records("a\tb\n", { separator = "\t" }), "a|b")
    end },
    { "every length of field around the width of a register", function()
        for n = 0, 40 do
            local field = ("x"):rep(n)
            for m = 0, 40, 3 do
                local other = ("y"):rep(m)
                expect.equal(records(field .. "," .. other .. '\n"' .. other .. '",' .. field .. "\r\n"),
                    field .. "|" .. other .. "\n" .. other .. "|" .. field)
            end
        end
    end },
    { "rows by the header", function()
        local rows, header = csv.rows("id,name\n1,Ada\n2,\"Grace, H.\"\n")
        expect.list(header, { "id", "name" })
        local row = rows()
        expect.equal(row.id .. row.name, "1Ada")
        expect.equal(rows().name, "Grace, H.")
        expect.equal(rows(), nil)
        expect.equal(rows(), nil)
    end },
    { "a header of one's own, a single column, an empty text", function()
        local rows = csv.rows("1,2\n", { header = { "a", "b" } })
        expect.equal(rows().b, "2")
        local values = {}
        for row in csv.rows("v\n1\n\n3\n") do
            values[#values + 1] = row.v
        end
        expect.list(values, { "1", "", "3" })
        local none, header = csv.rows("")
        expect.equal(none(), nil)
        expect.equal(#header, 0)
    end },
    { "errors say the line", function()
        local function all(text)
            return function()
                for _ in csv.rows(text) do end
            end
        end
        expect.raises("line 3: 1 fields, but the header has 2", all("a,b\n1,2\n3\n"))
        expect.raises("line 2: a quote in the middle", all('a,b\n1,x"y"\n'))
        expect.raises("line 2: text after a closing quote", all('a,b\n"1"x,2\n'))
        expect.raises("line 2: a quote in this record is not closed", all('a,b\n"1,2\n3,4\n'))
        expect.raises("line 5: 3 fields", all('a,b\n"1\n\n",2\n1,2,3\n'))
        expect.raises("stands twice", all("a,a\n"))
        expect.raises("stream or string", csv.rows, {})
        expect.raises("separator", csv.rows, "a", { separator = ";;" })
        expect.raises("separator", csv.rows, "a", { separator = '"' })
    end },
    { "columns of numbers and of text", function()
        local c, header = csv.columns("id,x,name\n1,0.5,a\n2,-1e3,b\n", { "x", "name" }, { text = { "name" } })
        expect.list(header, { "id", "x", "name" })
        expect.list(c.x, { 0.5, -1000.0 })
        expect.list(c.name, { "a", "b" })
        expect.equal(c.id, nil)
        expect.list(csv.columns("a,b\n1,2\n").b, { 2.0 })
        expect.raises("there is no column \"y\"", csv.columns, "x\n1\n", { "y" })
        expect.raises("line 3: the value of \"x\" is not a number", csv.columns, "x,y\n1,1\nsecret,2\n", { "x" })
        expect.raises("is not a number", csv.columns, "x,y\n,1\n", { "x" })
        local m = csv.columns("x,y\n,1\nNA,1\n2,1\n", { "x" }, { missing = true }).x
        assert(m[1] ~= m[1] and m[2] ~= m[2] and m[3] == 2)
        for _, bad in ipairs { "1.", ".5", "+1", "1e", "0x10", " 1", "1 ", "nan", "inf", "1e999", "--1", "1_0" } do
            expect.raises("is not a number", csv.columns, "x,y\n" .. bad .. ",1\n", { "x" })
        end
        local v = csv.columns("x,y\n1,2\n3,4\n", { "y" }, { vec = true }).y
        expect.equal(#v, 2)
        expect.equal(v[2], 4.0)
    end },
    { "many rows", function()
        local parts, sum = { "k,v" }, 0
        for i = 1, 20000 do
            parts[#parts + 1] = i .. "," .. i * 3
        end
        local text = table.concat(parts, "\n")
        for row in csv.rows(text) do
            sum = sum + tonumber(row.v) - 3 * tonumber(row.k)
        end
        expect.equal(sum, 0)
        expect.equal(#csv.columns(text).v, 20000)
    end },
    { "format and back", function()
        expect.equal(csv.format { { 1, "a,b", 'c"d' }, { 2.5, "", "x\ny" } }, '1,"a,b","c""d"\n2.5,,"x\ny"\n')
        expect.equal(csv.format({ { a = 1, b = true }, { b = "x" } }, { header = { "b", "a" } }), "b,a\ntrue,1\nx,\n")
        expect.equal(csv.format({ { 1, 2 } }, { separator = ";", header = { "a;", "b" } }), '"a;";b\n1;2\n')
        expect.equal(csv.format { { "" } }, '""\n')
        expect.equal(csv.format {}, "")
        expect.raises("row 2 is a number", csv.format, { {}, 5 })
        local odd = { { 'a"', "\n", "\r", ",", "", '""' }, { "é", "x y", " ", "'", "\\", "\t" } }
        local n = 0
        for r in csv.records(csv.format(odd)) do
            n = n + 1
            expect.list(r, odd[n])
        end
        expect.equal(n, 2)
    end },
    { "fields longer than any buffer, and many of them", function()
        local long = ('x"y,\r\n'):rep(40000)
        local text = csv.format { { "a", long, "b" }, { long, "", long } }
        local n = 0
        for r in csv.records(text) do
            n = n + 1
            expect.equal(r[n == 1 and 2 or 3], long)
            expect.equal(#r, 3)
        end
        expect.equal(n, 2)
        local wide = {}
        for i = 1, 5000 do
            wide[i] = "c" .. i
        end
        expect.list(csv.records(csv.format { wide })(), wide)
    end },
    { "records made by chance come back, with every separator", function()
        local pieces = { "a", "", '"', ",", ";", "\t", "\n", "\r", "\r\n", " ", "é", "\0", "0123456789abcdef" }
        for _, separator in ipairs { ",", ";", "\t", "|", " " } do
            for _ = 1, 100 do
                local list = {}
                for i = 1, math.random(5) do
                    list[i] = {}
                    for j = 1, math.random(4) do
                        local field = {}
                        for k = 1, math.random(0, 5) do
                            field[k] = pieces[math.random(#pieces)]
                        end
                        list[i][j] = table.concat(field)
                    end
                end
                local i = 0
                for r in csv.records(csv.format(list, { separator = separator }), { separator = separator }) do
                    i = i + 1
                    expect.list(r, list[i])
                end
                expect.equal(i, #list)
            end
        end
    end },
    { "rows of some columns alone", function()
        local text = "id,name,age\n1,Ada,36\n2,\"B,b\",40\n"
        local seen = {}
        for row in csv.rows(text, { only = { "age", "name" } }) do
            expect.equal(row.id, nil)
            seen[#seen + 1] = row.name .. row.age
        end
        expect.list(seen, { "Ada36", "B,b40" })
        expect.equal(csv.rows("1;2\n", { header = { "a", "b" }, separator = ";", only = { "b" } })().b, "2")
        expect.equal(next(csv.rows(text, { only = {} })()), nil)
        expect.raises("nothing", csv.rows, text, { only = { "nothing" } })
        expect.raises("only must be a list", csv.rows, text, { only = "age" })
        expect.raises("line 2: 1 fields", csv.rows("a,b\n1\n", { only = { "a" } }))
    end },
    { "a line with an empty field in quotes is a record, an empty line is none", function()
        local n = 0
        for r in csv.records('""\n\n""\r\n\r\n""') do
            n = n + 1
            expect.list(r, { "" })
        end
        expect.equal(n, 3)
    end },
    { "a mark at the start is left out once", function()
        expect.equal(records("\xef\xbb\xbf"), "")
        expect.equal(records('\xef\xbb\xbf"a",b\n'), "a|b")
        expect.equal(records("\xef\xbb\xbf\xef\xbb\xbfa\n"), "\xef\xbb\xbfa")
        expect.equal(records("\xef\xbba\n"), "\xef\xbba")
    end },
}
