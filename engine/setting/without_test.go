package setting_test

import (
	"testing"

	"github.com/keepsql/keepsql/engine/setting"
)

func TestWithout(t *testing.T) {
	base := setting.New("utf8mb4", "utf8mb4_bin")
	full := base.With(setting.Parse([]byte("SET sql_mode='ANSI', max_execution_time=100, time_zone='+02:00'")))
	if got := full.Without([]string{"SQL_MODE", "max_execution_time", "no_such_variable"}); got.Value("sql_mode") != "" ||
		got.Value("time_zone") == "" || got.Hash() != base.With(setting.Parse([]byte("SET time_zone='+02:00'"))).Hash() {
		t.Errorf("sql_mode=%q time_zone=%q", got.Value("sql_mode"), got.Value("time_zone"))
	}
	if full.Value("sql_mode") == "" {
		t.Error("the state itself was changed")
	}
	if got := base.WithAutocommit(false).Without([]string{"autocommit"}); !got.Autocommit() {
		t.Error("autocommit is still off")
	}
}
