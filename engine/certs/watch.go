package certs

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/watch"
)

// Watch reads the files again whenever they change, until ctx ends. A pair that does not fit together, as while somebody is
// still copying the second file, leaves the certificate in force as it is and is logged once. Where files cannot be watched
// that is logged, and PROXYSQL RELOAD TLS remains.
func (s *Store) Watch(ctx context.Context, log zerolog.Logger) {
	w, err := watch.New(log)
	if err != nil {
		log.Error().Err(err).Msg("TLS files are not watched: use PROXYSQL RELOAD TLS after changing them")
		return
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		if err := w.Run(ctx); err != nil {
			log.Error().Err(err).Msg("TLS files are not watched any more: use PROXYSQL RELOAD TLS after changing them")
		}
	})
	w.Watch(ctx, []string{filepath.Join(s.dir, CertFile), filepath.Join(s.dir, KeyFile)})
	seen, _ := s.sum()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.Ticks():
		}
		sum, err := s.sum()
		if err != nil || sum == seen { // a file that is away for a moment will be back
			continue
		}
		seen = sum
		if err := s.Reload(); err != nil {
			log.Error().Err(err).Msg("TLS files have changed and cannot be used; the certificate in force stays")
			continue
		}
		log.Info().Str("certificate", filepath.Join(s.dir, CertFile)).Msg("TLS files have changed and are read again")
	}
}

// sum is a fingerprint of what the two files hold.
func (s *Store) sum() (sum [sha256.Size]byte, err error) {
	cert, errCert := os.ReadFile(filepath.Join(s.dir, CertFile))
	key, errKey := os.ReadFile(filepath.Join(s.dir, KeyFile))
	return sha256.Sum256(append(cert, key...)), errors.Join(errCert, errKey)
}
