-- What a policy's file says, read once and strictly: permit, forbid, oblige and policy return marks that stand for what
-- was read, so that no table of a script passes for it, and none can be changed after it was read. Holds the conditions
-- of rules, too, and merges obligations.

local host = require "policy_host"	-- includes(broad, narrow); checks[kind](text): nil, or what is wrong
local shared = require "policy_shared"

local LIST_MAX <const> = 256
local ID_MAX <const> = 64
local NUMBER_MAX <const> = (1 << 62) - 1
local EGRESS_MAX <const> = 16
local RULES_MAX <const>, TEXT_MAX <const> = shared.RULES_MAX, shared.TEXT_MAX

local keys_sorted, list_check, one_of, plain = shared.keys_sorted, shared.list_check, shared.one_of, shared.plain
local refuse, show = shared.refuse, shared.show
local find, format, match = string.find, string.format, string.match
local sort = table.sort

-- ---- obligations: names, order and merging as in core/trust/obligations.h, which reads them again ----

local OBLIGATIONS <const> = {
    { "max_uses", math.min }, { "min_cohort", math.max }, { "output_bytes", math.min }, { "epsilon_u6", math.min },
    { "price", math.max }
}
local LOGS <const> = { full = 0, owner = 1, none = 2 }

local function obligation_number(name, value)
    if math.type(value) ~= "integer" then
        refuse("the obligation %s must be an integer, not %s", name, show(value))
    elseif value < 0 or value > NUMBER_MAX then
        refuse("the obligation %s must be between 0 and %d", name, NUMBER_MAX)
    end
    return value
end

local function obligation_egress(value)
    local places, seen = {}, {}
    for i = 1, list_check(value, "the obligation egress", EGRESS_MAX) do
        local place = value[i]
        local wrong = type(place) ~= "string" and "is no text" or host.checks.egress(place)
        if wrong then
            refuse("the obligation egress: %s %s", show(place), wrong)
        elseif seen[place] then
            refuse("the obligation egress has %s twice", show(place))
        end
        seen[place] = true
        places[i] = place
    end
    sort(places)
    return places
end

local function obligations_read(given)
    local read = {}
    if type(given) ~= "table" then
        refuse("oblige needs a table: oblige { max_uses = 10 }")
    end
    local numbers = {}
    for _, row in ipairs(OBLIGATIONS) do
        numbers[row[1]] = true
    end
    for _, name in ipairs(keys_sorted(given)) do
        local value = given[name]
        if numbers[name] then
            read[name] = obligation_number(name, value)
        elseif name == "log" then
            if not LOGS[value] then
                refuse('the obligation log must be "full", "owner" or "none", not %s', show(value))
            end
            read.log = value ~= "full" and value or nil
        elseif name == "egress" then
            read.egress = obligation_egress(value)
        else
            refuse("there is no obligation %s", show(name))
        end
    end
    return read
end

