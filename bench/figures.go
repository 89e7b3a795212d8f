package bench

import (
	"slices"
	"time"
)

// Spread is what several rounds gave.
type Spread struct {
	Median float64 `json:"median"`
	Lower  float64 `json:"lower_quartile"`
	Upper  float64 `json:"upper_quartile"`
}

func spreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	return Spread{Median: quantile(sorted, 0.5), Lower: quantile(sorted, 0.25), Upper: quantile(sorted, 0.75)}
}

// quantile reads between neighbours of a sorted list; 0 of an empty one.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// millis gives quantiles of durations in milliseconds.
func millis(durations []time.Duration, quantiles ...float64) []float64 {
	values := make([]float64, len(durations))
	for i, d := range durations {
		values[i] = float64(d) / float64(time.Millisecond)
	}
	slices.Sort(values)
	out := make([]float64, len(quantiles))
	for i, q := range quantiles {
		out[i] = quantile(values, q)
	}
	return out
}

func each[T any](list []T, value func(T) float64) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = value(v)
	}
	return out
}

func per(amount time.Duration, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(amount.Microseconds()) / float64(n)
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
