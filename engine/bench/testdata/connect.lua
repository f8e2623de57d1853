-- An event is a connection, one point select, and a goodbye.
sysbench.cmdline.options = { tables = {"number of tables", 4}, table_size = {"rows in each", 100000} }
function thread_init() driver = sysbench.sql.driver() end
function event()
  local con = driver:connect()
  con:query("SELECT c FROM sbtest1 WHERE id=" .. sysbench.rand.uniform(1, sysbench.opt.table_size))
  con:disconnect()
end
