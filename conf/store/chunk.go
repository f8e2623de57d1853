package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/keepsql/keepsql/conf/schema"
)

// A chunk is a run of rows of one table as bytes, with the names of the columns before them. Where a chunk ends depends on the
// rows around its end only, so that an edit of a few rows leaves all other chunks, and their hashes, as they were: a revision
// of fifty thousand rows takes the room of those that changed.
type chunk struct {
	hash string // SHA-256 of data
	data []byte
}

const (
	chunkRows = 256  // on average
	chunkMost = 2048 // rows in one chunk
)

// chunks cuts rows up.
func chunks(rows *schema.Rows) []chunk {
	var out []chunk
	head := appendHeader(nil, rows.Columns)
	data, count := head, 0
	cut := func() {
		sum := sha256.Sum256(data)
		out = append(out, chunk{hash: string(sum[:]), data: data})
		data, count = append([]byte(nil), head...), 0
	}
	data = append([]byte(nil), head...)
	for _, r := range rows.Rows {
		start := len(data)
		data = appendRow(data, r)
		if count++; count >= chunkMost || ends(data[start:]) {
			cut()
		}
	}
	if count > 0 {
		cut()
	}
	return out
}

// ends tells whether a row is the last of its chunk, by a hash of its bytes (FNV-1a over words, then a multiplication).
func ends(row []byte) bool {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for ; len(row) >= 8; row = row[8:] {
		h = (h ^ binary.LittleEndian.Uint64(row)) * prime
		h = bits.RotateLeft64(h, 29)
	}
	for _, c := range row {
		h = (h ^ uint64(c)) * prime
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15 // spreads the last bytes over all bits
	return (h>>40)%chunkRows == 0
}

func appendHeader(b []byte, columns []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(columns)))
	for _, c := range columns {
		b = binary.AppendUvarint(b, uint64(len(c)))
		b = append(b, c...)
	}
	return b
}

// appendRow writes each cell as its length plus one and its text; NULL is the length 0.
func appendRow(b []byte, r schema.Row) []byte {
	for _, c := range r {
		if c.Null {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(c.Text))+1)
		b = append(b, c.Text...)
	}
	return b
}

var errDamaged = errors.New("read rows: the bytes are damaged")

// readChunk is the opposite of chunks, for one of them.
func readChunk(data []byte) (*schema.Rows, error) {
	text := string(data) // the cells share it
	count, text, ok := cutLength(text)
	if !ok || count == 0 || count > uint64(len(text)) {
		return nil, errDamaged
	}
	rows := &schema.Rows{Columns: make([]string, count)}
	for i := range rows.Columns {
		var n uint64
		if n, text, ok = cutLength(text); !ok || n > uint64(len(text)) {
			return nil, errDamaged
		}
		rows.Columns[i], text = text[:n], text[n:]
	}
	for text != "" {
		row := make(schema.Row, count)
		for i := range row {
			var n uint64
			if n, text, ok = cutLength(text); !ok || n > uint64(len(text))+1 {
				return nil, errDamaged
			}
			if n == 0 {
				row[i] = schema.Null
				continue
			}
			row[i], text = schema.Text(text[:n-1]), text[n-1:]
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows, nil
}

// cutLength takes a number off the front.
func cutLength(text string) (n uint64, rest string, ok bool) {
	for i := range min(len(text), binary.MaxVarintLen64) {
		n |= uint64(text[i]&0x7f) << (7 * i)
		if text[i] < 0x80 {
			return n, text[i+1:], true
		}
	}
	return 0, text, false
}
