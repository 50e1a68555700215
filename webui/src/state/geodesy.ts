// Distances and bearings for the screen only; the server's are the ones that decide.
const EARTH_M = 6_371_008.8 // IUGG mean radius
const RAD = Math.PI / 180

export interface LonLat {
  lon: number
  lat: number
}

export function distance_m(a: LonLat, b: LonLat): number {
  const dLat = (b.lat - a.lat) * RAD
  const dLon = (b.lon - a.lon) * RAD
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.sin(dLon / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

export function bearing_deg(a: LonLat, b: LonLat): number {
  const dLon = (b.lon - a.lon) * RAD
  const y = Math.sin(dLon) * Math.cos(b.lat * RAD)
  const x =
    Math.cos(a.lat * RAD) * Math.sin(b.lat * RAD) - Math.sin(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.cos(dLon)
  return (Math.atan2(y, x) / RAD + 360) % 360
}

/** The point `metres` away along a bearing, flat-earth: good to a few metres over 50 km. */
export function along(from: LonLat, bearing: number, metres: number): LonLat {
  const north = metres * Math.cos(bearing * RAD)
  const east = metres * Math.sin(bearing * RAD)
  return {
    lat: from.lat + north / EARTH_M / RAD,
    lon: from.lon + east / (EARTH_M * Math.cos(from.lat * RAD)) / RAD,
  }
}

export function circle(centre: LonLat, radius_m: number, points = 72): [number, number][] {
  return Array.from({ length: points + 1 }, (_, i) => {
    const p = along(centre, (i * 360) / points, radius_m)
    return [p.lon, p.lat] as [number, number]
  })
}

/** A band of a half width on both sides of a straight line. */
export function corridor(a: LonLat, b: LonLat, half_m: number): [number, number][] {
  const course = bearing_deg(a, b)
  const left = (course + 270) % 360
  const right = (course + 90) % 360
  return [along(a, left, half_m), along(b, left, half_m), along(b, right, half_m), along(a, right, half_m), along(a, left, half_m)].map(
    (p) => [p.lon, p.lat] as [number, number],
  )
}

/** Sunset at a place on the UTC day of `at_ms`, NOAA's short formula: good to about a minute at these latitudes. */
export function sunset_ms(at_ms: number, place: LonLat): number {
  const day = Math.floor((at_ms + place.lon * 240_000) / 86_400_000)
  const noonGuess = day * 86_400_000 + 43_200_000 - place.lon * 240_000
  const start = Date.UTC(new Date(noonGuess).getUTCFullYear(), 0, 1)
  const gamma = ((2 * Math.PI) / 365.25) * ((noonGuess - start) / 86_400_000)
  const equation_min =
    229.18 *
    (0.000075 + 0.001868 * Math.cos(gamma) - 0.032077 * Math.sin(gamma) - 0.014615 * Math.cos(2 * gamma) - 0.040849 * Math.sin(2 * gamma))
  const declination =
    0.006918 - 0.399912 * Math.cos(gamma) + 0.070257 * Math.sin(gamma) - 0.006758 * Math.cos(2 * gamma) +
    0.000907 * Math.sin(2 * gamma) - 0.002697 * Math.cos(3 * gamma) + 0.00148 * Math.sin(3 * gamma)
  const lat = place.lat * RAD
  const hourAngle = Math.acos(Math.cos(90.833 * RAD) / (Math.cos(lat) * Math.cos(declination)) - Math.tan(lat) * Math.tan(declination))
  return noonGuess - equation_min * 60_000 + (hourAngle / RAD) * 240_000
}
