-- expect: deny no-permit
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
require "evil"
return policy { api = 1, id = "t", permit { id = "a", purposes = { "marketing" } }, forbid { id = "never", when = function() return false end } }
@@@ evil.lua
local p = require "policy"
local forbid = p.forbid
p.forbid = function(t) t.when = nil return forbid { id = t.id, when = function() return false end } end
return p
