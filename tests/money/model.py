#!/usr/bin/env python3
"""Money against a model that knows nothing of ledger.c: random operations go to tests/money/driver.c by a pipe, and after each one its answer (the code, and
a number over all sums of all accounts) must be the model's. The model keeps money, not sums: what an account has, what is promised, who may still bring
something. Whole numbers only. A failure prints what reproduces it:

    model.py DRIVER BACKEND OPERATIONS [SEED [lose N]]
"""
import random
import subprocess
import sys

MAX = 2**62 - 1
MASK = 2**64 - 1
CHAIN = 512
WORLD = 50000  # operations of one ledger, at most: each mood has its turn twice
BATCH = 500  # their answers fit a pipe
OK, NOT_FOUND, INVALID, CONFLICT, FUNDS, LIMIT = 0, 3, 5, 6, 7, 9  # exit statuses (CLI contract)
POSTED, PENDING, POST, VOID = 0, 1, 2, 3
ID, KIND, DEBIT, CREDIT, AMOUNT, RESOLVES, EXPIRES, ENTRY, CAUSE = range(9)


class Account:
    __slots__ = ("name", "unit", "limited", "closed", "has", "spent", "going", "coming", "hash", "mark")

    def __init__(self, name, unit, limited):
        self.name, self.unit, self.limited, self.closed = name, unit, limited, False
        self.has = self.spent = 0  # posted: what is there (of the bank: less than nothing), and all that ever went
        self.going = self.coming = 0  # pending
        h = 0xcbf29ce484222325
        for c in name.encode():
            h = (h ^ c) * 0x100000001b3 & MASK
        self.hash, self.mark = h, 0

    def marked(self):
        """The number that the driver adds for this account."""
        return self.hash * (self.going * 0x9e3779b97f4a7c15 + self.spent * 0xbf58476d1ce4e5b9 + self.coming * 0x94d049bb133111eb
                            + (self.has + self.spent) * 0xd6e8feb86659fd93 + 1000 + self.unit * 10 + 2 * self.limited + self.closed) & MASK


