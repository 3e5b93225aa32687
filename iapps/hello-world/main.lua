-- The smallest useful iApp: arguments are public, the protected text is not. Both end up in a result that only the
-- requester can open.

local function protected_texts(data)
    local lines = {}
    for _, leaf in ipairs(data:list()) do
        if leaf.type == "string" then
            lines[#lines + 1] = ("Your protected %s reads: %s"):format(leaf.path, data:get(leaf.path, "string"))
        end
    end
    return lines
end

return function(task)
    local lines = { ("Hello, %s!"):format(task.args.name) }
    if task.data then
        local texts = protected_texts(task.data)
        if #texts == 0 then
            error("the data holds no text; protect one with: enclua protect --set secretText='…'", 0)
        end
        table.move(texts, 1, #texts, #lines + 1, lines)
    end
    local text = table.concat(lines, "\n") .. "\n"
    print(lines[1])
    task.result:write("hello.txt", text)
end
