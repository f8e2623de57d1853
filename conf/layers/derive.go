package layers

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keepsql/keepsql/conf/schema"
)

// derived is what a module's rows amount to: the rows in force and the checksums.
type derived struct {
	runtime map[string]*schema.Rows
	sums    map[string]uint64
}

// derive works out the rows in force of a module from those that are loaded. before is the
// snapshot in force until now, nil at boot.
func (m *Manager) derive(mod schema.Module, source map[string]*schema.Rows, before *Snapshot) derived {
	switch {
	case mod.Prefix != "":
		table := mod.VariablesTable()
		rows := source[table]
		return derived{
			runtime: map[string]*schema.Rows{table: rows},
			sums:    map[string]uint64{mod.Name: hashVariables(rows, m.syncInterfaces)},
		}
	case mod.Name == schema.MySQLUsers:
		rows, sum := usersInForce(source["mysql_users"], before)
		return derived{
			runtime: map[string]*schema.Rows{"mysql_users": rows},
			sums:    map[string]uint64{mod.Name: sum},
		}
	case mod.Name == schema.MySQLServers:
		return deriveServers(mod, source)
	}
	return deriveTables(mod, source)
}

// deriveTables serves the modules whose rows in force are the active ones in key order.
func deriveTables(mod schema.Module, source map[string]*schema.Rows) derived {
	d := derived{runtime: map[string]*schema.Rows{}, sums: map[string]uint64{}}
	for _, table := range mod.Tables {
		rows := source[table]
		if active := rows.Index("active"); active >= 0 && mod.Name == schema.MySQLQueryRules {
			rows = rows.Filter(func(r schema.Row) bool { return r[active].Text == "1" })
		}
		rows = &schema.Rows{Columns: rows.Columns, Rows: slices.Clone(rows.Rows)}
		sortRows(rows, schema.Lookup("main", table).Key...)
		d.runtime[table] = rows
		if len(mod.Checksums) > 0 {
			d.sums[mod.Checksums[0]] += hashServed(table, rows)
		}
	}
	return d
}

// deriveServers also gives the second checksum, of what was loaded in all seven tables.
func deriveServers(mod schema.Module, source map[string]*schema.Rows) derived {
	d := deriveTables(schema.Module{Name: mod.Name, Tables: mod.Tables}, source)
	sums := make([]uint64, len(mod.Tables))
	for i, table := range mod.Tables {
		sums[i] = hashServed(table, d.runtime[table])
	}
	d.sums[schema.MySQLServersV2] = hashServersV2(sums)
	servers := d.runtime["mysql_servers"].Clone() // not the rows that were loaded: the numbers in them change
	numbers("mysql_servers", servers)
	d.runtime["mysql_servers"] = servers
	d.sums[schema.MySQLServers] = hashServed("mysql_servers", servers)
	return d
}

// numbers makes what stands in integer columns the number that is in force: SQLite keeps text there too, of which the digits
// it begins with count.
func numbers(table string, rows *schema.Rows) {
	for i, c := range schema.Lookup("main", table).Columns {
		if !c.Integer() {
			continue
		}
		for _, r := range rows.Rows {
			r[i] = leadingNumber(r[i])
		}
	}
}

func leadingNumber(c schema.Cell) schema.Cell {
	text := strings.TrimLeft(c.Text, " ")
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && text[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	if err != nil {
		return schema.Text("0")
	}
	return schema.Text(strconv.FormatInt(n, 10))
}

// Served gives the rows of a runtime table as peers pull and hash them: rules without the
// column active, servers that are not OFFLINE_HARD, and those that are only shunned as ONLINE.
func Served(table string, rows *schema.Rows) *schema.Rows {
	switch table {
	case "mysql_query_rules":
		columns := schema.Lookup("main", table).ColumnNames()
		return rows.Project(append(columns[:1:1], columns[2:]...)...)
	case "mysql_servers":
		status := rows.Index("status")
		served := rows.Filter(func(r schema.Row) bool { return !strings.EqualFold(r[status].Text, "OFFLINE_HARD") }).Clone()
		for _, r := range served.Rows {
			if strings.EqualFold(r[status].Text, "SHUNNED") {
				r[status] = schema.Text("ONLINE")
			}
		}
		return served
	}
	return rows
}

// usersInForce splits the active users into frontend and backend rows, as upstream shows and
// serves them. The sum is what hashUsers gives.
func usersInForce(source *schema.Rows, before *Snapshot) (inForce *schema.Rows, sum uint64) {
	at := indexes(source, "username", "active", "default_hostgroup", "frontend", "backend", "attributes")
	username, attributes, active, hostgroup := at["username"], at["attributes"], at["active"], at["default_hostgroup"]
	frontend, backend := at["frontend"], at["backend"]
	known := usersBefore(before)
	users := source.Filter(func(r schema.Row) bool { return r[active].Text == "1" && integer(r[hostgroup]) >= 0 })
	sortByNameHash(users)
	out := &schema.Rows{Columns: source.Columns, Rows: make([]schema.Row, 0, 2*len(users.Rows))}
	for _, side := range []int{frontend, backend} {
		first := len(out.Rows)
		cells := make([]schema.Cell, 0, len(users.Rows)*len(source.Columns))
		for _, r := range users.Rows {
			if r[side].Text != "1" {
				continue
			}
			start := len(cells)
			cells = append(cells, r...)
			r = cells[start:len(cells):len(cells)]
			for i := range r {
				r[i].Null = false // upstream keeps '' for a missing password or schema
			}
			r[frontend], r[backend] = schema.Text("0"), schema.Text("0")
			r[side] = schema.Text("1")
			if strings.Contains(r[attributes].Text, isolationKey) && known()[r[username].Text] {
				r[attributes].Text = normalAttributes(r[attributes].Text)
			}
			out.Rows = append(out.Rows, r)
		}
		sum += hashUserSet(&schema.Rows{Columns: out.Columns, Rows: out.Rows[first:]})
	}
	return out, sum
}

// usersBefore gives the names that were in force, once it is asked.
func usersBefore(before *Snapshot) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		known := map[string]bool{}
		if before != nil {
			rows := before.Runtime["mysql_users"]
			at := rows.Index("username")
			for _, r := range rows.Rows {
				known[r[at].Text] = true
			}
		}
		return known
	})
}

func indexes(rows *schema.Rows, columns ...string) map[string]int {
	at := make(map[string]int, len(columns))
	for _, c := range columns {
		at[c] = rows.Index(c)
	}
	return at
}

// isolationKey is the user attribute that sets the isolation level of a new session.
const isolationKey = "default-transaction_isolation"

// normalAttributes rewrites the isolation level of a user that is loaded again, as upstream
// does: dashes become spaces, a level that does not exist is taken out.
func normalAttributes(text string) string {
	var attributes map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &attributes) != nil || attributes[isolationKey] == nil {
		return text
	}
	var level string
	_ = json.Unmarshal(attributes[isolationKey], &level) // a level that is no string stays ""
	switch level = strings.ReplaceAll(strings.ToUpper(level), "-", " "); level {
	case "READ COMMITTED", "READ UNCOMMITTED", "REPEATABLE READ", "SERIALIZABLE":
		attributes[isolationKey], _ = json.Marshal(level) // a string always encodes
	default:
		delete(attributes, isolationKey)
	}
	if len(attributes) == 0 {
		return ""
	}
	out, err := json.Marshal(attributes)
	if err != nil {
		return text
	}
	return string(out)
}
