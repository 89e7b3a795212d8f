package words

import (
	"strings"
	"sync"

	"github.com/kljensen/snowball/french"
)

// shortest is what is left of a stem at least.
const shortest = 3

// stem brings a folded word to its stem. Accents are gone before: who looks for « oubliee » means « oubliée ». Snowball then
// leaves the vowels of a participle (« oublie », « oubli » for « oubliée », « oublier »); without them all forms are one.
func stem(word string) string {
	if word[0] <= '9' || len(word) <= shortest {
		return word
	}
	if known, ok := remembered.get(word); ok {
		return known
	}
	stem := french.Stem(word, true)
	for len(stem) > shortest && (strings.HasSuffix(stem, "e") || strings.HasSuffix(stem, "i")) {
		stem = stem[:len(stem)-1]
	}
	remembered.put(word, stem)
	return stem
}

// memory keeps the stems of the words met lately: a language repeats itself, and Snowball takes a microsecond a word.
type memory struct {
	mu    sync.RWMutex
	stems map[string]string
}

const rememberedMost = 50_000

var remembered = memory{stems: map[string]string{}}

func (m *memory) get(word string) (string, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	stem, ok := m.stems[word]
	return stem, ok
}

func (m *memory) put(word, stem string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.stems) >= rememberedMost {
		clear(m.stems)
	}
	m.stems[strings.Clone(word)] = stem
}

// stops are the words empty of meaning, folded.
var stops = setOf(`a ai aie aient ait alors as au aucun aucune aura aux auquel avait avaient avant avec avez avoir avons ayant
	c car ce ceci cela celle celles celui ces cet cette ceux chez ci comme comment d dans de des donc dont du
	elle elles en encore ensuite est et etaient etait etant ete etre eu eux fait faire faut hui il ils j je l la laquelle le lequel les lesquels
	leur leurs lors lui m ma mais me meme mes moi mon n ne ni nos notre nous on ont or ou par parce jusqu lorsqu puisqu quelqu pas pendant plus pour pourquoi
	puis qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si soi soit sommes son sont sous suis sur
	t te tes toi ton tous tout toute toutes tu un une vers vos votre vous y`)

func setOf(list string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(list) {
		out[word] = true
	}
	return out
}
