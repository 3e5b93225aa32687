-- A second market, written from PROTOCOL.md and PoCo's contracts and from nothing in core/: balances and frozen sums as IexecEscrow keeps them, tables instead
-- of rows, integers of Lua (its scenarios stay far below 2^63). tests/market/random holds market-replay against it.
--
-- model.new() gives a market; market:apply(command) the result that market-replay should print; market:dump() the state, without accounts that are empty.

local model = {}
local market = {}
market.__index = market

function model.new()
    return setmetatable({ balance = {}, frozen = {}, kitty = 0, categories = {}, assets = {}, orders = {}, order_list = {}, deals = {}, tasks = {},
        task_list = {}, scores = {}, score_list = {} }, market)
end

-- Money

local function add(t, who, n) t[who] = (t[who] or 0) + n end

function market:free(who) return self.balance[who] or 0 end

function market:lock(who, n)
    if self:free(who) < n then return false end
    add(self.balance, who, -n)
    add(self.frozen, who, n)
    return true
end

function market:unlock(who, n)
    add(self.frozen, who, -n)
    add(self.balance, who, n)
end

function market:seize(who, n) add(self.frozen, who, -n) end

function market:reward(who, n) add(self.balance, who, n) end

-- Commands. Each returns nil or a refusal, then what the result says besides "ok".

local op = {}

