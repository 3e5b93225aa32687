-- expect: deny error:E_INVALID ~ must return policy { … }
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return '{"effect":"permit","rules":["a"],"reasons":[],"obligations":{},"missing":[],"errors":[],"conditions":[]}'
