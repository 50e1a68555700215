// Moments in the browser's own fields, which know no zone: always Beijing time, to the second, whatever the zone of this PC.
const BEIJING_MS = 8 * 3600_000

export function beijingInput(at_ms: number): string {
  return Number.isFinite(at_ms) ? new Date(at_ms + BEIJING_MS).toISOString().slice(0, 19) : ''
}
export function fromBeijingInput(text: string): number {
  if (!text) return NaN
  return Date.parse(`${text.length === 16 ? `${text}:00` : text}+08:00`)
}
