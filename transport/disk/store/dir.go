package store

// basic holds the defaults of calls that only some systems have. A dir embeds it; the methods in
// sys_linux.go come before it and fall back on it.
type basic struct{}

// add returns false: the system cannot move a file only where nothing has its name.
func (basic) add(string, *dir, string) bool { return false }

// syncAll returns false: the system cannot make a whole file system durable, so files are synced
// one by one.
func (basic) syncAll() (done bool, err error) { return false, nil }
