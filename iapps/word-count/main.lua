-- Reads the text once, in pieces; memory does not grow with its size. Counts agree with `wc`.

local PIECE <const> = 256 * 1024
local WORDS_MAX <const> = 200000 -- different words kept for the table
local WORD_BYTES <const> = 64 -- longer ones are counted, not listed

local function only_file(data)
    local list = data:list()
    if #list ~= 1 then
        error(("word-count reads one file; the data holds %d parts"):format(#list), 0)
    end
    return list[1]
end

-- Counts the words of a text that ends between two words. A word that is there already is the common case.
local function tally(words, state, text)
    local n = 0
    for word in text:lower():gmatch("%S+") do
        n = n + 1
        local seen = words[word]
        if seen then
            words[word] = seen + 1
        elseif #word <= WORD_BYTES and state.kinds < WORDS_MAX then
            words[word] = 1
            state.kinds = state.kinds + 1
        else
            state.dropped = state.dropped + 1
        end
    end
    return n
end

local function count_only(text)
    local _, n = text:gsub("%S+", "")
    return n
end

local function frequent(words, top)
    local list = {}
    for word, n in pairs(words) do
        list[#list + 1] = { word = word, n = n }
    end
    table.sort(list, function(a, b)
        if a.n ~= b.n then
            return a.n > b.n
        end
        return a.word < b.word
    end)
    return table.move(list, 1, math.min(top, #list), 1, {})
end

return function(task)
    local file = only_file(task.data)
    local stream = task.data:open(file.path)
    local lines, count, bytes = 0, 0, 0
    local words, state = {}, { kinds = 0, dropped = 0 }
    local top = math.max(task.args.top, 0)
    local function counted(text)
        return top > 0 and tally(words, state, text) or count_only(text)
    end
    local rest = "" -- the beginning of a word that the piece cut
    while true do
        local piece = stream:read(PIECE)
        if not piece then
            break
        end
        bytes = bytes + #piece
        local _, newlines = piece:gsub("\n", "")
        lines = lines + newlines
        if #rest <= PIECE then
            piece = rest .. piece
        else -- a "word" longer than a piece: it is one word, whatever is in it
            local last = piece:find("%s")
            piece = last and rest:sub(1, WORD_BYTES + 1) .. piece:sub(last) or rest
        end
        local cut = piece:match("^.*%s()") or 1
        rest = piece:sub(cut)
        local whole = piece:sub(1, cut - 1)
        count = count + counted(whole)
        if file.size > 0 then
            task:progress(bytes / file.size)
        end
    end
    if rest ~= "" then
        count = count + counted(rest)
    end

    task.result:json("counts.json", {
        file = file.path,
        lines = lines,
        words = count,
        bytes = bytes,
        words_dropped = state.dropped,
    })
    local out = { "word,count" }
    for _, item in ipairs(frequent(words, top)) do
        out[#out + 1] = ('"%s",%d'):format(item.word:gsub('"', '""'), item.n)
    end
    task.result:write("words.csv", table.concat(out, "\n") .. "\n")
end
