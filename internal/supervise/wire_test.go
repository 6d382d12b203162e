package supervise

import (
	"reflect"
	"testing"
)

func TestMessageRoundTrip(t *testing.T) {
	t.Parallel()
	for _, m := range []message{
		{},
		{kind: msgHello, nums: []int64{42}},
		{kind: msgStart, id: 1 << 63, nums: []int64{-1, 1 << 62}, text: []string{"", "a", "\xff\x00ä"}},
	} {
		got, err := decodeMessage(m.encode())
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("got %+v, %v; want %+v", got, err, m)
		}
	}
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add(message{kind: msgStart, id: 7, nums: []int64{2}, text: []string{"/bin/sh", "", "sh"}}.encode())
	f.Add([]byte{})
	f.Add([]byte{'s', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(b)
		if err != nil {
			return
		}
		again, err := decodeMessage(m.encode())
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}

func TestMark(t *testing.T) {
	t.Parallel()
	m := mark{cookie: "db-1", life: "LIFE", id: 3}
	for environ, want := range map[string]bool{
		m.environ():                          true,
		"A=1\x00" + m.environ() + "\x00B=2":  true,
		"":                                   false,
		"X" + m.environ():                    false,
		Variable + "=db-1.LIFE":              false,
		Variable + "=db-1.LIFE.x":            false,
		Variable + "=.LIFE.3":                false,
		"A=" + m.environ() + "\x00B=" + "2.": false,
	} {
		got, ok := findMark([]byte(environ))
		if ok != want || ok && got != m {
			t.Errorf("findMark(%q) = %v, %v; want %v", environ, got, ok, want)
		}
	}
}
