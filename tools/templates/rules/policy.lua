-- Rules for data that an iApp may read: what they permit is permitted, all else is denied. An owner packs them
-- (enclua policy pack policy) and grants under them; cases.json says what they must decide (enclua policy test policy).

local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige

return policy {
    api = 1,
    id = "@name@-rules",

    permit {
        id = "research",
        purposes = { "DUO:0000006" },
        when = function(r)
            return r.app.deterministic
        end,
        oblige { max_uses = 20, output_bytes = 65536, log = "none", egress = {} },
    },

    forbid {
        id = "no-raw-copy",
        when = function(r)
            return r.app.outputs_raw
        end,
        because = "raw copies are not for research",
    },
}
