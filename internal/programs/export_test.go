//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package programs

// Count is how many programs are in memory, of all plugins.
func Count() (n int) {
	for _, p := range plugins {
		if p != nil {
			p.shared.mutex.Lock()
			n += len(p.shared.byPointer)
			p.shared.mutex.Unlock()
		}
	}
	return n
}
