package store

// basic is what a dir does where the system has no call of its own for it: nothing. A dir embeds it, and the methods of
// sys_linux.go hide it.
type basic struct{}

// add would move a file to another folder where nothing has its name there. It reports false: the system can't do both
// at once.
func (basic) add(string, *dir, string) bool { return false }

// syncAll would make everything in the folder's file system durable. It reports false: files are made durable one by one.
func (basic) syncAll() (done bool, err error) { return false, nil }
