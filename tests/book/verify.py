"""A stock verifier of exported books: RFC 6962 from its text, with Python's hashlib; signatures by the openssl program. Reads nothing of ours but files.

verify.py EXPORT LOG-VKEY [--witness VKEY]... [PROOF-FILE]...
"""
import base64
import hashlib
import os
import struct
import subprocess
import sys
import tempfile

DASH = "\u2014 "


class Wrong(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Wrong(what)


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def decode(text):
    raw = base64.b64decode(text, validate=True)
    check(base64.b64encode(raw).decode() == text, "base64 in another spelling")
    return raw


class Key:
    """name+hash+key, of a log (type 1) or of a witness (type 4)."""

    def __init__(self, vkey, kind):
        self.name, self.hash, key = vkey.split("+", 2)
        raw = decode(key)
        check(len(raw) == 33 and raw[0] == kind, "a key of another type: " + vkey)
        self.id = sha256(self.name.encode() + b"\n" + raw)[:4]
        check(self.id.hex() == self.hash, "the hash in a key does not belong to it: " + vkey)
        self.kind, self.raw = kind, raw[1:]

    def message(self, text, blob):
        """What was signed, and the signature."""
        if self.kind == 1:
            return text, blob
        check(len(blob) == 72, "a cosignature of another length")
        return b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", blob[:8])[0] + text, blob[8:]

    def verify(self, text, blob):
        message, signature = self.message(text, blob)
        der = bytes.fromhex("302a300506032b6570032100") + self.raw
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("key", der), ("message", message), ("signature", signature)):
                with open(os.path.join(folder, name), "wb") as f:
                    f.write(data)
            done = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key",
                                   "-in", "message", "-sigfile", "signature"], cwd=folder, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        return done.returncode == 0


def checkpoint_open(note, keys):
    """Size and root; every key must have signed, the first is the log's."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    check(signatures.endswith("\n"), "a note ends in a newline")
    missing = list(keys)
    for line in signatures[:-1].split("\n"):
        check(line.startswith(DASH), "not a signature line: " + line)
        name, blob = line[len(DASH):].rsplit(" ", 1)
        raw = decode(blob)
        for key in keys:
            if (key.name, key.id) == (name, raw[:4]):
                check(key.verify(text.encode(), raw[4:]), "the signature of %s does not hold" % name)
                check(key in missing, "%s signed twice" % name)
                missing.remove(key)
    check(not missing, "not signed by " + ", ".join(key.name for key in missing))
    lines = text.split("\n")
    check(len(lines) == 4 and lines[0] == keys[0].name, "not a checkpoint of " + keys[0].name)
    size, root = int(lines[1]), decode(lines[2])
    check(str(size) == lines[1] and len(root) == 32, "a checkpoint in another spelling")
    return size, root


def tile_path(kind, number, width):
    path = "%03d" % (number % 1000)
    while number >= 1000:
        number //= 1000
        path = "x%03d/" % (number % 1000) + path
    return "tile/%s/%s%s" % (kind, path, "" if width == 256 else ".p/%d" % width)


class Tree:
    """Every hash of a complete subtree, from the entries of an export."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        self.levels = [[leaf_hash(entry) for number in range((size + 255) // 256) for entry in self.bundle(number)]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def read(self, path):
        with open(os.path.join(self.folder, path), "rb") as f:
            return f.read()

    def bundle(self, number):
        width = min(256, self.size - number * 256)
        path = tile_path("entries", number, width)
        raw, at, entries = self.read(path), 0, []
        while at < len(raw):
            check(at + 2 <= len(raw), path + " is cut short")
            end = at + 2 + struct.unpack(">H", raw[at:at + 2])[0]
            check(end <= len(raw), path + " is cut short")
            entries.append(raw[at + 2:end])
            at = end
        check(len(entries) == width, "%s holds %d entries" % (path, len(entries)))
        return entries

    def root(self, size):
        """MTH of the first entries: the complete subtrees that they fall into, folded from the right."""
        root = None
        for level in range(size.bit_length()):
            if size >> level & 1:
                peak = self.levels[level][(size >> level) - 1]
                root = peak if root is None else node_hash(peak, root)
        return sha256(b"") if root is None else root

    def tiles(self):
        """Compares every tile that the size calls for; gives how many."""
        count, level = 0, 0
        while self.size >> (8 * level):
            hashes = self.levels[8 * level]
            for number in range((len(hashes) + 255) // 256):
                want = hashes[number * 256:number * 256 + 256]
                path = tile_path(level, number, len(want))
                check(self.read(path) == b"".join(want), path + " differs from what its entries give")
                count += 1
            level += 1
        return count


def inclusion_root(leaf, index, size, proof):
    """RFC 9162, 2.1.3.2."""
    check(index < size, "index past the end")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        check(sn != 0, "a proof too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    check(sn == 0, "a proof too short")
    return r


def proof_file(path, keys, tree):
    with open(path, encoding="utf-8", newline="") as f:
        head, _, note = f.read().partition("\n\n")
    lines = head.split("\n")
    if not lines[1].startswith("extra "):
        lines.insert(1, "extra ")  # of an empty entry
    check(lines[0] == "c2sp.org/tlog-proof@v1" and lines[2].startswith("index "), "not a proof file")
    entry, index, proof = decode(lines[1][6:]), int(lines[2][6:]), [decode(line) for line in lines[3:]]
    check("index %d" % index == lines[2] and all(len(h) == 32 for h in proof), "a proof in another spelling")
    size, root = checkpoint_open(note, keys)
    check(inclusion_root(leaf_hash(entry), index, size, proof) == root, "the proof does not hold")
    check(size <= tree.size and tree.root(size) == root, "its checkpoint contradicts the export")


def main(words):
    names, witnesses = [], []
    while words:
        word = words.pop(0)
        if word == "--witness":
            witnesses.append(Key(words.pop(0), 4))
        else:
            names.append(word)
    folder, keys = names[0], [Key(names[1], 1)] + witnesses
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8", newline="") as f:
        size, root = checkpoint_open(f.read(), keys)
    tree = Tree(folder, size)
    check(tree.root(size) == root, "the entries do not give the root of the checkpoint")
    tiles = tree.tiles()
    for path in names[2:]:
        proof_file(path, keys, tree)
    print("python: %d entries, %d tiles, %d proof files, %d signatures" % (size, tiles, len(names) - 2, len(keys)))


try:
    main(sys.argv[1:])
except (Wrong, OSError, ValueError, IndexError) as problem:
    print("python: %s" % problem, file=sys.stderr)
    sys.exit(1)
