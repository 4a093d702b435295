package content_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol/content"
)

// pattern is content that any language can make: byte i is i mod 251, as in BLAKE3's own test
// vectors.
func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i % 251)
	}
	return data
}

// TestPublishedHashes: lengths and hashes from test_vectors/test_vectors.json in BLAKE3's reference
// repository (BLAKE3-team/BLAKE3), the first 32 bytes of each "hash".
func TestPublishedHashes(t *testing.T) {
	for size, want := range map[int]string{
		0:       "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
		1:       "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
		1023:    "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
		1024:    "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
		1025:    "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
		2049:    "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
		5121:    "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff",
		16_384:  "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4",
		31_744:  "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
		102_400: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
	} {
		if hash, _ := content.Build(valuesOf(pattern(size))); hash.String() != want {
			t.Errorf("%d bytes: %s, published is %s", size, hash, want)
		}
	}
}
