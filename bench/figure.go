package main

// Figure is one measured thing and what it is held to.
type Figure struct {
	Part string `json:"part"`
	What string `json:"what"`
	Unit string `json:"unit"` // "/s", "ms", "MiB", "%", "×"

	// Value is what is judged and printed; Rounds are what it is made of.
	Value  float64   `json:"value"`
	Rounds []float64 `json:"rounds,omitempty"`
	// Ratios are Rounds as multiples of the peer's in the same round. When there are
	// any, their median is judged.
	Ratios []float64 `json:"ratios,omitempty"`
	Peer   string    `json:"peer,omitempty"`

	Goal *Goal `json:"goal,omitempty"` // nil: for information
	// Samples are the single measurements, in the unit, where there are many.
	Samples []float64 `json:"samples,omitempty"`
}

// Goal is what a figure must reach, and what it should.
type Goal struct {
	AtMost bool     `json:"at_most"` // else at least
	Bar    float64  `json:"bar"`
	Aim    *float64 `json:"aim,omitempty"`
}

func atMost(bar float64, aim ...float64) *Goal  { return goal(true, bar, aim) }
func atLeast(bar float64, aim ...float64) *Goal { return goal(false, bar, aim) }

func goal(most bool, bar float64, aim []float64) *Goal {
	g := &Goal{AtMost: most, Bar: bar}
	if len(aim) > 0 {
		g.Aim = &aim[0]
	}
	return g
}

func (g *Goal) reached(limit, value float64) bool {
	if g.AtMost {
		return value <= limit
	}
	return value >= limit
}

// medianOf returns a figure of rounds; its value is their median.
func medianOf(what, unit string, rounds []float64, g *Goal) Figure {
	return Figure{What: what, Unit: unit, Value: median(rounds), Rounds: rounds, Goal: g}
}

// against returns a figure of rounds that is judged by its ratio to the peer's.
func against(what, unit string, rounds []float64, peer string, peers []float64, g *Goal) Figure {
	f := medianOf(what, unit, rounds, g)
	f.Peer = peer
	for i := range rounds {
		f.Ratios = append(f.Ratios, rounds[i]/peers[i])
	}
	return f
}

// judged is the number that the goal is about.
func (f *Figure) judged() float64 {
	if len(f.Ratios) > 0 {
		return median(f.Ratios)
	}
	return f.Value
}

// Verdicts.
const (
	verdictAim    = "aim"
	verdictOK     = "ok"
	verdictMissed = "MISSED"
	verdictNone   = "–"
)

// verdict says whether the figure reaches its aim, only its bar, or neither.
func (f *Figure) verdict() string {
	switch v := f.judged(); {
	case f.Goal == nil:
		return verdictNone
	case !f.Goal.reached(f.Goal.Bar, v):
		return verdictMissed
	case f.Goal.Aim != nil && f.Goal.reached(*f.Goal.Aim, v):
		return verdictAim
	}
	return verdictOK
}
