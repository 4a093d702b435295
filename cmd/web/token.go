package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

const (
	// MinToken is the fewest characters of a token.
	MinToken = 16
	// maxToken is the most bytes of a token.
	maxToken = 4 << 10
	// tokenCredential is the name under which systemd keeps a token.
	tokenCredential = "relaypeer-token"
	// byteOrderMark begins what some editors save as UTF-8. Nobody types it.
	byteOrderMark = "\ufeff"
)

// hashed is the hash of a token: what is compared has one length, whatever is given.
type hashed [sha256.Size]byte

// readToken reads the token of a file. Nobody but its owner may be able to read it; a credential of
// systemd is also readable by a group that is nobody's.
func readToken(path string) (h hashed, err error) {
	file, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return h, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return h, err
	}
	if !info.Mode().IsRegular() {
		return h, fmt.Errorf("%s: it is not a regular file", path)
	}
	if err := checkPrivate(path, info, filepath.Clean(path) == cli.Credential(tokenCredential)); err != nil {
		return h, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	if err != nil {
		return h, err
	}
	token := strings.TrimSpace(strings.TrimPrefix(string(data), byteOrderMark))
	switch {
	case len(data) > maxToken:
		err = fmt.Errorf("%s: a token has %d bytes at most", path, maxToken)
	case len([]rune(token)) < MinToken:
		err = fmt.Errorf("%s: the token has fewer than %d characters; openssl rand -hex 16 makes one", path, MinToken)
	case strings.ContainsFunc(token, unicode.IsControl):
		err = fmt.Errorf("%s: a token is one line", path)
	}
	return sha256.Sum256([]byte(token)), err
}

// matches reports whether a token is the one, in a time that does not depend on how much of it is.
func (h hashed) matches(given string) bool {
	other := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}

// givenToken returns the token that a request carries: as the password of Basic, whoever the user
// is, or as that of Bearer.
func givenToken(r *http.Request) (token string, is bool) {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return "", len(given) > 1 // more than one is none that is right
	}
	if _, password, basic := r.BasicAuth(); basic {
		return password, true
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), true
	}
	return "", true
}

// knowsToken reports whether a request carries the right token, as it is now.
func (d *Door) knowsToken(r *http.Request) bool {
	if d.token == nil {
		return true
	}
	want, err := d.token.get()
	given, is := givenToken(r)
	return err == nil && is && want.matches(given)
}

// checkToken lets a request in that carries the right token, or answers it.
func (d *Door) checkToken(w http.ResponseWriter, r *http.Request) bool {
	if d.token == nil {
		return true
	}
	host := hostOf(r)
	if host.Bounded() && d.wrong.tooMany(host) {
		tooManyWrong(w, r)
		return false
	}
	want, err := d.token.get()
	if err != nil { // which the log has heard already
		Fail(w, r, http.StatusServiceUnavailable, "the token file of this server cannot be used; its log says why")
		return false
	}
	given, is := givenToken(r)
	switch {
	case is && want.matches(given):
		return true
	case is && !d.wrong.count(host):
		tooManyWrong(w, r)
		return false
	case is:
		d.sampled.warn("a wrong token", "from", host)
	}
	header := w.Header()
	header.Add("WWW-Authenticate", `Basic realm="relaypeer", charset="UTF-8"`)
	header.Add("WWW-Authenticate", `Bearer realm="relaypeer"`)
	header.Set("Connection", "close") // a stranger holds no connection
	Fail(w, r, http.StatusUnauthorized, "this server needs its token: as the password, with any user name, or as Authorization: Bearer")
	return false
}

func tooManyWrong(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "10")
	w.Header().Set("Connection", "close")
	Fail(w, r, http.StatusTooManyRequests, "too many wrong tokens have come from your address; wait for some seconds")
}

// openToken reads the token for the first time.
func (d *Door) openToken(path string) error {
	d.token = &watched[hashed]{paths: []string{path}, read: func() (hashed, error) { return readToken(path) }, told: func(err error) {
		if err != nil {
			d.log.Error("the token file cannot be used, and nobody comes in until it can", "why", err)
			return
		}
		d.log.Info("the token has been read again", "file", path)
	}}
	if _, err := d.token.get(); err != nil {
		return &cli.Failure{Code: cli.ExitFailure, Text: "--token-file: " + unwrapped(err)}
	}
	return nil
}

// unwrapped returns what an error says, without the system call that a path error begins with.
func unwrapped(err error) string {
	if of := (*os.PathError)(nil); errors.As(err, &of) {
		return fmt.Sprintf("%s: %v", of.Path, of.Err)
	}
	return err.Error()
}
