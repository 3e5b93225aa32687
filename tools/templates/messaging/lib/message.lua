-- An e-mail with one text part (RFC 5322, 2045, 2047). Nothing that is put into a header can begin another one.

local base64 = require "base64"

local message = {}

local function address(what, text)
    if not text:find("^[%w.!#$%%&'*+/=?^_`{|}~-]+@[%w.-]+$") or #text > 254 then
        error(("%s is no e-mail address"):format(what), 0) -- not the address: an error may be read by others
    end
    return text
end

-- Words outside ASCII, or too long for a line, go encoded, at most 45 bytes at a time and never cut inside a character.
local function header(text)
    if text:find("[\0-\31\127]") then
        error("a header must not hold control characters", 0)
    end
    if #text <= 60 and not text:find("[\128-\255]") and not text:find("=?", 1, true) then
        return text
    end
    local words, from = {}, 1
    while from <= #text do
        local to = math.min(from + 44, #text)
        while to < #text and text:byte(to + 1) & 0xC0 == 0x80 do
            to = to - 1
        end
        words[#words + 1] = "=?UTF-8?B?" .. base64.encode(text:sub(from, to)) .. "?="
        from = to + 1
    end
    return table.concat(words, "\r\n ")
end

local function body(text)
    local lines = {}
    for chunk in base64.encode((text:gsub("\r?\n", "\r\n"))):gmatch(("."):rep(76, "?") .. "?") do
        if chunk ~= "" then
            lines[#lines + 1] = chunk
        end
    end
    return table.concat(lines, "\r\n")
end

---@param m { from: string, to: string, subject: string, text: string }
---@return string
function message.build(m)
    return table.concat({
        "From: " .. address("the sender", m.from),
        "To: " .. address("the protected address", m.to),
        "Subject: " .. header(m.subject),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        body(m.text),
        "",
    }, "\r\n")
end

return message
