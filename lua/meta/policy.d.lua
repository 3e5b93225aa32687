---@meta
-- luacheck: globals oblige starts ends has any all count sum min max each

-- What the files of a policy have. Each example is a whole policy that permits the question of the tests.
-- Beside what is described here there are `assert`, `error`, `ipairs`, `select`, `type`, `tostring` (of texts, integers and truth values) and the methods
-- `sub`, `len`, `lower`, `upper` of strings; `require` finds "policy" and the archive's own files. There is nothing else: no clock, no randomness, no order of
-- tables, no patterns, nothing that catches an error. A global cannot be assigned.

---The result of a policy's file.
---```lua
---local policy = require "policy"
---local permit, forbid = policy.permit, policy.forbid
---
---return policy {
---  api = 1, id = "cohort-2026",
---  permit { id = "research", purposes = { "DUO:0000006" }, min_assurance = "software", not_after = "2027-01-01",
---    when = function(r) return r.task.bulk_size <= 100 end,
---    oblige { max_uses = 10, min_cohort = 50, output_bytes = 65536, egress = {}, log = "none", epsilon_u6 = 500000, price = 25 } },
---  forbid { id = "no-raw-copy", when = function(r) return r.app.outputs_raw end, because = "raw copies are not for sale" },
---}
---```
---@class enclua.Policy
---@field api 1
---@field id string
---@field [integer] enclua.Rule
---@overload fun(t: table): enclua.Policy
local policy = {}

---Opaque: what was read cannot be changed.
---@class enclua.Rule

---@class enclua.Obliged

---All of the conditions given must hold. Unknown keys and values that could never hold are refused, and a policy that is refused denies.
---@class enclua.Conditions
---@field id string letters, digits, "-", "_" and ".", at most 64; of each rule another
---@field purposes string[]? DUO codes or words; one includes narrower ones. In a forbid broader ones are met, too
---@field apps string[]? h1:… or app1…
---@field users string[]? enclua1…: who asks
---@field pools string[]? pool1…
---@field min_assurance "none"|"software"|"tpm2"|"cvm"|nil of a permit alone
---@field not_before string? "2027-01-01", its first second in UTC, or "2027-01-01T12:00:00+01:00"; book time
---@field not_after string? still holds at that second
---@field when (fun(r: enclua.Request): boolean)? asked always, also when other conditions do not hold: an error denies
---@field because string? one line for whoever is denied

---@class enclua.Permit: enclua.Conditions
---@field oblige enclua.Obligations?
---@field [1] enclua.Obliged?

---@param rule enclua.Permit
---@return enclua.Rule
function policy.permit(rule) end

---Overrides every permit when it holds.
---@param rule enclua.Conditions
---@return enclua.Rule
function policy.forbid(rule) end

---Conditions that host and keeper enforce. Of several permits that hold, and of several owners, the most restrictive of each counts.
---@class enclua.Obligations
---@field max_uses integer? tasks that may ever get the key under the grant
---@field min_cohort integer? different data that a task must at least have
---@field output_bytes integer? of results under the grant, all together
---@field epsilon_u6 integer? privacy loss under the grant, in millionths, all together
---@field price integer? nRLC that the requester pays at least for the data, for each task
---@field log "full"|"owner"|"none"|nil who may see what the iApp prints
---@field egress string[]? places like "https:api.example.org"; {}: none

---The same as the global `oblige`.
---@param o enclua.Obligations
---@return enclua.Obliged
function policy.oblige(o) end

---@param o enclua.Obligations
---@return enclua.Obliged
function oblige(o) end

---The request. It can be read and not changed; to read a field that is not there is an error, and so a denial.
---@class enclua.Request
---@field scope "offer"|"match"|"key_release"|"run"|"egress"|"settle"
---@field time integer book time, seconds since 1970
---@field as_of integer entries of the book
---@field purpose string
---@field user string enclua1…
---@field beneficiary string enclua1… or age1…
---@field assurance "none"|"software"|"tpm2"|"cvm"
---@field app { id: string, h1: string, name: string, version: string, author: string, owner: string, data: string, deterministic: boolean, outputs_raw: boolean, purposes: string[], egress: string[], memory: integer, output: integer, cpu_ms: integer, wall_ms: integer, epsilon_u6: integer }
---@field data { id: string, name: string, owner: string, size: integer }
---@field pool { id: string, owner: string }
---@field worker string enclua1…, or "" before there is one
---@field deal { id: string, app_price: integer, data_price: integer, pool_price: integer, trust: integer, category: integer, volume: integer }
---@field task { id: string, index: integer, bulk_size: integer }
---@field grant { id: string, price: integer, uses: integer, used: integer, until: integer, purposes: string[], bulk: boolean }
---@field counters { uses: integer, output_bytes: integer, epsilon_u6: integer }

---```lua
---local policy = require "policy"
---return policy { api = 1, id = "texts", policy.permit { id = "a", when = function(r)
---  return starts(r.purpose, "DUO:") and ends(r.app.version, ".3") and has(r.user, "enclua1") and has(r.app.purposes, "research/cancer")
---end } }
---```
---@param text string
---@param begin string
---@return boolean
function starts(text, begin) end

---@param text string
---@param finish string
---@return boolean
function ends(text, finish) end

---A value in a list, or a part of a text.
---@param where any[]|string
---@param value any
---@return boolean
function has(where, value) end

---```lua
---local policy = require "policy"
---return policy { api = 1, id = "lists", policy.permit { id = "a", when = function(r)
---  local function https(place) return starts(place, "https:") end
---  return all(r.app.egress, https) and not any(r.app.egress, https) and count(r.app.purposes) == 2
---end } }
---```
---@param list any[]
---@param f fun(value: any): boolean
---@return boolean
function any(list, f) end

---@param list any[]
---@param f fun(value: any): boolean
---@return boolean
function all(list, f) end

---How many, or how many of which f holds.
---@param list any[]
---@param f (fun(value: any): boolean)?
---@return integer
function count(list, f) end

---```lua
---local policy = require "policy"
---return policy { api = 1, id = "numbers", policy.permit { id = "a", when = function(r)
---  return sum { r.deal.app_price, r.deal.data_price } == 30 and min(r.app.memory, 5) == 5 and max { 1, r.counters.uses } == 2
---end } }
---```
---Of integers; an error when the total is larger than one.
---@param list any[]
---@param f (fun(value: any): integer)?
---@return integer
function sum(list, f) end

---@param ... integer or one list of them
---@return integer
function min(...) end

---@param ... integer or one list of them
---@return integer
function max(...) end

---Keys and values in the order of the keys: integers first, then texts by their bytes.
---```lua
---local policy = require "policy"
---return policy { api = 1, id = "order", policy.permit { id = "a", when = function(r)
---  local names = ""
---  for name in each(r.pool) do names = names .. name .. " " end
---  return names == "id owner "
---end } }
---```
---@param t table
---@return fun(): any, any
function each(t) end
