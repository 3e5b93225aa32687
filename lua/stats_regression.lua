-- The regressions of the module stats.

local shared = require "stats_shared"

local check <const>, sum_raw <const> = shared.check, shared.sum
local abs <const>, exp <const>, log <const>, sqrt <const> = math.abs, math.exp, math.log, math.sqrt

-- Linear regression

-- Columns of the rows, less their means.
local function centred_columns(rows, n, width)
    local columns, means = {}, {}
    for j = 1, width do
        local column = {}
        for i = 1, n do
            column[i] = rows[i][j] + 0.0
        end
        local mean = sum_raw(column, n) / n
        for i = 1, n do
            column[i] = column[i] - mean
        end
        columns[j], means[j] = column, mean
    end
    return columns, means
end

local function dot_from(a, b, from, n)
    local s = 0.0
    for i = from, n do
        s = s + a[i] * b[i]
    end
    return s
end

-- Least squares by Householder reflections, in place: the condition of the columns is not squared, as it is in the
-- normal equations. Returns the solution, or nil when column j depends on those before it.
local function least_squares(columns, y, n, width)
    local diagonal = {}
    for j = 1, width do
        local a = columns[j]
        local whole, norm = sqrt(dot_from(a, a, 1, n)), sqrt(dot_from(a, a, j, n))
        if norm <= 1e-12 * whole then
            return nil, j
        end
        diagonal[j] = a[j] > 0 and -norm or norm
        a[j] = a[j] - diagonal[j]
        local scale = 2 / dot_from(a, a, j, n)
        for k = j + 1, width + 1 do
            local b = columns[k] or y
            local f = scale * dot_from(a, b, j, n)
            for i = j, n do
                b[i] = b[i] - f * a[i]
            end
        end
    end
    local solution = {}
    for j = width, 1, -1 do
        local s = y[j]
        for k = j + 1, width do
            s = s - columns[k][j] * solution[k]
        end
        solution[j] = s / diagonal[j]
    end
    return solution
end

-- y = intercept + weights · row. r2 is nil when y is constant.
local function linear(rows, y)
    local n, width = check.rows(rows, "linear")
    check.same(n, check.numbers(y, "linear"), "linear")
    if n <= width then
        return nil, ("%d rows are not enough for %d features and an intercept"):format(n, width)
    end
    local columns, means = centred_columns(rows, n, width)
    local mean = sum_raw(y, n) / n
    local rest, total = {}, 0.0
    for i = 1, n do
        rest[i] = y[i] - mean
        total = total + rest[i] * rest[i]
    end
    local weights, dependent = least_squares(columns, rest, n, width)
    if not weights then
        return nil, ("feature %d is constant or follows from those before it"):format(dependent)
    end
    local intercept = mean
    for j = 1, width do
        intercept = intercept - weights[j] * means[j]
    end
    -- What the reflections left of y below the solution is the residual.
    local r2 = total > 0 and 1 - dot_from(rest, rest, width + 1, n) / total or nil
    return { intercept = intercept, weights = weights, r2 = r2 }
end

-- Logistic regression

local function sigmoid(eta)
    if eta >= 0 then
        return 1 / (1 + exp(-eta))
    end
    local e = exp(eta)
    return e / (1 + e)
end

local function eta_of(intercept, weights, row, width)
    local s = intercept
    for j = 1, width do
        s = s + weights[j] * row[j]
    end
    return s
end

-- The log likelihood less the penalty; fills p with the probabilities. b[0] is the intercept, which is not penalised.
local function likelihood(b, rows, y, p, ridge)
    local width, s = #b, 0.0
    for i = 1, #rows do
        local eta = eta_of(b[0], b, rows[i], width)
        p[i] = sigmoid(eta)
        s = s + y[i] * eta - ((eta > 0 and eta or 0) + log(1 + exp(-abs(eta))))
    end
    for j = 1, width do
        s = s - ridge / 2 * b[j] * b[j]
    end
    return s
end

-- Gradient g and Hessian h (lower half) of the negative of it, indices from 0.
local function derivatives(b, rows, y, p, ridge)
    local width = #b
    local g, h = {}, {}
    for j = 0, width do
        g[j], h[j] = j > 0 and ridge * b[j] or 0.0, {}
        for k = 0, j do
            h[j][k] = j == k and j > 0 and ridge or 0.0
        end
    end
    local h0, g0 = h[0], g[0]
    for i = 1, #rows do
        local row, q = rows[i], p[i]
        local d, w = q - y[i], q * (1 - q)
        g0, h0[0] = g0 + d, h0[0] + w
        for j = 1, width do
            local x, hj = row[j], h[j]
            local wx = w * x
            g[j], hj[0] = g[j] + d * x, hj[0] + wx
            for k = 1, j do
                hj[k] = hj[k] + wx * row[k]
            end
        end
    end
    g[0] = g0
    return g, h
