package store

import (
	"io/fs"
	"testing"
)

// Those may run a program who may read it, but for those whom the umask keeps from it.
func TestWhoMayRunAProgram(t *testing.T) {
	was := umask
	defer func() { umask = was }()
	for _, test := range []struct{ mask, mode, want fs.FileMode }{
		{0, 0o644, 0o755}, {0, 0o600, 0o700}, {0, 0o640, 0o750}, {0, 0o604, 0o705}, {0, 0o200, 0o200}, {0, 0o755, 0o755},
		{0o022, 0o644, 0o755}, {0o077, 0o644, 0o744}, {0o027, 0o664, 0o774}, {0o011, 0o644, 0o744}, {0o111, 0o644, 0o644}, {0o777, 0o711, 0o711},
	} {
		umask = func() fs.FileMode { return test.mask }
		if got := executable(test.mode); got != test.want {
			t.Errorf("%o with the umask %o is %o, not %o", test.mode, test.mask, got, test.want)
		}
	}
}
