package layers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// versionVariable is what clients and peers are told. Its default is Options.Version, and by default it follows that of a peer.
const versionVariable = "admin-version"

// VersionSource is where the version that is shown comes from. A later one outweighs an earlier one.
type VersionSource int

// The sources there are.
const (
	VersionOwn        VersionSource = iota // Options.Version
	VersionFollowed                        // a peer's
	VersionConfigured                      // an operator's
)

var versionSources = []string{"own", "followed", "configured"}

// String gives the source as it is remembered and told to peers.
func (s VersionSource) String() string { return versionSources[s] }

// ParseVersionSource reads what String wrote; VersionOwn for anything else.
func ParseVersionSource(text string) VersionSource {
	return VersionSource(max(slices.Index(versionSources, text), 0))
}

// shownVersion is the version in force.
type shownVersion struct {
	text   string
	source VersionSource
}

// Version gives the version that is shown and where it comes from.
func (m *Manager) Version() (string, VersionSource) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shown.text, m.shown.source
}

// FollowVersion shows a peer's version instead of our own, and tells whether it does: a version that was configured stays. The
// checksum of the admin variables changes with it, their version and epoch stay, since nobody loaded anything.
func (m *Manager) FollowVersion(peer, version string) (follows bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown.source == VersionConfigured || m.shown.text == version {
		return false, nil
	}
	if _, err := schema.FindVariable(versionVariable).Check(version); err != nil {
		return false, fmt.Errorf("follow the version of peer %s: %w", peer, err)
	}
	mod, err := find(schema.AdminVariables)
	if err != nil {
		return false, err
	}
	values := maps.Clone(m.variablesInForce(mod))
	values[versionVariable] = version
	st, err := m.stage(mod, map[string]*schema.Rows{variablesTable: m.variableRows(mod, values)},
		loadInfo{origin: "peer " + peer, relabel: true})
	if err != nil {
		return false, err
	}
	before := m.shown
	m.shown = shownVersion{version, VersionFollowed}
	if err := m.writeVersion(); err != nil {
		m.shown = before
		return false, err
	}
	m.swap(st)
	return true, nil
}

// bootVersion finds out what to show before anything is loaded: what was configured or followed when the process last ran. In a
// database that another program wrote it is that program's, whose peers are to accept us.
func (m *Manager) bootVersion() error {
	m.shown = shownVersion{m.version, VersionOwn}
	if last, known := m.saved[versionVariable]; known {
		if source := ParseVersionSource(last.Origin); source != VersionOwn {
			m.shown = shownVersion{last.Checksum, source}
		}
	} else if !m.store.Created {
		var was string
		err := m.store.Tx(func(tx store.Tx) error {
			rows, err := tx.Query("SELECT variable_value FROM main."+variablesTable+" WHERE variable_name = ?", schema.Text(versionVariable))
			if err == nil && len(rows.Rows) > 0 {
				was = rows.Rows[0][0].Text
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", versionVariable, err)
		}
		if _, err := schema.FindVariable(versionVariable).Check(was); err == nil && was != m.version {
			m.shown = shownVersion{was, VersionFollowed}
		}
	}
	return m.writeVersion()
}

// operatorsVersion takes note of a version that an operator loaded. The program's own means that it is to follow peers again.
func (m *Manager) operatorsVersion(version string) error {
	m.shown = shownVersion{version, VersionConfigured}
	if version == m.version {
		m.shown.source = VersionOwn
	}
	return m.rememberVersion()
}

// writeVersion puts the version that is shown into memory and on disk, and remembers where it comes from.
func (m *Manager) writeVersion() error {
	err := m.store.Tx(func(tx store.Tx) error {
		row := &schema.Rows{
			Columns: []string{"variable_name", "variable_value"},
			Rows:    []schema.Row{{schema.Text(versionVariable), schema.Text(m.shown.text)}},
		}
		if err := tx.Insert("main."+variablesTable, row); err != nil {
			return err
		}
		return tx.Insert("disk."+variablesTable, row)
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", versionVariable, err)
	}
	return m.rememberVersion()
}

func (m *Manager) rememberVersion() error {
	if err := m.state.SaveVersion(versionVariable, store.Version{Checksum: m.shown.text, Origin: m.shown.source.String()}); err != nil {
		return fmt.Errorf("remember %s: %w", versionVariable, err)
	}
	return nil
}

// fileVersion takes note of the version that an edit of the file sets, even where it is the one that is shown already, or sets
// no more.
func (m *Manager) fileVersion(ts []target, es []edit) error {
	for i, t := range ts {
		if t.mod.Name != schema.AdminVariables {
			continue
		}
		for _, r := range es[i].put.Rows {
			if r[0].Text == versionVariable {
				m.shown = shownVersion{r[1].Text, VersionConfigured}
				return m.rememberVersion()
			}
		}
		for _, r := range es[i].del.Rows {
			if r[0].Text == versionVariable {
				m.shown = shownVersion{m.version, VersionOwn}
				return m.rememberVersion()
			}
		}
	}
	return nil
}

// noteVersion takes note of a version that was loaded and is another than the one that is shown: an operator's.
func (m *Manager) noteVersion(s *Snapshot) {
	if s.Module.Name != schema.AdminVariables {
		return
	}
	if v := s.Variables().String(versionVariable); v != m.shown.text {
		if err := m.operatorsVersion(v); err != nil {
			m.log.Error().Err(err).Msg("the version will be forgotten at a restart")
		}
	}
}
