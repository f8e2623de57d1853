package monitor

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
	"github.com/keepsql/keepsql/engine/wire"
)

const (
	auroraMaster = "MASTER_SESSION_ID"
	auroraFormer = "probably_former_MASTER_SESSION_ID"
)

// auroraSQL asks for all instances that have been heard of lately. from is where the table is; tests of the text have it elsewhere.
func auroraSQL(from string) string {
	return "SELECT SERVER_ID, SESSION_ID, LAST_UPDATE_TIMESTAMP," +
		" IF(SESSION_ID='" + auroraMaster + "',0,REPLICA_LAG_IN_MILLISECONDS) AS REPLICA_LAG_IN_MILLISECONDS, CPU" +
		" FROM " + from + ".REPLICA_HOST_STATUS" +
		" WHERE (REPLICA_LAG_IN_MILLISECONDS BETWEEN 0 AND 600000 OR SESSION_ID='" + auroraMaster + "')" +
		" AND LAST_UPDATE_TIMESTAMP > NOW() - INTERVAL 180 SECOND ORDER BY SERVER_ID"
}

func (p *probe) aurora(ctx context.Context, o *outcome) error {
	r, err := p.client.Query(ctx, auroraSQL("INFORMATION_SCHEMA"))
	if err != nil {
		return err
	}
	o.aurora = readAurora(r)
	return nil
}

// readAurora reads the instances. Of several that call themselves the master, as happens in a failover, the one that was heard
// of last is.
func readAurora(r *wire.Result) (out []verdict.AuroraHost) {
	newest := ""
	for _, row := range r.Rows {
		if len(row) == 5 && row[1].Text == auroraMaster {
			newest = max(newest, row[2].Text)
		}
	}
	for _, row := range r.Rows {
		if len(row) != 5 {
			continue
		}
		ms, _ := strconv.ParseFloat(row[3].Text, 64)
		cpu, _ := strconv.ParseFloat(row[4].Text, 64)
		h := verdict.AuroraHost{
			ID: row[0].Text, Session: row[1].Text, Updated: row[2].Text,
			Lag: time.Duration(ms * float64(time.Millisecond)), CPU: strconv.Itoa(int(math.Round(cpu))),
		}
		if h.Session == auroraMaster && h.Updated != newest {
			h.Session = auroraFormer
		}
		h.Writes = h.Session == auroraMaster
		out = append(out, h)
	}
	return out
}

// auroraFacts is what an instance said, and what lags are assumed of that.
type auroraFacts struct {
	hosts []verdict.AuroraHost
	guess []time.Duration
}

// auroraLines are the rows of mysql_server_aws_aurora_log of one check; begin is the row up to the error.
func auroraLines(r record, begin schema.Row) (out []schema.Row) {
	f, _ := r.facts.(auroraFacts)
	if len(f.hosts) == 0 {
		return []schema.Row{append(begin, schema.Text(""), schema.Null, schema.Null, count(0), count(0), count(0))}
	}
	for i, h := range f.hosts {
		guess := time.Duration(0)
		if i < len(f.guess) {
			guess = f.guess[i]
		}
		out = append(out, append(slices.Clip(begin), schema.Text(h.ID), schema.Text(h.Session), schema.Text(h.Updated),
			count(int(h.Lag.Milliseconds())), count(int(guess.Milliseconds())), schema.Text(h.CPU)))
	}
	return out
}
