// Writes logs that are not ours: the tree, the tiles, the notes and the proofs are made by Go's own packages (x/mod/sumdb), for our verifier to judge.
//
//	foreign DIR SIZE	DIR/export, DIR/policy, DIR/proofs, as make_log does; no witness
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const origin = "example.org/log-of-others"

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		list[i] = h[x]
	}
	return list, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func put(dir, path string, data []byte) {
	path = filepath.Join(dir, path)
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, data, 0o644))
}

// C2SP's path of a tile of x/mod.
func tilePath(t tlog.Tile) string {
	rest := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("foreign DIR SIZE")
	}
	dir := os.Args[1]
	size, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	rng := rand.New(rand.NewSource(size))
	skey, vkey, err := note.GenerateKey(rng, origin)
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)

	var all hashes
	entries := make([][]byte, size)
	for i := range entries {
		entries[i] = make([]byte, rng.Intn(500))
		rng.Read(entries[i])
		more, err := tlog.StoredHashes(int64(i), entries[i], all)
		must(err)
		all = append(all, more...)
	}
	root, err := tlog.TreeHash(size, all)
	must(err)
	for _, t := range tlog.NewTiles(height, 0, size) {
		// Of partial tiles NewTiles lists every width; a log has those of its checkpoints.
		if t.W < 1<<height && size>>(height*t.L)-t.N<<height != int64(t.W) {
			continue
		}
		data, err := tlog.ReadTileData(t, all)
		must(err)
		put(dir, "export/"+tilePath(t), data)
		if t.L > 0 {
			continue
		}
		var bundle bytes.Buffer
		for _, entry := range entries[t.N<<height : t.N<<height+int64(t.W)] {
			must(binary.Write(&bundle, binary.BigEndian, uint16(len(entry))))
			bundle.Write(entry)
		}
		put(dir, "export/"+tilePath(tlog.Tile{H: height, L: -1, N: t.N, W: t.W}), bundle.Bytes())
	}
	checkpoint, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, signer)
	must(err)
	put(dir, "export/checkpoint", checkpoint)
	put(dir, "policy", []byte(fmt.Sprintf("log %s\nquorum none\n", vkey)))

	for i := 0; i < 20; i++ {
		n := rng.Int63n(size)
		proof, err := tlog.ProveRecord(size, n, all)
		must(err)
		text := "c2sp.org/tlog-proof@v1\n"
		if len(entries[n]) > 0 {
			text += fmt.Sprintf("extra %s\n", base64.StdEncoding.EncodeToString(entries[n]))
		}
		text += fmt.Sprintf("index %d\n", n)
		for _, h := range proof {
			text += h.String() + "\n"
		}
		put(dir, fmt.Sprintf("proofs/%d.tlog-proof", n), append([]byte(text+"\n"), checkpoint...))
	}
}
