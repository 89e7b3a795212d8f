package accounts

import "sync"

// recent is a bounded map that forgets what was not used lately: two generations, the older one dropped when the
// younger is full. Whoever fills it from outside costs memory up to twice its size and no more.
type recent[K comparable, V any] struct {
	mu     sync.Mutex
	size   int
	young  map[K]V
	old    map[K]V
	forget uint64
}

func newRecent[K comparable, V any](size int) *recent[K, V] {
	return &recent[K, V]{size: size, young: map[K]V{}, old: map[K]V{}}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(k)
}

func (r *recent[K, V]) find(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.keep(k, v)
	}
	return v, ok
}

func (r *recent[K, V]) keep(k K, v V) {
	if len(r.young) >= r.size {
		r.old, r.young = r.young, make(map[K]V, r.size/4)
	}
	r.young[k] = v
}

func (r *recent[K, V]) put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(k, v)
}

// change replaces the value of a key by what fn makes of it (the zero value when it is new).
func (r *recent[K, V]) change(k K, fn func(V) V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, _ := r.find(k)
	v = fn(v)
	r.keep(k, v)
	return v
}

func (r *recent[K, V]) drop(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, k)
	delete(r.old, k)
	r.forget++
}

// forgets counts the drops, so that a value read before one is not kept after it.
func (r *recent[K, V]) forgets() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forget
}

func (r *recent[K, V]) putUnlessForgotten(k K, v V, since uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forget == since {
		r.keep(k, v)
	}
}
