package lab_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func sorted(list []answer) []answer {
	slices.SortFunc(list, func(a, b answer) int { return a.sent.Compare(b.sent) })
	return list
}

// outage is what a client saw of an event.
type outage struct {
	event    string
	longest  time.Duration // between the sending of two answered probes
	switched time.Duration // from the event to the first probe answered through the new host; negative: none
	lost     int           // probes without an answer
	total    int
	errors   map[string]int
}

// outageOf judges the probes sent from half a second before the event on.
func outageOf(event string, at time.Time, to string, answers []answer) outage {
	o := outage{event: event, switched: -1, total: len(answers), errors: map[string]int{}}
	var last time.Time
	for _, a := range answers {
		if a.from == "" {
			o.lost++
			o.errors[a.text]++
			continue
		}
		if !last.IsZero() {
			o.longest = max(o.longest, a.sent.Sub(last))
		}
		last = a.sent
		if o.switched < 0 && a.from == addresses[to] && !a.sent.Before(at) {
			o.switched = a.sent.Sub(at)
		}
	}
	return o
}

// report is the table of all events.
func report(outages []outage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-46s %12s %12s %8s\n", "event (client: a new connection every 5 ms)", "outage ms", "new host ms", "lost")
	for _, o := range outages {
		fmt.Fprintf(&b, "%-46s %12.1f %12.1f %8d\n", o.event, ms(o.longest), ms(o.switched), o.lost)
	}
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
