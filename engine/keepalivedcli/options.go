package keepalivedcli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Options are keepalived's command line.
type Options struct {
	File                     string // -f
	Foreground               bool   // -n
	Console                  bool   // -l
	Detail                   bool   // -D
	NoSyslog                 bool   // -G
	PID, VRRPPID             string // -p, -r
	Namespace                string // -s
	ConfigID                 string // -i
	Strict                   bool   // -e: includes must be there
	Test                     bool   // -t
	TestFile                 string // -tFILE: where the findings go
	Signum                   string // --signum
	Version, Help            bool
	CheckersOnly, KeepOnStop bool // -C; -V
}

// need says whether an option has a value.
type need uint8

const (
	none need = iota
	value
	maybe // only glued to the letter, or behind '='
)

// option is one of keepalived's. set may be nil: accepted, without effect here.
type option struct {
	letter byte // 0: none
	long   string
	need   need
	set    func(o *Options, v string)
}

func options() []option {
	return []option{
		{'f', "use-file", value, func(o *Options, v string) { o.File = v }},
		{'n', "dont-fork", none, func(o *Options, _ string) { o.Foreground = true }},
		{'l', "log-console", none, func(o *Options, _ string) { o.Console = true }},
		{'D', "log-detail", none, func(o *Options, _ string) { o.Detail = true }},
		{'G', "no-syslog", none, func(o *Options, _ string) { o.NoSyslog = true }},
		{'p', "pid", value, func(o *Options, v string) { o.PID = v }},
		{'r', "vrrp_pid", value, func(o *Options, v string) { o.VRRPPID = v }},
		{'s', "namespace", value, func(o *Options, v string) { o.Namespace = v }},
		{'i', "config-id", value, func(o *Options, v string) { o.ConfigID = v }},
		{'e', "all-config", none, func(o *Options, _ string) { o.Strict = true }},
		{'t', "config-test", maybe, func(o *Options, v string) { o.Test, o.TestFile = true, v }},
		{0, "signum", value, func(o *Options, v string) { o.Signum = v }},
		{'v', "version", none, func(o *Options, _ string) { o.Version = true }},
		{'h', "help", none, func(o *Options, _ string) { o.Help = true }},
		{'C', "check", none, func(o *Options, _ string) { o.CheckersOnly = true }},
		{'V', "dont-release-vrrp", none, func(o *Options, _ string) { o.KeepOnStop = true }},
		{'P', "vrrp", none, nil}, {'B', "no_bfd", none, nil}, {0, "all", none, nil},
		{'S', "log-facility", value, nil}, {'g', "log-file", maybe, nil}, {0, "flush-log-file", none, nil},
		{'X', "release-vips", none, nil}, {'I', "dont-release-ipvs", none, nil},
		{'R', "dont-respawn", none, nil}, {'d', "dump-conf", none, nil},
		{'c', "checkers_pid", value, nil}, {'b', "bfd_pid", value, nil}, {'a', "address-monitoring", none, nil},
		{'x', "snmp", none, nil}, {'A', "snmp-agent-socket", value, nil}, {'u', "umask", value, nil},
		{'m', "core-dump", none, nil}, {'M', "core-dump-pattern", maybe, nil}, {'T', "genhash", none, nil},
		{0, "perf", maybe, nil}, {0, "debug", maybe, nil}, {0, "no-mem-check", none, nil}, {0, "ignore-sigint", none, nil},
	}
}

// Parse reads a command line as getopt does: letters may be put together, a value may be glued
// to its option. Words that are left over are named on errs and ignored.
func Parse(args []string, errs io.Writer) (*Options, error) {
	o := &Options{File: "/etc/keepalived/keepalived.conf", PID: "/run/keepalived.pid", VRRPPID: "/run/vrrp.pid"}
	table, surplus := options(), []string(nil)
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		var err error
		switch {
		case a == "--":
			surplus, args = append(surplus, args...), nil
		case strings.HasPrefix(a, "--"):
			args, err = o.long(table, a[2:], args)
		case len(a) > 1 && a[0] == '-':
			args, err = o.letters(table, a[1:], args)
		default:
			surplus = append(surplus, a)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(surplus) > 0 {
		fmt.Fprintln(errs, "Unexpected argument(s):", strings.Join(surplus, " "))
	}
	return o, nil
}

func (o *Options) long(table []option, text string, args []string) ([]string, error) {
	name, v, glued := strings.Cut(text, "=")
	for _, x := range table {
		if x.long != name {
			continue
		}
		if x.need == value && !glued {
			if len(args) == 0 {
				return nil, fmt.Errorf("option '--%s' requires an argument", name)
			}
			v, args = args[0], args[1:]
		}
		if x.need == value && v == "" {
			//lint:ignore ST1005 keepalived's words
			return nil, fmt.Errorf("Missing parameter for option --%s", name)
		}
		x.apply(o, v)
		return args, nil
	}
	//lint:ignore ST1005 keepalived's words
	return nil, fmt.Errorf("Unknown option --%s", name)
}

func (o *Options) letters(table []option, text string, args []string) ([]string, error) {
	for text != "" {
		i := 0
		for i < len(table) && table[i].letter != text[0] {
			i++
		}
		if i == len(table) || text[0] == 0 {
			//lint:ignore ST1005 keepalived's words
			return nil, fmt.Errorf("Unknown option -%c", text[0])
		}
		v := ""
		text = text[1:]
		switch table[i].need {
		case value:
			v, text = text, ""
			if v == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("option requires an argument -- '%c'", table[i].letter)
				}
				v, args = args[0], args[1:]
			}
		case maybe:
			v, text = text, ""
		}
		table[i].apply(o, v)
	}
	return args, nil
}

func (x option) apply(o *Options, v string) {
	if x.set != nil {
		x.set(o, v)
	}
}

// usage is what -h prints.
func usage(w io.Writer) {
	fmt.Fprintf(w, "Usage: %s [OPTION...]\n", os.Args[0])
	for _, x := range options() {
		letter := "    "
		if x.letter != 0 {
			letter = "-" + string(x.letter) + ", "
		}
		long := "--" + x.long
		switch x.need {
		case value:
			long += "=VALUE"
		case maybe:
			long += "[=VALUE]"
		}
		note := ""
		if x.set == nil {
			note = "accepted, without effect"
		}
		fmt.Fprintf(w, "  %s%-28s %s\n", letter, long, note)
	}
}
