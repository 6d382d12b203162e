package near

import "testing"

func TestWord(t *testing.T) {
	t.Parallel()
	verbs := []string{"list", "show", "create", "reschedule", "pause", "resume"}
	tests := []struct {
		name, input, want string
	}{
		{"swapped letters", "lsit", "list"},
		{"one missing", "creat", "create"},
		{"case", "SHOW", "show"},
		{"prefix", "resch", "reschedule"},
		{"far away", "frobnicate", ""},
		{"short words need a closer match", "xx", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Word(tt.input, verbs); got != tt.want {
				t.Errorf("Word(%q) = %q, want %q", tt.input, got, tt.want)
			}
		})
	}
}
