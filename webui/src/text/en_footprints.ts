// Where cameras look, in English.
export const footprintsEn = {
  footprint: {
    layer: 'camera footprints',
    legend: 'picture on the ground (thick: its top edge; dashed: computed)',
    line: 'line of sight',
    target: 'target',
  },
}
