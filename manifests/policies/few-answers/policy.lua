-- For lists and tables of which a number may be known and no line: an answer has at most 4 KiB, the same question has the same answer, and after five of
-- them it is over, as differences between answers tell about single lines.

local policy = require "policy"
local permit, oblige = policy.permit, policy.oblige

return policy {
    api = 1,
    id = "few-answers",

    permit {
        id = "number",
        purposes = { "statistics" },
        when = function(r)
            return r.app.output <= 4096 and r.app.deterministic and not r.app.outputs_raw
        end,
        oblige { max_uses = 5, output_bytes = 20480, log = "none", egress = {} },
    },
}
