package proxysqlcli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options is what the command line says.
type Options struct {
	Config       string
	Datadir      string
	AdminSocket  string // takes the place of admin-mysql_ifaces
	UUID         string
	Foreground   bool
	Initial      bool
	Reload       bool
	SQLiteServer bool
	NoStart      bool
	NoMonitor    bool
	Bootstrap    bool
	Version      bool
	Help         bool
}

// option is one of ProxySQL's options. One without set and flag is accepted and changes nothing.
type option struct {
	spelled []string
	flag    func(*Options)         // an option without a value
	set     func(*Options, string) // one with a value
	value   bool                   // takes a value, which is ignored where set is nil
	help    string
}

// names lists the spellings for the usage.
func (o option) names() string {
	text := strings.Join(o.spelled, ", ")
	if o.value {
		text += " ARG"
	}
	return text
}

var options = []option{
	{spelled: []string{"-c", "--config"}, value: true, set: func(o *Options, v string) { o.Config = v }, help: "Configuration file"},
	{spelled: []string{"-D", "--datadir", "-d", "--directory"}, value: true, set: func(o *Options, v string) { o.Datadir = v }, help: "Data directory"},
	{spelled: []string{"-f", "--foreground"}, flag: func(o *Options) { o.Foreground = true }, help: "Run in the foreground"},
	{spelled: []string{"--initial"}, flag: func(o *Options) { o.Initial = true }, help: "Set the database aside and start from the configuration file"},
	{spelled: []string{"--reload"}, flag: func(o *Options) { o.Reload = true }, help: "Put the configuration file over the database"},
	{spelled: []string{"--sqlite3-server"}, flag: func(o *Options) { o.SQLiteServer = true }, help: "Run the embedded SQLite server"},
	{spelled: []string{"-S", "--admin-socket"}, value: true, set: func(o *Options, v string) { o.AdminSocket = v }, help: "Unix socket of the admin interface"},
	{spelled: []string{"-U", "--uuid"}, value: true, set: func(o *Options, v string) { o.UUID = v }, help: "UUID of this node"},
	{spelled: []string{"-n", "--no-start"}, flag: func(o *Options) { o.NoStart = true }, help: "Serve clients after PROXYSQL START only"},
	{spelled: []string{"-V", "--version"}, flag: func(o *Options) { o.Version = true }, help: "Print the version"},
	{spelled: []string{"-h", "-help", "--help", "--usage"}, flag: func(o *Options) { o.Help = true }, help: "Print this"},
	{spelled: []string{"-M", "--no-monitor"}, flag: func(o *Options) { o.NoMonitor = true }, help: "Do not probe servers"},
	{spelled: []string{"-B", "--bootstrap"}, value: true, set: func(o *Options, _ string) { o.Bootstrap = true }, help: "Not supported: list the servers in the configuration file"},
	{spelled: []string{"-e", "--exit-on-error"}, help: "Accepted, no effect"},
	{spelled: []string{"-r", "--reuseport"}, help: "Accepted, no effect: a second instance on a port is an error"},
	{spelled: []string{"--idle-threads"}, help: "Accepted, no effect: idle clients cost no thread"},
	{spelled: []string{"--no-version-check"}, help: "Accepted, no effect: nothing is ever looked up outside"},
}

// places are where the config file is looked for when none is named.
var places = []string{"proxysql.cnf", "proxysql.cfg", "/etc/proxysql.cnf", "/etc/proxysql.cfg"}

// Parse reads the command line. exists tells whether a file is there.
func Parse(args []string, exists func(string) bool) (*Options, error) {
	o := new(Options)
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		name, value, joined := strings.Cut(word, "=")
		known := slices.IndexFunc(options, func(opt option) bool { return slices.Contains(opt.spelled, name) })
		if known < 0 {
			continue
		}
		opt := options[known]
		if opt.value && !joined {
			if len(args) == 0 {
				return nil, fmt.Errorf("option %s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		switch {
		case opt.set != nil:
			opt.set(o, value)
		case opt.flag != nil:
			opt.flag(o)
		}
	}
	if o.Version || o.Help {
		return o, nil
	}
	return o, o.findConfig(exists)
}

// findConfig settles which file is meant.
func (o *Options) findConfig(exists func(string) bool) error {
	if o.Config != "" {
		if !exists(o.Config) {
			return fmt.Errorf("unable to open config file %s specified in the command line", o.Config)
		}
		return nil
	}
	i := slices.IndexFunc(places, exists)
	if i < 0 {
		return errors.New("no config file: name one with -c, or put it at /etc/proxysql.cnf")
	}
	o.Config = places[i]
	return nil
}
