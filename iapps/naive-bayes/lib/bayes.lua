-- Multinomial naive Bayes with add-one smoothing, in whole numbers up to the logarithms. A model is three tables:
--   labels  the kinds, in the order of the alphabet
--   texts   how many texts of each kind it was trained on
--   words   for each word how often it occurs in the texts of each kind

local bayes = {}

-- What follows from a model and is asked for again and again: sums over words, and over texts.
function bayes.prepare(model)
    local totals, vocabulary, texts = {}, 0, 0
    for k in ipairs(model.labels) do
        totals[k] = 0
        texts = texts + model.texts[k]
    end
    for _, counts in pairs(model.words) do
        vocabulary = vocabulary + 1
        for k, n in ipairs(counts) do
            totals[k] = totals[k] + n
        end
    end
    return { model = model, totals = totals, vocabulary = vocabulary, texts = texts }
end

-- The words of a text that a model knows: how often each, their list in order, and how many words it does not know.
local function known(model, each_word)
    local times, list, unknown = {}, {}, 0
    for word in each_word do
        if not model.words[word] then
            unknown = unknown + 1
        elseif times[word] then
            times[word] = times[word] + 1
        else
            times[word] = 1
            list[#list + 1] = word
        end
    end
    return times, list, unknown
end

---The logarithm, up to a constant, of the probability of each kind, given the words of a text.
---@param p table of bayes.prepare
---@param each_word fun(): string?
---@param own integer? the text is one of those that the model was trained on, and of this kind: as if it were not
---@return number[] scores, integer known, integer unknown
function bayes.scores(p, each_word, own)
    local model = p.model
    local times, list, unknown = known(model, each_word)
    local size = 0
    for _, word in ipairs(list) do
        size = size + times[word]
    end
    local scores = {}
    for k in ipairs(model.labels) do
        local mine = k == own and 1 or 0
        local texts = model.texts[k] - mine
        local all = p.totals[k] - mine * size + p.vocabulary
        local score = texts > 0 and math.log(texts) or -math.huge
        for _, word in ipairs(list) do
            local n = times[word]
            score = score + n * math.log((model.words[word][k] - mine * n + 1) / all)
        end
        scores[k] = score
    end
    return scores, size, unknown
end

-- The first of the largest.
function bayes.best(scores)
    local best = 1
    for k, score in ipairs(scores) do
        if score > scores[best] then
            best = k
        end
    end
    return best
end

-- Probabilities that add up to 1; the largest score is taken off first, as exp of it alone would be 0.
function bayes.probabilities(scores)
    local most, sum, out = scores[bayes.best(scores)], 0.0, {}
    for k, score in ipairs(scores) do
        out[k] = math.exp(score - most)
        sum = sum + out[k]
    end
    for k in ipairs(out) do
        out[k] = out[k] / sum
    end
    return out
end

return bayes
