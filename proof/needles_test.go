package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
)

// makeNeedles says what is looked for: the stem of all markers in every encoding, the figures, and a part of each picture.
func (m *marked) makeNeedles(picture, thumbnail []byte) {
	m.needles = map[string][]byte{}
	for name, text := range map[string]string{"marker": m.stem, "measure": fmt.Sprint(odd), "threshold": fmt.Sprint(limit)} {
		for encoding, needle := range encodings(text) {
			m.needles[name+", "+encoding] = needle
		}
	}
	for name, value := range map[string]float64{"measure": odd, "threshold": limit} {
		m.needles[name+", eight bytes"] = binary.BigEndian.AppendUint64(nil, math.Float64bits(value))
		m.needles[name+", eight bytes from the other end"] = binary.LittleEndian.AppendUint64(nil, math.Float64bits(value))
	}
	for name, file := range map[string][]byte{"picture": picture, "thumbnail": thumbnail} {
		m.needles[name] = file[len(file)/2:][:24]
		m.needles[name+", hexadecimal"] = []byte(hex.EncodeToString(m.needles[name]))
	}
}

// encodings are the ways in which a text is usually written down.
func encodings(text string) map[string][]byte {
	out := map[string][]byte{
		"plain": []byte(text), "upper case": []byte(strings.ToUpper(text)), "hexadecimal": []byte(hex.EncodeToString([]byte(text))),
		"HEXADECIMAL": []byte(strings.ToUpper(hex.EncodeToString([]byte(text)))),
	}
	var escaped, percent strings.Builder
	var big, little []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&escaped, `\u%04x`, unit)
		fmt.Fprintf(&percent, "%%%02X", unit)
		big, little = binary.BigEndian.AppendUint16(big, unit), binary.LittleEndian.AppendUint16(little, unit)
	}
	out["UTF-16"], out["UTF-16 from the other end"] = big, little
	out["JSON escapes"], out["percent escapes"] = []byte(escaped.String()), []byte(percent.String())
	// In base64 a text looks otherwise by its place among three bytes; what its neighbours decide is left out.
	for skip := range 3 {
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, skip), text...))
		out[fmt.Sprintf("base64 at %d", skip)] = []byte(whole[(skip*8+5)/6 : (skip+len(text))*8/6])
	}
	return out
}

// finds lists what of the needles a place holds.
func (m *marked) finds(raw []byte) []string {
	var out []string
	for name, needle := range m.needles {
		if bytes.Contains(raw, needle) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (m *marked) eachEncodingIsFound() {
	m.Helper()
	text := "un mot " + m.word("x") + " dans une phrase"
	for encoding, raw := range encodings(text) {
		if encoding != "plain" && len(m.finds(raw)) == 0 && !strings.HasPrefix(encoding, "base64") {
			m.Errorf("%s would not be found", encoding)
		}
	}
	for skip := range 3 {
		if len(m.finds([]byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", skip)+text))))) == 0 {
			m.Errorf("base64 at %d would not be found", skip)
		}
	}
}
