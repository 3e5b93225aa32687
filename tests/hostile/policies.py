#!/usr/bin/env python3
"""Hostile policies, one in each file of policies/: asked in real boxes by the program that tests/policy/run asks with, which is the keeper's own policy_ask.

What each must end as stands in its first lines; then the Lua of policy.lua, whole:
    -- expect: deny error:E_TASK ~ text that the answer holds      as in tests/policy/cases; "deny!" and "permit!": once its obligations were held against the question
    -- question: {"app":{"outputs_raw":1}}                          how question.json is changed; another pair of lines, another question
    -- cve: CVE-2022-24834                                          it tries what that was; LUA-CVES.md names the file
    @@@ lib/x.lua                                                   another file of the archive follows
Of every one: what it answers is sane, the same to the byte when it is asked again in the same zygote and in another one, shows no character that a terminal would obey,
and the next policy is decided as if nothing had been. A decision by a limit of time is asked for once: it takes its second. Speaks TAP. policies.py [PART OF A NAME…] runs some.
"""
import importlib.machinery, importlib.util, json, os, re, sys, time

here = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("policy_run", os.path.join(here, "../policy/run"))
asked = importlib.util.module_from_spec(importlib.util.spec_from_loader("policy_run", loader))
loader.exec_module(asked)

POLITE = {"policy.lua": 'local policy = require "policy"\nreturn policy { api = 1, id = "polite", policy.permit { id = "all", policy.oblige { max_uses = 3 } } }\n'}
LONG = 0.5  # seconds: what ends by its processor time took one


def read(path):
    """Files of the archive, and (expectation, question) in their order."""
    files, current, asks = {"policy.lua": ""}, "policy.lua", []
    for line in open(path, encoding="utf-8", newline="\n"):
        for short, long in asked.NAMES.items():
            line = line.replace(short, long)
        if line.startswith("-- expect: "):
            asks.append([line[11:].strip(), {}])
        elif line.startswith("-- question: "):
            asks[-1][1] = json.loads(line[13:])
        elif line.startswith("@@@ "):
            current = line[4:].strip()
            files[current] = ""
            continue
        files[current] += line  # the marks are remarks to Lua, and lines keep their numbers
    return files, asks


def polite():
    got = asked.command(files=POLITE, question=asked.question({}))
    return got["permit"] and got["rules"] == ["all"] and got["obligations"] == '{"max_uses":3}'


def same(a, b):
    return all(a[k] == b[k] for k in ("permit", "reasons", "rules", "obligations", "answer", "permit_enforced", "reasons_enforced"))


def why_not(files, want, patch):
    question = asked.question(patch)
    began = time.monotonic()
    got = asked.command(files=files, question=question)
    shown = json.dumps(got, indent=1)[:3000]
    if not asked.check(want, got):
        return f"wanted {want}\ngot {shown}"
    if not asked.sane(got):
        return f"not a sane answer: {shown}"
    if re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", got["answer"] + "".join(got["reasons"] + got["rules"])):
        return f"a character that a terminal obeys: {shown}"
    if time.monotonic() - began < LONG:
        again = asked.command(files=files, question=question)
        asked.command(fresh=1)
        other = asked.command(files=files, question=question)
        if not same(got, again) or not same(got, other):
            return f"not the same when asked again: {shown}\n{json.dumps(again, indent=1)[:3000]}\n{json.dumps(other, indent=1)[:3000]}"
    return "" if polite() else "the next policy was not decided as it should"


names = sorted(n for n in os.listdir(os.path.join(here, "policies")) if n.endswith(".lua"))
asked.tap(len(names) >= 30, f"{len(names)} hostile policies")
for name in names:
    if len(sys.argv) > 1 and not any(part in name for part in sys.argv[1:]):
        continue
    files, asks = read(os.path.join(here, "policies", name))
    asked.tap(bool(asks), f"{name} says what it must end as")
    for i, (want, patch) in enumerate(asks):
        why = why_not(files, want, patch)
        asked.tap(not why, name[:-4] + (f" ({i + 1})" if len(asks) > 1 else ""), why)
asked.end()
