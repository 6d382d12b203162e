package job

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// ID is a UUID, version 7 where we make it: later ids sort after earlier ones.
// The zero ID means "none".
type ID [16]byte

// IsZero reports whether id is none.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the canonical lower-case form with hyphens.
func (id ID) String() string {
	var b [36]byte
	id.encode(&b)
	return string(b[:])
}

func (id ID) encode(b *[36]byte) {
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
}

// Time returns the instant a version 7 id was made at, to the millisecond.
func (id ID) Time() time.Time {
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC()
}

// MarshalText writes the canonical form; the zero ID is the empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	var b [36]byte
	id.encode(&b)
	return b[:], nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(text))
	*id = parsed
	return err
}

// Value stores an ID as 16 bytes, none as NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id[:], nil
}

// ParseID reads a UUID of any version in its 36-character form, upper or lower case.
// The error has code invalid.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, Errorf(Invalid, "%q is not a UUID", clip(s))
	}
	compact := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(compact)); err != nil {
		return ID{}, Errorf(Invalid, "%q is not a UUID", clip(s))
	}
	return id, nil
}

// IDs makes version 7 UUIDs (RFC 9562 §6.2 method 1) that rise strictly, whatever
// the clock does. Their first 64 bits, the milliseconds and a 12-bit counter, rise
// strictly too: a store may use them as its key. It is safe for concurrent use.
type IDs struct {
	// Rand is the source of the random bits; it must not fail.
	Rand io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds << 12 | counter of the last id
	step uint64 // between counters: 1, or Lanes once there is a lane; 0 = 1
	lane uint64
	pool [512]byte
	left int
}

// Lanes is how many generators can make ids side by side whose first 64 bits differ.
const Lanes = 64

// UseLane makes ids of the lane, a number below Lanes: their first 64 bits are those of
// no other lane.
func (g *IDs) UseLane(lane int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.step, g.lane = Lanes, uint64(lane)%Lanes
}

// New returns an id for the instant now. When now is not after the last id, or more
// than 4 096 ids (64 in a lane) fall on one millisecond, the id runs ahead of the clock.
func (g *IDs) New(now time.Time) ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	step := max(g.step, 1)
	next := max(uint64(now.UnixMilli())<<12, g.last+1)
	g.last = (next+step-1-g.lane)/step*step + g.lane // the first of the lane that is not before next
	return g.make(g.last)
}

// After makes later ids sort after id: a store that is opened again hands its newest.
func (g *IDs) After(id ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	high := binary.BigEndian.Uint64(id[:8])
	g.last = max(g.last, high>>16<<12|high&0xfff)
}

func (g *IDs) make(n uint64) ID {
	var id ID
	binary.BigEndian.PutUint64(id[:8], n>>12<<16|0x7000|n&0xfff)
	random := g.random()
	copy(id[8:], random[:])
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// random hands out 8 bytes from a block, so that one read serves many ids.
func (g *IDs) random() [8]byte {
	if g.left < 8 {
		if _, err := io.ReadFull(g.Rand, g.pool[:]); err != nil {
			panic(fmt.Sprintf("job: read randomness: %v", err)) // documented: Rand must not fail
		}
		g.left = len(g.pool)
	}
	var b [8]byte
	copy(b[:], g.pool[len(g.pool)-g.left:])
	g.left -= 8
	return b
}
