local t = require "test"
local json = require "json"

-- Entries 1 to n with a word before them, one in each line.
local function list(word, first, last)
    local lines = {}
    for i = first, last do
        lines[#lines + 1] = word .. i .. "\n"
    end
    return t.files { ["list.txt"] = table.concat(lines) }
end

t.case("sizes and overlap, whatever the case of letters", function()
    local r = t.run { data = { list("Entry ", 1, 60), list("  ENTRY  ", 31, 100) } }
    t.equal(json.decode(r.files["overlap.json"]), { sizes = { 60, 70 }, overlap = 30, minimum = 20 })
end)

t.case("an overlap of few is not told", function()
    local r = t.run { data = { list("entry ", 1, 60), list("entry ", 42, 100) } }
    t.equal(json.decode(r.files["overlap.json"]).overlap, json.null)
end)

t.case("nothing is said of a short list", function()
    t.fails(t.run { data = { list("entry ", 1, 19), list("entry ", 1, 60) } }, "fewer than 20")
end)
