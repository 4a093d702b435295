package state

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
)

const pemType = "PRIVATE KEY"

// encodeKey returns a key as PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it.
func encodeKey(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// parseKey returns the key of a text of encodeKey. It takes no other form of the key, and nothing but
// white space before and behind it: a file that has been changed by accident is not used.
func parseKey(text []byte) (ed25519.PrivateKey, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	block, rest := pem.Decode(text)
	switch {
	case block == nil || !bytes.HasPrefix(text, []byte("-----BEGIN ")):
		return nil, errors.New("it is no key in PEM")
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("something follows the key")
	case block.Type != pemType:
		return nil, fmt.Errorf("it is of the kind %q, not %q", protocol.Printable(block.Type, protocol.MaxText), pemType)
	case len(block.Headers) > 0:
		return nil, errors.New("it has headers, as no key of ours")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("it is no key in PKCS #8")
	}
	key, is := parsed.(ed25519.PrivateKey)
	if !is {
		return nil, errors.New("it is no Ed25519 key")
	}
	if der, err := x509.MarshalPKCS8PrivateKey(key); err != nil || !bytes.Equal(der, block.Bytes) {
		return nil, errors.New("there is more in it than an Ed25519 key")
	}
	return key, nil
}
