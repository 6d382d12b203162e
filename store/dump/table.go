package dump

import "github.com/agentic-sdlc/scheduler/store/internal/stored"

// Kind says what the values of a column are.
type Kind int

// The kinds, with the Go type of the values in a Row. Instants are microseconds since
// 1970 UTC.
const (
	Int       Kind = iota // int64
	OptInt                // int64 or nil
	Bool                  // bool
	Text                  // string, clean: see Clean
	Enum                  // int64, an index of Words; a word in files
	ID                    // job.ID
	Key                   // int64, one half of an execution's id; 16 hexadecimal digits in files
	OptKey                // int64 or nil
	Keys                  // []int64, first halves of ids
	JSON                  // []byte to the byte, or nil
	Packed                // []byte of package stored; base64 in files
	OptPacked             // the same, or nil
)

// Column is one column of a table.
type Column struct {
	Name  string
	Kind  Kind
	Words []string // of an Enum
}

// Table is one kind of rows. Where adapters have tables, name and columns are theirs.
type Table struct {
	Name string
	// Order is the columns that the rows are ordered by, as in ORDER BY; "" = the table
	// has one row, and adapters make it up.
	Order   string
	Columns []Column
}

// Tables returns all tables in the order of a stream: what others refer to comes first.
func Tables() []*Table { return tables }

// Of returns a table by its name, nil when there is none.
func Of(name string) *Table { return byName[name] }

