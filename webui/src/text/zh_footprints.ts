// Where cameras look, in Chinese.
export const footprintsZh = {
  footprint: {
    layer: '画面覆盖范围',
    legend: '画面范围（粗边为画面上缘，虚线为推算）',
    line: '视线',
    target: '目标',
  },
}
