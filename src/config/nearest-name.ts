/** Which name was meant. */

/** Edits that are a slip of the finger; more make another word. */
const slipMax = 2

/** The known name that is a slip of the finger away, or else the first that has all words of this one; or null. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const candidates = [...known]
  const words = name.split('_')
  const fuller = (candidate: string): boolean => {
    const has = new Set(candidate.split('_'))
    return words.every((word) => has.has(word))
  }
  return slipOf(name, candidates) ?? candidates.find(fuller) ?? null
}

/** The known name of which this is a misspelling, or null. */
export function slipOf(name: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = slipMax + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution))
    }
    row = next
  }
  return row[b.length] ?? 0
}
