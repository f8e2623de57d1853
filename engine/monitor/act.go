package monitor

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// act does what was decided.
func (m *Monitor) act(actions []verdict.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case verdict.Say:
			m.log.WithLevel([...]zerolog.Level{zerolog.InfoLevel, zerolog.WarnLevel, zerolog.ErrorLevel}[a.Level]).Msg(a.Text)
		case verdict.Latency:
			m.pool.SetLatency(a.Host, a.Port, a.Mean)
		case verdict.Shun:
			m.pool.Missing(a.Host, a.Port, fmt.Sprintf("missed %d heartbeats", a.Missed))
			m.setMissing(a.Addr, true)
		case verdict.Back:
			m.pool.Back(a.Host, a.Port)
			m.setMissing(a.Addr, false)
		case verdict.Behind:
			m.pool.SetBehind(hostgroup.Key{Hostgroup: a.Hostgroup, Host: a.Host, Port: a.Port}, a.Lag, a.Replica)
		case verdict.Late:
			m.pool.SetLag(hostgroup.Key{Hostgroup: a.Hostgroup, Host: a.Host, Port: a.Port}, a.Lag, a.On)
		case verdict.Move:
			m.move(a)
		case verdict.Spare:
			m.pool.SetSpare(keys(a.Spots))
		case verdict.Arrange:
			m.arrange(a)
		case verdict.Recheck:
			m.recheck(a)
		case verdict.Failover:
			m.aurora.failover(a, time.Now())
		}
	}
}

// setMissing tells a watcher whether anything but pings makes sense.
func (m *Monitor) setMissing(a verdict.Addr, missing bool) {
	w := m.watchers[a]
	if w == nil {
		return
	}
	if t := *w.task.Load(); t.missing != missing {
		t.missing = missing
		w.assign(&t)
	}
}

// move changes runtime_mysql_servers. The load that follows is seen as any other, and finds the server in its place.
func (m *Monitor) move(a verdict.Move) {
	value := 0
	if a.ReadOnly {
		value = 1
	}
	changed, err := m.layers.EditRuntimeServers(fmt.Sprintf("monitor: %s has read_only=%d", a.Addr, value), func(s *layers.Snapshot) *schema.Rows {
		return place(s.Runtime["mysql_servers"], a)
	})
	switch {
	case err != nil:
		m.log.Error().Err(err).Str("server", a.Addr.String()).Msg("cannot move server")
	case changed:
		m.log.Info().Msgf("Regenerating table 'mysql_servers' due to actions on server '%s'", a.Addr)
	}
}

// recheck makes the watchers of servers look at once.
func (m *Monitor) recheck(a verdict.Recheck) {
	kind := galeraCheck
	if a.Kind == verdict.GroupReplication {
		kind = groupCheck
	}
	for _, addr := range a.Servers {
		if w := m.watchers[addr]; w != nil {
			w.hurry(kind)
		}
	}
}

// suspectPause is between two checks of a server that clients found not to accept connections.
const suspectPause = 200 * time.Millisecond

// suspect has a member of a cluster checked at once: if it is gone, clients wait for another to take its place.
func (m *Monitor) suspect(a verdict.Addr) {
	w, now := m.watchers[a], time.Now()
	if w == nil || now.Sub(w.suspected) < suspectPause {
		return
	}
	t := w.task.Load()
	if t.galera {
		w.hurry(galeraCheck)
	}
	if t.group {
		w.hurry(groupCheck)
	}
	w.suspected = now
}

func keys(spots []verdict.Spot) []hostgroup.Key {
	out := make([]hostgroup.Key, len(spots))
	for i, s := range spots {
		out[i] = hostgroup.Key{Hostgroup: s.Hostgroup, Host: s.Host, Port: s.Port}
	}
	return out
}

// arrange changes runtime_mysql_servers as move does, for servers of a cluster.
func (m *Monitor) arrange(a verdict.Arrange) {
	_, err := m.layers.EditRuntimeServers(fmt.Sprintf("monitor: %s, writer hostgroup %d", a.Kind, a.Groups[0]), func(s *layers.Snapshot) *schema.Rows {
		return arranged(s, a)
	})
	if err != nil {
		m.log.Error().Err(err).Int("hostgroup", a.Groups[0]).Msgf("%s: cannot move servers", a.Kind)
	}
}

// complain writes failures of checks to the log, the same of a server at most once a minute, and that the account may not log
// in at most once in ten.
func (m *Monitor) complain(o *outcome) {
	kind, again := o.kind, time.Minute
	switch o.failure {
	case verdict.None:
		m.lines.forget(o.addr, o.kind)
		return
	case verdict.Denied: // by all checks for the same reason
		kind, again = checkKinds, 10*time.Minute
	}
	if !m.lines.allow(o.addr, kind, o.err, time.Now(), again) {
		return
	}
	ms := o.took.Milliseconds()
	name := checkNames[o.kind]
	switch {
	case o.failure == verdict.Denied:
		m.log.Error().Str("error", o.err).Msgf("Server %s is returning \"Access denied\" for monitoring user", o.addr)
	case o.failure == verdict.Timeout && o.opening && o.kind != connectCheck && o.kind != pingCheck:
		m.log.Error().Msgf("Timeout on %s check for %s after %dms. Unable to create a connection. If the server is overload, increase mysql-monitor_connect_timeout. Error: %s.",
			name, o.addr, ms, o.err)
	case o.failure == verdict.Timeout && o.kind != connectCheck && o.kind != pingCheck:
		m.log.Error().Msgf("Timeout on %s check for %s after %dms. If the server is overload, increase %s.", name, o.addr, ms, timeoutNames[o.kind])
	default:
		m.log.Error().Msgf("Error after %dms on server %s : %s", ms, o.addr, o.err)
	}
}

// limiter remembers which line was written last of a server's check.
type limiter map[limitKey]limitLine

type limitKey struct {
	addr verdict.Addr
	kind checkKind
}

type limitLine struct {
	text string
	at   time.Time
}

func (l limiter) allow(a verdict.Addr, kind checkKind, text string, now time.Time, again time.Duration) bool {
	k := limitKey{a, kind}
	if last, ok := l[k]; ok && (last.text == text || kind == checkKinds) && now.Sub(last.at) < again {
		return false
	}
	l[k] = limitLine{text, now}
	return true
}

func (l limiter) forget(a verdict.Addr, kind checkKind) { delete(l, limitKey{a, kind}) }
