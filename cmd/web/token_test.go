package web

import (
	"encoding/base64"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/roles"
)

func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestWhoKnowsTheTokenComesIn(t *testing.T) {
	s := serve(t, Options{TokenFile: file(t, "token", " "+secret+"\n")}, text, nil)
	for _, x := range []struct {
		lines []string
		code  int
	}{
		{nil, 401},
		{[]string{basic("", secret)}, 200},
		{[]string{basic("anybody", secret)}, 200},
		{[]string{"Authorization: Bearer " + secret}, 200},
		{[]string{"authorization: bearer  " + secret}, 200},
		{[]string{basic(secret, "")}, 401},
		{[]string{basic("", secret+"x")}, 401},
		{[]string{"Authorization: Bearer"}, 401},
		{[]string{"Authorization: " + secret}, 401},
		{[]string{"Authorization: Basic !"}, 401},
		{[]string{basic("", secret), basic("", secret)}, 401},
	} {
		got := s.get("/a", x.lines...)
		if got.code != x.code {
			t.Errorf("%q: %d", x.lines, got.code)
		}
		ask := strings.Join(got.header.Values("WWW-Authenticate"), ", ")
		if x.code == 401 && (!strings.HasPrefix(ask, "Basic realm=") || !strings.Contains(ask, "Bearer") || strings.Contains(got.body, "/a")) {
			t.Errorf("%q: %q, %q", x.lines, ask, got.body)
		}
	}
	if got := s.get("/" + assetPath(sheet)); got.code != 200 {
		t.Errorf("the style sheet of the page that asks for the token: %d", got.code)
	}
	if log := s.log.String(); !strings.Contains(log, "a wrong token") || strings.Contains(log, secret) {
		t.Error(log)
	}
}

// The name and the site come before the token: a page of another site does not make the browser ask.
func TestTheTokenIsTheLastQuestion(t *testing.T) {
	s := serve(t, Options{TokenFile: file(t, "token", secret)}, text, nil)
	for code, got := range map[int]answer{
		421: s.ask("GET", "/", "rebound.example", basic("", secret)),
		405: s.ask("POST", "/", "localhost", "Content-Length: 0", basic("", secret)),
		403: s.get("/", "Sec-Fetch-Site: cross-site", basic("", secret)),
	} {
		if got.code != code {
			t.Errorf("%d in place of %d", got.code, code)
		}
	}
}

func TestATokenThatChangesCountsAtOnce(t *testing.T) {
	path := file(t, "token", secret)
	s := serve(t, Options{TokenFile: path}, text, nil)
	expect := func(what string, codes ...int) {
		t.Helper()
		for i, token := range []string{secret, secret[:len(secret)-1] + "X"} { // of one length
			if got := s.get("/", basic("", token)); got.code != codes[i] {
				t.Errorf("%s: %d", what, got.code)
			}
		}
	}
	write := func(content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	expect("at first", 200, 401)
	write(secret[:len(secret)-1]+"X", 0o600)
	expect("changed", 401, 200)
	write("short", 0o600)
	expect("too short", 503, 503)
	write(secret, 0o600)
	expect("back", 200, 401)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("others can read it", 503, 503)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("removed", 503, 503)
	write(secret, 0o600)
	expect("there again", 200, 401)
	if log := s.log.String(); !strings.Contains(log, "nobody comes in until it can") || !strings.Contains(log, "has been read again") || strings.Contains(log, secret) {
		t.Error(log)
	}
}

// Editors end the line, some in two characters, and some mark the file as UTF-8: that is not of the token.
func TestATokenIsWhatPeopleTypeWhateverTheirEditorPutsAroundIt(t *testing.T) {
	for _, content := range []string{secret, secret + "\n", secret + "\r\n", "\ufeff" + secret, "\ufeff" + secret + "\r\n", " " + secret + " \n\n"} {
		if h, err := readToken(file(t, "token", content)); err != nil || !h.matches(secret) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := readToken(file(t, "marked", "\ufefffifteen letters")); err == nil {
		t.Error("the mark counts as a character")
	}
}

func TestATokenFileThatIsNoSecretIsRefused(t *testing.T) {
	for name, content := range map[string]string{"short": "fifteen letters", "empty": "", "lines": secret + "\n" + secret, "long": strings.Repeat("x", maxToken+1), "control": secret + "\x00"} {
		if _, err := readToken(file(t, name, content)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o602, 0o620} {
		path := file(t, "open", secret)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := readToken(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%o: %v", mode, err)
		}
	}
	if _, err := readToken(t.TempDir()); err == nil {
		t.Error("a folder is a token")
	}
	if d, err := Open(t.Context(), Options{Listen: "localhost:0", TokenFile: "no/such/file"}, nil); d != nil || err == nil || !strings.HasPrefix(err.Error(), "--token-file: no/such/file: ") {
		t.Error(err)
	}
}

func TestSystemdHasTheTokenToo(t *testing.T) {
	path := file(t, tokenCredential, secret)
	if err := os.Chmod(path, 0o440); err != nil { // as the rights of a list of users look
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(path))
	s := serve(t, Options{}, text, nil)
	if got := s.get("/"); got.code != 401 {
		t.Errorf("without it: %d", got.code)
	}
	if got := s.get("/", basic("", secret)); got.code != 200 {
		t.Errorf("with it: %d", got.code)
	}
}

func TestAnAddressThatGuessesIsNotListenedToForAWhile(t *testing.T) {
	s := serve(t, Options{TokenFile: file(t, "token", secret)}, text, nil)
	g := &gate{Door: s.Door, handler: text, slots: make(chan struct{}, 1)}
	ask := func(from, token string) int {
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.RemoteAddr = from
		if token != "" {
			r.SetBasicAuth("", token)
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("it does not say for how long")
		}
		return w.Code
	}
	for range 3 * wrongBurst { // who knows no token yet has not guessed
		if code := ask("192.0.2.1:1", ""); code != 401 {
			t.Fatal(code)
		}
	}
	codes := map[int]int{}
	for range 3 * wrongBurst {
		codes[ask("192.0.2.1:1", "a guess")]++
	}
	if codes[401] < wrongBurst || codes[429] < wrongBurst {
		t.Errorf("%v", codes)
	}
	for from, want := range map[string]int{"192.0.2.1:2": 429, "192.0.2.2:1": 200, "[2001:db8::1]:1": 200, "127.0.0.1:1": 200, "@": 200} {
		if code := ask(from, secret); code != want {
			t.Errorf("%s: %d", from, code)
		}
	}
	for range 3 * wrongBurst { // a proxy of this machine, through which others guess
		ask("127.0.0.1:1", "a guess")
	}
	if wrong, right := ask("127.0.0.1:1", "a guess"), ask("127.0.0.1:1", secret); wrong != 429 || right != 200 {
		t.Errorf("%d, %d", wrong, right)
	}
}

func TestWrongTokensOfSoManyAddressesAreCounted(t *testing.T) {
	var wrong wrongTokens
	for i := range maxWrong + 100 {
		wrong.count(roles.HostOf(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})))
	}
	if len(wrong.from) > maxWrong {
		t.Errorf("%d", len(wrong.from))
	}
}
