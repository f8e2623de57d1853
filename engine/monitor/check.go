package monitor

import (
	"time"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// checkKind is one of the checks of a server.
type checkKind int

const (
	connectCheck checkKind = iota
	pingCheck
	readOnlyCheck
	lagCheck
	checkKinds
)

var checkNames = [checkKinds]string{connectCheck: "connect", pingCheck: "ping", readOnlyCheck: "read_only", lagCheck: "replication_lag"}

// outcome is the result of a check.
type outcome struct {
	kind    checkKind
	addr    verdict.Addr
	began   time.Time
	took    time.Duration
	failure verdict.Failure
	err     string // "" where there was none
	opening bool   // there was not even a connection

	check   string // check_type
	on      bool   // read only
	replica bool   // there is a replication
	null    bool   // which does not run
	lag     time.Duration
	nullLag time.Duration // what a replication that does not run counts as
}

// value is what was found out, as the tables show it; -1 for nothing.
func (o *outcome) value() int32 {
	switch {
	case o.failure != verdict.None:
	case o.kind == readOnlyCheck && o.on:
		return 1
	case o.kind == readOnlyCheck:
		return 0
	case o.kind == lagCheck && o.null:
		return int32(o.nullLag / time.Second)
	case o.kind == lagCheck && o.replica:
		return int32(o.lag / time.Second)
	}
	return -1
}

// event is what the outcome means to package verdict; nil for nothing.
func (o *outcome) event() verdict.Event {
	switch o.kind {
	case pingCheck:
		return verdict.Ping{Addr: o.addr, Failure: o.failure, Took: o.took}
	case readOnlyCheck:
		return verdict.ReadOnly{Addr: o.addr, Check: o.check, Failure: o.failure, On: o.on}
	case lagCheck:
		return verdict.Lag{Addr: o.addr, Failure: o.failure, Replica: o.replica, Null: o.null, Lag: o.lag}
	}
	return nil
}
