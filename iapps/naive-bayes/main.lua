-- Two modes: train makes a model of labelled texts and says how good it is, ask tells the kind of one text by a model.

local bayes = require "lib.bayes"
local json = require "json"
local train = require "lib.train"

local FORMAT <const> = "enclua-bayes-1"

local function fail(format, ...)
    error(format:format(...), 0)
end

local function first_csv(data)
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "text/csv" then
            return leaf.path
        end
    end
    return fail("the data holds no CSV")
end

-- Each text is judged by the model as it would be without that text: no row helps to judge itself.
local function judge(prepared, examples)
    local index, right, rows = {}, 0, 0
    for k, label in ipairs(prepared.model.labels) do
        index[label] = k
    end
    for text, label in examples do
        local own = index[label]
        rows = rows + 1
        if bayes.best((bayes.scores(prepared, train.words(text), own))) == own then
            right = right + 1
        end
    end
    return right, rows
end

local function run_train(task)
    local data = task.data or fail("there is nothing to learn from: give a CSV with --data")
    local path = first_csv(data)
    local model, dropped = train.model(data:open(path), task.args)
    task:progress(0.5)
    local prepared = bayes.prepare(model)
    local right, rows = judge(prepared, train.examples(data:open(path), task.args))
    model.format = FORMAT
    task.result:json("model.json", model)
    task.result:json("report.json", {
        rows = rows,
        right = right,
        accuracy = right / rows,
        baseline = math.max(table.unpack(model.texts)) / rows,
        words = prepared.vocabulary,
        words_left_out = dropped,
    })
end

local COUNT_MAX <const> = 1 << 40 -- sums of half a million of them are whole numbers still

local function is_count(n)
    return math.type(n) == "integer" and n >= 0 and n <= COUNT_MAX
end

-- A model is input like any other: nothing in it is believed.
local function check_model(model)
    if type(model) ~= "table" or model.format ~= FORMAT then
        fail("model.json is no model of naive-bayes")
    end
    local labels, texts, words = model.labels, model.texts, model.words
    if type(labels) ~= "table" or type(texts) ~= "table" or type(words) ~= "table" then
        fail("model.json has no labels, texts or words")
    end
    for k, label in ipairs(labels) do
        if type(label) ~= "string" or (k > 1 and label <= labels[k - 1]) then
            fail("model.json: the labels are not in the order of the alphabet")
        elseif not is_count(texts[k]) or texts[k] == 0 then
            fail('model.json: there are no texts of the kind "%s"', label)
        end
    end
    if #labels < 2 then
        fail("model.json has %d kinds: there is nothing to tell apart", #labels)
    end
    for word, counts in pairs(words) do
        if type(counts) ~= "table" or #counts ~= #labels then
            fail('model.json: the word "%s" has not one count for each kind', word)
        end
        for _, n in ipairs(counts) do
            if not is_count(n) then
                fail('model.json: a count of the word "%s" is no whole number from 0 on', word)
            end
        end
    end
    return model
end

local function read_model(task)
    if task.data then
        return check_model(json.decode(task.data:get("model.json", "bytes")))
    end
    local file = task.files["model.json"] or fail("there is no model.json: give one with --data, or with --file")
    return check_model(json.decode(file:read("a")))
end

local function run_ask(task)
    local text = task.args.text or fail("there is nothing to ask about: give a text with --arg text=…")
    local model = read_model(task)
    local scores, known, unknown = bayes.scores(bayes.prepare(model), train.words(text))
    local probabilities = {}
    for k, p in ipairs(bayes.probabilities(scores)) do
        probabilities[model.labels[k]] = p
    end
    task.result:json("answer.json", {
        label = model.labels[bayes.best(scores)],
        probabilities = probabilities,
        words_known = known,
        words_unknown = unknown,
    })
end

local modes = { train = run_train, ask = run_ask }

return function(task)
    local run = modes[task.args.mode] or fail('mode is "%s"; it is train or ask', task.args.mode)
    run(task)
end
