package layers

import (
	"crypto/rand"
	"fmt"
	"regexp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// UUID gives the node's identity in the cluster: the configured one if it is valid, else the
// database's (disk.global_settings), else a new one. The database remembers it.
func (m *Manager) UUID(configured string) (string, error) {
	if configured != "" && !uuidForm.MatchString(configured) {
		m.log.Error().Msgf("The config file is configured with an invalid UUID: %s", configured)
		configured = ""
	}
	var uuid string
	err := m.store.Tx(func(tx store.Tx) error {
		rows, err := tx.Query("SELECT variable_value FROM disk.global_settings WHERE variable_name = 'uuid'")
		if err != nil {
			return err
		}
		if len(rows.Rows) > 0 {
			uuid = rows.Rows[0][0].Text
		}
		switch {
		case configured != "" && uuid != "" && configured != uuid:
			m.log.Info().Msgf("Using UUID: %s . Replacing UUID from database: %s", configured, uuid)
			uuid = configured
		case configured != "":
			uuid = configured
		case uuid != "":
			m.log.Info().Msgf("Using UUID from database: %s", uuid)
			return nil
		default:
			uuid = newUUID()
			m.log.Info().Msgf("Using UUID: %s , randomly generated. Writing it to database", uuid)
		}
		return tx.Exec("INSERT OR REPLACE INTO disk.global_settings VALUES('uuid', ?)", schema.Text(uuid))
	})
	if err != nil {
		return "", fmt.Errorf("find the node's uuid: %w", err)
	}
	return uuid, nil
}

// newUUID makes a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
