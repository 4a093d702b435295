package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pageOf returns where a program shows what it is doing, as its log has it.
func pageOf(t *testing.T, p *process) (url string) {
	t.Helper()
	eventually(t, 5*time.Second, "the log says where the page is", func() bool {
		found := regexp.MustCompile(`web page at (http://\S+/)`).FindStringSubmatch(p.errors.String())
		if found != nil {
			url = found[1]
		}
		return found != nil
	})
	return url
}

// browsed returns what a page has in it.
func browsed(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return string(body)
}

// TestProgramsShowWhatTheyDo: relay and node tell the same of the node as pages and as JSON, and a page that is open is told
// when it dies.
func TestProgramsShowWhatTheyDo(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "3s", "--http", "127.0.0.1:0", "0")
	node := start(t, "peer-node", "--share", folder(t, map[string]string{"a": "1", "b/c": "2"}), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "127.0.0.1", relay.port)
	var of struct {
		ID    string
		Share struct{ Files, Known int }
	}
	if err := json.Unmarshal([]byte(browsed(t, client, pageOf(t, node)+"api/v1/overview")), &of); err != nil || of.Share.Files != 2 || len(of.ID) != 56 {
		t.Errorf("%+v, %v", of, err)
	}
	nodes := pageOf(t, relay) + "nodes"
	if page := browsed(t, client, nodes); !strings.Contains(page, of.ID) || !strings.Contains(page, node.port) {
		t.Errorf("the node is not on the page: %s", page)
	}
	eventually(t, 5*time.Second, "the relay shows the files", func() bool {
		return strings.Contains(browsed(t, client, pageOf(t, relay)+"files?search=b"), "b/c")
	})

	r, err := http.NewRequest(http.MethodGet, nodes, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	stream, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	node.kill()
	for told := false; !told; {
		if !lines.Scan() {
			t.Fatalf("the stream ended before it told that the node is gone: %v", lines.Err())
		}
		told = strings.Contains(lines.Text(), of.ID) && strings.Contains(lines.Text(), "has left")
	}
	begin := time.Now()
	relay.terminate() // with the stream open
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the relay took %v to stop while somebody looked", took)
	}
}

func TestNobodyLooksUnlessTheOwnerSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"relay-server", "--http", "0.0.0.0:0", "0"}, "--token-file"}, {[]string{"relay-server", "--http", "nowhere", "0"}, "--http"},
		{[]string{"peer-node", "--http", ":0", "127.0.0.1", "1"}, "--token-file"}, {[]string{"relay-server", "--token-file", "x", "0"}, "--http"},
	} {
		if r := run(t, "", c.args[0], c.args[1:]...); r.code != 2 || !strings.Contains(r.err, c.says) {
			t.Errorf("%v: exit %d, %s", c.args, r.code, r.err)
		}
	}
}
