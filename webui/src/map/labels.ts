// Where labels go so that they do not cover each other or an aircraft: greedy over eight places, keeping the last.
export interface Box {
  x: number
  y: number
  w: number
  h: number
}

export interface Wanted {
  id: string
  x: number
  y: number
  w: number
  h: number
  /** Higher goes first. */
  rank: number
}

const GAP = 14

function spots(one: Wanted): Box[] {
  const { x, y, w, h } = one
  const d = GAP * 0.7
  return [
    { x: x + GAP, y: y - h / 2, w, h },
    { x: x - GAP - w, y: y - h / 2, w, h },
    { x: x + d, y: y + d, w, h },
    { x: x + d, y: y - d - h, w, h },
    { x: x - d - w, y: y + d, w, h },
    { x: x - d - w, y: y - d - h, w, h },
    { x: x - w / 2, y: y - GAP - h, w, h },
    { x: x - w / 2, y: y + GAP, w, h },
  ]
}

function overlap(a: Box, b: Box): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y)
  return w > 0 && h > 0 ? w * h : 0
}

export class LabelPlacer {
  private last = new Map<string, number>()

  place(wanted: Wanted[], obstacles: readonly Box[]): Map<string, Box> {
    const taken: Box[] = [...obstacles]
    const placed = new Map<string, Box>()
    const kept = new Map<string, number>()
    for (const one of [...wanted].sort((a, b) => b.rank - a.rank || (a.id < b.id ? -1 : 1))) {
      const boxes = spots(one)
      const before = this.last.get(one.id) ?? 0
      let best = before
      let least = Infinity
      for (const i of [before, 0, 1, 2, 3, 4, 5, 6, 7]) {
        const cost = taken.reduce((sum, box) => sum + overlap(boxes[i]!, box), 0)
        if (cost < least) {
          least = cost
          best = i
        }
        if (cost === 0) break
      }
      kept.set(one.id, best)
      placed.set(one.id, boxes[best]!)
      taken.push(boxes[best]!)
    }
    this.last = kept
    return placed
  }
}
