package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// bareCopy moves a file over loopback with sendfile and splice and nothing around them: the limit of what one
// connection can do here.
func bareCopy(ctx context.Context, source, target string) (s sample, err error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return s, err
	}
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	sent := make(chan error, 1)
	go func() { sent <- bareSend(l, source) }()
	used := ownCPU()
	begin := time.Now()
	n, err := bareReceive(ctx, l.Addr().String(), target)
	s.took = time.Since(begin)
	if err := errors.Join(err, <-sent); err != nil {
		return s, err
	}
	s.cpu = ownCPU() - used
	info, err := os.Stat(source)
	if err == nil && info.Size() != n {
		err = fmt.Errorf("%d of %d bytes came", n, info.Size())
	}
	return s, err
}

func bareSend(l net.Listener, source string) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(conn, file) // sendfile
	return err
}

func bareReceive(ctx context.Context, from, target string) (int64, error) {
	file, err := os.Create(target)
	if err != nil {
		return 0, err
	}
	var dialer net.Dialer
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, "tcp", from)
	if err != nil {
		return 0, errors.Join(err, file.Close())
	}
	defer conn.Close()
	n, err := io.Copy(file, conn) // splice
	return n, errors.Join(err, file.Close())
}
