package postgres

import "context"

// Setting returns a setting as a write has it.
func Setting(ctx context.Context, s *Store, name string) (value string, err error) {
	err = s.write(ctx, func(t *tx) error {
		_, err := t.first(`SELECT current_setting($1)`, []any{name}, func(r *row) { value = r.Text() })
		return err
	})
	return value, err
}
