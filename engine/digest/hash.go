package digest

import (
	"encoding/binary"

	"github.com/keepsql/keepsql/conf/spooky"
)

// Hash returns the number of a digest: SpookyHash V2 over the first
// o.MaxDigestLength bytes of text, seed 0. Upstream prints it as "0x%016X".
func Hash(text []byte, o *Options) uint64 {
	return spooky.Hash64(text[:max(0, min(len(text), o.MaxDigestLength))], 0)
}

// Row identifies a row of stats_mysql_query_digest.
type Row struct {
	Username   string
	Schemaname string
	Digest     uint64 // see Hash
	Hostgroup  int32  // -1 for a statement answered by the proxy
	Client     string // client address; empty unless query_digests_track_hostname
}

// Key returns the number under which upstream keeps the row: the first word of
// SpookyHash V2 seeded (19, 3) over the fields one after the other, numbers
// little-endian.
func (r *Row) Key() uint64 {
	h := spooky.New(19, 3)
	var b [8]byte
	h.WriteString(r.Username)
	binary.LittleEndian.PutUint64(b[:], r.Digest)
	h.Write(b[:])
	h.WriteString(r.Schemaname)
	binary.LittleEndian.PutUint32(b[:], uint32(r.Hostgroup))
	h.Write(b[:4])
	h.WriteString(r.Client)
	key, _ := h.Sum128()
	return key
}
