package lint

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

// use is one place that names a command to run.
type use struct {
	what  string // "vrrp_script \"chk\"", "notify_master of VI_1"
	check bool   // its result is tracked
	argv  []string
	pos   confparse.Pos
	width int
}

// uses lists every command the files name.
func (l *linter) uses() []use {
	var out []use
	for _, s := range l.file.VRRP.Scripts {
		if len(s.Command.Argv) > 0 {
			pos, width := l.file.KeywordIn(s.Pos, "script")
			out = append(out, use{"vrrp_script \"" + s.Name + "\"", true, s.Command.Argv, pos, width})
		}
	}
	for _, i := range l.file.VRRP.Instances {
		n := i.Notify
		for _, slot := range []struct {
			keyword string
			argv    []string
		}{
			{"notify_master", argvOf(n.Master)}, {"notify_backup", argvOf(n.Backup)}, {"notify_fault", argvOf(n.Fault)},
			{"notify_stop", argvOf(n.Stop)}, {"notify", argvOf(n.Any)}, {"notify_deleted", argvOf(n.Deleted)},
			{"notify_master_rx_lower_pri", argvOf(n.MasterRxLowerPri)},
		} {
			if len(slot.argv) > 0 {
				pos, width := l.file.KeywordIn(i.Pos, slot.keyword)
				out = append(out, use{slot.keyword + " of " + i.Name, false, slot.argv, pos, width})
			}
		}
	}
	return out
}

func argvOf(c *vrrpconf.Command) []string {
	if c == nil {
		return nil
	}
	return c.Argv
}

// program is a file that a command runs.
type program struct {
	use
	path string
	stat Stat
}

// programs finds the files that the commands run and that are there: the program itself and,
// behind an interpreter, the script. absent is called for one that is not.
func (l *linter) programs(absent func(u use, name string)) []program {
	if l.opts.Probes == nil {
		return nil
	}
	var out []program
	for _, u := range l.uses() {
		for _, name := range files(u.argv) {
			path, err := l.opts.Probes.LookPath(name)
			if err != nil && strings.Contains(name, "/") {
				path = name // there, and perhaps not executable
			}
			if path == "" {
				absent(u, name)
				continue
			}
			stat, err := l.opts.Probes.Stat(path)
			switch {
			case err == nil:
				out = append(out, program{u, path, stat})
			case errors.Is(err, fs.ErrNotExist):
				absent(u, name)
			}
		}
	}
	return out
}

var interpreter = regexp.MustCompile(`^((ba|da|k|z)?sh|python[0-9.]*|perl|ruby|php[0-9.]*)$`)

// files are the words of a command that name what is run.
func files(argv []string) []string {
	out := argv[:1]
	if interpreter.MatchString(filepath.Base(argv[0])) && len(argv) > 1 && strings.HasPrefix(argv[1], "/") {
		out = append(slices.Clone(out), argv[1])
	}
	return out
}

func scriptMissing(l *linter) {
	l.programs(func(u use, name string) {
		hint := ""
		if u.check {
			hint = "keepalived drops such a check, and the address never follows the service"
		}
		l.warn(u.pos, u.width, hint, "%s: there is no program %s on this host", u.what, name)
	})
}

func ignore(use, string) {}

func scriptNotExecutable(l *linter) {
	for _, p := range l.programs(ignore) {
		if p.stat.Mode.IsDir() {
			l.warn(p.pos, p.width, "", "%s: %s is a directory", p.what, p.path)
		} else if p.stat.Mode&0o111 == 0 && p.path == p.argv[0] {
			l.warn(p.pos, p.width, "chmod +x "+p.path, "%s: %s is not executable", p.what, p.path)
		}
	}
}

func scriptWritable(l *linter) {
	for _, p := range l.programs(ignore) {
		for path := p.path; strings.HasPrefix(path, "/"); path = filepath.Dir(path) {
			stat, err := l.opts.Probes.Stat(path)
			if err != nil {
				break
			}
			if who := changeable(stat); who != "" {
				l.warn(p.pos, p.width, "what a root process runs should be root's alone", "%s: %s can be changed by %s", p.what, path, who)
				break
			}
			if path == "/" {
				break
			}
		}
	}
}

// changeable tells who besides root may change a file, or what is in a directory.
func changeable(s Stat) string {
	if s.Mode.IsDir() && s.Mode&fs.ModeSticky != 0 {
		return ""
	}
	switch {
	case s.Mode&0o002 != 0:
		return "everybody"
	case s.Mode&0o020 != 0 && s.GID != 0:
		return "its group"
	case s.UID != 0:
		return "its owner, who is not root"
	}
	return ""
}

func scriptNoShebang(l *linter) {
	for _, p := range l.programs(ignore) {
		if p.path != p.argv[0] && filepath.Base(p.path) != p.argv[0] || p.stat.Mode&0o111 == 0 {
			continue
		}
		head, err := l.opts.Probes.Head(p.path, 4)
		if err != nil || bytes.HasPrefix(head, []byte("#!")) || bytes.HasPrefix(head, []byte("\x7fELF")) {
			continue
		}
		l.warn(p.pos, p.width, "begin it with #!/bin/sh; without, keepalived counts the check as passed whatever it does",
			"%s: %s has no #! line", p.what, p.path)
	}
}

func scriptShell(l *linter) {
	for _, u := range l.uses() {
		if interpreter.MatchString(filepath.Base(u.argv[0])) {
			continue
		}
		for _, w := range u.argv[1:] {
			if slices.Contains([]string{"|", "||", "&&", "&", ";", ">", ">>", "<", "2>&1", "1>&2"}, w) ||
				strings.HasPrefix(w, ">/") || strings.HasPrefix(w, "2>") || strings.HasPrefix(w, "$(") || strings.HasPrefix(w, "`") {
				l.warn(u.pos, u.width, "put it into a file with #!/bin/sh, or write sh -c '…'",
					"%s: %q is given to %s as a word: no shell reads this line", u.what, w, u.argv[0])
				break
			}
		}
	}
}
