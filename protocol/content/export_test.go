package content

// Narrow makes the library hash full groups too. It returns a function that undoes this.
func Narrow() (undo func()) {
	was := wideChainingValue
	wideChainingValue = nil
	return func() { wideChainingValue = was }
}