local function egress_both(a, b)
    local in_b, both = {}, {}
    for _, place in ipairs(b) do
        in_b[place] = true
    end
    for _, place in ipairs(a) do
        if in_b[place] then
            both[#both + 1] = place
        end
    end
    return both
end

local function obligations_merge(into, other)
    for _, row in ipairs(OBLIGATIONS) do
        local name, stricter = row[1], row[2]
        local a, b = into[name], other[name]
        into[name] = a and b and stricter(a, b) or a or b
    end
    if LOGS[other.log or "full"] > LOGS[into.log or "full"] then
        into.log = other.log
    end
    into.egress = into.egress and other.egress and egress_both(into.egress, other.egress) or into.egress or other.egress
end

-- ---- conditions of a rule ----

local LEVELS <const> = { none = 0, software = 1, tpm2 = 2, cvm = 3 }
local MONTHS <const> = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- "2027-01-01" (its first second in UTC), "2027-01-01T12:00:00Z", "2027-01-01T12:00:00+02:00" → seconds since 1970.
local function time_read(text)
    local year, month, day, rest = match(text, "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
    local hour, minute, second, sign, zone_hour, zone_minute = "0", "0", "0", "+", "0", "0"
    if not year then
        return nil
    elseif rest ~= "" then
        local zone
        hour, minute, second, zone = match(rest, "^T(%d%d):(%d%d):(%d%d)(.+)$")
        if zone and zone ~= "Z" then
            sign, zone_hour, zone_minute = match(zone, "^([+-])(%d%d):(%d%d)$")
        end
        if not zone or not sign then
            return nil
        end
    end
    local y, m, d = math.tointeger(year), math.tointeger(month), math.tointeger(day)
    hour, minute, second = math.tointeger(hour), math.tointeger(minute), math.tointeger(second)
    zone_hour, zone_minute = math.tointeger(zone_hour), math.tointeger(zone_minute)
    local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
    local days = MONTHS[m] and MONTHS[m] + (m == 2 and leap and 1 or 0)
    local in_calendar = days and y >= 1970 and d >= 1 and d <= days
    local in_day = hour <= 23 and minute <= 59 and second <= 59 and zone_hour <= 23 and zone_minute <= 59
    if not in_calendar or not in_day then
        return nil
    end
    -- Years that begin in March, so that the leap day is the last.
    if m <= 2 then
        y = y - 1
    end
    local of_year = (153 * (m + (m > 2 and -3 or 9)) + 2) // 5 + d - 1
    local date = y * 365 + y // 4 - y // 100 + y // 400 + of_year - 719468
    local zone = (zone_hour * 60 + zone_minute) * 60
    return date * 86400 + hour * 3600 + minute * 60 + second - (sign == "+" and zone or -zone)
end

local function strings(kinds)
    return function(value, what)
        local copy, seen = {}, {}
        local n = list_check(value, what, LIST_MAX)
        if n == 0 then
            refuse("%s is empty, and so admits nothing; leave it out to admit any", what)
        end
        for i = 1, n do
            local text = value[i]
            if type(text) ~= "string" then
                refuse("%s: %s is no text", what, show(text))
            end
            local wrong
            for _, kind in ipairs(kinds) do
                wrong = host.checks[kind](text)
                if not wrong then
                    break
                end
            end
            if wrong then
                refuse("%s: %s %s", what, show(text), wrong)
            elseif seen[text] then
                refuse("%s has %s twice", what, show(text))
            end
            seen[text] = true
            copy[i] = text
        end
        return copy
    end
end

local function time(value, what)
    local at = type(value) == "string" and time_read(value)
    if not at then
        refuse('%s must be a time such as "2027-01-01" or "2027-01-01T12:00:00Z", not %s', what, show(value))
    end
    return { at = at, text = value }
end

local function level(value, what)
    if not LEVELS[value] then
        refuse('%s must be "none", "software", "tpm2" or "cvm", not %s', what, show(value))
    end
    return value
end

local function predicate(value, what)
    if type(value) ~= "function" then
        refuse("%s must be a function of the request, not %s", what, show(value))
    end
    return value
end

local function asked(what, list)
    local admits = list[2] and format("%s and %d more", list[1], #list - 1) or list[1]
    return format("asked %s, rule admits %s", show(what), admits)
end

local function book_time(r, name)
    if math.type(r.time) ~= "integer" then
        refuse("the question has no time to hold %s against", name)
    end
    return r.time
end

-- A forbidden purpose is forbidden inside a broader one, too: who may use data for research in general may use it for
-- that.
local function purpose_holds(list, r, effect)
    for _, purpose in ipairs(list) do
        if host.includes(purpose, r.purpose) or effect == "forbid" and host.includes(r.purpose, purpose) then
            return true
        end
    end
    return false, asked(r.purpose, list)
end

-- In the order in which an answer lists them. read: from the rule, once; holds: against a request, false and why not.
local CONDITIONS <const> = {
    { name = "purposes", read = strings { "purpose" }, holds = purpose_holds },
    { name = "apps", read = strings { "h1", "app" }, holds = function(list, r)
        return one_of(list, r.app.id, r.app.h1), asked(r.app.id, list)
    end },
    { name = "users", read = strings { "identity" }, holds = function(list, r)
        return one_of(list, r.user), asked(r.user, list)
    end },
    { name = "pools", read = strings { "pool" }, holds = function(list, r)
        return one_of(list, r.pool.id), asked(r.pool.id, list)
    end },
    { name = "min_assurance", read = level, permit_only = true, holds = function(least, r)
        local have = LEVELS[r.assurance]
        if not have then
            refuse("the question has no assurance that is known: %s", show(r.assurance))
        end
        return have >= LEVELS[least], format("has %s, rule needs %s", r.assurance, least)
    end },
    { name = "not_before", read = time, holds = function(t, r)
        return book_time(r, "not_before") >= t.at, format("asked at %d, rule begins at %s", r.time, t.text)
    end },
    { name = "not_after", read = time, holds = function(t, r)
        return book_time(r, "not_after") <= t.at, format("asked at %d, rule ended at %s", r.time, t.text)
    end },
    { name = "when", read = predicate, holds = function(f, r)
        local value = f(r)
        if type(value) ~= "boolean" then
            refuse("when must return true or false; it returned %s", show(value))
        end
        return value, "when(r) returned false"
    end },
}
local CONDITION_OF <const> = {}
for _, row in ipairs(CONDITIONS) do
    CONDITION_OF[row.name] = row
end

-- ---- what a policy's file says ----

-- What oblige, permit and forbid, and policy returned: nothing else passes for it.
local obliged, ruled, made = {}, {}, {}

local function id_check(id, what)
    if type(id) ~= "string" or #id > ID_MAX or not find(id, "^[%w][%w%._%-]*$") then
        refuse('%s needs an id of 1 to %d letters, digits, "-", "_" and ".", not %s', what, ID_MAX, show(id))
    end
    return id
end

local function obligations_of(rule, given, key, what)
    local value = given[key]
    if rule.effect ~= "permit" then
        refuse("%s: only a permit obliges", what)
    elseif rule.oblige then
        refuse("%s has oblige twice", what)
    end
    rule.oblige = obliged[value]
    if not rule.oblige then
        if key ~= "oblige" then
            refuse("%s holds %s, which is no oblige { … }", what, show(value))
        end
        rule.oblige = obligations_read(value)
    end
end

local function rule_read(effect, given)
    local rule = { effect = effect, conditions = {} }
    if type(given) ~= "table" then
        refuse("%s needs a table: %s { id = …, … }", effect, effect)
    end
    rule.id = id_check(rawget(given, "id"), effect)
    local what = format("%s %s", effect, rule.id)
    for _, key in ipairs(keys_sorted(given)) do
        local row = CONDITION_OF[key]
        if row then
            if row.permit_only and effect ~= "permit" then
                refuse("%s: %s is for permits; say it with when", what, key)
            end
            rule.conditions[key] = row.read(given[key], format("%s: %s", what, key))
        elseif key == 1 or key == "oblige" then
            obligations_of(rule, given, key, what)
        elseif key == "because" then
            local text = given[key]
            if type(text) ~= "string" or text == "" or plain(text, TEXT_MAX) ~= text then
                refuse("%s: because must be a text of at most %d bytes on one line", what, TEXT_MAX)
            end
            rule.because = text
        elseif key ~= "id" then
            refuse("%s has the unknown key %s", what, show(key))
        end
    end
    return rule
end

local function policy_read(given)
    local p = { rules = {} }
    if type(given) ~= "table" then
        refuse("policy needs a table: policy { api = 1, id = …, permit { … } }")
    elseif math.type(given.api) ~= "integer" or given.api ~= 1 then
        refuse("a policy begins with api = 1, not %s", show(given.api))
    end
    p.id = id_check(given.id, "a policy")
    local ids, permits = {}, 0
    for _, key in ipairs(keys_sorted(given)) do
        if math.type(key) == "integer" then
            local rule = ruled[given[key]]
            if key ~= #p.rules + 1 or not rule then
                refuse("entry %d of the policy is no permit { … } or forbid { … }", key)
            elseif ids[rule.id] then
                refuse("two rules have the id %s", rule.id)
            elseif key > RULES_MAX then
                refuse("a policy has at most %d rules", RULES_MAX)
            end
            ids[rule.id] = true
            permits = permits + (rule.effect == "permit" and 1 or 0)
            p.rules[key] = rule
        elseif key ~= "api" and key ~= "id" then
            refuse("the policy has the unknown key %s", show(key))
        end
    end
    if permits == 0 then
        refuse("a policy without a permit denies everything; write at least one")
    end
    return p
end

-- The caller's line stands before what is wrong.
local function door(read, known)
    return function(...)
        local ok, value = pcall(read, ...)
        if not ok then
            error(value, 2)
        end
        local mark = {}
        known[mark] = value
        return mark
    end
end

return {
    permit = door(function(t) return rule_read("permit", t) end, ruled),
    forbid = door(function(t) return rule_read("forbid", t) end, ruled),
    oblige = door(obligations_read, obliged),
    policy = door(policy_read, made),
    made = made,
    conditions = CONDITIONS,
    obligations = OBLIGATIONS,
    merge = obligations_merge,
}
