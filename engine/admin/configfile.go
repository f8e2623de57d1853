package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/cnfwriter"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// configFileCommands write memory as a config file. Its text holds every password, so accounts that only read statistics,
// which upstream serves too, do not get it.
func configFileCommands() []command {
	return []command{
		{text: "SELECT CONFIG FILE", run: func(_ context.Context, s *session, _ call) (answer, error) {
			text, err := s.srv.configText()
			return cell("Data", text), err
		}},
		{text: "SELECT CONFIG INTO OUTFILE ", arg: true, run: selectConfigInto},
		{text: "SELECT CONFIG INTO OUTFILE", run: selectConfigInto},
		{text: "SAVE CONFIG TO FILE ", arg: true, run: saveConfig},
		{text: "SAVE CONFIG TO FILE", run: saveConfig},
	}
}

// selectConfigInto answers with the size of the file.
func selectConfigInto(_ context.Context, s *session, c call) (answer, error) {
	s.received(c)
	size, err := s.writeConfig(c.arg)
	if err != nil {
		return answer{}, adminError("%s", err)
	}
	return answer{affected: uint64(size), info: saved(c.arg)}, nil
}

// saveConfig differs in its answer only. Upstream's errors have the prefix twice here.
func saveConfig(_ context.Context, s *session, c call) (answer, error) {
	s.received(c)
	if _, err := s.writeConfig(c.arg); err != nil {
		return answer{}, adminError("%s%s", errorPrefix, err)
	}
	return answer{info: saved(c.arg)}, nil
}

func saved(name string) string { return "File " + unquoted(name) + " is saved." }

// unquoted takes the quotes off a file name that has some.
func unquoted(name string) string {
	if n := len(name); n > 1 && (name[0] == '\'' || name[0] == '"') && name[n-1] == name[0] {
		return name[1 : n-1]
	}
	return name
}

// writeConfig puts the text of memory in place of a file, which only its owner may read.
func (s *session) writeConfig(name string) (size int, err error) {
	if name = unquoted(name); name == "" {
		return 0, errors.New("empty file name")
	}
	text, err := s.srv.configText()
	if err != nil {
		return 0, err
	}
	if err := replaceFile(name, text); err != nil {
		s.srv.log.Error().Err(err).Str("client", s.who()).Msg("cannot save the configuration")
		return 0, errors.New("Cannot open file " + name) // upstream's words
	}
	return len(text), nil
}

// replaceFile writes a file beside the named one and renames it, so that nobody sees half of it.
func replaceFile(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".keepsql-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// configText writes memory as the text of a config file, with the process settings of the files in force.
func (s *Server) configText() (string, error) {
	content := cnfwriter.Content{Tables: map[string]*schema.Rows{}, Settings: s.processSettings()}
	err := s.store.Tx(func(tx store.Tx) (err error) {
		if content.Variables, err = tx.Query("SELECT variable_name, variable_value FROM main.global_variables ORDER BY variable_name"); err != nil {
			return err
		}
		for _, table := range cnfwriter.Tables() {
			order := strings.Join(schema.Lookup("main", table).Key, ", ")
			if order == "" {
				order = "rowid"
			}
			if content.Tables[table], err = tx.Query("SELECT * FROM main." + table + " ORDER BY " + order); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read the configuration: %w", err)
	}
	text, unsaid := cnfwriter.Text(content)
	head := "# The configuration in memory, written by keepsql on " + time.Now().UTC().Format(time.RFC3339) + ".\n" +
		"# It holds passwords. Sections in keepalived's syntax are not in it.\n"
	if unsaid > 0 {
		head += fmt.Sprintf("# %d rows cannot be said in this format and are comments.\n", unsaid)
	}
	return head + "\n" + text, nil
}

// processSettings are the top-level settings of the config files, where there are some that can be read.
func (s *Server) processSettings() [][2]string {
	if s.config == nil {
		return nil
	}
	f, err := s.config()
	if err != nil || f == nil {
		return nil
	}
	p := f.Process
	return [][2]string{
		{"datadir", p.Datadir}, {"errorlog", p.Errorlog}, {"pidfile", p.Pidfile}, {"execute_on_exit_failure", p.ExecuteOnExitFailure},
	}
}
