-- For a collection that is found by searching: an iApp that lets nothing raw out may say where things are, for nothing; one that may quote pays, and both
-- can only say so much altogether.

local policy = require "policy"
local permit, oblige = policy.permit, policy.oblige

return policy {
    api = 1,
    id = "catalogue",

    permit {
        id = "names",
        purposes = { "search" },
        when = function(r)
            return not r.app.outputs_raw and r.app.output <= 131072
        end,
        oblige { max_uses = 1000, log = "none", egress = {} },
    },

    permit {
        id = "excerpts",
        purposes = { "search" },
        when = function(r)
            return r.app.outputs_raw and r.app.output <= 131072
        end,
        oblige { max_uses = 100, price = 10, log = "none", egress = {} },
    },
}
