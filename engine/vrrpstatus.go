package engine

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/vrrp"
)

// vrrpRows makes rows of SHOW VRRP STATUS of what the vrrp child last said of itself, which
// the guardian passes on. Before it said anything there are none.
func (n *node) vrrpRows() []schema.Row {
	var rows []schema.Row
	for _, i := range n.routers() {
		var addresses []string
		for _, a := range i.VIPs {
			addresses = append(addresses, a.String())
		}
		row := schema.Row{}
		for _, cell := range []string{
			i.Name, i.Interface, number(i.VRID), i.State, i.LastTransition.Local().Format(time.DateTime),
			number(i.Priority), number(i.EffectivePriority), strings.Join(addresses, " "), heard(i), number(i.MasterPriority), i.Note,
		} {
			row = append(row, schema.Text(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

// keepRouters takes in what the vrrp child says of itself.
func (n *node) keepRouters(text json.RawMessage) {
	var list []vrrp.InstanceStatus
	if err := json.Unmarshal(text, &list); err != nil {
		n.log.Error().Err(err).Msg("cannot read the status of the vrrp process")
		return
	}
	n.vrrp.Store(&list)
}

func number(n uint8) string { return strconv.Itoa(int(n)) }

// heard is the master that an instance last heard of.
func heard(i vrrp.InstanceStatus) string {
	if !i.MasterAddr.IsValid() {
		return ""
	}
	return i.MasterAddr.String()
}
