//go:build bench_without_journal

package audit

const always = false
