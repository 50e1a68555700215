// Printed on the map. A deployment with a reviewed basemap puts its approval number here.
export const APPROVAL_NUMBER = ''
