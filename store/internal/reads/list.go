package reads

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// list builds the one kind of dynamic SQL there is: a filtered, sorted page. All text
// comes from constants; values are arguments.
type list struct {
	where      []string
	args       []any
	sort       string // name of the order, part of the cursor
	column     string // sorted by, before key; "" = key alone
	text       bool   // column is a text
	known      bool   // column is never null, so that an index on it may be walked
	key        string // unique, breaks ties
	descending bool
}

// and adds a condition; each ? in it is one argument.
func (l *list) and(condition string, args ...any) {
	for _, a := range args {
		l.args = append(l.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(l.args)), 1)
	}
	l.where = append(l.where, condition)
}

// in adds a condition whose one ? stands for a list of values; none do not restrict.
func in[T any](l *list, condition string, values []T) {
	if len(values) > 0 {
		l.and(strings.Replace(condition, "?", "?"+strings.Repeat(", ?", len(values)-1), 1), anys(values)...)
	}
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func (l *list) since(condition string, t time.Time) {
	if !t.IsZero() {
		l.and(condition, t.UnixMicro())
	}
}

func (l *list) platform(platform string) {
	if platform != store.AnyPlatform {
		l.and("j.platform = ?", platform)
	}
}

func (l *list) direction() (order, compare string) {
	if l.descending {
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

// cursor is the place of a row.
func (l *list) cursor(key int64, value any) string {
	b, _ := json.Marshal(position{Sort: l.sort, Key: key, Value: value})
	return base64.RawURLEncoding.EncodeToString(b)
}

// after restricts the page to what follows the cursor.
func (l *list) after(cursor string) error {
	if cursor == "" {
		return nil
	}
	at, ok := l.parse(cursor)
	if !ok {
		return job.Errorf(job.Invalid, "cursor: it is not one of this list").WithHint("use the X-Next-Cursor of the page before, with the same filter and order")
	}
	_, compare := l.direction()
	switch {
	case l.column == "":
		l.and(l.key+" "+compare+" ?", at.Key)
	case l.known && at.Value != nil:
		l.and("("+l.column+" "+compare+"= ? AND ("+l.column+" "+compare+" ? OR "+l.key+" "+compare+" ?))", at.Value, at.Value, at.Key)
	case at.Value == nil: // nulls are last: only nulls follow
		l.and("("+l.column+" IS NULL AND "+l.key+" "+compare+" ?)", at.Key)
	default:
		l.and("("+l.column+" IS NULL OR "+l.column+" "+compare+" ? OR ("+l.column+" = ? AND "+l.key+" "+compare+" ?))", at.Value, at.Value, at.Key)
	}
	return nil
}

// parse reads a cursor of this list.
func (l *list) parse(cursor string) (at position, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return at, false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&at); err != nil || at.Sort != l.sort {
		return at, false
	}
	switch v := at.Value.(type) {
	case nil:
		return at, true
	case string:
		return at, l.text
	case json.Number:
		at.Value, err = v.Int64()
		return at, err == nil && !l.text
	}
	return at, false
}

// page is the statement of one page, with one row more than asked for.
func (l *list) page(columns, from string, limit, offset int) string {
	order, _ := l.direction()
	by := l.key + " " + order
	switch {
	case l.column != "" && l.known:
		by = l.column + " " + order + ", " + by
	case l.column != "":
		by = l.column + " " + order + " NULLS LAST, " + by
	}
	text := "SELECT " + columns + from + l.filter() + " ORDER BY " + by + " LIMIT " + strconv.Itoa(limit+1)
	if offset > 0 {
		text += " OFFSET " + strconv.Itoa(offset)
	}
	return text
}

func (l *list) filter() string {
	if len(l.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(l.where, " AND ")
}

// count is the number of rows that match, or -1 when nobody wants it.
func (l *list) count(rows Rows, from string, wanted bool) (n int64, err error) {
	if !wanted {
		return -1, nil
	}
	_, err = rows.first("SELECT count(*)"+from+l.filter(), l.args, func(r *stored.Row) { n = r.Int() })
	return n, err
}

func pageLimit(limit int) int {
	if limit <= 0 {
		return store.DefaultLimit
	}
	return min(limit, store.MaxLimit)
}
