// check_log reads a log in the static layout and checks it with golang.org/x/mod/sumdb, which shares no
// code with packtrace. It prints what it counted, or the first thing that is wrong and exits with 1.
//
// Usage: check_log FOLDER, where FOLDER holds
//
//	checkpoint, tile/...   the log, as published
//	vkey                   the Ed25519 key of the log
//	witness                the key of one witness, type 0x04, that cosigned the checkpoint
//	receipts/INDEX         inclusion proofs, c2sp.org/tlog-proof@v1, the entry as extra data
//	older/SIZE             an earlier checkpoint, and in older/SIZE.proof the consistency proof, a hash a line
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func fail(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func read(parts ...string) []byte {
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		fail("unreadable: %v", err)
	}
	return data
}

func decode(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		fail("base64: %v", err)
	}
	return data
}

func decodeHash(text string) tlog.Hash {
	data := decode(text)
	if len(data) != tlog.HashSize {
		fail("hash: expected %d bytes, got %d", tlog.HashSize, len(data))
	}
	var hash tlog.Hash
	copy(hash[:], data)
	return hash
}

func integer(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		fail("number: %v", err)
	}
	return n
}

// witness verifies cosignatures of type 0x04 (C2SP tlog-cosignature), which sumdb/note does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(w.key, append([]byte(header), text...), signature[8:])
}

func parseWitness(vkey string) *witness {
	parts := strings.SplitN(vkey, "+", 3)
	id, err := hex.DecodeString(parts[1])
	if err != nil {
		fail("key id of the witness: %v", err)
	}
	key := decode(parts[2])
	if key[0] != 4 {
		fail("type of the witness key: expected 4, got %d", key[0])
	}
	return &witness{parts[0], binary.BigEndian.Uint32(id), key[1:]}
}

// open checks every signature of a known key and returns the tree, and how many of the keys signed.
func open(data []byte, origin string, keys ...note.Verifier) (tlog.Tree, int) {
	opened, err := note.Open(data, note.VerifierList(keys...))
	if err != nil {
		fail("note: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		fail("checkpoint text: %q", opened.Text)
	}
	return tlog.Tree{N: integer(lines[1]), Hash: decodeHash(lines[2])}, len(opened.Sigs)
}

// tiles reads hash tiles. tlog.TileHashReader holds them against the root, but before x/mod 0.40 not all of
// them (CVE-2026-56865): what it returns is compared with the entries below.
type tiles struct{ folder string }

func (t tiles) Height() int                     { return tileHeight }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		// tlog writes the height as well: tile/8/0/000, where C2SP has tile/0/000.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// entries reads all entry bundles of a tree.
func entries(folder string, size int64) [][]byte {
	var all [][]byte
	for index := int64(0); index<<tileHeight < size; index++ {
		width := size - index<<tileHeight
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
		data := read(folder, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		for ; len(data) > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				fail("bundle %d ends early", index)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
		if width != 0 {
			fail("bundle %d: %d entries too few", index, width)
		}
	}
	return all
}

// rebuild computes the root from entries alone.
func rebuild(all [][]byte) tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for n, entry := range all {
		hashes, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			fail("entry %d: %v", n, err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(all)), reader)
	if err != nil {
		fail("root: %v", err)
	}
	return root
}

func sameProof(ours, theirs []tlog.Hash) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for at := range ours {
		if ours[at] != theirs[at] {
			return false
		}
	}
	return true
}

func main() {
	folder := os.Args[1]
	key, err := note.NewVerifier(string(read(folder, "vkey")))
	if err != nil {
		fail("vkey: %v", err)
	}
	cosigner := parseWitness(string(read(folder, "witness")))
	tree, signers := open(read(folder, "checkpoint"), key.Name(), key, cosigner)
	if signers != 2 {
		fail("signatures: expected those of the log and of the witness, got %d", signers)
	}

	all := entries(folder, tree.N)
	if root := rebuild(all); root != tree.Hash {
		fail("root of the entries: expected %v, got %v", tree.Hash, root)
	}
	reader := tlog.TileHashReader(tree, tiles{folder})
	var indexes []int64
	for n := range all {
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(n)))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		fail("tiles: %v", err)
	}
	for n, entry := range all {
		if hashes[n] != tlog.RecordHash(entry) {
			fail("leaf %d: the tile and the bundle differ", n)
		}
	}

	receipts, _ := filepath.Glob(filepath.Join(folder, "receipts", "*"))
	for _, path := range receipts {
		parts := bytes.SplitN(read(path), []byte("\n\n"), 2)
		if len(parts) != 2 || !bytes.Equal(parts[1], read(folder, "checkpoint")) {
			fail("receipt %s: another checkpoint", filepath.Base(path))
		}
		lines := strings.Split(string(parts[0]), "\n")
		if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || lines[2] != "index "+filepath.Base(path) {
			fail("receipt %s: malformed", filepath.Base(path))
		}
		entry := decode(strings.TrimPrefix(lines[1], "extra "))
		index := integer(filepath.Base(path))
		var proof tlog.RecordProof
		for _, line := range lines[3:] {
			proof = append(proof, decodeHash(line))
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
			fail("inclusion of %d: %v", index, err)
		}
		theirs, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil || !sameProof(proof, theirs) {
			fail("inclusion of %d: sumdb writes another proof: %v", index, err)
		}
	}

	older, _ := filepath.Glob(filepath.Join(folder, "older", "*.proof"))
	for _, path := range older {
		old, _ := open(read(strings.TrimSuffix(path, ".proof")), key.Name(), key)
		var proof tlog.TreeProof
		for _, line := range strings.Fields(string(read(path))) {
			proof = append(proof, decodeHash(line))
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			fail("consistency from %d: %v", old.N, err)
		}
		theirs, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil || !sameProof(proof, theirs) {
			fail("consistency from %d: sumdb writes another proof: %v", old.N, err)
		}
	}
	fmt.Printf("entries %d, receipts %d, older checkpoints %d\n", len(all), len(receipts), len(older))
}
