package lint

import (
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// accounts are the pairs of admin-admin_credentials.
func (l *linter) accounts() (pairs [][2]string) {
	for entry := range strings.SplitSeq(l.value("admin-admin_credentials"), ";") {
		user, password, _ := strings.Cut(entry, ":")
		pairs = append(pairs, [2]string{user, password})
	}
	return pairs
}

// value is what is in force: what the files say, or the default.
func (l *linter) value(name string) string {
	if v := l.file.Variable(name); v != nil {
		return v.Value
	}
	return schema.FindVariable(name).Default
}

// exposed are the admin listeners that other hosts can reach.
func (l *linter) exposed() []string {
	var out []string
	for listener := range strings.SplitSeq(l.value("admin-mysql_ifaces"), ";") {
		listener = strings.TrimSpace(listener)
		local := strings.HasPrefix(listener, "/") || strings.HasPrefix(listener, "127.") || strings.HasPrefix(listener, "[::1]")
		if listener != "" && !local {
			out = append(out, listener)
		}
	}
	return out
}

// place is where the accounts are set; where the files leave the default in force, where they
// set the listeners. Nothing is said about files that say neither.
func (l *linter) place() *conf.Variable {
	if v := l.file.Variable("admin-admin_credentials"); v != nil {
		return v
	}
	return l.file.Variable("admin-mysql_ifaces")
}

func adminDefaultPassword(l *linter) {
	v, listeners := l.place(), l.exposed()
	if v == nil || len(listeners) == 0 {
		return
	}
	for _, a := range l.accounts() {
		if a[0] == "admin" && a[1] == "admin" {
			l.warn(v.Pos, len(v.Name)-len("admin-"), "set a password, or let mysql_ifaces listen on 127.0.0.1 only",
				"admin:admin is everybody's first guess, and the admin interface listens on %s; admin itself may log in from this host only, as anybody on it can",
				strings.Join(listeners, ", "))
		}
	}
}

func adminNamePassword(l *linter) {
	v, listeners := l.place(), l.exposed()
	if v == nil || len(listeners) == 0 {
		return
	}
	for _, a := range l.accounts() {
		if a[0] == "admin" || a[0] == "" || a[0] != a[1] && a[1] != "" {
			continue
		}
		has := "its name as password"
		if a[1] == "" {
			has = "no password"
		}
		l.warn(v.Pos, len(v.Name)-len("admin-"), "", "admin account %s has %s and may log in from anywhere: the admin interface listens on %s",
			a[0], has, strings.Join(listeners, ", "))
	}
}