var (
	// Store is the store itself: its identity for ever, and the number that the next job
	// gets, which no job ever had.
	Store = table("store", "", text("instance"), ints("next_job"))
	// Outbox are the events that were not published yet, oldest first.
	Outbox = table("outbox", "id", ints("at"), column(Packed, "data"))

	tables = []*Table{
		Store,
		table("platforms", "seq", ints("seq"), text("slug", "description"), optInts("max_jobs", "max_running", "events_per_second", "creates_per_minute"),
			column(JSON, "handlers"), optInts("created_at"), text("created_by"), optInts("updated_at"), text("updated_by"), optInts("deleted_at")),
		table("jobs", "seq", ints("seq"), column(ID, "id"), text("platform", "name"), column(Bool, "live"), enum("type", stored.JobTypes),
			enum("status", stored.JobStatuses), enum("priority", stored.Priorities), text("handler"), ints("revision"), column(JSON, "spec"), ints("anchor"),
			text("seed", "reason", "pause_reason", "created_by", "updated_by"), ints("created_at", "updated_at"),
			optInts("paused_at", "completed_at", "cancelled_at", "deleted_at", "pause_until")),
		table("job_tags", "job, tag", ints("job"), text("tag")),
		table("cursors", "job", ints("job"), optInts("next_run"), ints("revision", "numbers", "runs", "occurrences", "skipped"), column(Bool, "ending"),
			column(Keys, "live")),
		// last_run is 0 for never. What is in the deltas is not in the others yet.
		table("counters", "job", ints("job", "success", "failed", "timeout", "cancelled", "duration_us"), enum("last_status", stored.Statuses),
			ints("last_run", "pruned"), optInts("hour_at"), column(OptPacked, "hour_data")),
		table("counter_deltas", "id", column(Packed, "data")),
		table("rollups", "owner, span, start", ints("owner", "span", "start"), column(Packed, "data")),
		table("failure_patterns", "job, day, print", ints("job", "day", "print"), text("class", "message"), ints("count", "last_at")),
		table("epochs", "job, seq", ints("job", "seq", "after_at"), optInts("until_at"), column(JSON, "definition")),
		table("revisions", "job, revision", ints("job", "revision", "changed_at"), text("changed_by"), enum("status", stored.JobStatuses), text("reason"),
			column(JSON, "spec")),
		table("ranges", "job, from_at", ints("job", "from_at", "to_at", "count"), enum("reason", stored.Reasons)),
		table("executions", "k", column(Key, "k", "lo"), ints("job", "n", "at"), enum("trigger", stored.Triggers), enum("status", stored.Statuses),
			ints("attempt", "retries", "lost", "token", "session", "occurrence", "revision", "flags"), enum("skip", stored.Reasons),
			optInts("queued", "class", "ready_at"), ints("created_at"), optInts("started_at", "first_start", "finished_at")),
		table("execution_inputs", "k", column(Key, "k"), column(JSON, "payload"), text("triggered_by"), column(OptKey, "retry_of", "retry_of_lo"),
			text("trace_id", "parent_span")),
		table("execution_results", "k", column(Key, "k"), column(JSON, "result"), optInts("exit_code"), text("error", "error_class", "error_stack", "detail")),
		table("failures", "job, n", ints("job", "n"), column(Key, "k"), enum("status", stored.Statuses)),
		table("dead_letters", "k", column(Key, "k"), ints("job", "at"), text("reason")),
		table("aftermaths", "k", column(Key, "k"), ints("job", "at", "state", "session"), column(JSON, "outcome")),
		table("attempts", "k, token", column(Key, "k"), ints("token", "attempt", "session"), text("status"), ints("started_at", "finished_at"),
			optInts("retry_at", "exit_code"), text("error", "error_class")),
		table("sessions", "id", ints("id"), text("node", "version"), ints("started_at", "heartbeat_at", "lease_until"), optInts("closed_at"),
			text("roles"), ints("slots", "commands"), text("handlers"), ints("running")),
		table("claims", "id", ints("session"), column(Keys, "data")),
		table("limited_runs", "platform, k", ints("platform"), column(Key, "k")),
		table("cancels", "k", column(Key, "k"), ints("session", "requested_at"), text("requested_by", "reason")),
		table("drains", "node", text("node"), ints("drained_at"), text("drained_by", "reason")),
		table("holds", "id", enum("kind", stored.HoldKinds), text("platform"), ints("since"), optInts("until", "ended_at"), text("held_by", "reason")),
		table("tokens", "id", text("id", "platform", "name", "role", "hash"), ints("created_at"), text("created_by"), ints("expires_at"),
			optInts("revoked_at"), text("revoked_by"), optInts("used_at")),
		table("audit", "seq", ints("seq", "at"), text("platform", "changed_by", "via", "action", "kind", "object", "name"), column(JSON, "before", "after"),
			text("reason", "request_id", "trace_id")),
		table("agents", "platform, name", text("platform", "name", "type", "transport", "endpoint"), ints("capacity", "heartbeat_ms"), column(Bool, "enabled"),
			text("description"), optInts("seen_at"), ints("created_at"), text("created_by"), ints("updated_at"), text("updated_by")),
		table("workflows", "platform, name, revision", text("platform", "name"), ints("revision", "live"), column(JSON, "definition", "jobs"), ints("created_at"), text("created_by")),
		table("flows", "k", column(Key, "k"), text("platform", "name"), ints("revision", "round", "started_at"), text("engine_id", "secret"), column(JSON, "reply")),
		table("flow_steps", "k", column(Key, "k", "parent"), ints("round"), text("step"), ints("item", "seen")),
		table("idempotency", "platform, key", text("platform", "key", "hash"), column(ID, "id"), ints("created_at")),
		table("logs", "k, seq", column(Key, "k"), ints("seq", "attempt", "at"), enum("level", stored.Levels), text("stream", "message"), column(JSON, "context")),
		table("log_sizes", "k", column(Key, "k"), ints("job", "bytes")),
		table("event_rules", "seq", ints("seq"), column(ID, "id"), text("platform", "name"), column(JSON, "rule"),
			ints("revision", "triggered", "succeeded", "failed", "deduplicated", "cancelled"), optInts("last_triggered"), text("last_error"),
			optInts("last_error_at"), text("created_by", "updated_by"), ints("created_at", "updated_at")),
		table("events", "k", column(Key, "k", "lo"), text("id", "platform", "name"), column(JSON, "data"), ints("at", "depth"), column(ID, "execution"),
			text("trace_id", "parent_span")),
		table("event_inbox", "k", column(Key, "k")),
		table("event_acts", "rule, event", ints("rule"), text("event"), ints("at"), enum("state", stored.ActStates), ints("depth"), optInts("due_at"),
			text("grp"), column(JSON, "act"), optInts("job"), column(OptKey, "k"), text("detail")),
		table("event_keys", "rule, key", ints("rule"), text("key"), ints("until"), optInts("job")),
		table("cancel_keys", "platform, event, key, job", text("platform", "event", "key"), ints("job", "at")),
		table("cancel_shapes", "platform, event, fields", text("platform", "event", "fields")),
		table("alert_rules", "seq", ints("seq"), column(ID, "id"), text("platform", "name"), column(JSON, "rule"), text("seed"), optInts("pending"),
			ints("revision"), text("created_by", "updated_by"), ints("created_at", "updated_at"), optInts("deleted_at")),
		table("alerts", "seq", ints("seq"), text("key", "platform", "state", "severity"), ints("fired_at"), optInts("until", "resolved_at"), column(JSON, "data")),
		table("alert_notices", "id", column(ID, "id"), text("channel", "state"), optInts("due_at"), ints("taken_till", "attempts", "created_at"), optInts("ended_at"),
			text("error"), column(JSON, "body")),
		table("misses", "job", ints("job", "count", "at", "raised")),
		Outbox,
	}
	byName = index()
)

func index() map[string]*Table {
	all := make(map[string]*Table, len(tables))
	for _, t := range tables {
		all[t.Name] = t
	}
	return all
}

func table(name, order string, groups ...[]Column) *Table {
	t := &Table{Name: name, Order: order}
	for _, g := range groups {
		t.Columns = append(t.Columns, g...)
	}
	return t
}

func column(kind Kind, names ...string) []Column {
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i] = Column{Name: name, Kind: kind}
	}
	return columns
}

func ints(names ...string) []Column    { return column(Int, names...) }
func optInts(names ...string) []Column { return column(OptInt, names...) }
func text(names ...string) []Column    { return column(Text, names...) }

func enum[T ~string](name string, words []T) []Column {
	c := Column{Name: name, Kind: Enum}
	for _, w := range words {
		c.Words = append(c.Words, string(w))
	}
	return []Column{c}
}
