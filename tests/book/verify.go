// A stock verifier of exported books: Go's own note and tlog packages (x/mod/sumdb) judge the checkpoint, every entry, every tile, random proofs,
// and proof files. It shares no line with what it judges. Only the places of files and the cosignature are spelled here, because x/mod has its own
// paths ("tile/8/0/000", "tile/8/data/000") and no cosignatures.
//
//	verify [-witness VKEY]... [-rounds N] [-seed N] EXPORT LOG-VKEY [PROOF-FILE]...
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// A cosigner verifies C2SP cosignature/v1, which x/mod has no type for.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed witness key %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, fmt.Errorf("%q is not the key of a witness", vkey)
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", id[:4]) != parts[1] {
		return nil, fmt.Errorf("the hash in %q is not that of its key", vkey)
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(id[:4]), key[1:]}, nil
}

// Whom we trust: all of them must have signed.
type trusted struct {
	log  note.Verifier
	all  []note.Verifier
	list note.Verifiers
}

func newTrusted(log string, witnesses []string) (*trusted, error) {
	v, err := note.NewVerifier(log)
	if err != nil {
		return nil, err
	}
	t := &trusted{log: v, all: []note.Verifier{v}}
	for _, w := range witnesses {
		c, err := newCosigner(w)
		if err != nil {
			return nil, err
		}
		t.all = append(t.all, c)
	}
	t.list = note.VerifierList(t.all...)
	return t, nil
}

// checkpoint opens a signed checkpoint and gives the tree that it states.
func (t *trusted) checkpoint(signed []byte) (tree tlog.Tree, err error) {
	n, err := note.Open(signed, t.list)
	if err != nil {
		return tree, err
	}
	for _, v := range t.all {
		found := false
		for _, s := range n.Sigs {
			found = found || s.Name == v.Name() && s.Hash == v.KeyHash()
		}
		if !found {
			return tree, fmt.Errorf("%s has not signed the checkpoint", v.Name())
		}
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != t.log.Name() {
		return tree, fmt.Errorf("not a checkpoint of %s: %q", t.log.Name(), n.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || tree.N < 0 || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, fmt.Errorf("malformed size %q", lines[1])
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// C2SP's path of a tile: without the height, and with "entries" in the place of "data".
func tilePath(t tlog.Tile) string {
	rest := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", height))
	if strings.HasPrefix(rest, "data/") {
		rest = "entries/" + strings.TrimPrefix(rest, "data/")
	}
	return "tile/" + rest
}

func parseTilePath(path string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(path, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "data/" + strings.TrimPrefix(rest, "entries/")
	}
	return tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", height, rest))
}

// An export is a folder; it reads tiles for x/mod, which checks them against the tree.
type export struct{ dir string }

func (x export) Height() int                         { return height }
func (x export) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (x export) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if data[i], err = os.ReadFile(filepath.Join(x.dir, tilePath(t))); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func split(bundle []byte) (entries [][]byte, err error) {
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, errors.New("a bundle is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	return entries, nil
}

// All hashes of the tree, made again from the entries alone.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		list[i] = h[x]
	}
	return list, nil
}

// entries reads every bundle, and compares every entry with its leaf in the tiles.
func (x export) entries(tree tlog.Tree, r tlog.HashReader) (made hashes, err error) {
	for n := int64(0); n<<height < tree.N; n++ {
		t := tlog.Tile{H: height, L: -1, N: n, W: 1 << height}
		if rest := tree.N - n<<height; rest < int64(t.W) {
			t.W = int(rest)
		}
		bundle, err := os.ReadFile(filepath.Join(x.dir, tilePath(t)))
		if err != nil {
			return nil, err
		}
		list, err := split(bundle)
		if err != nil || len(list) != t.W {
			return nil, fmt.Errorf("%s: %d entries, want %d (%v)", tilePath(t), len(list), t.W, err)
		}
		indexes := make([]int64, t.W)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, n<<height+int64(i))
		}
		leaves, err := r.ReadHashes(indexes)
		if err != nil {
			return nil, err
		}
		for i, entry := range list {
			index := n<<height + int64(i)
			if tlog.RecordHash(entry) != leaves[i] {
				return nil, fmt.Errorf("%s: entry %d is not the one in the tree", tilePath(t), index)
			}
			more, err := tlog.StoredHashes(index, entry, made)
			if err != nil {
				return nil, err
			}
			made = append(made, more...)
		}
	}
	return made, nil
}

// files looks at each file under tile/, also those that no reader needs: what is there must be right.
func (x export) files(tree tlog.Tree, made hashes) (count int, err error) {
	top := filepath.Join(x.dir, "tile")
	if _, err := os.Stat(top); tree.N == 0 && os.IsNotExist(err) {
		return 0, nil
	}
	return count, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(x.dir, path)
		if err != nil {
			return err
		}
		t, err := parseTilePath(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		if t.L < 0 {
			count++
			return x.bundle(t, tree, made)
		}
		if t.L >= 8 || (t.N<<height+int64(t.W))<<(height*t.L) > tree.N {
			return fmt.Errorf("%s: past the end of the tree", name)
		}
		want, err := tlog.ReadTileData(t, made)
		if err != nil {
			return err
		}
		have, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(have, want) {
			return fmt.Errorf("%s: differs from what its entries give (%v)", name, err)
		}
		count++
		return nil
	})
}

