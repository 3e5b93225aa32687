local t = require "test"

t.case("rows are counted", function()
    local r = t.run { data = t.files { ["people.csv"] = "age\n40\n60\n" } }
    t.equal(r.files["rows.json"]:match('"rows": ?(%d+)'), "2")
end)
