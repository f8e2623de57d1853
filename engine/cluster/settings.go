package cluster

import (
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// settings are the admin variables that this package works by, as they are in force.
type settings struct {
	username, password string
	version            string // must be the peers' too
	interfaces         string // where our admin listens, as told to peers
	interval           time.Duration
	statusEvery        int            // checks between looks at a peer's metrics; 0: never
	diffs              map[string]int // by module; 0: never pull
	save               map[string]bool
	algorithm          int
	runtimeServers     bool // runtime_mysql_servers are pulled too
	// unhashed are the modules whose checksum_ variable is off, which is an old way to set diffs to 0.
	unhashed map[string]bool
	// replaced is closed when other settings come into force.
	replaced chan struct{}
}

func diffsVariable(module string) string { return "admin-cluster_" + module + "_diffs_before_sync" }

func saveVariable(module string) string { return "admin-cluster_" + module + "_save_to_disk" }

func (c *Cluster) readSettings(v layers.Variables) *settings {
	s := &settings{
		username:    v.String("admin-cluster_username"),
		password:    v.String("admin-cluster_password"),
		version:     v.String("admin-version"),
		interfaces:  v.String("admin-mysql_ifaces"),
		interval:    v.Milliseconds("admin-cluster_check_interval_ms"),
		statusEvery: v.Int("admin-cluster_check_status_frequency"),
		algorithm:   v.Int("admin-cluster_mysql_servers_sync_algorithm"),
		diffs:       map[string]int{}, save: map[string]bool{}, unhashed: map[string]bool{},
		replaced: make(chan struct{}),
	}
	s.runtimeServers = s.algorithm == 1 || s.algorithm == 3 && c.noMonitor
	for _, m := range modules {
		module := m.watch.Module
		s.diffs[module] = v.Int(diffsVariable(module))
		s.save[module] = v.Bool(saveVariable(module))
		if name := "admin-checksum_" + module; schema.FindVariable(name) != nil && !v.Bool(name) {
			s.unhashed[module] = true
			s.diffs[module] = 0
		}
	}
	return s
}

// prepareSettings takes new admin variables over.
func (c *Cluster) prepareSettings(snap *layers.Snapshot) (commit func(), err error) {
	s := c.readSettings(snap.Variables())
	return func() {
		old := c.settings.Swap(s)
		if old == nil {
			old = &settings{}
		} else {
			defer close(old.replaced)
		}
		c.compare(old, s)
	}, nil
}

// compare says what the change of settings switches off and on. Where something is pulled that was not before, peers are
// read anew at their next check, since their global checksum may never change again.
func (c *Cluster) compare(old, s *settings) {
	for _, m := range modules {
		module := m.watch.Module
		if m.watch.Name != primary(module) {
			continue
		}
		if s.unhashed[module] && !old.unhashed[module] {
			c.log.Warn().Msgf("Disabling deprecated 'admin-checksum_%s', setting '%s=0'.", module, diffsVariable(module))
		}
		if before, known := old.diffs[module]; known && before == 0 && s.diffs[module] != 0 {
			c.log.Info().Msgf("Re-enabled previously disabled '%s'. Resetting global checksums to force Cluster re-sync.",
				diffsVariable(module))
			c.resets.Add(1)
		}
	}
	if old.algorithm != s.algorithm {
		c.resets.Add(1)
	}
}
