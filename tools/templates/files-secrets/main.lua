-- @summary@.
-- An HMAC-SHA-256 for each; with a secret of the author deposited (enclua app secret set), a second one by that.
--@if author
-- By @author@.
--@end

local hash = require "hash"

---@param task enclua.Task
return function(task)
    local key = task:secret(1) or error("the secret 1, the key, is missing: --secret 1=@FILE", 0)
    local author, names = task:app_secret(), {}
    for name in pairs(task.files) do
        names[#names + 1] = name
    end
    table.sort(names) -- pairs has no order, and a result must not depend on it
    local out <close> = task.result:open("signatures.txt")
    for _, name in ipairs(names) do
        local bytes = task.files[name]:read("a")
        out:write(hash.hmac(key, bytes), "  ", name, "\n")
        if author then
            out:write(hash.hmac(author, bytes), "  ", name, " (author)\n")
        end
    end
end
