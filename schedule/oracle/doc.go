// Package oracle computes the slots of a schedule by brute force, from the
// definition. It is the outside judge of the tests: it shares no code and no
// idea with package schedule, is slow, and is made to be read.
//
// It walks the clock of the zone second by second (minute by minute when that
// cannot matter), looks at what the clock shows, and asks each field whether it
// agrees.
//
// The rule for changes of the offset, in these terms:
//
//   - A schedule that follows the clock fires at every instant at which the clock
//     shows a match.
//   - A fixed-time schedule under "once" fires at an instant when the clock shows
//     a match that it has not shown before, and at the first instant after a gap
//     when the gap swallowed a match that the clock never shows.
package oracle
