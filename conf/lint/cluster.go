package lint

import "fmt"

// hostgroupShared finds hostgroups that two rows move servers in and out of: what one puts there, the other takes away.
func hostgroupShared(l *linter) {
	first := map[int]string{}
	for _, p := range pairTables {
		for _, r := range l.table(p.table) {
			for _, c := range p.columns {
				n, ok := r.number(c)
				if !ok {
					continue
				}
				if other := first[n]; other != "" {
					l.at(r, c, "", "hostgroup %d is the %s already: both move its servers", n, other)
				} else {
					first[n] = fmt.Sprintf("%s of a row of %s", c, p.table)
				}
			}
		}
	}
}

// hostgroupNoWriter finds clusters in which nobody is to write.
func hostgroupNoWriter(l *linter) {
	for _, p := range pairTables {
		for _, r := range l.table(p.table) {
			if n, ok := r.number("max_writers"); ok && n == 0 {
				l.at(r, "max_writers", "1 is the default", "with max_writers=0 all writers are backup writers, and the writer hostgroup has no server to be used")
			}
		}
	}
}
