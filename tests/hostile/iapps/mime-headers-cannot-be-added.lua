-- expect: OK "0"
-- A line end in any field would begin a header of its own.
local mime = require "mime"
local base = function() return { from = "a@example.org", to = "b@example.org", subject = "s", text = "t" } end
local passed = 0
for _, evil in ipairs { "x\r\nBcc: c@example.org", "x\nBcc: c@example.org", "x\rBcc: c@example.org", "x\0y", "x\u{2028}y\nz", "\r\n\r\nbody", "x\r\n Bcc: c" } do
    for _, field in ipairs { "from", "to", "cc", "reply_to", "subject", "message_id" } do
        local m = base()
        m[field] = evil
        local ok, text = pcall(mime.message, m)
        if ok and text:find("\nBcc:") then passed = passed + 1 end
        m[field] = { name = evil, address = "a@example.org" }
        ok, text = pcall(mime.message, m)
        if ok and text:find("\nBcc:") then passed = passed + 1 end
    end
    for _, at in ipairs { { name = evil, bytes = "" }, { name = "a", bytes = "", type = evil }, { name = "a", bytes = evil } } do
        local m = base()
        m.attachments = { at }
        local ok, text = pcall(mime.message, m)
        if ok and text:find("\nBcc:") then passed = passed + 1 end
    end
    local ok, text = pcall(mime.header, evil, "x")
    if ok then passed = passed + 1 end
    ok, text = pcall(mime.header, "X-A", evil)
    if ok and text:find("\nBcc:") then passed = passed + 1 end
end
return passed
