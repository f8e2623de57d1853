package engine

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"
)

// switcher takes the node out of service and back for admin clients: admin.Switch.
type switcher struct {
	drain  *drainer
	relays *relays
}

// Drain begins a drain.
func (s *switcher) Drain(timeout time.Duration) error {
	return s.drain.begin(cmp.Or(timeout, DrainTimeout), DrainGrace)
}

// Undrain ends it.
func (s *switcher) Undrain(ctx context.Context) error { return s.drain.undo(ctx) }

// DrainStatus is the row of SHOW DRAIN STATUS.
func (s *switcher) DrainStatus() []string {
	st := s.drain.status()
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Local().Format(time.DateTime)
	}
	return []string{
		st.State, when(st.Since), when(st.Until), strconv.Itoa(st.Sessions), strconv.Itoa(st.InTransaction), strconv.Itoa(st.Running),
		strconv.Itoa(st.Cut), st.Handover,
	}
}

// Failover hands virtual routers over, or takes that back.
func (s *switcher) Failover(ctx context.Context, names []string, release bool) ([]string, error) {
	r := Request{Command: "failover", Names: names}
	if release {
		r.Command = "rejoin"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*requestTimeout)
	defer cancel()
	v, err := s.relays.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	if v.Error != "" {
		return nil, errors.New(v.Error)
	}
	return v.Report, nil
}
