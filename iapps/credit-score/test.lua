local t = require "test"
local json = require "json"

local function person(changes)
    local facts = {
        income = 3000.0, expenses = 1000.0, debt_payments = 0, card_balance = 0, card_limit = 1000,
        savings = 10000.0, missed_payments = 0, history_months = 120, enquiries = 0,
    }
    for name, value in pairs(changes) do
        facts[name] = value
    end
    return t.values(facts)
end

local function score(changes)
    return json.decode(t.run({ data = person(changes) }).files["score.json"])
end

t.case("the best there is, with nothing to say", function()
    local best = score {}
    t.equal({ best.score, best.grade, #best.reasons }, { 850, "A", 0 })
end)

t.case("a debt costs what the table says, and it is said what would help", function()
    local r = score { debt_payments = 600 }
    t.equal({ r.score, r.reasons[1] }, { 820, "debts take up to a quarter of the income" })
    t.equal(r.factors[2].better, { at_most = 0.1, points = 30 })
end)

t.case("a fact below zero is named, and its value is not", function()
    local r = t.run { data = person { savings = -4711.0 } }
    t.fails(r, "savings must not be negative")
    t.equal(r.error.message:find("4711", 1, true), nil)
end)
