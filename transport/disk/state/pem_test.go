package state_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
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
