package schedule_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

func Example() {
	s, err := schedule.New(schedule.Spec{Expr: "30 2 * * *", Zone: "America/New_York"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Describe())
	at := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	for range 3 {
		at = s.Next(at)
		fmt.Println(at.Format(time.RFC3339))
	}
	// Output:
	// At 02:30, every day (America/New_York)
	// 2026-03-07T07:30:00Z
	// 2026-03-08T07:00:00Z
	// 2026-03-09T06:30:00Z
}

func ExampleNew_error() {
	_, err := schedule.New(schedule.Spec{Expr: "0 24 * * *"})
	var e *schedule.Error
	if errors.As(err, &e) {
		fmt.Println(e.Message)
		fmt.Println(e.Field, e.Code, e.Pos)
	}
	// Output:
	// hour: 24 is outside 0–23
	// schedule out_of_range 3
}

func ExampleSchedule_Count() {
	s, _ := schedule.New(schedule.Spec{Expr: "* * * * * *", Zone: "America/New_York"})
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fmt.Println(s.Count(from, from.AddDate(0, 0, 400)))
	// Output:
	// 34560000
}

func ExampleSchedule_Canonical() {
	for _, expr := range []string{"@daily", "0 22-2 * * FRI-MON", "H H * * *"} {
		s, _ := schedule.New(schedule.Spec{Expr: expr, Seed: "default/backup"})
		fmt.Println(s.Canonical())
	}
	// Output:
	// 0 0 * * *
	// 0 0-2,22,23 * * 0,1,5,6
	// 53 0 * * *
}

func ExampleSchedule_DSTEffects() {
	s, _ := schedule.New(schedule.Spec{Expr: "30 2 * * *", Zone: "America/New_York"})
	from := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	for _, effect := range s.DSTEffects(from, from.AddDate(1, 0, 0)) {
		fmt.Println(effect.At.Format(time.DateOnly), effect)
	}
	// Output:
	// 2027-03-14 02:30 does not exist; dst_policy "once" runs at 03:00 -04:00, "wall" skips the day
}

func ExampleLoadZone() {
	_, err := schedule.LoadZone("Europe/Berln")
	var e *schedule.Error
	if errors.As(err, &e) {
		fmt.Println(e.Hint)
	}
	// Output:
	// did you mean Europe/Berlin?
}
