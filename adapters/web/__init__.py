"""HTTP doors, the console's WebSocket and the built page, all on one port."""
