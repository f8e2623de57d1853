package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/keepsql/keepsql/conf/schema"
)

// What the second half of LOAD and SAVE may read, by what it does.
var (
	fromDisk    = []string{"FROM DISK", "TO MEMORY", "TO MEM"}
	toRuntime   = []string{"TO RUNTIME", "TO RUN", "FROM MEMORY", "FROM MEM"}
	toDisk      = []string{"TO DISK", "FROM MEMORY", "FROM MEM"}
	fromRuntime = []string{"FROM RUNTIME", "FROM RUN", "TO MEMORY", "TO MEM"}
)

// moduleCommands are LOAD and SAVE of every module.
func moduleCommands() []command {
	var all []command
	add := func(verb string, mod schema.Module, ways []string, run func(*session, schema.Module, call) (answer, error)) {
		for _, way := range ways {
			all = append(all, command{text: verb + " " + mod.Command + " " + way, run: func(_ context.Context, s *session, c call) (answer, error) {
				return run(s, mod, c)
			}})
		}
	}
	for _, mod := range schema.Modules() {
		add("LOAD", mod, fromDisk, loadFromDisk)
		add("LOAD", mod, toRuntime, loadToRuntime)
		add("SAVE", mod, toDisk, saveToDisk)
		add("SAVE", mod, fromRuntime, saveFromRuntime)
		add("LOAD", mod, []string{"FROM CONFIG"}, loadFromConfig)
	}
	return all
}

// LOAD … FROM DISK: disk to memory.
func loadFromDisk(s *session, mod schema.Module, c call) (answer, error) {
	s.received(c)
	if err := s.srv.layers.LoadFromDisk(mod.Name); err != nil {
		return answer{}, err
	}
	return s.copied(mod, "disk")
}

// LOAD … TO RUNTIME: memory into force.
func loadToRuntime(s *session, mod schema.Module, _ call) (answer, error) {
	return answer{}, s.srv.layers.Load(mod.Name, s.class.String()+" "+s.who())
}

// SAVE … TO DISK: memory to disk.
func saveToDisk(s *session, mod schema.Module, c call) (answer, error) {
	s.received(c)
	if err := s.srv.layers.SaveToDisk(mod.Name); err != nil {
		return answer{}, err
	}
	return s.copied(mod, "main")
}

// SAVE … FROM RUNTIME: what is in force to memory.
func saveFromRuntime(s *session, mod schema.Module, c call) (answer, error) {
	s.received(c)
	return answer{}, s.srv.layers.Save(mod.Name)
}

// copied answers a copy between memory and disk: variables are counted, tables are not.
func (s *session) copied(mod schema.Module, from string) (answer, error) {
	if mod.Prefix == "" {
		return answer{}, nil
	}
	r, err := s.srv.store.Exec(context.Background(), fmt.Sprintf(
		"SELECT count(*) FROM %s.%s WHERE substr(variable_name,1,%d)='%s'", from, mod.VariablesTable(), len(mod.Prefix), mod.Prefix))
	if err != nil {
		return answer{}, err
	}
	n, err := strconv.ParseUint(r.Rows.Rows[0][0].Text, 10, 64)
	return answer{affected: n}, err
}

// received logs a command as upstream does.
func (s *session) received(c call) {
	s.srv.log.Info().Str("client", s.who()).Msgf("Received %s command", c.upper)
}