function op.category(m, c) m.categories[#m.categories + 1] = c.time end

function op.deposit(m, c) add(m.balance, c.who, c.amount) end

function op.withdraw(m, c)
    if m:free(c.who) < c.amount then return "funds" end
    add(m.balance, c.who, -c.amount)
end

local function register(m, c)
    if m.assets[c.id] then return "asset-twice" end
    m.assets[c.id] = { kind = c.op, owner = c.owner, stake = c.workerStakeRatio or 30, ratio = c.schedulerRatio or 1 }
end
op.app, op.data, op.pool = register, register, register

function op.policy(m, c)
    m.assets[c.pool].stake, m.assets[c.pool].ratio = c.workerStakeRatio, c.schedulerRatio
end

function op.transfer(m, c)
    local a = m.assets[c.asset]
    if not a then return "transfer-unknown" end
    if c.by and c.by ~= a.owner then return "not-owner" end
    a.owner = c.to
end

function op.score(m, c)
    if not m.scores[c.who] then m.score_list[#m.score_list + 1] = c.who end
    m.scores[c.who] = c.value
end

function op.order(m, c)
    if m.orders[c.id] then return "order-twice" end
    local o = { used = 0, volume = 1, tag = 0, trust = 0, category = 0, price = 0, maxAppPrice = 0, maxDataPrice = 0, maxPoolPrice = 0, restrict = {} }
    for k, v in pairs(c) do o[k] = v end
    o.requester = o.requester or o.signer
    m.orders[c.id] = o
    m.order_list[#m.order_list + 1] = o
end

function op.cancel(m, c)
    local o = m.orders[c.order]
    if not o then return "cancel-unknown" end
    local asset = m.assets[o[o.kind]]
    local owner = o.kind == "request" and o.requester or asset and asset.owner or o.signer
    if c.by and c.by ~= owner then return "not-owner" end
    o.used = o.volume
end

local function admits(restriction, who)
    if restriction == nil then return true end
    if type(restriction) == "string" then return restriction == who end
    for _, name in ipairs(restriction) do
        if name == who then return true end
    end
    return false
end

-- A broader purpose includes narrower ones: words by their parts.
local function purpose_granted(purposes, purpose)
    if purposes == nil then return true end
    for _, p in ipairs(type(purposes) == "string" and { purposes } or purposes) do
        if purpose and (p == purpose or purpose:sub(1, #p + 1) == p .. "/") then return true end
    end
    return false
end

-- The checks of matchOrders, in the order of the contract.
local function match_code(m, c, app, data, pool, request)
    local d = data or { price = 0, tag = 0, restrict = {} }
    local tag = app.tag | (d.tag & ~0xe) | request.tag
    local function owner_signed(o) return m.assets[o[o.kind]].owner == o.signer end
    local function known(o)
        local a = m.assets[o[o.kind]]
        return a and a.kind == o.kind
    end
    if request.category ~= pool.category then return 0x00 end
    if not m.categories[request.category + 1] then return 0x01 end
    if request.trust > pool.trust then return 0x02 end
    if request.maxAppPrice < app.price then return 0x03 end
    if request.maxDataPrice < d.price then return 0x04 end
    if request.maxPoolPrice < pool.price then return 0x05 end
    if tag & ~pool.tag ~= 0 then return 0x06 end
    if (tag ~ app.tag) & 1 ~= 0 then return 0x07 end
    if request.app ~= app.app then return 0x10 end
    if request.data ~= d.data then return 0x11 end
    if not admits(request.pool, pool.pool) then return 0x12 end
    if not admits(app.restrict.data, d.data) then return 0x13 end
    if not admits(app.restrict.pool, pool.pool) then return 0x14 end
    if not admits(app.restrict.requester, request.requester) then return 0x15 end
    if not admits(d.restrict.app, app.app) then return 0x16 end
    if not admits(d.restrict.pool, pool.pool) then return 0x17 end
    if not admits(d.restrict.requester, request.requester) then return 0x18 end
    if not admits(pool.restrict.app, app.app) then return 0x19 end
    if not admits(pool.restrict.data, d.data) then return 0x1a end
    if not admits(pool.restrict.requester, request.requester) then return 0x1b end
    if not known(app) then return 0x20 end
    if not owner_signed(app) then return 0x21 end
    if data and not known(data) then return 0x30 end
    if data and not owner_signed(data) then return 0x31 end
    if not known(pool) then return 0x40 end
    if not owner_signed(pool) then return 0x41 end
    if request.requester ~= request.signer then return 0x50 end
    local volume = math.maxinteger
    for _, o in ipairs { app, pool, request, data } do volume = math.min(volume, o.volume - o.used) end
    if volume == 0 then return 0x60 end
    if data and data["until"] and data["until"] <= c.now then return 0x70 end
    if data and not purpose_granted(data.purposes, request.purpose) then return 0x70 end
    if request.payer and request.payer ~= request.requester and request.payer ~= c.payer then return 0x71 end
    return nil, volume, tag
end

local function orders_of(m, c) return m.orders[c.app], c.data and m.orders[c.data], m.orders[c.pool], m.orders[c.request] end

-- Would these orders match? So that a scenario can choose some that do.
function market:fits(c) return not match_code(self, c, orders_of(self, c)) end

function op.match(m, c)
    local app, data, pool, request = orders_of(m, c)
    if not (app and pool and request) or (c.data and not data) then return "match-unknown" end
    local code, volume, tag = match_code(m, c, app, data, pool, request)
    if code then return ("match-0x%02x"):format(code) end
    local payer = request.payer or c.payer or request.requester
    local stake, price = pool.price * 30 // 100, app.price + pool.price + (data and data.price or 0)
    local policy = m.assets[pool.pool]
    if not m:lock(payer, price * volume) then return "funds" end
    if not m:lock(policy.owner, stake * volume) then
        m:unlock(payer, price * volume)
        return "funds"
    end
    m.deals[c.deal] = { payer = payer, price = price, stake = stake, trust = math.max(request.trust, 1), tag = tag, start = c.now, first = request.used,
        size = volume, time = m.categories[request.category + 1], worker_stake = pool.price * policy.stake // 100, ratio = policy.ratio,
        app_price = app.price, data_price = data and data.price or 0, pool_price = pool.price, app_owner = m.assets[app.app].owner,
        data_owner = data and m.assets[data.data].owner, scheduler = policy.owner, callback = request.callback, tasks = {} }
    for _, o in ipairs { app, pool, request, data } do o.used = o.used + volume end
    return nil, (',"deal":"%s","volume":%d'):format(c.deal, volume)
end

function op.initialize(m, c)
    local d = m.deals[c.deal]
    if not d then return "initialize-deal" end
    if c.index < d.first or c.index >= d.first + d.size then return "initialize-index" end
    if d.tasks[c.index] or m.tasks[c.task] then return "initialize-twice" end
    d.tasks[c.index] = true
    m.tasks[c.task] = { id = c.task, deal = d, status = "active", contribution = d.start + 7 * d.time, final = d.start + 10 * d.time, reveal = 0, total = 1,
        groups = {}, order = {}, by = {}, winners = 0, reveals = 0 }
    m.task_list[#m.task_list + 1] = m.tasks[c.task]
end

local function log2(n)
    local log = 0
    while n > 1 do n, log = n >> 1, log + 1 end
    return log
end

function op.contribute(m, c)
    local t = m.tasks[c.task]
    if not t or t.status ~= "active" then return "contribute-status" end
    if t.contribution <= c.now then return "contribute-late" end
    if t.by[c.worker] then return "contribute-twice" end
    if t.deal.tag & 1 ~= 0 and not c.enclave then return "contribute-unattested" end
    if c.authorization and c.authorization ~= (c.enclave and m.keeper or t.deal.scheduler) then return "contribute-unauthorized" end
    if not m:lock(c.worker, t.deal.worker_stake) then return "funds" end
    local weight = math.max((m.scores[c.worker] or 0) // 3, 3) - 1
    local old = t.groups[c.digest] or 0
    local new = math.max(old, 1) * weight
    t.groups[c.digest] = new
    t.total = t.total + new - old
    t.by[c.worker] = { worker = c.worker, digest = c.digest, seal = c.sealOf or c.worker, status = "contributed", weight = log2(weight) }
    t.order[#t.order + 1] = t.by[c.worker]
    local won = new * t.deal.trust > t.total * (t.deal.trust - 1)
    if won then
        t.status, t.winner, t.reveal, t.winners = "revealing", c.digest, c.now + 2 * t.deal.time, 0
        for _, k in ipairs(t.order) do
            if k.digest == c.digest and k.status == "contributed" then t.winners = t.winners + 1 end
        end
    end
    return nil, ',"consensus":' .. tostring(won)
end

-- What every success does before workers are paid.
local function success(m, d)
    m:seize(d.payer, d.price)
    m:reward(d.app_owner, d.app_price)
    if d.data_owner then m:reward(d.data_owner, d.data_price) end
    m:unlock(d.scheduler, d.stake)
    if m.kitty > 0 then
        local part = math.min(math.max(m.kitty * 10 // 100, 10 ^ 9 // 1 | 0), m.kitty)
        m.kitty = m.kitty - part
        m:reward(d.scheduler, part)
    end
end

local function callback_ok(d, data, digest)
    if not d.callback then return data == nil end
    return data == digest
end

function op.contributeAndFinalize(m, c)
    local t = m.tasks[c.task]
    local name = "contributeAndFinalize-"
    if not t or t.status ~= "active" then return name .. "status" end
    if t.contribution <= c.now then return name .. "late" end
    if #t.order > 0 then return name .. "twice" end
    if t.deal.trust ~= 1 then return name .. "trust" end
    if not callback_ok(t.deal, c.callbackData, c.digest) then return name .. "callback" end
    if t.deal.tag & 1 ~= 0 and not c.enclave then return name .. "unattested" end
    if c.authorization and c.authorization ~= (c.enclave and m.keeper or t.deal.scheduler) then return name .. "unauthorized" end
    t.by[c.worker] = { worker = c.worker, digest = c.digest, status = "proved", weight = 0 }
    t.order[1] = t.by[c.worker]
    t.status, t.winners, t.reveals, t.reveal = "completed", 1, 1, c.now + 2 * t.deal.time
    success(m, t.deal)
    local share = t.deal.pool_price * (100 - t.deal.ratio) // 100
    m:reward(c.worker, share)
    m:reward(t.deal.scheduler, t.deal.pool_price - share)
    return nil, ',"consensus":true'
end

function op.reveal(m, c)
    local t = m.tasks[c.task]
    if not t or t.status ~= "revealing" then return "reveal-status" end
    if t.reveal <= c.now then return "reveal-late" end
    local k = t.by[c.worker]
    if not k then return "reveal-stranger" end
    if k.status == "proved" then return "reveal-twice" end
    if k.status == "rejected" then return "reveal-rejected" end
    if k.digest ~= t.winner then return "reveal-loser" end
    if k.digest ~= c.digest then return "reveal-hash" end
    if k.seal ~= c.worker then return "reveal-seal" end
    k.status = "proved"
    t.reveals = t.reveals + 1
end

function op.reopen(m, c)
    local t = m.tasks[c.task]
    if not t then return "reopen-status" end
    if c.by ~= t.deal.scheduler then return "not-scheduler" end
    if t.status ~= "revealing" then return "reopen-status" end
    if t.final <= c.now then return "reopen-late" end
    if t.reveal > c.now then return "reopen-early" end
    if t.reveals > 0 then return "reopen-revealed" end
    for _, k in ipairs(t.order) do
        if k.digest == t.winner then k.status = "rejected" end
    end
    t.total = t.total - t.groups[t.winner]
    t.groups[t.winner] = 0
    t.status, t.reveal, t.winners, t.winner = "active", 0, 0, nil
end

function op.finalize(m, c)
    local t = m.tasks[c.task]
    if not t then return "finalize-status" end
    local d = t.deal
    if c.by ~= d.scheduler then return "not-scheduler" end
    if t.status ~= "revealing" then return "finalize-status" end
    if t.final <= c.now then return "finalize-late" end
    if not (t.reveals == t.winners or (t.reveals > 0 and t.reveal <= c.now)) then return "finalize-early" end
    if not callback_ok(d, c.callbackData, t.winner) then return "finalize-callback" end
    t.status = "completed"
    success(m, d)
    local pot, weights, paid = d.pool_price, 0, 0
    for _, k in ipairs(t.order) do
        if k.status == "proved" then weights = weights + k.weight else pot = pot + d.worker_stake end
    end
    for _, k in ipairs(t.order) do
        local score = m.scores[k.worker] or 0
        if k.status == "proved" then
            local share = pot * (100 - d.ratio) // 100 * k.weight // weights
            m:unlock(k.worker, d.worker_stake)
            m:reward(k.worker, share)
            paid = paid + share
            if #t.order > 1 then op.score(m, { who = k.worker, value = score + 1 }) end
        else
            m:seize(k.worker, d.worker_stake)
            op.score(m, { who = k.worker, value = score * 2 // 3 })
        end
    end
    m:reward(d.scheduler, pot - paid)
end

function op.claim(m, c)
    local t = m.tasks[c.task]
    if not t or (t.status ~= "active" and t.status ~= "revealing") then return "claim-status" end
    if t.final > c.now then return "claim-early" end
    t.status = "failed"
    m:unlock(t.deal.payer, t.deal.price)
    m:seize(t.deal.scheduler, t.deal.stake)
    m.kitty = m.kitty + t.deal.stake
    for _, k in ipairs(t.order) do m:unlock(k.worker, t.deal.worker_stake) end
end

-- No key was given, so nobody is at fault: all have theirs back.
function op.refuse(m, c)
    local t = m.tasks[c.task]
    if not t then return "refuse-status" end
    if c.by ~= m.keeper then return "not-keeper" end
    if t.status ~= "active" then return "refuse-status" end
    if t.final <= c.now then return "refuse-late" end
    t.status = "failed"
    m:unlock(t.deal.payer, t.deal.price)
    m:unlock(t.deal.scheduler, t.deal.stake)
    for _, k in ipairs(t.order) do m:unlock(k.worker, t.deal.worker_stake) end
end

function op.keeper(m, c) m.keeper = c.who end

function market:apply(command)
    local refusal, more = op[command.op](self, command)
    if refusal then return ('{"ok":false,"code":"%s"}'):format(refusal) end
    return '{"ok":true' .. (more or "") .. "}"
end

local function sorted(t, u)
    local names, seen = {}, {}
    for _, map in ipairs { t, u } do
        for name, n in pairs(map) do
            if n ~= 0 and not seen[name] then
                seen[name] = true
                names[#names + 1] = name
            end
        end
    end
    table.sort(names)
    return names
end

function market:dump()
    local accounts, scores, tasks, consumed, supply = {}, {}, {}, {}, self.kitty
    for _, name in ipairs(sorted(self.balance, self.frozen)) do
        local free, locked = self.balance[name] or 0, self.frozen[name] or 0
        accounts[#accounts + 1] = ('"%s":{"free":%d,"locked":%d}'):format(name, free, locked)
        supply = supply + free + locked
    end
    for i, name in ipairs(self.score_list) do scores[i] = ('"%s":%d'):format(name, self.scores[name]) end
    for i, o in ipairs(self.order_list) do consumed[i] = ('"%s":%d'):format(o.id, o.used) end
    for i, t in ipairs(self.task_list) do
        tasks[i] = ('"%s":{"status":"%s","deadline":{"contribution":%d,"reveal":%d,"final":%d},"total":%d,"winners":%d,"reveals":%d}'):format(t.id, t.status,
            t.contribution, t.reveal, t.final, t.total, t.winners, t.reveals)
    end
    return ('{"accounts":{%s},"kitty":%d,"scores":{%s},"tasks":{%s},"consumed":{%s},"supply":%d}'):format(table.concat(accounts, ","), self.kitty,
        table.concat(scores, ","), table.concat(tasks, ","), table.concat(consumed, ","), supply)
end

return model
