package stored

// Tables that every adapter has, with what belongs to an execution, by k, and to a job,
// by its row number.
var (
	TablesOfExecution = []string{"execution_inputs", "execution_results", "attempts", "logs", "log_sizes", "cancels", "dead_letters", "aftermaths", "flows", "flow_steps"}
	TablesOfJob       = []string{"executions", "failures", "failure_patterns", "ranges", "epochs", "counters", "cursors", "job_tags", "revisions", "cancel_keys", "event_acts", "misses"}
)
