-- For tables of people who were promised a privacy loss of at most 2 altogether. What an iApp declares is believed, so grants under this policy name an
-- iApp that was read; one that declares nothing is denied, as it adds no noise.

local policy = require "policy"
local permit, oblige = policy.permit, policy.oblige

return policy {
    api = 1,
    id = "noise-budget",

    permit {
        id = "noisy",
        purposes = { "statistics", "DUO:0000042" },
        when = function(r)
            return r.app.epsilon_u6 > 0 and not r.app.outputs_raw
        end,
        oblige { epsilon_u6 = 2000000, log = "none", egress = {} },
    },
}
