package layers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// Pull is what a peer serves of one module.
type Pull struct {
	Peer string // "host:port"
	// Tables by name of the table in main, columns as the peer names them; variables under
	// "global_variables".
	Tables map[string]*schema.Rows
	// RuntimeServers is the peer's runtime_mysql_servers; nil where it was not asked for.
	RuntimeServers *schema.Rows
	// Stamps the peer shows, by name of the checksum. Content that turns out to have the
	// stamp's checksum takes its epoch over.
	Stamps map[string]Stamp
	Save   bool // to disk too
}

// Checksums computes what the pulled rows hash to, by name of the checksum.
func (p *Pull) Checksums(module string, syncInterfaces bool) map[string]string {
	out := map[string]string{}
	switch module {
	case schema.MySQLUsers:
		out[module] = ChecksumText(hashUsers(p.Tables["mysql_users"]))
	case schema.AdminVariables, schema.MySQLVariables:
		out[module] = ChecksumText(hashVariables(p.Tables[variablesTable], syncInterfaces))
	case schema.MySQLServers:
		mod, _ := schema.FindModule(module)
		sums := make([]uint64, len(mod.Tables))
		for i, table := range mod.Tables {
			sums[i] = hashRows(p.Tables[table])
		}
		out[schema.MySQLServersV2] = ChecksumText(hashServersV2(sums))
		if p.RuntimeServers != nil {
			out[schema.MySQLServers] = ChecksumText(hashRows(p.RuntimeServers))
		}
	default:
		mod, _ := schema.FindModule(module)
		var sum uint64
		for _, table := range mod.Tables {
			sum += hashRows(p.Tables[table])
		}
		out[module] = ChecksumText(sum)
	}
	return out
}

// Rewritten gives the pull with users' attributes as a load rewrites them.
func (p Pull) Rewritten() Pull {
	users := p.Tables[usersTable].Clone()
	at := users.Index("attributes")
	for _, r := range users.Rows {
		r[at].Text = normalAttributes(r[at].Text)
	}
	p.Tables = map[string]*schema.Rows{usersTable: users}
	return p
}

// Adopt puts a pulled module into memory, into force and, where asked, on disk. Checksums
// should have been compared before. On an error nothing has happened.
//
// Rows that are not in force and therefore never travel, such as inactive users, stay, and
// so do drafts: what was edited in memory and not loaded yet, as far as the peer has not
// changed the same row.
func (m *Manager) Adopt(module string, p Pull) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(module)
	if err != nil {
		return err
	}
	before := m.current[mod.Name].Load()
	if before == nil {
		return fmt.Errorf("adopt %s from peer %s: the module was never loaded", mod.Name, p.Peer)
	}
	var in incoming
	if mod.Prefix != "" {
		in, err = m.incomingVariables(mod, p)
	} else {
		in = incomingTables(mod, before, p)
	}
	if err != nil {
		return fmt.Errorf("take over %s from peer %s: %w", mod.Name, p.Peer, err)
	}
	st, err := m.stage(mod, in.source, loadInfo{origin: "peer " + p.Peer, peer: p.Stamps, runtimeServers: p.RuntimeServers})
	if err != nil {
		return err
	}
	if err := m.store.Tx(func(tx store.Tx) error { return in.write(tx, p.Save) }); err != nil {
		return fmt.Errorf("write %s from peer %s: %w", mod.Name, p.Peer, err)
	}
	m.swap(st)
	return nil
}

// AdoptRuntimeServers puts a peer's servers into force, as its monitor left them. What was
// loaded, memory and disk stay as they are, and so does the stamp of mysql_servers_v2.
func (m *Manager) AdoptRuntimeServers(p Pull) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(schema.MySQLServers)
	if err != nil {
		return err
	}
	before := m.current[mod.Name].Load()
	if before == nil || p.RuntimeServers == nil {
		return fmt.Errorf("adopt servers in force from peer %s: there are none", p.Peer)
	}
	name, s := schema.MySQLServers, p.Stamps[schema.MySQLServers]
	st, err := m.stage(mod, before.Source, loadInfo{
		origin: "peer " + p.Peer, runtimeServers: p.RuntimeServers, only: name,
		peer: map[string]Stamp{name: s},
	})
	if err != nil {
		return err
	}
	m.swap(st)
	return nil
}

// received makes of pulled rows those an operator would have inserted: rules are active, and
// the two halves of a user become one row again.
func received(table string, rows *schema.Rows) *schema.Rows {
	if rows == nil {
		return &schema.Rows{Columns: schema.Lookup("main", table).ColumnNames()}
	}
	rows = tableColumns(table, rows)
	switch table {
	case "mysql_query_rules":
		return with(rows, "active", "1")
	case "mysql_users":
		return joinUsers(with(rows, "active", "1"))
	}
	return rows
}

// tableColumns spells the columns as the table does.
func tableColumns(table string, rows *schema.Rows) *schema.Rows {
	def := schema.Lookup("main", table)
	out := &schema.Rows{Columns: slices.Clone(rows.Columns), Rows: rows.Rows}
	for i, name := range out.Columns {
		if c, ok := def.Column(name); ok {
			out.Columns[i] = c.Name
		}
	}
	return out
}

// with adds a column with one value.
func with(rows *schema.Rows, column, value string) *schema.Rows {
	out := &schema.Rows{Columns: append(slices.Clone(rows.Columns), column)}
	for _, r := range rows.Rows {
		out.Rows = append(out.Rows, append(slices.Clone(r), schema.Text(value)))
	}
	return out
}

// joinUsers puts a frontend and a backend row together where they are alike otherwise.
func joinUsers(rows *schema.Rows) *schema.Rows {
	frontend, backend := rows.Index("frontend"), rows.Index("backend")
	identity := func(r schema.Row) string {
		var b strings.Builder
		for i, c := range r {
			if i != frontend && i != backend {
				fmt.Fprintf(&b, "%d:%s", len(c.Text), c.Text)
			}
		}
		return b.String()
	}
	out := &schema.Rows{Columns: rows.Columns}
	seen := map[string]int{}
	for _, r := range rows.Rows {
		id := identity(r)
		if i, twin := seen[id]; twin && out.Rows[i][frontend] != r[frontend] {
			out.Rows[i][frontend], out.Rows[i][backend] = schema.Text("1"), schema.Text("1")
			continue
		}
		seen[id] = len(out.Rows)
		out.Rows = append(out.Rows, slices.Clone(r))
	}
	return out
}
