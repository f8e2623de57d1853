package monitor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// lag asks how late the replication is: the heartbeat table if there is one, else the server, in the words it understands.
func (p *probe) lag(ctx context.Context, o *outcome, set *settings) error {
	if set.heartbeat != "" {
		r, err := p.client.Query(ctx, "SELECT MAX(ROUND(TIMESTAMPDIFF(MICROSECOND, ts, SYSDATE(6))/1000000)) AS Seconds_Behind_Master FROM "+set.heartbeat)
		if err != nil {
			return err
		}
		return o.readLag(r)
	}
	r, err := p.replication(ctx)
	if err != nil {
		return err
	}
	if len(r.Rows) == 0 && strings.Contains(p.client.Server().Version, "MariaDB") {
		// the connections of a replica with several masters have names, and only the nameless one is in the short form
		if r, err = p.client.Query(ctx, "SHOW ALL SLAVES STATUS"); err != nil {
			return err
		}
	}
	return o.readLag(r)
}

// replication asks in the words of the server's age: MySQL 8.4 knows only the new ones.
func (p *probe) replication(ctx context.Context) (*wire.Result, error) {
	queries := []string{"SHOW SLAVE STATUS", "SHOW REPLICA STATUS"}
	if p.modern {
		return p.client.Query(ctx, queries[1])
	}
	r, err := p.client.Query(ctx, queries[0])
	var own *wire.Error
	if errors.As(err, &own) && own.Code == 1064 {
		if r, err = p.client.Query(ctx, queries[1]); err == nil {
			p.modern = true
		}
	}
	return r, err
}

// readLag takes the worst of all rows. A row without a number is a replication that does not run.
func (o *outcome) readLag(r *wire.Result) error {
	column := -1
	for i, c := range r.Columns {
		if strings.EqualFold(c.Name, "Seconds_Behind_Master") || strings.EqualFold(c.Name, "Seconds_Behind_Source") {
			column = i
		}
	}
	if column < 0 {
		return &wire.Error{Message: "the answer has no column Seconds_Behind_Master"}
	}
	for _, row := range r.Rows {
		o.replica = true
		v := row[column]
		if v.Null {
			o.null = true
			continue
		}
		seconds, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return &wire.Error{Message: fmt.Sprintf("Seconds_Behind_Master is %q", v.Text)}
		}
		o.lag = max(o.lag, time.Duration(seconds*float64(time.Second)))
	}
	return nil
}
