package dump

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp/advert"
)

// Stats is keepalived.stats.
func (p *Picture) Stats() []byte {
	var b bytes.Buffer
	for i := range p.Instances {
		x := &p.Instances[i]
		n := func(c advert.Counter) uint64 { return x.Counters[c] }
		fmt.Fprintf(&b, "VRRP Instance: %s\n", x.Conf.Name)
		fmt.Fprintf(&b, "  Advertisements:\n    Received: %d\n    Sent: %d\n", n(advert.Received), n(advert.Sent))
		fmt.Fprintf(&b, "  Became master: %d\n  Released master: %d\n", n(advert.BecameMaster), n(advert.ReleasedMaster))
		fmt.Fprintf(&b, "  Packet Errors:\n    Length: %d\n    TTL: %d\n    Invalid Type: %d\n    Advertisement Interval: %d\n    Address List: %d\n",
			n(advert.PacketLength), n(advert.TTLWrong), n(advert.InvalidType), n(advert.IntervalWrong), n(advert.AddressList))
		fmt.Fprintf(&b, "  Authentication Errors:\n    Invalid Type: %d\n    Type Mismatch: %d\n    Failure: %d\n",
			n(advert.InvalidAuthType), n(advert.AuthMismatch), n(advert.AuthFailure))
		fmt.Fprintf(&b, "  Priority Zero:\n    Received: %d\n    Sent: %d\n", n(advert.PriorityZeroReceived), n(advert.PriorityZeroSent))
	}
	return b.Bytes()
}

// jsonData is the part "data" of an instance, in keepalived's order.
type jsonData struct {
	Name                 string   `json:"iname"`
	DontTrackPrimary     bool     `json:"dont_track_primary"`
	SkipCheckAdvAddr     bool     `json:"skip_check_adv_addr"`
	StrictMode           int      `json:"strict_mode"`
	VMAC                 string   `json:"vmac_ifname"`
	Interface            string   `json:"ifp_ifname"`
	MasterPriority       uint8    `json:"master_priority"`
	LastTransition       float64  `json:"last_transition"`
	GARPDelay            int      `json:"garp_delay"`
	GARPRefresh          int      `json:"garp_refresh"`
	GARPRepeat           int      `json:"garp_rep"`
	GARPRefreshRepeat    int      `json:"garp_refresh_rep"`
	GARPLowerPrioDelay   int      `json:"garp_lower_prio_delay"`
	GARPLowerPrioRepeat  int      `json:"garp_lower_prio_rep"`
	LowerPrioNoAdvert    bool     `json:"lower_prio_no_advert"`
	HigherPrioSendAdvert bool     `json:"higher_prio_send_advert"`
	VRID                 uint8    `json:"vrid"`
	BasePriority         uint8    `json:"base_priority"`
	EffectivePriority    uint8    `json:"effective_priority"`
	VIPSet               bool     `json:"vipset"`
	PromoteSecondaries   bool     `json:"promote_secondaries"`
	AdvertInt            float64  `json:"adver_int"`
	MasterAdvertInt      float64  `json:"master_adver_int"`
	Accept               bool     `json:"accept"`
	NoPreempt            bool     `json:"nopreempt"`
	PreemptDelay         float64  `json:"preempt_delay"`
	State                int      `json:"state"`
	WantState            int      `json:"wantstate"`
	Version              int      `json:"version"`
	SMTPAlert            bool     `json:"smtp_alert"`
	NotifyDeleted        bool     `json:"notify_deleted"`
	ScriptBackup         string   `json:"script_backup,omitempty"`
	ScriptMaster         string   `json:"script_master,omitempty"`
	ScriptFault          string   `json:"script_fault,omitempty"`
	ScriptStop           string   `json:"script_stop,omitempty"`
	Script               string   `json:"script,omitempty"`
	VIPs                 []string `json:"vips,omitempty"`
	Excluded             []string `json:"evips,omitempty"`
	Routes               []string `json:"vroutes,omitempty"`
	Rules                []string `json:"vrules,omitempty"`
	TrackInterfaces      []string `json:"track_ifp,omitempty"`
	TrackScripts         []string `json:"track_script,omitempty"`
	AuthType             int      `json:"auth_type"`
	AuthData             string   `json:"auth_data,omitempty"`
}

// JSON is keepalived.json.
func (p *Picture) JSON() []byte {
	type instance struct {
		Data  jsonData          `json:"data"`
		Stats map[string]uint64 `json:"stats"`
	}
	out := make([]instance, len(p.Instances))
	for i := range p.Instances {
		x := &p.Instances[i]
		out[i] = instance{Data: x.json(), Stats: map[string]uint64{}}
		for c := advert.Received; c <= advert.PriorityZeroSent; c++ {
			out[i].Stats[c.String()] = x.Counters[c]
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(fmt.Sprintf("marshal a picture of plain values: %v", err))
	}
	return append(b, '\n')
}

func (i *Instance) json() jsonData {
	c, g := i.Conf, i.Conf.GARP
	d := jsonData{
		Name: c.Name, DontTrackPrimary: c.DontTrackPrimary, SkipCheckAdvAddr: c.SkipCheckAdvAddr, Interface: c.Interface, VMAC: c.VMAC,
		MasterPriority: i.MasterPriority, GARPDelay: int(g.Delay / time.Second), GARPRefresh: int(g.Refresh / time.Second),
		GARPRepeat: g.Repeat, GARPRefreshRepeat: g.RefreshRepeat, GARPLowerPrioDelay: int(g.LowerPrioDelay / time.Second),
		GARPLowerPrioRepeat: g.LowerPrioRepeat, LowerPrioNoAdvert: c.LowerPrioNoAdvert, HigherPrioSendAdvert: c.HigherPrioSendAdvert,
		VRID: c.VRID, BasePriority: c.Priority, EffectivePriority: i.Priority, VIPSet: i.Claimed,
		AdvertInt: c.AdvertInt.Seconds(), MasterAdvertInt: i.MasterInt.Seconds(), Accept: true, NoPreempt: c.NoPreempt,
		PreemptDelay: c.PreemptDelay.Seconds(), State: i.State, WantState: i.Want, Version: c.Version,
		NotifyDeleted: c.Notify.Deleted != nil,
		ScriptBackup:  words(c.Notify.Backup), ScriptMaster: words(c.Notify.Master), ScriptFault: words(c.Notify.Fault),
		ScriptStop: words(c.Notify.Stop), Script: words(c.Notify.Any),
		AuthType: int(c.Auth.Type), AuthData: strings.TrimRight(string(c.Auth.Pass[:]), "\x00"),
	}
	if c.Strict {
		d.StrictMode = 1
	}
	if !i.Changed.IsZero() {
		d.LastTransition = float64(i.Changed.UnixMicro()) / 1e6
	}
	for _, v := range c.VIPs {
		d.VIPs = append(d.VIPs, address(c, v, i.Claimed))
	}
	for _, v := range c.Excluded {
		d.Excluded = append(d.Excluded, address(c, v, i.Claimed))
	}
	for i := range c.Routes {
		d.Routes = append(d.Routes, c.Routes[i].Text)
	}
	for i := range c.Rules {
		d.Rules = append(d.Rules, c.Rules[i].Text)
	}
	for _, t := range c.Interfaces {
		d.TrackInterfaces = append(d.TrackInterfaces, t.Name)
	}
	for _, t := range c.Scripts {
		d.TrackScripts = append(d.TrackScripts, t.Name)
	}
	return d
}

func words(c *vrrpconf.Command) string {
	if c == nil {
		return ""
	}
	return strings.Join(c.Argv, " ")
}
