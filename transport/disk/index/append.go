package index

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// write writes a batch and removes the trees that it replaces.
func (d *database) write(b *batch) error {
	w := d.appender()
	for i := range b.gone {
		w.add(appendRecord(nil, ofNothing, i.key(), protocol.Hash{}, nil), func(int64) { d.forgetFile(i) })
	}
	for name, s := range b.segments {
		_, tree := content.Subtree(s.values)
		record := appendRecord(nil, ofSegment, name.key(), s.value, tree)
		w.add(record, func(at int64) { d.noteSegment(name, segmentAt{at, len(record)}) })
	}
	for i, r := range b.records {
		w.add(appendRecord(nil, ofFile, i.key(), r.Hash, r.encode()), func(at int64) { d.noteFile(i, fileAt{at, r.Tree}) })
	}
	for _, tree := range b.dropped {
		w.notes = append(w.notes, func() { d.forgetTree(tree) })
	}
	return w.finish()
}

// appender appends records to a database. Nothing is noted of them before all are durable.
type appender struct {
	d      *database
	at     int64 // the end of what has been written
	buffer []byte
	notes  []func()
	err    error
}

func (d *database) appender() *appender { return &appender{d: d, at: d.end} }

// add appends a record. When all are durable note gets to know where it is.
func (w *appender) add(record []byte, note func(at int64)) {
	at := w.at + int64(len(w.buffer))
	w.notes = append(w.notes, func() { note(at) })
	if w.buffer = append(w.buffer, record...); len(w.buffer) >= writeChunk {
		w.flush()
	}
}

func (w *appender) flush() {
	if w.err == nil && len(w.buffer) > 0 {
		_, w.err = w.d.file.WriteAt(w.buffer, w.at)
		w.at += int64(len(w.buffer))
	}
	w.buffer = w.buffer[:0]
}

// finish makes the records durable, and notes them.
func (w *appender) finish() error {
	w.flush()
	if w.err == nil {
		w.err = w.d.file.Sync()
	}
	if w.err != nil {
		return w.err
	}
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	w.d.end = w.at
	for _, note := range w.notes {
		note()
	}
	return nil
}
