-- The whole of the scoring, as a table: change it, and nothing else. A score is `base` and the points of each factor.
--
-- A factor is a number that follows from the facts; its bands are in rising order, each up to and including a number:
--   { up to, points, what is said of it }

local none <const> = math.huge -- the last band has no end

local function share(part, whole)
    if whole == 0 then
        return part == 0 and 0 or none
    end
    return part / whole
end

return {
    base = 300,

    -- What must be known of a person: money in any one currency, `month` for amounts each month.
    facts = {
        { name = "income", unit = "month" },
        { name = "expenses", unit = "month" }, -- rent, food and the like, without debts
        { name = "debt_payments", unit = "month" },
        { name = "card_balance" },
        { name = "card_limit" },
        { name = "savings" },
        { name = "missed_payments", whole = true }, -- in the last 24 months
        { name = "history_months", whole = true }, -- since the oldest account
        { name = "enquiries", whole = true }, -- by lenders in the last 6 months
    },

    factors = {
        {
            name = "payments",
            value = function(f) return f.missed_payments end,
            bands = {
                { 0, 180, "no payment was missed in two years" },
                { 1, 110, "one payment was missed in two years" },
                { 3, 40, "two or three payments were missed in two years" },
                { none, 0, "more than three payments were missed in two years" },
            },
        },
        {
            name = "debts",
            value = function(f) return share(f.debt_payments, f.income) end,
            bands = {
                { 0.1, 110, "debts take at most a tenth of the income" },
                { 0.25, 80, "debts take up to a quarter of the income" },
                { 0.4, 35, "debts take up to two fifths of the income" },
                { none, 0, "debts take more than two fifths of the income" },
            },
        },
        {
            name = "cards",
            value = function(f) return share(f.card_balance, f.card_limit) end,
            bands = {
                { 0.3, 90, "at most three tenths of the credit on cards are used" },
                { 0.6, 50, "up to three fifths of the credit on cards are used" },
                { 0.9, 15, "up to nine tenths of the credit on cards are used" },
                { none, 0, "nearly all of the credit on cards is used, or more" },
            },
        },
        {
            name = "buffer",
            value = function(f) return share(f.savings, f.expenses + f.debt_payments) end,
            bands = {
                { 0.5, 0, "savings would last for at most two weeks" },
                { 2, 25, "savings would last for up to two months" },
                { 6, 55, "savings would last for up to six months" },
                { none, 80, "savings would last for more than six months" },
            },
        },
        {
            name = "history",
            value = function(f) return f.history_months end,
            bands = {
                { 12, 0, "the oldest account is at most a year old" },
                { 36, 20, "the oldest account is up to three years old" },
                { 96, 40, "the oldest account is up to eight years old" },
                { none, 60, "the oldest account is more than eight years old" },
            },
        },
        {
            name = "enquiries",
            value = function(f) return f.enquiries end,
            bands = {
                { 1, 30, "at most one lender asked in half a year" },
                { 3, 15, "two or three lenders asked in half a year" },
                { none, 0, "more than three lenders asked in half a year" },
            },
        },
    },

    -- From this score on.
    grades = { { 740, "A" }, { 670, "B" }, { 580, "C" }, { 480, "D" }, { 0, "E" } },
}
