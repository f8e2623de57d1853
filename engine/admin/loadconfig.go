package admin

import (
	"errors"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// loadFromConfig is LOAD … FROM CONFIG: the config files are read again, and what they say of the module is put over what
// memory has. The answer counts the rows.
func loadFromConfig(s *session, mod schema.Module, c call) (answer, error) {
	s.received(c)
	if s.srv.config == nil {
		return answer{}, errors.New("there is no config file")
	}
	f, err := s.srv.config()
	if err != nil {
		return answer{}, adminError("Unable to open or parse config file: %s", err)
	}
	var n int
	err = s.srv.store.Tx(func(tx store.Tx) error {
		if mod.Prefix != "" {
			rows := fileVariables(f, mod.Prefix)
			n = len(rows.Rows)
			return tx.Insert("main."+mod.VariablesTable(), rows)
		}
		for _, table := range mod.Tables {
			section := f.Tables[table]
			if section == nil {
				continue
			}
			n += len(section.Rows.Rows)
			if err := tx.Insert("main."+table, &section.Rows); err != nil {
				return err
			}
		}
		return nil
	})
	return answer{affected: uint64(n)}, err
}

func fileVariables(f *conf.File, prefix string) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	for _, v := range f.Variables {
		if strings.HasPrefix(v.Name, prefix) {
			rows.Rows = append(rows.Rows, schema.Row{schema.Text(v.Name), schema.Text(v.Value)})
		}
	}
	return rows
}
