-- A module of the archive itself: require "lib.greeting".

local greeting = {}

---@param name string
---@return string
function greeting.line(name)
    return ("Nice to see you, %s."):format(name)
end

return greeting
