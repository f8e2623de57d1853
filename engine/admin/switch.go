package admin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
)

// Switch takes the node out of service and back. Its methods are called from sessions.
type Switch interface {
	// Drain begins; timeout is what transactions get, 0 the default. Undrain ends it.
	Drain(timeout time.Duration) error
	Undrain(ctx context.Context) error
	// DrainStatus is one row under DrainColumns.
	DrainStatus() []string
	// Failover hands virtual routers over, by their names or those of their groups, all that are MASTER where there is none;
	// with release it lets priorities decide again. It returns what happened, a line each.
	Failover(ctx context.Context, names []string, release bool) ([]string, error)
}

// DrainColumns are the columns of SHOW DRAIN STATUS.
var DrainColumns = []string{"state", "since", "until", "sessions", "in_transaction", "running", "cut", "virtual_addresses"}

// maxDrain bounds the time of PROXYSQL DRAIN, in seconds: a day.
const maxDrain = 86400

// switchCommands are those of the switch.
func switchCommands() []command {
	do := func(text string, arg, stats bool, run func(context.Context, Switch, string) (answer, error)) command {
		return command{text: text, arg: arg, stats: stats, run: func(ctx context.Context, s *session, c call) (answer, error) {
			if s.srv.switches == nil {
				return answer{}, errNoControl
			}
			if !stats {
				s.received(c)
			}
			return run(ctx, s.srv.switches, c.arg)
		}}
	}
	return []command{
		do("PROXYSQL DRAIN", false, false, drain), do("PROXYSQL DRAIN ", true, false, drain),
		do("PROXYSQL UNDRAIN", false, false, func(ctx context.Context, sw Switch, _ string) (answer, error) { return answer{}, sw.Undrain(ctx) }),
		do("SHOW DRAIN STATUS", false, true, func(_ context.Context, sw Switch, _ string) (answer, error) {
			return table(DrainColumns, sw.DrainStatus()), nil
		}),
		do("PROXYSQL FAILOVER RELEASE", false, false, failover(true)), do("PROXYSQL FAILOVER RELEASE ", true, false, failover(true)),
		do("PROXYSQL FAILOVER", false, false, failover(false)), do("PROXYSQL FAILOVER ", true, false, failover(false)),
	}
}

// drain is PROXYSQL DRAIN [seconds]. It returns when the drain has begun.
func drain(_ context.Context, sw Switch, arg string) (answer, error) {
	seconds := 0
	if arg != "" {
		var err error
		if seconds, err = strconv.Atoi(arg); err != nil || seconds < 1 || seconds > maxDrain {
			return answer{}, errors.New("PROXYSQL DRAIN [<seconds>]: the time is a number from 1 to " + strconv.Itoa(maxDrain))
		}
	}
	return answer{}, sw.Drain(time.Duration(seconds) * time.Second)
}

// failover is PROXYSQL FAILOVER [RELEASE] [instance …]. It returns when somebody else is MASTER.
func failover(release bool) func(context.Context, Switch, string) (answer, error) {
	return func(ctx context.Context, sw Switch, arg string) (answer, error) {
		lines, err := sw.Failover(ctx, strings.Fields(arg), release)
		if err != nil {
			return answer{}, err
		}
		rows := &schema.Rows{Columns: []string{"result"}}
		for _, l := range lines {
			rows.Rows = append(rows.Rows, schema.Row{schema.Text(l)})
		}
		return answer{rows: rows}, nil
	}
}
