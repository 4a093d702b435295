package web

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

const secret = "a token of more than sixteen"

func TestADoorThatMayNotBeIsAUsageError(t *testing.T) {
	token := file(t, "token", secret)
	for _, x := range []struct {
		o    Options
		text string
	}{
		{Options{TokenFile: token}, "--token-file: it goes with --http"},
		{Options{Base: "/p/"}, "--http-base: it goes with --http"},
		{Options{Insecure: true}, "--http-insecure: it goes with --http"},
		{Options{Listen: "8080"}, "neither HOST:PORT"},
		{Options{Listen: "::1:80"}, "neither HOST:PORT"},
		{Options{Listen: "localhost:http"}, "is not a TCP port"},
		{Options{Listen: "localhost:65536"}, "is not a TCP port"},
		{Options{Listen: "unix:"}, "needs the path"},
		{Options{Listen: "unix:@relaypeer"}, "needs the path"},
		{Options{Listen: ":0"}, "--token-file FILE, and"},
		{Options{Listen: "0.0.0.0:0"}, "--token-file FILE, and"},
		{Options{Listen: "[::]:0"}, "--token-file FILE, and"},
		{Options{Listen: "192.0.2.1:0"}, "--token-file FILE, and"},
		{Options{Listen: "192.0.2.1:0", Insecure: true}, "--token-file FILE, and"},
		{Options{Listen: "192.0.2.1:0", TokenFile: token}, "--http-cert FILE and --http-key"},
		{Options{Listen: "localhost:0", Cert: "c"}, "go together"},
		{Options{Listen: "localhost:0", Key: "k"}, "go together"},
		{Options{Listen: "localhost:0", Cert: "c", Key: "k", Insecure: true}, "leave one of the two out"},
		{Options{Listen: "localhost:0", Hosts: []string{"a/b"}}, "--http-host"},
		{Options{Listen: "localhost:0", Hosts: []string{"a:80"}}, "--http-host"},
		{Options{Listen: "localhost:0", Hosts: []string{""}}, "--http-host"},
		{Options{Listen: "localhost:0", Base: "/a//b/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/a/../b/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/a?b/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/files/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/-/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/search/"}, "--http-base"},
		{Options{Listen: "localhost:0", Base: "/who/p/"}, "--http-base"},
	} {
		d, err := Open(t.Context(), x.o, nil)
		if d != nil || err == nil || cli.ExitCode(err) != cli.ExitUsage || !strings.Contains(err.Error(), x.text) {
			t.Errorf("%+v: %v", x.o, err)
		}
		d.Close()
	}
}

func TestAnAddressThatCannotBeListenedAtComesWithACure(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	e, err := parseListen(t.Context(), taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.listen(t.Context()); err == nil || !strings.Contains(err.Error(), "choose another port") && errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
	for cause, cure := range map[error]string{syscall.EADDRNOTAVAIL: "does not have that address", fs.ErrPermission: "below 1024", net.ErrClosed: ""} {
		if is := (endpoint{}).cure(cause); !strings.Contains(is, cure) || (cure == "") != (is == "") {
			t.Errorf("%v: %q", cause, is)
		}
	}
}

func TestADoorIsWhereItsOptionsSay(t *testing.T) {
	token := file(t, "token", secret)
	cert, key := pair(t, "one")
	for _, x := range []struct {
		o    Options
		want string // * is the port
	}{
		{Options{}, ""},
		{Options{Listen: "localhost:0"}, "http://localhost:*/"},
		{Options{Listen: "127.0.0.2:0", Base: "p"}, "http://127.0.0.2:*/p/"},
		{Options{Listen: "127.0.0.1:0", Base: "/", TokenFile: token}, "http://127.0.0.1:*/"},
		{Options{Listen: "127.0.0.1:0", Base: "/a/b"}, "http://127.0.0.1:*/a/b/"},
		{Options{Listen: "127.0.0.1:0", Cert: cert, Key: key}, "https://127.0.0.1:*/"},
		{Options{Listen: ":0", TokenFile: token, Insecure: true, Hosts: []string{"media.example"}}, "http://media.example:*/"},
		{Options{Listen: "0.0.0.0:0", TokenFile: token, Cert: cert, Key: key}, "https://" + net.JoinHostPort(ownAddress(), "*") + "/"},
	} {
		d, err := Open(t.Context(), x.o, nil)
		if err != nil {
			t.Errorf("%+v: %v", x.o, err)
			continue
		}
		before, behind, _ := strings.Cut(x.want, "*")
		if url := d.URL(); !strings.HasPrefix(url, before) || !strings.HasSuffix(url, behind) {
			t.Errorf("%+v: %s", x.o, url)
		}
		for range 2 {
			if err := d.Close(); err != nil {
				t.Errorf("%+v: %v", x.o, err)
			}
		}
	}
}

func TestTheFlagsFillTheOptions(t *testing.T) {
	var o Options
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.Flags(flags, "where the page is")
	err := flags.Parse(strings.Fields("--http a:1 --token-file t --http-cert c --http-key k --http-insecure --http-host x --http-host y --http-base /b/"))
	want := Options{"a:1", "t", "c", "k", true, []string{"x", "y"}, "/b/"}
	if err != nil || o.Listen != want.Listen || o.TokenFile != want.TokenFile || o.Cert != want.Cert || o.Key != want.Key || !o.Insecure ||
		strings.Join(o.Hosts, " ") != "x y" || o.Base != want.Base {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestTheLogSaysWhereThePageIsAndThatAllCanReadIt(t *testing.T) {
	s := serve(t, Options{Listen: "0.0.0.0:0", TokenFile: file(t, "token", secret), Insecure: true}, text, nil)
	if log := s.log.String(); !strings.Contains(log, "web page at "+s.URL()) || !strings.Contains(log, "[WARN]") || strings.Contains(log, secret) {
		t.Error(log)
	}
	s = serve(t, Options{}, text, nil)
	if log := s.log.String(); !strings.Contains(log, "web page at "+s.URL()) || strings.Contains(log, "[WARN]") {
		t.Error(log)
	}
}
