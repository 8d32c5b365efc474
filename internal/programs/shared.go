package programs

import (
	"crypto/sha256"
	"slices"
	"sync"
	"unsafe"
)

// maxIdle is how many programs are kept in memory that nothing uses.
const maxIdle = 32

// shared are the programs of a plugin that are used, and the last that were. The zero value has none.
type shared struct {
	mutex     sync.Mutex
	byKey     map[key]*program // but for those whose client is gone
	byPointer map[unsafe.Pointer]*program
	idle      []*program // used by nothing, for the longest time first
}

// key tells programs apart.
type key struct {
	client unsafe.Pointer
	sum    [sha256.Size]byte // of what was compiled
}

type program struct {
	key
	pointer unsafe.Pointer // the plugin's
	users   int
}

// use returns a program to one more user, nil if there is none.
func (s *shared) use(k key) unsafe.Pointer {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p := s.byKey[k]
	if p == nil {
		return nil
	}
	if p.users++; p.users == 1 {
		s.idle = slices.DeleteFunc(s.idle, func(q *program) bool { return q == p })
	}
	return p.pointer
}

// add puts in a program with one user. If somebody else was faster with the same, this one is its user's alone.
func (s *shared) add(k key, pointer unsafe.Pointer) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.byKey == nil {
		s.byKey, s.byPointer = map[key]*program{}, map[unsafe.Pointer]*program{}
	}
	if s.byKey[k] == nil {
		p := &program{key: k, pointer: pointer, users: 1}
		s.byKey[k], s.byPointer[pointer] = p, p
	}
}

// release takes a user from a program, and returns those to destroy now: itself if it is not shared, else the one that was
// not used for the longest time, if there are too many.
func (s *shared) release(pointer unsafe.Pointer) []unsafe.Pointer {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p := s.byPointer[pointer]
	if p == nil {
		return []unsafe.Pointer{pointer}
	}
	if p.users--; p.users > 0 {
		return nil
	}
	if s.byKey[p.key] != p {
		return s.drop(p)
	}
	if s.idle = append(s.idle, p); len(s.idle) <= maxIdle {
		return nil
	}
	oldest := s.idle[0]
	s.idle = slices.Delete(s.idle, 0, 1)
	return s.drop(oldest)
}

// forget drops the programs of a client, and returns those to destroy now: the others are destroyed by their last users.
func (s *shared) forget(client unsafe.Pointer) (unused []unsafe.Pointer) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for k, p := range s.byKey {
		if k.client == client {
			delete(s.byKey, k)
			if p.users == 0 {
				unused = append(unused, s.drop(p)...)
			}
		}
	}
	s.idle = slices.DeleteFunc(s.idle, func(p *program) bool { return p.client == client })
	return unused
}

func (s *shared) drop(p *program) []unsafe.Pointer {
	if s.byKey[p.key] == p {
		delete(s.byKey, p.key)
	}
	delete(s.byPointer, p.pointer)
	return []unsafe.Pointer{p.pointer}
}
