package programs

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Programs that nothing uses are destroyed in the order in which they fell out of use.
func TestIdlePrograms(t *testing.T) {
	const n = maxIdle + 3
	var s shared
	var all [n]byte
	for i := range all {
		s.add(keyAt(0, i), unsafe.Pointer(&all[i]))
	}
	if s.use(keyAt(0, 0)) != unsafe.Pointer(&all[0]) {
		t.Fatal("program 0 is not found")
	}
	check := func(i int, want ...int) {
		t.Helper()
		got := s.release(unsafe.Pointer(&all[i]))
		same := len(got) == len(want)
		for k := range want {
			same = same && got[k] == unsafe.Pointer(&all[want[k]])
		}
		if !same {
			t.Errorf("release of %d destroys %d programs, want %v", i, len(got), want)
		}
	}
	for i := range n {
		switch i {
		case n - 2: // 0 is still used: 1 to maxIdle were idle
			check(i, 1)
		case n - 1:
			check(i, 2)
		default:
			check(i)
		}
	}
	check(0, 3)
}

// Whatever users, clients and the same program compiled twice at a time do, a program is destroyed once, after its last user has finished, and all
// are when no user and no client is left.
func TestProgramsAreDestroyedOnce(t *testing.T) {
	const clients, texts, steps = 3, 60, 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	var s shared
	type state struct {
		users     int
		destroyed bool
	}
	programs := map[unsafe.Pointer]*state{}
	var users []unsafe.Pointer
	destroy := func(pointers []unsafe.Pointer) {
		for _, p := range pointers {
			if programs[p] == nil || programs[p].destroyed || programs[p].users > 0 {
				t.Fatalf("a program in the state %+v is destroyed", programs[p])
			}
			programs[p].destroyed = true
		}
	}
	take := func(p unsafe.Pointer) {
		if programs[p].destroyed {
			t.Fatal("a destroyed program is used")
		}
		programs[p].users++
		users = append(users, p)
	}
	finish := func(i int) {
		p := users[i]
		users[i] = users[len(users)-1]
		users = users[:len(users)-1]
		programs[p].users--
		destroy(s.release(p))
	}
	compile := func(k key) {
		p := unsafe.Pointer(new(int64))
		programs[p] = &state{}
		s.add(k, p)
		take(p)
	}
	for range steps {
		k := keyAt(rng.IntN(clients), rng.IntN(texts))
		switch action := rng.IntN(1000); {
		case action < 2:
			destroy(s.forget(k.client))
		case action < 20: // as when another compiled it meanwhile
			compile(k)
		case action < 500:
			if p := s.use(k); p != nil {
				take(p)
			} else {
				compile(k)
			}
		case len(users) > 0:
			finish(rng.IntN(len(users)))
		}
	}
	for len(users) > 0 {
		finish(0)
	}
	for client := range clients {
		destroy(s.forget(keyAt(client, 0).client))
	}
	for _, p := range programs {
		if !p.destroyed {
			t.Fatal("a program is left")
		}
	}
	if len(s.byKey) != 0 || len(s.byPointer) != 0 || len(s.idle) != 0 {
		t.Errorf("left: %d by key, %d by pointer, %d idle", len(s.byKey), len(s.byPointer), len(s.idle))
	}
}

var clientsOfTests [8]byte

func keyAt(client, text int) key {
	return key{client: unsafe.Pointer(&clientsOfTests[client]), sum: [32]byte{byte(text)}}
}
