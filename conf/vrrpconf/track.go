package vrrpconf

import (
	"fmt"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

var trackFileRules = []rule[TrackFile]{
	{name: "file", least: 1, set: setText(func(f *TrackFile) *string { return &f.File })},
	{name: "weight", least: 1, set: func(b *builder, f *TrackFile, k *confparse.Keyword) {
		if n, rev, ok := b.weight(k.Args(), 254); ok {
			f.Weight, f.Reverse = n, rev
		}
	}},
	{name: "init_file", set: func(b *builder, f *TrackFile, k *confparse.Keyword) {
		f.Init = true
		for _, w := range k.Args() {
			if w.Text == "overwrite" {
				f.InitOverwrite = true
			} else if n, ok := b.number(w, "init_file", -1<<31, 1<<31-1); ok {
				f.InitValue = n
			}
		}
	}},
}

var trackProcessRules = []rule[TrackProcess]{
	{name: "process", least: 1, set: func(b *builder, p *TrackProcess, k *confparse.Keyword) {
		if c := b.command(k, User{}); c != nil {
			p.Command = c.Argv
		}
	}},
	{name: "weight", least: 1, set: func(b *builder, p *TrackProcess, k *confparse.Keyword) {
		if n, rev, ok := b.weight(k.Args(), 254); ok {
			p.Weight, p.Reverse = n, rev
		}
	}},
	{name: "quorum", least: 1, set: setInt(1, 65535, func(p *TrackProcess) *int { return &p.Quorum })},
	{name: "quorum_max", least: 1, set: setInt(0, 65535, func(p *TrackProcess) *int { return &p.QuorumMax })},
	{name: "param_match", set: setParamMatch},
	{name: "delay", least: 1, set: func(b *builder, p *TrackProcess, k *confparse.Keyword) {
		if d, ok := b.seconds(k.Args()[0], k.Name(), time.Microsecond, time.Hour); ok {
			p.ForkDelay, p.TerminateDelay = d, d
		}
	}},
	{name: "fork_delay", least: 1, set: setSeconds(time.Microsecond, time.Hour, func(p *TrackProcess) *time.Duration { return &p.ForkDelay })},
	{name: "terminate_delay", least: 1, set: setSeconds(time.Microsecond, time.Hour, func(p *TrackProcess) *time.Duration { return &p.TerminateDelay })},
	{name: "full_command", set: setOn(func(p *TrackProcess) *bool { return &p.FullCommand })},
}

func setParamMatch(b *builder, p *TrackProcess, k *confparse.Keyword) {
	if len(k.Args()) == 0 {
		return
	}
	switch w := k.Args()[0]; w.Text {
	case "exact":
		p.ParamMatch = ParamExact
	case "initial":
		p.ParamMatch = ParamInitial
	case "partial":
		p.ParamMatch = ParamPartial
	default:
		b.warnf(w, CodeValue, "param_match %q is none of exact, initial and partial", w.Text)
	}
}

func (b *builder) trackFile(c *Config, k *confparse.Keyword) {
	if b.opened(k) {
		f := &TrackFile{Pos: k.Pos, Name: k.Args()[0].Text, Weight: 1}
		apply(b, "track_file", trackFileRules, f, k.Block)
		if f.File == "" {
			b.warnf(k.Args()[0], CodeIncomplete, "track_file %q names no file", f.Name)
		}
		c.TrackFiles = append(c.TrackFiles, f)
	}
}

func (b *builder) trackProcess(c *Config, k *confparse.Keyword) {
	if b.opened(k) {
		p := &TrackProcess{Pos: k.Pos, Name: k.Args()[0].Text, Quorum: 1}
		apply(b, "vrrp_track_process", trackProcessRules, p, k.Block)
		if len(p.Command) == 0 {
			b.warnf(k.Args()[0], CodeIncomplete, "vrrp_track_process %q names no process", p.Name)
		}
		c.TrackProcesses = append(c.TrackProcesses, p)
	}
}

// tracked reads the lines of track_script, track_interface and their like: NAME, perhaps
// followed by `weight N [reverse]`, which overrides what the definition says. known lists
// what has been defined so far; nil accepts every name.
func (b *builder) tracked(k *confparse.Keyword, known []Tracked, limit int) []Tracked {
	if !b.opened(k) {
		return nil
	}
	var out []Tracked
	for _, line := range k.Block {
		name := line.Words[0]
		t := Tracked{Name: name.Text}
		if known != nil {
			i := indexTracked(known, name.Text)
			if i < 0 {
				b.undefined(k.Name(), name, known)
				continue
			}
			t = known[i]
		}
		if indexTracked(out, t.Name) >= 0 {
			b.warnf(name, CodeDuplicate, "%s %q is listed twice, the first counts", k.Name(), t.Name)
			continue
		}
		b.override(&t, line, limit)
		out = append(out, t)
	}
	return out
}

func (b *builder) override(t *Tracked, line *confparse.Keyword, limit int) {
	args := line.Args()
	if len(args) == 0 {
		return
	}
	if args[0].Text != "weight" || len(args) < 2 {
		b.warnf(args[0], CodeValue, "%q after %q is ignored", args[0].Text, t.Name)
		return
	}
	if n, rev, ok := b.weight(args[1:], limit); ok {
		t.Weight, t.Reverse = n, rev
	}
}

// undefined says that nothing is tracked under this name; keepalived goes on without, so the
// address never follows the service.
func (b *builder) undefined(block string, name confparse.Word, known []Tracked) {
	var list []string
	for _, t := range known {
		list = append(list, t.Name)
	}
	d := diagnostic(name, CodeUndefined, confparse.Warning, fmt.Sprintf("%s: %q is not defined above, nothing is tracked", block, name.Text))
	if s := confparse.Suggest(name.Text, list); s != "" {
		d.Hint = fmt.Sprintf("did you mean %q?", s)
	}
	b.diags = append(b.diags, d)
}

func indexTracked(list []Tracked, name string) int {
	for i, t := range list {
		if t.Name == name {
			return i
		}
	}
	return -1
}
