package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
)

// Relay is the relay that a command is given: an address, or an invite, which has some.
type Relay struct {
	Address string           // HOST:PORT; of an invite the first
	Invite  *protocol.Invite // nil: it was not named by one
}

const (
	inFile    = "file:" // before the path of a file with an invite in it
	fromStdin = "-"

	fileVariable    = "RELAYPEER_RELAY_FILE"
	credentialsDir  = "CREDENTIALS_DIRECTORY" // of systemd: LoadCredential=relaypeer-relay:PATH
	credentialsName = "relaypeer-relay"
)

// refersToRelay reports whether an argument is an invite, or says where one is. No host looks so.
func refersToRelay(arg string) bool {
	return protocol.IsInvite(arg) || arg == fromStdin || strings.HasPrefix(arg, inFile)
}

// parseRelayText reads an invite, where one is, or HOST:PORT.
func parseRelayText(c *cobra.Command, text string) (Relay, error) {
	var err error
	switch path, is := strings.CutPrefix(text, inFile); {
	case is:
		if text, err = firstLineOf(path); err != nil {
			return Relay{}, err
		}
	case text == fromStdin:
		if text, err = firstLine(c.InOrStdin()); err != nil {
			return Relay{}, Usage("standard input: %v", err)
		}
	}
	if !protocol.IsInvite(text) {
		address, err := ParseHostPort(text)
		return Relay{Address: address}, err
	}
	invite, err := protocol.ParseInvite(text)
	if err != nil {
		return Relay{}, Usage("%v", err)
	}
	return Relay{invite.Addresses[0], invite}, nil
}

func firstLineOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := firstLine(file)
	if err != nil {
		return "", Usage("%s: %v", path, err)
	}
	return text, nil
}

// firstLine reads a line and nothing behind it, and returns it without white space around it.
func firstLine(from io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) <= 2*protocol.MaxInvite; {
		n, err := from.Read(one)
		if n > 0 && one[0] != '\n' {
			line = append(line, one[0])
			continue
		}
		if n == 0 && err == nil {
			continue
		}
		if text := strings.TrimSpace(string(line)); text != "" {
			return text, nil
		}
		return "", errors.New("there is no invite in its first line")
	}
	return "", errors.New("its first line is longer than an invite")
}

// relayFromSurroundings returns where the environment names a file with the relay, or "": a flag and its
// variable come first.
func relayFromSurroundings() (path, says string) {
	if path := os.Getenv(fileVariable); path != "" {
		return path, fileVariable
	}
	path = Credential(credentialsName)
	return path, path
}

// Credential returns the path of a credential that systemd has for this program, or "" if it has none of that name.
func Credential(name string) (path string) {
	dir := os.Getenv(credentialsDir)
	if dir == "" {
		return ""
	}
	path = filepath.Join(dir, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}
