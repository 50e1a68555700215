"""Our video and the map of a consultation as sources that an existing conference system pulls by RTSP."""
