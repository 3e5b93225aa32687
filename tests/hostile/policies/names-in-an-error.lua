-- expect: deny error:E_TASK ~ "message":"] }? [2J?? evil"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() error("] }\u{202e}\27[2J\xff\u{feff}\nevil", 0) end } }
