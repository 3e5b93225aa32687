-- @summary@.
-- Run it with --beneficiary, the one who delivers. The message holds the address as it is, so the manifest says `raw`:
-- owners' rules can tell.
--@if author
-- By @author@.
--@end

local mime = require "mime"

---@param task enclua.Task
return function(task)
    local args = task.args
    local ok, mail = pcall(mime.message, {
        from = args.from,
        to = task.data:get("email"):match("^%s*(.-)%s*$"), -- a value, or a file that ends with a newline
        subject = args.subject,
        text = args.text,
    })
    if not ok then -- what mime says could quote the address, and an error may be read by others
        error("the protected address, or what was given with it, does not fit into an e-mail", 0)
    end
    task.result:write("message.eml", mail)
    task:log("one message, %d bytes of text", #args.text)
end
