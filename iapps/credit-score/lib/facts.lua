-- The facts of a person, from typed values or from a row of a CSV. Errors name the fact and never its value.

local csv = require "csv"
local weights = require "lib.weights"

local facts = {}

local function fail(format, ...)
    error(format:format(...), 0)
end

local function check(value, fact, where)
    if math.type(value) == nil then
        fail("%s%s is not a number", where, fact.name)
    elseif value < 0 or value - value ~= 0 then
        fail("%s%s must not be negative, and not infinite", where, fact.name)
    elseif fact.whole and value % 1 ~= 0 then
        fail("%s%s must be a whole number", where, fact.name)
    end
    return value
end

---One person: values whose last names are those of the facts, as in finances.income.
---@param data enclua.Data
---@return table<string, number>
function facts.from_values(data)
    local paths = {}
    for _, leaf in ipairs(data:list()) do
        local name = leaf.path:match("[^/]+$")
        if paths[name] then
            fail("the data has %s twice", name)
        end
        paths[name] = leaf.path
    end
    local found = {}
    for _, fact in ipairs(weights.facts) do
        local path = paths[fact.name]
            or fail("the data has no value %s, as of: enclua protect --set %s=1 --type %s=f64",
                fact.name, fact.name, fact.name)
        found[fact.name] = check(data:get(path), fact, "")
    end
    return found
end

---A person in each row.
---@param stream enclua.Stream
---@return fun(): table<string, number>?
function facts.from_rows(stream)
    local rows, header = csv.rows(stream)
    local has = {}
    for _, name in ipairs(header) do
        has[name] = true
    end
    for _, fact in ipairs(weights.facts) do
        if not has[fact.name] then
            fail('there is no column "%s"; the columns are: %s', fact.name, table.concat(header, ", "))
        end
    end
    local n = 0
    return function()
        local row = rows()
        if not row then
            return nil
        end
        n = n + 1
        local found = {}
        for _, fact in ipairs(weights.facts) do
            found[fact.name] = check(tonumber(row[fact.name]), fact, ("row %d after the header: "):format(n))
        end
        return found
    end
end

return facts
