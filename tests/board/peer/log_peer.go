// log_peer judges a receipt log with another implementation than ours: Go's checksum database, `sumdb/note` and
// `sumdb/tlog` of golang.org/x/mod, which the C2SP formats come from. What it accepts, any reader of those formats does.
//
//	log_peer -key VKEY [-old NOTE] [-receipt FILE]… [-witness VKEY]… [-threshold K] [-checkpoint NAME] PLACE
//
// PLACE is a folder, or the http address under which a server has its log: `checkpoint` (or NAME) and `tile/…` are read from it.
// Every tile is read and checked against the signed root; the log must have grown out of the checkpoint in the file
// -old, and out of that of each receipt. Exit code 0, or 1 with a sentence on stderr.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight     = 8 // of tlog-tiles, where it is not in the path
	answerBytesMax = 1 << 20
	proofMagic     = "c2sp.org/tlog-proof@v1"
)

type list []string

func (l *list) String() string         { return strings.Join(*l, " ") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

// A place that a log is read from: a folder or a server.
type place string

func (p place) read(name string) ([]byte, error) {
	if !strings.HasPrefix(string(p), "http://") {
		return os.ReadFile(filepath.Join(string(p), filepath.FromSlash(name)))
	}
	answer, err := http.Get(string(p) + "/" + name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", name, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, answerBytesMax))
}

// tlog.TileReader over a place.
type tiles struct{ place }

func (tiles) Height() int                     { return tileHeight }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		// The checksum database has the height in the path, C2SP's tlog-tiles has not.
		name := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
		data, err := t.read(name)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// A cosigner of tlog-cosignature, algorithm 4, which package note does not know: its signature has the time in front.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, errors.New("no verifier key: " + vkey)
	}
	id, err := hex.DecodeString(parts[1])
	key, err2 := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || err2 != nil || len(id) != 4 || len(key) != 33 || key[0] != 4 {
		return cosigner{}, errors.New("no verifier key of cosignatures: " + vkey)
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if string(digest[:4]) != string(id) {
		return cosigner{}, errors.New("the verifier key has another key's id: " + vkey)
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(id), key[1:]}, nil
}

// Whose signatures a checkpoint needs.
type policy struct {
	origin    string
	keys      note.Verifiers
	threshold int
}

func newPolicy(key string, witnesses []string, threshold int) (policy, error) {
	log, err := note.NewVerifier(key)
	if err != nil {
		return policy{}, err
	}
	keys := []note.Verifier{log}
	for _, vkey := range witnesses {
		witness, err := newCosigner(vkey)
		if err != nil {
			return policy{}, err
		}
		keys = append(keys, witness)
	}
	return policy{log.Name(), note.VerifierList(keys...), threshold}, nil
}

// The tree of a signed checkpoint: c2sp.org/tlog-checkpoint.
func (p policy) open(message []byte) (tlog.Tree, error) {
	signed, err := note.Open(message, p.keys)
	if err != nil {
		return tlog.Tree{}, err
	}
	cosigned := 0
	byLog := false
	for _, signature := range signed.Sigs {
		if signature.Name == p.origin {
			byLog = true
		} else {
			cosigned++
		}
	}
	if !byLog {
		return tlog.Tree{}, errors.New("the checkpoint is not signed by the log")
	}
	if cosigned < p.threshold {
		return tlog.Tree{}, fmt.Errorf("%d witnesses have cosigned, %d must", cosigned, p.threshold)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != p.origin || lines[3] != "" {
		return tlog.Tree{}, errors.New("the checkpoint has not the three lines of this log's")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the checkpoint's size is no number")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// Every leaf is read through its tile and those above it, which TileHashReader checks against the root.
func checkAll(tree tlog.Tree, hashes tlog.HashReader) error {
	for from := int64(0); from < tree.N; from += 1 << tileHeight {
		var indexes []int64
		for leaf := from; leaf < tree.N && leaf < from+1<<tileHeight; leaf++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, leaf))
		}
		if _, err := hashes.ReadHashes(indexes); err != nil {
			return err
		}
	}
	return nil
}

func grown(tree, old tlog.Tree, hashes tlog.HashReader) error {
	if old.N > tree.N {
		return fmt.Errorf("the log has %d entries and had %d: it was cut", tree.N, old.N)
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("not consistent with the checkpoint of %d entries: %w", old.N, err)
	}
	return nil
}

// c2sp.org/tlog-proof: the tree of the receipt's checkpoint, in which the proof shows its entry to be.
func (p policy) openReceipt(text string) (tlog.Tree, error) {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != proofMagic ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return tlog.Tree{}, errors.New("no proof of c2sp.org/tlog-proof")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return tlog.Tree{}, err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return tlog.Tree{}, err
		}
		proof = append(proof, hash)
	}
	tree, err := p.open([]byte(checkpoint))
	if err != nil {
		return tree, err
	}
	return tree, tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func judge(p policy, from place, name, old string, receipts []string) (tlog.Tree, error) {
	message, err := from.read(name)
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := p.open(message)
	if err != nil {
		return tree, err
	}
	hashes := tlog.TileHashReader(tree, tiles{from})
	if err := checkAll(tree, hashes); err != nil {
		return tree, err
	}
	if old != "" {
		message, err := os.ReadFile(old)
		if err != nil {
			return tree, err
		}
		// An earlier checkpoint may have been seen before any witness had cosigned it.
		before, err := policy{p.origin, p.keys, 0}.open(message)
		if err != nil {
			return tree, fmt.Errorf("%s: %w", old, err)
		}
		if err := grown(tree, before, hashes); err != nil {
			return tree, err
		}
	}
	for _, name := range receipts {
		text, err := os.ReadFile(name)
		if err != nil {
			return tree, err
		}
		then, err := p.openReceipt(string(text))
		if err == nil {
			err = grown(tree, then, hashes)
		}
		if err != nil {
			return tree, fmt.Errorf("%s: %w", name, err)
		}
	}
	return tree, nil
}

func main() {
	var receipts, witnesses list
	key := flag.String("key", "", "verifier key of the log")
	old := flag.String("old", "", "file with an earlier checkpoint")
	name := flag.String("checkpoint", "checkpoint", "its name in the place")
	threshold := flag.Int("threshold", 0, "how many witnesses must have cosigned")
	flag.Var(&receipts, "receipt", "file with a receipt")
	flag.Var(&witnesses, "witness", "verifier key of a witness")
	flag.Parse()
	p, err := newPolicy(*key, witnesses, *threshold)
	if err == nil && flag.NArg() != 1 {
		err = errors.New("one place is judged: a folder or an address")
	}
	var tree tlog.Tree
	if err == nil {
		tree, err = judge(p, place(flag.Arg(0)), *name, *old, receipts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "log_peer:", err)
		os.Exit(1)
	}
	fmt.Printf("good: %d entries, %d receipts\n", tree.N, len(receipts))
}
