package web

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/relaypeer/relaypeer/cmd/cli"
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
	flags.StringVar(&o.TokenFile, "token-file", "", "the `FILE` with the token that --http asks for, of 16 characters or more, which only\n"+
		"its owner can read; needed at any address that is not of this machine alone (default: what systemd has\n"+
		"as the credential "+tokenCredential+")")
	flags.StringVar(&o.Cert, "http-cert", "", "the PEM `FILE` with the certificate chain of --http; it is read again when it changes")
	flags.StringVar(&o.Key, "http-key", "", "the PEM `FILE` with the key of --http-cert")
	flags.BoolVar(&o.Insecure, "http-insecure", false, "let --http be at another address without TLS: whoever is on the way reads the token and all else")
	flags.StringArrayVar(&o.Hosts, "http-host", nil, "another `NAME` or address under which --http is called, as that of a reverse proxy; may be given several times")
	flags.StringVar(&o.Base, "http-base", "", "the `PATH` below which a reverse proxy has --http, as in /p/ (default /)")
}

// tidy checks what can be checked without a look at the system, and completes what is left out.
func (o *Options) tidy() error {
	if o.TokenFile == "" && o.Listen != "" {
		o.TokenFile = cli.Credential(tokenCredential)
	}
	switch {
	case o.Listen == "":
		return o.idle()
	case (o.Cert == "") != (o.Key == ""):
		return cli.Usage("--http-cert and --http-key go together: a certificate without its key, or a key alone, is of no use")
	case o.Cert != "" && o.Insecure:
		return cli.Usage("--http-insecure: with --http-cert there is TLS; leave one of the two out")
	}
	base, err := tidyBase(o.Base)
	o.Base = base
	return err
}

// idle returns the error of flags that say something about a door where there is none.
func (o *Options) idle() error {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"--token-file", o.TokenFile != ""}, {"--http-cert", o.Cert != ""}, {"--http-key", o.Key != ""}, {"--http-insecure", o.Insecure},
		{"--http-host", len(o.Hosts) > 0}, {"--http-base", o.Base != ""},
	} {
		if f.set {
			return cli.Usage("%s: it goes with --http HOST:PORT, which is not given", f.name)
		}
	}
	return nil
}

// ownPaths are the first parts of the paths that pages have. A base path does not begin with one of them:
// it could not be told whether a proxy has taken the base off.
var ownPaths = []string{
	assetRoom, "files", "hash", "who", "zip", "search",
	"api", "circuits", "file", "machines", "nodes", "status.css", "unshared", "uploads",
}

// tidyBase returns a base path with a slash at each end.
func tidyBase(base string) (string, error) {
	trimmed := strings.Trim(base, "/")
	if trimmed == "" {
		return "/", nil
	}
	parts := strings.Split(trimmed, "/")
	for _, part := range parts {
		strange := strings.ContainsFunc(part, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
		})
		if part == "" || part == "." || part == ".." || strange {
			return "", cli.Usage("--http-base: %q is not a path like /p/, of letters, digits and -._~", cli.ForDisplay(base))
		}
	}
	for _, first := range ownPaths {
		if parts[0] == first {
			return "", cli.Usage("--http-base: /%s/ is a path of the pages themselves; choose another one", first)
		}
	}
	return "/" + trimmed + "/", nil
}
