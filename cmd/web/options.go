package web

import (
	"github.com/spf13/pflag"
)

// Options is what the flags of a door say. The zero value is no door.
type Options struct {
	Listen    string   // HOST:PORT, or unix:PATH of a socket; "": there is no door
	TokenFile string   // whoever comes in must know what is in it; "": a door of this machine alone needs none
	Cert, Key string   // PEM files, for TLS
	Insecure  bool     // another address than loopback without TLS
	Hosts     []string // names besides the one of Listen under which the door may be called
	Base      string   // path below which a reverse proxy has the door, as in /p/; "": /
}

// Flags adds the flags of a door. Http is what the usage of --http says.
func (o *Options) Flags(flags *pflag.FlagSet, http string) {
	flags.StringVar(&o.Listen, "http", "", http)
	flags.StringVar(&o.TokenFile, "token-file", "", "the `FILE` with the token that --http asks for, of 16 characters or more, which\n"+
		"only its owner can read; another address than one of this machine needs it")
	flags.StringVar(&o.Cert, "http-cert", "", "the PEM `FILE` with the certificate chain of --http, read again when it changes")
	flags.StringVar(&o.Key, "http-key", "", "the PEM `FILE` with the key of that certificate")
	flags.BoolVar(&o.Insecure, "http-insecure", false, "let --http be at another address without TLS: who is on the way reads the token and all else")
	flags.StringArrayVar(&o.Hosts, "http-host", nil, "another `NAME` or address under which --http is called, as by a reverse proxy; may be given several times")
	flags.StringVar(&o.Base, "http-base", "", "the `PATH` below which a reverse proxy has --http, as in /p/ (default /)")
}
