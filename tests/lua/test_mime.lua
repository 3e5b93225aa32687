-- mime: what is written, to the byte, and what is refused. Whether a mail program reads it as it was meant: tests/box/mime.bats.

local expect = require "expect"
local mime = require "mime"

local quoted = { -- name, text, quoted-printable
    { "plain text", "Hello, box!", "Hello, box!" },
    { "nothing", "", "" },
    { "equals", "1 + 1 = 2", "1 + 1 =3D 2" },
    { "UTF-8", "café", "caf=C3=A9" },
    { "line ends of three kinds", "a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd" },
    { "a line end at the end", "a\n", "a\r\n" },
    { "space at the end of a line", "a \nb\t", "a=20\r\nb=09" },
    { "control characters", "a\0b\127", "a=00b=7F" },
    { "a dot alone ends a message", ".\n.x", "=2E\r\n=2Ex" },
    { "From begins another in a mailbox", "From me", "=46rom me" },
    { "76 in a line", ("a"):rep(76), ("a"):rep(76) },
    { "77 in a line", ("a"):rep(77), ("a"):rep(75) .. "=\r\naa" },
    { "an escape is not cut, at 75", ("a"):rep(74) .. "=bb", ("a"):rep(74) .. "=\r\n=3Dbb" },
    { "an escape is not cut, at 74", ("a"):rep(73) .. "=bb", ("a"):rep(73) .. "=\r\n=3Dbb" },
    { "an escape fits", ("a"):rep(72) .. "=bb", ("a"):rep(72) .. "=3D=\r\nbb" },
    { "a dot behind a soft break", ("a"):rep(75) .. "..", ("a"):rep(75) .. "=\r\n=2E." },
}

local headers = { -- name, value, line
    { "plain", "Subject", "Results of 2026", "Subject: Results of 2026" },
    { "nothing", "Subject", "", "Subject:" },
    { "UTF-8", "Subject", "Résultats", "Subject: =?utf-8?B?UsOpc3VsdGF0cw==?=" },
    { "what looks like an encoded word", "Subject", "=?x?=", "Subject: =?utf-8?B?PT94Pz0=?=" },
    { "spaces that folding would lose", "X-A", " a  b ", "X-A: =?utf-8?B?IGEgIGIg?=" },
    { "folded at a space", "Subject", ("word "):rep(20) .. "end",
        "Subject: " .. ("word "):rep(13) .. "\r\n " .. ("word "):rep(7) .. "end" },
}

local refused = { -- part of the message, the message
    { "Subject has a line end", { subject = "Hi\r\nBcc: all@example.org" } },
    { "Subject has a line end", { subject = "Hi\nBcc: all@example.org" } },
    { "Subject has a line end", { subject = "Hi\rBcc: all@example.org" } },
    { "Subject has a line end", { subject = "Hi\0" } },
    { "the address in To has a line end", { to = "a@example.org\nBcc: b@example.org" } },
    { "the address in To is none", { to = "a@example.org, b@example.org" } },
    { "the address in To is none", { to = "a@example.org>" } },
    { "the address in To is none", { to = "a" } },
    { "the address in To is none", { to = "é@example.org" } },
    { "the name in To has a line end", { to = { name = "A\r\nBcc: x", address = "a@example.org" } } },
    { "To has no address", { to = {} } },
    { "a header's name", { headers = { ["X-A: b\r\nBcc"] = "x" } } },
    { "a header's name", { headers = { ["X A"] = "x" } } },
    { "a header's name", { headers = { "x" } } },
    { "X-A has a line end", { headers = { ["X-A"] = "x\r\n\r\nbody" } } },
    { "the header subject is set by the field subject", { headers = { SUBJECT = "x" } } },
    { "the header content-type cannot be set", { headers = { ["Content-Type"] = "x" } } },
    { "the header bcc cannot be set", { headers = { Bcc = "x@example.org" } } },
    { "is there twice", { headers = { ["X-A"] = "1", ["x-a"] = "2" } } },
    { "an attachment's name has a line end", { attachments = { { name = "a\r\nX: y", bytes = "" } } } },
    { "an attachment's name must be", { attachments = { { name = "../a", bytes = "" } } } },
    { "an attachment's name must be", { attachments = { { name = "", bytes = "" } } } },
    { "an attachment's name is a nil", { attachments = { { bytes = "" } } } },
    { "an attachment's type", { attachments = { { name = "a", type = "text/csv\r\nX: y", bytes = "" } } } },
    { "an attachment's type", { attachments = { { name = "a", type = "multipart/mixed", bytes = "" } } } },
    { "its bytes a string", { attachments = { { name = "a" } } } },
    { "message_id is of the form", { message_id = "<a@b>\r\nX: y" } , "has a line end" },
    { "message_id is of the form", { message_id = "a@b" } },
    { "date is seconds", { date = "today" } },
    { "the text is not UTF-8", { text = "\xff" } , "text is not UTF-8" },
    { "Subject is not UTF-8", { subject = "\xff" } },
    { "html is a number", { html = 5 } },
    { "a message has no field bcc", { bcc = "a@example.org" } },
    { "a message has no field body", { body = "x" } },
}

