-- For a person who applies for a loan: one assessment by an iApp that gives the same answer each time, so that it can be made again and objected to.

local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige

return policy {
    api = 1,
    id = "one-decision",

    permit {
        id = "assessment",
        purposes = { "credit-assessment" },
        min_assurance = "software",
        when = function(r)
            return r.app.deterministic and not r.app.outputs_raw
        end,
        oblige { max_uses = 1, log = "none", egress = {} },
    },

    forbid {
        id = "for-others",
        when = function(r)
            return r.beneficiary ~= r.user
        end,
        because = "an assessment is for who asked for it",
    },
}
