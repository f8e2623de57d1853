package monitor

import (
	"context"

	"github.com/keepsql/keepsql/engine/wire"
)

// readOnlyQueries by check_type.
var readOnlyQueries = map[string]string{
	"read_only":                  "SELECT @@global.read_only read_only",
	"innodb_read_only":           "SELECT @@global.innodb_read_only read_only",
	"super_read_only":            "SELECT @@global.super_read_only read_only",
	"read_only&innodb_read_only": "SELECT @@global.read_only&@@global.innodb_read_only read_only",
	"read_only|innodb_read_only": "SELECT @@global.read_only|@@global.innodb_read_only read_only",
}

func (p *probe) readOnly(ctx context.Context, o *outcome) error {
	r, err := p.client.Query(ctx, readOnlyQueries[o.check])
	if err != nil {
		return err
	}
	value, err := one(r)
	if err != nil {
		return &wire.Error{Message: err.Error()}
	}
	o.on = value != "0" && value != "OFF"
	return nil
}
