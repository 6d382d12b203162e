package postgres

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// query builds the one kind of dynamic SQL there is: a filtered, sorted page. All
// text comes from constants; values are arguments.
type query struct {
	where      []string
	args       []any
	sort       string // name of the order, part of the cursor
	column     string // sorted by, before key; "" = key alone
	key        string // unique, breaks ties
	descending bool
}

// and adds a condition; each ? in it is one argument.
func (q *query) and(condition string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.where = append(q.where, condition)
}

// in restricts a column to a list; an empty list does not restrict.
func (q *query) in(column string, values []int64) {
	if len(values) > 0 {
		q.and(column+" = ANY (?::bigint[])", values)
	}
}

func (q *query) inTexts(column string, values []string) {
	if len(values) > 0 {
		q.and(column+" = ANY (?::text[])", cleaned(values))
	}
}

func cleaned(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = clean(s)
	}
	return out
}

func (q *query) since(condition string, t time.Time) {
	if !t.IsZero() {
		q.and(condition, t.UnixMicro())
	}
}

func (q *query) platform(column, platform string) {
	if platform != store.AnyPlatform {
		q.and(column+" = ?", platform)
	}
}

func (q *query) direction() (order, compare string) {
	if q.descending {
		return "DESC", "<"
	}
	return "ASC", ">"
}

// position is a place in a sorted list: the sort value (nil = null) and the key.
type position struct {
	Sort  string `json:"s"`
	Value any    `json:"v,omitempty"`
	Key   int64  `json:"k"`
}

func encodeCursor(sort string, key int64, value any) string {
	b, _ := json.Marshal(position{Sort: sort, Key: key, Value: value})
	return base64.RawURLEncoding.EncodeToString(b)
}

// after restricts the page to what follows the cursor.
func (q *query) after(cursor string) error {
	if cursor == "" {
		return nil
	}
	invalid := job.Errorf(job.Invalid, "cursor: it is not one of this list").WithHint("use the X-Next-Cursor of the page before, with the same filter and order")
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return invalid
	}
	var at position
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&at); err != nil || at.Sort != q.sort {
		return invalid
	}
	_, compare := q.direction()
	if q.column == "" {
		q.and(q.key+" "+compare+" ?", at.Key)
		return nil
	}
	value, typed := at.Value, "bigint"
	switch v := value.(type) {
	case nil:
	case string:
		typed = "text"
	case json.Number:
		if value, err = v.Int64(); err != nil {
			return invalid
		}
	default:
		return invalid
	}
	if (typed == "text") != (q.column == "j.name") && value != nil {
		return invalid
	}
	if value == nil { // nulls are last: only nulls follow
		q.and("("+q.column+" IS NULL AND "+q.key+" "+compare+" ?)", at.Key)
		return nil
	}
	q.and("("+q.column+" IS NULL OR "+q.column+" "+compare+" ?::"+typed+" OR ("+q.column+" = ?::"+typed+" AND "+q.key+" "+compare+" ?))", value, value, at.Key)
	return nil
}

// page is the statement of one page, with one row more than asked for.
func (q *query) page(columns, from string, limit, offset int) string {
	order, _ := q.direction()
	var b strings.Builder
	b.WriteString("SELECT " + columns + from)
	q.writeWhere(&b)
	b.WriteString(" ORDER BY ")
	if q.column != "" {
		b.WriteString(q.column + " " + order + " NULLS LAST, ")
	}
	b.WriteString(q.key + " " + order + " LIMIT " + strconv.Itoa(limit+1))
	if offset > 0 {
		b.WriteString(" OFFSET " + strconv.Itoa(offset))
	}
	return b.String()
}

func (q *query) writeWhere(b *strings.Builder) {
	if len(q.where) > 0 {
		b.WriteString(" WHERE " + strings.Join(q.where, " AND "))
	}
}

// count is the number of rows that match, cursor and all.
func (q *query) count(t *tx, from string) (n int64, err error) {
	var b strings.Builder
	b.WriteString("SELECT count(*)" + from)
	q.writeWhere(&b)
	_, err = t.first(b.String(), q.args, func(r *row) { n = r.int() })
	return n, err
}

func pageLimit(limit int) int {
	if limit <= 0 {
		return store.DefaultLimit
	}
	return min(limit, store.MaxLimit)
}
