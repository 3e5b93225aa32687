-- stats against published values: R's documentation, NIST's reference data, Spector and Mazzeo (1980) as fitted in
-- Greene's textbook, and against slower ways to the same number.

local expect = require "expect"
local stats = require "stats"

local longley = { -- NIST StRD: employment; deflator, GNP, unemployed, armed forces, population, year
    { 60323, 83.0, 234289, 2356, 1590, 107608, 1947 }, { 61122, 88.5, 259426, 2325, 1456, 108632, 1948 },
    { 60171, 88.2, 258054, 3682, 1616, 109773, 1949 }, { 61187, 89.5, 284599, 3351, 1650, 110929, 1950 },
    { 63221, 96.2, 328975, 2099, 3099, 112075, 1951 }, { 63639, 98.1, 346999, 1932, 3594, 113270, 1952 },
    { 64989, 99.0, 365385, 1870, 3547, 115094, 1953 }, { 63761, 100.0, 363112, 3578, 3350, 116219, 1954 },
    { 66019, 101.2, 397469, 2904, 3048, 117388, 1955 }, { 67857, 104.6, 419180, 2822, 2857, 118734, 1956 },
    { 68169, 108.4, 442769, 2936, 2798, 120445, 1957 }, { 66513, 110.8, 444546, 4681, 2637, 121950, 1958 },
    { 68655, 112.6, 482704, 3813, 2552, 123366, 1959 }, { 69564, 114.2, 502601, 3931, 2514, 125368, 1960 },
    { 69331, 115.7, 518173, 4806, 2572, 127852, 1961 }, { 70551, 116.9, 554894, 4007, 2827, 130081, 1962 },
}

local spector = { -- GPA, TUCE, PSI, grade improved
    { 2.66, 20, 0, 0 }, { 2.89, 22, 0, 0 }, { 3.28, 24, 0, 0 }, { 2.92, 12, 0, 0 }, { 4.00, 21, 0, 1 }, { 2.86, 17, 0, 0 },
    { 2.76, 17, 0, 0 }, { 2.87, 21, 0, 0 }, { 3.03, 25, 0, 0 }, { 3.92, 29, 0, 1 }, { 2.63, 20, 0, 0 }, { 3.32, 23, 0, 0 },
    { 3.57, 23, 0, 0 }, { 3.26, 25, 0, 1 }, { 3.53, 26, 0, 0 }, { 2.74, 19, 0, 0 }, { 2.75, 25, 0, 0 }, { 2.83, 19, 0, 0 },
    { 3.12, 23, 1, 0 }, { 3.16, 25, 1, 1 }, { 2.06, 22, 1, 0 }, { 3.62, 28, 1, 1 }, { 2.89, 14, 1, 0 }, { 3.51, 26, 1, 0 },
    { 3.54, 24, 1, 1 }, { 2.83, 27, 1, 1 }, { 3.39, 17, 1, 1 }, { 2.67, 24, 1, 0 }, { 3.65, 21, 1, 1 }, { 4.00, 23, 1, 1 },
    { 3.10, 21, 1, 0 }, { 2.39, 19, 1, 1 },
}

-- Splits rows into what predicts and what is predicted (column k).
local function rows_without(data, k)
    local rows, y = {}, {}
    for i, all in ipairs(data) do
        rows[i] = {}
        for j, x in ipairs(all) do
            if j == k then
                y[i] = x
            else
                table.insert(rows[i], x)
            end
        end
    end
    return rows, y
end

