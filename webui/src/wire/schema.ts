// The generated wire types under short names, and their closed vocabularies as the domain's words.
export * from '../gen/protocols/gen/client_pb'
export * from '../gen/protocols/gen/kinds_pb'
export * from '../gen/protocols/gen/records_pb'
export * from '../gen/protocols/gen/tracks_pb'
export * from '../gen/protocols/gen/video_pb'

/** FOREST_FIRE -> forest_fire: the word dispatch/kinds.py and the HTTP interface use. */
export function kindWord(table: Record<number, string>, value: number | undefined): string {
  return value === undefined ? '' : (table[value] ?? String(value)).toLowerCase()
}

/** Microseconds since 1970 as a bigint -> milliseconds as a number (exact until the year 2255). */
export function ms(at_us: bigint | undefined): number {
  return at_us === undefined ? NaN : Number(at_us) / 1000
}

/** Degrees from the wire's 1e-7. */
export function deg(e7: number | undefined): number {
  return (e7 ?? NaN) / 1e7
}
