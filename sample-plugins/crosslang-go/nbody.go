package main

import (
	"math"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

const (
	steps       = 10_000
	timeStep    = 0.01
	solarMass   = 4 * math.Pi * math.Pi
	daysPerYear = 365.24
)

func init() {
	dyno.Register("n-body/10000", orbit,
		dyno.Description("10,000 steps of the Sun and four planets"),
		dyno.Group("n-body"),
		dyno.Param("steps", steps),
		dyno.Elements(steps),
		dyno.Expect(0xbfc5a254abdbca3c))
}

func orbit(b *dyno.B) {
	initial := sunAndPlanets
	initial.offsetMomentum()
	var energy float64
	b.Result(&energy)
	for b.Loop() {
		bodies := initial
		for range steps {
			bodies.advance()
		}
		energy = bodies.energy()
	}
}

type body struct{ x, y, z, vx, vy, vz, mass float64 }

type system [5]body

// The constants of the Computer Language Benchmarks Game. They are computed with as doubles, one
// operation after the other: constant expressions of Go would be exact, and round but once.
var sunAndPlanets = func() system {
	year, sun := daysPerYear, float64(solarMass)
	return system{
		{mass: sun},
		{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
			1.66007664274403694e-03 * year, 7.69901118419740425e-03 * year, -6.90460016972063023e-05 * year,
			9.54791938424326609e-04 * sun},
		{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
			-2.76742510726411899e-03 * year, 4.99852801234917238e-03 * year, 2.30417297573763929e-05 * year,
			2.85885980666130812e-04 * sun},
		{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
			2.96460137564761618e-03 * year, 2.37847173959480950e-03 * year, -2.96589568540237556e-05 * year,
			4.36624404335156298e-05 * sun},
		{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
			2.68067772490389322e-03 * year, 1.62824170038242295e-03 * year, -9.51592254519715870e-05 * year,
			5.15138902046611451e-05 * sun},
	}
}()

func (s *system) offsetMomentum() {
	var px, py, pz float64
	for _, b := range s {
		px += b.vx * b.mass
		py += b.vy * b.mass
		pz += b.vz * b.mass
	}
	sun := &s[0]
	sun.vx, sun.vy, sun.vz = -px/sun.mass, -py/sun.mass, -pz/sun.mass
}

func (s *system) advance() {
	for i := range s {
		a := &s[i]
		for j := i + 1; j < len(s); j++ {
			b := &s[j]
			dx, dy, dz := a.x-b.x, a.y-b.y, a.z-b.z
			d2 := dx*dx + dy*dy + dz*dz
			mag := timeStep / (d2 * math.Sqrt(d2))
			ma, mb := a.mass*mag, b.mass*mag
			a.vx -= dx * mb
			a.vy -= dy * mb
			a.vz -= dz * mb
			b.vx += dx * ma
			b.vy += dy * ma
			b.vz += dz * ma
		}
	}
	for i := range s {
		a := &s[i]
		a.x += timeStep * a.vx
		a.y += timeStep * a.vy
		a.z += timeStep * a.vz
	}
}

func (s *system) energy() (e float64) {
	for i := range s {
		a := &s[i]
		e += 0.5 * a.mass * (a.vx*a.vx + a.vy*a.vy + a.vz*a.vz)
		for j := i + 1; j < len(s); j++ {
			b := &s[j]
			dx, dy, dz := a.x-b.x, a.y-b.y, a.z-b.z
			e -= (a.mass * b.mass) / math.Sqrt(dx*dx+dy*dy+dz*dz)
		}
	}
	return e
}
