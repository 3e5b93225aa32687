-- base64 for use outside a box, where it is in C: the same answers, slowly.

local base64 = {}

local ALPHABET <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local VALUES <const> = {}
for i = 1, 64 do
    VALUES[ALPHABET:byte(i)] = i - 1
end

local function letter(n)
    return ALPHABET:sub(n + 1, n + 1)
end

function base64.encode(bytes)
    return (bytes:gsub("..?.?", function(part)
        local a, b, c = part:byte(1, 3)
        local n = a << 16 | (b or 0) << 8 | (c or 0)
        return letter(n >> 18) .. letter(n >> 12 & 63) .. (b and letter(n >> 6 & 63) or "=")
            .. (c and letter(n & 63) or "=")
    end))
end

-- nil and why, when the text is no canonical base64; padding may be left out.
function base64.decode(text)
    local body, padding = text:match("^([%w+/]*)(=?=?)$")
    if not body or #body % 4 == 1 or (padding ~= "" and (#body + #padding) % 4 ~= 0) then
        return nil, "is not base64"
    end
    local out = {}
    for i = 1, #body, 4 do
        local a, b, c, d = body:byte(i, i + 3)
        local n = VALUES[a] << 18 | VALUES[b] << 12 | (VALUES[c] or 0) << 6 | (VALUES[d] or 0)
        if (not c and n & 0xffff ~= 0) or (not d and n & 0xff ~= 0) then
            return nil, "is not canonical base64"
        end
        out[#out + 1] = string.char(n >> 16, n >> 8 & 255, n & 255):sub(1, d and 3 or c and 2 or 1)
    end
    return table.concat(out)
end

return base64
