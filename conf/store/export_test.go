package store

import "github.com/keepsql/keepsql/conf/schema"

// Chunks gives the bytes of the chunks of rows.
func Chunks(rows *schema.Rows) (data [][]byte) {
	for _, c := range chunks(rows) {
		data = append(data, c.data)
	}
	return data
}

// ReadChunk reads one of them.
var ReadChunk = readChunk

// ChunkBytes is the room that all chunks take.
func (s *State) ChunkBytes() (*schema.Rows, error) {
	return s.query("SELECT coalesce(sum(length(rows)),0) FROM config_chunk")
}
