package importer

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/store"
)

const firstStart = "first start"

// start says what the first start of keepsql with the written file will do.
func start(cnf *cnfFile, db *database, k *router, c *content, r *report) {
	switch {
	case db != nil:
		startOnDatabase(cnf, db, c, r)
	case cnf != nil:
		startOnCnf(cnf, r)
	}
	if cnf != nil || db != nil {
		r.add(Note, firstStart, "stop ProxySQL before and disable its service: both want the same ports and the same data directory")
	}
	if k != nil {
		r.add(Note, firstStart, "stop keepalived before and disable its service: two speakers for one virtual router on a host disturb each other")
	}
}

func startOnDatabase(cnf *cnfFile, db *database, c *content, r *report) {
	if len(db.lacking) > 0 {
		var tables []string
		for _, t := range slices.Sorted(maps.Keys(db.lacking)) {
			tables = append(tables, t+" ("+strings.Join(db.lacking[t], ", ")+")")
		}
		r.add(Warning, firstStart, "keepsql refuses this database, which an older ProxySQL wrote; columns it lacks: %s. Start ProxySQL 2.7 on it once, "+
			"which adds them, or start keepsql with --initial, which sets the database aside and takes everything from the file. "+
			"What follows holds once the columns are there", strings.Join(tables, "; "))
	}
	r.add(Note, firstStart, "nothing is overwritten: keepsql opens %s as it is, and the file becomes the baseline. From then on an edit of the file is applied, at once", db.file)
	r.add(Note, firstStart, "each module starts at version 1, so that peers do not take this node's rows over theirs")
	kept := 0
	for _, t := range c.tables {
		kept += len(t.left)
		if t.changed > 0 {
			r.add(Note, firstStart, "the log will list %s of %s as different: the file has '' where the database has NULL", count(t.changed, "row"), t.form.Table)
		}
		if t.merged > 0 {
			r.add(Note, firstStart, "the log will list %s as different: the file has one row where the database has two, for backend and frontend", count(t.merged, "user"))
		}
	}
	if kept > 0 {
		r.add(Note, firstStart, "%s left out of the file: in this data directory they stay in force, with --initial or on a new host they are lost", isLeft(kept))
	}
	if file := filepath.Join(cnf.datadir(), store.DiskFile); !sameFile(file, db.file) {
		r.add(Note, firstStart, "keepsql looks for its database in %s, what was read is %s: what is said here holds once that is its database", cnf.datadir(), db.file)
	}
}

func isLeft(n int) string {
	if n == 1 {
		return "1 row is"
	}
	return count(n, "row") + " are"
}

func startOnCnf(cnf *cnfFile, r *report) {
	file := filepath.Join(cnf.datadir(), store.DiskFile)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		r.add(Warning, firstStart, "%s exists: its rows are what is in force, and not the cnf's. Import it too; "+
			"as it is, keepsql keeps the database and lists the differences", file)
		return
	}
	r.add(Note, firstStart, "keepsql makes a new database in %s from the file; each module starts at version 1, so that a new node never overwrites a cluster", cnf.datadir())
}

// sameFile tells whether two names mean one file; of files that cannot be looked at the names
// are compared.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(x, y)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}
