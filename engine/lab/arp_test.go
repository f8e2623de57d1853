package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mdlayher/arp"
)

// arpEvery is the distance of questions.
const arpEvery = 50 * time.Millisecond

// arpMain asks the network again and again who has an address. It writes "time ?" for each question and "time MAC" for each answer,
// times in nanoseconds.
func arpMain(ctx context.Context, address string) error {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return err
	}
	dev, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	c, err := arp.Dial(dev)
	if err != nil {
		return err
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			p, _, err := c.Read()
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || ctx.Err() != nil {
				return
			}
			if err == nil && p.Operation == arp.OperationReply && p.SenderIP == ip && p.TargetIP != ip {
				fmt.Printf("%d %s\n", time.Now().UnixNano(), p.SenderHardwareAddr)
			}
		}
	})
	tick := time.NewTicker(arpEvery)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			fmt.Printf("%d ?\n", time.Now().UnixNano())
			_ = c.Request(ip) // what does not get out is not answered
		}
	}
	err = c.Close()
	reader.Wait()
	return err
}

// observer knows who answers ARP questions for the virtual IP.
type observer struct {
	hosts map[string]string // name by MAC

	mu   sync.Mutex // guards asked
	seen []asked
}

// asked is a question and the hosts that answered it before the next.
type asked struct {
	at    time.Time
	hosts []string // sorted
}

// startObserver watches for the length of the test; hosts are those that may have the address.
func startObserver(t *testing.T, n *network, hosts ...string) *observer {
	t.Helper()
	o := &observer{hosts: map[string]string{}}
	for _, h := range hosts {
		o.hosts[n.mac(t, h)] = h
	}
	onClient(t, n, o.add, labRole+"=arp", labArgument+"="+vip)
	return o
}

func (o *observer) add(line string) {
	var at int64
	var who string
	if _, err := fmt.Sscan(line, &at, &who); err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if who == "?" {
		o.seen = append(o.seen, asked{at: time.Unix(0, at)})
		return
	}
	name, known := o.hosts[who]
	if !known {
		name = who
	}
	if last := len(o.seen) - 1; last >= 0 && !slices.Contains(o.seen[last].hosts, name) {
		o.seen[last].hosts = append(o.seen[last].hosts, name)
		slices.Sort(o.seen[last].hosts)
	}
}

// between lists the questions asked in a span of time; the answers to the last may be missing.
func (o *observer) between(from, to time.Time) []asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []asked
	for _, a := range o.seen {
		if !a.at.Before(from) && a.at.Before(to) {
			out = append(out, asked{a.at, slices.Clone(a.hosts)})
		}
	}
	return out
}

// forget drops what was seen before a time.
func (o *observer) forget(before time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = slices.DeleteFunc(o.seen, func(a asked) bool { return a.at.Before(before) })
}

// stretch is the longest time for which consecutive questions were answered in a way, and when it began.
func stretch(list []asked, way func(hosts []string) bool) (longest time.Duration, began time.Time) {
	var since time.Time
	for _, a := range list {
		switch {
		case !way(a.hosts):
			since = time.Time{}
			continue
		case since.IsZero():
			since = a.at
		}
		if d := a.at.Sub(since) + arpEvery; d > longest {
			longest, began = d, since
		}
	}
	return longest, began
}

func nobody(hosts []string) bool  { return len(hosts) == 0 }
func several(hosts []string) bool { return len(hosts) > 1 }

// mac is the hardware address of a host.
func (n *network) mac(t *testing.T, host string) string {
	t.Helper()
	out, err := commandOutput(n.inside(host), "cat", "/sys/class/net/eth0/address")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestStretch(t *testing.T) {
	at := time.Unix(100, 0)
	var list []asked
	for i, hosts := range []string{"a", "", "", "a b", "a b", "a b", "b"} {
		list = append(list, asked{at.Add(time.Duration(i) * arpEvery), strings.Fields(hosts)})
	}
	if d, began := stretch(list, nobody); d != 2*arpEvery || !began.Equal(list[1].at) {
		t.Errorf("nobody for %v from %v", d, began)
	}
	if d, began := stretch(list, several); d != 3*arpEvery || !began.Equal(list[3].at) {
		t.Errorf("several for %v from %v", d, began)
	}
}
