-- Names the texts of a corpus that fit a query best. Of the texts themselves only snippets leave, and only on request.

local index = require "lib.index"
local json = require "json"
local snippet = require "lib.snippet"

-- iapp.yaml says `outputs: {raw: true}` because of this line. Where owners want names and scores to be all that can
-- ever leave, false here and no `raw` there make another iApp, with a name of its own.
local SNIPPETS <const> = true

local TERMS_MAX <const> = 32
local TOP_MAX <const> = 100

local function fail(format, ...)
    error(format:format(...), 0)
end

local function texts_of(data)
    local texts, others = {}, 0
    for _, leaf in ipairs(data:list()) do
        if leaf.type:find("^text/") or leaf.type == "string" then
            texts[#texts + 1] = {
                path = leaf.path,
                open = function()
                    return data:open(leaf.path)
                end,
            }
        else
            others = others + 1
        end
    end
    return texts, others
end

return function(task)
    local args = task.args
    if args.top < 1 or args.top > TOP_MAX then
        fail("top is %d; it lies between 1 and %d", args.top, TOP_MAX)
    elseif args.snippets and not SNIPPETS then
        fail("this iApp never quotes a text: its manifest does not say outputs.raw")
    end
    local terms = index.terms(args.query)
    if #terms == 0 or #terms > TERMS_MAX then
        fail("the query has %d different words; it needs 1 to %d", #terms, TERMS_MAX)
    end
    local texts, others = texts_of(task.data)
    if #texts == 0 then
        fail("the data holds no text, and %d files of other types", others)
    end

    local ix = index.build(texts, terms, function(share)
        task:progress(share)
    end)
    local found = index.search(ix)
    local hits = json.array()
    for i = 1, math.min(args.top, #found) do
        local document = found[i].document
        hits[i] = {
            path = document.path,
            score = found[i].score,
            snippet = args.snippets and snippet(document.open(), terms) or nil,
        }
    end
    local documents = {}
    for _, term in ipairs(terms) do
        documents[term] = #ix.postings[term]
    end
    task.result:json("hits.json", {
        hits = hits,
        found = #found,
        texts = #texts,
        skipped = others,
        texts_with = documents,
    })
end
