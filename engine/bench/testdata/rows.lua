-- An event is one select of 10 000 rows, of about 1.3 MB together.
sysbench.cmdline.options = { tables = {"number of tables", 4}, table_size = {"rows in each", 100000} }
local rows = 10000
function thread_init()
  con = sysbench.sql.driver():connect()
end
function event()
  local first = sysbench.rand.uniform(1, sysbench.opt.table_size - rows)
  con:query(string.format("SELECT id, k, c FROM sbtest%d WHERE id BETWEEN %d AND %d",
    sysbench.rand.uniform(1, sysbench.opt.tables), first, first + rows - 1))
end
function thread_done() con:disconnect() end
