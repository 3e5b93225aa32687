local t = require "test"

local args = { from = "bob@example.org", subject = "Grüße", text = "Hello" }

t.case("a message to the protected address", function()
    local r = t.run { args = args, data = t.values { email = "ada@example.org" } }
    local text = r.files["message.eml"]
    assert(text:find("To: ada@example.org\r\n", 1, true))
    assert(text:find("Hello", 1, true))
    assert(not r.log:find("ada", 1, true))
end)

t.case("a bad address ends the run, and is not told", function()
    local r = t.run { args = args, data = t.values { email = "ada\r\nBcc: eve@example.org" } }
    assert(r.status ~= "ok" and not r.error.message:find("eve", 1, true))
end)
