package vrrpconf

// Block is one block of keepalived's grammar, for the reference page.
type Block struct {
	Name     string // empty for the root level
	Keywords []Keyword
}

// Keyword is what is known of one keyword of a block.
type Keyword struct {
	Name   string
	Words  int    // that must follow it
	Effect string // what becomes of it, in words
}

// Blocks lists every block and keyword there is, in the order of the tables that Build reads by.
func Blocks() []Block {
	return []Block{
		{"", describe(rootRules)},
		{"global_defs", describe(globalRules)},
		{"vrrp_script", describe(scriptRules)},
		{"vrrp_instance", describe(instanceRules)},
		{"authentication", describe(authRules)},
		{"vrrp_sync_group", describe(groupRules)},
		{"vrrp_track_process", describe(trackProcessRules)},
		{"track_file", describe(trackFileRules)},
		{"bfd_instance", describe(bfdRules)},
		{"garp_group", describe(garpGroupRules)},
		{"track_group", describe(trackGroupRules)},
	}
}

var effects = map[effect]string{
	done:    "carried out",
	silent:  "accepted; nothing is lost without it",
	ignored: "accepted with a warning",
	pending: "not carried out yet, with a warning",
	skipped: "skipped as a block, with one warning for all",
	inert:   "read with its block, which is not carried out yet",
}

func describe[T any](rules []rule[T]) []Keyword {
	out := make([]Keyword, len(rules))
	for i, r := range rules {
		out[i] = Keyword{r.name, r.least, effects[r.effect]}
		if r.note != "" {
			out[i].Effect += ": " + r.note
		}
	}
	return out
}
