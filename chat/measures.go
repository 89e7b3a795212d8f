package chat

import "math"

// Measure is one observation: a code and its components, each with a value and a UCUM unit. Context is the author's short
// remark (« assise, bras G »).
type Measure struct {
	Code       string      `json:"code"`
	Components []Component `json:"components"`
	Context    string      `json:"context,omitempty"`
}

// Component is one figure of a measure.
type Component struct {
	Code  string  `json:"code"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Bound is what a component may be: outside, it is a slip of the finger, not a patient.
type Bound struct {
	Component string
	LOINC     string
	Unit      string // UCUM
	Min, Max  float64
	Whole     bool
}

// Bounds lists the measures a note may hold, with the plausible range of each component. Codes are LOINC.
var Bounds = map[string][]Bound{
	"blood_pressure":    {{"systolic", "8480-6", "mm[Hg]", 40, 300, true}, {"diastolic", "8462-4", "mm[Hg]", 20, 200, true}},
	"heart_rate":        {{"value", "8867-4", "/min", 20, 300, true}},
	"body_temperature":  {{"value", "8310-5", "Cel", 25, 45, false}},
	"oxygen_saturation": {{"value", "59408-5", "%", 30, 100, true}},
	"body_weight":       {{"value", "29463-7", "kg", 0.3, 400, false}},
	"capillary_glucose": {{"value", "41653-7", "g/L", 0.1, 9.9, false}},
	"respiratory_rate":  {{"value", "9279-1", "/min", 3, 90, true}},
	"inr":               {{"value", "6301-6", "1", 0.5, 20, false}},
	"pain":              {{"value", "72514-3", "{score}", 0, 10, true}},
}

// checkMeasure gives the code of what is wrong with a measure, or "".
func checkMeasure(m Measure) string {
	bounds, known := Bounds[m.Code]
	if !known {
		return "unknown_measure"
	}
	if len(m.Components) != len(bounds) {
		return "measure_out_of_bounds"
	}
	for i, b := range bounds {
		if !b.admits(m.Components[i]) {
			return "measure_out_of_bounds"
		}
	}
	// A diastolic at or above its systolic is two figures in the wrong order.
	if m.Code == "blood_pressure" && m.Components[1].Value >= m.Components[0].Value {
		return "measure_out_of_bounds"
	}
	return ""
}

func (b Bound) admits(c Component) bool {
	if c.Code != b.Component || c.Unit != b.Unit || c.Value < b.Min || c.Value > b.Max || math.IsNaN(c.Value) {
		return false
	}
	return !b.Whole || c.Value == math.Trunc(c.Value)
}
