package lint

import (
	"fmt"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/confparse"
)

// Options are what else can be known. The zero value looks at the text alone.
type Options struct {
	Probes Probes     // of the host the files are for; nil: nothing is said about scripts' files
	Peer   *conf.File // the other node of the pair; nil: nothing is said about outcomes
}

// A Rule is one thing that Check looks for.
type Rule struct {
	Code string // of its findings, stable
	Says string // what is found, one sentence
	run  func(*linter)
}

// rules is every check there is, by family.
var rules = []Rule{
	{"weight-too-small", "A tracker changes the priority by less than 2, which moves the address from no peer to another.", weightTooSmall},
	{"weight-outcome", "With the peer's priority, a failed check leaves this node ahead.", weightOutcome},
	{"weight-nopreempt", "A weighted check in an instance with nopreempt never moves the address.", weightNoPreempt},
	{"script-untracked", "A vrrp_script that no instance tracks.", scriptUntracked},
	{"strict-addresses", "vrrp_strict: keepalived makes the virtual addresses refuse all traffic.", strictAddresses},
	{"sample-vrid", "virtual_router_id 51 with auth_pass 1111, as in the manual: any other sample on the network is a peer.", sampleVRID},

	{"script-missing", "The program of a check or notify script is not there.", scriptMissing},
	{"script-not-executable", "The program of a script cannot be executed.", scriptNotExecutable},
	{"script-writable", "A script, or a directory above it, can be changed by others than root.", scriptWritable},
	{"script-no-shebang", "A script has no #! line.", scriptNoShebang},
	{"script-shell", "A script line is written for a shell; no shell reads it.", scriptShell},
	{"script-process-proxysql", "A check looks for a process named proxysql; track_engine knows more, sooner.", scriptLooksForProxysql},
	{"script-process-keepalived", "A check looks for a process named keepalived, that is for the one that runs it.", scriptLooksForKeepalived},
	{"script-unit", "A check asks systemd for a unit that does not run any more.", scriptAsksForUnit},

	{"admin-default-password", "The admin interface has everybody's first guess as password.", adminDefaultPassword},
	{"admin-name-password", "An admin account that may log in from anywhere has its name as password.", adminNamePassword},

	{"for-update-guard", "SELECT … FOR UPDATE goes to readers.", forUpdateGuard},
	{"rule-shadowed", "A rule is never reached: an earlier one with apply=1 takes all it could match.", ruleShadowed},
	{"rule-flag", "A rule is never reached: nothing leads to its flagIN.", ruleFlag},

	{"hostgroup-unreached", "Servers in a hostgroup that no user, rule or pair leads to.", hostgroupUnreached},
	{"hostgroup-empty", "A user or rule leads to a hostgroup without servers.", hostgroupEmpty},
	{"hostgroup-shared", "Two rows of hostgroup tables move the servers of one hostgroup.", hostgroupShared},
	{"hostgroup-no-writer", "A cluster with max_writers=0 has no writer.", hostgroupNoWriter},
}

// Rules lists every check, for the reference page.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// Check runs all checks over files that were parsed without errors. The findings are warnings
// in the order of the text.
func Check(f *conf.File, o Options) confparse.Diagnostics {
	l := &linter{file: f, opts: o}
	for _, r := range rules {
		l.code = r.Code
		r.run(l)
	}
	f.Arrange(l.found)
	return l.found
}

// linter is one run of Check.
type linter struct {
	file  *conf.File
	opts  Options
	code  string // of the rule that runs
	found confparse.Diagnostics
}

// warn reports a finding about width bytes at pos.
func (l *linter) warn(pos confparse.Pos, width int, hint, format string, args ...any) {
	l.found = append(l.found, confparse.Diagnostic{
		Pos: pos, Width: width, Severity: confparse.Warning, Code: l.code,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}
