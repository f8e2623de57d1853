package vrrpconf

import (
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// day bounds the timings for which keepalived has no limit worth naming.
const day = 24 * time.Hour

func defaultGlobal() Global {
	return Global{Version: 2, Startup: Hook{Timeout: hookTimeout}, Shutdown: Hook{Timeout: hookTimeout}, Defaults: Tuning{
		GARP:             GARP{Delay: 5 * time.Second, Repeat: 5, RefreshRepeat: 1, LowerPrioDelay: -1, LowerPrioRepeat: -1},
		DownTimerAdverts: 3,
	}}
}

const (
	noMail = "no mail is sent"
	noSNMP = "there is no SNMP agent"
	noDBus = "there is no D-Bus service"
	noLVS  = "there is no LVS"
)

// globalRules is the table of global_defs.
var globalRules = []rule[Global]{
	{name: "router_id", least: 1, set: setText(func(g *Global) *string { return &g.RouterID })},
	{name: "enable_script_security", set: setOn(func(g *Global) *bool { return &g.ScriptSecurity })},
	{name: "script_user", least: 1, set: func(b *builder, g *Global, k *confparse.Keyword) {
		g.ScriptUser = user(k.Args())
		b.users = append(b.users, namedUser{k.Args()[0], g.ScriptUser})
	}},
	{name: "vrrp_version", least: 1, set: setInt(2, 3, func(g *Global) *int { return &g.Version })},
	{name: "vrrp_garp_master_delay", least: 1, set: setSeconds(0, day, func(g *Global) *time.Duration { return &g.Defaults.GARP.Delay })},
	{name: "vrrp_garp_master_repeat", least: 1, set: setInt(1, 255, func(g *Global) *int { return &g.Defaults.GARP.Repeat })},
	{name: "vrrp_garp_master_refresh", least: 1, set: setSeconds(0, day, func(g *Global) *time.Duration { return &g.Defaults.GARP.Refresh })},
	{name: "vrrp_garp_master_refresh_repeat", least: 1, set: setInt(1, 255, func(g *Global) *int { return &g.Defaults.GARP.RefreshRepeat })},
	{name: "vrrp_garp_lower_prio_delay", least: 1, set: setSeconds(0, day, func(g *Global) *time.Duration { return &g.Defaults.GARP.LowerPrioDelay })},
	{name: "vrrp_garp_lower_prio_repeat", least: 1, set: setInt(0, 255, func(g *Global) *int { return &g.Defaults.GARP.LowerPrioRepeat })},
	{name: "vrrp_garp_interval", least: 1, set: setSeconds(time.Microsecond, 4294*time.Second, func(g *Global) *time.Duration { return &g.Defaults.GARP.Interval })},
	{name: "vrrp_gna_interval", least: 1, effect: silent, set: func(b *builder, _ *Global, k *confparse.Keyword) {
		b.seconds(k.Args()[0], k.Name(), time.Microsecond, 4294*time.Second)
	}},
	{name: "vrrp_min_garp", set: setMinGARP},
	{name: "vrrp_skip_check_adv_addr", set: setFlag(func(g *Global) *bool { return &g.Defaults.SkipCheckAdvAddr })},
	{name: "vrrp_lower_prio_no_advert", set: setFlag(func(g *Global) *bool { return &g.Defaults.LowerPrioNoAdvert })},
	{name: "vrrp_higher_prio_send_advert", set: setFlag(func(g *Global) *bool { return &g.Defaults.HigherPrioSendAdvert })},
	{name: "vrrp_down_timer_adverts", least: 1, set: setInt(1, 100, func(g *Global) *int { return &g.Defaults.DownTimerAdverts })},
	{name: "vrrp_strict", set: setOn(func(g *Global) *bool { return &g.Strict })},
	{name: "default_interface", least: 1, set: setText(func(g *Global) *string { return &g.DefaultInterface })},
	{name: "dynamic_interfaces", set: func(b *builder, g *Global, k *confparse.Keyword) {
		g.DynamicInterfaces = true
		if args := k.Args(); len(args) > 0 && args[0].Text != "allow_if_changes" {
			b.warnf(args[0], CodeValue, "dynamic_interfaces has no option %q", args[0].Text)
		}
	}},
	{name: "vrrp_startup_delay", least: 1, set: setSeconds(time.Millisecond, day, func(g *Global) *time.Duration { return &g.StartupDelay })},
	{name: "vrrp_notify_priority_changes", set: setFlag(func(g *Global) *bool { return &g.NotifyPriority })},
	{name: "log_unknown_vrids", set: setOn(func(g *Global) *bool { return &g.LogUnknownVRIDs })},
	{name: "vrrp_check_unicast_src", set: setOn(func(g *Global) *bool { return &g.checkPeers })},
	{name: "vrrp_mcast_group4", least: 1, set: func(b *builder, g *Global, k *confparse.Keyword) {
		a, ok := b.address(k.Args()[0], k.Name())
		switch {
		case ok && a.Is4() && a.IsMulticast():
			g.group4 = a
		case ok:
			b.warnf(k.Args()[0], CodeValue, "%s %s is no IPv4 multicast group, ignored", k.Name(), a)
		}
	}},
	{name: "vrrp_mcast_group6", least: 1, set: func(b *builder, g *Global, k *confparse.Keyword) {
		if a, ok := b.address(k.Args()[0], k.Name()); ok && a.Is6() && a.IsMulticast() {
			g.group6 = a
		}
	}},

	{name: "notify_fifo", least: 1, set: setFIFO(0)}, {name: "notify_fifo_script", least: 1, set: setFIFOScript(0)},
	{name: "vrrp_notify_fifo", least: 1, set: setFIFO(1)}, {name: "vrrp_notify_fifo_script", least: 1, set: setFIFOScript(1)},
	{name: "fifo_write_vrrp_states_on_reload", set: setOn(func(g *Global) *bool { return &g.FIFOOnReload })},
	{name: "vrrp_garp_extra_if", least: 1, effect: pending},
	{name: "startup_script", least: 1, set: setHook(func(g *Global) *Hook { return &g.Startup })},
	{name: "startup_script_timeout", set: setHookTimeout(func(g *Global) *Hook { return &g.Startup })},
	{name: "shutdown_script", least: 1, set: setHook(func(g *Global) *Hook { return &g.Shutdown })},
	{name: "shutdown_script_timeout", set: setHookTimeout(func(g *Global) *Hook { return &g.Shutdown })},
	{name: "vrrp_rt_priority", least: 1, set: setInt(1, 99, func(g *Global) *int { return &g.RealtimePriority })}, {name: "vrrp_no_swap", set: setOn(func(g *Global) *bool { return &g.NoSwap })},
	{name: "vrrp_delay_after_boot", effect: pending}, {name: "vrrp_owner_ignore_adverts", effect: pending},
	{name: "v3_checksum_as_v2", effect: pending}, {name: "vmac_prefix", least: 1, effect: pending}, {name: "vmac_addr_prefix", effect: pending},

	{name: "smtp_server", least: 1, effect: ignored, note: noMail}, {name: "smtp_helo_name", effect: silent},
	{name: "smtp_connect_timeout", least: 1, effect: silent, set: checkInt[Global](0, 4294)}, {name: "notification_email", effect: silent},
	{name: "notification_email_from", least: 1, effect: silent}, {name: "smtp_alert", effect: ignored, note: noMail, set: checkFlag[Global]},
	{name: "smtp_alert_vrrp", effect: ignored, note: noMail, set: checkFlag[Global]}, {name: "smtp_alert_checker", effect: silent},
	{name: "no_email_faults", effect: silent}, {name: "no_checker_emails", effect: silent},
	{name: "enable_snmp_vrrp", effect: ignored, note: noSNMP}, {name: "enable_snmp_keepalived", effect: ignored, note: noSNMP},
	{name: "enable_snmp_rfc", effect: ignored, note: noSNMP}, {name: "enable_snmp_rfcv2", effect: ignored, note: noSNMP},
	{name: "enable_snmp_rfcv3", effect: ignored, note: noSNMP}, {name: "enable_snmp_checker", effect: ignored, note: noSNMP},
	{name: "enable_traps", effect: ignored, note: noSNMP}, {name: "snmp_socket", least: 1, effect: silent},
	{name: "enable_dbus", effect: ignored, note: noDBus}, {name: "dbus_service_name", least: 1, effect: silent}, {name: "dbus_no_interface_name", effect: silent},
	{name: "lvs_notify_fifo", effect: ignored, note: noLVS}, {name: "lvs_notify_fifo_script", effect: ignored, note: noLVS},
	{name: "lvs_sync_daemon", least: 1, effect: ignored, note: noLVS}, {name: "lvs_timeouts", least: 1, effect: ignored, note: noLVS},
	{name: "lvs_flush", effect: silent}, {name: "lvs_flush_on_stop", effect: silent},
	{name: "checker_log_all_failures", effect: silent}, {name: "rs_init_notifies", effect: silent},

	{name: "process_names", effect: silent}, {name: "process_name", least: 1, effect: silent}, {name: "vrrp_process_name", least: 1, effect: silent},
	{name: "checker_process_name", effect: silent}, {name: "lvs_process_name", effect: silent}, {name: "bfd_process_name", effect: silent},
	{name: "max_auto_priority", effect: silent}, {name: "min_auto_priority_delay", effect: silent},
	{name: "vrrp_priority", least: 1, set: func(b *builder, g *Global, k *confparse.Keyword) {
		if n, ok := b.number(k.Args()[0], k.Name(), -20, 19); ok {
			g.Nice = &n
		}
	}}, {name: "vrrp_rlimit_rttime", least: 1, effect: silent}, {name: "vrrp_rlimit_rtime", effect: silent},
	{name: "vrrp_cpu_affinity", least: 1, effect: silent},
	{name: "checker_priority", effect: silent}, {name: "checker_rt_priority", effect: silent}, {name: "checker_rlimit_rttime", effect: silent},
	{name: "checker_no_swap", effect: silent}, {name: "checker_cpu_affinity", effect: silent},
	{name: "bfd_priority", effect: silent}, {name: "bfd_rt_priority", effect: silent}, {name: "bfd_rlimit_rttime", effect: silent},
	{name: "bfd_no_swap", effect: silent}, {name: "bfd_cpu_affinity", effect: silent},
	{name: "vrrp_iptables", effect: silent}, {name: "vrrp_ipsets", effect: silent}, {name: "nftables", effect: silent},
	{name: "nftables_priority", least: 1, effect: silent}, {name: "nftables_counters", effect: silent}, {name: "nftables_ifindex", effect: silent},
	{name: "nftables_ipvs", effect: silent}, {name: "nftables_ipvs_start_fwmark", effect: silent}, {name: "nftables_ipvs_priority", effect: silent},
	{name: "vrrp_rx_bufs_policy", least: 1, effect: silent}, {name: "vrrp_rx_bufs_multiplier", effect: silent},
	{name: "vrrp_netlink_cmd_rcv_bufs", effect: silent}, {name: "vrrp_netlink_cmd_rcv_bufs_force", effect: silent},
	{name: "vrrp_netlink_monitor_rcv_bufs", effect: silent}, {name: "vrrp_netlink_monitor_rcv_bufs_force", effect: silent},
	{name: "lvs_netlink_cmd_rcv_bufs", effect: silent}, {name: "lvs_netlink_cmd_rcv_bufs_force", effect: silent},
	{name: "lvs_netlink_monitor_rcv_bufs", effect: silent}, {name: "lvs_netlink_monitor_rcv_bufs_force", effect: silent},
	{name: "process_monitor_rcv_bufs", effect: silent}, {name: "process_monitor_rcv_bufs_force", effect: silent},
	{name: "disable_local_igmp", effect: silent}, {name: "umask", least: 1, effect: silent},
	{name: "reload_check_config", effect: silent}, {name: "reload_time_file", least: 1, effect: ignored}, {name: "reload_repeat", effect: silent},
	{name: "reload_file", effect: silent}, {name: "config_save_dir", effect: silent}, {name: "tmp_config_directory", effect: silent},
	{name: "include_check", effect: silent}, {name: "random_seed", least: 1, effect: silent}, {name: "data_use_instance", effect: silent},
	{name: "set_supplementary_groups", effect: silent}, {name: "use_symlink_paths", effect: silent}, {name: "json_version", effect: silent},
	{name: "state_dump_file", effect: silent}, {name: "stats_dump_file", effect: silent}, {name: "json_dump_file", effect: silent},
	{name: "iproute_usr_dir", effect: silent}, {name: "iproute_etc_dir", effect: silent},
}

func setFIFO(n int) func(*builder, *Global, *confparse.Keyword) {
	return func(_ *builder, g *Global, k *confparse.Keyword) {
		g.FIFOs[n].Path, g.FIFOs[n].User = k.Args()[0].Text, user(k.Args()[1:])
	}
}

func setFIFOScript(n int) func(*builder, *Global, *confparse.Keyword) {
	return func(b *builder, g *Global, k *confparse.Keyword) { g.FIFOs[n].Script = b.userCommand(k, g.ScriptUser) }
}

// setMinGARP is vrrp_min_garp: one frame, no second burst.
func setMinGARP(b *builder, g *Global, k *confparse.Keyword) {
	if on, ok := b.boolean(k); ok && on {
		g.Defaults.GARP.Repeat, g.Defaults.GARP.Delay = 1, 0
		g.Defaults.GARP.LowerPrioRepeat, g.Defaults.GARP.LowerPrioDelay = 1, 0
	}
}

// hookTimeout is keepalived's default for startup_script_timeout and shutdown_script_timeout.
const hookTimeout = 10 * time.Second

func setHook(of func(*Global) *Hook) func(*builder, *Global, *confparse.Keyword) {
	return func(b *builder, g *Global, k *confparse.Keyword) {
		if c := b.userCommand(k, g.ScriptUser); c != nil {
			of(g).Command = c
			b.notified = append(b.notified, notified{k.Words[0], c})
		}
	}
}

func setHookTimeout(of func(*Global) *Hook) func(*builder, *Global, *confparse.Keyword) {
	return func(b *builder, g *Global, k *confparse.Keyword) {
		if len(k.Args()) == 0 {
			b.warnf(k.Words[0], CodeValue, "%s has no value, ignored", k.Name())
		} else if n, ok := b.number(k.Args()[0], k.Name(), 1, 1000); ok {
			of(g).Timeout = time.Duration(n) * time.Second
		}
	}
}
