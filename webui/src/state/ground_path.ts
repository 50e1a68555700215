// A profile's ground as an SVG path: one closed piece for each stretch that is known.
import type { ProfilePoint } from './terrain'

export function groundPath(points: readonly ProfilePoint[], x: (along_m: number) => number, y: (high_m: number) => number, bottom: number): string {
  const pieces: string[] = []
  let piece: ProfilePoint[] = []
  const close = (): void => {
    if (piece.length > 1) {
      const line = piece.map((one) => `L${x(one.along_m).toFixed(1)} ${y(one.ground_m!).toFixed(1)}`).join('')
      pieces.push(`M${x(piece[0]!.along_m).toFixed(1)} ${bottom}${line}L${x(piece.at(-1)!.along_m).toFixed(1)} ${bottom}Z`)
    }
    piece = []
  }
  for (const one of points) {
    if (one.ground_m === null) close()
    else piece.push(one)
  }
  close()
  return pieces.join('')
}
