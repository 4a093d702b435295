package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// proxy is a program of others that passes bytes on between two TCP connections, and looks at none of them.
type proxy struct {
	name  string
	start func(ctx context.Context, l *lab, to string) (s *server, near string, err error) // nil: it is not here
}

var proxies = []proxy{{"socat", startSocat}, {"nginx's stream proxy", startStream}}

func startSocat(ctx context.Context, l *lab, to string) (s *server, near string, err error) {
	path := l.find("socat")
	if path == "" {
		return nil, "", nil
	}
	if near, err = freePort(ctx); err != nil {
		return nil, "", err
	}
	_, port, err := net.SplitHostPort(near)
	if err != nil {
		return nil, "", err
	}
	s, _, err = serve(ctx, "", path, "-b", fmt.Sprint(256<<10), "TCP-LISTEN:"+port+",bind=127.0.0.1,fork,nodelay", "TCP:"+to+",nodelay")
	if err != nil {
		return nil, "", err
	}
	return s, near, s.answers(ctx, near)
}

const streamConfig = `%[1]sdaemon off;
worker_processes %[2]d;
pid %[3]s/pid;
error_log %[3]s/error.log;
events { worker_connections 1024; }
stream {
	server {
		listen %[4]s;
		proxy_pass %[5]s;
		proxy_buffer_size 256k;
	}
}
`

func startStream(ctx context.Context, l *lab, to string) (s *server, near string, err error) {
	path := l.find("nginx")
	if path == "" {
		return nil, "", nil
	}
	dir, err := l.scratch("stream")
	if err != nil {
		return nil, "", err
	}
	if near, err = freePort(ctx); err != nil {
		return nil, "", err
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, streamConfig, streamModule(), runtime.NumCPU(), dir, near, to), 0o644); err != nil {
		return nil, "", err
	}
	if s, _, err = serve(ctx, "", path, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log")); err != nil {
		return nil, "", err
	}
	if err := s.answers(ctx, near); err != nil {
		l.note("nginx passes no bytes on here, and its stream proxy was left out")
		return nil, "", nil
	}
	return s, near, nil
}

// streamModule returns the line that loads what passes bytes on, where that is not part of nginx.
func streamModule() string {
	for _, folder := range []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"} {
		file := filepath.Join(folder, "ngx_stream_module.so")
		if _, err := os.Stat(file); err == nil {
			return "load_module " + file + ";\n"
		}
	}
	return ""
}
