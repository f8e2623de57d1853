package hostgroup

import "time"

// shunRules are the variables that decide about shunning.
type shunRules struct {
	onFailures int           // mysql-shun_on_failures
	retries    int           // mysql-connect_retries_on_failure
	recovery   time.Duration // mysql-shun_recovery_time_sec; 0: never
	connectMax time.Duration // mysql-connect_timeout_server_max
}

// limit is how many connect errors within one second shun a server.
func (r shunRules) limit() int { return max(1, min(r.onFailures, r.retries+1)) }

// wait is how long a server stays shunned. It is shorter than what a statement waits for a connection, so that a
// hostgroup that lost all its servers for a moment loses no statement.
func (r shunRules) wait() time.Duration {
	if r.recovery == 0 {
		return 0
	}
	return max(time.Second, min(r.recovery, r.connectMax-time.Second))
}

// shun is what a server's connect errors amount to. It is pure: callers bring the time.
type shun struct {
	on     bool
	since  time.Time
	cause  string // the error that shunned it
	second int64  // wall-clock second that errors counts
	errors int    // connect errors in that second
}

// fail counts a connect error and reports whether the server is shunned by it now.
func (s *shun) fail(now time.Time, cause string, r shunRules) bool {
	if sec := now.Unix(); sec != s.second {
		s.second, s.errors = sec, 0
	}
	s.errors++
	if s.on || r.onFailures == 0 || s.errors < r.limit() {
		return false
	}
	s.on, s.since, s.cause = true, now, cause
	return true
}

// recover reports whether the server is to be used again now. urgent is set when the hostgroup has no other server: then
// a tenth of the wait is enough.
func (s *shun) recover(now time.Time, urgent bool, r shunRules) bool {
	wait := r.wait()
	if !s.on || wait == 0 {
		return false
	}
	if urgent {
		wait = max(time.Second, wait/10)
	}
	if now.Sub(s.since) < wait {
		return false
	}
	*s = shun{}
	return true
}

// harmless are the server errors that say nothing against the server: wrong credentials, unknown objects and the like.
func harmless(code uint16) bool {
	switch {
	case code == 1007, code == 1008, code == 1044, code == 1045, code == 1120, code == 1136, code == 1203, code == 1226, code == 3118:
		return true
	case code >= 1048 && code <= 1052, code >= 1054 && code <= 1075, code >= 1099 && code <= 1104,
		code >= 1106 && code <= 1113, code >= 1116 && code <= 1118, code >= 1138 && code <= 1149:
		return true
	}
	return false
}
