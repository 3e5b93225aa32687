-- Compares two lists and tells three numbers: how many entries each has, and how many are in both. A number is told
-- only where it speaks of enough entries.

local csv = require "csv"
local json = require "json"
local words = require "lib.words"

local FLOOR <const> = 20 -- no argument lowers the minimum below this

local FIRST <const>, SECOND <const>, BOTH <const> = 1, 2, 3

local function fail(format, ...)
    error(format:format(...), 0)
end

local function position(list, name)
    for i, other in ipairs(list) do
        if other == name then
            return i
        end
    end
    return nil
end

-- The fields of one column, from top to bottom.
local function column_entries(stream, column, which)
    if not column then
        fail("list %d is a CSV: say which column to compare, with the argument column", which)
    end
    local records = csv.records(stream)
    local header = records() or fail("list %d is empty", which)
    local at = position(header, column)
        or fail('list %d has no column "%s"; its columns are: %s', which, column, table.concat(header, ", "))
    return function()
        local record = records()
        return record and record[at]
    end
end

local function line_entries(stream)
    local lines = stream:lines()
    local first = true
    return function()
        local line = lines()
        if first and line then
            first, line = false, line:gsub("^\xEF\xBB\xBF", "") -- the mark that some editors begin a file with
        end
        return line and line:gsub("\r$", "")
    end
end

local function entries(data, which, column)
    if data.error then
        fail("list %d cannot be opened: %s", which, data.error)
    end
    local leaves = data:list()
    if #leaves ~= 1 then
        fail("list %d has %d files; a list is one file", which, #leaves)
    end
    local leaf = leaves[1]
    if leaf.type == "text/csv" then
        return column_entries(data:open(leaf.path), column, which)
    elseif leaf.type == "text/plain" then
        return line_entries(data:open(leaf.path))
    end
    return fail("list %d is %s; a list is text with one entry in each line, or a CSV", which, leaf.type)
end

-- What two entries must share to be the same; "" is no entry.
local function normaliser(args)
    return function(entry)
        if args.ignore_spaces then
            entry = entry:gsub("%s+", " "):match("^ ?(.-) ?$")
        end
        return args.ignore_case and words.fold(entry) or entry
    end
end

local function compare(datasets, args)
    local normal = normaliser(args)
    local place, sizes, overlap = {}, { 0, 0 }, 0
    for which, mark in ipairs { FIRST, SECOND } do
        for entry in entries(datasets[which], which, args.column) do
            entry = normal(entry)
            local at = place[entry]
            if entry ~= "" and not at then
                place[entry] = mark
                sizes[which] = sizes[which] + 1
            elseif at == FIRST and mark == SECOND then
                place[entry] = BOTH
                sizes[which] = sizes[which] + 1
                overlap = overlap + 1
            end
        end
    end
    return sizes, overlap
end

return function(task)
    local minimum = math.max(task.args.minimum, FLOOR)
    if #task.datasets ~= 2 then
        fail("two lists are compared, not %d", #task.datasets)
    end
    local sizes, overlap = compare(task.datasets, task.args)
    if sizes[1] < minimum or sizes[2] < minimum then
        fail("a list has fewer than %d different entries: nothing is said about it", minimum)
    end
    -- Few in both, or few in one alone: the number would come close to naming them.
    local smallest = math.min(overlap, sizes[1] - overlap, sizes[2] - overlap)
    task.result:json("overlap.json", {
        minimum = minimum,
        sizes = sizes,
        overlap = smallest >= minimum and overlap or json.null,
    })
end
