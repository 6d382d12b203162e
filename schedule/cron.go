package schedule

// compileCron sets the timeline of an expression.
func (s *Schedule) compileCron(text exprText) error {
	c, err := parseCron(text, s.spec.Seed)
	if err != nil {
		return err
	}
	s.cron = c
	if n := len(c.canonical()); n > maxExpr {
		return errorAt(0, CodeTooLong, "the schedule written out has %d bytes; at most %d are allowed", n, maxExpr)
	}
	cal := newCalendar(c)
	if !cal.possible() {
		return s.neverFires()
	}
	if err := crossCheck(c, cal); err != nil {
		return err
	}
	if s.spec.DST != DSTWall && c.fixedTime() {
		s.slots = onceTimeline{cal: cal, zone: s.zone}
	} else {
		s.slots = wallTimeline{cal: cal, zone: s.zone}
	}
	return nil
}
