-- expect: permit a {"max_uses":4611686018427387903,"output_bytes":4611686018427387903,"epsilon_u6":4611686018427387903}
-- expect: deny! obligation:max_uses
-- question: {"counters":{"uses":9223372036854775807}}
-- expect: deny! obligation:epsilon_u6
-- question: {"app":{"epsilon_u6":9223372036854775807}}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Sums of what is used and what is asked would pass the largest number, and begin again below.
return policy { api = 1, id = "t", permit { id = "a", oblige { max_uses = (1 << 62) - 1, output_bytes = (1 << 62) - 1, epsilon_u6 = (1 << 62) - 1 } } }
