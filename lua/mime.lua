-- E-mail messages as bytes: text, HTML, attachments (RFC 5322, 2045 to 2047, 2231). It builds and reads nothing: what
-- it is given becomes one value of one header or one part, or is refused. Line ends are CR LF.
--
-- Every part is quoted-printable or base64, neither of which can hold "=_": a boundary that begins so is in none.

local base64 = require "base64"
local date = require "date"

local mime = {}

local LINE <const> = 76 -- of encoded text
local FOLD <const> = 76 -- of a header's line, name and all: what encoded words are allowed
local SECTION <const> = 54 -- of a file's name, escaped
local TEXT_OF_WORD <const> = 39 -- bytes; 64 once they are encoded, which fits behind "Subject: "

local function fail(...)
    error("mime: " .. string.format(...), 0)
end

local function check_text(value, what)
    if type(value) ~= "string" then
        fail("%s is a %s, not a string", what, type(value))
    elseif not utf8.len(value) then
        fail("%s is not UTF-8", what)
    end
    return value
end

-- A line end in a header begins another header: the sender's, not ours.
local function check_line(value, what)
    if check_text(value, what):find("[%c\127]") then
        fail("%s has a line end or another control character in it", what)
    end
    return value
end

local function is_ascii(text)
    return not text:find("[\128-\255]")
end

-- Quoted-printable

local function hex(c)
    return ("=%02X"):format(c:byte())
end

