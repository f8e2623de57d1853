package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/vrrpconf"
)

var (
	looksFor = `\b(?:killall|pgrep|pidof|pkill)\b[^\n|;&]*?\b%s\b|\bps\b[^\n]*\bgrep\b[^\n|;&]*?[\[]?%s`
	proxysql = regexp.MustCompile(strings.ReplaceAll(looksFor, "%s", `p\]?roxysql`))
	itself   = regexp.MustCompile(strings.ReplaceAll(looksFor, "%s", `k\]?eepalived`))
	unit     = regexp.MustCompile(`\b(?:systemctl\b[^\n|;&]*?\b(?:is-active|status|is-failed)|service)\b[^\n|;&]*?\b(proxysql|keepalived)\b`)
)

// texts gives what each check says: its command line and, where it is a script that can be
// read, its text without comments.
func (l *linter) texts(each func(u use, text string)) {
	for _, u := range l.uses() {
		if !u.check {
			continue
		}
		text := strings.Join(u.argv, " ")
		if l.opts.Probes != nil {
			for _, name := range files(u.argv) {
				text += "\n" + l.script(name)
			}
		}
		each(u, text)
	}
}

// script is the text of a script without comments; empty for anything else.
func (l *linter) script(name string) string {
	path, err := l.opts.Probes.LookPath(name)
	if err != nil {
		path = name
	}
	head, err := l.opts.Probes.Head(path, 64<<10)
	if err != nil || !strings.HasPrefix(string(head), "#!") {
		return ""
	}
	lines := strings.Split(string(head), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func scriptLooksForProxysql(l *linter) {
	tracked := slices.ContainsFunc(l.file.VRRP.Instances, func(i *vrrpconf.Instance) bool { return i.TrackEngine })
	if !tracked {
		return
	}
	l.texts(func(u use, text string) {
		if proxysql.MatchString(text) {
			l.warn(u.pos, u.width, "leave it as long as keepalived shares this file, remove it afterwards",
				"%s looks for a process named proxysql: it finds keepsql's, but track_engine, on by default, knows of its death at once and whether it answers", u.what)
		}
	})
}

func scriptLooksForKeepalived(l *linter) {
	l.texts(func(u use, text string) {
		if itself.MatchString(text) {
			l.warn(u.pos, u.width, "", "%s looks for a process named keepalived: that is the one that runs the check", u.what)
		}
	})
}

func scriptAsksForUnit(l *linter) {
	l.texts(func(u use, text string) {
		if m := unit.FindStringSubmatch(text); m != nil {
			l.warn(u.pos, u.width, "ask for keepsql, or remove the check: track_engine is on by default",
				"%s asks systemd for the unit %s, which is not the one that keepsql runs in", u.what, m[1])
		}
	})
}
