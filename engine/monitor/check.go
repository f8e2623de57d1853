package monitor

import (
	"strconv"
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
	galeraCheck
	groupCheck
	auroraCheck
	checkKinds
)

// checkNames are the names of the checks in tables, mysql_server_NAME_log, and in messages.
var checkNames = [checkKinds]string{
	connectCheck: "connect", pingCheck: "ping", readOnlyCheck: "read_only", lagCheck: "replication_lag",
	galeraCheck: "galera", groupCheck: "group_replication", auroraCheck: "aws_aurora",
}

// timeoutNames are what an operator may give a check more time with.
var timeoutNames = [checkKinds]string{
	readOnlyCheck: "mysql-monitor_read_only_timeout", lagCheck: "mysql-monitor_replication_lag_timeout",
	galeraCheck: "mysql-monitor_galera_healthcheck_timeout", groupCheck: "mysql-monitor_groupreplication_healthcheck_timeout",
	auroraCheck: "check_timeout_ms in mysql_aws_aurora_hostgroups",
}

// outcome is the result of a check.
type outcome struct {
	kind    checkKind
	addr    verdict.Addr
	began   time.Time
	took    time.Duration
	failure verdict.Failure
	err     string // "" where there was none
	opening bool   // there was not even a connection
	gone    bool   // and the server's host says that nothing listens there
	code    uint16 // of an error of the server's; 0 where there was none

	check   string // check_type, or the writer hostgroup of an Aurora cluster
	on      bool   // read only
	replica bool   // there is a replication
	null    bool   // which does not run
	lag     time.Duration
	nullLag time.Duration // what a replication that does not run counts as

	galera verdict.GaleraState
	group  verdict.GroupState
	aurora []verdict.AuroraHost
	guess  []time.Duration // the lags that are assumed of the same
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
	case galeraCheck:
		return verdict.Galera{Addr: o.addr, Failure: o.failure, Gone: o.gone, Reason: o.refusal(), GaleraState: o.galera}
	case groupCheck:
		return verdict.Group{Addr: o.addr, Failure: o.failure, Gone: o.gone, GroupState: o.group}
	case auroraCheck:
		return verdict.Aurora{Addr: o.addr, Writer: o.cluster(), Failure: o.failure, Hosts: o.aurora}
	}
	return nil
}

// refusal is an error by which a Galera node says that it cannot serve: it is not ready, or it shuts down.
func (o *outcome) refusal() string {
	if o.code == 1047 || o.code == 1053 {
		return o.err
	}
	return ""
}

// cluster is the writer hostgroup of the Aurora cluster that was asked about.
func (o *outcome) cluster() int {
	n, _ := strconv.Atoi(o.check)
	return n
}

// facts are what the tables show of a cluster's check.
func (o *outcome) facts() any {
	switch {
	case o.failure != verdict.None:
	case o.kind == galeraCheck:
		return o.galera
	case o.kind == groupCheck:
		return verdict.GroupState{Viable: o.group.Viable, ReadOnly: o.group.ReadOnly, Behind: o.group.Behind}
	case o.kind == auroraCheck:
		return auroraFacts{o.aurora, o.guess}
	}
	return nil
}
