local util = require("lib.util")

return function(task)
    task.result:write("answer.txt", util.answer())
end
