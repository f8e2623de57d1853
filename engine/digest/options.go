package digest

// Options decide what a digest text looks like. The names in brackets are the
// variables of the mysql_variables module they come from.
type Options struct {
	// Lowercase folds ASCII letters outside literals [query_digests_lowercase].
	Lowercase bool
	// ReplaceNull turns the word NULL into a mark [query_digests_replace_null].
	ReplaceNull bool
	// NoDigits turns every run of digits that is left, as in the name sbtest1,
	// into a mark [query_digests_no_digits].
	NoDigits bool
	// KeepComment keeps block comments in the text [query_digests_keep_comment].
	KeepComment bool
	// GroupingLimit is how many marks of a list are kept, 1..2089
	// [query_digests_grouping_limit].
	GroupingLimit int
	// GroupsGroupingLimit is how many abbreviated lists in a row are kept,
	// 0..2089; 0 keeps all [query_digests_groups_grouping_limit].
	GroupsGroupingLimit int
	// MaxQueryLength bounds the text while it is built, in bytes, 16..16777216
	// [query_digests_max_query_length].
	MaxQueryLength int
	// MaxDigestLength bounds the text that is stored and hashed, in bytes,
	// 16..1048576 [query_digests_max_digest_length].
	MaxDigestLength int
}

// DefaultOptions returns upstream's defaults.
func DefaultOptions() Options {
	return Options{
		GroupingLimit:       3,
		GroupsGroupingLimit: 10,
		MaxQueryLength:      65000,
		MaxDigestLength:     2048,
	}
}
