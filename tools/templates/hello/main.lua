-- @summary@.
--@if author
-- By @author@.
--@end

--@if lib
local greeting = require "lib.greeting"

--@end
--@if data bulk
-- How many leaves there are and how large: never what is in them.
local function describe(data)
    local leaves, bytes = data:list(), 0
    for _, leaf in ipairs(leaves) do
        bytes = bytes + leaf.size
    end
    return ("%d leaves, %d bytes"):format(#leaves, bytes)
end

--@end
--@if secrets app-secret
-- Secrets never go into a result or a log; that one is there may be said.
local function is_there(secret)
    return secret and "given" or "not given"
end

--@end
---@param task enclua.Task
return function(task)
    local lines = {}
    local function say(format, ...)
        lines[#lines + 1] = format:format(...)
    end

--@if args
    say("Hello, %s!", task.args.name)
--@end
--@if !args
    say("Hello!")
--@end
--@if lib
    say(greeting.line("stranger"))
--@end
--@if data
    say("data: %s", describe(task.data))
--@end
--@if bulk
    for i, data in ipairs(task.datasets) do
        say("data %d: %s", i, data.error or describe(data)) -- one that fails does not end the others
    end
--@end
--@if files
    local names = {}
    for name in pairs(task.files) do
        names[#names + 1] = name
    end
    table.sort(names) -- pairs has no order, and a result must not depend on it
    for _, name in ipairs(names) do
        say("file %s: %d bytes", name, task.files[name]:size())
    end
--@end
--@if secrets
    say("secret 1: %s", is_there(task:secret(1)))
--@end
--@if app-secret
    say("secret of the author: %s", is_there(task:app_secret()))
--@end

    print(lines[1])
    task.result:write("hello.txt", table.concat(lines, "\n") .. "\n")
end
