package state

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// DefaultPath returns where the user's state folder is: relaypeer in XDG_STATE_HOME if that is an
// absolute path, and otherwise
//
//	Unix      ~/.local/state/relaypeer
//	macOS     ~/Library/Application Support/relaypeer
//	Windows   %LocalAppData%\relaypeer\state, which does not follow the user to other machines
func DefaultPath() (string, error) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "relaypeer"), nil
	}
	switch runtime.GOOS {
	case "windows":
		local, err := os.UserCacheDir()
		return filepath.Join(local, "relaypeer", "state"), err
	case "darwin", "ios":
		support, err := os.UserConfigDir()
		return filepath.Join(support, "relaypeer"), err
	}
	home, err := os.UserHomeDir()
	if err == nil && !filepath.IsAbs(home) {
		err = errors.New("HOME is no absolute path")
	}
	return filepath.Join(home, ".local", "state", "relaypeer"), err
}
