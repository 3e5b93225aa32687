-- What dp draws from outside a box, so that code can be tried there: math.random, which hides nothing. `limit` is
-- limits.epsilon.

local source = { limit = 1000.0 }

local spent = 0

local function limit_u6()
    return math.tointeger(math.floor(source.limit * 1000000 + 0.5))
end

function source.below(n)
    return math.random(0, n - 1)
end

function source.spend(u6)
    if spent + u6 > limit_u6() then
        return false
    end
    spent = spent + u6
    return true
end

function source.budget()
    return limit_u6(), spent
end

return source
