package main

import "time"

// speed is how much was done a second, and what one of it took of the processors, in
// microseconds: in a crowd the latter says more.
type speed struct{ rate, cpu, pg, redis float64 }

// all is the CPU time of one, our process and the servers together.
func (v speed) all() float64 { return v.cpu + v.pg + v.redis }

// series are the speeds of the rounds.
type series struct{ rate, cpu, pg, redis, all []float64 }

func (s *series) add(v speed) {
	s.rate, s.cpu, s.pg, s.redis = append(s.rate, v.rate), append(s.cpu, v.cpu), append(s.pg, v.pg), append(s.redis, v.redis)
	s.all = append(s.all, v.all())
}

// speedometer measures from measureSpeed to end.
type speedometer struct {
	sv    *servers
	start time.Time
	load  load
}

// measureSpeed starts to measure; sv is nil when there are no servers.
func measureSpeed(sv *servers) speedometer {
	l := sv.load()
	return speedometer{sv: sv, start: time.Now(), load: l}
}

// end returns the speed of n things done since.
func (m speedometer) end(n int) speed {
	took, l := time.Since(m.start), m.sv.load().minus(m.load)
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	return speed{rate: float64(n) / took.Seconds(), cpu: each(l.own), pg: each(l.pg), redis: each(l.redis)}
}
