package layers

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/spooky"
)

// Seeds of ProxySQL's hashes.
const (
	rowsSeed1, rowsSeed2     = 19, 3
	usersSeed1, usersSeed2   = 13, 4
	nameSeed1, nameSeed2     = 1, 2
	globalSeed1, globalSeed2 = 9, 5
)

// ChecksumText writes a checksum as ProxySQL does: "0x", the low 32 bits and the high 32 bits
// in hexadecimal, each without leading zeros, filled up with zeros on the right to 18 characters.
func ChecksumText(sum uint64) string {
	text := fmt.Sprintf("0x%X%X", uint32(sum), uint32(sum>>32))
	return text + strings.Repeat("0", max(0, 18-len(text)))
}

// hashRows hashes all cells row by row, without separators; NULL adds nothing. No rows give 0.
func hashRows(rows *schema.Rows) uint64 { return hashRowsWithout(rows, -1) }

// hashServed hashes the rows of a table as peers pull them: hashRows of what Served gives, without a copy of the rules.
func hashServed(table string, rows *schema.Rows) uint64 {
	if table == "mysql_query_rules" {
		return hashRowsWithout(rows, rows.Index("active"))
	}
	return hashRows(Served(table, rows))
}

// hashRowsWithout leaves one column out.
func hashRowsWithout(rows *schema.Rows, column int) uint64 {
	if rows == nil || len(rows.Rows) == 0 {
		return 0
	}
	h := spooky.New(rowsSeed1, rowsSeed2)
	for _, row := range rows.Rows {
		for i, c := range row {
			if !c.Null && i != column {
				_, _ = h.WriteString(c.Text) // never fails
			}
		}
	}
	sum, _ := h.Sum128()
	return sum
}

// hashUsers is the checksum of rows in the form of runtime_mysql_users: the sum of the hashes
// of the backend and the frontend rows, each in the order of the hash of their names.
func hashUsers(rows *schema.Rows) uint64 {
	var sum uint64
	for _, side := range []string{"backend", "frontend"} {
		at := rows.Index(side)
		set := rows.Filter(func(r schema.Row) bool { return r[at].Text == "1" })
		sortByNameHash(set)
		sum += hashUserSet(set)
	}
	return sum
}

// hashUserSet hashes users that are in the order of the hash of their names.
func hashUserSet(rows *schema.Rows) uint64 {
	if len(rows.Rows) == 0 {
		return 0
	}
	f := positions(rows, "use_ssl", "default_hostgroup", "schema_locked", "transaction_persistent", "fast_forward", "max_connections")
	texts := positions(rows, "username", "password", "default_schema", "comment", "attributes")
	h := spooky.New(usersSeed1, usersSeed2)
	var b []byte
	for _, r := range rows.Rows {
		b = append(b[:0], byte(integer(r[f[0]])))
		b = binary.LittleEndian.AppendUint32(b, uint32(integer(r[f[1]])))
		b = append(b, byte(integer(r[f[2]])), byte(integer(r[f[3]])), byte(integer(r[f[4]])))
		b = binary.LittleEndian.AppendUint32(b, uint32(integer(r[f[5]])))
		for _, i := range texts {
			b = append(b, r[i].Text...)
		}
		_, _ = h.Write(b) // never fails
	}
	sum, _ := h.Sum128()
	return sum
}

func positions(rows *schema.Rows, columns ...string) []int {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = rows.Index(c)
	}
	return at
}

// sortByNameHash puts users in the order upstream keeps them: by the hash of the name.
func sortByNameHash(rows *schema.Rows) {
	type keyed struct {
		key   uint64
		place int // rows with the same key stay in their order
		row   schema.Row
	}
	at := rows.Index("username")
	all := make([]keyed, len(rows.Rows))
	sorted := true
	var name []byte
	for i, r := range rows.Rows {
		name = append(name[:0], r[at].Text...)
		key, _ := spooky.Hash128(name, nameSeed1, nameSeed2)
		all[i] = keyed{key, i, r}
		sorted = sorted && (i == 0 || all[i-1].key <= key)
	}
	if sorted {
		return
	}
	slices.SortFunc(all, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.place, b.place)) })
	for i, k := range all {
		rows.Rows[i] = k.row
	}
}

// hashServersV2 joins the hashes of the seven tables of LOAD MYSQL SERVERS, in module order.
func hashServersV2(sums []uint64) uint64 {
	h := spooky.New(rowsSeed1, rowsSeed2)
	any := false
	for _, s := range sums {
		if s != 0 {
			any = true
			_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, s))
		}
	}
	if !any {
		return 0
	}
	sum, _ := h.Sum128()
	return sum
}

// hashVariables hashes name and value of the variables that take part, those of a peer that this release does not know among them.
func hashVariables(rows *schema.Rows, withInterfaces bool) uint64 {
	return hashRows(rows.Filter(func(r schema.Row) bool {
		v := schema.FindVariable(r[0].Text)
		return v == nil || v.Sync == schema.Always || v.Sync == schema.WithInterfaces && withInterfaces
	}))
}

// globalOrder is the order in which GLOBAL_CHECKSUM() takes the modules in.
var globalOrder = []string{
	schema.AdminVariables, schema.MySQLQueryRules, schema.MySQLServers, schema.MySQLServersV2,
	schema.MySQLUsers, schema.MySQLVariables, schema.ProxySQLServers,
}

// globalChecksum hashes text and version of every module that was loaded. Recorded values
// are the hash without its lowest bit, which keeps them positive as signed numbers.
func globalChecksum(stamps map[string]Stamp) uint64 {
	h := spooky.New(globalSeed1, globalSeed2)
	for _, name := range globalOrder {
		s := stamps[name]
		if s.Version == 0 {
			continue
		}
		_, _ = h.WriteString(s.Checksum)
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, s.Version))
	}
	sum, _ := h.Sum128()
	return sum >> 1
}

// sortRows orders rows by the named columns: whole numbers by value, everything else by bytes.
func sortRows(rows *schema.Rows, columns ...string) {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = rows.Index(c)
	}
	slices.SortStableFunc(rows.Rows, func(a, b schema.Row) int {
		for _, i := range at {
			if c := compareCells(a[i], b[i]); c != 0 {
				return c
			}
		}
		return 0
	})
}

func compareCells(a, b schema.Cell) int {
	x, errA := strconv.ParseInt(a.Text, 10, 64)
	y, errB := strconv.ParseInt(b.Text, 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a.Text, b.Text)
}

// integer reads a whole number; what is not one counts as 0, as SQLite compares it.
func integer(c schema.Cell) int64 {
	if len(c.Text) == 1 && c.Text[0] >= '0' && c.Text[0] <= '9' {
		return int64(c.Text[0] - '0') // nearly all are flags
	}
	n, err := strconv.ParseInt(c.Text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
