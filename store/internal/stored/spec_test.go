package stored_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// fill gives a field a value, and some fields none.
func fill(v reflect.Value, dice *rand.Rand) {
	if dice.IntN(4) == 0 {
		return
	}
	texts := []string{"", "a", "0 9 * * 1-5", "Europe/Berlin", `quoted "x"`, "zürich", "a<b && c", "tab\t", "\u2028", "🙂", "true", "null"}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMicro(dice.Int64N(1 << 51)).UTC()))
		return
	case json.RawMessage:
		blobs := []string{`{}`, `{"a":[1,2,{"b":"}"}]}`, `[]`, `"text"`, `{"e":"\u00fc\\\""}`, `-1.5e3`}
		v.SetBytes([]byte(blobs[dice.IntN(len(blobs))]))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[dice.IntN(len(texts))])
	case reflect.Int, reflect.Int64:
		v.SetInt(dice.Int64() >> dice.IntN(63) * int64(1-2*dice.IntN(2)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), dice)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), dice.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), dice)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), dice)
		}
	}
}

// TestDecodeSpec compares with encoding/json: on what Spec writes, whole and spoilt.
func TestDecodeSpec(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var spec job.Spec
		v := reflect.ValueOf(&spec).Elem()
		for i := range v.NumField() {
			fill(v.Field(i), dice)
		}
		data, err := json.Marshal(&spec)
		if err != nil {
			t.Fatal(err)
		}
		if dice.IntN(3) == 0 { // of another hand
			data, _ = json.MarshalIndent(json.RawMessage(data), "", "\t")
		}
		if dice.IntN(3) == 0 {
			at := dice.IntN(len(data))
			data = append(data[:at:at], append([]byte(`x" ,{}[]:0nt\`)[dice.IntN(12):][:1], data[min(len(data), at+dice.IntN(2)):]...)...)
		}
		same(t, data)
	}
}

// same fails when the two ways of reading differ in what they find or in whether they can.
func same(t *testing.T, data []byte) {
	t.Helper()
	var want, got job.Spec
	wantErr, gotErr := json.Unmarshal(data, &want), stored.DecodeSpec(data, &got)
	if (wantErr == nil) != (gotErr == nil) || wantErr == nil && !reflect.DeepEqual(want, got) {
		t.Fatalf("%s\n got %+v, %v\nwant %+v, %v", data, got, gotErr, want, wantErr)
	}
}

func FuzzDecodeSpec(f *testing.F) {
	f.Add([]byte(plainSpec))
	f.Add([]byte(`{"name":"a","name":"b","tags":["x"],"allow_overlap":false,"payload":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) { same(t, data) })
}

const plainSpec = `{"name":"reminder-000017","type":"one_time","timezone":"UTC","execute_at":"2026-11-24T10:00:00Z","dst_policy":"once","jitter_ms":0,` +
	`"misfire":"fire_once","handler_name":"send-notification","handler_type":"function","payload":{"to":"a@example.org"},"max_retries":3,"retry_delay_ms":1000,` +
	`"retry_backoff":"exponential","retry_max_delay_ms":3600000,"timeout_ms":300000,"priority":"medium","concurrency":1,"allow_overlap":false,"overlap":"skip","on_lost":"retry","tags":[]}`

// TestSpecIsReadInPlace: a field that the quick reader does not know costs all the time
// that it saves.
func TestSpecIsReadInPlace(t *testing.T) {
	t.Parallel()
	var spec job.Spec
	if err := json.Unmarshal([]byte(plainSpec), &spec); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(&spec).Elem()
	one, at := int64(1), time.Unix(1, 0).UTC()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case *int64:
			f.Set(reflect.ValueOf(&one))
		case *time.Time:
			f.Set(reflect.ValueOf(&at))
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Int, reflect.Int64:
				f.SetInt(7)
			}
		}
	}
	data, err := json.Marshal(&spec)
	if err != nil {
		t.Fatal(err)
	}
	if !stored.InPlace(data) {
		t.Errorf("%s\nis not read in place: a field of job.Spec is not in textField, numberField or other", data)
	}
}

func BenchmarkDecodeSpec(b *testing.B) {
	for name, decode := range map[string]func([]byte, *job.Spec) error{
		"in place": stored.DecodeSpec,
		"usual":    func(data []byte, s *job.Spec) error { return json.Unmarshal(data, s) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode([]byte(plainSpec), new(job.Spec)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
