package admin

import (
	"net"
	"net/netip"
	"strings"

	"github.com/keepsql/keepsql/conf/layers"
)

// class is what an account may do.
type class int

const (
	adminClass   class = iota // everything
	statsClass                // read statistics
	clusterClass              // the cluster's protocol
)

// String gives the class as DATABASE() shows it.
func (c class) String() string {
	switch c {
	case statsClass:
		return "stats"
	case clusterClass:
		return "cluster"
	}
	return "admin"
}

// account is one login of the admin interface.
type account struct {
	class    class
	password string
}

// findAccount looks a user up in the variables in force. An admin account comes before a stats account of the same name, and
// both before the monitor's, which may read statistics.
func findAccount(admin, mysql layers.Variables, user string) (account, bool) {
	if p, ok := credential(admin.String("admin-admin_credentials"), user); ok {
		return account{adminClass, p}, true
	}
	if p, ok := credential(admin.String("admin-stats_credentials"), user); ok {
		return account{statsClass, p}, true
	}
	if a, ok := clusterAccount(admin, user); ok {
		return a, true
	}
	if user != "" && user == mysql.String("mysql-monitor_username") {
		return account{statsClass, mysql.String("mysql-monitor_password")}, true
	}
	return account{}, false
}

// credential finds the password of a user in a list "user:password;user2:password2". Where a user is listed twice the last entry
// counts, as upstream. An entry without a colon is no account: upstream takes it for one with an empty password, which is
// written "user:" here.
func credential(list, user string) (password string, found bool) {
	for entry := range strings.SplitSeq(list, ";") {
		name, p, complete := strings.Cut(entry, ":")
		if complete && name != "" && name == user {
			password, found = p, true
		}
	}
	return password, found
}

// badEntries lists the entries of a list of credentials that are no account, and tells whether others are.
func badEntries(list string) (bad []string, usable bool) {
	for entry := range strings.SplitSeq(list, ";") {
		name, _, complete := strings.Cut(entry, ":")
		switch {
		case complete && name != "":
			usable = true
		case entry != "":
			bad = append(bad, entry)
		}
	}
	return bad, usable
}

// localOnly tells whether the name is one that everybody knows, which therefore may not come from another host.
func localOnly(user string) bool { return user == "admin" || user == "stats" || user == "monitor" }

// isLocal tells whether a client is on this host.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return true // a unix socket
	}
	ip, _ := netip.AddrFromSlice(tcp.IP)
	return ip.Unmap().IsLoopback()
}
