// Package timex reads the times and durations that people type.
//
// The grammar is strict: what is not in it is an error that lists examples, never a
// guess. Instants are
//
//	now                                  @1767225600 (Unix seconds)
//	+2h · in 2h · in 3 days              2 days ago · 2h ago
//	09:00 · 09:00:30 · noon · midnight   the next one, or the last one when looking back
//	today 09:00 · tomorrow at noon       mon 09:00 · next mon 09:00
//	2026-12-01 09:00 · 2026-12-01T09:00  2026-12-01T09:00:00+01:00 (RFC 3339)
//
// each but the first line with an IANA zone or UTC behind it. Looking back, a day
// alone means its first moment and a bare duration means "ago".
//
// Durations are those of Go with d (24 h) and w (7 d) added, or the weeks, days and
// time of ISO 8601 (P1DT12H). A bare number is refused: 30 what?
package timex
