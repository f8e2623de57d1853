package admin

import (
	"context"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

const historyTable = "stats_config_history"

// historyCommands show what was loaded when and by whom, go back to it, and show where the layers differ.
func historyCommands() []command {
	all := []command{
		{text: "SHOW CONFIG HISTORY", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
			return s.runSelect(ctx, "SELECT * FROM stats.stats_config_history ORDER BY time DESC, module, revision DESC")
		}},
		{text: "SHOW CONFIG DRIFT", run: showDrift},
	}
	for _, mod := range schema.Modules() {
		all = append(all,
			command{text: "SHOW CONFIG HISTORY " + mod.Command, stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
				return s.runSelect(ctx, "SELECT * FROM stats.stats_config_history WHERE module="+literal(mod.Name)+" ORDER BY revision DESC")
			}},
			command{text: "LOAD " + mod.Command + " FROM REVISION ", arg: true, run: revisionCommand(func(s *session, revision uint64) error {
				return s.srv.layers.LoadRevision(mod.Name, revision)
			})},
			command{text: "ROLLBACK " + mod.Command + " TO REVISION ", arg: true, run: revisionCommand(func(s *session, revision uint64) error {
				return s.srv.layers.Rollback(mod.Name, revision, s.class.String()+" "+s.who())
			})},
		)
	}
	return all
}

// revisionCommand reads the number of a revision.
func revisionCommand(do func(*session, uint64) error) func(context.Context, *session, call) (answer, error) {
	return func(_ context.Context, s *session, c call) (answer, error) {
		revision, err := strconv.ParseUint(c.arg, 10, 63)
		if err != nil {
			return answer{}, adminError("%q is no revision: give a number of SHOW CONFIG HISTORY", c.arg)
		}
		s.received(c)
		return answer{}, do(s, revision)
	}
}

// historyRows is the content of stats_config_history; where it cannot be read, the log says why.
func historyRows(m *layers.Manager, log zerolog.Logger) *schema.Rows {
	rows := &schema.Rows{Columns: schema.Lookup("stats", historyTable).ColumnNames()}
	revisions, err := m.History("")
	if err != nil {
		log.Error().Err(err).Msg("cannot read the history of the configuration")
		return rows
	}
	for _, r := range revisions {
		row := make(schema.Row, 0, len(rows.Columns))
		for _, text := range []string{
			r.Module, strconv.FormatUint(r.Revision, 10), strconv.FormatUint(r.Version, 10), strconv.FormatInt(r.Epoch, 10), r.Checksum,
			r.Origin, r.Time.Format(time.DateTime), r.Summary,
		} {
			row = append(row, schema.Text(text))
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}

// showDrift has a row for each difference between file, disk, memory and runtime; NULL is a row that a layer lacks.
func showDrift(_ context.Context, s *session, _ call) (answer, error) {
	drift, err := s.srv.layers.Drift()
	if err != nil {
		return answer{}, err
	}
	a := table([]string{"module", "table", "key", "column", "file", "disk", "memory", "runtime", "advice"})
	layer := func(v *string) schema.Cell {
		if v == nil {
			return schema.Null
		}
		return schema.Text(*v)
	}
	for _, d := range drift {
		a.rows.Rows = append(a.rows.Rows, schema.Row{
			schema.Text(d.Module), schema.Text(d.Table), schema.Text(d.Key), schema.Text(d.Column),
			layer(d.File), layer(d.Disk), layer(d.Memory), layer(d.Runtime), schema.Text(d.Advice),
		})
	}
	return a, nil
}
