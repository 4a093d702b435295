package web

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// BenchmarkAFileThroughTheDoor compares a door with package net/http alone.
func BenchmarkAFileThroughTheDoor(b *testing.B) {
	content := make([]byte, 64<<20)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(content))
	})
	fetch := func(b *testing.B, url string) {
		defer http.DefaultClient.CloseIdleConnections()
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			response, err := http.Get(url)
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, response.Body); n != int64(len(content)) || err != nil {
				b.Fatal(n, err)
			}
			response.Body.Close()
		}
	}
	b.Run("door", func(b *testing.B) {
		d, err := Open(b.Context(), Options{Listen: "127.0.0.1:0"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		go d.Serve(b.Context(), h)
		fetch(b, d.URL())
	})
	b.Run("alone", func(b *testing.B) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{Handler: h}
		go server.Serve(listener)
		defer server.Close()
		fetch(b, "http://"+listener.Addr().String())
	})
}
