local t = require "test"
local message = require "lib.message"

t.case("a message to the protected address", function()
    local r = t.run {
        args = { from = "bob@example.org", subject = "Grüße", text = "Hello" },
        data = t.values { email = "ada@example.org" },
    }
    local text = r.files["message.eml"]
    assert(text:find("To: ada@example.org\r\n", 1, true))
    assert(text:find("Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n", 1, true))
    assert(text:find("\r\n\r\nSGVsbG8=\r\n", 1, true))
end)

t.case("a subject cannot add a header", function()
    local evil = { from = "b@example.org", to = "a@example.org", subject = "x\r\nBcc: c@example.org", text = "" }
    t.equal(pcall(message.build, evil), false)
end)
