//go:build !bench_without_journal

package audit

// always: no setting turns the journal off. A build with the tag bench_without_journal keeps none, so that `make bench` can tell what it
// costs; nothing else builds it.
const always = true
