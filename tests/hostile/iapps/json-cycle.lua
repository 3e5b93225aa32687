-- expect: OK "false"
local json = require "json"
local t = {}
t.t = t
return (pcall(json.encode, t))
