-- For data that any researcher may compute on, but nobody may have: health and biomedical research (DUO:0000006, and what it includes) by any iApp
-- whose results are the same each time, and that declares no address it would talk to.

local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige

return policy {
    api = 1,
    id = "research-only",

    permit {
        id = "health-research",
        purposes = { "DUO:0000006" },
        min_assurance = "software",
        when = function(r)
            return r.app.deterministic
        end,
        oblige { log = "none", egress = {} },
    },

    forbid {
        id = "no-network",
        when = function(r)
            return #r.app.egress > 0
        end,
        because = "the data must not leave by a network",
    },

    forbid {
        id = "no-raw-copy",
        when = function(r)
            return r.app.outputs_raw
        end,
        because = "raw copies are not for research",
    },
}
