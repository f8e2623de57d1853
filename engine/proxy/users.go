package proxy

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/keepsql/keepsql/conf/layers"
)

// user is a front-end row of mysql_users. It never changes, save for the counter, which all versions of it share.
type user struct {
	name             string
	password         string
	defaultHostgroup int
	defaultSchema    string
	useTLS           bool
	transactionStays bool // transaction_persistent
	fastForward      bool
	maxConnections   int
	isolation        string // attributes: default-transaction_isolation
	spiffe           string // attributes: spiffe_id
	attributes       string

	connections *atomic.Int32 // of this user, now
}

// users is the module mysql_users as logins see it.
type users struct {
	byName atomic.Pointer[map[string]*user]

	mu     sync.Mutex // guards counts
	counts map[string]*atomic.Int32
}

// prepare is the consumer of the module mysql_users.
func (u *users) prepare(s *layers.Snapshot) (commit func(), err error) {
	table := s.Runtime["mysql_users"]
	next := make(map[string]*user, len(table.Rows)/2) // a row for each side
	eachRow(table, func(c *columns) {
		if !c.flag("frontend") {
			return
		}
		row := &user{
			name: c.text("username"), password: c.text("password"), useTLS: c.flag("use_ssl"),
			defaultHostgroup: c.number("default_hostgroup"), defaultSchema: c.text("default_schema"),
			transactionStays: c.flag("transaction_persistent"), fastForward: c.flag("fast_forward"),
			maxConnections: c.number("max_connections"), attributes: c.text("attributes"),
		}
		row.readAttributes()
		row.connections = u.counter(row.name)
		next[row.name] = row
	})
	return func() { u.byName.Store(&next) }, nil
}

// readAttributes takes what is known from the JSON; what is not JSON was let through by the table and is ignored.
func (u *user) readAttributes() {
	var a struct {
		Isolation string `json:"default-transaction_isolation"`
		Spiffe    string `json:"spiffe_id"`
	}
	if u.attributes == "" || json.Unmarshal([]byte(u.attributes), &a) != nil {
		return
	}
	u.isolation, u.spiffe = a.Isolation, a.Spiffe
}

func (u *users) counter(name string) *atomic.Int32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.counts == nil {
		u.counts = map[string]*atomic.Int32{}
	}
	c := u.counts[name]
	if c == nil {
		c = new(atomic.Int32)
		u.counts[name] = c
	}
	return c
}

// find looks a user up; nil where there is none.
func (u *users) find(name string) *user {
	if m := u.byName.Load(); m != nil {
		return (*m)[name]
	}
	return nil
}

// all lists the users, in no order.
func (u *users) all() []*user {
	var out []*user
	if m := u.byName.Load(); m != nil {
		for _, row := range *m {
			out = append(out, row)
		}
	}
	return out
}
