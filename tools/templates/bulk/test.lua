local t = require "test"

t.case("a row for each owner", function()
    local r = t.run { data = { t.files { ["a.csv"] = "x\n1\n2\n" }, t.files { ["b.csv"] = "x\n3\n" } } }
    t.equal(r.files["rows.csv"], "data,rows,error\n1,2,\n2,1,\n")
end)
