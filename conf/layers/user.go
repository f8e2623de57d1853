package layers

import (
	"fmt"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

const usersTable = "mysql_users"

// LoadUser puts the memory rows of one user into force: LOAD MYSQL USER <name> TO RUNTIME. A user that memory does not have is
// taken out of force. Where the rows are those in force nothing happens; otherwise the module gets a new version, so that
// peers hear of it (upstream leaves the version as it is, and no peer ever does).
func (m *Manager) LoadUser(name, origin string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(schema.MySQLUsers)
	if err != nil {
		return err
	}
	var memory *schema.Rows
	err = m.store.Tx(func(tx store.Tx) (err error) {
		memory, err = tx.Query("SELECT * FROM main.mysql_users WHERE username = ? ORDER BY rowid", schema.Text(name))
		return err
	})
	if err != nil {
		return fmt.Errorf("read user %s from memory: %w", name, err)
	}
	before := m.current[mod.Name].Load()
	if before == nil {
		return fmt.Errorf("load user %s: users were never loaded", name)
	}
	loaded := before.Source[usersTable]
	at := loaded.Index("username")
	isUser := func(r schema.Row) bool { return r[at].Text == name }
	if sameRows(loaded.Filter(isUser), memory) {
		return nil
	}
	source := loaded.Filter(func(r schema.Row) bool { return !isUser(r) })
	source.Rows = append(source.Rows, memory.Rows...)
	st, err := m.stage(mod, map[string]*schema.Rows{usersTable: source}, loadInfo{origin: origin})
	if err != nil {
		return err
	}
	m.swap(st)
	return nil
}
