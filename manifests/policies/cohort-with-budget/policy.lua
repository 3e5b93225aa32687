-- For many owners who let their data be counted together and never alone: at least 50 in a task, at most 20 tasks, 64 KiB of results and a privacy
-- loss of 0.5 under one grant, 25 nRLC for each. The host keeps the budgets; the rules only say how large they are.

local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige

return policy {
    api = 1,
    id = "cohort-with-budget",

    permit {
        id = "cohort",
        purposes = { "DUO:0000042", "statistics" },
        not_after = "2030-01-01",
        when = function(r)
            return r.app.data == "bulk" and r.app.epsilon_u6 > 0
        end,
        oblige {
            max_uses = 20, min_cohort = 50, output_bytes = 65536, epsilon_u6 = 500000, price = 25,
            log = "none", egress = {},
        },
    },

    forbid {
        id = "not-the-operator",
        when = function(r)
            return r.beneficiary == r.pool.owner
        end,
        because = "who runs the machines must not read the results, too",
    },
}
