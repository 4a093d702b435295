package state_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// written is the key of 32 bytes 0 to 31, as OpenSSL writes it.
const written = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
`

func writtenKey() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	folder := newFolder(t)
	key, err := folder.Key("relay")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := openFolder(t, folder.Path(".")).Key("relay"); err != nil || !again.Equal(key) {
		t.Errorf("it is another one the next time: %v", err)
	}
	if other, err := folder.Key("other"); err != nil || other.Equal(key) {
		t.Errorf("another name has the same: %v", err)
	}
	if info, err := os.Stat(folder.Path("relay.pem")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	disktest.Leaves(t, folder.Path("."), "other.pem", "relay.pem")
}

func TestAKeyOfOpenSSLIsRead(t *testing.T) {
	folder := newFolder(t)
	for _, form := range []string{written, strings.ReplaceAll(written, "\n", "\r\n"), "\n" + strings.TrimSuffix(written, "\n")} {
		put(t, folder, "k.pem", form, 0o600)
		if key, err := folder.Key("k"); err != nil || !key.Equal(writtenKey()) {
			t.Errorf("%q: %v", form, err)
		}
	}
	if got, err := state.EncodeKey(writtenKey()); err != nil || string(got) != written {
		t.Errorf("%s, %v", got, err)
	}
	if id := state.IDOf(writtenKey()); id != protocol.PeerID(writtenKey().Public().(ed25519.PublicKey)) || !id.Sound() {
		t.Error(id)
	}
	put(t, folder, "k.pem", written, 0o400) // that the user keeps from changes
	if key, lock, err := folder.LockedKey("k"); err != nil || !key.Equal(writtenKey()) || lock.Close() != nil {
		t.Error(err)
	}
}

// inPEM returns bytes in a block of a kind.
func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// notKeys are texts that are no key, by a word of the error that each is.
func notKeys(t testing.TB) map[string][]string {
	t.Helper()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(written))
	longer := slices.Concat(block.Bytes, []byte{0})
	withHeader := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4"}, Bytes: block.Bytes}))
	return map[string][]string{
		"empty":         {"", "\n \n"},
		"no key in PEM": {"\x00\x00\x00", "key", "# mine\n" + written, written[:60], strings.Repeat("\x00", 119)},
		"follows":       {written + written, written + "x", written + "\x00"},
		"kind":          {inPEM("PUBLIC KEY", block.Bytes), inPEM("ENCRYPTED PRIVATE KEY", block.Bytes), inPEM("OPENSSH PRIVATE KEY", block.Bytes)},
		"headers":       {withHeader},
		"PKCS":          {inPEM("PRIVATE KEY", nil), inPEM("PRIVATE KEY", block.Bytes[:47]), inPEM("PRIVATE KEY", make([]byte, 48))},
		"Ed25519 key":   {inPEM("PRIVATE KEY", der)},
		"more in it":    {inPEM("PRIVATE KEY", longer)},
		"larger":        {written + strings.Repeat("\n", state.MostKey)},
	}
}

// TestWhatIsNoKeyIsAnErrorAndStays: a new key would be a new id.
func TestWhatIsNoKeyIsAnErrorAndStays(t *testing.T) {
	folder := newFolder(t)
	for word, texts := range notKeys(t) {
		for _, x := range texts {
			put(t, folder, "k.pem", x, 0o600)
			_, err := folder.Key("k")
			if err == nil || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), folder.Path("k.pem")) {
				t.Errorf("%q: %v", x, err)
			}
			if text(t, folder, "k.pem") != x {
				t.Errorf("%q was replaced", x)
			}
		}
	}
}

func TestAKeyThatOthersMayHaveReadIsRefused(t *testing.T) {
	needsModes(t)
	folder := newFolder(t)
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o620, 0o602, 0o604, 0o610, 0o777} {
		put(t, folder, "k.pem", written, mode)
		for _, ask := range []func() error{
			func() error { _, err := folder.Key("k"); return err },
			func() error { _, _, err := folder.LockedKey("k"); return err },
		} {
			if err := ask(); err == nil || !strings.Contains(err.Error(), "chmod 600 "+folder.Path("k.pem")) {
				t.Errorf("%04o: %v", mode, err)
			}
		}
	}
	put(t, folder, "k.pem", written, 0o600)
	if _, err := folder.Key("k"); err != nil {
		t.Error(err)
	}
}

// TestAKeyInAFolderOfOthersIsRefused: they could put theirs in its place, and will not be asked again.
func TestAKeyInAFolderOfOthersIsRefused(t *testing.T) {
	needsModes(t)
	folder := newFolder(t)
	for _, mode := range []fs.FileMode{0o777, 0o770, 0o702} {
		if err := os.Chmod(folder.Path("."), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Key("k"); err == nil || !strings.Contains(err.Error(), "chmod go-w "+folder.Path(".")) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
	for _, mode := range []fs.FileMode{0o755, 0o700, fs.ModeSticky | 0o777} { // others cannot replace what is ours
		if err := os.Chmod(folder.Path("."), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Key("k"); err != nil {
			t.Errorf("%04o: %v", mode, err)
		}
	}
}

func TestAKeyIsAFileOfTheFolder(t *testing.T) {
	folder := newFolder(t)
	outside := filepath.Join(folder.Path(".."), "outside.pem")
	if err := errors.Join(os.WriteFile(outside, []byte(written), 0o600), os.Symlink(outside, folder.Path("out.pem")),
		os.Symlink("nothing", folder.Path("dangling.pem")), os.Symlink("real.pem", folder.Path("in.pem")), os.Mkdir(folder.Path("folder.pem"), 0o700)); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "real.pem", written, 0o600)
	disktest.Fifo(t, folder.Path("fifo.pem"))
	for _, name := range []string{"out", "dangling", "in", "folder", "../outside"} {
		if key, err := folder.Key(name); err == nil {
			t.Errorf("%s: there is one, %v", name, state.IDOf(key))
		}
	}
	if _, err := folder.Key("fifo"); err == nil {
		if info, err := os.Lstat(folder.Path("fifo.pem")); err != nil || !info.Mode().IsRegular() {
			t.Errorf("a pipe: %v, %v", info.Mode(), err)
		}
	}
	if _, err := os.Lstat(folder.Path("nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a link to nothing was followed")
	}
}

func TestALockedKeyIsForOneProcess(t *testing.T) {
	folder := newFolder(t)
	key, lock, err := folder.LockedKey("k")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openFolder(t, folder.Path(".")).LockedKey("k"); !errors.Is(err, disk.ErrLocked) || !strings.Contains(err.Error(), folder.Path("k.pem")) {
		t.Errorf("another process: %v", err)
	}
	if same, err := folder.Key("k"); err != nil || !same.Equal(key) {
		t.Errorf("to look at it needs no lock: %v", err)
	}
	if _, other, err := folder.LockedKey("other"); err != nil || other.Close() != nil {
		t.Errorf("another key: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	if same, lock, err := folder.LockedKey("k"); err != nil || !same.Equal(key) || lock.Close() != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestOneKeyIsMadeByManyAtOnce(t *testing.T) {
	for range 30 {
		folder := newFolder(t)
		keys := make([]ed25519.PrivateKey, 8)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = openFolder(t, folder.Path(".")).Key("k"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, key := range keys {
			if !key.Equal(keys[0]) {
				t.Fatal("two have two keys")
			}
		}
		disktest.Leaves(t, folder.Path("."), "k.pem")
	}
}

// TestAKeyNeedsNoLinks: there are file systems without.
func TestAKeyNeedsNoLinks(t *testing.T) {
	defer state.SetBefore(func(what string) error {
		if what == "link it" {
			return fs.ErrPermission
		}
		return nil
	})()
	folder := newFolder(t)
	keys := make([]ed25519.PrivateKey, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = folder.Key("k"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, key := range keys {
		if !key.Equal(keys[0]) {
			t.Fatal("two have two keys")
		}
	}
	disktest.Leaves(t, folder.Path("."), "k.pem", "k.pem.lock")
}

func TestAFolderThatCannotBeWrittenHasTheKeysThatAreThere(t *testing.T) {
	if !isUser(t) {
		return
	}
	folder := newFolder(t)
	put(t, folder, "k.pem", written, 0o600)
	readOnly(t, folder)
	if key, lock, err := folder.LockedKey("k"); err != nil || !key.Equal(writtenKey()) || lock.Close() != nil {
		t.Error(err)
	}
	if _, err := folder.Key("other"); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}

// TestTheNameOfANodesKeyIsThatOfItsFolders: not of how they are written, or in which order.
func TestTheNameOfANodesKeyIsThatOfItsFolders(t *testing.T) {
	top := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(top, "a/b"), 0o700), os.Symlink("a", filepath.Join(top, "link"))); err != nil {
		t.Fatal(err)
	}
	t.Chdir(top)
	name := func(shares ...string) string {
		name, err := state.NodeKeyName(shares...)
		if err != nil || len(name) != len("node-")+16 || strings.ToLower(name) != name {
			t.Fatalf("%s, %v", name, err)
		}
		return name
	}
	for _, same := range [][2]string{
		{name("a"), name(filepath.Join(top, "a"))}, {name("a"), name("./a/")}, {name("a"), name("a/b/..")}, {name("a"), name("link")},
		{name("a/b"), name("link/b")}, {name("a", "a/b"), name("a/b", "a")}, {name("a"), name("a", "link")},
		{name("a/not/yet"), name("link/not/yet")},
	} {
		if same[0] != same[1] {
			t.Errorf("%s and %s are of the same folders", same[0], same[1])
		}
	}
	all := []string{name(), name("a"), name("a/b"), name("a", "a/b"), name("a/not"), name("ab"), name("a", "b"), name("."), name("/")}
	slices.Sort(all)
	if distinct := slices.Compact(slices.Clone(all)); len(distinct) != len(all) {
		t.Errorf("two of %v are the same", all)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(written))
	for _, texts := range notKeys(f) {
		for _, x := range texts {
			f.Add([]byte(x))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := state.ParseKey(text)
		if err != nil {
			return
		}
		again, err := state.EncodeKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := state.ParseKey(again); err != nil || !same.Equal(key) || !state.IDOf(key).Sound() {
			t.Errorf("%q: %v", text, err)
		}
	})
}
