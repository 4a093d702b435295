package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// web is an nginx that serves a folder.
type web struct {
	*server
	at    string // host:port
	https bool
}

const nginxConfig = `daemon off;
%[1]sworker_processes auto;
pid %[2]s/pid;
error_log %[2]s/error.log;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	default_type application/octet-stream;
	keepalive_requests 100000000;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	server {
		listen %[3]s%[5]s
		root "%[4]s";
	}
}
`

// find returns where a program of others is, looking also where administrators' programs are; or nothing, and notes that.
func (l *lab) find(name string) string {
	if l.alone {
		return ""
	}
	for _, at := range []string{name, filepath.Join("/usr/sbin", name), filepath.Join("/usr/local/sbin", name)} {
		if path, err := exec.LookPath(at); err == nil {
			l.compared(path, name)
			return path
		}
	}
	l.note("%s is not installed, and was left out", name)
	return ""
}

// startWeb starts an nginx over a folder, or returns nil if there is none here.
func (l *lab) startWeb(ctx context.Context, root string) (*web, error) {
	path := l.find("nginx")
	if path == "" {
		return nil, nil
	}
	dir, err := l.scratch("nginx")
	if err != nil {
		return nil, err
	}
	at, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // another could not read the folder
	}
	w, secure := &web{at: at, https: l.overTLS}, ";"
	if w.https {
		if secure, err = webCertificate(dir); err != nil {
			return nil, err
		}
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, user, dir, at, root, secure), 0o644); err != nil {
		return nil, err
	}
	s, _, err := serve(ctx, "", path, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	if err != nil {
		return nil, err
	}
	if err := s.answers(ctx, at); err != nil {
		return nil, err
	}
	w.server = s
	return w, nil
}

func (w *web) url(name string) string {
	if w.https {
		return "https://" + w.at + "/" + name
	}
	return "http://" + w.at + "/" + name
}

// curlFlags returns what curl needs to fetch from it.
func (w *web) curlFlags() []string {
	if !w.https {
		return nil
	}
	return []string{"--tlsv1.3", "--insecure"}
}

// freePort returns an address on loopback at which nobody listens at the moment.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers waits until the server accepts at an address, and stops it if it does not.
func (s *server) answers(ctx context.Context, at string) error {
	ctx, cancel := context.WithTimeout(ctx, stopWait)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		var dialer net.Dialer
		if conn, err := dialer.DialContext(ctx, "tcp", at); err == nil {
			return conn.Close()
		}
		select {
		case <-again.C:
		case <-s.ended:
			return s.stderr.explain(s.Path, fmt.Errorf("it ended before it answered: %v", s.err))
		case <-ctx.Done():
			s.stop()
			return s.stderr.explain(s.Path, fmt.Errorf("it does not answer: %w", ctx.Err()))
		}
	}
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// compared notes which version of a program it is that is compared with.
func (l *lab) compared(path, name string) {
	flag := "--version"
	switch name {
	case "nginx":
		flag = "-v"
	case "socat":
		flag = "-V"
	}
	out, _ := exec.Command(path, flag).CombinedOutput()
	l.note("compared with %s %s", name, versionNumber.Find(out))
}
