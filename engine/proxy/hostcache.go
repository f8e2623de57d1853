package proxy

import (
	"container/list"
	"net"
	"sync"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// clientHosts counts logins in a row that failed, by the address of the client, so that addresses with too many of them are
// not served any more (mysql-client_host_cache_size, mysql-client_host_error_counts).
type clientHosts struct {
	mu   sync.Mutex
	by   map[string]*list.Element
	list list.List // of *hostErrors, the one that failed last in front
}

type hostErrors struct {
	address string
	count   int
	last    time.Time
}

// countedHost is the address that failures are counted for; "" for clients of this host, which are never shut out.
func countedHost(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); !ok || t.IP.Equal(net.IPv4(127, 0, 0, 1)) || t.IP.Equal(net.IPv6loopback) {
		return ""
	}
	return wire.HostOf(a)
}

// shutOut reports whether a client is not to be served.
func (h *clientHosts) shutOut(a net.Addr, set *settings) bool {
	if set.hostErrors == 0 || set.hostCache == 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.by[countedHost(a)]
	return ok && at.Value.(*hostErrors).count >= set.hostErrors
}

// note counts a login that failed, and forgets the failures of an address that logged in.
func (h *clientHosts) note(a net.Addr, failed bool, set *settings, now time.Time) {
	if set.hostCache == 0 {
		return
	}
	address := countedHost(a)
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.by[address]
	switch {
	case address == "", !failed && !ok:
		return
	case !failed:
		h.drop(at)
		return
	case ok:
		h.list.MoveToFront(at)
	default:
		for len(h.by) >= set.hostCache {
			h.drop(h.list.Back())
		}
		if h.by == nil {
			h.by = map[string]*list.Element{}
		}
		at = h.list.PushFront(&hostErrors{address: address})
		h.by[address] = at
	}
	e := at.Value.(*hostErrors)
	e.count, e.last = e.count+1, now
}

// drop takes one address out, with mu held.
func (h *clientHosts) drop(at *list.Element) {
	delete(h.by, h.list.Remove(at).(*hostErrors).address)
}

// flush forgets all.
func (h *clientHosts) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.by)
	h.list.Init()
}

// rows is stats_mysql_client_host_cache; with reset it is empty afterwards.
func (h *clientHosts) rows(reset bool) *schema.Rows {
	h.mu.Lock()
	var all []stats.ClientHost
	for at := h.list.Front(); at != nil; at = at.Next() {
		e := at.Value.(*hostErrors)
		all = append(all, stats.ClientHost{Address: e.address, Errors: e.count, LastMicros: e.last.UnixMicro()})
	}
	h.mu.Unlock()
	if reset {
		h.flush()
	}
	return stats.ClientHostRows(all)
}

// FlushClientHosts forgets which addresses failed to log in, for PROXYSQL FLUSH MYSQL CLIENT HOSTS.
func (p *Proxy) FlushClientHosts() { p.hosts.flush() }
