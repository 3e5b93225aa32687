-- What the parts of the module stats share: checks of arguments, and sums.

local abs <const> = math.abs

local check = {}
local shared = { check = check }

-- Checks. Each is called by the function that it names, so that the message points to the caller of that one.

local function fail(name, format, ...)
    error(("stats.%s: " .. format):format(name, ...), 4)
end
check.fail = fail

function check.array(t, name)
    if type(t) ~= "table" then
        fail(name, "an array is expected, not a %s", type(t))
    elseif #t == 0 then
        fail(name, "the input is empty")
    end
    return #t
end

-- NaN is refused as well: it has no place in an order, and hides in a sum.
function check.numbers(t, name, least)
    if type(t) ~= "table" then
        fail(name, "an array of numbers is expected, not a %s", type(t))
    elseif #t == 0 then
        fail(name, "the input is empty")
    end
    local n = #t
    for i = 1, n do
        local x = t[i]
        if math.type(x) == nil or x ~= x then
            fail(name, "element %d is %s, not a number", i, type(x) == "number" and "nan" or type(x))
        end
    end
    if n < (least or 1) then
        fail(name, "at least %d values are needed, not %d", least, n)
    end
    return n
end

function check.same(n, m, name)
    if n ~= m then
        fail(name, "the arrays have %d and %d elements", n, m)
    end
    return n
end

function check.labels(y, name)
    for i = 1, #y do
        if y[i] ~= 0 and y[i] ~= 1 then
            fail(name, "label %d is %s; labels are 0 and 1", i, y[i])
        end
    end
end

-- Rows of equal length; returns how many, and how long.
function check.rows(rows, name)
    if type(rows) ~= "table" then
        fail(name, "an array of rows is expected, not a %s", type(rows))
    elseif #rows == 0 then
        fail(name, "the input is empty")
    end
    local width = type(rows[1]) == "table" and #rows[1] or 0
    if width == 0 then
        fail(name, "a row is an array of at least one feature")
    end
    for i = 1, #rows do
        local row = rows[i]
        if type(row) ~= "table" or #row ~= width then
            fail(name, "row %d does not have %d features as row 1 has", i, width)
        end
        for j = 1, width do
            local x = row[j]
            if math.type(x) == nil or x ~= x then
                fail(name, "row %d, feature %d is no number", i, j)
            end
        end
    end
    return #rows, width
end

-- Neumaier's compensated sum of f(i): the error does not grow with n.
function shared.sum_of(n, f)
    local s, c = 0.0, 0.0
    for i = 1, n do
        local x = f(i)
        local t = s + x
        if abs(s) >= abs(x) then
            c = c + ((s - t) + x)
        else
            c = c + ((x - t) + s)
        end
        s = t
    end
    local total = s + c
    return total == total and total or s -- the correction of an infinity is no number
end

function shared.sum(t, n)
    return shared.sum_of(n, function(i)
        return t[i]
    end)
end

return shared