local tests = {}
for _, case in ipairs(quoted) do
    tests[#tests + 1] = { "quoted-printable: " .. case[1], function()
        expect.equal(mime.quoted_printable(case[2]), case[3])
    end }
end
for _, case in ipairs(headers) do
    tests[#tests + 1] = { "header: " .. case[1], function()
        expect.equal((mime.header(case[2], case[3]):gsub(" \r\n", "\r\n")), (case[4]:gsub(" \r\n", "\r\n")))
    end }
end
for i, case in ipairs(refused) do
    tests[#tests + 1] = { ("refused %d: %s"):format(i, case[1]), function()
        expect.raises(case[3] or case[1], mime.message, case[2])
    end }
end

tests[#tests + 1] = { "a whole message", function()
    expect.equal(mime.message {
        from = "box@example.org", to = { "a@example.org", { name = "Bob \"B\"", address = "b@example.org" } }, subject = "Hi",
        date = 0, message_id = "<1@example.org>", headers = { ["X-Task"] = "task1" }, text = "text\n", html = "<p>text</p>",
        attachments = { { name = "a.csv", type = "text/csv", bytes = "1,2\n" } },
    }, table.concat({
        "From: box@example.org", 'To: a@example.org, "Bob \\"B\\"" <b@example.org>', "Subject: Hi", "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        "Message-ID: <1@example.org>", "X-Task: task1", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=_enclua_1"', "",
        "--=_enclua_1", 'Content-Type: multipart/alternative; boundary="=_enclua_2"', "",
        "--=_enclua_2", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "text", "",
        "--=_enclua_2", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "<p>text</p>",
        "--=_enclua_2--",
        "--=_enclua_1", "Content-Type: text/csv; charset=utf-8", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment;",
        ' filename="a.csv"', "", "MSwyCg==", "--=_enclua_1--", "",
    }, "\r\n"))
end }

tests[#tests + 1] = { "no line is longer than mail allows, whatever the text", function()
    local long = ("é, "):rep(300) .. ("x"):rep(300)
    local m = mime.message { subject = long, to = { { name = long, address = "a@example.org" } }, text = long, html = long,
        headers = { ["X-" .. ("y"):rep(50)] = long }, attachments = { { name = ("é"):rep(100), bytes = long } } }
    for line in m:gmatch("(.-)\r\n") do
        assert(#line <= 76 and not line:find("[\r\n\128-\255]"), line)
    end
    assert(not m:gsub("\r\n", ""):find("[\r\n]"))
end }

tests[#tests + 1] = { "a boundary in the text is not one", function()
    local m = mime.message { text = "\n--=_enclua_1--\n--=_enclua_2\n", attachments = { { name = "a", bytes = "--=_enclua_1" } } }
    local _, n = m:gsub("%-%-=_enclua_1", "")
    expect.equal(n, 3)
end }

return tests
