package rule

type fastKey struct {
	user, schema string
	flag         int
}

type fastRouting map[fastKey]int

func compileFast(rows []FastRow) fastRouting {
	if len(rows) == 0 {
		return nil
	}
	f := make(fastRouting, len(rows))
	for _, r := range rows {
		f[fastKey{r.Username, r.Schemaname, r.FlagIN}] = r.DestinationHostgroup
	}
	return f
}

// route sets d's hostgroup from the row for q's user, or else for every user.
func (f fastRouting) route(q *Query, d *Decision) {
	if len(f) == 0 {
		return
	}
	hostgroup, found := f[fastKey{q.Username, q.Schemaname, d.Flag}]
	if !found {
		hostgroup, found = f[fastKey{"", q.Schemaname, d.Flag}]
	}
	if found {
		d.DestinationHostgroup, d.FastRouted = hostgroup, true
	}
}
