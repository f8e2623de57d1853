package conf

import (
	"maps"
	"slices"

	"github.com/keepsql/keepsql/confparse"
)

// Process is the top-level settings of proxysql.cnf: how the process runs.
type Process struct {
	Datadir               string // default /var/lib/proxysql
	Errorlog              string // default <datadir>/proxysql.log; not used in the foreground
	Pidfile               string // default <datadir>/proxysql.pid
	UUID                  string // default: the database's, or a new one
	ExecuteOnExitFailure  string // command run through sh after the engine died
	MissingHeartbeats     int    // restart_on_missing_heartbeats, default 10
	User                  string // that the engine runs as, where it is started by root; empty: proxysql or keepsql
	ClusterSyncInterfaces bool   // listeners take part in cluster sync
	unusedPlugins         string // accepted and not used: plug-ins of upstream
}

// DefaultDatadir is where databases, certificates, pid file and log go when nothing is said.
const DefaultDatadir = "/var/lib/proxysql"

// processSettings says where each top-level name goes.
func (p *Process) target(name string) (target any, known bool) {
	switch name {
	case "datadir":
		return &p.Datadir, true
	case "errorlog":
		return &p.Errorlog, true
	case "pidfile":
		return &p.Pidfile, true
	case "uuid":
		return &p.UUID, true
	case "execute_on_exit_failure":
		return &p.ExecuteOnExitFailure, true
	case "restart_on_missing_heartbeats":
		return &p.MissingHeartbeats, true
	case "cluster_sync_interfaces":
		return &p.ClusterSyncInterfaces, true
	case "user":
		return &p.User, true
	case "sqlite3_plugin", "web_interface_plugin", "ldap_auth_plugin":
		return &p.unusedPlugins, true
	}
	return nil, false
}

// processNames are the names target knows, for suggestions.
var processNames = []string{
	"datadir", "errorlog", "pidfile", "uuid", "execute_on_exit_failure", "restart_on_missing_heartbeats",
	"cluster_sync_interfaces", "user", "sqlite3_plugin", "web_interface_plugin", "ldap_auth_plugin",
}

// process decodes a top-level setting that is no section.
func (d *decoder) process(s *confparse.Setting) {
	target, known := d.file.Process.target(s.Name)
	if !known {
		d.unknownSection(s)
		return
	}
	v := s.Value
	switch t := target.(type) {
	case *string:
		if v.Kind == confparse.String {
			*t = v.Str
			return
		}
	case *int:
		if v.Kind == confparse.Int {
			*t = int(v.Int)
			return
		}
	case *bool:
		if v.Kind == confparse.Bool {
			*t = v.Bool
			return
		}
	}
	d.errorAt(v.Pos, 1, CodeType, "", "%s wants %s", s.Name, wanted(target))
}

// unknownSection reports a name at top level that means nothing here.
func (d *decoder) unknownSection(s *confparse.Setting) {
	if why, foreign := foreignSections[s.Name]; foreign {
		d.warnAt(s.Pos, len(s.Name), CodeSkippedSection, "", "section %s is skipped: %s", s.Name, why)
		return
	}
	names := slices.AppendSeq(slices.Clone(processNames), maps.Keys(variableSections))
	for _, spec := range sectionSpecs {
		names = append(names, spec.section)
	}
	d.warnAt(s.Pos, len(s.Name), CodeUnknownSection, suggestion(s.Name, names), "unknown section or setting %q is ignored", s.Name)
}

func wanted(target any) string {
	switch target.(type) {
	case *int:
		return "a whole number"
	case *bool:
		return "true or false"
	}
	return "a string in double quotes"
}