func (x export) bundle(t tlog.Tile, tree tlog.Tree, made hashes) error {
	raw, err := os.ReadFile(filepath.Join(x.dir, tilePath(t)))
	if err != nil {
		return err
	}
	list, err := split(raw)
	if err != nil || len(list) != t.W || t.N<<height+int64(t.W) > tree.N {
		return fmt.Errorf("%s: %d entries (%v)", tilePath(t), len(list), err)
	}
	for i, entry := range list {
		if tlog.RecordHash(entry) != made[tlog.StoredHashIndex(0, t.N<<height+int64(i))] {
			return fmt.Errorf("%s: entry %d of it is not the one in the tree", tilePath(t), i)
		}
	}
	return nil
}

// proofs makes proofs of both kinds from the exported tiles and checks them.
func proofs(tree tlog.Tree, r tlog.HashReader, made hashes, rounds int, rng *rand.Rand) error {
	for i := 0; i < rounds; i++ {
		size := 1 + rng.Int63n(tree.N)
		if i%2 == 0 {
			size = tree.N
		}
		root, err := tlog.TreeHash(size, r)
		if err != nil {
			return err
		}
		n := rng.Int63n(size)
		record, err := tlog.ProveRecord(size, n, r)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(record, size, root, n, made[tlog.StoredHashIndex(0, n)]); err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", n, size, err)
		}
		old := 1 + rng.Int63n(size)
		oldRoot, err := tlog.TreeHash(old, made)
		if err != nil {
			return err
		}
		both, err := tlog.ProveTree(size, old, r)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(both, size, root, old, oldRoot); err != nil {
			return fmt.Errorf("consistency of %d with %d: %w", old, size, err)
		}
	}
	return nil
}

func cutLine(s string) (line, rest string, err error) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return "", "", errors.New("a proof file is cut short")
	}
	return s[:i], s[i+1:], nil
}

// proofFile checks a C2SP tlog-proof whose extra data is the entry; an empty entry has no such line.
func (t *trusted) proofFile(path string, tree tlog.Tree, made hashes) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(whole)
	line, text, err := cutLine(text)
	if err != nil || line != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof file")
	}
	if line, text, err = cutLine(text); err != nil {
		return err
	}
	var entry []byte
	if strings.HasPrefix(line, "extra ") {
		if entry, err = base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(line, "extra ")); err != nil {
			return err
		}
		if line, text, err = cutLine(text); err != nil {
			return err
		}
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(line, "index "), 10, 64)
	if err != nil || fmt.Sprintf("index %d", index) != line {
		return fmt.Errorf("malformed line %q", line)
	}
	var proof tlog.RecordProof
	for {
		if line, text, err = cutLine(text); err != nil {
			return err
		}
		if line == "" {
			break
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	stated, err := t.checkpoint([]byte(text))
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, stated.N, stated.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	if stated.N > tree.N {
		return fmt.Errorf("its checkpoint of size %d is newer than the export of size %d", stated.N, tree.N)
	}
	if root, err := tlog.TreeHash(stated.N, made); err != nil || root != stated.Hash {
		return fmt.Errorf("its checkpoint of size %d contradicts the export (%v)", stated.N, err)
	}
	return nil
}

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func run(dir, vkey string, witnesses, files []string, rounds int, seed int64) error {
	t, err := newTrusted(vkey, witnesses)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := t.checkpoint(signed)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	x := export{dir}
	r := tlog.TileHashReader(tree, x)
	made, err := x.entries(tree, r)
	if err != nil {
		return err
	}
	root := tlog.Hash(sha256.Sum256(nil))
	if tree.N > 0 {
		if root, err = tlog.TreeHash(tree.N, made); err != nil {
			return err
		}
	}
	if root != tree.Hash {
		return errors.New("the entries do not give the root of the checkpoint")
	}
	count, err := x.files(tree, made)
	if err != nil {
		return err
	}
	if tree.N > 0 {
		if err := proofs(tree, r, made, rounds, rand.New(rand.NewSource(seed))); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := t.proofFile(f, tree, made); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	fmt.Printf("go: %d entries, %d files, %d random proofs of each kind, %d proof files, %d signatures\n", tree.N, count, rounds, len(files), len(t.all))
	return nil
}

func main() {
	var witnesses list
	flag.Var(&witnesses, "witness", "`key` of a witness that must have signed")
	rounds := flag.Int("rounds", 100, "how many random proofs")
	seed := flag.Int64("seed", 1, "of the random proofs")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), witnesses, flag.Args()[2:], *rounds, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
}
