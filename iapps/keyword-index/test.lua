local t = require "test"
local json = require "json"

local corpus = t.files {
    ["a.txt"] = "Tea, and more tea.",
    ["b.txt"] = "A cup of tea or of coffee, whichever is there first in the morning.",
    ["c.txt"] = "Neither.",
}

local function search(args)
    return json.decode(t.run({ data = corpus, args = args }).files["hits.json"])
end

t.case("the text that says it most often in the fewest words is first", function()
    local r = search { query = "TEA" }
    t.equal({ r.hits[1].path, r.hits[2].path, r.found, r.texts }, { "a.txt", "b.txt", 2, 3 })
    -- BM25 by hand: 3 texts of 4, 14 and 1 words; 2 of them have the word, the first of them twice.
    t.near(r.hits[1].score, math.log(1 + 1.5 / 2.5) * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 4 / (19 / 3))))
end)

t.case("a text is quoted on request only", function()
    t.equal(search({ query = "coffee" }).hits[1].snippet, nil)
    t.match(search({ query = "coffee", snippets = true }).hits[1].snippet, "of tea or of coffee")
end)

t.case("a query without a word", function()
    t.fails(t.run { data = corpus, args = { query = "?!" } }, "0 different words")
end)
