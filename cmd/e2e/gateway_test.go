package e2e

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browse gets a page or a file of a gateway.
func browse(t *testing.T, client *http.Client, url string, fields ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}

// browser returns a client that leaves no connection behind.
func browser(t *testing.T) *http.Client {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestAGatewayServesWhatNodesShare(t *testing.T) {
	t.Parallel()
	big := noise(7, 3<<20)
	relay, _ := network(t, "127.0.0.1", map[string]string{"films/a.mp4": big, "b & c.txt": "text"})
	published(t, relay, 2)
	gateway := start(t, "peer-client", "serve", "--http", "127.0.0.1:0", "127.0.0.1", relay.port)
	client := browser(t)
	if !strings.HasPrefix(gateway.ready, "http://127.0.0.1:") {
		t.Fatalf("ready %q", gateway.ready)
	}
	if code, body := browse(t, client, gateway.ready+"files/films/a.mp4"); code != 200 || body != big {
		t.Errorf("%d, %d bytes", code, len(body))
	}
	if code, body := browse(t, client, gateway.ready+"files/films/a.mp4", "Range", "bytes=2000000-2000009"); code != 206 || body != big[2000000:2000010] {
		t.Errorf("%d, %d bytes", code, len(body))
	}
	if code, body := browse(t, client, gateway.ready, "Accept", "text/html"); code != 200 || !strings.Contains(body, "b%20&amp;%20c.txt") || !strings.Contains(body, "films/") {
		t.Errorf("%d, %s", code, body)
	}
	if code, body := browse(t, client, gateway.ready+"hash/"+hashOf("text")); code != 200 || body != "text" {
		t.Errorf("%d, %q", code, body)
	}
	if code, body := browse(t, client, gateway.ready+"zip/films/"); code != 200 || !bytes.Contains([]byte(body), []byte("films/a.mp4")) || len(body) < len(big) {
		t.Errorf("%d, %d bytes", code, len(body))
	}
	client.CloseIdleConnections()
	gateway.terminate()
}

// A gateway outlives its relay, and finds it again.
func TestAGatewayStartsWithoutItsRelay(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "http")
	gateway := start(t, "peer-client", "serve", "--http", "unix:"+socket, "127.0.0.1", "1")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	if code, body := browse(t, client, "http://localhost/", "Accept", "text/html"); code != 502 || !strings.Contains(body, "the relay could not be asked") {
		t.Errorf("%d, %s", code, body)
	}
	if code, body := browse(t, client, "http://localhost/files/a"); code != 502 || !strings.HasPrefix(body, "the relay could not be asked: ") || strings.Count(body, "\n") != 1 {
		t.Errorf("%d, %s", code, body)
	}
	client.CloseIdleConnections()
	gateway.terminate()
}

func TestWhatServeIsGivenIsJudged(t *testing.T) {
	t.Parallel()
	for args, x := range map[string]struct {
		code int
		text string
	}{
		"serve localhost 4000":                                   {2, "--http HOST:PORT says where to serve"},
		"serve --http 127.0.0.1:0":                               {2, "no relay is named"},
		"serve --http 127.0.0.1:0 localhost 4000 x":              {2, `"x" is one argument too many`},
		"serve --http 127.0.0.1:0 localhost":                     {2, ""},
		"--http 127.0.0.1:0 localhost 4000":                      {2, "--http is of peer-client serve: peer-client serve [flags] --http"},
		"serve --http nonsense localhost 4000":                   {2, "--http"},
		"serve --http 0.0.0.0:0 localhost 4000":                  {2, "--token-file"},
		"serve --http 127.0.0.1:0 --sources 3 a 1":               {2, "there is no flag --sources"},
		"serve --http 127.0.0.1:0 --log-level x a 1":             {2, "--log-level"},
		"serve --http 127.0.0.1:0 --cache-size 5M a 1":           {2, "--cache-size is of --cache DIR"},
		"serve --http 127.0.0.1:0 --cache . --cache-size x a 1":  {2, `--cache-size: "x" is no number of bytes`},
		"serve --http 127.0.0.1:0 --cache . --cache-size 1K a 1": {2, "--cache-size: 1K is less than 4 MiB"},
		"serve --http 127.0.0.1:0 --cache /dev/null a 1":         {1, "--cache: "},
		"serve 1":                       {4, "the relay serve:1"}, // a host that is called so
		"--relay 127.0.0.1:1 serve":     {4, "the relay 127.0.0.1:1"},
		"--relay 127.0.0.1:1 -- serve":  {4, "the relay 127.0.0.1:1"},
		"--relay 127.0.0.1:1 serve a.b": {4, "the relay 127.0.0.1:1"}, // two files
	} {
		r := run(t, "x\n", "peer-client", strings.Fields(args)...)
		if r.code != x.code || !strings.Contains(r.err, x.text) || strings.Contains(r.out, "ready") {
			t.Errorf("%s: exit %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
	if r := run(t, "", "peer-client", "serve", "--help"); r.code != 0 || !strings.Contains(r.out, "--http HOST:PORT") {
		t.Errorf("exit %d, %q", r.code, r.out)
	}
}

// What was asked for is kept in a folder, and used in another run.
func TestAGatewayKeepsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	big := noise(9, 3<<20)
	relay, _ := network(t, "127.0.0.1", map[string]string{"a.mp4": big})
	published(t, relay, 1)
	cache, client := t.TempDir(), browser(t)
	for range 2 {
		gateway := start(t, "peer-client", "serve", "--http", "127.0.0.1:0", "--cache", cache, "--cache-size", "8M", "127.0.0.1", relay.port)
		if code, body := browse(t, client, gateway.ready+"files/a.mp4"); code != 200 || body != big {
			t.Errorf("%d, %d bytes", code, len(body))
		}
		client.CloseIdleConnections()
		gateway.terminate()
	}
	kept := int64(0)
	filepath.WalkDir(cache, func(_ string, entry fs.DirEntry, _ error) error {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			kept += info.Size()
		}
		return nil
	})
	if kept < 3<<20 || kept > 8<<20 {
		t.Errorf("%d bytes are kept", kept)
	}
}

func TestAGatewayGoesThroughAnInvite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	invited(t, dir, "127.0.0.1:1") // makes the files
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--admit", filepath.Join(dir, "friends"), "--state", filepath.Join(dir, "state"), "0")
	invite := func(role string) string { return invited(t, dir, relay.ready, "--role", role).String() }
	start(t, "peer-node", "--state", filepath.Join(dir, "node"), "--share", folder(t, map[string]string{"a": "1"}), "--listen", "127.0.0.1:0", invite("node"))
	gateway := start(t, "peer-client", "serve", "--state", filepath.Join(dir, "client"), "--http", "127.0.0.1:0", invite("client"))
	client := browser(t)
	for over := time.Now().Add(20 * time.Second); ; time.Sleep(pause) {
		code, body := browse(t, client, gateway.ready+"files/a")
		if code == 200 && body == "1" {
			break
		}
		if time.Now().After(over) {
			t.Fatalf("%d, %s", code, body)
		}
	}
	client.CloseIdleConnections()
	gateway.terminate()
}