class Model:
    def __init__(self):
        self.accounts, self.known, self.promises, self.resolved, self.mark = {}, {}, {}, {}, 0

    def changed(self, a):
        new = a.marked()
        self.mark = (self.mark + new - a.mark) & MASK
        a.mark = new

    def open(self, name, unit, limited):
        if not 1 <= len(name) <= 159 or not name.isascii() or any(c < "!" or c > "~" for c in name) or unit > 3:
            return INVALID
        a = self.accounts.get(name)
        if a:
            return OK if (a.unit, a.limited) == (unit, limited) else CONFLICT
        a = self.accounts[name] = Account(name, unit, limited)
        self.changed(a)
        return OK

    def close(self, name):
        a = self.accounts.get(name)
        if not a:
            return NOT_FOUND
        if a.has or a.going or a.coming:
            return CONFLICT
        a.closed = True
        self.changed(a)
        return OK

    @staticmethod
    def shape(t):
        kind, amount = t[KIND], t[AMOUNT]
        if kind > 3 or t[ID] == 0 or amount > MAX or (amount == 0) != (kind == VOID) or (t[RESOLVES] != 0) != (kind >= POST):
            return False
        return t[EXPIRES] >= 0 and (t[EXPIRES] == 0 or kind == PENDING) and t[ENTRY] < 2**63

    def chain(self, chain, now):
        if not 1 <= len(chain) <= CHAIN:
            return LIMIT if chain else INVALID
        for t in chain:
            if not self.shape(t):
                return INVALID
        if len({t[ID] for t in chain}) < len(chain):
            return CONFLICT
        there = [t for t in chain if t[ID] in self.known]
        if there:
            return OK if len(there) == len(chain) and all(self.known[t[ID]] == t for t in there) else CONFLICT
        before, kept = {}, []
        for i, t in enumerate(chain):
            code = self.step(t, now, before, kept)
            if code:
                self.undo(before, kept, chain[:i])
                return code
            self.known[t[ID]] = t
        for a in before:
            self.changed(a)
        return OK

    def undo(self, before, kept, chain):
        for a, (has, spent, going, coming) in before.items():
            a.has, a.spent, a.going, a.coming = has, spent, going, coming
        for id in kept:
            self.promises[id] = self.known[id]
        for t in chain:
            del self.known[t[ID]]
            self.promises.pop(t[ID], None)

    def step(self, t, now, before, kept):
        id, kind, debit, credit, amount, resolves, expires, _, _ = t
        if debit == credit:
            return CONFLICT
        both = []
        for name in (debit, credit):
            a = self.accounts.get(name)
            if not a:
                return NOT_FOUND
            if a.closed:
                return CONFLICT
            both.append(a)
        giver, taker = both
        if giver.unit != taker.unit:
            return CONFLICT
        for a in both:
            if a not in before:
                before[a] = (a.has, a.spent, a.going, a.coming)
        if kind >= POST:
            promise = self.known.get(resolves)
            if not promise:
                return NOT_FOUND
            if promise[KIND] != PENDING:
                return CONFLICT
            if (promise[DEBIT], promise[CREDIT]) != (debit, credit):
                return INVALID
            if resolves not in self.promises:
                return CONFLICT
            if kind == POST and promise[EXPIRES] and now >= promise[EXPIRES]:
                return CONFLICT
            if amount > promise[AMOUNT]:
                return INVALID
            del self.promises[resolves]
            kept.append(resolves)
            giver.going -= promise[AMOUNT]
            taker.coming -= promise[AMOUNT]
        elif kind == PENDING and expires and expires <= now:
            return INVALID
        elif giver.limited and giver.has - giver.going < amount:
            return FUNDS
        if kind == PENDING:
            giver.going += amount
            taker.coming += amount
            self.promises[id] = t
        else:
            giver.has -= amount
            giver.spent += amount
            taker.has += amount
        for a in both:
            if a.going > MAX or a.coming > MAX or a.spent > MAX or a.has + a.spent > MAX:
                self.promises.pop(id, None)
                return LIMIT
        return OK

    def check(self):
        """After every operation."""
        has, going, coming = [0] * 4, [0] * 4, [0] * 4
        for a in self.accounts.values():
            has[a.unit] += a.has
            going[a.unit] += a.going
            coming[a.unit] += a.coming
            if a.limited and a.has < a.going or a.going < 0 or a.coming < 0 or a.closed and (a.has or a.going or a.coming):
                raise AssertionError("the model's own account %s" % a.name)
        if any(has) or going != coming:
            raise AssertionError("the model's own sums")

    def check_all(self):
        """Once in a while: every account from its transfers alone."""
        sums = {name: [0, 0, 0, 0] for name in self.accounts}
        for t in self.known.values():
            kind, debit, credit, amount = t[KIND], t[DEBIT], t[CREDIT], t[AMOUNT]
            if kind == PENDING and t[ID] not in self.promises:
                continue
            at = 2 if kind == PENDING else 0
            sums[debit][at] += amount
            sums[credit][at + 1] += amount
        for a in self.accounts.values():
            if sums[a.name] != [a.spent, a.has + a.spent, a.going, a.coming]:
                raise AssertionError("the model's transfers of %s" % a.name)


