package disk

import "bytes"

// block is the unit in which zeros become holes: the smallest that usual file systems leave out.
const block = 4 << 10

var zeros [block]byte

// Dense calls write for each stretch of data that has to be written, with its place in data. What
// is left out is whole blocks of zeros: holes, where nothing lies yet.
func Dense(data []byte, write func(at int, stretch []byte) error) error {
	begin, some := 0, false
	for at := 0; at < len(data); at += block {
		switch hole := isZero(data[at:min(at+block, len(data))]); {
		case hole && some:
			if err := write(begin, data[begin:at]); err != nil {
				return err
			}
			some = false
		case !hole && !some:
			begin, some = at, true
		}
	}
	if !some {
		return nil
	}
	return write(begin, data[begin:])
}

// EndsInHole reports whether the last block of data is left out.
func EndsInHole(data []byte) bool {
	return len(data) > 0 && isZero(data[(len(data)-1)/block*block:])
}

// isZero reports whether a block is all zeros.
func isZero(data []byte) bool { return data[0] == 0 && bytes.Equal(data, zeros[:len(data)]) }
