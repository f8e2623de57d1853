package rule

import "bytes"

// Annotations are the instructions a client wrote into a statement's first
// comment. They win over rules and fast routing. Numbers are Unset when absent.
type Annotations struct {
	Hostgroup           int // hostgroup
	CacheTTL            int // cache_ttl, milliseconds
	QueryDelay          int // query_delay, milliseconds
	QueryRetries        int // query_retries
	QueryTimeout        int // query_timeout, milliseconds
	Mirror              int // mirror, a hostgroup
	MaxLag              int // max_lag_ms, milliseconds
	MinEpoch            int // min_epoch_ms, milliseconds since 1970
	CreateNewConnection int // create_new_connection, 0 or 1

	// MinGTID is min_gtid, empty when absent. It aliases the comment.
	MinGTID []byte
}

// ParseAnnotations reads comment, the body of a comment as "; hostgroup = 1" into
// out: pairs key=value between semicolons, blanks around them ignored, letter case
// of keys too. What is not such a pair, unknown keys and values that are not
// numbers from 0 to 2^63-1 are ignored, as ordinary comments must be. Of equal
// keys the last one counts. It does not allocate.
func ParseAnnotations(comment []byte, out *Annotations) {
	*out = Annotations{
		Hostgroup: Unset, CacheTTL: Unset, QueryDelay: Unset, QueryRetries: Unset, QueryTimeout: Unset,
		Mirror: Unset, MaxLag: Unset, MinEpoch: Unset, CreateNewConnection: Unset,
	}
	for len(comment) > 0 {
		pair := comment
		if i := bytes.IndexByte(comment, ';'); i >= 0 {
			pair, comment = comment[:i], comment[i+1:]
		} else {
			comment = nil
		}
		if i := bytes.IndexByte(pair, '='); i >= 0 {
			out.set(bytes.TrimSpace(pair[:i]), bytes.TrimSpace(pair[i+1:]))
		}
	}
}

// longestKey is create_new_connection.
const longestKey = 21

func (a *Annotations) set(key, value []byte) {
	var buf [longestKey]byte
	if len(key) > len(buf) {
		return
	}
	for i, c := range key {
		buf[i] = lower(c)
	}
	to := a.number(buf[:len(key)])
	if to == nil {
		if string(buf[:len(key)]) == "min_gtid" {
			a.MinGTID = value
		}
		return
	}
	if n, ok := parseNumber(value); ok {
		*to = n
	}
}

func (a *Annotations) number(key []byte) *int {
	switch string(key) {
	case "hostgroup":
		return &a.Hostgroup
	case "cache_ttl":
		return &a.CacheTTL
	case "query_delay":
		return &a.QueryDelay
	case "query_retries":
		return &a.QueryRetries
	case "query_timeout":
		return &a.QueryTimeout
	case "mirror":
		return &a.Mirror
	case "max_lag_ms":
		return &a.MaxLag
	case "min_epoch_ms":
		return &a.MinEpoch
	case "create_new_connection":
		return &a.CreateNewConnection
	}
	return nil
}

func parseNumber(b []byte) (int, bool) {
	const most = 1<<63 - 1
	n := 0
	for _, c := range b {
		if c-'0' > 9 || n > (most-int(c-'0'))/10 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, len(b) > 0
}
