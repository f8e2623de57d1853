package rule

// Query is what rules see of a statement. Match keeps nothing of it.
type Query struct {
	Text       []byte // the statement as the client sent it
	DigestText []byte
	Digest     uint64
	NoDigest   bool // there is no digest; conditions on it count as met
	Username   string
	Schemaname string
	ClientAddr string // without the port
	ProxyAddr  string // local address of the client's connection
	ProxyPort  int
	FlagIN     int // 0, or the session's flag from an earlier NextQueryFlagIN
}

// Unset is the value of a Decision's number that no rule has set.
const Unset = -1

// Decision is the outcome of all rules together. One Decision serves one session
// again and again; it owns the buffers that evaluation needs. Numbers have the
// units of Row's columns and are Unset when no rule gave one.
type Decision struct {
	DestinationHostgroup int
	CacheTTL             int
	CacheEmptyResult     int
	CacheTimeout         int
	Reconnect            int
	Timeout              int
	Retries              int
	Delay                int
	NextQueryFlagIN      int
	MirrorFlagOUT        int
	MirrorHostgroup      int
	StickyConn           int
	Multiplex            int
	GtidFromHostgroup    int
	Log                  int

	ErrorMsg Null[string] // answer with this error
	OKMsg    Null[string] // answer OK with this text

	// Rewritten is the statement after replace_pattern, nil when no rule changed
	// it; valid until the next Match with this Decision.
	Rewritten []byte
	// Flag is the flag at the end: FlagIN or the last flagOUT.
	Flag int
	// Rules is how many rules matched, LastRule the rule_id of the last of them,
	// Unset when there was none.
	Rules, LastRule int
	// FastRouted says that the hostgroup is from the fast routing table.
	FastRouted bool

	scratch scratch
}

// Reset makes d what it is when no rule matches. Match does so by itself. Buffers are kept.
func (d *Decision) Reset(flag int) {
	s := d.scratch
	*d = Decision{
		DestinationHostgroup: Unset, CacheTTL: Unset, CacheEmptyResult: Unset, CacheTimeout: Unset,
		Reconnect: Unset, Timeout: Unset, Retries: Unset, Delay: Unset, NextQueryFlagIN: Unset,
		MirrorFlagOUT: Unset, MirrorHostgroup: Unset, StickyConn: Unset, Multiplex: Unset,
		GtidFromHostgroup: Unset, Log: Unset, LastRule: Unset, Flag: flag,
	}
	d.scratch = s
	d.scratch.reset()
}