end

-- Solves h x = g by Cholesky's decomposition, h in place; nil when h is not positive definite.
local function solve_positive(h, g, last)
    local x = {}
    for j = 0, last do
        local hj = h[j]
        local pivot = hj[j]
        for k = 0, j do
            local s = hj[k]
            for m = 0, k - 1 do
                s = s - hj[m] * h[k][m]
            end
            if k == j then
                if s ~= s or s <= 1e-14 * pivot then
                    return nil
                end
                hj[j] = sqrt(s)
            else
                hj[k] = s / h[k][k]
            end
        end
        local s = g[j]
        for k = 0, j - 1 do
            s = s - hj[k] * x[k]
        end
        x[j] = s / hj[j]
    end
    for j = last, 0, -1 do
        local s = x[j]
        for k = j + 1, last do
            s = s - h[k][j] * x[k]
        end
        x[j] = s / h[j][j]
    end
    return x
end

-- The step from b along x that does not make the likelihood worse, halved at most 30 times.
local function step(b, x, rows, y, p, ridge, before)
    local size = 1.0
    for _ = 1, 30 do
        local try = {}
        for j = 0, #b do
            try[j] = b[j] - size * x[j]
        end
        local now = likelihood(try, rows, y, p, ridge)
        if now >= before then
            return try, now
        end
        size = size / 2
    end
    return nil
end

local function class_count(y)
    local ones = 0
    for i = 1, #y do
        ones = ones + y[i]
    end
    return ones
end

local LOGISTIC_OPTIONS <const> = { ridge = 1e-6, iterations = 100 }

local function logistic_options(options)
    local ridge, iterations = LOGISTIC_OPTIONS.ridge, LOGISTIC_OPTIONS.iterations
    for name, value in pairs(options or {}) do
        if LOGISTIC_OPTIONS[name] == nil then
            check.fail("logistic", 'there is no option "%s"; the options are ridge and iterations', tostring(name))
        end
        if type(value) ~= "number" or not (value >= 0 and value < math.huge) then
            check.fail("logistic", "%s is %s; it is a number from 0", name, tostring(value))
        end
    end
    if options then
        ridge, iterations = options.ridge or ridge, options.iterations or iterations
    end
    return ridge, iterations
end

-- P(y = 1) = 1 / (1 + exp(-(intercept + weights · row))), by Newton's method on the log likelihood less
-- ridge / 2 · |weights|². Without a ridge the weights of separable classes have no end.
local function logistic(rows, y, options)
    local n, width = check.rows(rows, "logistic")
    check.same(n, check.numbers(y, "logistic"), "logistic")
    check.labels(y, "logistic")
    local ridge, iterations = logistic_options(options)
    local ones = class_count(y)
    if ones == 0 or ones == n then
        return nil, "both classes are needed to learn the difference"
    end
    local b, p = { [0] = log(ones / (n - ones)) }, {}
    for j = 1, width do
        b[j] = 0.0
    end
    local value = likelihood(b, rows, y, p, ridge)
    local count, converged = 0, false
    while not converged and count < iterations do
        local g, h = derivatives(b, rows, y, p, ridge)
        local x = solve_positive(h, g, width)
        if not x then
            return nil, "the features depend on one another, or separate the classes; a larger ridge helps"
        end
        -- What a whole step would gain, by the quadratic model: a measure without a scale.
        local gain = 0.0
        for j = 0, width do
            gain = gain + g[j] * x[j]
        end
        count = count + 1
        local better, now = step(b, x, rows, y, p, ridge, value)
        converged = gain / 2 <= 1e-12 * (abs(value) + 1e-3)
        if not better then
            break
        end
        b, value = better, now
    end
    return {
        intercept = b[0],
        weights = table.move(b, 1, width, 1, {}),
        iterations = count,
        converged = converged,
        log_likelihood = value,
    }
end

local function predict_logistic(model, row)
    if type(row) ~= "table" or #row ~= #model.weights then
        error(("stats.predict_logistic: the model has %d features, the row %s"):format(#model.weights,
            type(row) == "table" and #row or "is a " .. type(row)), 2)
    end
    return sigmoid(eta_of(model.intercept, model.weights, row, #row))
end

return { linear = linear, logistic = logistic, predict_logistic = predict_logistic }
