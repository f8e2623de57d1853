package admin

import (
	"context"
	"errors"

	"github.com/keepsql/keepsql/conf/store"
)

// maxResult bounds the rows of one answer that are held in memory, in bytes, by the class of the account.
var maxResult = map[class]int64{adminClass: 256 << 20, statsClass: 32 << 20, clusterClass: 256 << 20}

// sql runs a text that is no command in SQLite.
func (s *session) sql(ctx context.Context, text string) (answer, error) {
	if err := s.srv.refresher.refresh(text); err != nil {
		return answer{}, err
	}
	r, err := s.runSQL(ctx, text)
	if err != nil {
		return answer{}, err
	}
	if r.Rows != nil {
		return answer{rows: r.Rows}, nil
	}
	if changesRows(text) {
		s.affected = uint64(r.Affected)
	}
	return answer{affected: s.affected}, nil
}

// runSQL runs one statement within the session's rights, for as long as the client waits for it.
func (s *session) runSQL(ctx context.Context, text string) (store.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, s.srv.timeout)
	defer cancel()
	watch := watchClient(s.nc, cancel)
	defer watch.stop()
	r, err := s.srv.store.Run(ctx, text, store.Rights{
		ReadOnly: s.srv.readOnly.Load() || s.class == clusterClass, StatsOnly: s.class == statsClass, MaxResult: maxResult[s.class],
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return r, adminError("statement interrupted after %s", s.srv.timeout)
	}
	return r, err
}

// runSelect answers with what a query of our own gives.
func (s *session) runSelect(ctx context.Context, text string) (answer, error) {
	if err := s.srv.refresher.refresh(text); err != nil {
		return answer{}, err
	}
	r, err := s.runSQL(ctx, text)
	return answer{rows: r.Rows}, err
}

// changesRows tells whether a statement sets the count of affected rows.
func changesRows(text string) bool {
	st := statement{text: text}
	switch st.firstWord() {
	case "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}
