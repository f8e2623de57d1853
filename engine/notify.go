package engine

import (
	"net"
	"os"
)

// sdNotify tells systemd about the state of the service (sd_notify(3)); without
// NOTIFY_SOCKET it does nothing.
func sdNotify(state string) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return // systemd is not there to be told
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
