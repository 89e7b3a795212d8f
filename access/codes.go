package access

import (
	"strings"

	"github.com/google/uuid"

	"liaison/professions"
)

// InForce is the code that stands for this one today. National tables retire codes (in December 2024 nursing assistants left TRE_G15 for
// the roles of TRE_R85) while registers, matrices and refusals of patients go on naming them: rights follow the person. A code that was
// not replaced, and one that nobody knows, stands for itself.
func (p Profession) InForce() Profession {
	for {
		known, _ := professions.Find(p.System, p.Code)
		system, code, replaced := strings.Cut(known.ReplacedBy, "#")
		if !replaced {
			return p
		}
		p = Profession{system, code}
	}
}

// Knows says whether the matrix has any row for a profession; whoever else reads nothing.
func (m *Matrix) Knows(p Profession) bool { return len(m.rowsOf(p)) > 0 }

// rowsOf are a profession's rows by seat: those of its code in force, and only where there are none, those of one it replaced.
func (m *Matrix) rowsOf(p Profession) rowsAt {
	p = p.InForce()
	if rows, ok := m.rows[p]; ok {
		return rows
	}
	return m.former[p]
}

// keepFormer finds again, by the code in force, the rows that are written of a code it replaced: of the first one, where there are several.
func (m *Matrix) keepFormer() {
	m.former = map[Profession]rowsAt{}
	for _, row := range m.ordered {
		now := row.Profession.InForce()
		if _, kept := m.former[now]; now != row.Profession && !kept {
			m.former[now] = m.rows[row.Profession]
		}
	}
}

func (c Circle) profession(person uuid.UUID) Profession { return c.Professions[person].InForce() }
