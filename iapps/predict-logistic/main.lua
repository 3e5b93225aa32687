-- Applies the formula of a model to rows. The model is protected data, and checked like any other input.

local csv = require "csv"
local json = require "json"
local stats = require "stats"

local function fail(format, ...)
    error(format:format(...), 0)
end

-- The one leaf among all data for which `fits` holds; nil when there is none.
local function find_leaf(datasets, fits, what)
    local found
    for _, data in ipairs(datasets) do
        if data.error then
            fail("one of the data cannot be opened: %s", data.error)
        end
        for _, leaf in ipairs(data:list()) do
            if fits(leaf) then
                if found then
                    fail("the data holds more than one %s", what)
                end
                found = { data = data, path = leaf.path }
            end
        end
    end
    return found
end

local function check_numbers(model, name, count)
    local list = model[name]
    if type(list) ~= "table" or #list ~= count then
        fail("model.json: %s is not a list of %d numbers", name, count)
    end
    for i = 1, count do
        if type(list[i]) ~= "number" then
            fail("model.json: element %d of %s is not a number", i, name)
        end
    end
end

local function read_model(datasets)
    local leaf = find_leaf(datasets, function(leaf)
        return leaf.path == "model.json"
    end, "model.json") or fail("the data holds no model.json; train-logistic makes one")
    local model = json.decode(leaf.data:get(leaf.path, "bytes"))
    if type(model) ~= "table" or model.format ~= "enclua-logistic-1" then
        fail("model.json is no model of train-logistic")
    end
    if type(model.features) ~= "table" or #model.features == 0 or type(model.intercept) ~= "number" then
        fail("model.json has no features or no intercept")
    end
    for _, name in ipairs({ "weights", "means", "sds" }) do
        check_numbers(model, name, #model.features)
    end
    return model
end

local function input_file(files)
    local found
    for name, stream in pairs(files) do
        if name:lower():find("%.csv$") then
            if found then
                fail("there is more than one CSV among the files")
            end
            found = stream
        end
    end
    return found
end

local function open_rows(task)
    local leaf = find_leaf(task.datasets, function(leaf)
        return leaf.type == "text/csv"
    end, "CSV")
    local file = input_file(task.files)
    if leaf and file then
        fail("there is a CSV among the data and another among the files; give one of them")
    end
    return leaf and leaf.data:open(leaf.path) or file or fail("no rows to predict: add a CSV with --file or --data")
end

return function(task)
    local threshold = task.args.threshold
    if threshold < 0 or threshold > 1 then
        fail("threshold is %s; it lies between 0 and 1", threshold)
    end
    local model = read_model(task.datasets)
    local columns = csv.columns(open_rows(task), model.features)

    local out = task.result:open("predictions.csv")
    out:write("row,probability,class\n")
    for i = 1, #columns[model.features[1]] do
        local row = {}
        for j, name in ipairs(model.features) do
            row[j] = (columns[name][i] - model.means[j]) / model.sds[j]
        end
        local probability = stats.predict_logistic(model, row)
        out:write(("%d,%.6f,%d\n"):format(i, probability, probability >= threshold and 1 or 0))
    end
    out:close()
end
