-- A score for the person whose finances are protected, or one for each row of a table; always with what it is made of.

local facts = require "lib.facts"
local score = require "lib.score"
local weights = require "lib.weights"

local function only_csv(data)
    local leaves = data:list()
    return #leaves == 1 and leaves[1].type == "text/csv" and leaves[1].path or nil
end

local function header()
    local names = { "row", "score", "grade" }
    for _, factor in ipairs(weights.factors) do
        names[#names + 1] = factor.name
    end
    names[#names + 1] = "reasons"
    return table.concat(names, ",") .. "\n"
end

local function line(n, result)
    local fields = { n, result.score, result.grade }
    for _, factor in ipairs(result.factors) do
        fields[#fields + 1] = factor.points
    end
    fields[#fields + 1] = ('"%s"'):format(table.concat(result.reasons, "; "))
    return table.concat(fields, ",") .. "\n"
end

return function(task)
    local path = only_csv(task.data)
    if not path then
        task.result:json("score.json", score.explain(facts.from_values(task.data)))
        return
    end
    local out <close> = task.result:open("scores.csv")
    out:write(header())
    local n = 0
    for person in facts.from_rows(task.data:open(path)) do
        n = n + 1
        out:write(line(n, score.explain(person)))
    end
end
