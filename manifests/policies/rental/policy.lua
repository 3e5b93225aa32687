-- For content that is rented out: whoever pays gets it as it is, at most three times, until the season is over. Nothing else is permitted.

local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige

return policy {
    api = 1,
    id = "rental",

    permit {
        id = "delivery",
        purposes = { "content-delivery" },
        not_after = "2030-01-01",
        when = function(r)
            return r.app.outputs_raw and r.app.data == "one"
        end,
        oblige { max_uses = 3, price = 25, log = "none", egress = {} },
    },

    forbid {
        id = "for-oneself",
        when = function(r)
            return r.beneficiary ~= r.user
        end,
        because = "who rents it may not have it sent to others",
    },
}
