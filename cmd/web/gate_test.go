package web

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestOnlyGetAndHeadComeIn(t *testing.T) {
	s := serve(t, Options{}, text, nil)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"} {
		if got := s.ask(method, "/", "localhost", "Content-Length: 0"); got.code != 405 || got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %+v", method, got)
		}
	}
	if got := s.ask("OPTIONS", "*", "localhost"); got.code != 405 {
		t.Errorf("%+v", got)
	}
	if got := s.get("*"); got.code != 400 {
		t.Errorf("%+v", got)
	}
	if got := s.ask("HEAD", "/a", "localhost"); got.code != 200 || got.body != "" {
		t.Errorf("%+v", got)
	}
	if got := s.get("/a"); got.code != 200 || got.body != "/a at /x" {
		t.Errorf("%+v", got)
	}
}

func TestTheHeadersLeaveAPageNothingButTheDoor(t *testing.T) {
	s := serve(t, Options{}, text, nil)
	for _, got := range []answer{s.get("/"), s.ask("GET", "/", "rebound.example"), s.ask("POST", "/", "localhost", "Content-Length: 0")} {
		for name, want := range map[string]string{
			"Content-Security-Policy": Policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
			"Access-Control-Allow-Origin": "", "Strict-Transport-Security": "",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%d: %s: %q", got.code, name, got.header.Get(name))
			}
		}
	}
}

func TestAPageOfAnotherSiteGetsNothingButLinks(t *testing.T) {
	s := serve(t, Options{Hosts: []string{"media.example"}}, text, nil)
	for lines, code := range map[string]int{
		"": 200,
		"Sec-Fetch-Site: none|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document":       200,
		"Sec-Fetch-Site: same-origin|Sec-Fetch-Mode: cors|Sec-Fetch-Dest: empty":       200,
		"Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document": 200,
		"Sec-Fetch-Site: same-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document":  200,
		"Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: iframe":   403,
		"Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image":     403,
		"Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: video":     403,
		"Sec-Fetch-Site: same-site|Sec-Fetch-Mode: cors|Sec-Fetch-Dest: empty":         403,
		"Sec-Fetch-Site: cross-site": 403,
		"Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document|Sec-Purpose: prefetch": 403,
		"Origin: http://localhost:3000":   200,
		"Origin: http://media.example":    200,
		"Origin: https://rebound.example": 403,
		"Origin: null":                    403,
		"Origin: ::":                      403,
	} {
		var all []string
		if lines != "" {
			all = strings.Split(lines, "|")
		}
		if got := s.get("/", all...); got.code != code {
			t.Errorf("%s: %d", lines, got.code)
		}
	}
}

// Nobody reads the body of a GET, and what is in it is not the next request.
func TestABodyEndsTheConnection(t *testing.T) {
	s := serve(t, Options{}, text, nil)
	for _, lines := range []string{"Content-Length: 42", "Transfer-Encoding: chunked"} {
		c := s.dial()
		fmt.Fprintf(c, "GET /one HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n", lines)
		from := bufio.NewReader(c)
		if got := s.read(from, "GET"); got.code != 200 || got.body != "/one at /x" {
			t.Errorf("%+v", got)
		}
		if _, err := from.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection goes on: %v", lines, err)
		}
		c.Close()
	}
}

func TestThePathsBelowTheBase(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", text)
	mux.Handle("/files/", text)
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "//other.example/", http.StatusSeeOther)
	})
	s := serve(t, Options{Base: "/p/q"}, mux, nil)
	for path, want := range map[string]string{
		"/p/q/":                            "200 / at /p/q/x",
		"/p/q/a%20b":                       "200 /a b at /p/q/x",
		"/p/q/files/a%2Fb":                 "200 /files/a/b at /p/q/x",
		"/files/a":                         "200 /files/a at /p/q/x", // a proxy has taken it off
		"/":                                "200 / at /p/q/x",
		"http://localhost":                 "200 / at /p/q/x",
		"/p/":                              "200 /p/ at /p/q/x",
		"/p/q":                             "308 to /p/q/",
		"/p/q?a=b":                         "308 to /p/q/?a=b",
		"/p/q/files":                       "307 to /p/q/files/",
		"/files":                           "307 to /p/q/files/",
		"/p/q/out":                         "303 to //other.example/",
		"/%70/q/":                          "200 /p/q/ at /p/q/x",
		"/p/q/" + assetPath("icon.svg"):    "200 asset",
		"/" + assetPath("icon.svg"):        "200 asset",
		"/p/q/-/0/icon.svg":                "200 asset",
		"/p/q/-/" + strings.Repeat("x", 9): "404 there is no such file\n",
	} {
		got := s.get(path)
		seen := fmt.Sprintf("%d %s", got.code, got.body)
		if to := got.header.Get("Location"); to != "" {
			seen = fmt.Sprintf("%d to %s", got.code, to)
		} else if got.header.Get("Content-Type") == "image/svg+xml" {
			seen = fmt.Sprintf("%d asset", got.code)
		}
		if seen != want && seen != strings.Replace(want, "307", "301", 1) {
			t.Errorf("%s: %s", path, seen)
		}
	}
}

func TestAHandlerThatPanicsCostsItsRequest(t *testing.T) {
	s := serve(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/early":
			panic("early")
		case "/late":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
			panic("late")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
	}), nil)
	if got := s.get("/early"); got.code != 500 || strings.Contains(got.body, "early") {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{"/late", "/abort"} {
		c := s.dial()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		if all, err := bufio.NewReader(c).ReadString(0); err == nil || strings.Contains(all, "log says why") {
			t.Errorf("%s: %q, %v", path, all, err)
		}
		c.Close()
	}
	log := s.log.String()
	if !strings.Contains(log, "early") || !strings.Contains(log, "late") || strings.Contains(log, "abort") {
		t.Error(log)
	}
}
