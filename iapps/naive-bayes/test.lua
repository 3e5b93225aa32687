local t = require "test"
local json = require "json"

local examples = t.files { ["examples.csv"] = [[
text,label
good good day,a
good night,a
bad day,b
]] }

local function train()
    return t.run { data = examples, args = { mode = "train", min_texts = 2 } }
end

t.case("a model is counts, of words that more than one text has", function()
    local model = json.decode(train().files["model.json"])
    t.equal(model.labels, { "a", "b" })
    t.equal(model.texts, { 2, 1 })
    t.equal(model.words, { good = { 3, 0 }, day = { 1, 1 } })
end)

t.case("an answer is what the formula gives", function()
    local model = { ["model.json"] = train().files["model.json"] }
    local r = t.run { args = { mode = "ask", text = "Good!" }, files = model }
    local answer = json.decode(r.files["answer.json"])
    local a, b = 2 / 3 * 4 / 6, 1 / 3 * 1 / 3 -- share of the texts, times (count + 1) / (all words + 2)
    t.equal(answer.label, "a")
    t.near(answer.probabilities.a, a / (a + b))
end)

t.case("a mode that there is not", function()
    t.fails(t.run { args = { mode = "guess" } }, "train or ask")
end)