-- Soft breaks, no escape cut in two.
local function wrap(line, out)
    while #line > LINE do
        local cut = LINE - 1
        local equals = line:find("=", cut - 1, true)
        if equals and equals <= cut then
            cut = equals - 1
        end
        out[#out + 1] = line:sub(1, cut) .. "="
        line = line:sub(cut + 1):gsub("^%.", hex)
    end
    out[#out + 1] = line
end

-- A dot at the start of a line, and "From ", mean something to programs on the way.
function mime.quoted_printable(text)
    check_text(text, "the text")
    local out = {}
    for line in (text:gsub("\r\n?", "\n") .. "\n"):gmatch("(.-)\n") do
        line = line:gsub("[^\t\32-\60\62-\126]", hex):gsub("[ \t]$", hex)
        line = line:gsub("^%.", hex):gsub("^F(rom )", "=46%1")
        wrap(line, out)
    end
    return table.concat(out, "\r\n")
end

-- Headers

-- Encoded words: whole characters in each.
local function encoded_words(text)
    local words, from = {}, 1
    while from <= #text do
        local to = math.min(from + TEXT_OF_WORD - 1, #text)
        while to < #text and text:byte(to + 1) & 0xc0 == 0x80 do
            to = to - 1
        end
        words[#words + 1] = "=?utf-8?B?" .. base64.encode(text:sub(from, to)) .. "?="
        from = to + 1
    end
    return words
end

-- Words with a space between, over as many lines as they need.
local function fold(name, words)
    local lines, line = {}, name .. ":"
    for _, word in ipairs(words) do
        if line ~= "" and #line + 1 + #word > FOLD then
            lines[#lines + 1] = line
            line = ""
        end
        line = line .. " " .. word
    end
    lines[#lines + 1] = line
    return table.concat(lines, "\r\n")
end

local function longest(text)
    local most = 0
    for word in text:gmatch("[^ ]+") do
        most = math.max(most, #word)
    end
    return most
end

-- As it is where that can be read back as it is: else as encoded words, as is what could be taken for one.
local function text_words(text)
    local plain = is_ascii(text) and not text:find("=?", 1, true) and not text:find("  ", 1, true)
        and not text:find("^ ") and not text:find(" $") and longest(text) < FOLD
    if not plain then
        return encoded_words(text)
    end
    local words = {}
    for word in text:gmatch("[^ ]+") do
        words[#words + 1] = word
    end
    return words
end

-- One header of text, without a line end behind it.
function mime.header(name, value)
    if type(name) ~= "string" or not name:find("^%a[%w%-]*$") or #name > 60 then
        fail("a header's name must be letters, digits and hyphens: %s", tostring(name):gsub("%c", "?"))
    end
    return fold(name, text_words(check_line(value, "the header " .. name)))
end

local function quoted(text)
    return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- "ann@example.org", or { name = "Ann", address = "ann@example.org" }.
local function address_words(value, what)
    local address, name = value, nil
    if type(value) == "table" then
        address, name = value.address, value.name
    end
    check_line(address, "the address in " .. what)
    local shape = "^[%w!#$%%&'*+/=?^_`{|}~%.%-]+@[%w%.%-]+$"
    if #address > 254 or not address:find(shape) or address:find("..", 1, true) then
        fail("the address in %s is none: %s", what, address)
    end
    if not name or name == "" then
        return { address }
    end
    check_line(name, "the name in " .. what)
    local words = is_ascii(name) and #name <= FOLD - 12 and { quoted(name) } or encoded_words(name)
    words[#words + 1] = "<" .. address .. ">"
    return words
end

local function address_header(name, value)
    local list = value
    if type(value) ~= "table" or value.address then
        list = { value }
    end
    if #list == 0 then
        fail("%s has no address in it", name)
    end
    local words = {}
    for i, one in ipairs(list) do
        for _, word in ipairs(address_words(one, name)) do
            words[#words + 1] = word
        end
        if i < #list then
            words[#words] = words[#words] .. ","
        end
    end
    return fold(name, words)
end

-- Parts: { headers, body }

local function text_part(kind, text)
    return {
        "Content-Type: text/" .. kind .. "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
        mime.quoted_printable(check_text(text, kind == "plain" and "text" or "html")),
    }
end

local function percent(byte)
    return ("%%%02X"):format(byte:byte())
end

local function file_name(name)
    check_line(name, "an attachment's name")
    if name == "" or #name > 255 or name:find("[/\\]") then
        fail("an attachment's name must be that of a file: %s", name)
    end
    if is_ascii(name) and #name <= 60 then
        return "filename=" .. quoted(name)
    end
    -- RFC 2231: in sections of whole characters.
    local sections = { "" }
    for character in name:gmatch(utf8.charpattern) do
        local escaped = character:gsub("[^%w._%-]", percent)
        if #sections[#sections] + #escaped > SECTION then
            sections[#sections + 1] = ""
        end
        sections[#sections] = sections[#sections] .. escaped
    end
    if #sections == 1 then
        return "filename*=utf-8''" .. sections[1]
    end
    local out = {}
    for i, section in ipairs(sections) do
        out[i] = ("filename*%d*=%s%s"):format(i - 1, i == 1 and "utf-8''" or "", section)
    end
    return table.concat(out, ";\r\n ")
end

local function attachment_part(a)
    if type(a) ~= "table" or type(a.bytes) ~= "string" then
        fail("an attachment is { name =, bytes =, type = }, its bytes a string")
    end
    local kind = a.type or "application/octet-stream"
    if type(kind) ~= "string" or not kind:find("^[%w.+%-]+/[%w.+%-]+$") or #kind > 100 or kind:find("^multipart/")
        or kind:find("^message/") then
        fail("an attachment's type must be that of one file, such as text/csv: %s", tostring(kind):gsub("%c", "?"))
    end
    if kind:find("^text/") and utf8.len(a.bytes) then
        kind = kind .. "; charset=utf-8"
    end
    return {
        "Content-Type: " .. kind .. "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n "
            .. file_name(a.name),
        (base64.encode(a.bytes):gsub(("."):rep(LINE), "%0\r\n"):gsub("\r\n$", "")),
    }
end

local function multipart(kind, parts, boundary)
    local out = {}
    for _, part in ipairs(parts) do
        out[#out + 1] = ("--%s\r\n%s\r\n\r\n%s\r\n"):format(boundary, part[1], part[2])
    end
    out[#out + 1] = "--" .. boundary .. "--"
    return { ('Content-Type: multipart/%s; boundary="%s"'):format(kind, boundary), table.concat(out) }
end

local function body_part(m)
    local body
    if m.text and m.html then
        body = multipart("alternative", { text_part("plain", m.text), text_part("html", m.html) }, "=_enclua_2")
    elseif m.html then
        body = text_part("html", m.html)
    else
        body = text_part("plain", m.text or "")
    end
    if not m.attachments or #m.attachments == 0 then
        return body
    end
    local parts = { body }
    for i, a in ipairs(m.attachments) do
        parts[i + 1] = attachment_part(a)
    end
    return multipart("mixed", parts, "=_enclua_1")
end

-- The message

local MONTHS <const> = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local function date_header(name, value)
    if math.type(value) ~= "integer" then
        fail("date is seconds since 1970, a whole number")
    end
    local month = MONTHS[date.table(value).month]
    local pattern = (", %%d %s %%Y %%H:%%M:%%S +0000"):format(month)
    return name .. ": " .. date.format(value, "%A"):sub(1, 3) .. date.format(value, pattern)
end

local function id_header(name, value)
    if #check_line(value, "message_id") > 250 or not value:find("^<[%w._+%-]+@[%w._+%-]+>$") then
        fail("message_id is of the form <what@where>")
    end
    return name .. ": " .. value
end

local fields <const> = { -- in the order in which they are written
    { "from", "From", address_header }, { "to", "To", address_header }, { "cc", "Cc", address_header },
    { "reply_to", "Reply-To", address_header }, { "subject", "Subject", mime.header }, { "date", "Date", date_header },
    { "message_id", "Message-ID", id_header },
}
local others <const> = { text = true, html = true, attachments = true, headers = true }

-- More headers, by name; those that this module writes itself are not among them.
local function more_headers(headers, out)
    local names = {}
    for name in pairs(headers) do
        names[#names + 1] = name
    end
    table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
    for i, name in ipairs(names) do
        local lower = tostring(name):lower()
        if lower:find("^content%-") or lower == "mime-version" or lower == "bcc" or lower == "sender" then
            fail("the header %s cannot be set", lower)
        end
        for _, field in ipairs(fields) do
            if lower == field[2]:lower() then
                fail("the header %s is set by the field %s", lower, field[1])
            end
        end
        if i > 1 and lower == tostring(names[i - 1]):lower() then
            fail("the header %s is there twice", lower)
        end
        out[#out + 1] = mime.header(name, headers[name])
    end
end

function mime.message(m)
    local known = {}
    for name in pairs(others) do
        known[name] = true
    end
    local out = {}
    for _, field in ipairs(fields) do
        known[field[1]] = true
        if m[field[1]] ~= nil then
            out[#out + 1] = field[3](field[2], m[field[1]])
        end
    end
    for name in pairs(m) do
        if not known[name] then
            fail("a message has no field %s", tostring(name))
        end
    end
    more_headers(m.headers or {}, out)
    local body = body_part(m)
    out[#out + 1] = "MIME-Version: 1.0"
    out[#out + 1] = body[1]
    local ended = body[2]:sub(-2) == "\r\n"
    return table.concat(out, "\r\n") .. "\r\n\r\n" .. body[2] .. (ended and "" or "\r\n")
end

return mime
