-- Learns on one part of the rows and is judged on the other. Everything random follows from the task's seed; everything
-- that prediction needs is in model.json.

local csv = require "csv"
local stats = require "stats"

local ROWS_MIN <const> = 50 -- in each part: below it, accuracy and AUC say little

local function fail(format, ...)
    error(format:format(...), 0)
end

local function first_csv(data)
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            return leaf.path
        end
    end
    fail("the data holds no CSV")
end

local function position(list, name)
    for i, other in ipairs(list) do
        if other == name then
            return i
        end
    end
    return nil
end

-- The columns whose first value is a number. Which value is first: neither empty nor NA.
local function numeric_columns(stream, target)
    local rows, header = csv.rows(stream)
    local numeric, open = {}, #header
    for row in rows do
        for _, name in ipairs(header) do
            local text = row[name]
            if numeric[name] == nil and text ~= "" and text ~= "NA" then
                numeric[name] = tonumber(text) ~= nil
                open = open - 1
            end
        end
        if open == 0 then
            break
        end
    end
    local names = {}
    for _, name in ipairs(header) do
        if numeric[name] and name ~= target then
            names[#names + 1] = name
        end
    end
    return names, header
end

-- What the argument lists, or every numeric column but the target.
local function choose_features(data, path, args)
    local names, header = numeric_columns(data:open(path), args.target)
    if not position(header, args.target) then
        fail('there is no column "%s"; the columns are: %s', args.target, table.concat(header, ", "))
    end
    if not args.features then
        return #names > 0 and names or fail('no column besides "%s" is numeric', args.target)
    end
    names = {}
    for name in args.features:gmatch("[^,]+") do
        name = name:match("^%s*(.-)%s*$")
        if not position(header, name) then
            fail('there is no column "%s"; the columns are: %s', name, table.concat(header, ", "))
        elseif name == args.target then
            fail('"%s" is the target; it cannot be a feature as well', name)
        elseif position(names, name) then
            fail('the feature "%s" is listed twice', name)
        end
        names[#names + 1] = name
    end
    return #names > 0 and names or fail("the argument features lists no column")
end

local function check_target(values, target)
    for i, value in ipairs(values) do
        if value ~= 0 and value ~= 1 then
            -- The row, not the value: an error may be read by people who may not read the data.
            fail('row %d after the header: the value of "%s" is neither 0 nor 1', i, target)
        end
    end
end

local function pick(values, indices)
    local picked = {}
    for i, index in ipairs(indices) do
        picked[i] = values[index]
    end
    return picked
end

local function check_part(labels, what)
    if #labels < ROWS_MIN then
        fail("the %s part has %d rows; at least %d are needed", what, #labels, ROWS_MIN)
    end
    local ones = stats.sum(labels)
    if ones == 0 or ones == #labels then
        fail("the %s part has rows of one class only; more data or another test_share may help", what)
    end
end

-- Rows from columns, each value by the mean and deviation of the training part.
local function standard_rows(columns, means, sds, indices)
    local rows = {}
    for i, index in ipairs(indices) do
        local row = {}
        for j, column in ipairs(columns) do
            row[j] = (column[index] - means[j]) / sds[j]
        end
        rows[i] = row
    end
    return rows
end

local function train(columns, labels, indices, ridge)
    local parts = {}
    for j, column in ipairs(columns) do
        parts[j] = pick(column, indices)
    end
    local means, sds = stats.standardise(parts)
    local rows = standard_rows(columns, means, sds, indices)
    local model, why = stats.logistic(rows, pick(labels, indices), { ridge = ridge })
    if not model then
        fail("training failed: %s", why)
    end
    return model, means, sds
end

local function judge(model, rows, labels)
    local scores, classes = {}, {}
    for i, row in ipairs(rows) do
        scores[i] = stats.predict_logistic(model, row)
        classes[i] = scores[i] >= 0.5 and 1 or 0
    end
    return stats.accuracy(classes, labels), stats.auc(scores, labels)
end

-- How often the class that is more frequent in training is right in the test.
local function baseline(trained, tested)
    local class = stats.mean(trained) >= 0.5 and 1 or 0
    local share = stats.mean(tested)
    return class == 1 and share or 1 - share
end

local function report(model, out, counts)
    local lines = {
        ("target        %s"):format(out.target),
        ("rows          %d: %d for training, %d for the test"):format(out.rows, counts.train, counts.test),
        ("accuracy      %.4f on the test part; %.4f by always guessing the more frequent class"):format(
            out.accuracy, counts.baseline),
        ("AUC           %.4f on the test part"):format(out.auc),
        ("fit           %d steps, %s"):format(model.iterations, model.converged and "converged" or "NOT converged"),
        "",
        "weights, per standard deviation of the feature:",
    }
    for j, name in ipairs(out.features) do
        lines[#lines + 1] = ("  %-24s %+.4f"):format(name, out.weights[j])
    end
    lines[#lines + 1] = ("  %-24s %+.4f"):format("(intercept)", out.intercept)
    return table.concat(lines, "\n") .. "\n"
end

return function(task)
    local args = task.args
    if args.test_share < 0.05 or args.test_share > 0.5 then
        fail("test_share is %s; it lies between 0.05 and 0.5", args.test_share)
    elseif args.ridge < 0 then
        fail("ridge is %s; it must not be negative", args.ridge)
    end
    local path = first_csv(task.data)
    local features = choose_features(task.data, path, args)
    local wanted = table.move(features, 1, #features, 2, { args.target })
    local by_name = csv.columns(task.data:open(path), wanted)
    local labels, columns = by_name[args.target], {}
    for j, name in ipairs(features) do
        columns[j] = by_name[name]
    end
    check_target(labels, args.target)
    if #labels < 2 * ROWS_MIN then
        fail("there are %d rows; at least %d are needed in each of two parts", #labels, ROWS_MIN)
    end
    task:progress(0.3)

    local test, training = stats.split(#labels, args.test_share)
    local trained, tested = pick(labels, training), pick(labels, test)
    check_part(trained, "training")
    check_part(tested, "test")
    local model, means, sds = train(columns, labels, training, args.ridge)
    task:progress(0.9)

    local accuracy, auc = judge(model, standard_rows(columns, means, sds, test), tested)
    local out = {
        format = "enclua-logistic-1",
        target = args.target,
        features = features,
        means = means,
        sds = sds,
        weights = model.weights,
        intercept = model.intercept,
        rows = #labels,
        accuracy = accuracy,
        auc = auc,
    }
    task.result:json("model.json", out)
    task.result:write("report.txt", report(model, out,
        { train = #training, test = #test, baseline = baseline(trained, tested) }))
end
