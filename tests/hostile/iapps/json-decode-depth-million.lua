-- expect: OK "false"
local json = require "json"
return (pcall(json.decode, ("["):rep(4e6)))
