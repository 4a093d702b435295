package content

// Narrow makes the library hash full groups too, and several files one after the other. It returns a
// function that undoes this.
func Narrow() (undo func()) {
	was, were := wideChainingValue, hashTogether
	wideChainingValue, hashTogether = nil, nil
	return func() { wideChainingValue, hashTogether = was, were }
}
