local t = require "test"
local json = require "json"

local function csv(column, values)
    return t.files { ["t.csv"] = column .. "\n" .. table.concat(values, "\n") .. "\n" }
end

-- Noise of epsilon 0.5 is beyond 50 less than once in ten thousand million times.
local function near(r, expected)
    for i, bin in ipairs(json.decode(r.files["histogram.json"]).bins) do
        t.equal(bin.bin, expected[i][1])
        t.near(bin.count, expected[i][2], 50)
    end
end

t.case("categories are those of the argument; all others count as other", function()
    local wards = {}
    for i = 1, 3000 do
        wards[i] = i % 3 == 0 and "eyes" or i % 3 == 1 and "heart" or "a rare one"
    end
    near(t.run { data = csv("ward", wards), args = { column = "ward", categories = "heart,eyes,skin" } },
        { { "heart", 1000 }, { "eyes", 1000 }, { "skin", 0 }, { "(other)", 1000 } })
end)

t.case("numbers beyond the edges are in the first and the last range", function()
    local ages = {}
    for i = 1, 2000 do
        ages[i] = i % 2 == 0 and -5 or 1e9
    end
    near(t.run { data = csv("age", ages), args = { column = "age", edges = "0,18,65" } },
        { { "0 to 18", 1000 }, { "18 to 65", 1000 }, { "(other)", 0 } })
end)

t.case("categories or edges, not both and not none", function()
    t.fails(t.run { data = csv("v", { 1 }), args = { column = "v" } }, "categories, or the argument edges")
end)
