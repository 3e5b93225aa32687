-- A piece of the text itself, around the first of the words that were asked for.

local words = require "lib.words"

local BEFORE <const>, AFTER <const> = 60, 100 -- bytes

-- Whole words, on one line; JSON takes UTF-8 only.
local function tidy(text, first, last, size)
    if first > 1 then
        text = text:gsub("^%S*%s", "", 1):gsub("^[\x80-\xBF]+", "")
    end
    if last < size then
        text = text:gsub("%s%S*$", "", 1):gsub("[\xC0-\xFF][\x80-\xBF]*$", "")
    end
    text = text:gsub("%s+", " "):match("^ ?(.-) ?$")
    return utf8.len(text) and text or (text:gsub("[\x80-\xFF]", "?"))
end

---@param stream enclua.Stream
---@param terms string[]
---@return string?
return function(stream, terms)
    local asked = {}
    for _, term in ipairs(terms) do
        asked[term] = true
    end
    for piece in words.pieces(stream) do
        for at, word in words.plain(piece):gmatch("()([%w\x80-\xFF]+)") do
            if asked[word] then
                local first, last = math.max(at - BEFORE, 1), math.min(at + AFTER, #piece)
                return tidy(piece:sub(first, last), first, last, #piece)
            end
        end
    end
    return nil
end
