package layers

import (
	"errors"
	"fmt"
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
)

// EditRuntimeServers changes the servers in force and nothing else: what was loaded, memory and disk stay as they are. edit
// gets the snapshot in force and gives the rows that are to replace its mysql_servers; nil, or the same rows, changes nothing.
//
// As upstream has it, checksum and epoch of mysql_servers change and its version does not; mysql_servers_v2 stays.
func (m *Manager) EditRuntimeServers(origin string, edit func(s *Snapshot) *schema.Rows) (changed bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(schema.MySQLServers)
	if err != nil {
		return false, err
	}
	before := m.current[mod.Name].Load()
	if before == nil {
		return false, errors.New("change servers in force: none were loaded yet")
	}
	rows := edit(before)
	if rows == nil {
		return false, nil
	}
	rows = rows.Clone()
	sortRows(rows, schema.Lookup("main", "mysql_servers").Key...)
	if slices.EqualFunc(rows.Rows, before.Runtime["mysql_servers"].Rows, slices.Equal[schema.Row]) {
		return false, nil
	}
	name := schema.MySQLServers
	st, err := m.stage(mod, before.Source, loadInfo{origin: origin, runtimeServers: rows, only: name})
	if err != nil {
		return false, fmt.Errorf("change servers in force: %w", err)
	}
	stamp := st.next.Stamps[name]
	stamp.Version = before.Stamps[name].Version
	st.next.Stamps[name] = stamp
	m.swap(st)
	return true, nil
}
