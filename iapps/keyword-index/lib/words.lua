-- Words of texts in UTF-8, in small letters: Latin, Greek and Cyrillic ones; others stay as they are, and so do bytes
-- that are no UTF-8. The same file in every iApp that has it.

local words = {}

local PIECE <const> = 64 * 1024

local small = {} -- by the capital letter; both have two bytes

local function pairs_of(first, last, distance, step)
    for code = first, last, step do
        small[utf8.char(code)] = utf8.char(code + distance)
    end
end

pairs_of(0xC0, 0xDE, 32, 1) -- À to Þ
pairs_of(0x100, 0x136, 1, 2) -- Ā to Ķ, every other one a capital
pairs_of(0x139, 0x147, 1, 2)
pairs_of(0x14A, 0x176, 1, 2)
pairs_of(0x179, 0x17D, 1, 2)
pairs_of(0x391, 0x3AB, 32, 1) -- Α to Ϋ
pairs_of(0x400, 0x40F, 80, 1) -- Ѐ to Џ
pairs_of(0x410, 0x42F, 32, 1) -- А to Я
small["×"], small["İ"], small["\u{3A2}"] = nil, nil, nil -- these are no capitals, or not of the letter that follows
small["Ÿ"], small["ς"] = "ÿ", "σ"

---@param text string
---@return string
function words.fold(text)
    return (text:lower():gsub("[\xC3-\xD0][\x80-\xBF]", small))
end

---The text in small letters, and with spaces for punctuation beyond ASCII (« » ·, no-break spaces, dashes and quotation
---marks, CJK marks); as long as before, so that what is found in it lies at the same place of the text.
---@param text string
---@return string
function words.plain(text)
    text = words.fold(text):gsub("\xC2[\xA0-\xBF]", "  ")
    return (text:gsub("\xE2[\x80\x81][\x80-\xBF]", "   "):gsub("\xE3\x80[\x80-\xBF]", "   "))
end

---The words of a text: runs of letters and digits.
---@param text string
---@return fun(): string?
function words.each(text)
    return words.plain(text):gmatch("[%w\x80-\xFF]+")
end

---A stream as texts that end between two words; a word longer than a piece is cut.
---@param stream enclua.Stream
---@return fun(): string?
function words.pieces(stream)
    local rest = ""
    return function()
        local piece = stream:read(PIECE)
        if not piece or #piece < PIECE then -- the end
            piece, rest = rest .. (piece or ""), ""
            return piece ~= "" and piece or nil
        end
        piece = rest .. piece
        local cut = piece:match("^.*%s()") or #piece + 1
        rest = piece:sub(cut)
        return piece:sub(1, cut - 1)
    end
end

return words
