-- What the cases of this folder say about values. A broken expectation is an error at the line of the case.

local expect = {}

local function show(v)
    return type(v) == "string" and ("%q"):format(v) or tostring(v)
end

local function say(format, ...)
    error(format:format(...), 3)
end

function expect.equal(got, want)
    if got ~= want or math.type(got) ~= math.type(want) then
        say("got %s, not %s", show(got), show(want))
    end
end

function expect.near(got, want, tolerance)
    tolerance = tolerance or 1e-12
    if type(got) ~= "number" or not (math.abs(got - want) <= tolerance * math.max(1, math.abs(want))) then
        say("got %s, not %s within %s", show(got), show(want), show(tolerance))
    end
end

function expect.list(got, want)
    if #got ~= #want then
        say("got %d elements, not %d", #got, #want)
    end
    for i = 1, #want do
        if got[i] ~= want[i] then
            say("element %d is %s, not %s", i, show(got[i]), show(want[i]))
        end
    end
end

-- f raises an error with this text in it.
function expect.raises(text, f, ...)
    local ok, message = pcall(f, ...)
    if ok then
        say("no error; one with %s is expected", show(text))
    elseif not tostring(message):find(text, 1, true) then
        say("the error is %s; %s is expected in it", show(message), show(text))
    end
end

-- f gives nil and a reason with this text in it.
function expect.refuses(text, value, reason)
    if value ~= nil then
        say("got %s, not nil and a reason", show(value))
    elseif type(reason) ~= "string" or not reason:find(text, 1, true) then
        say("the reason is %s; %s is expected in it", show(reason), show(text))
    end
end

return expect
