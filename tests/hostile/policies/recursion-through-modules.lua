-- expect: deny error:E_INVALID ~ requires itself
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return require "a"
@@@ a.lua
return require "b"
@@@ b.lua
return require "a"
