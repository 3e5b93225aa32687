-- An inverted index of just the words that are asked for, and BM25 over it. Texts are read once, in pieces.

local words = require "lib.words"

local K1 <const>, B <const> = 1.2, 0.75 -- as most search engines have them

local index = {}

-- How many words a text has, and how often each of the terms.
local function count(stream, terms)
    local length, times = 0, {}
    for _, term in ipairs(terms) do
        times[term] = 0
    end
    for piece in words.pieces(stream) do
        for word in words.each(piece) do
            length = length + 1
            local n = times[word]
            if n then
                times[word] = n + 1
            end
        end
    end
    return length, times
end

---Different words of a query, in order.
---@param query string
---@return string[]
function index.terms(query)
    local terms, seen = {}, {}
    for word in words.each(query) do
        if not seen[word] then
            seen[word] = true
            terms[#terms + 1] = word
        end
    end
    return terms
end

---@param documents { path: string, open: fun(): enclua.Stream }[]
---@param terms string[]
---@param progress fun(share: number)
function index.build(documents, terms, progress)
    local lengths, total, postings = {}, 0, {}
    for _, term in ipairs(terms) do
        postings[term] = {}
    end
    for i, document in ipairs(documents) do
        local length, times = count(document.open(), terms)
        lengths[i], total = length, total + length
        for _, term in ipairs(terms) do
            if times[term] > 0 then
                table.insert(postings[term], { document = i, times = times[term] })
            end
        end
        progress(i / #documents)
    end
    return { documents = documents, terms = terms, lengths = lengths, total = total, postings = postings }
end

---Documents that have any of the terms, best first; of equals, by path.
function index.search(ix)
    local scores, hits = {}, {}
    local average = ix.total / #ix.documents
    for _, term in ipairs(ix.terms) do
        local list = ix.postings[term]
        local rarity = math.log(1 + (#ix.documents - #list + 0.5) / (#list + 0.5))
        for _, posting in ipairs(list) do
            local at, n = posting.document, posting.times
            local weight = n * (K1 + 1) / (n + K1 * (1 - B + B * ix.lengths[at] / average))
            scores[at] = (scores[at] or 0) + rarity * weight
        end
    end
    for at, score in pairs(scores) do
        hits[#hits + 1] = { document = ix.documents[at], score = score }
    end
    table.sort(hits, function(a, b)
        if a.score ~= b.score then
            return a.score > b.score
        end
        return a.document.path < b.document.path
    end)
    return hits
end

return index
