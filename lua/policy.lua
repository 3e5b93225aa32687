-- Policies: an owner's rules, and the decision that follows from them and one question. Runs in a box of its own kind.
-- Default deny; forbid overrides; whatever goes wrong denies. Nothing in here knows a clock, a random number or an
-- address: the same question is the same answer, byte for byte.
-- To C: the module, the decision, the globals of a policy's files, and the methods of its strings.

local host = require "policy_host"	-- quote(text) as JSON
local request = require "policy_request"
local rules = require "policy_rules"
local shared = require "policy_shared"

local RULES_MAX <const>, TEXT_MAX <const> = shared.RULES_MAX, shared.TEXT_MAX

local plain, show = shared.plain, shared.show
local concat, format, sub = table.concat, string.format, string.sub

local function quote_list(list)
    local quoted = {}
    for i, text in ipairs(list) do
        quoted[i] = host.quote(text)
    end
    return "[" .. concat(quoted, ",") .. "]"
end

local function obligations_text(o)
    local members = {}
    for _, row in ipairs(rules.obligations) do
        if o[row[1]] then
            members[#members + 1] = format('"%s":%d', row[1], o[row[1]])
        end
    end
    if o.log then
        members[#members + 1] = format('"log":"%s"', o.log)
    end
    if o.egress then
        members[#members + 1] = '"egress":' .. quote_list(o.egress)
    end
    return "{" .. concat(members, ",") .. "}"
end

-- A table as an error could lead back to the script: what is not text is named by its type.
local function error_make(code, rule, why)
    local message = type(why) == "string" and why or "an error that is " .. show(why)
    return { code = code, rule = rule, message = plain(message, TEXT_MAX) }
end

local function rule_hold(rule, r, errors)
    local row = { rule = rule, holds = true, conditions = {}, failing = {} }
    for _, condition in ipairs(rules.conditions) do
        local wanted = rule.conditions[condition.name]
        if wanted ~= nil then
            local ok, holds, why = pcall(condition.holds, wanted, r, rule.effect)
            if not ok then
                local code = holds == "not enough memory" and "E_LIMIT" or "E_TASK"
                errors[#errors < RULES_MAX and #errors + 1 or RULES_MAX] = error_make(code, rule.id, holds)
                holds, why = false, "raised an error"
            end
            why = not holds and plain(why, TEXT_MAX) or nil
            row.conditions[#row.conditions + 1] = { name = condition.name, holds = holds, why = why }
            if not holds then
                row.holds = false
                row.failing[#row.failing + 1] = condition.name
            end
        end
    end
    return row
end

-- Permits that lack the fewest conditions.
local function nearest(rows)
    local fewest, near = math.maxinteger, {}
    for _, row in ipairs(rows) do
        if row.rule.effect == "permit" and #row.failing < fewest then
            fewest, near = #row.failing, {}
        end
        if row.rule.effect == "permit" and #row.failing == fewest then
            near[#near + 1] = row
        end
    end
    return fewest > 0 and near or {}
end

local function conclude(rows, errors)
    local d = { effect = "deny", rules = {}, reasons = {}, oblige = {}, missing = {}, errors = errors, rows = rows }
    local permits, forbids, codes = {}, {}, {}
    for _, row in ipairs(rows) do
        if row.holds then
            local into = row.rule.effect == "permit" and permits or forbids
            into[#into + 1] = row.rule
        end
    end
    for _, e in ipairs(errors) do
        if not codes[e.code] then
            codes[e.code] = true
            d.reasons[#d.reasons + 1] = "error:" .. e.code
        end
    end
    for _, rule in ipairs(forbids) do
        if #d.reasons < RULES_MAX then
            d.reasons[#d.reasons + 1] = "forbid:" .. rule.id
        end
        d.rules[#d.rules + 1] = rule.id
    end
    if #d.reasons > 0 then
        d.missing = #errors == 0 and nearest(rows) or {}
        return d
    elseif #permits == 0 then
        d.reasons[1] = "no-permit"
        d.missing = nearest(rows)
        return d
    end
    d.effect = "permit"
    for _, rule in ipairs(permits) do
        d.rules[#d.rules + 1] = rule.id
        rules.merge(d.oblige, rule.oblige or {})
    end
    return d
end

local function map(list, f)
    local texts = {}
    for i, item in ipairs(list) do
        texts[i] = f(item)
    end
    return "[" .. concat(texts, ",") .. "]"
end

local function condition_text(c)
    local why = c.why and ',"why":' .. host.quote(c.why) or ""
    return format('{"name":"%s","holds":%s%s}', c.name, tostring(c.holds), why)
end

local function row_text(row, testing)
    local rule = row.rule
    local because = rule.because and ',"because":' .. host.quote(rule.because) or ""
    local obliges = testing and ',"oblige":' .. obligations_text(rule.oblige or {}) or ""
    return format('{"rule":"%s","effect":"%s","holds":%s%s,"conditions":%s%s}', rule.id, rule.effect,
        tostring(row.holds), because, map(row.conditions, condition_text), obliges)
end

local function error_text(e)
    local rule = e.rule and ',"rule":"' .. e.rule .. '"' or ""
    return format('{"code":"%s"%s,"message":%s}', e.code, rule, host.quote(e.message))
end

-- The answer of a policy that lacks a part begins with another word than permit and deny, so that nobody acts on it.
local function answer(d, testing)
    return concat({
        '{"effect":"', testing and "test-" or "", d.effect,
        '","rules":', quote_list(d.rules), ',"reasons":', quote_list(d.reasons),
        ',"obligations":', obligations_text(d.oblige),
        ',"missing":', map(d.missing, function(row)
            return format('{"rule":"%s","conditions":%s}', row.rule.id, quote_list(row.failing))
        end),
        ',"errors":', map(d.errors, error_text), ',"conditions":', map(d.rows, function(row)
            return row_text(row, testing)
        end), "}"
    })
end

-- For a test of its cases, a policy less one rule, or less parts of it: conditions, and "oblige.price" for an
-- obligation.
local function leave_out(list, without)
    local left, found = {}, without.rule == nil
    for _, rule in ipairs(list) do
        if rule.id == without.rule then
            found = true
            for _, part in ipairs(without.drop or {}) do
                local of, name = rule.conditions, part
                if sub(part, 1, 7) == "oblige." then
                    of, name = rule.oblige or {}, sub(part, 8)
                end
                if of[name] == nil then
                    shared.refuse("mutate: %s has no %s", rule.id, show(part))
                end
                of[name] = nil
            end
        end
        if rule.id ~= without.rule or without.drop then
            left[#left + 1] = rule
        end
    end
    if not found then
        shared.refuse("mutate: there is no rule %s", show(without.rule))
    end
    return left
end

-- entry loads and runs the policy's first file. Every rule is held against the request, also when one has decided: an
-- error anywhere denies, and an explanation needs them all.
local function decide(entry, question)
    local rows, errors = {}, {}
    local asks, r, without = pcall(request.make, question)
    local loads, p = pcall(entry)
    if not asks then
        errors[#errors + 1] = error_make("E_INVALID", nil, r)
    end
    if not loads or not rules.made[p] then
        local why = loads and "the policy's file must return policy { … }" or p
        errors[#errors + 1] = error_make("E_INVALID", nil, why)
    end
    local held = #errors == 0 and rules.made[p].rules or {}
    if #errors == 0 and without then
        local ok, left = pcall(leave_out, held, without)
        if not ok then
            errors[#errors + 1] = error_make("E_INVALID", nil, left)
        end
        held = ok and left or {}
    end
    for _, rule in ipairs(held) do
        rows[#rows + 1] = rule_hold(rule, r, errors)
    end
    return answer(conclude(rows, errors), without)
end

request.globals.oblige = rules.oblige

local module = setmetatable({ permit = rules.permit, forbid = rules.forbid, oblige = rules.oblige }, {
    __call = function(_, t)
        return rules.policy(t)
    end,
    __metatable = false,
})

return { module = module, decide = decide, environment = request.environment, methods = request.methods }
