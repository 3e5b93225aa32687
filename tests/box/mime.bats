#!/usr/bin/env bats
# E-mail that a box builds, read by Python's email package: every header, text and attachment comes out as it went in. The same iApp under the
# plain Lua of the system, with lua/rock beside, writes the same bytes.

load ../result/helper
setup() {
	setup_home
	mkdir mailer
	printf 'api: 1\nname: mailer\nversion: 1.0.0\nsummary: mail\nentry: main.lua\n' > mailer/iapp.yaml
	cat > mailer/main.lua <<-'END'
		local mime = require "mime"
		local long = ("Über alle Maßen lang, "):rep(30) .. "Ende"
		local bytes = {}
		for i = 0, 5000 do
		    bytes[#bytes + 1] = string.char(i * 7 % 256)
		end
		local messages = {
		    plain = { from = "box@example.org", to = "ann@example.org", subject = "Results", text = "line one\nline two = 2\n" },
		    words = { from = { name = "Bjørn Ærlig", address = "b@example.org" }, cc = { name = 'Say "Hi", \\o/', address = "s@example.org" },
		        to = { { name = long, address = "l@example.org" }, "ann+x@example.org" }, reply_to = "no-reply@example.org", date = 1700000000,
		        message_id = "<task1.x@example.org>", subject = long, headers = { ["X-Task"] = "task1", ["X-Note"] = "日本語 " .. long }, text = long .. "\n" },
		    html = { subject = "=?utf-8?Q?not_decoded?=  two  spaces ", html = "<p>café</p>\n" },
		    full = { subject = "All", text = "see\n.\nFrom here\n trailing \n" .. long .. "\n", html = "<b>" .. long .. "</b>\n", attachments = {
		        { name = "table.csv", type = "text/csv", bytes = "a,b\r\n1,é\n" }, { name = "raw.bin", bytes = table.concat(bytes) },
		        { name = 'quo"te.txt', type = "text/plain", bytes = "x" }, { name = ("Über alle Maßen lang, "):rep(8) .. ".pdf", type = "application/pdf", bytes = "" },
		        { name = "Bericht März.txt", bytes = "\0" } } },
		}
		return function(task)
		    for name, m in pairs(messages) do
		        task.result:write(name .. ".eml", mime.message(m))
		    end
		end
	END
	cat > check.py <<-'END'
		import email, email.header, email.policy, email.utils, sys
		def load(name):
		    raw = open(f"{sys.argv[1]}/{name}.eml", "rb").read()
		    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r"), name
		    assert all(len(line) <= 78 for line in raw.split(b"\r\n")) and raw.isascii(), name
		    m = email.message_from_bytes(raw, policy=email.policy.default)
		    for part in m.walk():
		        assert not part.defects, (name, part.defects)
		        for value in part.values():
		            assert not value.defects, (name, value, value.defects)
		    return m
		def text(part):
		    return part.get_content().replace("\r\n", "\n")
		long = "Über alle Maßen lang, " * 30 + "Ende"
		m = load("plain")
		assert (m["From"], m["To"], m["Subject"]) == ("box@example.org", "ann@example.org", "Results"), m.items()
		assert m.get_content_type() == "text/plain" and text(m) == "line one\nline two = 2\n"
		m = load("words")
		def people(name):
		    return [(a.display_name, a.addr_spec) for a in m[name].addresses]
		assert people("From") == [("Bjørn Ærlig", "b@example.org")]
		assert people("Cc") == [('Say "Hi", \\o/', "s@example.org")], people("Cc")
		# In names, Python 3.11 puts a space between encoded words, against RFC 2047 6.2; its older decoder does not.
		(name, address), other = email.utils.getaddresses([email.message_from_bytes(open(f"{sys.argv[1]}/words.eml", "rb").read())["To"]])
		assert str(email.header.make_header(email.header.decode_header(name))) == long and address == "l@example.org"
		assert other == ("", "ann+x@example.org")
		assert m["Subject"] == long and m["X-Task"] == "task1" and m["X-Note"] == "日本語 " + long
		assert m["Date"].datetime.timestamp() == 1700000000 and m["Message-ID"] == "<task1.x@example.org>"
		assert text(m) == long + "\n" and m["Reply-To"] == "no-reply@example.org" and m["Bcc"] is None
		m = load("html")
		assert m["Subject"] == "=?utf-8?Q?not_decoded?=  two  spaces ", repr(m["Subject"])
		assert m.get_content_type() == "text/html" and text(m) == "<p>café</p>\n"
		m = load("full")
		assert text(m.get_body(("plain",))) == "see\n.\nFrom here\n trailing \n" + long + "\n"
		assert text(m.get_body(("html",))) == "<b>" + long + "</b>\n"
		files = [(a.get_filename(), a.get_content_type(), a.get_payload(decode=True)) for a in m.iter_attachments()]
		assert files == [("table.csv", "text/csv", "a,b\r\n1,é\n".encode()), ("raw.bin", "application/octet-stream", bytes(i * 7 % 256 for i in range(5001))),
		    ('quo"te.txt', "text/plain", b"x"), ("Über alle Maßen lang, " * 8 + ".pdf", "application/pdf", b""), ("Bericht März.txt", "application/octet-stream", b"\0")], files
		print("read", len(files))
	END
}
teardown() { teardown_home; }

@test "Python's email package reads what a box wrote, headers, texts and attachments" {
	"$enclua" run-task ./mailer -o out > /dev/null
	run python3 check.py out
	echo "$output"
	[ "$output" = "read 5" ]
}

@test "outside a box the same iApp writes the same bytes" {
	"$enclua" run-task ./mailer -o out > /dev/null
	mkdir plain
	LUA_PATH="$top/lua/?.lua;$top/lua/rock/?.lua" lua5.4 - <<-'END'
		local task = { result = {} }
		function task.result:write(path, bytes)
		    local out <close> = assert(io.open("plain/" .. path, "wb"))
		    out:write(bytes)
		end
		dofile("mailer/main.lua")(task)
	END
	[ "$(ls plain | wc -l)" -eq 4 ]
	for f in plain/*.eml; do
		cmp "$f" "out/${f#plain/}"
	done
}
