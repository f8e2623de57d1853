package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
)

// tell answers a request about the configuration that came in over the control socket.
func (n *node) tell(ctx context.Context, m *AskMessage) *VerdictMessage {
	v := &VerdictMessage{Seq: m.Seq}
	var err error
	switch m.Command {
	case "diff":
		var drift []layers.Drift
		if drift, err = n.layers.Drift(); err == nil {
			v.Report, v.Data, err = lines(drift, layers.Drift.String)
		}
	case "history":
		var revisions []layers.Revision
		if revisions, err = n.layers.History(m.Module); err == nil {
			v.Report, v.Data, err = lines(revisions, describeRevision)
		}
	case "rollback":
		err = n.layers.Rollback(m.Module, m.Revision, "keepsql rollback")
		v.Report = []string{fmt.Sprintf("%s: revision %d is in force", m.Module, m.Revision)}
	case "drain":
		if err = n.drain.begin(m.Timeout, m.Grace); err == nil {
			v.Report, v.Data, err = lines([]DrainStatus{n.drain.status()}, DrainStatus.String)
		}
	case "drain-status":
		v.Report, v.Data, err = lines([]DrainStatus{n.drain.status()}, DrainStatus.String)
	case "undrain":
		err = n.drain.undo(ctx)
		v.Report = []string{"this node serves again"}
	default:
		err = fmt.Errorf("unknown command %q", m.Command)
	}
	if err != nil {
		v.Error = err.Error()
	}
	return v
}

// lines gives a list for people, a line each, and for programs.
func lines[T any](list []T, line func(T) string) ([]string, json.RawMessage, error) {
	var text []string
	for _, e := range list {
		text = append(text, line(e))
	}
	data, err := json.Marshal(list)
	return text, data, err
}

func describeRevision(r layers.Revision) string {
	return fmt.Sprintf("%-18s revision %-4d version %-4d %s  %-18s  %s: %s",
		r.Module, r.Revision, r.Version, r.Time.Local().Format(time.DateTime), r.Checksum, r.Origin, r.Summary)
}