local function copy(t)
    return table.move(t, 1, #t, 1, {})
end

-- The gradient of the penalised log likelihood, written from its definition.
local function gradient(model, rows, y, ridge)
    local g = {}
    for j = 0, #rows[1] do
        local s = 0
        for i, row in ipairs(rows) do
            local eta = model.intercept
            for k, x in ipairs(row) do
                eta = eta + model.weights[k] * x
            end
            s = s + (y[i] - 1 / (1 + math.exp(-eta))) * (j == 0 and 1 or row[j])
        end
        g[j] = s - (j > 0 and ridge * model.weights[j] or 0)
    end
    return g
end

local cases = {
    { "mean, var, sd of small lists", function()
        expect.equal(stats.mean({ 1, 2, 3, 4 }), 2.5)
        expect.equal(stats.mean({ 7 }), 7.0)
        expect.near(stats.var({ 2, 4, 4, 4, 5, 5, 7, 9 }), 32 / 7)
        expect.near(stats.sd({ 2, 4, 4, 4, 5, 5, 7, 9 }), math.sqrt(32 / 7))
        expect.equal(stats.sum({ 1, 2, 3 }), 6.0)
        expect.equal(stats.min({ 3, -1, 2 }), -1)
        expect.equal(stats.max({ 3, -1, 2 }), 3)
    end },

    { "sums keep what a plain sum loses", function()
        expect.equal(stats.sum({ 1e100, 1, -1e100 }), 1.0)
        local tenths = {}
        for i = 1, 1000000 do
            tenths[i] = 0.1
        end
        expect.equal(stats.sum(tenths), 100000.0)
        expect.near(stats.var({ 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 }), 30)
        expect.equal(stats.sum({ math.huge, 1 }), math.huge)
    end },

    { "quantiles are R's type 7", function()
        -- quantile(c(1, 2, 3, 4, 10), c(0, .1, .25, .5, .75, .9, 1))
        local t, want = { 10, 1, 4, 2, 3 }, { 1, 1.4, 2, 3, 4, 7.6, 10 }
        for i, p in ipairs({ 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1 }) do
            expect.near(stats.quantile(t, p), want[i])
        end
        expect.list(t, { 10, 1, 4, 2, 3 })
        expect.near(stats.quantile({ 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 0.33), 3.64)
        expect.equal(stats.median({ 5, 1, 3 }), 3)
        expect.equal(stats.median({ 4, 1, 3, 2 }), 2.5)
        expect.equal(stats.quantile({ 8 }, 0.3), 8)
        expect.raises("p is 1.5", stats.quantile, { 1 }, 1.5)
    end },

    { "histogram: even bins, given edges, outsiders", function()
        local h = stats.histogram({ 0, 1, 2, 3, 4, 5, 6, 7, 8, 10 }, 5)
        expect.list(h.edges, { 0, 2, 4, 6, 8, 10 })
        expect.list(h.counts, { 2, 2, 2, 2, 2 })
        h = stats.histogram({ -1, 0, 9.99, 10, 20, 20.5 }, { 0, 10, 20 })
        expect.list(h.counts, { 2, 2 })
        expect.equal(h.below, 1)
        expect.equal(h.above, 1)
        expect.list(stats.histogram({ 3, 3, 3 }, 1).counts, { 3 })
        expect.raises("edge 2 is not above edge 1", stats.histogram, { 1 }, { 5, 5 })
        expect.raises("bins", stats.histogram, { 1 }, 0)
    end },

    { "covariance, correlation, ranks", function()
        local a, b = { 1, 2, 3, 4, 5 }, { 2, 1, 4, 3, 5 }
        expect.near(stats.covariance(a, b), 2)
        expect.near(stats.correlation(a, b), 0.8)
        expect.near(stats.correlation(a, { -2, -4, -6, -8, -10 }), -1)
        expect.refuses("constant", stats.correlation(a, { 1, 1, 1, 1, 1 }))
        expect.list(stats.rank({ 10, 20, 10, 30, 10 }), { 2, 4, 2, 5, 2 })
        expect.raises("5 and 4", stats.covariance, a, { 1, 2, 3, 4 })
    end },

    { "linear: NIST's Longley data, whose columns nearly depend on one another", function()
        local model = stats.linear(rows_without(longley, 1))
        local want = { 15.0618722713733, -0.358191792925910E-01, -2.02022980381683, -1.03322686717359,
            -0.511041056535807E-01, 1829.15146461355 }
        for j, w in ipairs(want) do
            expect.near(model.weights[j] / w, 1, 1e-9)
        end
        expect.near(model.intercept / -3482258.63459582, 1, 1e-9)
        expect.near(model.r2, 0.995479004577296, 1e-12)
    end },

    { "linear: exact lines, dependent columns, too few rows", function()
        local model = stats.linear({ { 0, 1 }, { 1, 0 }, { 2, 5 }, { 3, 1 } }, { 3, 4, 17, 12 })
        expect.near(model.intercept, 1)
        expect.near(model.weights[1], 3)
        expect.near(model.weights[2], 2)
        local exact = stats.linear({ { 0 }, { 1 }, { 2 } }, { 1, 3, 5 })
        expect.near(exact.intercept, 1)
        expect.near(exact.weights[1], 2)
        expect.near(exact.r2, 1)
        expect.refuses("feature 2", stats.linear({ { 1, 2 }, { 2, 4 }, { 3, 6 }, { 4, 8 } }, { 1, 2, 3, 5 }))
        expect.refuses("feature 1", stats.linear({ { 7 }, { 7 }, { 7 } }, { 1, 2, 3 }))
        expect.refuses("not enough", stats.linear({ { 1, 2 }, { 2, 3 } }, { 1, 2 }))
    end },

    { "logistic: the published coefficients of Spector and Mazzeo", function()
        local rows, y = rows_without(spector, 4)
        local model = stats.logistic(rows, y, { ridge = 0 })
        expect.equal(model.converged, true)
        expect.near(model.intercept, -13.0213, 1e-5)
        expect.near(model.weights[1], 2.8261, 5e-5)
        expect.near(model.weights[2], 0.0952, 5e-5)
        expect.near(model.weights[3], 2.3787, 5e-5)
        expect.near(model.log_likelihood, -12.8896, 1e-5)
        expect.near(stats.predict_logistic(model, { 3.0, 20, 1 }),
            1 / (1 + math.exp(13.02135 - 3 * 2.82611 - 20 * 0.0951577 - 2.37869)), 1e-4)
    end },

    { "logistic: at the solution the gradient is zero", function()
        local rows, y = rows_without(spector, 4)
        for _, ridge in ipairs({ 0, 0.001, 1, 100 }) do
            local model = stats.logistic(rows, y, { ridge = ridge })
            expect.equal(model.converged, true)
            for j, g in pairs(gradient(model, rows, y, ridge)) do
                expect.near(g, 0, j == 2 and 1e-5 or 1e-6)
            end
        end
    end },

    { "logistic: separable classes need the ridge, and have an end with it", function()
        local rows, y = { { 1 }, { 2 }, { 3 }, { 4 } }, { 0, 0, 1, 1 }
        local model = stats.logistic(rows, y, { ridge = 0.001 })
        expect.equal(model.converged, true)
        expect.near(gradient(model, rows, y, 0.001)[1], 0, 1e-6)
        local endless = stats.logistic(rows, y, { ridge = 0, iterations = 20 })
        expect.equal((endless or { converged = false }).converged, false)
    end },

    { "logistic: one class, dependent features, a mistyped option", function()
        expect.refuses("both classes", stats.logistic({ { 1 }, { 2 } }, { 1, 1 }))
        expect.refuses("ridge", stats.logistic({ { 1, 2 }, { 2, 4 }, { 3, 6 }, { 2.5, 5 } }, { 0, 1, 0, 1 }, { ridge = 0 }))
        expect.raises("rigde", stats.logistic, { { 1 } }, { 1 }, { rigde = 1 })
        expect.raises("label 1 is 2", stats.logistic, { { 1 } }, { 2 })
        expect.raises("row 2 does not have 2", stats.logistic, { { 1, 2 }, { 1 } }, { 0, 1 })
        expect.raises("row 1, feature 1", stats.logistic, { { "1" } }, { 0 })
        expect.raises("the row 1", stats.predict_logistic, { intercept = 0, weights = { 1, 2 } }, { 1 })
    end },

    { "logistic and linear leave their input as it was", function()
        local rows, y = rows_without(spector, 4)
        local first, labels = copy(rows[1]), copy(y)
        stats.logistic(rows, y)
        stats.linear(rows, y)
        expect.list(rows[1], first)
        expect.list(y, labels)
    end },

    { "auc by counting every pair", function()
        local scores, labels = {}, {}
        for i = 1, 200 do
            scores[i], labels[i] = i * 7919 % 31, i * 104729 % 7 < 3 and 1 or 0
        end
        local won, all = 0, 0
        for i = 1, 200 do
            for j = 1, 200 do
                if labels[i] == 1 and labels[j] == 0 then
                    all = all + 1
                    won = won + (scores[i] > scores[j] and 1 or scores[i] == scores[j] and 0.5 or 0)
                end
            end
        end
        expect.near(stats.auc(scores, labels), won / all)
        expect.equal(stats.auc({ 0.1, 0.9 }, { 0, 1 }), 1.0)
        expect.equal(stats.auc({ 0.9, 0.1 }, { 0, 1 }), 0.0)
        expect.equal(stats.auc({ 0.5, 0.5 }, { 0, 1 }), 0.5)
        expect.refuses("both classes", stats.auc({ 1, 2 }, { 1, 1 }))
    end },

    { "accuracy", function()
        expect.equal(stats.accuracy({ 1, 0, 1, 1 }, { 1, 0, 0, 1 }), 0.75)
        expect.equal(stats.accuracy({ "a" }, { "b" }), 0.0)
    end },

    { "standardise: mean 0, deviation 1, constants stay finite", function()
        local means, sds, z = stats.standardise({ { 2, 4, 4, 4, 5, 5, 7, 9 }, { 3, 3, 3, 3, 3, 3, 3, 3 } })
        expect.equal(means[1], 5.0)
        expect.near(sds[1], math.sqrt(32 / 7))
        expect.near(stats.mean(z[1]), 0)
        expect.near(stats.sd(z[1]), 1)
        expect.equal(sds[2], 1.0)
        expect.list(z[2], { 0, 0, 0, 0, 0, 0, 0, 0 })
    end },

    { "split: every index once, the first part as large as its share", function()
        local a, b = stats.split(10, 0.25)
        expect.equal(#a, 3)
        expect.equal(#b, 7)
        local all = table.move(b, 1, #b, #a + 1, copy(a))
        table.sort(all)
        expect.list(all, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
        local none, whole = stats.split(5, 0)
        expect.equal(#none, 0)
        expect.equal(#whole, 5)
        expect.raises("share", stats.split, 5, 2)
        expect.raises("n is 0", stats.split, 0, 0.5)
    end },

    { "shuffle: every order of three is about as likely", function()
        local seen = {}
        for _ = 1, 6000 do
            local key = table.concat(stats.shuffle({ 1, 2, 3 }))
            seen[key] = (seen[key] or 0) + 1
        end
        local kinds = 0
        for _, n in pairs(seen) do
            kinds = kinds + 1
            expect.near(n, 1000, 0.2)
        end
        expect.equal(kinds, 6)
        expect.equal(#stats.shuffle({}), 0)
    end },
}

-- Every function that takes an array names itself when it gets none, and when a value is missing from it.
for _, name in ipairs({ "sum", "mean", "var", "sd", "min", "max", "median", "quantile", "histogram", "covariance",
    "correlation", "rank", "linear", "logistic", "auc", "accuracy", "standardise" }) do
    cases[#cases + 1] = { "empty input names stats." .. name, function()
        expect.raises("stats." .. name .. ": the input is empty", stats[name], {}, {})
        expect.raises("stats." .. name .. ": an array", stats[name], nil, nil)
    end }
end
for _, name in ipairs({ "sum", "mean", "sd", "median", "rank" }) do
    cases[#cases + 1] = { "NaN and text are no numbers for stats." .. name, function()
        expect.raises("element 2 is nan", stats[name], { 1, 0 / 0 })
        expect.raises("element 1 is string", stats[name], { "1", 2 })
    end }
end

return cases
