// Package charset knows the collations that a client can name in its handshake by one byte, and the names of character
// sets.
//
// The list is MariaDB's, with MySQL 8's default collation added; collations.tsv holds id, collation and character set. The
// package does not convert text.
package charset

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Collation is one collation with an id below 256.
type Collation struct {
	ID      byte
	Name    string // utf8mb4_general_ci
	Charset string // utf8mb4
}

// MySQL8Default is utf8mb4_0900_ai_ci, which MariaDB before 11 does not know.
const MySQL8Default byte = 255

//go:embed collations.tsv
var list string

type tables struct {
	byID     [256]Collation
	byName   map[string]Collation
	charsets map[string]bool
}

var known = sync.OnceValue(func() *tables {
	t := &tables{byName: map[string]Collation{}, charsets: map[string]bool{"utf8": true, "eucjpms": true, "gb18030": true}}
	for line := range strings.Lines(list) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		id, err := strconv.ParseUint(f[0], 10, 8)
		if err != nil || len(f) != 3 {
			panic("charset: bad line in collations.tsv: " + line)
		}
		c := Collation{ID: byte(id), Name: f[1], Charset: f[2]}
		t.byID[id], t.byName[c.Name], t.charsets[c.Charset] = c, c, true
		if rest, ok := strings.CutPrefix(c.Name, "utf8mb3_"); ok {
			t.byName["utf8_"+rest] = c // the older name
		}
	}
	return t
})

// ByID returns the collation with an id.
func ByID(id byte) (Collation, bool) {
	c := known().byID[id]
	return c, c.Name != ""
}

// ByName returns a collation by its name in any letter case; utf8_… stands for utf8mb3_….
func ByName(name string) (Collation, bool) {
	c, ok := known().byName[strings.ToLower(name)]
	return c, ok
}

// Exists reports whether a character set of that name, in any letter case, exists.
func Exists(name string) bool { return known().charsets[strings.ToLower(name)] }
