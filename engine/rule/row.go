package rule

// Null is a column that may be NULL; its zero value is NULL.
type Null[T any] struct {
	V     T
	Valid bool
}

// Some returns a column that is not NULL.
func Some[T any](v T) Null[T] { return Null[T]{V: v, Valid: true} }

// Row is a row of mysql_query_rules. Conditions that are NULL hold for every
// statement, outputs that are NULL leave things as earlier rules put them.
type Row struct {
	RuleID               int
	Active               bool
	Username             Null[string]
	Schemaname           Null[string]
	FlagIN               int
	ClientAddr           Null[string] // exact, or a prefix when it ends in '%'
	ProxyAddr            Null[string]
	ProxyPort            Null[int]
	Digest               Null[string] // hexadecimal, as 0x1C46AE529DD5A40E
	MatchDigest          Null[string] // regular expression for the digest text
	MatchPattern         Null[string] // regular expression for the statement
	NegateMatchPattern   bool         // inverts both expressions
	ReModifiers          Null[string] // CASELESS, GLOBAL, separated by commas
	FlagOUT              Null[int]
	ReplacePattern       Null[string] // \0 to \9 stand for groups of MatchPattern
	DestinationHostgroup Null[int]
	CacheTTL             Null[int] // milliseconds
	CacheEmptyResult     Null[int] // 0, 1
	CacheTimeout         Null[int] // milliseconds
	Reconnect            Null[int] // 0, 1
	Timeout              Null[int] // milliseconds
	Retries              Null[int] // 0..1000
	Delay                Null[int] // milliseconds
	NextQueryFlagIN      Null[int]
	MirrorFlagOUT        Null[int]
	MirrorHostgroup      Null[int]
	ErrorMsg             Null[string]
	OKMsg                Null[string]
	StickyConn           Null[int] // 0, 1
	Multiplex            Null[int] // 0, 1, 2
	GtidFromHostgroup    Null[int]
	Log                  Null[int] // 0, 1
	Apply                bool
	Attributes           string // JSON or empty
	Comment              Null[string]
}

// FastRow is a row of mysql_query_rules_fast_routing. An empty Username stands for
// every user that has no row of its own.
type FastRow struct {
	Username             string
	Schemaname           string
	FlagIN               int
	DestinationHostgroup int
	Comment              string
}
