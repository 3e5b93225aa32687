-- Counts the words of labelled texts, row by row: memory grows with the different words, not with the texts.

local csv = require "csv"
local words = require "lib.words"

local LABELS_MAX <const> = 100
local WORDS_MAX <const> = 500000 -- different ones
local WORD_BYTES <const> = 40 -- longer ones are seldom words
local FLOOR <const> = 2 -- a word of one text alone may be a name

local train = {}

local function fail(format, ...)
    error(format:format(...), 0)
end

local function has(list, value)
    for _, other in ipairs(list) do
        if other == value then
            return true
        end
    end
    return false
end

---The words of a text that may enter a model.
function train.words(text)
    local each = words.each(text)
    return function()
        local word
        repeat
            word = each()
        until not word or (#word <= WORD_BYTES and utf8.len(word))
        return word
    end
end

---Text and label of each row.
function train.examples(stream, args)
    local rows, header = csv.rows(stream)
    for _, column in ipairs { args.text_column, args.label_column } do
        if not has(header, column) then
            fail('there is no column "%s"; the columns are: %s', column, table.concat(header, ", "))
        end
    end
    local n = 0
    return function()
        local row = rows()
        if not row then
            return nil
        end
        n = n + 1
        local label = row[args.label_column]
        if label == "" or not utf8.len(label) then
            fail('row %d after the header: "%s" is empty or no UTF-8', n, args.label_column)
        end
        return row[args.text_column], label
    end
end

-- Counts by label as it comes: counts[word][label], and in how many texts a word is.
local function count(examples)
    local texts, labels, counts, in_texts, kinds = {}, 0, {}, {}, 0
    for text, label in examples do
        if not texts[label] then
            labels = labels + 1
            if labels > LABELS_MAX then
                fail("there are more than %d different labels: is this the column of labels?", LABELS_MAX)
            end
        end
        texts[label] = (texts[label] or 0) + 1
        local seen = {}
        for word in train.words(text) do
            local by = counts[word]
            if not by then
                kinds = kinds + 1
                if kinds > WORDS_MAX then
                    fail("the texts have more than %d different words", WORDS_MAX)
                end
                by = {}
                counts[word], in_texts[word] = by, 0
            end
            by[label] = (by[label] or 0) + 1
            if not seen[word] then
                seen[word] = true
                in_texts[word] = in_texts[word] + 1
            end
        end
    end
    return texts, counts, in_texts
end

---The model of bayes.lua; and how many words were left out, as too few texts have them.
function train.model(stream, args)
    local texts, counts, in_texts = count(train.examples(stream, args))
    local labels = {}
    for label in pairs(texts) do
        labels[#labels + 1] = label
    end
    if #labels < 2 then
        fail("there is nothing to tell apart: the rows have %d different labels", #labels)
    end
    table.sort(labels)
    local model, dropped = { labels = labels, texts = {}, words = {} }, 0
    for k, label in ipairs(labels) do
        model.texts[k] = texts[label]
    end
    local least = math.max(args.min_texts, FLOOR)
    for word, by in pairs(counts) do
        if in_texts[word] >= least then
            local row = {}
            for k, label in ipairs(labels) do
                row[k] = by[label] or 0
            end
            model.words[word] = row
        else
            dropped = dropped + 1
        end
    end
    return model, dropped
end

return train
