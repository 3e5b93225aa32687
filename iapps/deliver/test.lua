local t = require "test"

t.case("files come out as they went in, under their paths", function()
    local files = { ["a.txt"] = "no end of line", ["deep/b.bin"] = "\0\xFF\r\n", ["empty"] = "" }
    t.equal(t.run({ data = t.files(files) }).files, files)
end)

t.case("names that the box takes for itself are in content/", function()
    local r = t.run { data = t.files { ["log.txt"] = "mine" } }
    t.equal(r.files, { ["content/log.txt"] = "mine" })
end)
