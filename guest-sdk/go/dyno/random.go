package dyno

// SplitMix64 generates the input of a case: seeded, and short enough to be written in any language,
// so that implementations of one case can be compared. It is a Source of package math/rand/v2. Not
// for secrets.
type SplitMix64 struct{ state uint64 }

// NewSplitMix64 makes a generator whose numbers are determined by the seed.
func NewSplitMix64(seed uint64) *SplitMix64 { return &SplitMix64{seed} }

// Uint64 returns the next 64 random bits.
func (r *SplitMix64) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	mixed := r.state
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	return mixed ^ mixed>>31
}

// Below returns a number below bound, or 0 if that is 0: the upper half of the next 64 bits times
// bound, divided by 2^32.
func (r *SplitMix64) Below(bound uint32) uint32 {
	return uint32(r.Uint64() >> 32 * uint64(bound) >> 32)
}
