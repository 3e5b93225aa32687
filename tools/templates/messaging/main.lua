-- @summary@.
-- Run it with --beneficiary, the one who delivers. The message holds the address as it is, so the manifest says `raw`:
-- owners' rules can tell.
--@if author
-- By @author@.
--@end

local message = require "lib.message"

---@param task enclua.Task
return function(task)
    local args = task.args
    task.result:write("message.eml", message.build {
        from = args.from,
        to = task.data:get("email"):match("^%s*(.-)%s*$"), -- a value, or a file that ends with a newline
        subject = args.subject,
        text = args.text,
    })
    task:log("one message, %d bytes of text", #args.text)
end