class World:
    """Draws operations for one ledger. Its mood decides how large amounts are: everyday ones, ones at the edge of 2^62, or any."""

    def __init__(self, draw, mood):
        self.draw, self.mood, self.model = draw, mood, Model()
        self.now, self.next_id, self.entry, self.next_deal = 1000, 1, 0, 0
        self.done, self.refused, self.pending = [], [], []
        self.money, self.uses = [], []
        self.start = [self.opening(n, u, l) for n, u, l in [("bank", 0, False), ("bank2", 0, False), ("kitty", 0, True), ("issuer", 1, False),
                      ("e", 3, False), ("e1", 3, True)] + [("p%d" % i, 0, True) for i in range(10)] + [("x" * 159, 0, True)]
                      + [("grant%d/uses" % i, 1, True) for i in range(3)]]
        self.verbs = [(self.one, 48), (self.resolve, 16), (self.several, 12), (self.again, 11), (self.open, 3), (self.close, 4), (self.odd, 6)]
        self.table = [f for f, weight in self.verbs for _ in range(weight)]

    def below(self, n):
        return self.draw(64) % n

    def pick(self, things):
        return things[self.draw(64) % len(things)]

    def opening(self, name, unit, limited):
        if self.model.open(name, unit, limited) == OK:
            group = self.money if unit == 0 else self.uses
            if name not in group:
                group.append(name)
        return "o %s %d %d" % (name, unit, limited)

    def fresh(self):
        self.next_id += 1
        return self.next_id

    def amount(self, name):
        a, x = self.model.accounts[name], self.below(100)
        free = a.has - a.going if a.limited else (10**9, MAX // 3, 2**self.below(63))[self.mood]
        if x < 62:
            return 1 + self.below(max(min(free, (10**6, MAX, MAX)[self.mood]), 1))
        if x < 74:
            return max(free, 1)
        if x < 86:
            return free + 1
        if x < 94:
            return 2**self.below(63) + self.below(3) - 1
        return (0, 1, MAX, MAX + 1, 2**64 - 1, MAX // 2)[x - 94]

    def pair(self):
        if self.below(50) == 0:
            return self.pick(self.money + ["nobody"]), self.pick(self.money + self.uses)
        group = self.uses if self.below(8) == 0 else self.money
        return self.pick(group), self.pick(group)

    def transfer(self):
        debit, credit = self.pair()
        x = self.below(3)
        expires = 0
        if x == 0:
            expires = (0, 0, self.now + 1 + self.below(40), self.now + self.below(3))[self.below(4)]
        amount = self.amount(debit) if debit in self.model.accounts else 1
        edge = self.model.accounts.get((debit, credit)[self.below(2)])
        if edge and self.below(25) == 0:  # a sum that becomes 2^62 - 1, one less, one more
            full = (edge.spent, edge.has + edge.spent, edge.going, edge.coming)[self.below(4)]
            amount = max(MAX - full + self.below(3) - 1, 0)
        return (self.fresh(), PENDING if x == 0 else POSTED, debit, credit, amount, 0, expires, self.entry, self.pick(("deposit", "reward", "-")))

    def likely(self):
        """One that holds more often than not, so that long chains do too."""
        for _ in range(8):
            debit, credit = self.pick(self.money), self.pick(self.money)
            a, b = self.model.accounts[debit], self.model.accounts[credit]
            free = min(a.has - a.going if a.limited else (10**9, MAX // 999, MAX // 99)[self.mood], MAX - b.has - b.spent - b.coming)
            if free > 0 and debit != credit and not a.closed and not b.closed:
                break
        return (self.fresh(), self.below(2), debit, credit, 1 + self.below(max(free // 4, 1)), 0, 0, self.entry, "likely")

    def resolution(self, promise):
        kind = POST if self.below(5) else VOID
        amount = 0 if kind == VOID else (promise[AMOUNT], 1 + self.below(promise[AMOUNT]), promise[AMOUNT] + 1, 1)[(0, 0, 1, 1, 1, 2, 3, 3)[self.below(8)]]
        return (self.fresh(), kind, promise[DEBIT], promise[CREDIT], amount, promise[ID], 0, self.entry, "settle")

    def promise(self):
        while self.pending:
            i = self.below(len(self.pending))
            t = self.pending[i]
            if t[ID] in self.model.promises or self.below(6) == 0:
                return t
            self.pending[i] = self.pending[-1]
            self.pending.pop()
        return None

    def tried(self, chain):
        code = self.model.chain(chain, self.now)
        if code == OK:
            self.pending += [t for t in chain if t[KIND] == PENDING and t[ID] in self.model.promises]
        keep, most = (self.done, 3000) if code == OK else (self.refused, 300)
        if len(keep) < most:
            keep.append(chain)
        else:
            keep[self.below(most)] = chain
        return "t %d %d %s" % (self.now, len(chain), " ".join(["%d %d %s %s %d %d %d %d %s" % t for t in chain])), code

    def one(self):
        return self.tried([self.transfer()])

    def resolve(self):
        p = self.promise()
        return self.tried([self.resolution(p) if p else self.transfer()])

    def several(self):
        """A chain: money on its way through several hands, promises made and kept inside it, and strangers."""
        chain = []
        n = 2 + self.below(6) if self.below(200) else self.pick((CHAIN, CHAIN + 1, 100))
        if n >= 100:
            a = self.pick(self.money)
            return self.tried([(self.fresh(), POSTED, a, self.pick(self.money[4:]), 1, 0, 0, self.entry, "many") for _ in range(n)])
        for _ in range(n):
            x = self.below(10)
            if chain and x < 4:
                last = chain[-1]
                chain.append((self.fresh(), POSTED, last[CREDIT], self.pick(self.money), last[AMOUNT] or 1, 0, 0, self.entry, "pass"))
            elif x == 9 and self.below(30) == 0:
                chain.append((self.fresh(), POSTED, self.pick(self.money), "nobody", 1, 0, 0, self.entry, "lost"))
            elif chain and x < 6 and chain[-1][KIND] == PENDING and chain[-1][AMOUNT]:
                chain.append(self.resolution(chain[-1]))
            else:
                p = self.promise() if x == 6 else None
                chain.append(self.resolution(p) if p else self.transfer() if self.below(20) == 0 else self.likely())
        return self.tried(chain)

    def again(self):
        """Retries: the same, with one field changed, a part of it, with a stranger in it, or what was refused before."""
        x = self.below(10)
        chain = list(self.pick(self.refused if x < 2 and self.refused else self.done or [[self.transfer()]]))
        if x in (2, 3):
            i, field = self.below(len(chain)), self.pick((KIND, DEBIT, CREDIT, AMOUNT, RESOLVES, EXPIRES, ENTRY, CAUSE))
            t = list(chain[i])
            words = {DEBIT: "p1", CREDIT: "p2", CAUSE: "other"}
            t[field] = words[field] if field in words else t[field] ^ 1
            chain[i] = tuple(t)
        elif x == 4:
            chain = chain[:1 + self.below(len(chain))]
        elif x == 5:
            chain.insert(self.below(len(chain) + 1), self.transfer())
        elif x == 6:
            chain.append(chain[0])
        return self.tried(chain)

    def open(self):
        x = self.below(6)
        if x == 0:
            name, unit, limited = self.pick(self.money), self.below(2), self.below(2) == 0
        elif x == 1:
            name, unit, limited = self.pick(("x" * 160, "a\x01", "bank", "odd")), self.below(6), True
        else:
            self.next_deal += len(self.model.accounts) < 60
            name, unit, limited = "deal%d/escrow" % self.next_deal, 0, True
        before = self.model.accounts.get(name)
        code = self.model.open(name, unit, limited)
        if code == OK and not before:
            (self.uses if unit else self.money).append(name)
        return "o %s %d %d" % (name, unit, limited), code

    def close(self):
        name = self.pick(self.money)
        x = self.below(8)
        if x == 0:
            name = "nobody"
        a = self.model.accounts.get(name)
        if a and x < 5 and name.startswith("deal") and a.has > a.going and not a.closed:  # emptied first
            return self.tried([(self.fresh(), POSTED, name, "kitty", a.has - a.going, 0, 0, self.entry, "empty")])
        if a and not name.startswith("deal") and a.limited and x:
            name = "deal%d/escrow" % self.below(self.next_deal + 1)
        code = self.model.close(name)
        if code == OK and name in self.money and self.below(2):
            self.money.remove(name)
        return "c %s" % name, code

    def odd(self):
        """What no honest caller sends: fields of another kind, ids and accounts that are not there."""
        t, x = list(self.transfer()), self.below(9)
        if x == 0:
            t[ID] = 0
        elif x == 1:
            t[RESOLVES] = self.below(self.next_id)
        elif x == 2:
            t[KIND], t[RESOLVES] = self.pick((POST, VOID)), self.below(self.next_id)
        elif x == 3:
            t[EXPIRES] = self.pick((-1, self.now, 5))
        elif x == 4:
            t[ENTRY] = 2**63
        elif x == 5:
            t[KIND] = 4
        elif x == 6:
            t[CREDIT] = t[DEBIT]
        elif x == 7:
            p = self.promise()
            if p:
                t = list(self.resolution(p))
                t[CREDIT] = self.pick(self.money)
        else:
            return "t %d 0 " % self.now, self.model.chain([], self.now)
        return self.tried([tuple(t)])

    def next(self):
        self.now += self.below(3)
        self.entry += 1
        verb = self.table[self.draw(64) % 100]
        line, code = verb()
        return verb.__name__, line, code


class Wrong(Exception):
    pass


class Driver:
    """Commands go out in batches, and the next batch is drawn while the driver works on the last."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines, self.want, self.sent = [], [], None

    def say(self, line, code, mark):
        self.lines.append(line)
        self.want.append(b"%d %x\n" % (code, mark))
        if len(self.lines) == BATCH:
            self.flush()

    def flush(self):
        self.compare()
        self.process.stdin.write("\n".join(self.lines + [".\n"]).encode())
        self.process.stdin.flush()
        self.sent, self.lines, self.want = (self.lines, self.want), [], []

    def compare(self):
        for line, want in zip(*(self.sent or ((), ()))):
            got = self.process.stdout.readline()
            if got != want:
                raise Wrong("%s\nwanted %sgot    %s" % (line[:2000], want.decode(), got.decode() or "nothing"))
        self.sent = None

    def end(self):
        self.flush()
        self.compare()
        self.process.stdin.close()
        left = self.process.stdout.read()
        if left or self.process.wait():
            raise Wrong("at the end: %s" % left.decode())


# What must have happened at least once in a run of some length: one in which a refusal never came up has not tested it.
LONG = 100000
WANTED = {"one": (OK, NOT_FOUND, INVALID, CONFLICT, FUNDS, LIMIT), "resolve": (OK, INVALID, CONFLICT, LIMIT), "several": (OK, NOT_FOUND, INVALID, CONFLICT, FUNDS, LIMIT),
          "again": (OK, CONFLICT), "open": (OK, INVALID, CONFLICT), "close": (OK, NOT_FOUND, CONFLICT), "odd": (NOT_FOUND, INVALID, CONFLICT)}


def run(words, operations, seed):
    """Returns how often each code came from each verb."""
    tally, count, size = {}, 0, min(WORLD, -(-operations // 6))
    source = random.Random(seed)
    driver = Driver(words)
    try:
        for world_number in range(-(-operations // size)):
            world = World(source.getrandbits, world_number % 3)
            model, accepted = world.model, []
            driver.say("n", OK, 0)
            mark = 0
            for line in world.start:
                mark = (mark + model.accounts[line.split()[1]].mark) & MASK
                driver.say(line, OK, mark)
            for i in range(min(size, operations - world_number * size)):
                verb, line, code = world.next()
                model.check()
                driver.say(line, code, model.mark)
                tally[verb, code] = tally.get((verb, code), 0) + 1
                count += 1
                if code == OK and world_number == 0:
                    accepted.append(line)
            model.check_all()
            if world_number == 0:  # everything once more from nothing: the same end
                again = Model()
                driver.say("n", OK, 0)
                for line in world.start + accepted:
                    again_do(again, line)
                    driver.say(line, OK, again.mark)
                if again.mark != model.mark:
                    raise Wrong("the model's replay ends elsewhere")
        driver.end()
    except (Wrong, BrokenPipeError) as e:
        driver.process.kill()
        driver.process.wait()
        raise Wrong("seed %d, by operation %d: %s" % (seed, count, e))
    return tally


def again_do(model, line):
    words = line.split(" ")
    if words[0] == "o":
        return model.open(words[1], int(words[2]), words[3] == "1")
    if words[0] == "c":
        return model.close(words[1])
    chain, at = [], 3
    for _ in range(int(words[2])):
        w = words[at:at + 9]
        chain.append((int(w[0]), int(w[1]), w[2], w[3], int(w[4]), int(w[5]), int(w[6]), int(w[7]), w[8]))
        at += 9
    return model.chain(chain, int(words[1]))


def main(driver, backend, operations, seed=1, *more):
    tally = run([driver, backend, *more], int(operations), int(seed))
    missing = ["%s never ended with %d" % (verb, code) for verb, codes in WANTED.items() for code in codes if not tally.get((verb, code))]
    print("%d operations, %d done and %d refused; %d chains done; seed %d" % (sum(tally.values()), sum(n for (_, code), n in tally.items() if code == OK),
          sum(n for (_, code), n in tally.items() if code), tally.get(("several", OK), 0), int(seed)))
    if missing and int(operations) >= LONG:
        raise Wrong("; ".join(missing))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Wrong, AssertionError) as e:
        print(e)
        sys.exit(1)
