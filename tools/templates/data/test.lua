local t = require "test"

t.case("average of a column", function()
    local r = t.run { args = { column = "age" }, data = t.files { ["people.csv"] = "age\n40\n60\n50\n45\n55\n" } }
    t.equal(r.files["average.txt"], "50.000\n")
end)
