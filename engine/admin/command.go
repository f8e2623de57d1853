package admin

import (
	"context"
	"strings"
)

// command is one entry of the table of commands.
type command struct {
	// text is the command in normal form: capitals, one blank between words. With arg it is what the command begins with,
	// up to and including the blank before the argument.
	text  string
	arg   bool
	exact bool // the letter case of text counts
	stats bool // open to accounts that only read statistics
	peers bool // open to the cluster's account
	run   func(ctx context.Context, s *session, c call) (answer, error)
}

// call is a command as a client gave it.
type call struct {
	statement
	arg string // what follows the command's text, of norm
}

// ok answers a command that has nothing to do.
func ok(context.Context, *session, call) (answer, error) { return answer{}, nil }

// registry finds commands: by their whole text, or by what they begin with in the order of the table.
type registry struct {
	words    map[string]bool // every first word, so that other texts are not looked at further
	whole    map[string]command
	prefixes []command
}

// newRegistry joins the families of commands.
func newRegistry() registry {
	r := registry{words: map[string]bool{}, whole: map[string]command{}}
	for _, family := range [][]command{
		moduleCommands(), userCommands(), noopCommands(), setCommands(), compatCommands(), showCommands(), variableCommands(),
		processlistCommands(), describeCommands(), checksumCommands(), processCommands(), peerCommands(), pullCommands(),
		miscCommands(), configFileCommands(), metricsCommands(), digestCommands(), dumpCommands(),
		historyCommands(), clusterCommands(), vrrpCommands(), switchCommands(), helpCommands(),
	} {
		for _, c := range family {
			first := statement{text: c.text}
			r.words[first.firstWord()] = true
			if c.arg {
				r.prefixes = append(r.prefixes, c)
			} else {
				r.whole[upperASCII(c.text)] = c
			}
		}
	}
	return r
}

// find recognises a statement. Commands an account may not use do not exist for it.
func (r *registry) find(text string, who class) (command, call, bool) {
	c := call{statement: newStatement(text)}
	first := c.firstWord()
	if !r.words[first] || first == "SELECT" && len(c.text) > commandLimit {
		return command{}, c, false
	}
	c.normalise()
	if cmd, found := r.whole[c.upper]; found && cmd.open(who) && (!cmd.exact || c.norm == cmd.text) {
		return cmd, c, true
	}
	for _, cmd := range r.prefixes {
		if cmd.begins(c.statement) && cmd.open(who) {
			c.arg = strings.TrimLeft(c.norm[len(cmd.text):], " ")
			return cmd, c, true
		}
	}
	return command{}, c, false
}

func (c command) open(who class) bool {
	return who == adminClass || c.stats && who == statsClass || c.peers && who == clusterClass
}

func (c command) begins(st statement) bool {
	if c.exact {
		return strings.HasPrefix(st.norm, c.text)
	}
	return strings.HasPrefix(st.upper, c.text)
}

// query answers one text.
func (s *session) query(ctx context.Context, text string) error {
	cmd, c, found := s.srv.commands.find(text, s.class)
	if !found {
		if s.class == clusterClass && !protocolQueries[c.text] {
			return s.write(answer{}, errClusterOnly())
		}
		return s.write(s.sql(ctx, c.text))
	}
	return s.write(cmd.run(ctx, s, c))
}
